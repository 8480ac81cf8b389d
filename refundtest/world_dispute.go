package refundtest

import (
	"fmt"
	"strings"
)

// dispute is a customer's complaint at the bank. It moves no money here.
type dispute struct {
	id        string
	at        moment
	status    string
	withdrawn bool // the amount was taken from the account
	answered  bool // the merchant has sent evidence
}

// refundable reports whether Stripe nevertheless lets the charge be refunded:
// during an inquiry, and after a dispute was won.
func (d *dispute) refundable() bool {
	switch d.status {
	case "warning_needs_response", "warning_under_review", "warning_closed", "won":
		return true
	}
	return false
}

func (d *dispute) isInquiry() bool { return strings.HasPrefix(d.status, "warning_") }

// Dispute opens a dispute of a charge (a chargeback): the charge cannot be
// refunded any more, and its pending refunds fail.
func (w *World) Dispute(charge string) error { return w.setDispute(charge, "needs_response") }

// Inquire opens an inquiry about a charge, which can still be refunded.
func (w *World) Inquire(charge string) error { return w.setDispute(charge, "warning_needs_response") }

// AnswerDispute is the merchant who sends evidence: the bank looks at it, and decides
// by [World.WinDispute] or [World.LoseDispute]. It answers an inquiry in the same way.
func (w *World) AnswerDispute(charge string) error { return w.setDispute(charge, "under_review") }

// WinDispute closes a charge's dispute or inquiry in the merchant's favour: it
// can be refunded again.
func (w *World) WinDispute(charge string) error { return w.setDispute(charge, "won") }

// LoseDispute closes a charge's dispute in the customer's favour.
func (w *World) LoseDispute(charge string) error { return w.setDispute(charge, "lost") }

func (w *World) setDispute(id, status string) (err error) {
	w.server.locked(func() {
		c := w.charges[id]
		switch {
		case c == nil:
			err = fmt.Errorf("refundtest: there is no charge %q to dispute", id)
		case !c.captured:
			err = fmt.Errorf("refundtest: the charge %s took no money that could be disputed", id)
		case c.dispute == nil && (status == "won" || status == "lost" || status == "under_review"):
			err = fmt.Errorf("refundtest: the charge %s is not disputed", id)
		case status == "under_review" && c.dispute.isInquiry():
			c.setDispute("warning_under_review")
		default:
			c.setDispute(status)
		}
	})
	return err
}

func (c *charge) setDispute(status string) {
	kind := "charge.dispute.updated"
	switch {
	case c.dispute == nil:
		c.dispute = &dispute{id: c.world.server.ids.related("du_", c.id), at: c.world.server.stamp()}
		c.world.disputes[c.dispute.id] = c
		c.Disputed, kind = true, "charge.dispute.created"
	case status == "won" || status == "lost":
		kind = "charge.dispute.closed"
	}
	c.dispute.status = status
	c.dispute.answered = c.dispute.answered || strings.HasSuffix(status, "under_review")
	c.world.publish(kind, c.showDispute(), nil)
	c.moveDisputed()
	if c.dispute.refundable() {
		return
	}
	for _, r := range c.refunds.sorted() {
		if r.status == "pending" {
			r.fail("charge_for_pending_refund_disputed")
		}
	}
}

// moveDisputed publishes that the disputed amount was taken, which an inquiry does
// not do, or given back.
func (c *charge) moveDisputed() {
	d := c.dispute
	switch {
	case d.status == "needs_response" && !d.withdrawn:
		d.withdrawn = true
		c.world.publish("charge.dispute.funds_withdrawn", c.showDispute(), nil)
	case d.status == "won" && d.withdrawn:
		d.withdrawn = false
		c.world.publish("charge.dispute.funds_reinstated", c.showDispute(), nil)
	}
}
