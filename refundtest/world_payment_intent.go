package refundtest

import (
	"maps"
	"time"
)

// holdLifetime is how long an authorization that nobody captures lives.
const holdLifetime = 7 * 24 * time.Hour

// debitDelay is how long a bank debit takes.
const debitDelay = 3 * 24 * time.Hour

// intent is a PaymentIntent.
type intent struct {
	world        *World
	id           string
	at           moment
	amount       int64
	currency     string
	status       string
	manual       bool
	latestCharge string
	customer     string
	description  string
	email        string
	metadata     map[string]string
	method       paymentMethod
	methodID     string
	recipient    string
	fee          int64
	canceledAt   int64
	cancellation string
	failed       bool
	charges      timeline[*charge]
	refunds      timeline[*refund]
}

func (p *intent) when() moment { return p.at }

func (w *World) newIntent(amount int64, currency, relative string) *intent {
	id := ""
	if relative == "" {
		id = w.server.ids.payment("pi_")
	} else {
		id = w.server.ids.related("pi_", relative)
	}
	p := &intent{world: w, id: id, at: w.server.stamp(), amount: amount, currency: currency, status: "requires_payment_method",
		metadata: map[string]string{}}
	w.intents[p.id] = p
	w.allIntents.add(p)
	return p
}

// adopt makes a charge the intent's latest.
func (p *intent) adopt(c *charge) {
	c.PaymentIntent, p.latestCharge = p.id, c.id
	p.charges.add(c)
	switch {
	case c.Status == "failed":
		p.status, p.failed = "requires_payment_method", true
	case c.Status == "pending":
		p.status = "processing"
	case !c.captured:
		p.status, p.manual = "requires_capture", true
	default:
		p.status = "succeeded"
	}
}

func (p *intent) show() object {
	capture, captured, capturable := "automatic", int64(0), int64(0)
	if p.manual {
		capture = "manual"
	}
	if c := p.world.charges[p.latestCharge]; c != nil {
		captured = c.AmountCaptured
		if p.status == "requires_capture" {
			capturable = c.Amount
		}
	}
	kind := p.method.withDefaults().kind
	o := object{
		"id": p.id, "object": kindIntent, "amount": p.amount, "amount_capturable": capturable,
		"amount_details": object{"tip": object{}}, "amount_received": captured, "application": nil,
		"application_fee_amount": nil, "automatic_payment_methods": nil, "canceled_at": nil,
		"cancellation_reason": orNull(p.cancellation), "capture_method": capture,
		"client_secret": p.id + "_secret_refundtest", "confirmation_method": "automatic", "created": p.at.second,
		"currency": p.currency, "customer": linkTo(kindCustomer, p.customer), "description": orNull(p.description),
		"last_payment_error": nil, "latest_charge": linkTo(kindCharge, p.latestCharge), "livemode": p.world.name.live,
		"metadata": p.metadata, "next_action": nil, "on_behalf_of": nil, "payment_method": linkTo(kindMethod, p.methodID),
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": []any{kind}, "processing": nil, "receipt_email": orNull(p.email), "review": nil,
		"setup_future_usage": nil, "shipping": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil,
		"status": p.status, "transfer_data": nil, "transfer_group": nil,
	}
	if p.fee > 0 {
		o["application_fee_amount"] = p.fee
	}
	if p.canceledAt != 0 {
		o["canceled_at"] = p.canceledAt
	}
	if p.recipient != "" {
		o["transfer_data"] = object{"destination": linkTo("account", p.recipient)}
	}
	if p.failed {
		o["last_payment_error"] = object{"type": cardError, "code": orNull(p.method.decline),
			"decline_code": orNull(p.method.reason), "message": "The card was declined."}
	}
	return o
}

// confirm takes the money, or is declined.
func (p *intent) confirm() *refusal {
	w, method := p.world, p.method.withDefaults()
	method.id = p.methodID
	given := Charge{Amount: p.amount, Currency: p.currency, PaymentIntent: p.id, Uncaptured: p.manual, Status: "succeeded",
		Customer: p.customer, Description: p.description, ReceiptEmail: p.email, Metadata: maps.Clone(p.metadata),
		ApplicationFeeAmount: p.fee}
	c := w.takePayment(given, method, p.recipient)
	p.adopt(c)
	if c.Status == "failed" {
		w.publish("payment_intent.payment_failed", p.show(), nil)
		refused := declined(method, c)
		refused.paymentIntent = p.show()
		return refused
	}
	if p.status == "requires_capture" {
		w.publish("payment_intent.amount_capturable_updated", p.show(), nil)
		w.schedule(w.server.instant().Add(holdLifetime), func() {
			if p.status == "requires_capture" {
				p.cancel("automatic", "expired_uncaptured_charge")
			}
		})
	}
	if p.status == "succeeded" {
		w.publish("payment_intent.succeeded", p.show(), nil)
	}
	return nil
}

// cancel lets go of what was held.
func (p *intent) cancel(cancellation, reason string) {
	p.status, p.cancellation, p.canceledAt = "canceled", cancellation, p.world.server.instant().Unix()
	if c := p.world.charges[p.latestCharge]; c != nil && c.Status == "succeeded" && !c.captured {
		r := p.world.newRefund(c, c.remaining())
		r.reason, r.metadata = reason, map[string]string{}
		r.created()
	}
	p.world.publish("payment_intent.canceled", p.show(), nil)
}

// capture takes what was authorized, or part of it; the rest goes back as a
// refund.
func (c *charge) capture(amount int64) {
	w := c.world
	c.book()
	if rest := c.Amount - amount; rest > 0 {
		c.AmountCaptured = amount
		r := w.newRefund(c, rest)
		r.reversal, r.metadata = true, map[string]string{}
		r.book()
		w.publish("refund.created", r.show(), nil)
	}
	w.publish("charge.captured", c.show(), nil)
	if p := w.intents[c.PaymentIntent]; p != nil {
		p.status = "succeeded"
		w.publish("payment_intent.succeeded", p.show(), nil)
	}
}

// SettleCharge makes a pending charge succeed; its refunds go ahead.
func (w *World) SettleCharge(id string) error { return w.endCharge(id, "succeeded") }

// FailCharge makes a pending charge fail; its refunds fail too.
func (w *World) FailCharge(id string) error { return w.endCharge(id, "failed") }
