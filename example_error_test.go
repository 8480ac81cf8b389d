package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// exampleCreate refunds 5.00 of a charge, for the examples of what can go wrong.
func exampleCreate(client *refundkit.Client, charge refundtest.Charge, opts ...refundkit.CallOption) error {
	_, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500},
		append(opts, refundkit.KeyFrom("order-6735", "refund-1"))...)
	return err
}

// A call without a key of its own gets one, and the error tells which: stored now,
// it still lets another process finish the refund.
func ExampleKeyOf() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	client := exampleClient(server, refundkit.WithMaxRetries(0))
	params := refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}

	_, err := client.Refunds.Create(context.Background(), params, refundkit.IdempotencyKey("order-6735/refund-1"))
	key := refundkit.KeyOf(err)
	fmt.Println(key)

	_, err = client.Refunds.Create(context.Background(), params, key)
	fmt.Println(err, len(server.Refunds(charge.ID)))
	// Output:
	// order-6735/refund-1
	// <nil> 1
}

// The same parts are the same key, in every process. A second refund of the same
// order is another one.
func ExampleKeyFrom() {
	first := refundkit.KeyFrom("order-6735", "refund-1")
	fmt.Println(first[:15] + "...")
	fmt.Println(first == refundkit.KeyFrom("order-6735", "refund-1"))
	fmt.Println(first == refundkit.KeyFrom("order-6735", "refund-2"))
	fmt.Println(first == refundkit.KeyFrom("order-6735", "refund-1", "try-2"))
	// Output:
	// refund_70dd9522...
	// true
	// false
	// false
}

// A worker asks what is safe now, instead of reading errors.
func ExampleNextStep() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server, refundkit.WithMaxRetries(0))

	for _, fault := range []refundtest.Fault{
		refundtest.DropConnection(), // made or not: who knows
		refundtest.RateLimit("endpoint-rate"),
		refundtest.Unauthorized(),
	} {
		server.Inject(fault)
		fmt.Println(refundkit.NextStep(exampleCreate(client, charge)))
	}
	if err := server.Dispute(charge.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(refundkit.NextStep(exampleCreate(client, charge)))
	// Output:
	// repeat the call with the same key
	// repeat the call with the same key
	// correct the API key or the account, then repeat with the same key
	// stop, a person must look
}

// Match what a failure means with errors.Is; the fields are for logs and for
// Stripe's support.
func ExampleError() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)
	if _, err := server.RefundInDashboard(charge.ID, 0); err != nil {
		log.Fatal(err)
	}

	err := exampleCreate(client, charge)
	var failure *refundkit.Error
	switch {
	case errors.Is(err, refundkit.ErrAlreadyRefunded), errors.Is(err, refundkit.ErrAmountExceedsRemaining):
		fmt.Println("somebody was faster")
	case errors.Is(err, refundkit.ErrDisputed):
		fmt.Println("the customer's bank has the money")
	}
	if errors.As(err, &failure) {
		fmt.Println(failure.StatusCode, failure.Code, failure.Attempts, failure.RequestID != "")
	}
	// Output:
	// somebody was faster
	// 400 charge_already_refunded 1 true
}

// No answer at all: whether the outcome is open depends on how far the request
// came, which net/http tells.
func ExampleTransportError() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server, refundkit.WithMaxRetries(0))
	server.Inject(refundtest.DropConnection())

	err := exampleCreate(client, charge)
	var silence *refundkit.TransportError
	if errors.As(err, &silence) {
		fmt.Println(silence.Op, silence.Attempts, silence.OutcomeUnknown)
	}
	// Output: Refunds.Create 1 true
}

// What Stripe would surely refuse is not sent.
func ExampleParamError() {
	server := refundtest.New()
	client := exampleClient(server)

	_, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Amount: 500}, refundkit.KeyFrom("order-6735", "refund-1"))
	var refused *refundkit.ParamError
	if errors.As(err, &refused) {
		fmt.Println(refused.Param+":", refused.Reason)
	}
	fmt.Println("requests:", len(server.Requests()))
	// Output:
	// charge: say what to refund: one of charge and payment_intent
	// requests: 0
}

// An absent refund is decided only when no request for it can still be running.
func ExampleUnresolvedError() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	_, err := client.Refunds.Resolve(context.Background(), refundkit.ResolveParams{Reference: "order-6735/refund-1", Charge: charge.ID})
	var unresolved *refundkit.UnresolvedError
	if errors.As(err, &unresolved) {
		fmt.Println("undecided:", unresolved.Undecided)
	}
	fmt.Println(refundkit.NextStep(err)) // later
	// Output:
	// undecided: true
	// look up the payment's refunds before anything else
}
