package refundtest

import (
	"slices"
	"strings"
)

func chargeRoutes() []*route {
	create := slices.Concat(others("application_fee payment_method radar_options"), particularParams(
		"on_behalf_of", "shipping", "statement_descriptor", "statement_descriptor_suffix", "transfer_group"), []param{
		must(amountParam("amount")), must(textParam("currency")), integerParam("application_fee_amount"),
		{name: "capture", kind: boolean}, {name: "card"}, {name: "source"}, textParam("customer"),
		textParam("description"), metadataParam, textParam("receipt_email"),
		hashParam("transfer_data", integerParam("amount"), must(textParam("destination"))), {name: "destination"}, expandParam,
	})
	capture := slices.Concat(others("application_fee application_fee_amount"),
		particularParams("statement_descriptor", "statement_descriptor_suffix", "transfer_group"), []param{
			amountParam("amount"), textParam("receipt_email"), hashParam("transfer_data", integerParam("amount")), expandParam,
		})
	update := slices.Concat(others("fraud_details"), particularParams("shipping", "transfer_group"), []param{
		textParam("customer"), textParam("description"), metadataParam, textParam("receipt_email"), expandParam,
	})
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
	c := x.world.takePayment(payment{
		Charge: Charge{
			Amount: x.params.number("amount"), Currency: strings.ToLower(x.params.text("currency")), Status: "succeeded",
			Uncaptured: x.params.text("capture") == "false", WithoutPaymentIntent: true, Metadata: given,
			Customer: x.params.text("customer"), Description: x.params.text("description"),
			ReceiptEmail: x.params.text("receipt_email"), ApplicationFeeAmount: x.params.number("application_fee_amount"),
		},
		particulars: x.particulars(particulars{}), method: method, recipient: x.recipient(),
	})
	if c.Status == "failed" {
		return nil, method.refuse(c.id)
	}
	return c.show(), nil
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
	if c.PaymentIntent != "" && x.params.has("transfer_group") {
		return nil, impossible("transfer_group", "", "The charge %s is of the PaymentIntent %s: update that.", c.id, c.PaymentIntent)
	}
	c.update(chargeChange{metadata: merged, particulars: x.particulars(c.particulars), description: x.params.optional("description"),
		email: x.params.optional("receipt_email"), customer: x.params.optional("customer")})
	return c.show(), nil
}

func captureCharge(x *exchange) (object, *refusal) {
	c := x.world.charges[x.args["charge"]]
	if c == nil {
		return nil, missing(kindCharge, printable(x.args["charge"]), "charge")
	}
	if refused := c.capture(x.params.optionalNumber("amount"), x.particulars(c.particulars)); refused != nil {
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
	find := func(id string) dated {
		if c := x.world.charges[id]; c != nil {
			return c
		}
		return nil
	}
	customer, group := x.params.text("customer"), x.params.text("transfer_group")
	return listPage(x, line, kindCharge, find, func(c *charge) bool {
		return (customer == "" || c.Customer == customer) && (group == "" || c.transferGroup == group)
	})
}
