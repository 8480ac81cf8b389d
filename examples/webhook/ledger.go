package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// ledger is what the shop knows of its refunds. Everything in it is in memory; a
// shop keeps it in its database, as examples/webhookonce does.
type ledger struct {
	client  *refundkit.Client
	changed func(change)

	mu     sync.Mutex
	rows   map[string]*row
	events map[string]*delivered
	booked map[string]int64 // given back, by currency
}

// row is one refund as it was stored last. Its lock is held from before the
// stored refund is read until the new one is written, so that two events of one
// refund can't be stored in the wrong order, or booked twice.
type row struct {
	lock   sync.Mutex
	refund *refundkit.Refund
}

type delivered struct {
	lock sync.Mutex
	done bool
}

// change is what an event did to a row.
type change struct {
	event     refundkit.EventType
	before    refundkit.RefundStatus // empty for a refund that was not known
	refund    refundkit.Refund
	refetched bool
	entry     refundkit.BookEntry
}

func newLedger(client *refundkit.Client, changed func(change)) *ledger {
	return &ledger{client: client, changed: changed, rows: map[string]*row{}, events: map[string]*delivered{}, booked: map[string]int64{}}
}

// once is a [webhook.Once]: an event counts as done when its function has
// succeeded, not before. Two deliveries of one event take turns.
func (l *ledger) once(ctx context.Context, eventID string, handle func(context.Context) error) error {
	event := entryOf(l, l.events, eventID)
	event.lock.Lock()
	defer event.lock.Unlock()
	if event.done {
		return nil
	}
	if err := handle(ctx); err != nil {
		return err
	}
	event.done = true
	return nil
}

// handle brings one refund up to date.
func (l *ledger) handle(ctx context.Context, event *refundkit.Event) error {
	arrived, err := event.Refund()
	if errors.Is(err, refundkit.ErrEventObject) {
		return nil // about a charge: it tells nothing of a refund's state
	}
	if err != nil {
		return err
	}
	row := entryOf(l, l.rows, arrived.ID)
	row.lock.Lock()
	defer row.lock.Unlock()
	choice := refundkit.ChooseSnapshot(row.refund, arrived)
	if choice == refundkit.SnapshotChoiceRefetch {
		if arrived, err = l.client.Refunds.Retrieve(ctx, arrived.ID, event.CallOptions()...); err != nil {
			return err
		}
	}
	if choice == refundkit.SnapshotChoiceKeep {
		return nil
	}
	done := change{event: event.Type, refund: *arrived, refetched: choice == refundkit.SnapshotChoiceRefetch, entry: refundkit.EntryBetween(row.refund, arrived)}
	if row.refund != nil {
		done.before = row.refund.Status
	}
	l.book(done.entry, arrived)
	row.refund = arrived
	l.changed(done)
	return nil
}

func (l *ledger) book(entry refundkit.BookEntry, refund *refundkit.Refund) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch entry {
	case refundkit.BookEntryCount:
		l.booked[refund.Currency] += refund.Amount
	case refundkit.BookEntryReverse:
		l.booked[refund.Currency] -= refund.Amount
	}
}

// entryOf returns what a map has under an id, and adds it if there is nothing.
func entryOf[T any](l *ledger, entries map[string]*T, id string) *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entries[id] == nil {
		entries[id] = new(T)
	}
	return entries[id]
}

// given returns what the books say went back to customers, by currency.
func (l *ledger) given() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.booked)
}

// compare tells where the ledger differs from what Stripe has. No event may be
// on its way.
func (l *ledger) compare(stripe *refundtest.Server) error {
	truth := map[string]int64{}
	for _, refund := range stripe.Refunds("") {
		stored := entryOf(l, l.rows, refund.ID).refund
		if stored == nil || string(stored.Status) != refund.Status {
			return fmt.Errorf("refund %s is %s at Stripe, and something else here", refund.ID, refund.Status)
		}
		if !stored.Status.IsFinal() {
			truth[refund.Currency] += refund.Amount
		}
	}
	for currency, amount := range l.given() {
		if truth[currency] != amount {
			return fmt.Errorf("the books say %d %s, Stripe says %d", amount, currency, truth[currency])
		}
	}
	return nil
}
