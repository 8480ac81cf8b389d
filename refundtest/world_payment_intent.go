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

// intentInput is what a PaymentIntent is made from.
type intentInput struct {
	amount      int64
	currency    string
	metadata    map[string]string
	method      paymentMethod
	methodID    string // empty if there is none yet
	manual      bool   // captured later
	customer    string
	description string
	email       string
	fee         int64
	recipient   string
}

func (w *World) createIntent(given intentInput) *intent {
	p := w.newIntent(given.amount, given.currency, "")
	p.metadata, p.method, p.methodID, p.manual = given.metadata, given.method, given.methodID, given.manual
	p.customer, p.description, p.email = given.customer, given.description, given.email
	p.fee, p.recipient = given.fee, given.recipient
	if p.methodID != "" {
		p.status = "requires_confirmation"
	}
	w.publish("payment_intent.created", p.show(), nil)
	return p
}

// intentChange is what an update changes: what is nil or empty stays.
type intentChange struct {
	metadata                     map[string]string // all of it
	method                       paymentMethod
	methodID                     string
	amount                       *int64
	customer, description, email *string
}

func (p *intent) update(change intentChange) *refusal {
	if !p.isOpen() && (change.methodID != "" || change.amount != nil) {
		return p.unexpected("update")
	}
	p.metadata = change.metadata
	if change.methodID != "" {
		p.method, p.methodID, p.status = change.method, change.methodID, "requires_confirmation"
	}
	if change.amount != nil {
		p.amount = *change.amount
	}
	for field, value := range map[*string]*string{&p.customer: change.customer, &p.description: change.description, &p.email: change.email} {
		if value != nil {
			*field = *value
		}
	}
	return nil
}

// isOpen reports whether the payment method can still be changed.
func (p *intent) isOpen() bool {
	return p.status == "requires_payment_method" || p.status == "requires_confirmation"
}

// confirmWith confirms an open PaymentIntent; an empty methodID or email leaves
// what it has.
func (p *intent) confirmWith(method paymentMethod, methodID, email string) *refusal {
	if !p.isOpen() {
		return p.unexpected("confirm")
	}
	if methodID != "" {
		p.method, p.methodID = method, methodID
	}
	if p.methodID == "" {
		return p.unexpected("confirm")
	}
	if email != "" {
		p.email = email
	}
	p.failed = false
	return p.confirm()
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
		refused := declined(method.decline, method.reason, c.id)
		refused.paymentIntent = p.show()
		return refused
	}
	if p.status == "requires_capture" {
		w.publish("payment_intent.amount_capturable_updated", p.show(), nil)
		w.schedule(w.server.instant().Add(holdLifetime), func() {
			if p.status == "requires_capture" {
				p.expire()
			}
		})
	}
	if p.status == "succeeded" {
		w.publish("payment_intent.succeeded", p.show(), nil)
	}
	return nil
}

// capture takes what the PaymentIntent holds: all of it if amount is nil.
func (p *intent) capture(amount *int64, metadata map[string]string) *refusal {
	if p.status != "requires_capture" {
		return p.unexpected("capture")
	}
	c, wanted := p.world.charges[p.latestCharge], p.amount
	if amount != nil {
		wanted = *amount
	}
	if wanted > c.Amount {
		return impossible("amount_to_capture", "amount_too_large", "The amount is more than the %d authorized.", c.Amount)
	}
	p.metadata = metadata
	c.collect(wanted)
	return nil
}

// cancel cancels a PaymentIntent that has not taken the money yet.
func (p *intent) cancel(cancellation string) *refusal {
	switch p.status {
	case "requires_payment_method", "requires_confirmation", "requires_capture", "requires_action":
		if c := p.hold(); c != nil {
			c.released = true
		}
		p.end(cancellation)
		return nil
	}
	return p.unexpected("cancel")
}

// hold is the charge that is authorized and not captured, nil if there is none.
func (p *intent) hold() *charge {
	if c := p.world.charges[p.latestCharge]; c != nil && c.Status == "succeeded" && !c.captured {
		return c
	}
	return nil
}

// expire ends a PaymentIntent that nobody captured in time.
func (p *intent) expire() {
	if c := p.hold(); c != nil {
		c.expire()
	}
	p.end("expired")
}

// end cancels the PaymentIntent. What it held was never taken: there is no refund.
func (p *intent) end(cancellation string) {
	p.status, p.cancellation, p.canceledAt = "canceled", cancellation, p.world.server.instant().Unix()
	p.world.publish("payment_intent.canceled", p.show(), nil)
}

// intentWithMethod finds who used a payment method before.
func (w *World) intentWithMethod(id string) *intent {
	for _, p := range w.allIntents.sorted() {
		if p.methodID == id {
			return p
		}
	}
	return nil
}

// unexpected refuses what the status does not allow.
func (p *intent) unexpected(what string) *refusal {
	refused := impossible("", "payment_intent_unexpected_state", "The PaymentIntent is %s: it is not possible to %s it.", p.status, what)
	refused.paymentIntent = p.show()
	return refused
}
