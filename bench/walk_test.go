package bench

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// TestWalk walks 2,000 refunds without giving a limit, 20 ms for a request.
func TestWalk(t *testing.T) {
	const count, delay = 2000, 20 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		_, transport, _ := seeded(t, count, delay)
		all := ours(t, transport.client(), "").Refunds.All(t.Context(), refundkit.RefundListParams{})
		metric(t, "walk/refundkit/before", float64(transport.requests.Load()))
		start, walked := time.Now(), 0
		for _, err := range all {
			require.NoError(t, err)
			if walked++; walked == 1 {
				metric(t, "walk/refundkit/first", float64(transport.requests.Load()))
			}
		}
		require.Equal(t, count, walked)
		require.EqualValues(t, 20, transport.requests.Load())
		metric(t, "walk/refundkit/requests", float64(transport.requests.Load()))
		metric(t, "walk/refundkit/seconds", time.Since(start).Seconds())
	})
	synctest.Test(t, func(t *testing.T) {
		_, transport, _ := seeded(t, count, delay)
		start, walked := time.Now(), 0
		all := theirs(transport.client(), "").V1Refunds.List(t.Context(), &stripe.RefundListParams{}).All(t.Context())
		metric(t, "walk/stripe-go/before", float64(transport.requests.Load()))
		for _, err := range all {
			require.NoError(t, err)
			walked++
		}
		require.Equal(t, count, walked)
		metric(t, "walk/stripe-go/requests", float64(transport.requests.Load()))
		metric(t, "walk/stripe-go/seconds", time.Since(start).Seconds())
	})
}
