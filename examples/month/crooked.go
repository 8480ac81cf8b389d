package main

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

// crooked is what went wrong at Stripe, by the refund. The Stripe in this process makes
// no such mistakes, so they are made on the way.
type crooked map[string]refundjobs.DifferenceKind

// refunds are a client's, of which some never show that their money came back.
type refunds struct {
	*refundkit.RefundService
	wrong crooked
}

func (r refunds) Export(ctx context.Context, params refundkit.ExportParams, opts ...refundkit.CallOption) iter.Seq2[*refundkit.Refund, error] {
	return func(yield func(*refundkit.Refund, error) bool) {
		for refund, err := range r.RefundService.Export(ctx, params, opts...) {
			if refund != nil && r.wrong[refund.ID] == refundjobs.DifferenceNotReturned {
				refund.FailureBalanceTransaction = refundkit.Expandable[refundkit.BalanceTransaction]{}
			}
			if !yield(refund, err) {
				return
			}
		}
	}
}

// balance is a client's, of which some transactions are not as they should be.
type balance struct {
	*refundkit.BalanceTransactionService
	wrong crooked
}

func (b balance) All(ctx context.Context, params refundkit.BalanceTransactionListParams, opts ...refundkit.CallOption) iter.Seq2[*refundkit.BalanceTransaction, error] {
	return func(yield func(*refundkit.BalanceTransaction, error) bool) {
		for t, err := range b.BalanceTransactionService.All(ctx, params, opts...) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, shown := range b.shown(*t) {
				if !yield(&shown, nil) {
					return
				}
			}
		}
	}
}

func (b balance) Retrieve(ctx context.Context, id string, opts ...refundkit.CallOption) (*refundkit.BalanceTransaction, error) {
	t, err := b.BalanceTransactionService.Retrieve(ctx, id, opts...)
	if err == nil && len(b.shown(*t)) == 0 {
		return nil, fmt.Errorf("no such transaction: %w", refundkit.ErrNotFound)
	}
	return t, err
}

// shown is what is listed in place of a transaction.
func (b balance) shown(t refundkit.BalanceTransaction) []refundkit.BalanceTransaction {
	switch b.wrong[t.Source.ID] {
	case refundjobs.DifferenceFee:
		t.Fee, t.Net = 15, t.Net-15
	case refundjobs.DifferenceBookedAmount:
		t.Amount, t.Net = t.Amount-100, t.Net-100
	case refundjobs.DifferenceBookedTwice:
		again := t
		again.ID += "_again"
		return []refundkit.BalanceTransaction{again, t}
	case refundjobs.DifferenceNotBooked:
		return nil
	case refundjobs.DifferenceNotReturned:
		if t.Amount > 0 {
			return nil
		}
	}
	return []refundkit.BalanceTransaction{t}
}

// counter counts the requests of a client, whose calls may come at once.
type counter struct {
	next   http.RoundTripper
	number int
	turn   chan struct{}
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.turn <- struct{}{}
	c.number++
	<-c.turn
	return c.next.RoundTrip(r)
}
