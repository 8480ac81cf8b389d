package refundtest

// refuse is the answer to a payment that the bank has declined, or to attaching
// a card that it declines.
func (m paymentMethod) refuse(charge string) *refusal {
	refused := declined(m.decline, m.reason, charge)
	switch m.decline {
	case "expired_card":
		refused.param = "exp_month"
	case "incorrect_cvc":
		refused.param = "cvc"
	}
	if charge != "" {
		refused.adviceCode, refused.networkDeclineCode = m.advice()
	}
	return refused
}

// advice is what to do about a decline, and the code of the card's network. Only
// those of a generic decline are recorded: a program should not depend on the
// others.
func (m paymentMethod) advice() (advice, network string) {
	if m.blocked {
		return "do_not_try_again", ""
	}
	switch orElse(m.reason, m.decline) {
	case "insufficient_funds":
		return "try_again_later", "51"
	case "lost_card":
		return "do_not_try_again", "41"
	case "stolen_card":
		return "do_not_try_again", "43"
	case "expired_card":
		return "confirm_card_data", "54"
	case "incorrect_cvc":
		return "confirm_card_data", "N7"
	case "card_velocity_exceeded":
		return "try_again_later", "65"
	case "processing_error":
		return "try_again_later", "96"
	}
	return "try_again_later", "01"
}

// remembered is the refusal as the PaymentIntent keeps it.
func (r *refusal) remembered() object {
	o, _ := r.object("")["error"].(object)
	delete(o, "request_log_url")
	delete(o, "payment_intent")
	if r.paymentMethod != nil {
		o["payment_method_type"] = r.paymentMethod["type"]
	}
	return o
}

// lose ends an attempt to pay that was refused: the PaymentIntent wants another
// payment method.
func (p *intent) lose(refused *refusal) *refusal {
	if m := p.world.methods[p.methodID]; m != nil {
		refused.paymentMethod = m.show()
	}
	p.status, p.methodID = "requires_payment_method", ""
	p.lastError = refused.remembered()
	p.world.publish("payment_intent.payment_failed", p.show(), nil)
	refused.paymentIntent = p.show()
	return refused
}

// decided ends a payment that was processing.
func (p *intent) decided(c *charge) {
	if c.Status == "succeeded" {
		p.status = "succeeded"
		p.world.publish("payment_intent.succeeded", p.show(), nil)
	} else {
		p.lose(declined(c.failure, "", c.id))
	}
	if p.session != nil {
		p.session.decided(c.Status)
	}
}

// refusedOutcome is what a charge that failed shows as its outcome.
func (c *charge) refusedOutcome() object {
	o := object{"advice_code": nil, "network_advice_code": nil, "network_decline_code": nil, "network_status": "declined_by_network",
		"reason": orElse(c.method.reason, c.failure), "risk_level": c.method.riskLevel(), "risk_score": riskScore,
		"seller_message": "The bank declined.", "type": "issuer_declined"}
	if c.method.decline != "" {
		advice, network := c.method.advice()
		o["advice_code"], o["network_decline_code"] = orNull(advice), orNull(network)
	}
	if c.method.blocked {
		o["network_status"], o["reason"], o["type"] = "not_sent_to_network", "highest_risk_level", "blocked"
		o["seller_message"] = "Blocked as too risky."
	}
	return o
}

// debitEnd is what becomes of a debit when it is due.
func (m paymentMethod) debitEnd() string {
	if m.failsLater != "" {
		return "failed"
	}
	return "succeeded"
}

// authorized is what the bank said yes to; null if it said no.
func (c *charge) authorized() any {
	if c.Status == "failed" {
		return nil
	}
	return c.Amount
}

// receiptURL is null for a charge that failed.
func (c *charge) receiptURL() any {
	if c.Status == "failed" {
		return nil
	}
	return "https://pay.stripe.com/receipts/" + c.id
}

// billing is what is known of who pays.
func (c *charge) billing() object {
	if c.method.billing != nil {
		return c.method.billing.showBilling()
	}
	return billingDetails(c.ReceiptEmail)
}
