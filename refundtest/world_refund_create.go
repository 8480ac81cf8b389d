package refundtest

import "time"

const (
	maxAmount      = 99_999_999
	settleDelay    = 10 * time.Second
	failDelay      = 4 * time.Second
	referenceDelay = 2 * time.Second
	actionLifetime = 45 * 24 * time.Hour
)

// refundRequest is what a refund is made from.
type refundInput struct {
	charge          *charge
	amount          int64 // 0: all that is left
	reason          string
	email           string
	metadata        map[string]string
	reverseTransfer bool
	returnFee       bool
}

// makeRefund refunds a charge, or refuses to.
func (w *World) makeRefund(q refundInput) (*refund, *refusal) {
	if refused := q.check(); refused != nil {
		return nil, refused
	}
	c := q.charge
	if q.amount == 0 {
		q.amount = c.remaining()
	}
	if q.reverseTransfer && !c.transferCovers(q.amount) {
		return nil, impossible("", "balance_insufficient", "The connected account's balance does not cover the reversal of the transfer.")
	}
	short := c.captured && c.Status == "succeeded" && !w.covers(c.Currency, q.amount)
	if short && !c.method.isCard() {
		return nil, impossible("", "balance_insufficient", "The available balance does not cover this refund.")
	}
	if q.email == "" && c.email() == "" && c.refundOutcome() == NeedsAction {
		return nil, noAddress()
	}
	r := w.newRefund(c, q.amount)
	r.reason, r.metadata, r.key = q.reason, q.metadata, w.server.cause.key
	r.email = q.email
	if q.reverseTransfer {
		r.reverseTransfer()
	}
	if fee := w.connected(PlatformAccount).fees[c.feeID]; q.returnFee && fee != nil {
		fee.giveBack(fee.shareOf(q.amount, c.refundable()))
	}
	r.start(short)
	r.created()
	return r, nil
}

// reverseTransfer takes the refund's part of the transfer back, at most what is left.
func (r *refund) reverseTransfer() {
	t := r.world.transfers[r.charge.Transfer]
	if t == nil { // an id that a test has made up
		r.transferBack = r.world.server.ids.related("trr_", r.charge.id)
		return
	}
	if amount := min(shareOf(t.Amount, r.amount, r.charge.refundable()), t.left()); amount > 0 {
		r.transferBack = t.newReversal(amount, r.id, nil).ID
	}
}

// noAddress refuses a refund for which the customer would have to be asked.
func noAddress() *refusal {
	return impossible("", "", "The customer must be asked for bank details, and no e-mail address is known: send instructions_email.")
}

// transferCovers reports whether the connected account that got the money can give
// it back. A refund does not wait for that.
func (c *charge) transferCovers(amount int64) bool {
	t := c.world.transfers[c.Transfer]
	return t == nil || t.destination().covers(c.Currency, min(shareOf(t.Amount, amount, c.refundable()), t.left()))
}

// tooOld reports whether the payment method's time for refunds is over.
func (c *charge) tooOld() bool {
	const day = int64(24 * time.Hour / time.Second)
	days := c.method.refundDays()
	return days > 0 && c.world.server.instant().Unix() > c.at.second+days*day
}

// check refuses what cannot be refunded.
func (q refundInput) check() *refusal {
	c := q.charge
	switch {
	case c.Status == "failed" || c.released:
		return c.neverSucceeded()
	case !c.captured && c.PaymentIntent != "":
		return impossible("", "", "The charge was authorized by the PaymentIntent %s and is not captured: cancel the PaymentIntent instead.", c.PaymentIntent)
	case c.dispute != nil && !c.dispute.refundable():
		return impossible("", "charge_disputed", "The charge %s has been charged back and cannot be refunded.", c.id)
	case c.remaining() == 0:
		return impossible("", "charge_already_refunded", "The charge %s has already been refunded.", c.id)
	case c.tooOld():
		return impossible("", "", "The charge %s is too old: a payment by %s can be refunded for %d days.", c.id, c.method.kind, c.method.refundDays())
	case q.amount > c.Amount && c.AmountRefunded == 0:
		return impossible("amount", "", "%d is greater than charge amount: the charge is of %d.", q.amount, c.Amount)
	case q.amount > c.remaining():
		return impossible("amount", "", "%d is greater than unrefunded amount: the charge has %d left.", q.amount, c.remaining())
	case !c.captured && q.amount != 0 && q.amount != c.Amount:
		return impossible("amount", "", "An uncaptured charge cannot be refunded in part: capture less instead.")
	case q.reverseTransfer && c.Transfer == "":
		return impossible("reverse_transfer", "", "The charge %s has no transfer to reverse.", c.id)
	case q.returnFee && !q.reverseTransfer && c.Transfer != "":
		return impossible("refund_application_fee", "", "The fee of the charge %s goes back only with reverse_transfer.", c.id)
	}
	return nil
}

func (c *charge) neverSucceeded() *refusal {
	if c.PaymentIntent == "" {
		return impossible("", "", "The charge %s did not succeed, or is no longer held: there is nothing to refund.", c.id)
	}
	return impossible("", "", "The PaymentIntent %s does not have a successful charge, so that there is nothing to refund.", c.PaymentIntent)
}

// newRefund takes an amount from what a charge has left.
func (w *World) newRefund(c *charge, amount int64) *refund {
	r := &refund{
		world: w, charge: c, id: w.server.ids.related(c.method.refundPrefix(), c.id), at: w.server.stamp(),
		amount: amount, currency: c.Currency, customer: c.Customer, intent: c.PaymentIntent,
		status: "succeeded", destination: destinationOf(c.method.kind, c.Currency), acquirerReferenceStatus: c.method.referenceStatus(),
		outcome: c.refundOutcome(), reversal: !c.captured,
	}
	c.counted(amount)
	w.keep(r)
	return r
}

// referenceStatus is that of a refund which has no reference yet. UnionPay has none
// to give.
func (m paymentMethod) referenceStatus() string {
	if m.brand == "unionpay" {
		return "unavailable"
	}
	return "pending"
}

func (c *charge) refundOutcome() RefundOutcome {
	if c.OnRefund != "" {
		return c.OnRefund
	}
	return c.method.outcome()
}

// keep adds a refund to every list that shows it.
func (w *World) keep(r *refund) {
	w.refunds[r.id] = r
	w.allRefunds.add(r)
	if r.charge != nil {
		r.charge.refunds.add(r)
	}
	if p := w.intents[r.intent]; p != nil {
		p.refunds.add(r)
	}
}

// start gives a new refund its first status, and plans the next.
func (r *refund) start(short bool) {
	switch {
	case r.reversal:
		return // nothing was taken, so nothing moves
	case r.charge.Status == "pending":
		r.status, r.pendingReason = "pending", "charge_pending"
		return
	case short:
		r.status, r.pendingReason = "pending", "insufficient_funds"
		r.world.wait(r)
		return
	}
	r.book()
	r.proceed()
}

// proceed does with a funded refund what its charge's outcome says.
func (r *refund) proceed() {
	switch r.outcome {
	case PendsThenSucceeds, StaysPending:
		r.become("pending")
		r.pendingReason = "processing"
		if r.outcome == PendsThenSucceeds {
			r.planNext(settleDelay, r.settle)
		}
	case NeedsAction:
		r.askForDetails()
	case SucceedsThenFails:
		r.become("succeeded")
		r.planNext(failDelay, func() { r.fail("expired_or_canceled_card") })
	default:
		r.become("succeeded")
		r.planReference()
	}
}

// book takes the money out of the balance.
func (r *refund) book() {
	kind, description := "refund", "REFUND"
	if r.charge != nil {
		kind = r.charge.method.refundType()
		description = "REFUND FOR " + map[bool]string{true: "CHARGE", false: "PAYMENT"}[r.charge.method.isCard()]
		if r.charge.Description != "" {
			description += " (" + r.charge.Description + ")"
		}
	}
	r.txn = r.world.post(entry{kind: kind, amount: -r.amount, currency: r.currency,
		source: link{kindRefund, r.id}, description: description})
}

// created publishes a new refund, and the charge that it changed.
func (r *refund) created() {
	r.world.publish("refund.created", r.show(), nil)
	c := r.charge
	if c == nil {
		return
	}
	after := c.show()
	before := object{}
	for name, value := range after {
		before[name] = value
	}
	before["amount_refunded"], before["refunded"] = c.AmountRefunded-r.amount, false
	r.world.publish("charge.refunded", after, changes(before, after))
}

// planReference plans the arrival of the acquirer's reference.
func (r *refund) planReference() {
	if !r.isTraced() || r.acquirerReference != "" || r.acquirerReferenceStatus != "pending" {
		return
	}
	r.planNext(referenceDelay, func() { r.setAcquirerReference(r.world.server.ids.digits(16)) })
}
