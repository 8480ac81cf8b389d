package refundkit_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestHeaders(t *testing.T) {
	client, mock := setup(t, refundkit.WithAppInfo("shop", "1.2"), refundkit.WithAccount("acct_default"))
	sent := record(mock, refundBody)

	_, err := client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("order-1/refund-1"))

	require.NoError(t, err)
	require.Len(t, sent.all(), 1)
	request := sent.all()[0]
	assert.Equal(t, "POST "+base+"/v1/refunds", request.method+" "+request.uri)
	for name, want := range map[string]string{
		"Authorization":   "Bearer " + apiKey,
		"Stripe-Version":  "2026-08-26.dahlia",
		"Stripe-Account":  "acct_default",
		"Idempotency-Key": "order-1/refund-1",
		"Content-Type":    "application/x-www-form-urlencoded",
		"Accept":          "application/json",
		"User-Agent":      "refundkit/" + refundkit.Version + " shop/1.2",
	} {
		assert.Equal(t, want, request.header.Get(name), name)
	}
	assert.False(t, request.repeatable, "net/http must not be able to send a POST again by itself")
}

func TestGetHasNoKeyAndNoBody(t *testing.T) {
	client, mock := setup(t)
	sent := record(mock, refundBody)

	_, err := client.Refunds.Retrieve(t.Context(), "re_1")

	require.NoError(t, err)
	require.Len(t, sent.all(), 1)
	request := sent.all()[0]
	assert.Equal(t, "GET "+base+"/v1/refunds/re_1", request.method+" "+request.uri)
	assert.Empty(t, request.body)
	for _, name := range []string{"Idempotency-Key", "Content-Type", "Stripe-Account"} {
		assert.NotContains(t, request.header, name)
	}
}

func TestKeyIsMadeOncePerCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, mock := setup(t, refundkit.WithMaxRetries(1), refundkit.WithRateLimiter(noLimit{}))
		keys := map[string][]string{}
		mock.RegisterResponder("POST", base+"/v1/refunds", func(r *http.Request) (*http.Response, error) {
			data, _ := io.ReadAll(r.Body)
			key := r.Header.Get("Idempotency-Key")
			keys[key] = append(keys[key], string(data))
			if len(keys[key]) == 1 {
				return answer(http.StatusInternalServerError, `{}`), nil
			}
			return answer(http.StatusOK, refundBody), nil
		})
		for range 3 {
			var response refundkit.Response
			_, err := client.Refunds.Create(t.Context(), someRefund, refundkit.CaptureResponse(&response))
			require.NoError(t, err)
			assert.Contains(t, keys, response.IdempotencyKey)
			assert.Equal(t, 2, response.Attempts)
		}
		require.Len(t, keys, 3, "a key for each call")
		for key, bodies := range keys {
			assert.GreaterOrEqual(t, len(key), 26, "130 bits in base 32")
			assert.Equal(t, []string{"amount=500&charge=ch_1", "amount=500&charge=ch_1"}, bodies, "the same bytes on every attempt")
		}
	})
}

type noLimit struct{}

func (noLimit) Wait(context.Context) error { return nil }

func TestRedirectIsNeverFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			client, mock := setup(t, refundkit.WithMaxRetries(2))
			mock.RegisterResponder("POST", base+"/v1/refunds", httpmock.ResponderFromResponse(answer(status, refundBody, "Location", "https://elsewhere.test/", "Request-Id", "req_1")))

			refund, err := client.Refunds.Create(t.Context(), someRefund)

			var failure *refundkit.Error
			require.ErrorAs(t, err, &failure)
			assert.Nil(t, refund)
			assert.Equal(t, status, failure.StatusCode)
			assert.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
			assert.Equal(t, 1, mock.GetTotalCallCount(), "neither followed nor repeated")
		})
	}
}

func TestCaptureResponse(t *testing.T) {
	client, mock := setup(t)
	mock.RegisterResponder("POST", base+"/v1/refunds", httpmock.ResponderFromResponse(
		answer(http.StatusOK, refundBody, "Request-Id", "req_1", "Idempotent-Replayed", "true")))
	mock.RegisterResponder("GET", base+"/v1/refunds/re_1", httpmock.ResponderFromResponse(answer(http.StatusNotFound, `{}`, "Request-Id", "req_2")))
	var response refundkit.Response

	_, err := client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("k"), refundkit.OnAccount("acct_1"), refundkit.CaptureResponse(&response))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"StatusCode": 200, "Attempts": 1, "RequestID": "req_1", "IdempotencyKey": "k", "Account": "acct_1", "Replayed": true}, fields(response))
	assert.Equal(t, "req_1", response.Header().Get("Request-Id"))
	assert.JSONEq(t, refundBody, string(response.Body()))

	_, err = client.Refunds.Retrieve(t.Context(), "re_1", refundkit.CaptureResponse(&response))
	require.Error(t, err)
	assert.Equal(t, "req_2", response.RequestID, "filled on failure too")
	assert.Empty(t, response.IdempotencyKey, "nothing is left of the call before")
}

func TestMockActivatedAfterNew(t *testing.T) {
	httpClient := &http.Client{}
	client, err := refundkit.New(apiKey, refundkit.WithHTTPClient(httpClient))
	require.NoError(t, err)
	mock := httpmock.NewMockTransport()
	httpClient.Transport = mock
	mock.RegisterResponder("GET", "https://api.stripe.com/v1/refunds/re_1", httpmock.NewStringResponder(200, refundBody))

	refund, err := client.Refunds.Retrieve(t.Context(), "re_1")

	require.NoError(t, err)
	assert.Equal(t, "re_1", refund.ID)
}

// TestGlobalMock is the one test that needs httpmock's global transport: users
// who activate it must not reach the network either.
func TestGlobalMock(t *testing.T) {
	for name, activateFirst := range map[string]bool{"before New": true, "after New": false} {
		t.Run(name, func(t *testing.T) {
			if activateFirst {
				httpmock.Activate(t)
			}
			client, err := refundkit.New(apiKey)
			require.NoError(t, err)
			if !activateFirst {
				httpmock.Activate(t)
			}
			httpmock.RegisterResponder("POST", "https://api.stripe.com/v1/refunds", httpmock.NewStringResponder(200, refundBody))

			_, err = client.Refunds.Create(t.Context(), someRefund)

			require.NoError(t, err)
			assert.Equal(t, 1, httpmock.GetTotalCallCount())
		})
	}
}

func TestNilContextAndForeignService(t *testing.T) {
	client, mock := setup(t)
	var none context.Context
	_, err := client.Refunds.Retrieve(none, "re_1")
	assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
	_, err = new(refundkit.RefundService).Retrieve(t.Context(), "re_1")
	assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
	assert.Zero(t, mock.GetTotalCallCount())
}
