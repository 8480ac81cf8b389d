package refundjobs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// bookingSlack is how much earlier or later than its refund a balance transaction may be
// booked, to be found without a request of its own.
const bookingSlack = time.Hour

// transactionReader is what a BalanceReader may be, too.
type transactionReader interface {
	Retrieve(ctx context.Context, id string, opts ...refundkit.CallOption) (*refundkit.BalanceTransaction, error)
}

// refundMovements are the types of what refunds do to a balance, and of what their
// failures do.
func refundMovements() []refundkit.BalanceTransactionType {
	return []refundkit.BalanceTransactionType{
		refundkit.BalanceTransactionTypeRefund, refundkit.BalanceTransactionTypePaymentRefund,
		refundkit.BalanceTransactionTypeRefundFailure, refundkit.BalanceTransactionTypePaymentFailureRefund,
	}
}

// booking is what is known of one refund and the balance, until both sides are there.
type booking struct {
	at           time.Time // the newest of it
	row          Job
	refund       *refundkit.Refund
	transactions []*refundkit.BalanceTransaction
}

// bookings joins refunds with balance transactions. It holds those only whose other side
// has not come within the slack.
type bookings struct {
	streams []*balanceStream
	reader  BalanceReader
	refunds retriever // nil: none
	open    map[string]*booking
	options []refundkit.CallOption
	find    func(ctx context.Context, refundID string) (Job, error)
	tell    func(Difference) error
}

func (b *bookings) wait() {
	for _, s := range b.streams {
		s.wait()
	}
}

func (b *bookings) of(refundID string, at time.Time) *booking {
	o := b.open[refundID]
	if o == nil {
		o = &booking{at: at}
		b.open[refundID] = o
	}
	return o
}

// add takes a refund.
func (b *bookings) add(row Job, refund *refundkit.Refund) {
	o := b.of(refund.ID, refund.Created.Time)
	o.row, o.refund = row, refund
}

// settle takes what was booked from an instant on, and judges all that is complete or
// waits for too long; at the end that is all.
func (b *bookings) settle(ctx context.Context, from time.Time, end bool) (read int, err error) {
	for _, stream := range b.streams {
		for {
			t, err := stream.next(ctx, from)
			if err != nil {
				return read, err
			}
			if t == nil {
				break
			}
			read++
			if isRefundID(t.Source.ID) {
				o := b.of(t.Source.ID, t.Created.Time)
				o.transactions = append(o.transactions, t)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.open)) {
		o := b.open[id]
		switch {
		case o.refund != nil && len(o.transactions) > 0 && o.has(o.refund.BalanceTransaction.ID):
		case o.refund != nil && o.refund.BalanceTransaction.ID == "":
		case end, o.at.Add(-bookingSlack).After(from):
		default:
			continue
		}
		delete(b.open, id)
		if err := b.judge(ctx, id, o); err != nil {
			return read, err
		}
	}
	return read, nil
}

func isRefundID(id string) bool {
	return strings.HasPrefix(id, "re_") || strings.HasPrefix(id, "pyr_")
}

func (o *booking) has(id string) bool {
	for _, t := range o.transactions {
		if t.ID == id {
			return true
		}
	}
	return false
}

// judge tells what differs between a refund and the balance.
func (b *bookings) judge(ctx context.Context, id string, o *booking) error {
	if o.refund == nil {
		if err := b.complete(ctx, id, o); err != nil {
			return err
		}
		if o.refund == nil {
			return b.each(o, DifferenceMissing) // the balance names a refund that is not there
		}
	} else if err := b.judgeRefund(ctx, o); err != nil {
		return err
	}
	for _, t := range o.transactions {
		if err := b.judgeTransaction(o, t); err != nil {
			return err
		}
	}
	return nil
}

// complete finds the refund of transactions whose time is another: in the row, if that
// shows it as it was booked, else at Stripe.
func (b *bookings) complete(ctx context.Context, id string, o *booking) (err error) {
	if o.row, err = b.find(ctx, id); err != nil {
		return err
	}
	named := o.row.Refund != nil
	for _, t := range o.transactions {
		named = named && (t.ID == o.row.Refund.BalanceTransaction.ID || t.ID == o.row.Refund.FailureBalanceTransaction.ID)
	}
	if named || b.refunds == nil {
		o.refund = o.row.Refund
		return nil
	}
	refund, err := b.refunds.Retrieve(ctx, id, b.options...)
	if errors.Is(err, refundkit.ErrNotFound) {
		return nil
	}
	o.refund = refund
	return err
}

// judgeRefund tells what the balance lacks.
func (b *bookings) judgeRefund(ctx context.Context, o *booking) error {
	booked := o.refund.BalanceTransaction.ID
	switch {
	case booked == "" && o.refund.Status == refundkit.RefundStatusSucceeded:
		return b.one(o, nil, DifferenceNotBooked)
	case booked == "":
		return nil // no money has moved yet, or never did
	case !o.has(booked):
		t, err := b.read(ctx, booked)
		if err != nil {
			return err
		}
		if t == nil {
			return b.one(o, nil, DifferenceNotBooked)
		}
		o.transactions = append(o.transactions, t)
	}
	if o.refund.Status.IsFinal() && o.refund.FailureBalanceTransaction.ID == "" {
		return b.one(o, nil, DifferenceNotReturned)
	}
	return nil
}

// read reads a transaction by itself; nil if it is not there.
func (b *bookings) read(ctx context.Context, id string) (*refundkit.BalanceTransaction, error) {
	reader, ok := b.reader.(transactionReader)
	if !ok {
		return nil, nil
	}
	t, err := reader.Retrieve(ctx, id, b.options...)
	if errors.Is(err, refundkit.ErrNotFound) {
		return nil, nil
	}
	return t, err
}

// judgeTransaction tells what differs about one transaction.
func (b *bookings) judgeTransaction(o *booking, t *refundkit.BalanceTransaction) error {
	amount := -o.refund.Amount
	switch t.ID {
	case o.refund.BalanceTransaction.ID:
	case o.refund.FailureBalanceTransaction.ID:
		amount = o.refund.Amount
	default:
		return b.one(o, t, DifferenceBookedTwice)
	}
	if t.Currency == o.refund.Currency && t.Amount != amount {
		if err := b.one(o, t, DifferenceBookedAmount); err != nil {
			return err
		}
	}
	if t.Fee != 0 {
		return b.one(o, t, DifferenceFee)
	}
	return nil
}

func (b *bookings) each(o *booking, kind DifferenceKind) error {
	for _, t := range o.transactions {
		if err := b.one(o, t, kind); err != nil {
			return err
		}
	}
	return nil
}

func (b *bookings) one(o *booking, t *refundkit.BalanceTransaction, kind DifferenceKind) error {
	return b.tell(Difference{Kind: kind, Job: o.row, Refund: o.refund, BalanceTransaction: t})
}
