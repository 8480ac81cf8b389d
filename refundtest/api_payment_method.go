package refundtest

import "strings"

// methodTypes are the types of payment methods.
const methodTypes = "acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit bancontact billie " +
	"bizum blik boleto card cashapp crypto customer_balance eps fpx giropay grabpay ideal kakao_pay klarna konbini kr_card " +
	"link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow paypal payto pix " +
	"promptpay revolut_pay samsung_pay satispay scalapay sepa_debit sofort sunbit swish twint upi us_bank_account " +
	"wechat_pay zip"

func methodRoutes() []*route {
	redisplay := choiceParam("allow_redisplay", "always", "limited", "unspecified")
	billing := hashParam("billing_details", append(others(billingFields), param{name: "address"})...)
	create := append(others(methodTypes+" custom interac_present radar_options"), textParam("customer"), redisplay, billing,
		textParam("payment_method"), must(choiceParam("type", strings.Fields(methodTypes)...)), metadataParam, expandParam)
	update := append(others("payto us_bank_account"), redisplay, billing, metadataParam, expandParam,
		hashParam("card", append(others("networks"), integerParam("exp_month"), integerParam("exp_year"))...))
	listed := listParams(textParam("customer"), textParam("customer_account"), textParam("type"), redisplay)
	const all, one, own = "/v1/payment_methods", "/v1/payment_methods/{payment_method}", "/v1/customers/{customer}/payment_methods"
	table := []*route{
		{method: "POST", template: all, params: create, handle: createMethod},
		{method: "GET", template: all, params: listed, lists: true, handle: listMethods},
		{method: "GET", template: one, params: []param{expandParam}, handle: retrieveMethod},
		{method: "POST", template: one, params: update, handle: updateMethod},
		{method: "POST", template: one + "/attach", params: []param{textParam("customer"), textParam("customer_account"), expandParam},
			handle: attachMethod},
		{method: "POST", template: one + "/detach", params: []param{expandParam}, handle: detachMethod},
		{method: "GET", template: own, params: listParams(textParam("type"), redisplay), lists: true, handle: listMethodsOfCustomer},
		{method: "GET", template: own + "/{payment_method}", params: []param{expandParam}, handle: retrieveMethodOfCustomer},
	}
	for _, r := range table {
		r.shows = kindMethod
	}
	return table
}

func createMethod(x *exchange) (object, *refusal) {
	if x.params.has("customer") {
		return nil, invalid("", "", "A payment method is attached to a customer after it is made, not while.")
	}
	method, refused := x.readMethod(&x.params, "")
	if refused != nil {
		return nil, refused
	}
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	return x.world.saveMethod(method, given, x.params.text("allow_redisplay")).show(), nil
}

// readMethod reads what a payment method is to be made of. The prefix is the name
// of n in the request, empty for the request itself.
func (x *exchange) readMethod(n *node, prefix string) (method paymentMethod, refused *refusal) {
	kind := n.text("type")
	switch kind {
	case "":
		return method, invalid(nested(prefix, "type"), "parameter_missing", "A payment method has a type.")
	case "card":
		if !n.has("card") {
			return method, invalid(nested(prefix, "card"), "parameter_missing", "A card has a number or a token.")
		}
		method, refused = x.readCard(n.child("card"), nested(prefix, "card"))
	case "us_bank_account":
		method = accountByNumber(kind, n.text(kind, "account_number"))
	case "sepa_debit":
		method = accountByNumber(kind, n.text(kind, "iban"))
	default:
		method.kind = kind
	}
	method.id = ""
	method.billing = readContact(method.billing, n.child("billing_details"), billingFields)
	return method, refused
}

func (x *exchange) methodAtPath() (*savedMethod, *refusal) {
	if m := x.world.methodCalled(x.args["payment_method"]); m != nil {
		return m, nil
	}
	return nil, missing(kindMethod, printable(x.args["payment_method"]), "payment_method")
}

func retrieveMethod(x *exchange) (object, *refusal) {
	m, refused := x.methodAtPath()
	if refused != nil {
		return nil, refused
	}
	return m.show(), nil
}

func updateMethod(x *exchange) (object, *refusal) {
	m, refused := x.methodAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(m.metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	card := x.params.child("card")
	m.update(methodChange{
		metadata: merged, redisplay: x.params.text("allow_redisplay"),
		billing:  readContact(m.billing, x.params.child("billing_details"), billingFields),
		expMonth: card.optionalNumber("exp_month"), expYear: card.optionalNumber("exp_year"),
	})
	return m.show(), nil
}

func attachMethod(x *exchange) (object, *refusal) {
	m, refused := x.methodAtPath()
	if refused != nil {
		return nil, refused
	}
	if !x.params.has("customer") {
		return nil, invalid("", "parameter_missing", "Say in customer to whom the payment method is attached.")
	}
	if refused := x.checkCustomer(); refused != nil {
		return nil, refused
	}
	if refused := m.attach(x.world.liveCustomer(x.params.text("customer"))); refused != nil {
		return nil, refused
	}
	return m.show(), nil
}

func detachMethod(x *exchange) (object, *refusal) {
	m, refused := x.methodAtPath()
	if refused != nil {
		return nil, refused
	}
	if refused := m.detach(); refused != nil {
		return nil, refused
	}
	return m.show(), nil
}

// listMethods lists those of a customer: without one there is nothing to list.
func listMethods(x *exchange) (object, *refusal) {
	if refused := x.checkCustomer(); refused != nil {
		return nil, refused
	}
	return x.listMethodsOf(x.world.liveCustomer(x.params.text("customer")))
}

func listMethodsOfCustomer(x *exchange) (object, *refusal) {
	owner, refused := x.customerAtPath()
	if refused != nil {
		return nil, refused
	}
	return x.listMethodsOf(owner)
}

func (x *exchange) listMethodsOf(owner *customer) (object, *refusal) {
	line := &timeline[*savedMethod]{}
	if owner != nil {
		line = &owner.methods
	}
	find := func(id string) dated {
		if m := x.world.methods[id]; m != nil {
			return m
		}
		return nil
	}
	kind := x.params.text("type")
	return listPage(x, line, kindMethod, find, func(m *savedMethod) bool { return kind == "" || kind == m.kind })
}

func retrieveMethodOfCustomer(x *exchange) (object, *refusal) {
	owner, refused := x.customerAtPath()
	if refused != nil {
		return nil, refused
	}
	m := x.world.methods[x.args["payment_method"]]
	if m == nil {
		return nil, missing(kindMethod, printable(x.args["payment_method"]), "payment_method")
	}
	if m.customer != owner.id {
		refused := missing(kindMethod, m.id, "customer")
		refused.code = ""
		return nil, refused
	}
	return m.show(), nil
}

// intentMethod is what the payment method of a PaymentIntent stands for, and its
// id; empty if none is named. The PaymentIntent is nil if it is not made yet. One
// that is being confirmed without a payment method takes the default card of its
// customer.
func (x *exchange) intentMethod(p *intent, confirming bool) (method paymentMethod, id string, refused *refusal) {
	owner := x.params.text("customer")
	if p != nil {
		owner = orElse(owner, p.customer)
	}
	var m *savedMethod
	named := x.params.text("payment_method")
	if data := x.params.child("payment_method_data"); data != nil {
		read, refused := x.readMethod(data, "payment_method_data")
		if refused != nil {
			return method, "", refused
		}
		m = x.world.saveMethod(read, nil, "")
	} else if named != "" {
		m = x.world.methodCalled(named)
	}
	if c := x.world.customers[owner]; m == nil && c != nil {
		if held := c.card(named); held != nil && (named != "" || confirming && (p == nil || p.methodID == "")) {
			return held.method, held.id, nil
		}
	}
	switch {
	case m == nil && named == "":
		return method, "", nil
	case m == nil:
		return method, "", invalid("payment_method", "resource_missing", "No such payment_method is known here: '%s'.", printable(named))
	}
	if refused := m.refuseFor(owner); refused != nil {
		if p != nil {
			refused.paymentIntent = p.show()
		}
		return method, "", refused
	}
	return m.paymentMethod, m.id, nil
}

// readAttempt reads how a PaymentIntent is to be confirmed.
func (x *exchange) readAttempt() attempt {
	ask := x.params.text("payment_method_options", "card", "request_three_d_secure")
	return attempt{
		offSession: x.params.has("off_session") && x.params.text("off_session") != "false",
		challenge:  ask == "any" || ask == "challenge", returnURL: x.params.text("return_url"),
		mustFinish: x.params.text("error_on_requires_action") == "true",
	}
}
