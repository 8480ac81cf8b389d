package refundtest

import "strings"

func (r *refund) showDestination() object {
	if r.destination != "card" {
		return object{r.destination: r.showBank(), "type": r.destination}
	}
	card := object{"type": "refund"}
	switch {
	case r.reversal:
		card["type"] = "reversal"
	default:
		card["reference_status"], card["reference_type"] = r.acquirerReferenceStatus, "acquirer_reference_number"
		if r.acquirerReference != "" {
			card["reference"] = r.acquirerReference
		}
	}
	return object{"card": card, "type": "card"}
}

// showBank is what is told of a destination that is not a card.
func (r *refund) showBank() object {
	switch r.destination {
	case "us_bank_transfer":
		return object{"reference": orNull(r.acquirerReference), "reference_status": r.acquirerReferenceStatus}
	case "br_bank_transfer", "eu_bank_transfer", "gb_bank_transfer", "jp_bank_transfer", "mx_bank_transfer", "th_bank_transfer",
		"mb_way", "multibanco", "p24":
		return nulls("reference reference_status")
	case "blik", "swish":
		return nulls("network_decline_code reference reference_status")
	case "paypal":
		return nulls("network_decline_code")
	}
	return object{}
}

// isTraced reports whether the refund gets a reference by which a bank finds it.
func (r *refund) isTraced() bool {
	return r.destination == "card" && !r.reversal || r.destination == "us_bank_transfer"
}

// destinationOf is where the refund of a payment method goes, as destination_details
// name it: a method that cannot take money back gets it by a transfer to a bank
// account. It is empty if the specification has no name for it.
func destinationOf(kind, currency string) string {
	switch kind {
	case "us_bank_account":
		return "us_bank_transfer"
	case "sepa_debit":
		return "eu_bank_transfer"
	case "bacs_debit":
		return "gb_bank_transfer"
	case "au_becs_debit":
		return "au_bank_transfer"
	case "nz_bank_account":
		return "nz_bank_transfer"
	case "boleto":
		return "br_bank_transfer"
	case "konbini":
		return "jp_bank_transfer"
	case "oxxo":
		return "mx_bank_transfer"
	case "promptpay":
		return "th_bank_transfer"
	case "revolut_pay":
		return "revolut"
	case "customer_balance":
		return bankTransferIn(currency)
	}
	const named = " affirm afterpay_clearpay alipay alma amazon_pay blik card cashapp crypto eps giropay grabpay klarna mb_way " +
		"multibanco p24 paynow paypal pix scalapay sofort swish twint wechat_pay zip "
	if strings.Contains(named, " "+kind+" ") {
		return kind
	}
	return ""
}

// bankTransferIn is the kind of bank transfer that pays in a currency.
func bankTransferIn(currency string) string {
	switch currency {
	case "usd":
		return "us_bank_transfer"
	case "gbp":
		return "gb_bank_transfer"
	case "jpy":
		return "jp_bank_transfer"
	case "mxn":
		return "mx_bank_transfer"
	}
	return "eu_bank_transfer"
}
