package refundtest

import "slices"

// customer is somebody whose payment methods are kept.
type customer struct {
	profile
	world       *World
	id          string
	at          moment
	deleted     bool
	methods     timeline[*savedMethod]
	cards       []*card // of the older API
	defaultCard string
}

// profile is what a request can say of a customer. It is never changed: an update
// makes another.
type profile struct {
	texts         map[string]string // description, email, name, phone, tax_exempt
	address       map[string]string // nil to show null
	shipping      *contact
	locales       []string
	balance       int64
	prefix        string
	nextInvoice   int64
	footer        string
	defaultMethod string // of invoices
	metadata      map[string]string
}

func (c *customer) when() moment { return c.at }

// newCustomer makes a customer, without telling anybody. An empty id is chosen.
func (w *World) newCustomer(id string, p profile) *customer {
	c := &customer{profile: p, world: w, id: id, at: w.server.stamp()}
	if c.id == "" {
		c.id = w.server.ids.short("cus_")
	}
	c.prefix = orElse(c.prefix, w.server.ids.invoicePrefix())
	c.nextInvoice = max(c.nextInvoice, 1)
	if c.metadata == nil {
		c.metadata = map[string]string{}
	}
	keepIn(&w.customers, c.id, c)
	w.allCustomers.add(c)
	return c
}

// knowCustomer makes a customer whom something that a test adds names.
func (w *World) knowCustomer(id string) {
	if id != "" && w.customers[id] == nil {
		w.newCustomer(id, profile{})
	}
}

// liveCustomer returns nil for a customer who is deleted.
func (w *World) liveCustomer(id string) *customer {
	if c := w.customers[id]; c != nil && !c.deleted {
		return c
	}
	return nil
}

// emailOf is the e-mail address of a customer, empty if there is none.
func (w *World) emailOf(id string) string {
	if c := w.liveCustomer(id); c != nil {
		return c.texts["email"]
	}
	return ""
}

// email is where the customer who paid can be reached, empty if it is not known.
func (c *charge) email() string { return orElse(c.ReceiptEmail, c.world.emailOf(c.Customer)) }

// createCustomer makes a customer with a card of the older API, a payment
// method, or neither. A card that the bank declines is refused, and nothing is
// made.
func (w *World) createCustomer(p profile, source *card, method *savedMethod) (*customer, *refusal) {
	if source != nil && source.method.decline != "" && !source.method.attaches {
		return nil, source.method.refuse("")
	}
	c := w.newCustomer("", p)
	if method != nil {
		if refused := method.attach(c); refused != nil {
			delete(w.customers, c.id)
			w.allCustomers.remove(c)
			return nil, refused
		}
	}
	if source != nil {
		c.hold(source)
	}
	w.publish("customer.created", c.show(), nil)
	return c, nil
}

// update changes a customer, and replaces the card if there is a new one.
func (c *customer) update(p profile, source *card, defaultCard string) *refusal {
	if source != nil && source.method.decline != "" && !source.method.attaches {
		return source.method.refuse("")
	}
	before := c.show()
	c.profile = p
	if source != nil {
		c.cards = nil
		c.hold(source)
	}
	c.defaultCard = orElse(defaultCard, c.defaultCard)
	after := c.show()
	if previous := changes(before, after); len(previous) > 0 {
		c.world.publish("customer.updated", after, previous)
	}
	return nil
}

// hold makes a card the customer's default.
func (c *customer) hold(source *card) {
	source.customer = c.id
	c.cards = append(c.cards, source)
	c.defaultCard = source.id
}

// card returns one of the customer's cards, nil if there is none with this id.
// An empty id is that of the default.
func (c *customer) card(id string) *card {
	id = orElse(id, c.defaultCard)
	for _, held := range c.cards {
		if held.id == id {
			return held
		}
	}
	return nil
}

// lose takes a payment method away, for ever.
func (c *customer) lose(m *savedMethod) {
	m.customer, m.spent = "", true
	c.methods.remove(m)
	if c.defaultMethod == m.id {
		c.defaultMethod = ""
	}
}

// remove deletes the customer. What happens to the payment methods is not
// known: here they can no longer be used.
func (c *customer) remove() object {
	last := c.show()
	for _, m := range slices.Clone(c.methods.items) {
		c.lose(m)
	}
	c.deleted = true
	c.world.allCustomers.remove(c)
	c.world.publish("customer.deleted", last, nil)
	return c.show()
}

func (c *customer) show() object {
	if c.deleted {
		return object{"id": c.id, "object": kindCustomer, "deleted": true}
	}
	o := showFields("description email name phone", c.texts)
	var currency any
	if c.balance != 0 {
		currency = "usd"
	}
	locales := make([]any, 0, len(c.locales))
	for _, locale := range c.locales {
		locales = append(locales, locale)
	}
	for name, value := range (object{
		"id": c.id, "object": kindCustomer, "address": nil, "balance": c.balance, "created": c.at.second, "currency": currency,
		"customer_account": nil, "default_source": linkTo(kindCard, c.defaultCard), "delinquent": false, "discount": nil,
		"invoice_prefix": c.prefix,
		"invoice_settings": object{"custom_fields": nil, "default_payment_method": linkTo(kindMethod, c.defaultMethod),
			"footer": orNull(c.footer), "rendering_options": nil},
		"livemode": c.world.name.live, "metadata": c.metadata, "next_invoice_sequence": c.nextInvoice,
		"preferred_locales": locales, "shipping": nil, "tax_exempt": orElse(c.texts["tax_exempt"], "none"), "test_clock": nil,
	}) {
		o[name] = value
	}
	if c.address != nil {
		o["address"] = showFields(addressFields, c.address)
	}
	if c.shipping != nil {
		o["shipping"] = c.shipping.showShipping()
	}
	return o
}

// showCards is the list that expand puts into a customer.
func (c *customer) showCards() object {
	return object{"object": "list", "data": showAll(c.cards), "has_more": false, "total_count": int64(len(c.cards)),
		"url": "/v1/customers/" + c.id + "/sources"}
}
