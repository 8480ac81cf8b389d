package refundtest

func customerRoutes() []*route {
	const ignored = "business_name cash_balance individual_name tax tax_id_data test_clock validate"
	address := hashParam("address", others(addressFields)...)
	common := append(others(ignored+" source card tax_exempt description email name phone"), address, metadataParam, expandParam,
		hashParam("shipping", append(others("name phone carrier tracking_number"), address)...),
		param{name: "preferred_locales", kind: texts}, textParam("invoice_prefix"), integerParam("balance"),
		integerParam("next_invoice_sequence"),
		hashParam("invoice_settings", others("custom_fields default_payment_method footer rendering_options")...))
	create := append(common[:len(common):len(common)], textParam("payment_method"))
	update := append(common[:len(common):len(common)], textParam("default_source"))
	list := listParams(param{name: "created", kind: timeRange}, textParam("email"), textParam("test_clock"))
	const all, one = "/v1/customers", "/v1/customers/{customer}"
	table := []*route{
		{method: "POST", template: all, params: create, handle: createCustomer},
		{method: "GET", template: all, params: list, lists: true, handle: listCustomers},
		{method: "GET", template: one, params: []param{expandParam}, handle: retrieveCustomer},
		{method: "POST", template: one, params: update, handle: updateCustomer},
		{method: "DELETE", template: one, handle: deleteCustomer},
	}
	for _, r := range table {
		r.shows = kindCustomer
	}
	return table
}

// checkCustomer refuses a customer who is not there, or deleted.
func (x *exchange) checkCustomer() *refusal {
	id := x.params.text("customer")
	if id == "" || x.world.liveCustomer(id) != nil {
		return nil
	}
	return invalid("customer", "resource_missing", "No such customer is known here: '%s'.", printable(id))
}

// customerAtPath finds a customer who is not deleted.
func (x *exchange) customerAtPath() (*customer, *refusal) {
	if c := x.world.liveCustomer(x.args["customer"]); c != nil {
		return c, nil
	}
	return nil, missing(kindCustomer, printable(x.args["customer"]), "id")
}

func createCustomer(x *exchange) (object, *refusal) {
	p, refused := x.readProfile(profile{})
	if refused != nil {
		return nil, refused
	}
	source, refused := x.readSource()
	if refused != nil {
		return nil, refused
	}
	var method *savedMethod
	if named := x.params.text("payment_method"); named != "" {
		if method = x.world.methodCalled(named); method == nil {
			return nil, invalid("payment_method", "resource_missing", "No such payment_method is known here: '%s'.", printable(named))
		}
	}
	c, refused := x.world.createCustomer(p, source, method)
	if refused != nil {
		return nil, refused
	}
	return c.show(), nil
}

// readSource reads the card of the older API that a customer is to have, nil if
// the request names none.
func (x *exchange) readSource() (*card, *refusal) {
	for _, name := range []string{"source", "card"} {
		sent := x.params.child(name)
		if sent == nil {
			continue
		}
		read := func() (paymentMethod, *refusal) { return x.readCard(sent, name) }
		if sent.leaf {
			read = func() (paymentMethod, *refusal) { return x.readToken(sent.value, name, "resource_missing") }
		}
		method, refused := read()
		if refused != nil {
			return nil, refused
		}
		return x.world.newCard(method), nil
	}
	return nil, nil
}

// readProfile lays a request over what is known of a customer.
func (x *exchange) readProfile(old profile) (profile, *refusal) {
	p, n := old, &x.params
	merged, refused := mergeMetadata(old.metadata, n.child("metadata"))
	if refused != nil {
		return p, refused
	}
	p.metadata = merged
	p.texts = readFields(old.texts, n, "description email name phone tax_exempt")
	if n.has("address") {
		p.address = readFields(old.address, n.child("address"), addressFields)
	}
	p.shipping = readContact(old.shipping, n.child("shipping"), "name phone carrier tracking_number")
	if n.has("preferred_locales") {
		p.locales = n.texts("preferred_locales")
	}
	for field, value := range map[*int64]*int64{&p.balance: n.optionalNumber("balance"), &p.nextInvoice: n.optionalNumber("next_invoice_sequence")} {
		if value != nil {
			*field = *value
		}
	}
	p.prefix = orElse(n.text("invoice_prefix"), old.prefix)
	settings := n.child("invoice_settings")
	for field, value := range map[*string]*string{&p.footer: settings.optional("footer"), &p.defaultMethod: settings.optional("default_payment_method")} {
		if value != nil {
			*field = *value
		}
	}
	return p, nil
}

func retrieveCustomer(x *exchange) (object, *refusal) {
	if c := x.world.customers[x.args["customer"]]; c != nil {
		return c.show(), nil
	}
	return nil, missing(kindCustomer, printable(x.args["customer"]), "id")
}

func updateCustomer(x *exchange) (object, *refusal) {
	c, refused := x.customerAtPath()
	if refused != nil {
		return nil, refused
	}
	p, refused := x.readProfile(c.profile)
	if refused != nil {
		return nil, refused
	}
	if m := x.world.methods[p.defaultMethod]; p.defaultMethod != "" && p.defaultMethod != c.defaultMethod && (m == nil || m.customer != c.id) {
		return nil, invalid("invoice_settings[default_payment_method]", "resource_missing",
			"The customer has no payment method '%s': attach it first.", printable(p.defaultMethod))
	}
	chosen := x.params.text("default_source")
	if chosen != "" && c.card(chosen) == nil {
		return nil, invalid("default_source", "resource_missing", "The customer has no card '%s'.", printable(chosen))
	}
	source, refused := x.readSource()
	if refused != nil {
		return nil, refused
	}
	if refused := c.update(p, source, chosen); refused != nil {
		return nil, refused
	}
	return c.show(), nil
}

func deleteCustomer(x *exchange) (object, *refusal) {
	c, refused := x.customerAtPath()
	if refused != nil {
		return nil, refused
	}
	return c.remove(), nil
}

func listCustomers(x *exchange) (object, *refusal) {
	find := func(id string) dated {
		if c := x.world.liveCustomer(id); c != nil {
			return c
		}
		return nil
	}
	email := x.params.text("email")
	return listPage(x, &x.world.allCustomers, kindCustomer, find, func(c *customer) bool {
		return email == "" || c.texts["email"] == email
	})
}
