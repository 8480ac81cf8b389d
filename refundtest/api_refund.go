package refundtest

import "strings"

// refundRoutes are the endpoints of refunds. Their parameters are exact.
func refundRoutes() []*route {
	scopedCreate := []param{
		amountParam("amount"), textParam("currency"), textParam("customer"), textParam("instructions_email"), metadataParam,
		choiceParam("origin", "customer_balance"), textParam("payment_intent"), reasonParam(),
		{name: "refund_application_fee", kind: boolean}, {name: "reverse_transfer", kind: boolean}, expandParam,
	}
	legacyCreate := []param{
		amountParam("amount"), textParam("instructions_email"), metadataParam, textParam("payment_intent"), reasonParam(),
		{name: "refund_application_fee", kind: boolean}, {name: "reverse_transfer", kind: boolean}, expandParam,
	}
	create := append([]param{textParam("charge")}, scopedCreate...)
	update := []param{metadataParam, expandParam}
	list := listParams(textParam("charge"), textParam("payment_intent"), param{name: "created", kind: timeRange})
	only := []param{expandParam}
	const one, scoped = "/v1/refunds/{refund}", "/v1/charges/{charge}/refunds"
	table := []*route{
		{method: "POST", template: "/v1/refunds", params: create, handle: createRefund},
		{method: "GET", template: "/v1/refunds", params: list, lists: true, handle: listRefunds},
		{method: "GET", template: one, params: only, handle: retrieveRefund},
		{method: "POST", template: one, params: update, handle: updateRefund},
		{method: "POST", template: one + "/cancel", params: only, handle: cancelRefund},
		{method: "POST", template: "/v1/test_helpers/refunds/{refund}/expire", params: only, handle: expireRefund},
		{method: "POST", template: scoped, params: scopedCreate, handle: createRefund},
		{method: "GET", template: scoped, params: listParams(), lists: true, handle: listChargeRefunds},
		{method: "GET", template: scoped + "/{refund}", params: only, handle: retrieveRefund},
		{method: "POST", template: scoped + "/{refund}", params: update, handle: updateRefund},
	}
	for _, r := range table {
		r.shows = kindRefund
	}
	return append(table, &route{method: "POST", template: "/v1/charges/{charge}/refund", shows: kindCharge,
		params: legacyCreate, handle: refundCharge})
}

func reasonParam() param {
	return choiceParam("reason", "duplicate", "fraudulent", "requested_by_customer")
}

func createRefund(x *exchange) (object, *refusal) {
	r, refused := x.createRefund()
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

// refundCharge is the old endpoint, which answers with the charge.
func refundCharge(x *exchange) (object, *refusal) {
	r, refused := x.createRefund()
	if refused != nil {
		return nil, refused
	}
	return r.charge.show(), nil
}

func (x *exchange) createRefund() (*refund, *refusal) {
	if amount := x.params.number("amount"); amount > maxAmount {
		return nil, invalid("amount", "amount_too_large", "The amount must be no more than %d.", maxAmount)
	}
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	if x.params.text("origin") != "" {
		return x.createCashRefund(given)
	}
	c, refused := x.chargeToRefund()
	if refused != nil {
		return nil, refused
	}
	if currency := x.params.text("currency"); currency != "" && !strings.EqualFold(currency, c.Currency) {
		return nil, invalid("currency", "", "The charge %s is in %s.", c.id, c.Currency)
	}
	return x.world.makeRefund(refundInput{
		charge: c, amount: x.params.number("amount"), reason: x.params.text("reason"),
		email: x.params.text("instructions_email"), metadata: given,
		reverseTransfer: x.params.text("reverse_transfer") == "true",
		returnFee:       x.params.text("refund_application_fee") == "true",
	})
}

// createCashRefund reads the parameters of a refund without a charge.
func (x *exchange) createCashRefund(given map[string]string) (*refund, *refusal) {
	for _, name := range []string{"charge", "payment_intent"} {
		if x.params.has(name) || x.args[name] != "" {
			return nil, invalid(name, "", "A refund with the origin customer_balance names no %s.", name)
		}
	}
	for _, name := range []string{"customer", "currency", "amount"} {
		if !x.params.has(name) {
			return nil, invalid(name, "parameter_missing", "The parameter %s is required.", name)
		}
	}
	return x.world.refundFromCash(cashRefundInput{
		from:   cashName{x.params.text("customer"), strings.ToLower(x.params.text("currency"))},
		amount: x.params.number("amount"), reason: x.params.text("reason"),
		email: x.params.text("instructions_email"), metadata: given,
	})
}

// chargeToRefund finds the charge that the path or the parameters name.
func (x *exchange) chargeToRefund() (*charge, *refusal) {
	if id, scoped := x.args["charge"]; scoped {
		c := x.world.charges[id]
		if c == nil {
			return nil, missing(kindCharge, id, "id")
		}
		if intent := x.params.text("payment_intent"); intent != "" && intent != c.PaymentIntent {
			return nil, invalid("payment_intent", "", "The charge %s is not of the PaymentIntent %s.", id, printable(intent))
		}
		return c, nil
	}
	id, intent := x.params.text("charge"), x.params.text("payment_intent")
	switch {
	case id == "" && intent == "":
		return nil, invalid("", "", "One of charge and payment_intent is required.")
	case id != "" && intent != "":
		return nil, invalid("", "", "Send either charge or payment_intent, not both.")
	case id != "":
		if c := x.world.charges[id]; c != nil {
			return c, nil
		}
		return nil, missing(kindCharge, printable(id), "id")
	}
	p := x.world.intents[intent]
	if p == nil {
		return nil, invalid("payment_intent", "resource_missing", "No such payment_intent is known here: '%s'.", printable(intent))
	}
	if c := x.world.charges[p.latestCharge]; c != nil && c.Status != "failed" {
		return c, nil
	}
	return nil, impossible("", "", "The PaymentIntent %s does not have a successful charge, so that there is nothing to refund.", p.id)
}

// refundAtPath finds the refund that the path names.
func (x *exchange) refundAtPath() (*refund, *refusal) {
	id := x.args["refund"]
	r := x.world.refunds[id]
	if charge, scoped := x.args["charge"]; scoped {
		if x.world.charges[charge] == nil {
			return nil, missing(kindCharge, printable(charge), "id")
		}
		if r != nil && (r.charge == nil || r.charge.id != charge) {
			r = nil
		}
	}
	if r == nil {
		return nil, missing(kindRefund, printable(id), "refund")
	}
	return r, nil
}

func retrieveRefund(x *exchange) (object, *refusal) {
	r, refused := x.refundAtPath()
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

func updateRefund(x *exchange) (object, *refusal) {
	r, refused := x.refundAtPath()
	if refused != nil {
		return nil, refused
	}
	merged, refused := mergeMetadata(r.metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	r.update(merged)
	return r.show(), nil
}

func cancelRefund(x *exchange) (object, *refusal) {
	r, refused := x.refundAtPath()
	if refused != nil {
		return nil, refused
	}
	if refused := r.mustRequireAction("be canceled"); refused != nil {
		return nil, refused
	}
	r.cancel(byMerchant)
	return r.show(), nil
}

func expireRefund(x *exchange) (object, *refusal) {
	r, refused := x.refundAtPath()
	if refused != nil {
		return nil, refused
	}
	if x.world.name.live {
		return nil, invalid("", "", "Test helpers do not work in live mode.")
	}
	if refused := r.mustRequireAction("expire"); refused != nil {
		return nil, refused
	}
	r.fail("unknown")
	return r.show(), nil
}

func (x *exchange) findRefund(id string) dated {
	if r := x.world.refunds[id]; r != nil {
		return r
	}
	return nil
}

func listRefunds(x *exchange) (object, *refusal) {
	line := &x.world.allRefunds
	c := x.world.charges[x.params.text("charge")]
	p := x.world.intents[x.params.text("payment_intent")]
	switch {
	case x.params.has("charge") && c == nil:
		return nil, invalid("charge", "resource_missing", "No such charge is known here: '%s'.", printable(x.params.text("charge")))
	case x.params.has("payment_intent") && p == nil:
		return nil, invalid("payment_intent", "resource_missing", "No such payment_intent is known here: '%s'.",
			printable(x.params.text("payment_intent")))
	case c != nil && p != nil && c.PaymentIntent != p.id:
		line = &timeline[*refund]{}
	case c != nil:
		line = &c.refunds
	case p != nil:
		line = &p.refunds
	}
	page, refused := listPage(x, line, kindRefund, x.findRefund, nil)
	if refused == nil && c != nil {
		page["count"] = len(line.items) // undeclared, but Stripe sends it with this filter
	}
	return page, refused
}

func listChargeRefunds(x *exchange) (object, *refusal) {
	c := x.world.charges[x.args["charge"]]
	if c == nil {
		return nil, missing(kindCharge, printable(x.args["charge"]), "id")
	}
	return listPage(x, &c.refunds, kindRefund, x.findRefund, nil)
}
