package refundtest

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

// reportPayment adds a payment record.
func (w *World) reportPayment(given paymentRecord) *paymentRecord {
	r := &given
	r.id, r.world, r.at, r.attempt = w.server.ids.object("pr_"), w, w.server.stamp(), w.server.ids.object("par_")
	if r.methodKind == "" {
		r.methodKind = "custom"
	}
	w.records[r.id] = r
	return r
}

// remaining is what can still be refunded.
func (r *paymentRecord) remaining() int64 { return r.amount - r.refunded }

// reportRefund counts a refund that another processor made. The reference, if
// there is one, must be new.
func (r *paymentRecord) reportRefund(amount int64, reference string, metadata map[string]string) *refusal {
	switch {
	case !r.guaranteed:
		return impossible("", "", "The payment %s is not reported as guaranteed: there is nothing to refund.", r.id)
	case reference != "" && r.world.refundReferences[reference]:
		return impossible("processor_details[custom][refund_reference]", "",
			"A refund with the reference '%s' is already reported.", printable(reference))
	case amount == 0 || amount > r.remaining():
		return impossible("amount", "", "The amount is more than the %d that are left of the payment.", r.remaining())
	}
	r.world.refundReferences[reference] = true
	r.refunded += amount
	r.metadata = metadata
	return nil
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
