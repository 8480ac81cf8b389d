package refundkit_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// Before anything is promised to a customer: what is left, and does it work?
func ExampleRefundService_Check() {
	server := refundtest.New()
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd", OnRefund: refundtest.StaysPending})
	client := exampleClient(server)
	if _, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: made.ID, Amount: 500}); err != nil {
		log.Fatal(err)
	}

	check, err := client.Refunds.Check(context.Background(), refundkit.RefundCreateParams{Charge: made.ID, Remaining: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(check.Way, check.Accepted)
	fmt.Println(check.Left, "left of", check.Refundable)
	for _, refund := range check.InProgress {
		fmt.Println(refund.Amount, refund.Status, refund.PendingReason)
	}
	// Output:
	// refund it true
	// 1500 left of 2000
	// 500 pending processing
}

// A hold is canceled, not refunded.
func ExampleCheck_Reason() {
	server := refundtest.New()
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Uncaptured: true})
	client := exampleClient(server)

	check, err := client.Refunds.Check(context.Background(), refundkit.RefundCreateParams{Charge: made.ID, Amount: 500})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(check.Way), check.Findings) // short words, to store
	fmt.Println(check.Reason())
	// Output:
	// cancel [it is authorized and not captured]
	// cancel the PaymentIntent: nothing was taken, so there is nothing to refund; it is authorized and not captured
}

// The rules alone, for a charge that came with a list, while other rows of a plan
// ask for some of it.
func ExampleCheckRefund() {
	server := refundtest.New()
	server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "eur", PaymentMethodType: "sepa_debit", Created: server.Now().Add(-30 * 24 * time.Hour)})
	client := exampleClient(server)

	expand := refundkit.Expand("data.refunds", "data.dispute", "data.customer", "data.payment_intent")
	for charge, err := range client.Charges.All(context.Background(), refundkit.ChargeListParams{}, expand) {
		if err != nil {
			log.Fatal(err)
		}
		check := refundkit.CheckRefund(refundkit.CheckInput{
			Params:  refundkit.RefundCreateParams{Charge: charge.ID, Amount: 800},
			Charge:  charge,
			Claimed: 1500,
			Now:     server.Now(),
		})
		fmt.Println(check.Way, check.Left, check.Findings)
	}
	// Output: ask for something else 500 [others have asked for so much of it that too little is left]
}

// What Stripe documents about refunds of a bank debit, and where.
func ExampleRefundTermsOf() {
	terms := refundkit.RefundTermsOf("sepa_debit")
	fmt.Println(terms.Name, terms.WithinDays, terms.Takes)
	fmt.Println(terms.Source)
	fmt.Println(refundkit.RefundTermsOf("something_new").WithinDays == 0) // no deadline is known
	// Output:
	// SEPA 180 3 to 4 business days
	// https://docs.stripe.com/payments/sepa-debit
	// true
}
