package refundtest

import "strings"

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
	return x.world.reportPayment(paymentRecord{
		amount: requested.number("value"), currency: strings.ToLower(requested.text("currency")), metadata: given,
		failed: x.params.text("outcome") == "failed", guaranteed: x.params.text("outcome") == "guaranteed",
		description: x.params.text("description"), presence: x.params.text("customer_presence"),
		paymentReference: x.params.text("processor_details", "custom", "payment_reference"),
		methodKind:       x.params.text("payment_method_details", "type"),
	}).show(), nil
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
	amount := r.remaining()
	if asked := x.params.child("amount"); asked != nil {
		amount = asked.number("value")
		if !strings.EqualFold(asked.text("currency"), r.currency) {
			return nil, invalid("amount[currency]", "", "The payment is in %s.", r.currency)
		}
	}
	merged, refused := mergeMetadata(r.metadata, x.params.child("metadata"))
	if refused != nil {
		return nil, refused
	}
	reference := x.params.text("processor_details", "custom", "refund_reference")
	if refused := r.reportRefund(amount, reference, merged); refused != nil {
		return nil, refused
	}
	return r.show(), nil
}
