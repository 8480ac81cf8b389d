package conformance

// What refundkit leaves out of the specification, on purpose. Everything that
// is not named here must be in its types.

// kept names the schemas of which only these properties are in our types: what
// someone handling a refund reads. The rest is behind other endpoints, or a
// secret (the client_secret of a PaymentIntent).
var kept = map[string][]string{
	"charge": {
		"amount", "amount_captured", "amount_refunded", "application_fee", "application_fee_amount", "balance_transaction",
		"billing_details", "calculated_statement_descriptor", "captured", "created", "currency", "customer", "description",
		"disputed", "failure_balance_transaction", "failure_code", "failure_message", "id", "livemode", "metadata", "object",
		"on_behalf_of", "paid", "payment_intent", "payment_method", "payment_method_details", "presentment_details",
		"receipt_email", "receipt_number", "receipt_url", "refunded", "refunds", "source_transfer", "statement_descriptor",
		"status", "transfer", "transfer_data", "transfer_group",
	},
	"payment_intent": {
		"amount", "amount_capturable", "amount_received", "application_fee_amount", "canceled_at", "cancellation_reason",
		"capture_method", "created", "currency", "customer", "customer_account", "description", "id", "latest_charge",
		"livemode", "metadata", "object", "on_behalf_of", "payment_method", "payment_method_types", "presentment_details",
		"receipt_email", "status", "transfer_data", "transfer_group",
	},
	"transfer_data": {"amount", "destination"},
	"dispute": {
		"amount", "balance_transactions", "charge", "created", "currency", "evidence_details", "id", "is_charge_refundable",
		"livemode", "metadata", "object", "payment_intent", "payment_method_details", "reason", "status",
	},
	"dispute_evidence_details":       {"due_by", "has_evidence", "past_due", "submission_count"},
	"dispute_payment_method_details": {"card", "type"},
	"balance":                        {"available", "connect_reserved", "livemode", "object", "pending", "refund_and_dispute_prefunding"},
	"application_fee": {
		"account", "amount", "amount_refunded", "balance_transaction", "charge", "created", "currency", "id", "livemode",
		"object", "originating_transaction", "refunded", "refunds",
	},
	"account": {"id", "object"}, // named, not kept
	"customer": {
		"balance", "created", "currency", "description", "email", "id", "livemode", "metadata", "name", "object", "phone",
	},
	"payment_method": {"billing_details", "card", "created", "customer", "id", "livemode", "metadata", "object", "type"},

	// Cards are known by what is printed on them, never by a fingerprint.
	"payment_method_card":                 {"brand", "country", "exp_month", "exp_year", "funding", "last4"},
	"payment_method_details_card_present": {"brand", "capture_before", "country", "exp_month", "exp_year", "funding", "last4"},
	"payment_method_details_card":         {"brand", "capture_before", "country", "exp_month", "exp_year", "funding", "last4"},
	"payments_primitives_payment_records_resource_payment_method_card_details": {"brand", "country", "exp_month", "exp_year", "funding", "last4"},

	// Sixty kinds of payment method have an object of their own here; type names the kind.
	"payment_method_details": {"card", "card_present", "type"},
	"payments_primitives_payment_records_resource_payment_method_details": {"billing_details", "card", "custom", "payment_method", "type"},

	"billing_details": {"address", "email", "name", "phone"}, // no tax_id: nobody refunds by it
}

// leftOut names single properties that are not in our types.
var leftOut = map[string][]string{
	// Whole objects inside an error of a payment or a setup, never of a refund.
	// They hold client secrets; Error.Body has them for those who must look.
	"api_errors": {"payment_intent", "payment_method", "setup_intent", "source"},
}

// beyondSpec names what our types have though the specification does not.
var beyondSpec = map[string]string{
	"customer.deleted":                   "of the deleted_customer that may stand in a customer's place",
	"charge.dispute":                     "recorded on every charge",
	"payment_method.card.capture_before": "the same type serves the card of a charge",
	"charge.refunds.total_count":         "documented and recorded on the refunds of an expanded charge",
	"list.total_count":                   "the same type serves the refunds of an expanded charge",

	"transfer.reversals.total_count":        "documented on the reversals that come with a transfer",
	"application_fee.refunds.total_count":   "documented on the refunds that come with a fee",
	"list of transfer_reversal.total_count": "the same type serves the reversals that come with a transfer",
	"list of fee_refund.total_count":        "the same type serves the refunds that come with a fee",
}

// parametersLeftOut names what no method of ours sends.
var parametersLeftOut = map[string]string{
	"Refunds.Create.metadata":               "metadata sent empty clears all keys, and a new refund has none",
	"Events.List.type":                      "Types says the same",
	"PaymentIntents.Retrieve.client_secret": "for publishable keys, which New refuses",
	"TransferReversals.Create.metadata":     "metadata sent empty clears all keys, and a new reversal has none",
	"ChargeRefunds.Create.metadata":         "metadata sent empty clears all keys, and a new refund has none",
}

// endpointsLeftOut names the endpoints about refunds and payment records that
// are not ours.
var endpointsLeftOut = map[string]string{
	"get /v1/payment_records":                                            "finding payments, not refunding them",
	"post /v1/payment_records/report_payment":                            "reports a payment",
	"post /v1/payment_records/{id}/report_payment_attempt":               "reports a payment",
	"post /v1/payment_records/{id}/report_payment_attempt_canceled":      "reports a payment",
	"post /v1/payment_records/{id}/report_payment_attempt_failed":        "reports a payment",
	"post /v1/payment_records/{id}/report_payment_attempt_guaranteed":    "reports a payment",
	"post /v1/payment_records/{id}/report_payment_attempt_informational": "reports a payment",
	"post /v1/charges/{charge}/refund":                                   "the old form of refunding a charge: it answers the charge, not the refund",
	"post /v1/application_fees/{id}/refund":                              "the old form of giving a fee back: it answers the fee, not the refund",
	"post /v1/terminal/readers/{reader}/refund_payment":                  "drives a card reader",
	"post /v1/terminal/refunds":                                          "drives a card reader",
	"post /v1/test_helpers/issuing/transactions/create_unlinked_refund":  "cards that the merchant issues",
	"post /v1/test_helpers/issuing/transactions/{transaction}/refund":    "cards that the merchant issues",
}
