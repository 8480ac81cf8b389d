package refundtest

import "fmt"

// takePayment charges a payment method, and publishes that.
func (w *World) takePayment(p payment) *charge {
	given, method := p.Charge, p.method
	switch {
	case method.decline != "":
		given.Status = "failed"
	case method.pends():
		given.Status = "pending"
	}
	given.Destination = p.recipient
	if given.PaymentIntent == "" {
		given.ID = w.server.ids.payment(method.withDefaults().chargePrefix())
	}
	c := w.newCharge(given, method)
	c.failure, c.particulars = method.decline, p.particulars
	if c.Destination != "" && c.transferGroup == "" {
		c.transferGroup = "group_" + orElse(c.PaymentIntent, c.id)
	}
	c.take()
	if p.async && c.txn != "" {
		c.unlinked = true
		w.schedule(w.server.instant().Add(linkDelay), c.link)
	}
	w.publish("charge."+c.Status, c.show(), nil)
	c.publishShares()
	if method.ready && c.captured {
		c.release()
	}
	w.spend(method.id)
	if c.Status == "pending" && !method.staysPending {
		w.schedule(w.server.instant().Add(debitDelay), func() {
			if c.Status == "pending" {
				c.finish(method.debitEnd())
			}
		})
	}
	if c.Uncaptured && c.Status == "succeeded" && c.PaymentIntent == "" {
		w.schedule(w.server.instant().Add(holdLifetime), c.expire)
	}
	if method.dispute != "" && c.captured {
		c.setDispute(method.dispute)
	}
	return c
}

func (w *World) endCharge(id, status string) (err error) {
	w.server.locked(func() {
		c := w.charges[id]
		if c == nil || c.Status != "pending" {
			err = fmt.Errorf("refundtest: %q is not a pending charge", id)
			return
		}
		c.finish(status)
	})
	return err
}

// finish decides a pending charge.
func (c *charge) finish(status string) {
	c.Status = status
	p := c.world.intents[c.PaymentIntent]
	if status == "succeeded" {
		c.book(c.Amount)
	} else {
		c.captured, c.failure = false, orElse(c.method.failsLater, "processing_error")
	}
	c.world.publish("charge."+status, c.show(), nil)
	c.publishShares()
	if p != nil {
		p.decided(c)
	}
	for _, r := range c.refunds.sorted() {
		switch {
		case r.pendingReason != "charge_pending":
		case status == "failed":
			r.cancel("")
		case !c.world.covers(r.currency, r.amount):
			r.change(func() { r.pendingReason = "insufficient_funds" })
			c.world.wait(r)
		default:
			r.change(func() {
				r.book()
				r.proceed()
			})
		}
	}
}

// change does something to a charge and publishes it, if it did anything.
func (c *charge) change(do func()) {
	before := c.show()
	do()
	after := c.show()
	if previous := changes(before, after); len(previous) > 0 {
		c.world.publish("charge.updated", after, previous)
	}
}

// link shows the balance transaction of a charge that was captured asynchronously.
func (c *charge) link() { c.change(func() { c.unlinked = false }) }

// chargeChange is what an update changes: what is nil stays.
type chargeChange struct {
	particulars
	metadata                     map[string]string // all of it
	description, email, customer *string
}

func (c *charge) update(given chargeChange) {
	c.change(func() {
		c.Metadata, c.particulars = given.metadata, given.particulars
		setGiven(&c.Description, given.description)
		setGiven(&c.ReceiptEmail, given.email)
		setGiven(&c.Customer, given.customer)
	})
}

// setGiven sets a field to what was given, if anything was.
func setGiven(field, given *string) {
	if given != nil {
		*field = *given
	}
}

// capture collects what was authorized: all of it if amount is nil.
func (c *charge) capture(amount *int64, given particulars) *refusal {
	wanted := c.Amount
	if amount != nil {
		wanted = *amount
	}
	switch {
	case c.captured:
		return impossible("", "charge_already_captured", "The charge %s is already captured.", c.id)
	case c.PaymentIntent != "":
		return impossible("", "", "The charge %s was authorized by the PaymentIntent %s: capture that.", c.id, c.PaymentIntent)
	case c.released:
		return impossible("", "charge_expired_for_capture", "The authorization of the charge %s has expired: it cannot be captured.", c.id)
	case c.Status != "succeeded" || c.Refunded:
		return impossible("", "", "The charge %s cannot be captured.", c.id)
	case wanted > c.Amount:
		return impossible("amount", "amount_too_large", "The amount is more than the %d authorized.", c.Amount)
	}
	c.particulars = given
	c.collect(wanted)
	return nil
}

// collect captures what was authorized, or part of it. What is left of it was
// never taken, so that nothing has to be given back.
func (c *charge) collect(amount int64) {
	w := c.world
	c.book(amount)
	w.publish("charge.captured", c.show(), nil)
	c.publishShares()
	if p := w.intents[c.PaymentIntent]; p != nil {
		p.status = "succeeded"
		w.publish("payment_intent.succeeded", p.show(), nil)
	}
}

// expire gives up a hold that nobody captured.
func (c *charge) expire() {
	if c.captured || c.released || c.Refunded {
		return
	}
	c.released = true
	c.world.publish("charge.expired", c.show(), nil)
}

// SettleCharge makes a pending charge succeed; its refunds go ahead.
func (w *World) SettleCharge(id string) error { return w.endCharge(id, "succeeded") }

// FailCharge makes a pending charge fail; its refunds are canceled.
func (w *World) FailCharge(id string) error { return w.endCharge(id, "failed") }
