package refundtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// A mock answers as Stripe does when the payment was charged back.
func ExampleErrorAnswer() {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("POST", "https://api.stripe.com/v1/refunds", func(*http.Request) (*http.Response, error) {
		return refundtest.ErrorAnswer(400, "invalid_request_error", "charge_disputed", ""), nil
	})
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(&http.Client{Transport: mock}))
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500}, refundkit.IdempotencyKey("order-1"))
	fmt.Println("disputed:", errors.Is(err, refundkit.ErrDisputed))
	fmt.Println("may have been made:", errors.Is(err, refundkit.ErrOutcomeUnknown))
	// Output:
	// disputed: true
	// may have been made: false
}
