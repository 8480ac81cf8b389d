package refundkit_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// What a message leaves out is there for whoever asks for it by name.
func ExampleError_Header() {
	server := refundtest.New()
	client := exampleClient(server)

	_, err := client.Refunds.Retrieve(context.Background(), "re_unknown")
	var failure *refundkit.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Header().Get("Content-Type"))
	}
	// Output: application/json
}

// The body may hold what nobody should log, so no printer shows it.
func ExampleError_Body() {
	server := refundtest.New()
	client := exampleClient(server)

	_, err := client.Refunds.Retrieve(context.Background(), "re_unknown")
	var failure *refundkit.Error
	if errors.As(err, &failure) {
		fmt.Println(len(failure.Body()) > 0)
	}
	// Output: true
}

// A header that this package has no field for.
func ExampleResponse_Header() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	var response refundkit.Response
	if err := exampleCreate(client, charge, refundkit.CaptureResponse(&response)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Header().Get("Stripe-Version"))
	// Output: 2026-08-26.dahlia
}

// A member of the answer that Refund has no field for.
func ExampleResponse_Body() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	var response refundkit.Response
	if err := exampleCreate(client, charge, refundkit.CaptureResponse(&response)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(response.Body()) > 0)
	// Output: true
}

// The reference tells which of your refunds an event or a list is about.
func ExampleRefund_Reference() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	if err := exampleCreate(client, charge, refundkit.Reference("order-6735/refund-1")); err != nil {
		fmt.Println(err)
		return
	}
	for refund, err := range client.Refunds.All(context.Background(), refundkit.RefundListParams{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(refund.Reference())
	}
	// Output: order-6735/refund-1
}
