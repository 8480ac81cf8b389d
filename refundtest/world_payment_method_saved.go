package refundtest

import "strings"

// savedMethod is a PaymentMethod as the API shows it: what it stands for, and
// whose it is.
type savedMethod struct {
	paymentMethod
	world     *World
	at        moment
	customer  string
	spent     bool // it was used without a customer, or detached
	checked   bool // the bank has seen its CVC
	setUp     bool // for payments without the customer
	metadata  map[string]string
	redisplay string
}

func (m *savedMethod) when() moment { return m.at }

// saveMethod makes a PaymentMethod that belongs to nobody yet.
func (w *World) saveMethod(given paymentMethod, metadata map[string]string, redisplay string) *savedMethod {
	m := &savedMethod{paymentMethod: given.withDefaults(), world: w, at: w.server.stamp(),
		metadata: metadata, redisplay: orElse(redisplay, "unspecified")}
	if m.metadata == nil {
		m.metadata = map[string]string{}
	}
	m.id = w.server.ids.object("pm_")
	keepIn(&w.methods, m.id, m)
	return m
}

// methodCalled finds a payment method, or makes one of a test name such as
// pm_card_visa; nil if there is no such.
func (w *World) methodCalled(id string) *savedMethod {
	if m := w.methods[id]; m != nil {
		return m
	}
	name, isMethod := strings.CutPrefix(id, "pm_")
	method, known := namedAccount(name)
	if card, isCard := strings.CutPrefix(name, "card_"); isCard {
		method, known = namedMethod(card)
	}
	if !isMethod || !known {
		return nil
	}
	return w.saveMethod(method, nil, "")
}

// attach gives the method to a customer.
//
// The params and codes of the refusals are not known, except for a decline.
func (m *savedMethod) attach(to *customer) *refusal {
	switch {
	case m.customer == to.id:
		return nil
	case m.customer != "":
		return impossible("", "", "The payment method %s has already been attached to a customer.", m.id)
	case m.spent:
		return impossible("", "", "The payment method %s was used without a customer, or detached from one, and may not be used again.", m.id)
	case m.decline != "" && !m.attaches:
		return m.refuse("")
	}
	m.join(to)
	m.world.publish("payment_method.attached", m.show(), nil)
	return nil
}

// join makes the method one of a customer's.
func (m *savedMethod) join(to *customer) {
	m.customer, m.checked = to.id, true
	to.methods.add(m)
}

// detach takes the method from its customer, for ever.
func (m *savedMethod) detach() *refusal {
	owner := m.world.customers[m.customer]
	if owner == nil {
		return impossible("", "", "The payment method %s is not attached to a customer, so it cannot be detached.", m.id)
	}
	before := m.show()
	owner.lose(m)
	after := m.show()
	m.world.publish("payment_method.detached", after, changes(before, after))
	return nil
}

// methodChange is what an update changes of a method: what is nil stays.
type methodChange struct {
	metadata          map[string]string // all of it
	billing           *contact
	redisplay         string
	expMonth, expYear *int64
}

func (m *savedMethod) update(change methodChange) {
	before := m.show()
	m.metadata = change.metadata
	if change.billing != nil {
		m.billing = change.billing
	}
	m.redisplay = orElse(change.redisplay, m.redisplay)
	for field, value := range map[*int64]*int64{&m.expMonth: change.expMonth, &m.expYear: change.expYear} {
		if value != nil {
			*field = *value
		}
	}
	after := m.show()
	if previous := changes(before, after); len(previous) > 0 {
		m.world.publish("payment_method.updated", after, previous)
	}
}

// refuseFor says why a payment of a customer cannot be made with the method;
// nil if it can. The customer is empty for a payment of nobody.
//
// The code and param for a method that may not be used again are not known.
func (m *savedMethod) refuseFor(customer string) *refusal {
	switch {
	case m.spent:
		return impossible("", "", "The payment method %s was previously used without a customer, or detached from one. It may not be used again.", m.id)
	case m.customer != "" && customer == "":
		return impossible("source", "parameter_missing", "The payment method %s belongs to the customer %s, who must be named in customer.", m.id, m.customer)
	case m.customer != "" && m.customer != customer:
		return impossible("payment_method", "", "The payment method %s does not belong to the customer %s.", m.id, customer)
	}
	return nil
}

// spend notes that a payment was made with a method, or tried to be: one that
// belongs to nobody is good for one only.
func (w *World) spend(id string) {
	if m := w.methods[id]; m != nil {
		m.checked = true
		m.spent = m.customer == ""
	}
}

// keepMethod attaches the payment method to the customer, if the payment was to
// do that.
func (p *intent) keepMethod() {
	m, owner := p.world.methods[p.methodID], p.world.liveCustomer(p.customer)
	if m == nil || owner == nil || p.futureUsage == "" {
		return
	}
	m.setUp = m.setUp || p.futureUsage == "off_session"
	if m.customer == "" {
		m.spent = false
		m.join(owner)
		p.world.publish("payment_method.attached", m.show(), nil)
	}
}

func (m *savedMethod) show() object {
	o := object{
		"id": m.id, "object": kindMethod, "allow_redisplay": m.redisplay, "billing_details": m.billing.showBilling(),
		"created": m.at.second, "customer": linkTo(kindCustomer, m.customer), "customer_account": nil,
		"livemode": m.world.name.live, "metadata": m.metadata, "type": m.kind,
	}
	switch m.kind {
	case "card":
		o[m.kind] = m.showCard()
	case "us_bank_account":
		o[m.kind] = object{
			"account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
			"financial_connections_account": nil, "fingerprint": m.fingerprint(), "last4": orNull(m.last4),
			"networks": object{"preferred": "ach", "supported": []any{"ach"}}, "routing_number": "110000000", "status_details": object{},
		}
	case "sepa_debit":
		o[m.kind] = object{"bank_code": nil, "branch_code": nil, "country": orNull(m.country), "fingerprint": m.fingerprint(),
			"generated_from": object{"charge": nil, "setup_attempt": nil}, "last4": orNull(m.last4)}
	default:
		o[m.kind] = object{}
	}
	return o
}

func (m *savedMethod) showCard() object {
	cvc := "unchecked"
	if m.checked {
		cvc = orElse(m.cvcCheck, "pass")
	}
	available := []any{m.brand}
	if m.also != "" {
		available = []any{m.also, m.brand}
	}
	return object{
		"brand":   m.brand,
		"checks":  object{"address_line1_check": orNull(m.line1Check), "address_postal_code_check": orNull(m.zipCheck), "cvc_check": cvc},
		"country": m.country, "display_brand": orElse(m.also, m.brand), "exp_month": m.expMonth, "exp_year": m.expYear,
		"fingerprint": m.fingerprint(), "funding": m.funding, "generated_from": nil, "last4": m.last4,
		"networks": object{"available": available, "preferred": nil}, "regulated_status": "unregulated",
		"three_d_secure_usage": object{"supported": m.brand != "amex"}, "wallet": nil,
	}
}
