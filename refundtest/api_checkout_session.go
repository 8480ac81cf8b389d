package refundtest

import (
	"strings"
	"time"
)

func sessionRoutes() []*route {
	const ignored = "adaptive_pricing after_expiration allow_promotion_codes automatic_tax branding_settings consent_collection " +
		"custom_fields custom_text customer_account customer_update discounts excluded_payment_method_types invoice_creation " +
		"managed_payments name_collection optional_items payment_method_collection payment_method_configuration " +
		"payment_method_data payment_method_options permissions phone_number_collection redirect_on_completion return_url " +
		"saved_payment_method_options setup_intent_data shipping_address_collection shipping_options subscription_data " +
		"tax_id_collection wallet_options payment_intent_data"
	create := append(others(ignored+" "+checkoutTexts), choiceParam("mode", "payment", "setup", "subscription"), param{name: "line_items"},
		textParam("customer"), choiceParam("customer_creation", "always", "if_required"), textParam("currency"),
		integerParam("expires_at"), metadataParam, param{name: "payment_method_types", kind: texts}, expandParam,
		choiceParam("ui_mode", "hosted_page", "embedded_page", "elements", "hosted", "embedded", "custom"))
	list := listParams(append(others("customer_account customer_details payment_link subscription"), param{name: "created", kind: timeRange},
		textParam("customer"), textParam("payment_intent"), choiceParam("status", "complete", "expired", "open"))...)
	update := append(others("collected_information line_items shipping_options"), metadataParam, expandParam)
	const all, one = "/v1/checkout/sessions", "/v1/checkout/sessions/{session}"
	table := []*route{
		{method: "POST", template: all, params: create, handle: createSession},
		{method: "GET", template: all, params: list, lists: true, handle: listSessions},
		{method: "GET", template: one, params: []param{expandParam}, handle: retrieveSession},
		{method: "POST", template: one, params: update, handle: updateSession},
		{method: "POST", template: one + "/expire", params: []param{expandParam}, handle: expireSession},
		{method: "GET", template: one + "/line_items", params: listParams(), lists: true, handle: listItems},
	}
	for _, r := range table {
		r.shows = kindSession
	}
	return table
}

func createSession(x *exchange) (object, *refusal) {
	if mode := x.params.text("mode"); mode != "" && mode != "payment" {
		x.server.complain("a Checkout Session with the mode %s is not simulated", mode)
		return nil, invalid("mode", "", "Only Checkout Sessions with the mode payment are simulated here.")
	}
	if refused := x.checkCustomer(); refused != nil {
		return nil, refused
	}
	given, refused := x.readSession()
	if refused != nil {
		return nil, refused
	}
	return x.world.createCheckout(given).show(), nil
}

func (x *exchange) readSession() (given checkoutInput, refused *refusal) {
	given = checkoutInput{texts: readFields(nil, &x.params, checkoutTexts+" ui_mode"), methods: x.params.texts("payment_method_types"),
		expiresAt: x.params.number("expires_at"), newOwner: x.params.text("customer_creation") == "always"}
	switch given.texts["ui_mode"] {
	case "", "hosted", "hosted_page":
		given.texts["ui_mode"] = "hosted_page"
		if given.texts["success_url"] == "" {
			return given, invalid("success_url", "parameter_missing", "Say in success_url where the customer goes after paying.")
		}
	}
	if given.methods == nil {
		given.methods = []string{"card"}
	}
	now := x.server.instant()
	if at := time.Unix(given.expiresAt, 0); given.expiresAt != 0 && (at.Before(now.Add(30*time.Minute)) || at.After(now.Add(checkoutLifetime))) {
		return given, invalid("expires_at", "", "A Checkout Session expires between 30 minutes and 24 hours after it is made.")
	}
	if given.metadata, refused = mergeMetadata(nil, x.params.child("metadata")); refused != nil {
		return given, refused
	}
	if given.payment, refused = x.readCheckoutPayment(); refused != nil {
		return given, refused
	}
	given.items, refused = x.readItems(&given.payment)
	return given, refused
}

// readCheckoutPayment reads what the PaymentIntent will have.
func (x *exchange) readCheckoutPayment() (intentInput, *refusal) {
	data := x.params.child("payment_intent_data")
	merged, refused := mergeMetadata(nil, data.child("metadata"))
	return intentInput{
		metadata: merged, customer: x.params.text("customer"), description: data.text("description"), email: data.text("receipt_email"),
		intentTerms: intentTerms{captureMethod: data.text("capture_method"), futureUsage: data.text("setup_future_usage"),
			methodTypes: x.params.texts("payment_method_types")},
		fee:       data.number("application_fee_amount"),
		recipient: data.text("transfer_data", "destination"),
	}, refused
}

// readItems reads what is bought, and adds it up.
func (x *exchange) readItems(total *intentInput) ([]checkoutItem, *refusal) {
	lines := x.params.child("line_items")
	if lines == nil || len(lines.names) == 0 {
		return nil, invalid("line_items", "parameter_missing", "Say in line_items what is bought.")
	}
	var items []checkoutItem
	for _, index := range lines.names {
		line, name := lines.children[index], nested("line_items", index)
		price := line.child("price_data")
		if price == nil {
			return nil, invalid(name+"[price]", "resource_missing", "No such price is known here: '%s'; send price_data.", printable(line.text("price")))
		}
		currency := strings.ToLower(price.text("currency"))
		if len(currency) != 3 || total.currency != "" && total.currency != currency {
			return nil, invalid(name+"[price_data][currency]", "", "All items have one currency; this one has '%s'.", printable(currency))
		}
		amount, refused := checkInteger(orElse(price.text("unit_amount"), price.text("unit_amount_decimal")), name+"[price_data][unit_amount]")
		quantity := int64(1)
		if refused == nil && line.has("quantity") {
			quantity, refused = checkInteger(line.text("quantity"), name+"[quantity]")
		}
		if refused != nil {
			return nil, refused
		}
		if amount < 0 || amount > maxAmount || quantity < 1 || quantity > maxAmount || total.amount+amount*quantity > maxAmount {
			return nil, invalid(name, "", "The amount must be between 0 and %d, and the quantity at least 1.", maxAmount)
		}
		total.currency = currency
		total.amount += amount * quantity
		items = append(items, checkoutItem{amount: amount, quantity: quantity, product: price.text("product"),
			name: orElse(price.text("product_data", "name"), "Item")})
	}
	return items, nil
}

func (x *exchange) sessionAtPath() (*checkoutSession, *refusal) {
	if s := x.world.sessions[x.args["session"]]; s != nil {
		return s, nil
	}
	return nil, missing(kindSession, printable(x.args["session"]), "session")
}

func retrieveSession(x *exchange) (object, *refusal) {
	s, refused := x.sessionAtPath()
	if refused != nil {
		return nil, refused
	}
	return s.show(), nil
}

func updateSession(x *exchange) (object, *refusal) {
	s, refused := x.sessionAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(s.metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	s.metadata = merged
	return s.show(), nil
}

func expireSession(x *exchange) (object, *refusal) {
	s, refused := x.sessionAtPath()
	if refused != nil {
		return nil, refused
	}
	if s.status != "open" {
		return nil, impossible("", "", "Only an open Checkout Session can be expired: this one is %s.", s.status)
	}
	s.expire()
	return s.show(), nil
}

func listItems(x *exchange) (object, *refusal) {
	s, refused := x.sessionAtPath()
	if refused != nil {
		return nil, refused
	}
	return s.showItems(), nil
}

func listSessions(x *exchange) (object, *refusal) {
	find := func(id string) dated {
		if s := x.world.sessions[id]; s != nil {
			return s
		}
		return nil
	}
	return listPage(x, &x.world.allSessions, kindSession, find, func(s *checkoutSession) bool {
		paid := ""
		if s.intent != nil {
			paid = s.intent.id
		}
		return x.wants("customer", s.payment.customer) && x.wants("payment_intent", paid) && x.wants("status", s.status)
	})
}
