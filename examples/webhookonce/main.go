// Command webhookonce shows how a shop handles each of Stripe's events once,
// with a database: the event is recorded in the transaction in which its work is
// done, after the work has succeeded.
//
//	go run .
//
// It needs no key and no network. store.go is what a payments team would write;
// this file is what happens to it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "webhookonce")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	shop, err := openShop(ctx, filepath.Join(dir, "shop.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.close()) }()
	tell := func(text string) {
		if b, failure := shop.books(ctx); err == nil {
			err = failure
			fmt.Fprintf(out, "%-66s  events %d, entries %d, given back %d.%02d USD\n", text, b.events, b.entries, b.given/100, b.given%100)
		}
	}

	shop.down.Store(true)
	refund, err := shop.refund(ctx, 2500)
	if err != nil {
		return err
	}
	tell("A refund is made; its event comes, is booked, and then all fails:")
	shop.down.Store(false)
	shop.hook.Retry()
	tell("Stripe sends the event again:")
	if err := shop.again(50); err != nil {
		return err
	}
	tell("It comes fifty times more, all at once:")
	if err := shop.stripe.Fail(refund.ID, "lost_or_stolen_card"); err != nil {
		return err
	}
	tell("Later the refund fails; three events tell of it:")
	return err
}

// shop is a store that is told of the refunds at a Stripe in this process.
type shop struct {
	*store
	stripe *refundtest.Server
	hook   *refundtest.Webhook
	down   atomic.Bool // whether the function fails after it has done its work
}

func openShop(ctx context.Context, file string) (*shop, error) {
	stripe := refundtest.New()
	client, err := refundkit.New("sk_test_webhookonce", refundkit.WithHTTPClient(stripe.HTTPClient()))
	if err != nil {
		return nil, err
	}
	db, err := openStore(ctx, file, client)
	if err != nil {
		return nil, err
	}
	s := &shop{store: db, stripe: stripe}
	return s, s.listen(s.once)
}

// listen lets the shop hear of refunds, each event through once.
func (s *shop) listen(once webhook.Once) error {
	const secret = "whsec_example"
	hook, err := webhook.New([]string{secret}, webhook.WithOnce(once), webhook.WithClock(s.stripe.Now))
	if err != nil {
		return err
	}
	handler := hook.Handler(func(ctx context.Context, event *refundkit.Event) error {
		if err := s.handle(ctx, event); err != nil {
			return err
		}
		if s.down.Load() {
			return errors.New("something failed at the last moment")
		}
		return nil
	})
	s.hook = s.stripe.AddWebhook(handler, secret, refundtest.EventTypes("refund.*", "charge.refund.updated"))
	return nil
}

// refund refunds a payment, and so causes an event.
func (s *shop) refund(ctx context.Context, amount int64) (*refundkit.Refund, error) {
	charge := s.stripe.AddCharge(refundtest.Charge{Amount: amount})
	return s.client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: charge.ID, Remaining: true}, refundkit.KeyFrom(charge.ID, "refund"))
}

// again makes the last delivery some times more, at the same time.
func (s *shop) again(times int) error {
	made := s.hook.Deliveries()
	event := made[len(made)-1].Event
	failures := make(chan error, times)
	var group sync.WaitGroup
	for range times {
		group.Go(func() { failures <- s.hook.Resend(event.ID) })
	}
	group.Wait()
	close(failures)
	var all error
	for failure := range failures {
		all = errors.Join(all, failure)
	}
	return all
}

func (s *shop) close() error {
	s.stripe.Close()
	return s.store.close()
}
