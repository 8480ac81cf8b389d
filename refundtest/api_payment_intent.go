package refundtest

import (
	"slices"
	"strings"
)

func intentRoutes() []*route {
	const ignored = "allowed_payment_method_types amount_details excluded_payment_method_types hooks payment_details " +
		"payment_method_options setup_future_usage shipping"
	const more = "customer_account on_behalf_of payment_method_configuration statement_descriptor " +
		"statement_descriptor_suffix transfer_group"
	const onConfirm = "confirmation_token error_on_requires_action mandate mandate_data off_session radar_options " +
		"return_url use_stripe_sdk"
	method := []param{textParam("payment_method"), {name: "payment_method_data"}, {name: "payment_method_types", kind: texts}}
	create := slices.Concat(others(ignored+" "+more+" "+onConfirm+" automatic_payment_methods confirmation_method"), method, []param{
		must(amountParam("amount")), must(textParam("currency")), integerParam("application_fee_amount"),
		choiceParam("capture_method", "automatic", "automatic_async", "manual"), {name: "confirm", kind: boolean},
		textParam("customer"), textParam("description"), metadataParam, textParam("receipt_email"), {name: "transfer_data"}, expandParam,
	})
	update := slices.Concat(others(ignored+" statement_descriptor statement_descriptor_suffix transfer_data transfer_group "+
		"customer_account payment_method_configuration currency capture_method application_fee_amount"), method, []param{
		amountParam("amount"), textParam("customer"), textParam("description"), metadataParam, textParam("receipt_email"), expandParam,
	})
	confirm := slices.Concat(others(ignored+" "+onConfirm+" amount_to_confirm capture_method client_secret"), method,
		[]param{textParam("receipt_email"), expandParam})
	capture := append(others("amount_details application_fee_amount final_capture hooks payment_details statement_descriptor "+
		"statement_descriptor_suffix transfer_data"), amountParam("amount_to_capture"), metadataParam, expandParam)
	cancel := []param{choiceParam("cancellation_reason", "duplicate", "fraudulent", "requested_by_customer", "abandoned"), expandParam}
	list := listParams(param{name: "created", kind: timeRange}, textParam("customer"), textParam("customer_account"))
	const one = "/v1/payment_intents/{intent}"
	table := []*route{
		{method: "POST", template: "/v1/payment_intents", params: create, handle: createIntent},
		{method: "GET", template: "/v1/payment_intents", params: list, lists: true, handle: listIntents},
		{method: "GET", template: one, params: append(others("client_secret"), expandParam), handle: retrieveIntent},
		{method: "POST", template: one, params: update, handle: updateIntent},
		{method: "POST", template: one + "/confirm", params: confirm, handle: confirmIntent},
		{method: "POST", template: one + "/capture", params: capture, handle: captureIntent},
		{method: "POST", template: one + "/cancel", params: cancel, handle: cancelIntent},
	}
	for _, r := range table {
		r.shows = kindIntent
	}
	return table
}

func createIntent(x *exchange) (object, *refusal) {
	if refused := x.checkMoney(); refused != nil {
		return nil, refused
	}
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	method, id, refused := x.intentMethod()
	if refused != nil {
		return nil, refused
	}
	confirmed := x.params.text("confirm") == "true"
	if confirmed && id == "" {
		return nil, invalid("payment_method", "parameter_missing", "A PaymentIntent cannot be confirmed without a payment method.")
	}
	p := x.world.createIntent(intentInput{
		amount: x.params.number("amount"), currency: strings.ToLower(x.params.text("currency")), metadata: given,
		method: method, methodID: id, manual: x.params.text("capture_method") == "manual",
		customer: x.params.text("customer"), description: x.params.text("description"), email: x.params.text("receipt_email"),
		fee: x.params.number("application_fee_amount"), recipient: x.recipient(),
	})
	if confirmed {
		if refused := p.confirm(); refused != nil {
			return nil, refused
		}
	}
	return p.show(), nil
}

// intentMethod is what the payment method of a PaymentIntent stands for, and
// its id; empty if none is named.
func (x *exchange) intentMethod() (method paymentMethod, id string, refused *refusal) {
	fresh := x.server.ids.object("pm_")
	if data := x.params.child("payment_method_data"); data != nil {
		kind := data.text("type")
		if kind == "" {
			return method, "", invalid("payment_method_data[type]", "parameter_missing", "A payment method has a type.")
		}
		if kind != "card" {
			return paymentMethod{kind: kind}, fresh, nil
		}
		token, _ := strings.CutPrefix(data.text("card", "token"), "tok_")
		method, ok := namedMethod(token)
		if number := data.text("card", "number"); number != "" {
			method, ok = methodByNumber(number)
		}
		if !ok {
			return method, "", invalid("payment_method_data[card]", "resource_missing", "There is no such test card.")
		}
		return method, fresh, nil
	}
	named := x.params.text("payment_method")
	if named == "" {
		return method, "", nil
	}
	if card, isTest := strings.CutPrefix(named, "pm_card_"); isTest {
		if method, ok := namedMethod(card); ok {
			return method, fresh, nil
		}
	} else if strings.HasPrefix(named, "pm_usBankAccount") {
		return paymentMethod{kind: "us_bank_account"}, fresh, nil
	} else if p := x.world.intentWithMethod(named); p != nil {
		return p.method, named, nil
	}
	return method, "", invalid("payment_method", "resource_missing", "There is no test payment method '%s'.", printable(named))
}

func (x *exchange) intentAtPath() (*intent, *refusal) {
	if p := x.world.intents[x.args["intent"]]; p != nil {
		return p, nil
	}
	return nil, missing(kindIntent, printable(x.args["intent"]), "intent")
}

func retrieveIntent(x *exchange) (object, *refusal) {
	p, refused := x.intentAtPath()
	if refused != nil {
		return nil, refused
	}
	return p.show(), nil
}

func updateIntent(x *exchange) (object, *refusal) {
	p, refused := x.intentAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(p.metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	method, id, refused := x.intentMethod()
	if refused != nil {
		return nil, refused
	}
	refused = p.update(intentChange{
		metadata: merged, method: method, methodID: id, amount: x.params.optionalNumber("amount"),
		customer: x.params.optional("customer"), description: x.params.optional("description"), email: x.params.optional("receipt_email"),
	})
	if refused != nil {
		return nil, refused
	}
	return p.show(), nil
}

func confirmIntent(x *exchange) (object, *refusal) {
	p, refused := x.intentAtPath()
	if refused != nil {
		return nil, refused
	}
	method, id, refused := x.intentMethod()
	if refused != nil {
		return nil, refused
	}
	if refused := p.confirmWith(method, id, x.params.text("receipt_email")); refused != nil {
		return nil, refused
	}
	return p.show(), nil
}

func captureIntent(x *exchange) (object, *refusal) {
	p, refused := x.intentAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(p.metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	if refused := p.capture(x.params.optionalNumber("amount_to_capture"), merged); refused != nil {
		return nil, refused
	}
	return p.show(), nil
}

func cancelIntent(x *exchange) (object, *refusal) {
	p, refused := x.intentAtPath()
	if refused != nil {
		return nil, refused
	}
	if refused := p.cancel(x.params.text("cancellation_reason")); refused != nil {
		return nil, refused
	}
	return p.show(), nil
}

func listIntents(x *exchange) (object, *refusal) {
	line := &x.world.allIntents
	if customer := x.params.text("customer"); customer != "" {
		own := &timeline[*intent]{}
		for _, p := range line.sorted() {
			if p.customer == customer {
				own.add(p)
			}
		}
		line = own
	}
	return listPage(x, line, kindIntent, func(id string) dated {
		if p := x.world.intents[id]; p != nil {
			return p
		}
		return nil
	})
}
