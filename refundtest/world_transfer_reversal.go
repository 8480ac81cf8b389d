package refundtest

import (
	"fmt"
	"maps"
	"time"
)

// A TransferReversal is money that was taken back from a connected account. The amount
// is in the currency's smallest unit.
//
// https://docs.stripe.com/api/transfer_reversals/object
type TransferReversal struct {
	ID       string
	Transfer string
	Amount   int64
	Currency string
	Metadata map[string]string
	Created  time.Time

	SourceRefund             string // the refund that made it, by reverse_transfer
	DestinationPaymentRefund string // a refund in the world of the connected account
	BalanceTransaction       string

	// IdempotencyKey is the key of the request that created it, empty for one that was
	// made by the test.
	IdempotencyKey string
}

// reversal is a transfer reversal with its state.
type reversal struct {
	TransferReversal
	transfer *transfer
	at       moment
}

func (r *reversal) when() moment { return r.at }

func (r *reversal) show() object {
	return object{
		"id": r.ID, "object": kindReversal, "amount": r.Amount, "balance_transaction": linkTo(kindTransaction, r.BalanceTransaction),
		"created": r.at.second, "currency": r.Currency, "destination_payment_refund": linkTo(kindRefund, r.DestinationPaymentRefund),
		"metadata": shownMetadata(r.Metadata), "source_refund": linkTo(kindRefund, r.SourceRefund), "transfer": linkTo(kindTransfer, r.Transfer),
	}
}

// TransferReversals returns the reversals of a transfer, or all of them if id is
// empty, oldest first.
func (w *World) TransferReversals(id string) []TransferReversal {
	var found []TransferReversal
	w.server.locked(func() {
		for _, t := range w.allTransfers.sorted() {
			for _, r := range t.reversals.sorted() {
				if id == "" || id == t.ID {
					shown := r.TransferReversal
					shown.Metadata = maps.Clone(shown.Metadata)
					found = append(found, shown)
				}
			}
		}
	})
	return found
}

// ReverseInDashboard reverses a transfer as a person can in the Dashboard. The amount
// is in the currency's smallest unit; zero reverses all that is left.
func (w *World) ReverseInDashboard(transferID string, amount int64) (made TransferReversal, err error) {
	w.server.locked(func() {
		t := w.transfers[transferID]
		if t == nil || amount < 0 {
			err = fmt.Errorf("refundtest: cannot reverse %d of the transfer %q", amount, transferID)
			return
		}
		w.server.causedBy(w.server.dashboard(), func() {
			r, refused := t.reverse(reversalInput{amount: amount})
			if refused != nil {
				err = fmt.Errorf("refundtest: cannot reverse the transfer %s: %s", transferID, refused.message)
				return
			}
			made = r.TransferReversal
		})
	})
	return made, err
}

// reversalInput is what a reversal is made from.
type reversalInput struct {
	amount    int64 // 0: all that is left
	metadata  map[string]string
	returnFee bool
}

// reverse takes a transfer back, in whole or in part, or refuses to.
func (t *transfer) reverse(q reversalInput) (*reversal, *refusal) {
	if q.amount == 0 {
		q.amount = t.left()
	}
	fee := t.world.fees[t.payment.feeID]
	switch {
	case t.left() == 0:
		return nil, impossible("", "", "The transfer %s is reversed already.", t.ID)
	case q.amount > t.left():
		return nil, impossible("amount", "", "The transfer %s has %d left to reverse, not %d.", t.ID, t.left(), q.amount)
	case !t.destination().covers(t.Currency, q.amount):
		return nil, impossible("", "balance_insufficient", "The connected account's balance does not cover the reversal.")
	case q.returnFee && fee == nil:
		return nil, impossible("refund_application_fee", "", "The transfer %s has no application fee.", t.ID)
	}
	r := t.newReversal(q.amount, "", q.metadata)
	if q.returnFee {
		fee.giveBack(fee.shareOf(q.amount, t.Amount))
	}
	return r, nil
}

// newReversal books a reversal in both accounts, and publishes it.
func (t *transfer) newReversal(amount int64, refund string, metadata map[string]string) *reversal {
	w := t.world
	r := &reversal{transfer: t, at: w.server.stamp(), TransferReversal: TransferReversal{
		ID: w.server.ids.related("trr_", t.ID), Transfer: t.ID, Amount: amount, Currency: t.Currency, SourceRefund: refund,
		Metadata: maps.Clone(metadata), IdempotencyKey: w.server.cause.key,
	}}
	r.Created = time.Unix(r.at.second, 0).UTC()
	before := t.show()
	t.AmountReversed += amount
	t.Reversed = t.left() == 0
	back := t.destination().newRefund(t.payment, amount)
	back.transferBackFrom = r.ID
	back.book()
	r.DestinationPaymentRefund = back.id
	r.BalanceTransaction = w.post(entry{kind: "transfer_refund", amount: amount, currency: t.Currency, source: link{kindReversal, r.ID}, atOnce: true})
	t.reversals.add(r)
	w.reversals[r.ID] = r
	after := t.show()
	w.publish("transfer.reversed", after, changes(before, after))
	w.payWaiting()
	return r
}

// shareOf is the part of an amount that goes with a part of the whole: cut, and all of
// it with the whole.
func shareOf(of, part, whole int64) int64 {
	if part >= whole {
		return of
	}
	return of * part / whole
}
