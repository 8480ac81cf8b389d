package refundtest

import (
	"slices"
	"time"
)

// transaction is one line of the account's books.
type transaction struct {
	entry
	id string
	at moment
}

// entry is what a transaction books.
type entry struct {
	kind        string
	amount      int64
	currency    string
	source      link
	description string
	fees        []charged
	of          *charge // whose money it is, available when the charge's is; nil for none
	atOnce      bool    // it is available, or gone, at once
}

// charged is a fee of a transaction.
type charged struct {
	amount int64
	kind   string // stripe_fee or application_fee
}

// fee is what a transaction costs.
func (e entry) fee() (sum int64) {
	for _, f := range e.fees {
		sum += f.amount
	}
	return sum
}

// net is what a transaction changes.
func (e entry) net() int64 { return e.amount - e.fee() }

func (e entry) showFees() []any {
	shown := []any{}
	for _, f := range e.fees {
		o := object{"amount": f.amount, "application": nil, "currency": e.currency, "description": "Stripe processing fees", "type": f.kind}
		if f.kind == kindFee {
			o["application"], o["description"] = theApplication, "Application fee"
		}
		shown = append(shown, o)
	}
	return shown
}

// post books an entry and returns the id of its balance transaction.
func (w *World) post(e entry) string {
	t := &transaction{entry: e, id: w.server.ids.related("txn_", e.source.id), at: w.server.stamp()}
	w.transactions[t.id] = t
	w.allTransactions.add(t)
	w.ledger[e.currency] += e.net()
	if e.atOnce || e.source.kind == kindRefund {
		w.addAvailable(e.currency, e.net())
	}
	switch {
	case e.of == nil:
	case e.of.isAvailable:
		w.addAvailable(e.currency, e.net())
	default:
		e.of.shares = append(e.of.shares, share{w, e.currency, e.net()})
	}
	return t.id
}

// addAvailable changes the available balance, if there is a limit.
func (w *World) addAvailable(currency string, amount int64) {
	if _, limited := w.available[currency]; limited {
		w.available[currency] += amount
	}
}

// share is what an account has of a charge's money.
type share struct {
	world    *World
	currency string
	amount   int64
}

// release makes the money of a charge available, on each account that has a share of it.
func (c *charge) release() {
	for _, s := range c.shares {
		s.world.addAvailable(s.currency, s.amount)
	}
	for _, s := range c.shares {
		s.world.payWaiting()
	}
	c.shares, c.isAvailable = nil, true
}

// category groups the types of transactions as Stripe's reports do.
func (t *transaction) category() string {
	switch t.kind {
	case "charge", "payment":
		return "charge"
	case "refund", "payment_refund":
		return "refund"
	case "transfer":
		return "transfer"
	case "transfer_refund":
		return "transfer_reversal"
	case kindFee:
		return "platform_earning"
	case "application_fee_refund":
		return "platform_earning_refund"
	case "adjustment":
		return "fee"
	}
	return "refund_failure"
}

func (t *transaction) show(now time.Time) object {
	availableOn := time.Unix(t.at.second, 0).UTC().AddDate(0, 0, 2).Truncate(24 * time.Hour)
	if t.atOnce {
		availableOn = time.Unix(t.at.second, 0)
	}
	status := "pending"
	if !now.Before(availableOn) {
		status = "available"
	}
	return object{
		"id": t.id, "object": kindTransaction, "amount": t.amount, "available_on": availableOn.Unix(),
		"balance_type": "payments", "created": t.at.second, "currency": t.currency,
		"description": orNull(t.description), "exchange_rate": nil, "fee": t.fee(), "fee_details": t.showFees(),
		"net": t.net(), "reporting_category": t.category(), "source": t.source, "status": status, "type": t.kind,
	}
}

// SetBalance limits what can be refunded in a currency to an available balance,
// in the currency's smallest unit. Without it there is no limit. A card refund
// that the balance does not cover is made pending, with the pending reason
// insufficient_funds; one by another method is refused with
// balance_insufficient. The limit of a connected account, see [Server.Account], also
// holds for refunds on the platform that reverse the transfer to it: these are
// refused with balance_insufficient, and no refund is made.
func (w *World) SetBalance(currency string, amount int64) {
	w.server.locked(func() {
		w.available[currency] = amount
		w.payWaiting()
	})
}

// TopUp adds to an available balance that [World.SetBalance] has set, and
// settles the refunds that waited for it, in the order of their creation.
func (w *World) TopUp(currency string, amount int64) {
	w.server.locked(func() {
		w.available[currency] += amount
		w.payWaiting()
	})
}

// Balance returns the available balance, if [World.SetBalance] has set one.
func (w *World) Balance(currency string) (amount int64, limited bool) {
	w.server.locked(func() { amount, limited = w.available[currency] })
	return amount, limited
}

// covers reports whether the available balance is enough.
func (w *World) covers(currency string, amount int64) bool {
	available, limited := w.available[currency]
	return !limited || available >= amount
}

// payWaiting settles refunds that waited for the balance.
func (w *World) payWaiting() {
	blocked := map[string]bool{} // a smaller refund does not overtake an older one
	for _, r := range slices.Clone(w.waiting) {
		if blocked[r.currency] || !w.covers(r.currency, r.amount) {
			blocked[r.currency] = true
			continue
		}
		w.stopWaiting(r)
		r.change(func() {
			r.book()
			r.proceed()
		})
	}
}

// wait lets a refund wait for the balance: in the order of creation, whatever it
// has waited for before.
func (w *World) wait(r *refund) {
	i := slices.IndexFunc(w.waiting, func(other *refund) bool { return other.at.compare(r.at) > 0 })
	if i < 0 {
		i = len(w.waiting)
	}
	w.waiting = slices.Insert(w.waiting, i, r)
}

func (w *World) stopWaiting(r *refund) {
	w.waiting = slices.DeleteFunc(w.waiting, func(other *refund) bool { return other == r })
}
