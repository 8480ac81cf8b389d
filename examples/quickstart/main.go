// Command quickstart makes refunds and tells what happens. With nothing set it
// needs no key and no network: a Stripe of its own lives in the process.
//
//	STRIPE_API_KEY=sk_test_...  talk to Stripe in test mode
//	REFUNDKIT_BASE_URL=...      talk to that server, such as cmd/refundtest
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/refundkit/refundkit"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	shop, err := openShop(ctx)
	if err != nil {
		return err
	}
	defer shop.close()
	client := shop.client

	if err := refundOnce(ctx, shop); err != nil {
		return err
	}

	title("What remains goes back")
	rest, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: shop.card, Remaining: true}, refundkit.KeyFrom(shop.card, "refund-2"))
	if err != nil {
		return err
	}
	show(rest)

	title("A note for the support team")
	noted, err := client.Refunds.Update(ctx, rest.ID, refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"ticket": "4711"}})
	if err != nil {
		return err
	}
	fmt.Println("  metadata:", noted.Metadata)

	title("All refunds of the charge, newest first")
	for refund, err := range client.Refunds.All(ctx, refundkit.RefundListParams{Charge: shop.card}) {
		if err != nil {
			return err
		}
		show(refund)
	}

	title("One more is one too many")
	_, err = client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: shop.card, Amount: 500}, refundkit.KeyFrom(shop.card, "refund-3"))
	explain(err)

	title("A forgotten amount is refused before anything is sent")
	_, err = client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: shop.card})
	explain(err)

	return cancelOne(ctx, shop)
}

// refundOnce makes a refund as a service does: with a row that is stored before
// anything is sent, and from which another process can go on.
func refundOnce(ctx context.Context, shop *shop) error {
	title("A charge of 20.00 USD, of which 5.00 go back, as a row that is stored before anything is sent")
	job, err := refundkit.NewJob(shop.card+"/refund-1", refundkit.RefundCreateParams{Charge: shop.card, Amount: 500, Reason: refundkit.RefundReasonRequestedByCustomer})
	if err != nil {
		return err
	}
	var rows []refundkit.Job
	save := func(_ context.Context, job refundkit.Job) error { // a database here
		fmt.Printf("  saved: version %d, %s\n", job.Version, job.State)
		rows = append(rows, job)
		return nil
	}
	job, first, err := shop.client.Refunds.Advance(ctx, job, save)
	if err != nil {
		return err
	}
	if first == nil {
		return fmt.Errorf("not made: %s: %s", job.State, job.Detail) // a worker would go on when it is due
	}
	show(first)

	title("The process died before it stored that? Another one goes on from the row, and nothing is refunded twice")
	job, err = rows[0].Resume() // it is due in a minute; this is a person who doesn't want to wait
	if err != nil {
		return err
	}
	var response refundkit.Response
	job, again, err := shop.client.Refunds.Advance(ctx, job, save, refundkit.CaptureResponse(&response))
	if err != nil {
		return err
	}
	if again == nil {
		return fmt.Errorf("not made: %s: %s", job.State, job.Detail)
	}
	show(again)
	fmt.Printf("  the same refund: %t; Stripe gave its stored answer: %t\n", again.ID == first.ID, response.Replayed)
	return nil
}

// cancelOne refunds a payment whose customer must say where the money shall go,
// and thinks better of it.
func cancelOne(ctx context.Context, shop *shop) error {
	if shop.bank == "" {
		return nil
	}
	title("A refund that waits for the customer's bank details, canceled")
	waiting, err := shop.client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: shop.bank, Remaining: true}, refundkit.KeyFrom(shop.bank, "refund-1"))
	if err != nil {
		return err
	}
	show(waiting)
	canceled, err := shop.client.Refunds.Cancel(ctx, waiting.ID)
	if err != nil {
		return err
	}
	show(canceled)
	return nil
}

func title(text string) { fmt.Printf("\n%s\n", text) }

func show(r *refundkit.Refund) {
	fmt.Printf("  %s  %s  %s\n", r.ID, money(r.Amount, r.Currency), r.Status)
}

// money writes an amount of a currency that has cents.
func money(amount int64, currency string) string {
	return fmt.Sprintf("%d.%02d %s", amount/100, amount%100, strings.ToUpper(currency))
}

// explain shows what an error tells a program, and a person.
func explain(err error) {
	fmt.Println("  already refunded:  ", errors.Is(err, refundkit.ErrAlreadyRefunded))
	fmt.Println("  may have refunded: ", errors.Is(err, refundkit.ErrOutcomeUnknown))
	fmt.Println("  next:              ", refundkit.NextStep(err))
	fmt.Println("  ", err)
}
