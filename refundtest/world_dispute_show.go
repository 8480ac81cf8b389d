package refundtest

import "time"

// evidenceTime is how long the merchant has to answer a dispute.
const evidenceTime = 7 * 24 * time.Hour

func (c *charge) showDispute() object {
	d := c.dispute
	due := d.at.second + int64(evidenceTime/time.Second)
	evidence := nulls("access_activity_log billing_address cancellation_policy cancellation_policy_disclosure " +
		"cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip " +
		"customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id " +
		"product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation service_date " +
		"service_documentation shipping_address shipping_carrier shipping_date shipping_documentation " +
		"shipping_tracking_number uncategorized_file uncategorized_text")
	evidence["enhanced_evidence"] = object{}
	o := object{
		"id": d.id, "object": kindDispute, "amount": c.refundable(), "balance_transactions": []any{},
		"charge": linkTo(kindCharge, c.id), "created": d.at.second, "currency": c.Currency,
		"enhanced_eligibility_types": []any{}, "evidence": evidence,
		"evidence_details": object{
			"due_by": due, "enhanced_eligibility": object{}, "has_evidence": d.answered,
			"past_due": !d.answered && c.world.server.instant().Unix() > due, "submission_count": d.submissions(),
		},
		"is_charge_refundable": d.refundable(), "livemode": c.world.name.live, "metadata": object{},
		"payment_intent": linkTo(kindIntent, c.PaymentIntent), "reason": orElse(c.method.disputeReason, "fraudulent"), "status": d.status,
	}
	if c.method.isCard() {
		o["payment_method_details"] = object{"type": "card", "card": object{
			"brand": orElse(c.method.brand, "visa"), "case_type": d.caseType(), "network": orElse(c.method.brand, "visa"),
			"network_reason_code": "83",
		}}
	}
	return o
}

func (d *dispute) submissions() int64 {
	if d.answered {
		return 1
	}
	return 0
}

// caseType tells an inquiry from a dispute.
func (d *dispute) caseType() string {
	if d.isInquiry() {
		return "inquiry"
	}
	return "chargeback"
}
