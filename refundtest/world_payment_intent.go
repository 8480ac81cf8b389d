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
	particulars
	intentTerms
	world        *World
	id           string
	at           moment
	amount       int64
	currency     string
	status       string
	latestCharge string
	customer     string
	description  string
	email        string
	metadata     map[string]string
	method       *paymentMethod // never changed: PaymentIntents share it
	methodID     string
	recipient    string
	fee          int64
	canceledAt   int64
	cancellation string
	lastError    object // nil if the last attempt was not refused
	attempt      attempt
	session      *checkoutSession // nil if no page made it
	charges      timeline[*charge]
	refunds      timeline[*refund]
}

// intentTerms are how a PaymentIntent is to be paid.
type intentTerms struct {
	captureMethod string   // automatic_async if empty
	confirmation  string   // confirmation_method, automatic if empty
	futureUsage   string   // setup_future_usage
	methodTypes   []string // nil: what the account takes
	redirects     string   // allow_redirects of the automatic payment methods
}

func (t intentTerms) manual() bool { return t.captureMethod == "manual" }

// addTo adds the terms to what is shown of a PaymentIntent that is paid by kind.
func (t intentTerms) addTo(o object, kind string) {
	o["capture_method"], o["confirmation_method"] = orElse(t.captureMethod, "automatic_async"), orElse(t.confirmation, "automatic")
	o["setup_future_usage"] = orNull(t.futureUsage)
	types := t.methodTypes
	if types == nil {
		types = []string{kind}
		o["automatic_payment_methods"] = object{"allow_redirects": orElse(t.redirects, "always"), "enabled": true}
	}
	shown, options := []any{}, object{}
	for _, name := range types {
		shown = append(shown, name)
		if name == "card" {
			options[name] = object{"installments": nil, "mandate_options": nil, "network": nil, "request_three_d_secure": "automatic"}
		}
	}
	o["payment_method_types"], o["payment_method_options"] = shown, options
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
		metadata: map[string]string{}, method: &w.server.noMethod}
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
		p.status = "requires_payment_method"
	case c.Status == "pending":
		p.status = "processing"
	case !c.captured:
		p.status, p.captureMethod = "requires_capture", "manual"
	default:
		p.status = "succeeded"
	}
}

func (p *intent) show() object {
	captured, capturable := int64(0), int64(0)
	if c := p.world.charges[p.latestCharge]; c != nil {
		captured = c.AmountCaptured
		if p.status == "requires_capture" {
			capturable = c.Amount
		}
	}
	o := object{
		"id": p.id, "object": kindIntent, "allowed_payment_method_types": nil, "amount": p.amount,
		"amount_capturable": capturable, "amount_details": object{"tip": object{}}, "amount_received": captured,
		"application": nil, "application_fee_amount": nil, "automatic_payment_methods": nil, "canceled_at": nil,
		"cancellation_reason": orNull(p.cancellation),
		"client_secret":       p.id + "_secret_refundtest", "created": p.at.second,
		"currency": p.currency, "customer": linkTo(kindCustomer, p.customer), "customer_account": nil,
		"description": orNull(p.description), "excluded_payment_method_types": nil,
		"last_payment_error": nil, "latest_charge": linkTo(kindCharge, p.latestCharge), "livemode": p.world.name.live,
		"managed_payments": nil, "metadata": p.metadata, "next_action": nil,
		"payment_method":                       linkTo(kindMethod, p.methodID),
		"payment_method_configuration_details": nil, "payment_record": nil, "processing": nil,
		"receipt_email": orNull(p.email), "review": nil, "shared_payment_granted_token": nil, "source": nil,
		"status": p.status, "transfer_data": nil,
	}
	p.particulars.addTo(o)
	p.intentTerms.addTo(o, p.method.withDefaults().kind)
	if p.fee > 0 {
		o["application_fee_amount"] = p.fee
	}
	if p.canceledAt != 0 {
		o["canceled_at"] = p.canceledAt
	}
	if p.recipient != "" {
		o["transfer_data"] = p.transferData(p.recipient)
		if p.transferAmount == 0 {
			delete(o["transfer_data"].(object), "amount")
		}
	}
	if p.lastError != nil {
		o["last_payment_error"] = p.lastError
	}
	if p.status == "requires_action" {
		o["next_action"] = p.nextAction()
	}
	return o
}

// intentInput is what a PaymentIntent is made from.
type intentInput struct {
	particulars
	intentTerms
	amount      int64
	currency    string
	metadata    map[string]string
	method      paymentMethod
	methodID    string // empty if there is none yet
	customer    string
	description string
	email       string
	fee         int64
	recipient   string
}

func (w *World) createIntent(given intentInput) *intent {
	p := w.newIntent(given.amount, given.currency, "")
	p.metadata, p.method, p.methodID = given.metadata, w.server.sharedMethod(given.method), given.methodID
	p.particulars, p.intentTerms = given.particulars, given.intentTerms
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
	particulars                                    // all of them
	intentTerms                                    // all of them
	metadata                     map[string]string // all of it
	method                       paymentMethod
	methodID                     string
	amount, fee                  *int64
	customer, description, email *string
}

func (p *intent) update(change intentChange) *refusal {
	switch {
	case p.isOpen():
	case change.amount != nil:
		return p.unexpected("update", "amount")
	case change.methodID != "":
		return p.unexpected("update", "payment_method")
	}
	p.metadata, p.particulars, p.intentTerms = change.metadata, change.particulars, change.intentTerms
	if change.methodID != "" {
		p.method, p.methodID, p.status = p.world.server.sharedMethod(change.method), change.methodID, "requires_confirmation"
	}
	if change.amount != nil {
		p.amount = *change.amount
	}
	if change.fee != nil {
		p.fee = *change.fee
	}
	setGiven(&p.customer, change.customer)
	setGiven(&p.description, change.description)
	setGiven(&p.email, change.email)
	return nil
}

// isOpen reports whether the payment method can still be changed.
func (p *intent) isOpen() bool {
	return p.status == "requires_payment_method" || p.status == "requires_confirmation" || p.status == "requires_action"
}

// confirmWith changes an open PaymentIntent and confirms it.
func (p *intent) confirmWith(change intentChange) *refusal {
	switch {
	case p.isOpen():
	case change.methodID != "":
		return p.unexpected("confirm", "payment_method")
	default:
		return p.unexpected("confirm", "")
	}
	if change.methodID != "" {
		p.method, p.methodID = p.world.server.sharedMethod(change.method), change.methodID
	}
	if p.methodID == "" {
		return p.unexpected("confirm", "")
	}
	p.particulars, p.intentTerms = change.particulars, change.intentTerms
	setGiven(&p.email, change.email)
	p.lastError = nil
	return p.confirm()
}

// confirm takes the money, is declined, or waits for the customer.
func (p *intent) confirm() *refusal {
	if m := p.world.methods[p.methodID]; m != nil {
		if refused := m.refuseFor(p.customer); refused != nil {
			refused.paymentIntent = p.show()
			return refused
		}
	}
	if p.wantsAuthentication(*p.method) {
		return p.askForAuthentication()
	}
	return p.pay()
}

// pay takes the money, or is declined.
func (p *intent) pay() *refusal {
	w, method := p.world, p.method.withDefaults()
	method.id = p.methodID
	c := w.takePayment(payment{
		Charge: Charge{Amount: p.amount, Currency: p.currency, PaymentIntent: p.id, Uncaptured: p.manual(), Status: "succeeded",
			Customer: p.customer, Description: p.description, ReceiptEmail: p.email, Metadata: maps.Clone(p.metadata),
			ApplicationFeeAmount: p.fee},
		particulars: p.particulars, method: method, recipient: p.recipient, async: p.captureMethod != "automatic",
	})
	p.adopt(c)
	if c.Status == "failed" {
		return p.lose(method.refuse(c.id))
	}
	p.keepMethod()
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
func (p *intent) capture(amount *int64, metadata map[string]string, given particulars) *refusal {
	if p.status != "requires_capture" {
		return p.unexpected("capture", "")
	}
	c, wanted := p.world.charges[p.latestCharge], p.amount
	if amount != nil {
		wanted = *amount
	}
	if refused := p.checkCapture(wanted, c.Amount); refused != nil {
		refused.paymentIntent = p.show()
		return refused
	}
	p.metadata, p.particulars = metadata, given
	c.particulars.descriptor, c.particulars.suffix = given.descriptor, given.suffix
	c.collect(wanted)
	return nil
}

func (p *intent) checkCapture(wanted, authorized int64) *refusal {
	switch {
	case wanted < 0:
		return impossible("amount_to_capture", "", "%d cannot be captured: the amount is negative.", wanted)
	case wanted == 0:
		return impossible("amount", "parameter_invalid_integer", "Nothing cannot be captured: cancel the PaymentIntent instead.")
	case wanted > authorized:
		return impossible("", "amount_too_large", "%d cannot be captured: %d are authorized.", wanted, authorized)
	}
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
	return p.unexpected("cancel", "")
}

// hold is the charge that is authorized and not captured, nil if there is none.
func (p *intent) hold() *charge {
	if c := p.world.charges[p.latestCharge]; c != nil && c.holds() {
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

// unexpected refuses what the status does not allow.
func (p *intent) unexpected(what, param string) *refusal {
	refused := impossible(param, "payment_intent_unexpected_state", "The PaymentIntent is %s: it is not possible to %s it.", p.status, what)
	refused.paymentIntent = p.show()
	return refused
}
