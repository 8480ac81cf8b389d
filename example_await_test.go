package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
)

// Await is for scripts and tests, where somebody waits. A server listens to
// webhooks instead: a refund can stay pending for days, and fail after that.
func ExampleRefundService_Await() {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", "https://api.stripe.com/v1/refunds/re_1", httpmock.NewStringResponder(200,
		`{"id":"re_1","object":"refund","amount":500,"currency":"eur","status":"requires_action"}`))
	client, err := refundkit.New("sk_test_example", refundkit.WithHTTPClient(&http.Client{Transport: mock}))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	refund, err := client.Refunds.Await(ctx, "re_1")
	var waited *refundkit.AwaitError
	switch {
	case err == nil:
		fmt.Println("settled:", refund.Status) // succeeded, failed or canceled
	case errors.Is(err, refundkit.ErrPersonNeeded) && errors.As(err, &waited):
		fmt.Println("a person is needed:", waited.Refund.Status)
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("still in progress")
	default:
		fmt.Println(err)
	}
	fmt.Println(refundkit.NextStep(err))
	// Output:
	// a person is needed: requires_action
	// stop, a person must look
}

// A test of code that waits needs no waiting.
func ExampleAwaitError() {
	err := error(&refundkit.AwaitError{
		Refund: &refundkit.Refund{ID: "re_1", Status: refundkit.RefundStatusPending, PendingReason: refundkit.RefundPendingReasonProcessing},
		Err:    context.DeadlineExceeded,
	})

	fmt.Println(err)
	// Output:
	// refundkit: Refunds.Await: refund re_1 was last seen pending, waiting for processing: context deadline exceeded; next: repeat the call
}
