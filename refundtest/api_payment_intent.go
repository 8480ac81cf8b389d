package refundtest

import (
	"slices"
	"strings"
)

func intentRoutes() []*route {
	const ignored = "allowed_payment_method_types amount_details excluded_payment_method_types hooks payment_details " +
		"payment_method_options customer_account payment_method_configuration"
	const onConfirm = "confirmation_token error_on_requires_action mandate mandate_data off_session radar_options " +
		"return_url use_stripe_sdk"
	method := []param{textParam("payment_method"), {name: "payment_method_data"}, {name: "payment_method_types", kind: texts}}
	captureMethod := choiceParam("capture_method", "automatic", "automatic_async", "manual")
	futureUsage := choiceParam("setup_future_usage", "off_session", "on_session")
	money := []param{textParam("customer"), textParam("description"), metadataParam, textParam("receipt_email"),
		integerParam("application_fee_amount"), expandParam, captureMethod, futureUsage}
	transferAmount := hashParam("transfer_data", integerParam("amount"))
	create := slices.Concat(others(ignored+" "+onConfirm), method, money, particularParams("on_behalf_of", "shipping",
		"statement_descriptor", "statement_descriptor_suffix", "transfer_group"), []param{
		must(amountParam("amount")), must(textParam("currency")), {name: "confirm", kind: boolean},
		choiceParam("confirmation_method", "automatic", "manual"),
		hashParam("automatic_payment_methods", must(param{name: "enabled", kind: boolean}), choiceParam("allow_redirects", "always", "never")),
		hashParam("transfer_data", integerParam("amount"), must(textParam("destination"))),
	})
	update := slices.Concat(others(ignored+" currency"), method, money, particularParams("shipping",
		"statement_descriptor", "statement_descriptor_suffix", "transfer_group"), []param{amountParam("amount"), transferAmount})
	confirm := slices.Concat(others(ignored+" "+onConfirm+" amount_to_confirm client_secret"), method,
		particularParams("shipping"), []param{captureMethod, futureUsage, textParam("receipt_email"), expandParam})
	capture := slices.Concat(others("amount_details application_fee_amount final_capture hooks payment_details"),
		particularParams("statement_descriptor", "statement_descriptor_suffix"), []param{
			integerParam("amount_to_capture"), transferAmount, metadataParam, expandParam,
		})
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
	confirmed := x.params.text("confirm") == "true"
	method, id, refused := x.intentMethod(nil, confirmed)
	if refused != nil {
		return nil, refused
	}
	if confirmed && id == "" {
		return nil, invalid("payment_method", "parameter_missing", "A PaymentIntent cannot be confirmed without a payment method.")
	}
	p := x.world.createIntent(intentInput{
		amount: x.params.number("amount"), currency: strings.ToLower(x.params.text("currency")), metadata: given,
		method: method, methodID: id, particulars: x.particulars(particulars{}), intentTerms: x.terms(intentTerms{}),
		customer: x.params.text("customer"), description: x.params.text("description"), email: x.params.text("receipt_email"),
		fee: x.params.number("application_fee_amount"), recipient: x.recipient(),
	})
	p.attempt = x.readAttempt()
	if confirmed {
		if refused := p.confirm(); refused != nil {
			return nil, refused
		}
	}
	return p.show(), nil
}

// terms lays those that the request has over the old ones.
func (x *exchange) terms(t intentTerms) intentTerms {
	for name, field := range map[string]*string{
		"capture_method": &t.captureMethod, "confirmation_method": &t.confirmation, "setup_future_usage": &t.futureUsage,
	} {
		setGiven(field, x.params.optional(name))
	}
	if types := x.params.texts("payment_method_types"); types != nil {
		t.methodTypes = types
	}
	if automatic := x.params.child("automatic_payment_methods"); automatic != nil {
		t.redirects = automatic.text("allow_redirects")
		if automatic.text("enabled") == "false" && t.methodTypes == nil {
			t.methodTypes = []string{"card"}
		}
	}
	return t
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
	if refused := x.checkCustomer(); refused != nil {
		return nil, refused
	}
	method, id, refused := x.intentMethod(p, false)
	if refused != nil {
		return nil, refused
	}
	refused = p.update(intentChange{
		metadata: merged, method: method, methodID: id, amount: x.params.optionalNumber("amount"),
		particulars: x.particulars(p.particulars), intentTerms: x.terms(p.intentTerms), fee: x.params.optionalNumber("application_fee_amount"),
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
	method, id, refused := x.intentMethod(p, true)
	if refused != nil {
		return nil, refused
	}
	p.attempt = x.readAttempt()
	refused = p.confirmWith(intentChange{method: method, methodID: id, email: x.params.optional("receipt_email"),
		particulars: x.particulars(p.particulars), intentTerms: x.terms(p.intentTerms)})
	if refused != nil {
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
	if refused := p.capture(x.params.optionalNumber("amount_to_capture"), merged, x.particulars(p.particulars)); refused != nil {
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
	find := func(id string) dated {
		if p := x.world.intents[id]; p != nil {
			return p
		}
		return nil
	}
	customer := x.params.text("customer")
	return listPage(x, &x.world.allIntents, kindIntent, find, func(p *intent) bool {
		return customer == "" || p.customer == customer
	})
}
