package refundtest

import (
	"maps"
	"time"
)

// An ApplicationFee is what a platform has earned from a charge of a connected account.
// Amounts are in the currency's smallest unit.
//
// https://docs.stripe.com/api/application_fees/object
type ApplicationFee struct {
	ID                     string
	Account                string // who paid it
	Charge                 string // on that account
	OriginatingTransaction string // the platform's charge, of a destination charge
	Amount                 int64
	AmountRefunded         int64
	Refunded               bool // nothing is left of it
	Currency               string
	BalanceTransaction     string
	Created                time.Time
}

// An ApplicationFeeRefund is what a platform has given back of its fee. The amount is
// in the currency's smallest unit.
//
// https://docs.stripe.com/api/fee_refunds/object
type ApplicationFeeRefund struct {
	ID                 string
	Fee                string
	Amount             int64
	Currency           string
	Metadata           map[string]string
	BalanceTransaction string
	Created            time.Time

	// IdempotencyKey is the key of the request that created it, or the refund that it
	// came with; empty for one that was made by the test.
	IdempotencyKey string
}

// theApplication is the platform, as the application that earns fees.
const theApplication = "ca_1RefundtestPlatform"

// applicationFee is an application fee with its state.
type applicationFee struct {
	world    *World // the platform's
	id       string
	at       moment
	account  string
	charge   string // on that account
	origin   string // the platform's charge
	amount   int64
	returned int64
	currency string
	txn      string
	refunds  timeline[*feeRefund]
}

// feeRefund is a refund of an application fee with its state.
type feeRefund struct {
	ApplicationFeeRefund
	fee *applicationFee
	at  moment
}

func (f *applicationFee) when() moment { return f.at }
func (r *feeRefund) when() moment      { return r.at }

func (f *applicationFee) left() int64 { return f.amount - f.returned }

// shareOf is the part of the fee that goes back with a part of a payment: never more
// than is left.
func (f *applicationFee) shareOf(part, whole int64) int64 {
	return min(shareOf(f.amount, part, whole), f.left())
}

// newFee makes the fee of a charge, which is on the platform if account names who pays
// it, else on the account that pays. It is not booked yet.
func (c *charge) newFee(account string) *applicationFee {
	w := c.world.connected(PlatformAccount)
	f := &applicationFee{world: w, id: "fee_" + tail(c.id), at: w.server.stamp(), account: account, charge: c.id,
		amount: c.ApplicationFeeAmount, currency: c.Currency}
	if w.fees[f.id] != nil { // of another account's charge with the same id
		f.id = w.server.ids.object("fee_")
	}
	if c.world == w {
		f.origin = c.id
	}
	c.feeID = f.id
	w.fees[f.id] = f
	w.allFees.add(f)
	return f
}

// earn books a fee on the platform.
func (f *applicationFee) earn(of *charge) {
	f.txn = f.world.post(entry{kind: kindFee, amount: f.amount, currency: f.currency, source: link{kindFee, f.id}, of: of})
}

// ApplicationFees returns the fees that the platform has earned from an account, or
// from all if account is empty, oldest first.
func (w *World) ApplicationFees(account string) []ApplicationFee {
	var found []ApplicationFee
	w.server.locked(func() {
		for _, f := range w.allFees.sorted() {
			if account == "" || account == f.account {
				found = append(found, f.public())
			}
		}
	})
	return found
}

// ApplicationFeeRefunds returns the refunds of an application fee, or all of them if id
// is empty, oldest first.
func (w *World) ApplicationFeeRefunds(id string) []ApplicationFeeRefund {
	var found []ApplicationFeeRefund
	w.server.locked(func() {
		for _, f := range w.allFees.sorted() {
			for _, r := range f.refunds.sorted() {
				if id == "" || id == f.id {
					shown := r.ApplicationFeeRefund
					shown.Metadata = maps.Clone(shown.Metadata)
					found = append(found, shown)
				}
			}
		}
	})
	return found
}

func (f *applicationFee) public() ApplicationFee {
	return ApplicationFee{ID: f.id, Account: f.account, Charge: f.charge, OriginatingTransaction: f.origin, Amount: f.amount,
		AmountRefunded: f.returned, Refunded: f.left() == 0, Currency: f.currency, BalanceTransaction: f.txn,
		Created: time.Unix(f.at.second, 0).UTC()}
}

// refund gives back a fee, in whole or in part, or refuses to. An amount of 0 is all
// that is left.
func (f *applicationFee) refund(amount int64, metadata map[string]string) (*feeRefund, *refusal) {
	if amount == 0 {
		amount = f.left()
	}
	switch {
	case f.left() == 0:
		return nil, impossible("", "", "The application fee %s is refunded already.", f.id)
	case amount > f.left():
		return nil, impossible("amount", "", "The application fee %s has %d left, not %d.", f.id, f.left(), amount)
	case !f.world.covers(f.currency, amount):
		return nil, impossible("", "balance_insufficient", "The available balance does not cover this.")
	}
	return f.newRefund(amount, metadata), nil
}

// giveBack is what goes back of the fee together with a refund or a reversal.
func (f *applicationFee) giveBack(amount int64) {
	if amount > 0 {
		f.newRefund(amount, nil)
	}
}

// newRefund books a refund of the fee in both accounts, and publishes it.
func (f *applicationFee) newRefund(amount int64, metadata map[string]string) *feeRefund {
	w := f.world
	r := &feeRefund{fee: f, at: w.server.stamp(), ApplicationFeeRefund: ApplicationFeeRefund{
		ID: w.server.ids.related("fr_", f.id), Fee: f.id, Amount: amount, Currency: f.currency, Metadata: maps.Clone(metadata),
		IdempotencyKey: w.server.cause.key,
	}}
	r.Created = time.Unix(r.at.second, 0).UTC()
	before := f.show()
	f.returned += amount
	r.BalanceTransaction = w.post(entry{kind: "application_fee_refund", amount: -amount, currency: f.currency,
		source: link{kindFeeRefund, r.ID}, atOnce: true})
	account := w.connected(f.account)
	account.post(entry{kind: "adjustment", amount: amount, currency: f.currency, source: link{kindFeeRefund, r.ID},
		description: "Refund of the application fee " + f.id, atOnce: true})
	f.refunds.add(r)
	w.feeRefunds[r.ID] = r
	after := f.show()
	w.publish("application_fee.refunded", after, changes(before, after))
	account.payWaiting()
	return r
}

func (r *feeRefund) update(metadata map[string]string) {
	if maps.Equal(r.Metadata, metadata) {
		return
	}
	before := r.show()
	r.Metadata = metadata
	after := r.show()
	r.fee.world.publish("application_fee.refund.updated", after, changes(before, after))
}

func (f *applicationFee) show() object {
	refunds, more := f.refunds.page(window{limit: defaultLimit, to: 1 << 62}, nil)
	return object{
		"id": f.id, "object": kindFee, "account": linkTo(kindAccount, f.account), "amount": f.amount, "amount_refunded": f.returned,
		"application": linkTo("application", theApplication), "balance_transaction": linkTo(kindTransaction, f.txn),
		"charge": linkTo(kindCharge, f.charge), "created": f.at.second, "currency": f.currency,
		"fee_source": object{"charge": f.charge, "type": kindCharge}, "livemode": f.world.name.live,
		"originating_transaction": linkTo(kindCharge, f.origin), "refunded": f.left() == 0,
		"refunds": object{"object": "list", "data": showAll(refunds), "has_more": more,
			"total_count": int64(len(f.refunds.items)), "url": "/v1/application_fees/" + f.id + "/refunds"},
	}
}

func (r *feeRefund) show() object {
	return object{
		"id": r.ID, "object": kindFeeRefund, "amount": r.Amount, "balance_transaction": linkTo(kindTransaction, r.BalanceTransaction),
		"created": r.at.second, "currency": r.Currency, "fee": linkTo(kindFee, r.Fee), "metadata": shownMetadata(r.Metadata),
	}
}
