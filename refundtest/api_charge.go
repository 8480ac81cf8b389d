package refundtest

import "strings"

func chargeRoutes() []*route {
	const ignoredOnCreate = "application_fee on_behalf_of radar_options shipping statement_descriptor " +
		"statement_descriptor_suffix transfer_group"
	create := append(others(ignoredOnCreate),
		must(amountParam("amount")), must(textParam("currency")), integerParam("application_fee_amount"),
		param{name: "capture", kind: boolean}, param{name: "card"}, param{name: "source"}, textParam("customer"),
		textParam("description"), metadataParam, textParam("receipt_email"), param{name: "transfer_data"},
		param{name: "destination"}, expandParam)
	capture := append(others("application_fee application_fee_amount receipt_email statement_descriptor "+
		"statement_descriptor_suffix transfer_data transfer_group"), amountParam("amount"), expandParam)
	update := append(others("customer fraud_details receipt_email shipping transfer_group"),
		textParam("description"), metadataParam, expandParam)
	list := listParams(param{name: "created", kind: timeRange}, textParam("customer"), textParam("payment_intent"),
		textParam("transfer_group"))
	const one = "/v1/charges/{charge}"
	table := []*route{
		{method: "POST", template: "/v1/charges", params: create, handle: createCharge},
		{method: "GET", template: "/v1/charges", params: list, lists: true, handle: listCharges},
		{method: "GET", template: one, params: []param{expandParam}, handle: retrieveCharge},
		{method: "POST", template: one, params: update, handle: updateCharge},
		{method: "POST", template: one + "/capture", params: capture, handle: captureCharge},
	}
	for _, r := range table {
		r.shows = kindCharge
	}
	return table
}

func createCharge(x *exchange) (object, *refusal) {
	if refused := x.checkMoney(); refused != nil {
		return nil, refused
	}
	method, refused := x.tokenMethod()
	if refused != nil {
		return nil, refused
	}
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	c := x.world.takePayment(Charge{
		Amount: x.params.number("amount"), Currency: strings.ToLower(x.params.text("currency")), Status: "succeeded",
		Uncaptured: x.params.text("capture") == "false", WithoutPaymentIntent: true, Metadata: given,
		Customer: x.params.text("customer"), Description: x.params.text("description"),
		ReceiptEmail: x.params.text("receipt_email"), ApplicationFeeAmount: x.params.number("application_fee_amount"),
	}, method, x.recipient())
	if c.Status == "failed" {
		return nil, declined(method.decline, method.reason, c.id)
	}
	return c.show(), nil
}

// checkMoney refuses amounts and currencies that cannot be.
func (x *exchange) checkMoney() *refusal {
	if x.params.number("amount") > maxAmount {
		return invalid("amount", "amount_too_large", "The amount must be no more than %d.", maxAmount)
	}
	if currency := x.params.text("currency"); len(currency) != 3 {
		return invalid("currency", "", "Not a currency: %s.", printable(currency))
	}
	return nil
}

// recipient is the connected account that gets the money.
func (x *exchange) recipient() string {
	for _, path := range [][]string{{"transfer_data", "destination"}, {"destination", "account"}, {"destination"}} {
		if id := x.params.text(path...); id != "" {
			return id
		}
	}
	return ""
}

// tokenMethod is what the source of a charge stands for.
func (x *exchange) tokenMethod() (paymentMethod, *refusal) {
	for _, name := range []string{"source", "card"} {
		source := x.params.child(name)
		if source == nil {
			continue
		}
		method, ok := methodByNumber(source.text("number"))
		if source.leaf {
			if token, found := strings.CutPrefix(source.value, "tok_"); found {
				method, ok = namedMethod(token)
			}
		}
		if !ok {
			return method, invalid(name, "resource_missing", "There is no test token '%s'.", printable(source.value))
		}
		method.id = "card_" + x.server.ids.characters(24)
		return method, nil
	}
	if x.params.has("customer") {
		return paymentMethod{}, nil // the customer's card
	}
	return paymentMethod{}, invalid("source", "parameter_missing", "A source or a customer is required.")
}

func (x *exchange) chargeAtPath() (*charge, *refusal) {
	if c := x.world.charges[x.args["charge"]]; c != nil {
		return c, nil
	}
	return nil, missing(kindCharge, printable(x.args["charge"]), "id")
}

func retrieveCharge(x *exchange) (object, *refusal) {
	c, refused := x.chargeAtPath()
	if refused != nil {
		return nil, refused
	}
	return c.show(), nil
}

func updateCharge(x *exchange) (object, *refusal) {
	c, refused := x.chargeAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(c.Metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	c.update(merged, x.params.optional("description"))
	return c.show(), nil
}

func captureCharge(x *exchange) (object, *refusal) {
	c, refused := x.chargeAtPath()
	if refused != nil {
		return nil, refused
	}
	if refused := c.capture(x.params.optionalNumber("amount")); refused != nil {
		return nil, refused
	}
	return c.show(), nil
}

func listCharges(x *exchange) (object, *refusal) {
	line := &x.world.allCharges
	if x.params.has("payment_intent") {
		p := x.world.intents[x.params.text("payment_intent")]
		if p == nil {
			return nil, invalid("payment_intent", "resource_missing", "No such payment_intent is known here: '%s'.", printable(x.params.text("payment_intent")))
		}
		line = &p.charges
	}
	if customer := x.params.text("customer"); customer != "" {
		own := &timeline[*charge]{}
		for _, c := range line.sorted() {
			if c.Customer == customer {
				own.add(c)
			}
		}
		line = own
	}
	return listPage(x, line, kindCharge, func(id string) dated {
		if c := x.world.charges[id]; c != nil {
			return c
		}
		return nil
	})
}
