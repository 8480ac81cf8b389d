package main

import (
	"context"
	"fmt"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// story is what happens to the shop's refunds.
type story struct {
	client *refundkit.Client
	stripe *refundtest.Server
	hook   *refundtest.Webhook
	show   *table
	pace   time.Duration
	made   map[string]string // ids of refunds, by order
}

// step is one thing that happens, and how it is announced.
type step struct {
	title string
	do    func(context.Context) error
}

func (t *story) tell(ctx context.Context) error {
	t.made = map[string]string{}
	for _, next := range []step{
		{"order-1 is refunded to a card", t.refund("order-1", 1999, refundtest.Succeeds)},
		{"order-2 to a card that was closed, which nobody knows yet", t.refund("order-2", 2500, refundtest.SucceedsThenFails)},
		{"order-3 to a bank account, which takes its time", t.refund("order-3", 4000, refundtest.PendsThenSucceeds)},
		{"order-4 needs the customer's bank details", t.refund("order-4", 750, refundtest.NeedsAction)},
		{"order-5 too, by a customer who will not answer", t.refund("order-5", 1200, refundtest.NeedsAction)},
		{"order-6 too, and the shop thinks better of it", t.refund("order-6", 9900, refundtest.NeedsAction)},
		{"order-6 is canceled", t.cancel("order-6")},
		{"five seconds pass: a reference arrives, a bank returns the money", t.pass(5 * time.Second)},
		{"ten seconds pass: the bank account is reached", t.pass(10 * time.Second)},
		{"the customer of order-4 gives bank details", t.at("order-4", t.stripe.SubmitDetails)},
		{"ten seconds pass", t.pass(10 * time.Second)},
		{"the bank of order-3 sends the money back: the customer is asked", t.at("order-3", t.stripe.RequireAction)},
		{"the customer of order-3 gives other bank details", t.at("order-3", t.stripe.SubmitDetails)},
		{"46 days pass", t.pass(46 * 24 * time.Hour)},
	} {
		t.show.note(next.title)
		if err := next.do(ctx); err != nil {
			return err
		}
		if err := pause(ctx, t.pace); err != nil {
			return err
		}
	}
	return nil
}

// refund pays an order, without much ado, and refunds it. The order's name goes
// along as metadata, and comes back with every event.
func (t *story) refund(order string, amount int64, outcome refundtest.RefundOutcome) func(context.Context) error {
	return func(ctx context.Context) error {
		charge := t.stripe.AddCharge(refundtest.Charge{Amount: amount, Currency: "usd", OnRefund: outcome,
			ReceiptEmail: "jenny@example.com"})
		refund, err := t.client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: charge.ID, Remaining: true},
			refundkit.KeyFrom(order, "refund"), refundkit.Reference(order))
		if err != nil {
			return err
		}
		t.made[order] = refund.ID
		return nil
	}
}

func (t *story) cancel(order string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := t.client.Refunds.Cancel(ctx, t.made[order])
		return err
	}
}

// at lets the bank or the customer do something with an order's refund, of which
// the events arrive at once.
func (t *story) at(order string, do func(id string) error) func(context.Context) error {
	return func(context.Context) error {
		if err := do(t.made[order]); err != nil {
			return fmt.Errorf("%s: %w", order, err)
		}
		t.hook.Deliver()
		return nil
	}
}

// pass moves Stripe's clock. Events that were on their way for long arrive at last.
func (t *story) pass(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		t.stripe.Advance(d)
		t.hook.Deliver()
		return nil
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
