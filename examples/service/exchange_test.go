package service_test

import (
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheExchange looks at one exchange with httpmock: what goes over the wire,
// and an answer word by word.
func TestTheExchange(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder(http.MethodPost, "https://api.stripe.com/v1/refunds", func(r *http.Request) (*http.Response, error) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, "pi_1", r.PostForm.Get("payment_intent"))
		assert.Equal(t, "500", r.PostForm.Get("amount"))
		assert.Equal(t, order, r.Header.Get("Idempotency-Key"))
		return httpmock.NewStringResponse(http.StatusOK,
			`{"id":"re_1","object":"refund","amount":500,"currency":"usd","status":"pending","pending_reason":"processing"}`), nil
	})
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(&http.Client{Transport: mock}))
	require.NoError(t, err)
	shop, stored := setup(t, client.Refunds)

	require.NoError(t, shop.Run(t.Context(), order))
	require.NoError(t, shop.Run(t.Context(), order), "nothing is left to do")

	assert.Equal(t, 1, mock.GetTotalCallCount())
	assert.Equal(t, refundkit.RefundStatusPending, stored[order].Refund.Status)
}
