package refundkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// The ID is there whether the object was asked for or not.
func ExampleExpandable() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	refund := exampleRefund(client, charge)
	fmt.Println(refund.Charge.ID == charge.ID, refund.Charge.Value == nil)

	refund, err := client.Refunds.Retrieve(context.Background(), refund.ID, refundkit.Expand("charge"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Charge.ID == charge.ID, refund.Charge.Value.Amount)
	// Output:
	// true true
	// true 2000
}

// Two equal moments are equal with ==, and Stripe's null is the zero value.
func ExampleNewTimestamp() {
	noon := refundkit.NewTimestamp(time.Date(2026, 11, 21, 13, 0, 0, 999, time.FixedZone("CET", 3600)))
	fmt.Println(noon)
	fmt.Println(noon == refundkit.NewTimestamp(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)))

	text, err := json.Marshal([]refundkit.Timestamp{noon, {}})
	fmt.Println(string(text), err)
	// Output:
	// 2026-11-21 12:00:00 +0000 UTC
	// true
	// [1795262400,null] <nil>
}

// All of March, and nothing of April.
func ExampleCreatedRange() {
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Created: march})
	for _, made := range []time.Time{march, march.AddDate(0, 0, 14), march.AddDate(0, 1, 0)} {
		if _, err := server.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 100, Created: made}); err != nil {
			log.Fatal(err)
		}
	}
	client := exampleClient(server)

	params := refundkit.RefundListParams{Created: refundkit.CreatedRange{From: march, Before: march.AddDate(0, 1, 0)}}
	for refund, err := range client.Refunds.All(context.Background(), params) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(refund.Created.Format(time.DateOnly))
	}
	// Output:
	// 2026-03-15
	// 2026-03-01
}

// A succeeded refund is neither in progress nor final: it can still fail.
func ExampleRefundStatus_InProgress() {
	for _, status := range []refundkit.RefundStatus{refundkit.RefundStatusPending, refundkit.RefundStatusRequiresAction, refundkit.RefundStatusSucceeded, refundkit.RefundStatusFailed} {
		fmt.Println(status, status.InProgress(), status.IsFinal())
	}
	// Output:
	// pending true false
	// requires_action true false
	// succeeded false false
	// failed false true
}

// Nothing more will happen to a failed or canceled refund: the customer has to
// get the money in another way.
func ExampleRefundStatus_IsFinal() {
	for _, status := range []refundkit.RefundStatus{refundkit.RefundStatusSucceeded, refundkit.RefundStatusFailed, refundkit.RefundStatusCanceled} {
		fmt.Println(status, status.IsFinal())
	}
	// Output:
	// succeeded false
	// failed true
	// canceled true
}
