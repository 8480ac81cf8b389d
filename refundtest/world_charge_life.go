package refundtest

import "fmt"

// takePayment charges a payment method, and publishes that.
func (w *World) takePayment(given Charge, method paymentMethod, recipient string) *charge {
	switch {
	case method.decline != "":
		given.Status = "failed"
	case method.pends():
		given.Status = "pending"
	}
	if recipient != "" {
		given.Transfer = w.server.ids.object("tr_")
	}
	if given.PaymentIntent == "" {
		given.ID = w.server.ids.payment(method.withDefaults().chargePrefix())
	}
	c := w.newCharge(given, method)
	c.recipient, c.failure = recipient, method.decline
	w.publish("charge."+c.Status, c.show(), nil)
	if method.ready && c.captured {
		if _, limited := w.available[c.Currency]; limited {
			w.available[c.Currency] += c.Amount
			w.payWaiting()
		}
	}
	if c.Status == "pending" {
		w.schedule(w.server.instant().Add(debitDelay), func() {
			if c.Status == "pending" {
				c.finish("succeeded")
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
		if p != nil {
			p.status = "succeeded"
		}
	} else {
		c.captured, c.failure = false, "processing_error"
		if p != nil {
			p.status, p.failed = "requires_payment_method", true
		}
	}
	c.world.publish("charge."+status, c.show(), nil)
	for _, r := range c.refunds.sorted() {
		switch {
		case r.pendingReason != "charge_pending":
		case status == "failed":
			r.fail("declined")
		case !c.world.covers(r.currency, r.amount):
			r.change(func() { r.pendingReason = "insufficient_funds" })
			c.world.waiting = append(c.world.waiting, r)
		default:
			r.change(func() {
				r.book()
				r.proceed()
			})
		}
	}
}

// update changes what can be changed of a charge; a nil description stays.
func (c *charge) update(metadata map[string]string, description *string) {
	before := c.show()
	c.Metadata = metadata
	if description != nil {
		c.Description = *description
	}
	after := c.show()
	if previous := changes(before, after); len(previous) > 0 {
		c.world.publish("charge.updated", after, previous)
	}
}

// capture collects what was authorized: all of it if amount is nil.
func (c *charge) capture(amount *int64) *refusal {
	wanted := c.Amount
	if amount != nil {
		wanted = *amount
	}
	switch {
	case c.captured:
		return impossible("", "charge_already_captured", "The charge %s is already captured.", c.id)
	case c.released:
		return impossible("", "charge_expired_for_capture", "The authorization of the charge %s is no longer held: it cannot be captured.", c.id)
	case c.Status != "succeeded" || c.Refunded:
		return impossible("", "", "The charge %s cannot be captured.", c.id)
	case wanted > c.Amount:
		return impossible("amount", "amount_too_large", "The amount is more than the %d authorized.", c.Amount)
	}
	c.collect(wanted)
	return nil
}

// collect captures what was authorized, or part of it. What is left of it was
// never taken, so that nothing has to be given back.
func (c *charge) collect(amount int64) {
	w := c.world
	c.book(amount)
	w.publish("charge.captured", c.show(), nil)
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

// FailCharge makes a pending charge fail; its refunds fail too.
func (w *World) FailCharge(id string) error { return w.endCharge(id, "failed") }
