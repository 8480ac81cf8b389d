package refundtest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// become gives a refund a status, and drops what belonged to the old one.
func (r *refund) become(status string) {
	if r.status != status {
		r.changes++
	}
	r.status, r.pendingReason = status, ""
}

// change does something to a refund and publishes it: as the types in first, as
// refund.updated and as charge.refund.updated.
func (r *refund) change(do func(), first ...string) {
	before := r.show()
	do()
	after := r.show()
	previous := changes(before, after)
	for _, kind := range first {
		r.world.publish(kind, after, nil)
	}
	r.world.publish("refund.updated", after, previous)
	if r.charge != nil {
		r.world.publish("charge.refund.updated", after, previous)
	}
}

// update replaces the metadata.
func (r *refund) update(metadata map[string]string) {
	if !maps.Equal(r.metadata, metadata) {
		r.change(func() { r.metadata = metadata })
	}
}

// mustRequireAction refuses what can be done only while the customer is asked.
func (r *refund) mustRequireAction(what string) *refusal {
	if r.status != "requires_action" {
		return impossible("", "", "A refund that is %s cannot %s.", r.status, what)
	}
	return nil
}

func (r *refund) settle() {
	r.change(func() { r.become("succeeded") })
	r.planReference()
}

// askForDetails asks the customer for bank details.
func (r *refund) askForDetails() {
	now := r.world.server.instant()
	r.become("requires_action")
	r.email = r.address()
	r.emailedAt, r.expiresAt = now.Unix(), now.Add(actionLifetime).Unix()
	r.planNext(actionLifetime, func() { r.fail("unknown") })
}

// address is where the customer is asked for bank details, empty if it is not known.
func (r *refund) address() string {
	if r.email == "" && r.charge != nil {
		return r.charge.email()
	}
	return r.email
}

// fail returns the money to the balance and to what the charge has left.
func (r *refund) fail(reason string) {
	r.change(func() { r.end("failed", reason) }, "refund.failed")
	r.world.payWaiting()
}

// byMerchant is the failure reason of a refund that the merchant cancels.
const byMerchant = "merchant_request"

// cancel is fail for a refund that nobody wants any more.
func (r *refund) cancel(reason string) {
	r.change(func() { r.end("canceled", reason) })
	r.world.payWaiting()
}

func (r *refund) end(status, reason string) {
	r.become(status)
	r.failureReason = reason
	r.world.stopWaiting(r)
	if r.txn != "" {
		kind := "refund_failure"
		if r.charge != nil {
			kind = r.charge.method.failureType()
		}
		r.failureTxn = r.world.post(entry{kind: kind, amount: r.amount, currency: r.currency,
			source: link{kindRefund, r.id}, description: "REFUND FAILURE"})
	}
	if r.charge != nil {
		r.charge.counted(-r.amount)
	} else {
		r.world.cash[cashName{r.customer, r.currency}] += r.amount
	}
}

func (r *refund) setAcquirerReference(reference string) {
	if !r.isTraced() {
		return
	}
	r.change(func() { r.acquirerReference, r.acquirerReferenceStatus = reference, "available" })
}

// move finds a refund that is in one of the statuses and does something to it.
func (w *World) move(id, what string, do func(*refund), from ...string) (err error) {
	w.server.locked(func() {
		r := w.refunds[id]
		if r == nil {
			err = fmt.Errorf("refundtest: cannot %s the refund %q: there is no such refund", what, id)
			return
		}
		if reason := r.immovable(what); reason != "" {
			err = fmt.Errorf("refundtest: cannot %s the refund %s: %s", what, id, reason)
			return
		}
		if !slices.Contains(from, r.status) {
			err = fmt.Errorf("refundtest: cannot %s the refund %s: it is %s", what, id, r.status)
			return
		}
		do(r)
	})
	return err
}

// immovable says why a refund cannot be moved at all: a reversal gives back
// what was never taken, and what waits for money has not begun.
func (r *refund) immovable(what string) string {
	switch {
	case r.reversal:
		return "it is the reversal of a hold, which is final and gets no acquirer reference"
	case r.txn == "" && (what == "settle" || what == "require action for"):
		return "it still waits (" + r.pendingReason + ")"
	case r.address() == "" && what == "require action for":
		return "no e-mail address of the customer is known: set the charge's ReceiptEmail, or send instructions_email"
	}
	return ""
}

// Settle makes a pending refund succeed. It is an error if the refund waits for
// money: top up the balance or settle the charge instead.
func (w *World) Settle(id string) error {
	return w.move(id, "settle", func(r *refund) { r.settle() }, "pending")
}

// Fail makes a refund fail, even one that has succeeded: the money returns to
// the balance, and the charge can be refunded again. The reason is one of
// Stripe's failure reasons, unknown if empty.
//
// https://docs.stripe.com/api/refunds/object#refund_object-failure_reason
func (w *World) Fail(id, reason string) error {
	if reason == "" {
		reason = "unknown"
	}
	return w.move(id, "fail", func(r *refund) { r.fail(reason) }, "pending", "requires_action", "succeeded")
}

// RequireAction sends a pending or succeeded refund back to the customer, who
// is asked for bank details, as when a bank has returned the money. It is an error
// if the customer's e-mail address is not known: it is the charge's ReceiptEmail,
// or the refund's instructions_email.
func (w *World) RequireAction(id string) error {
	return w.move(id, "require action for", func(r *refund) {
		r.change(r.askForDetails)
	}, "pending", "succeeded")
}

// SubmitDetails gives the customer's bank details: a refund that requires action
// becomes pending, and succeeds 10 seconds of the clock later, unless
// [World.Fail] is called before.
func (w *World) SubmitDetails(id string) error {
	return w.move(id, "submit details for", func(r *refund) {
		r.change(func() {
			r.become("pending")
			r.pendingReason = "processing"
		})
		r.planNext(settleDelay, r.settle)
	}, "requires_action")
}

// Expire makes a refund fail because the customer never answered.
func (w *World) Expire(id string) error {
	return w.move(id, "expire", func(r *refund) { r.fail("unknown") }, "requires_action")
}

// SetReference makes the acquirer's reference of a card refund available. It
// is an error for the reversal of a hold, which never gets one.
func (w *World) SetReference(id, reference string) error {
	return w.move(id, "set the reference of", func(r *refund) { r.setAcquirerReference(reference) }, "succeeded", "pending", "failed")
}

// CancelInDashboard cancels a refund as a person can in the Dashboard, where
// pending refunds can be canceled too. The events have a request id, but no
// idempotency key.
func (w *World) CancelInDashboard(id string) error {
	return w.move(id, "cancel", func(r *refund) {
		w.server.causedBy(w.server.dashboard(), func() { r.cancel(byMerchant) })
	}, "requires_action", "pending")
}

// RefundInDashboard refunds a charge as a person can in the Dashboard. The amount
// is in the currency's smallest unit; zero refunds all that is left. The events
// have a request id, but no idempotency key.
func (w *World) RefundInDashboard(charge string, amount int64) (made Refund, err error) {
	w.server.locked(func() {
		c := w.charges[charge]
		if c == nil || amount < 0 {
			err = fmt.Errorf("refundtest: cannot refund %d of the charge %q", amount, charge)
			return
		}
		w.server.causedBy(w.server.dashboard(), func() {
			r, refused := w.makeRefund(refundInput{charge: c, amount: amount, metadata: map[string]string{}})
			if refused != nil {
				err = fmt.Errorf("refundtest: cannot refund the charge %s: %s", charge, refused.message)
				return
			}
			made = r.public()
		})
	})
	return made, err
}

// dashboard is the cause of what a person does in the Dashboard.
func (s *Server) dashboard() cause { return cause{requestID: s.ids.request()} }

// planNext runs do unless the refund's status has changed meanwhile.
func (r *refund) planNext(after time.Duration, do func()) {
	was := r.changes
	r.world.schedule(r.world.server.instant().Add(after), func() {
		if r.changes == was {
			do()
		}
	})
}
