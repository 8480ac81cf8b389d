package refundkit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refused is the error of a call that was answered with the given error object.
func refused(t *testing.T, apiKey, account, object string) *refundkit.Error {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.ResponderFromResponse(answer(400, `{"error":`+object+`}`)))
	opts := []refundkit.Option{refundkit.WithHTTPClient(&http.Client{Transport: mock}), refundkit.WithBaseURL("http://localhost")}
	if account != "" {
		opts = append(opts, refundkit.WithAccount(account))
	}
	client, err := refundkit.New(apiKey, opts...)
	require.NoError(t, err)
	_, err = client.Refunds.Create(t.Context(), someRefund)
	var failure *refundkit.Error
	require.ErrorAs(t, err, &failure)
	return failure
}

func TestOwnSecretsAreMaskedWhateverTheyLookLike(t *testing.T) {
	for name, c := range map[string]struct{ key, account, message, want string }{
		"a key of another kind":            {"PLANTED!/key", "", "the key PLANTED!/key is wrong", "the key *** is wrong"},
		"an account of another kind":       {"!", "tenant/PLANTED-9876", "no access to tenant/PLANTED-9876", "no access to ***"},
		"an account":                       {"!", "acct_PLANTEDaccount", "no access to 'acct_PLANTEDaccount'", "no access to 'acct_***ount'"},
		"another account":                  {"!", "acct_1", "no access to 'acct_PLANTEDaccount'", "no access to 'acct_***ount'"},
		"another key that starts the same": {"sk_test_1", "", "the key sk_test_1PLANTED", "the key sk_test_***"},
		"glued to a word":                  {"sk_test_PLANTED", "", "the key issk_test_PLANTED", "the key issk_test_***"},
	} {
		t.Run(name, func(t *testing.T) {
			object, err := json.Marshal(map[string]string{"message": c.message, "param": "x[" + c.message + "]", "code": c.message})
			require.NoError(t, err)
			failure := refused(t, c.key, c.account, string(object))
			assert.Equal(t, c.want, failure.Message)
			assert.Contains(t, failure.Error(), ": "+c.want+": taken as not Stripe's: not an error object of its API (attempts", "what this package says itself stays as it is")
			assert.NotContains(t, failure.Param+string(failure.Code), "PLANTED")
		})
	}
}

// TestKeyAtTheEndOfALongMessage: the limit of the length may not cut a key to
// something that is no longer seen as one.
func TestKeyAtTheEndOfALongMessage(t *testing.T) {
	for length := 470; length < 500; length++ {
		failure := refused(t, "PLANTED!/key-of-another-kind", "", `{"message":"`+strings.Repeat("x", length)+` PLANTED!/key-of-another-kind"}`)
		assert.NotContains(t, failure.Message, "PLANTED")
	}
}

// TestLinkToTheLogLeadsThere: without the account it would not.
func TestLinkToTheLogLeadsThere(t *testing.T) {
	const link = "https://dashboard.stripe.com/acct_1032D82eZvKYlo2C/test/logs/req_1?t=1698192056"
	assert.Equal(t, link, refused(t, "!", "", `{"request_log_url":"`+link+`"}`).RequestLogURL)
	assert.Equal(t, link, refused(t, "!", "acct_1032D82eZvKYlo2C", `{"request_log_url":"`+link+`"}`).RequestLogURL)
	assert.Equal(t, "https://x.example/***@***/acct_***?acct_***", refused(t, "!", "", `{"request_log_url":"https://x.example/a@b.example/acct_1?acct_2"}`).RequestLogURL)
}

// TestAdviceKnowsWhetherThereIsAKey: a GET has none to repeat with.
func TestAdviceKnowsWhetherThereIsAKey(t *testing.T) {
	for _, key := range []string{"", "k"} {
		with := map[string]string{"": "", "k": " with the same key"}[key]
		assert.True(t, strings.HasSuffix((&refundkit.Error{StatusCode: 500, IdempotencyKey: key}).Error(), "; next: repeat the call"+with))
		assert.True(t, strings.HasSuffix((&refundkit.TransportError{IdempotencyKey: key}).Error(), "; next: repeat the call"+with))
	}
	assert.ErrorContains(t, &refundkit.Error{StatusCode: 401}, "then repeat the call")
	assert.ErrorContains(t, &refundkit.Error{StatusCode: 401, IdempotencyKey: "k"}, "then repeat with the same key")
}

func TestResponseAdvisesNothing(t *testing.T) {
	response := refundkit.Response{StatusCode: 200, Attempts: 2, RequestID: "req_1", IdempotencyKey: "k", Replayed: true}
	assert.Equal(t, "status 200 (attempts 2, request req_1, idempotency key k)", fmt.Sprint(response))
	var line bytes.Buffer
	slog.New(slog.NewTextHandler(&line, nil)).Info("call", "response", response)
	assert.Contains(t, line.String(), "response.status=200 response.attempts=2 response.request_id=req_1 response.idempotency_key=k response.replayed=true\n")
}

func TestParamErrorNamesItsOperation(t *testing.T) {
	assert.EqualError(t, &refundkit.ParamError{Op: "Refunds.Create", Param: "amount", Reason: "no"}, "refundkit: Refunds.Create: amount: no")
	assert.EqualError(t, &refundkit.ParamError{Param: "amount", Reason: "no"}, "refundkit: amount: no")
	assert.ErrorIs(t, &refundkit.ParamError{Op: "Refunds.Create"}, refundkit.ErrInvalidParams)
}
