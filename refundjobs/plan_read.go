package refundjobs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	readers     = 8   // requests at once
	leastToList = 20  // payments of an account below which they are read one by one
	samples     = 5   // read first, to see when the payments were made
	trialPages  = 5   // listed before it is judged whether that pays
	pageSize    = 100 // of Stripe's lists
	rangeSlack  = 24 * time.Hour
)

// ChargeReader reads charges: a client's Charges is one.
//
// https://docs.stripe.com/api/charges
type ChargeReader interface {
	Retrieve(ctx context.Context, id string, opts ...refundkit.CallOption) (*refundkit.Charge, error)
	List(ctx context.Context, params refundkit.ChargeListParams, opts ...refundkit.CallOption) (*refundkit.ChargeList, error)
}

// paymentReader reads the charges of a plan with few requests.
type paymentReader struct {
	charges  ChargeReader
	turn     func(ctx context.Context, account string, patience time.Duration) (context.Context, error)
	payments *payments
	requests atomic.Int64
}

func (r *paymentReader) all(ctx context.Context) error {
	byAccount := map[string][]paymentKey{}
	for key := range r.payments.byID {
		byAccount[key.account] = append(byAccount[key.account], key)
	}
	for _, keys := range byAccount {
		if len(keys) >= leastToList {
			if err := r.list(ctx, keys); err != nil {
				return err
			}
		}
		if err := r.each(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}

// list reads some payments, and then all charges of the time in which those were made,
// as long as a page holds more than one that is wanted.
func (r *paymentReader) list(ctx context.Context, keys []paymentKey) error {
	step := len(keys) / samples
	var sample []paymentKey
	for i := range samples {
		sample = append(sample, keys[i*step])
	}
	if err := r.each(ctx, sample); err != nil {
		return err
	}
	params := refundkit.ChargeListParams{Limit: pageSize}
	for _, key := range sample {
		if charge := r.payments.byID[key].charge; charge != nil {
			at := charge.Created.Time
			if params.Created.From.IsZero() || at.Add(-rangeSlack).Before(params.Created.From) {
				params.Created.From = at.Add(-rangeSlack)
			}
			if at.Add(rangeSlack).After(params.Created.Until) {
				params.Created.Until = at.Add(rangeSlack)
			}
		}
	}
	if params.Created.From.IsZero() {
		return nil // none of them is there
	}
	account, found := keys[0].account, 0
	for pages := 1; ; pages++ {
		list, err := r.page(ctx, account, params)
		if err != nil {
			return err
		}
		for _, charge := range list.Data {
			found += r.take(account, charge)
		}
		if !list.HasMore || len(list.Data) == 0 || pages >= trialPages && found < 2*pages {
			return nil
		}
		params.StartingAfter = list.Data[len(list.Data)-1].ID
	}
}

func (r *paymentReader) page(ctx context.Context, account string, params refundkit.ChargeListParams) (*refundkit.ChargeList, error) {
	ctx, err := r.turn(ctx, account, endless)
	if err != nil {
		return nil, err
	}
	r.requests.Add(1)
	return r.charges.List(ctx, params, append(accountOption(account), refundkit.Expand("data.refunds", "data.dispute"))...)
}

// take stores a charge where it is wanted, by its own ID or its PaymentIntent's, and
// returns how many times that was new. Of the tries of a PaymentIntent, the paid one
// counts.
func (r *paymentReader) take(account string, charge *refundkit.Charge) (found int) {
	for _, id := range []string{charge.ID, charge.PaymentIntent.ID} {
		p := r.payments.byID[paymentKey{account, id}]
		if p == nil {
			continue
		}
		if p.charge == nil {
			found++
		}
		if p.charge == nil || charge.Paid {
			p.charge = charge
		}
	}
	return found
}

// each reads what was not found yet one by one, some at once.
func (r *paymentReader) each(ctx context.Context, keys []paymentKey) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	next := make(chan paymentKey)
	for range readers {
		group.Go(func() {
			for key := range next {
				if err := r.one(ctx, key); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, key := range keys {
		if r.payments.byID[key].charge == nil && ctx.Err() == nil {
			next <- key
		}
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}

// one reads a charge, or the paid one of a PaymentIntent. No other goroutine has this
// key.
func (r *paymentReader) one(ctx context.Context, key paymentKey) error {
	p := r.payments.byID[key]
	if len(key.id) > 3 && key.id[:3] == "pi_" {
		list, err := r.page(ctx, key.account, refundkit.ChargeListParams{PaymentIntent: key.id, Limit: pageSize})
		if err != nil {
			return missing(err)
		}
		for _, charge := range list.Data {
			if p.charge == nil || charge.Paid {
				p.charge = charge
			}
		}
		return nil
	}
	ctx, err := r.turn(ctx, key.account, endless)
	if err != nil {
		return err
	}
	r.requests.Add(1)
	charge, err := r.charges.Retrieve(ctx, key.id, append(accountOption(key.account), refundkit.Expand("refunds", "dispute"))...)
	p.charge = charge
	return missing(err)
}

// missing makes nothing of an answer that there is no such payment.
func missing(err error) error {
	if errors.Is(err, refundkit.ErrNotFound) {
		return nil
	}
	return err
}
