package main

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// TestLimiterSetsThePace makes calls that take no time themselves.
func TestLimiterSetsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := refundBatch(t.Context(), 101, 10, refundkit.WithRateLimiter(newLimiter()))
		require.NoError(t, err)
		require.Equal(t, report{refunded: 101, took: 4 * time.Second}, got) // the first at once, 100 more at 40 ms
	})
}

// TestBurstOfASecondIsTooMuch shows why the limiter's burst is 1.
func TestBurstOfASecondIsTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := refundBatch(t.Context(), 60, 10, refundkit.WithRateLimiter(rate.NewLimiter(perSecond, perSecond)))
		require.NoError(t, err)
		require.Positive(t, got.limited)
	})
}

func TestWithoutLimiterIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := refundBatch(t.Context(), 60, 10)
		require.NoError(t, err)
		require.Positive(t, got.limited)
		require.Equal(t, 60, got.refunded+got.givenUp, "a 429 did nothing, and none was done twice")
	})
}

// one is a server with a charge, and a client that talks to it.
func one(t *testing.T, options ...refundkit.Option) (*refundtest.Server, *refundkit.Client, refundkit.RefundCreateParams) {
	server := refundtest.New(refundtest.WithReporter(t))
	charge := server.AddCharge(refundtest.Charge{Amount: 1000, Currency: "usd"})
	client, err := refundkit.New("sk_test_123", append(options, refundkit.WithHTTPClient(server.HTTPClient()))...)
	require.NoError(t, err)
	return server, client, refundkit.RefundCreateParams{Charge: charge.ID, Amount: 100}
}

// TestLimiterThatCannotLetGo refuses on the client's side: nothing is sent.
func TestLimiterThatCannotLetGo(t *testing.T) {
	server, client, params := one(t, refundkit.WithRateLimiter(rate.NewLimiter(perSecond, 0)))
	_, err := client.Refunds.Create(t.Context(), params)
	require.ErrorContains(t, err, "client-side rate limiter: rate: Wait(n=1) exceeds limiter's burst 0")
	var silence *refundkit.TransportError
	require.ErrorAs(t, err, &silence)
	require.Zero(t, silence.Attempts)
	require.NotErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	require.NotErrorIs(t, err, refundkit.ErrRateLimited, "Stripe did not say so")
	require.Empty(t, server.Requests())
}

// TestLimiterAfterAnOpenAttempt does not make the first attempt undone.
func TestLimiterAfterAnOpenAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client, params := one(t, refundkit.WithRateLimiter(rate.NewLimiter(rate.Every(time.Hour), 1)))
		server.Inject(refundtest.DropConnection().AfterWork())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := client.Refunds.Create(ctx, params)
		require.ErrorContains(t, err, "client-side rate limiter")
		require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
		require.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
		require.Len(t, server.Requests(), 1)
		server.AssertRefundedOnce(t, refundtest.Refund{Charge: params.Charge, Amount: 100})
	})
}

// TestRateLimitIsRetried answers with 429 once, and then always.
func TestRateLimitIsRetried(t *testing.T) {
	tests := []struct {
		reason   string
		refusals int
		refused  bool
	}{
		{"endpoint-rate", 1, false},
		{"global-concurrency", 2, false},
		{"endpoint-rate", 3, true},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			server, client, params := one(t, refundkit.WithRateLimiter(newLimiter()))
			server.Inject(refundtest.RateLimit(test.reason).Times(test.refusals))
			_, err := client.Refunds.Create(t.Context(), params, refundkit.IdempotencyKey("order-1"))
			if !test.refused {
				require.NoError(t, err)
				require.Len(t, server.Requests(), test.refusals+1)
				require.Equal(t, "order-1", server.Requests()[test.refusals].IdempotencyKey, "the limiter answers before the key is used")
				server.AssertRefundedOnce(t, refundtest.Refund{Charge: params.Charge, Amount: 100})
				return
			}
			var answer *refundkit.Error
			require.ErrorAs(t, err, &answer)
			require.ErrorIs(t, err, refundkit.ErrRateLimited)
			require.Equal(t, http.StatusTooManyRequests, answer.StatusCode)
			require.Equal(t, test.reason, answer.RateLimitedReason)
			require.Equal(t, 3, answer.Attempts)
			require.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
			require.Empty(t, server.Refunds(params.Charge))
		})
	}
}
