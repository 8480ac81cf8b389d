package refundtest

import "strings"

// record is a payment that another processor made and that was reported here.
type paymentRecord struct {
	id               string
	world            *World
	at               moment
	amount           int64
	currency         string
	refunded         int64
	failed           bool
	guaranteed       bool
	metadata         map[string]string
	description      string
	presence         string
	paymentReference string
	methodKind       string
	attempt          string
}

func recordRoutes() []*route {
	money := []param{must(textParam("currency")), must(amountParam("value"))}
	report := append(others("customer_details description shipping_details"),
		must(hashParam("amount_requested", money...)), must(integerParam("initiated_at")),
		must(param{name: "payment_method_details"}), choiceParam("customer_presence", "on_session", "off_session"),
		choiceParam("outcome", "guaranteed", "failed"), metadataParam, expandParam,
		hashParam("failed", must(integerParam("failed_at"))), hashParam("guaranteed", must(integerParam("guaranteed_at"))),
		hashParam("processor_details", must(choiceParam("type", "custom")),
			hashParam("custom", must(textParam("payment_reference")))))
	refund := []param{
		hashParam("amount", money...), expandParam, integerParam("initiated_at"), metadataParam,
		must(choiceParam("outcome", "refunded")),
		must(hashParam("processor_details", must(choiceParam("type", "custom")),
			hashParam("custom", must(textParam("refund_reference"))))),
		hashParam("refunded", must(integerParam("refunded_at"))),
	}
	const root = "/v1/payment_records"
	return []*route{
		{method: "POST", template: root + "/report_payment", shows: kindRecord, params: report, handle: reportPayment},
		{method: "GET", template: root + "/{id}", shows: kindRecord, params: []param{expandParam}, handle: retrieveRecord},
		{method: "POST", template: root + "/{id}/report_refund", shows: kindRecord, params: refund, handle: reportRefund},
	}
}

func reportPayment(x *exchange) (object, *refusal) {
	given, refused := mergeMetadata(nil, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	requested := x.params.child("amount_requested")
	r := &paymentRecord{
		id: x.server.ids.object("pr_"), world: x.world, at: x.server.stamp(), amount: requested.number("value"),
		currency: strings.ToLower(requested.text("currency")), metadata: given,
		failed: x.params.text("outcome") == "failed", guaranteed: x.params.text("outcome") == "guaranteed",
		description: x.params.text("description"), presence: x.params.text("customer_presence"),
		paymentReference: x.params.text("processor_details", "custom", "payment_reference"),
		methodKind:       x.params.text("payment_method_details", "type"), attempt: x.server.ids.object("par_"),
	}
	if r.methodKind == "" {
		r.methodKind = "custom"
	}
	x.world.records[r.id] = r
	return r.show(), nil
}

func (x *exchange) recordAtPath() (*paymentRecord, *refusal) {
	if r := x.world.records[x.args["id"]]; r != nil {
		return r, nil
	}
	return nil, missing(kindRecord, printable(x.args["id"]), "id")
}

func retrieveRecord(x *exchange) (object, *refusal) {
	r, refused := x.recordAtPath()
	if refused != nil {
		return nil, refused
	}
	return r.show(), nil
}

func reportRefund(x *exchange) (object, *refusal) {
	r, refused := x.recordAtPath()
	if refused != nil {
		return nil, refused
	}
	reference := x.params.text("processor_details", "custom", "refund_reference")
	amount := r.amount - r.refunded
	if asked := x.params.child("amount"); asked != nil {
		amount = asked.number("value")
		if !strings.EqualFold(asked.text("currency"), r.currency) {
			return nil, invalid("amount[currency]", "", "The payment is in %s.", r.currency)
		}
	}
	merged, refused := mergeMetadata(r.metadata, x.params.child("metadata"))
	switch {
	case refused != nil:
		return nil, refused
	case !r.guaranteed:
		return nil, impossible("", "", "The payment %s is not reported as guaranteed: there is nothing to refund.", r.id)
	case reference != "" && x.world.refundReferences[reference]:
		return nil, impossible("processor_details[custom][refund_reference]", "",
			"A refund with the reference '%s' is already reported.", printable(reference))
	case amount == 0 || amount > r.amount-r.refunded:
		return nil, impossible("amount", "", "The amount is more than the %d that are left of the payment.", r.amount-r.refunded)
	}
	x.world.refundReferences[reference] = true
	r.refunded += amount
	r.metadata = merged
	return r.show(), nil
}

func (r *paymentRecord) show() object {
	money := func(value int64) object { return object{"currency": r.currency, "value": value} }
	guaranteed, failed := int64(0), int64(0)
	if r.guaranteed {
		guaranteed = r.amount
	}
	if r.failed {
		failed = r.amount
	}
	processor := object{"type": "custom", "custom": object{"payment_reference": orNull(r.paymentReference)}}
	return object{
		"id": r.id, "object": kindRecord, "amount": money(r.amount), "amount_authorized": money(guaranteed),
		"amount_canceled": money(0), "amount_failed": money(failed), "amount_guaranteed": money(guaranteed),
		"amount_refunded": money(r.refunded), "amount_requested": money(r.amount), "application": nil,
		"created": r.at.second, "customer_details": nil, "customer_presence": orNull(r.presence),
		"description": orNull(r.description), "latest_payment_attempt_record": r.attempt, "livemode": r.world.name.live,
		"metadata":               r.metadata,
		"payment_method_details": object{"type": r.methodKind, "billing_details": nil, "payment_method": nil},
		"processor_details":      processor, "reported_by": "self", "shipping_details": nil,
	}
}
