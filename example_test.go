package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// exampleClient returns a client that talks to a Stripe of its own, as ExampleNew
// makes it.
func exampleClient(server *refundtest.Server, opts ...refundkit.Option) *refundkit.Client {
	client, err := refundkit.New("sk_test_123", append(opts, refundkit.WithHTTPClient(server.HTTPClient()))...)
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// exampleRefund makes a refund, for the examples of what is done with one.
func exampleRefund(client *refundkit.Client, charge refundtest.Charge) *refundkit.Refund {
	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Remaining: true},
		refundkit.KeyFrom(charge.ID, "refund-1"))
	if err != nil {
		log.Fatal(err)
	}
	return refund
}

// Here the client talks to a Stripe that lives in the process. Without
// WithHTTPClient it talks to Stripe.
func ExampleNew() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})

	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(server.HTTPClient()))
	if err != nil {
		log.Fatal(err)
	}
	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500},
		refundkit.IdempotencyKey("order-6735/refund-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, refund.Currency, refund.Status)

	_, err = refundkit.New("") // the variable was not set
	fmt.Println(err)
	// Output:
	// 500 usd succeeded
	// refundkit: apiKey: it must be visible ASCII characters, and at least one; is the variable set?
}

func ExampleRefundService_Create() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client := exampleClient(server)

	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{
		Charge: charge.ID,
		Amount: 500, // 5.00 USD
		Reason: refundkit.RefundReasonRequestedByCustomer,
	}, refundkit.IdempotencyKey("order-6735/refund-1")) // stored before the call
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, refund.Currency, refund.Status)
	// Output: 500 usd succeeded
}

// The refund was made, and its answer is lost. The same call with the same key,
// minutes later or from another process, gets that answer and refunds nothing.
func ExampleRefundService_Create_lostAnswer() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	client := exampleClient(server, refundkit.WithMaxRetries(0)) // by default the client repeats by itself

	params := refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}
	key := refundkit.KeyFrom("order-6735", "refund-1") // stored, with the time of the first send
	_, err := client.Refunds.Create(context.Background(), params, key)
	fmt.Println("may have refunded:", errors.Is(err, refundkit.ErrOutcomeUnknown))
	fmt.Println("next:", refundkit.NextStep(err))

	refund, err := client.Refunds.Create(context.Background(), params, key)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, refund.Status)
	fmt.Println("refunds that Stripe made:", len(server.Refunds(charge.ID)))
	// Output:
	// may have refunded: true
	// next: repeat the call with the same key
	// 500 succeeded
	// refunds that Stripe made: 1
}

// A forgotten amount never becomes a full refund: all that is left is refunded
// only where that is said.
func ExampleRefundService_Create_remaining() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client := exampleClient(server)

	_, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{PaymentIntent: charge.PaymentIntent},
		refundkit.KeyFrom("order-6735", "refund-1"))
	fmt.Println(err)

	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{PaymentIntent: charge.PaymentIntent, Remaining: true},
		refundkit.KeyFrom("order-6735", "refund-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount)
	// Output:
	// refundkit: Refunds.Create: amount: say how much: set Amount, at least 1 in the currency's smallest unit, or Remaining: true for all that is left
	// 2000
}

func ExampleRefundService_Retrieve() {
	server := refundtest.New()
	client := exampleClient(server)
	refund := exampleRefund(client, server.AddCharge(refundtest.Charge{OnRefund: refundtest.SucceedsThenFails}))
	fmt.Println(refund.Status)

	server.Advance(time.Hour) // the bank sends the money back
	refund, err := client.Refunds.Retrieve(context.Background(), refund.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Status, refund.FailureReason)
	// Output:
	// succeeded
	// failed expired_or_canceled_card
}

// Only the metadata of a refund can be changed. What is not named stays.
func ExampleRefundService_Update() {
	server := refundtest.New()
	client := exampleClient(server)
	refund := exampleRefund(client, server.AddCharge(refundtest.Charge{}))

	for _, change := range []refundkit.RefundUpdateParams{
		{Metadata: refundkit.Metadata{"ticket": "4711", "agent": "kim"}},
		{Metadata: refundkit.Metadata{"agent": ""}},  // an empty value removes the key
		{ClearMetadata: true, ForgetReference: true}, // of a refund that was made without one
	} {
		refund, err := client.Refunds.Update(context.Background(), refund.ID, change)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(refund.Metadata)
	}
	// Output:
	// map[agent:kim ticket:4711]
	// map[ticket:4711]
	// map[]
}

// Some payment methods have no way back: Stripe asks the customer for bank
// details first, and until then the refund can be canceled.
func ExampleRefundService_Cancel() {
	server := refundtest.New()
	client := exampleClient(server)
	refund := exampleRefund(client, server.AddCharge(refundtest.Charge{PaymentMethodType: "multibanco", Currency: "eur",
		ReceiptEmail: "jenny@example.com"}))
	fmt.Println(refund.Status)

	refund, err := client.Refunds.Cancel(context.Background(), refund.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Status, refund.FailureReason)
	// Output:
	// requires_action
	// canceled merchant_request
}

func ExampleRefundService_List() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	for range 3 {
		if _, err := server.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 100}); err != nil {
			log.Fatal(err)
		}
	}
	client := exampleClient(server)

	page, err := client.Refunds.List(context.Background(), refundkit.RefundListParams{Charge: charge.ID, Limit: 2})
	if err != nil {
		log.Fatal(err)
	}
	last := page.Data[len(page.Data)-1].ID
	next, err := client.Refunds.List(context.Background(), refundkit.RefundListParams{Charge: charge.ID, Limit: 2, StartingAfter: last})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.HasMore)
	fmt.Println(len(next.Data), next.HasMore)
	// Output:
	// 2 true
	// 1 false
}

// All fetches a page of 100 when it is needed, and no page that is not.
func ExampleRefundService_All() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 100_000})
	if _, err := server.AddRefunds(exampleRefunds(charge, 250, time.Time{})); err != nil {
		log.Fatal(err)
	}
	client := exampleClient(server)

	count, sum := 0, int64(0)
	for refund, err := range client.Refunds.All(context.Background(), refundkit.RefundListParams{Charge: charge.ID}) {
		if err != nil {
			log.Fatal(err)
		}
		count, sum = count+1, sum+refund.Amount
	}
	fmt.Println(count, "refunds of", sum, "in", len(server.Requests()), "requests")

	for range client.Refunds.All(context.Background(), refundkit.RefundListParams{Charge: charge.ID}) {
		break
	}
	fmt.Println(len(server.Requests()), "requests")
	// Output:
	// 250 refunds of 25000 in 3 requests
	// 4 requests
}

// exampleRefunds are refunds that were made long ago, an hour apart from first on
// unless that is zero.
func exampleRefunds(charge refundtest.Charge, count int, first time.Time) []refundtest.Refund {
	refunds := make([]refundtest.Refund, count)
	for i := range refunds {
		refunds[i] = refundtest.Refund{Charge: charge.ID, Amount: 100}
		if !first.IsZero() {
			refunds[i].Created = first.Add(time.Duration(i) * time.Hour)
		}
	}
	return refunds
}

// An export that ends early goes on where it ended: keep the ID and the time of
// the last refund with what you wrote.
func ExampleRefundService_Export() {
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 100_000, Created: march})
	if _, err := server.AddRefunds(exampleRefunds(charge, 300, march)); err != nil {
		log.Fatal(err)
	}
	client := exampleClient(server)

	params := refundkit.ExportParams{From: march, To: march.AddDate(0, 1, 0), Workers: 4}
	export := func(most int) (count int) {
		for refund, err := range client.Refunds.Export(context.Background(), params) {
			if err != nil {
				log.Fatal(err)
			}
			params.ResumeAfter = refundkit.Refund{ID: refund.ID, Created: refund.Created}
			if count++; count == most {
				break
			}
		}
		return count
	}
	fmt.Println(export(120))
	fmt.Println(export(1000))
	// Output:
	// 120
	// 180
}

// When the key can't help any more, because 24 hours have passed or the process
// lost it, the reference in the refund's metadata does.
func ExampleRefundService_Resolve() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	client := exampleClient(server, refundkit.WithMaxRetries(0))
	_, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500},
		refundkit.KeyFrom("order-6735", "refund-1"), refundkit.Reference("order-6735/refund-1"))
	fmt.Println("may have refunded:", errors.Is(err, refundkit.ErrOutcomeUnknown))

	refund, err := client.Refunds.Resolve(context.Background(), refundkit.ResolveParams{
		Reference: "order-6735/refund-1",
		Charge:    charge.ID,
		LastSent:  time.Now().Add(-25 * time.Hour), // as it was stored
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("found:", refund.Amount, refund.Status)
	// Output:
	// may have refunded: true
	// found: 500 succeeded
}
