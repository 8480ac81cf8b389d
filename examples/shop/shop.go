package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/webhook"
)

// shop sells, and gives back. TTx is the transaction of its database: *sql.Tx on SQLite,
// pgx.Tx on Postgres. Nothing else is different.
type shop[TTx any] struct {
	db      database[TTx]
	jobs    *refundjobs.Jobs[TTx]
	stripe  *stripe
	events  http.Handler
	changes *changeCounter
	now     func() time.Time
}

// openShop makes the tables, and lets Stripe's events in.
func openShop[TTx any](ctx context.Context, db database[TTx], stripe *stripe, now func() time.Time, opts ...refundjobs.Option) (*shop[TTx], error) {
	s := &shop[TTx]{db: db, stripe: stripe, changes: newChangeCounter(), now: now}
	var err error
	s.jobs, err = db.jobs(stripe.refunds, append(opts, refundjobs.WithChangeHook(s.changes.count))...)
	if err != nil {
		return nil, err
	}
	if err := s.jobs.Migrate(ctx); err != nil {
		return nil, err
	}
	if err := s.createOrders(ctx); err != nil {
		return nil, err
	}
	events, err := webhook.New([]string{stripe.secret}, webhook.WithOnce(s.jobs.Once()), webhook.WithClock(now))
	if err != nil {
		return nil, err
	}
	s.events = events.Handler(s.jobs.HandleEvent(nil)) // nil: refunds from the Dashboard are not the shop's business
	stripe.deliver(s.events)
	return s, nil
}

// sell takes 20.00 USD from a customer.
func (s *shop[TTx]) sell(ctx context.Context) error {
	charge, err := s.stripe.pay(ctx, 2000)
	if err != nil {
		return err
	}
	return s.addOrder(ctx, order{ID: strings.ToLower(rand.Text()[:8]), Charge: charge, Amount: 2000, Currency: "usd"})
}

// cancel cancels an order and asks for its refund: both, or neither. The refund is named
// after the order, so that a second click finds it and makes no other.
func (s *shop[TTx]) cancel(ctx context.Context, id, by string) error {
	return s.jobs.InTx(ctx, func(tx TTx) error { return s.cancelTx(ctx, tx, id, by) })
}

func (s *shop[TTx]) cancelTx(ctx context.Context, tx TTx, id, by string) error {
	order, err := s.cancelOrder(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = s.jobs.RequestTx(ctx, tx, refundjobs.Request{
		Name:     refundName(id),
		Params:   refundkit.RefundCreateParams{Charge: order.Charge, Amount: order.Amount, Reason: refundkit.RefundReasonRequestedByCustomer},
		Currency: order.Currency,
		By:       by,
		Labels:   map[string]string{"order": id},
	})
	return err
}

// refundAgain lets a refund go on that needed a person, because what stopped it is gone.
func (s *shop[TTx]) refundAgain(ctx context.Context, id, by string) error {
	return s.jobs.InTx(ctx, func(tx TTx) error {
		_, err := s.jobs.ResumeTx(ctx, tx, refundName(id), by, "by the button of the page")
		return err
	})
}

func refundName(order string) string { return "order-" + order + "/refund-1" }
