package refundtest

import "strings"

// particularParams are the parameters of a payment that are kept and shown.
func particularParams(names ...string) []param {
	all := map[string]param{
		"on_behalf_of": textParam("on_behalf_of"), "transfer_group": textParam("transfer_group"),
		"statement_descriptor":        textParam("statement_descriptor"),
		"statement_descriptor_suffix": textParam("statement_descriptor_suffix"),
		"shipping": hashParam("shipping", hashParam("address", textParam("city"), textParam("country"), textParam("line1"),
			textParam("line2"), textParam("postal_code"), textParam("state")),
			textParam("carrier"), textParam("name"), textParam("phone"), textParam("tracking_number")),
	}
	params := make([]param, 0, len(names))
	for _, name := range names {
		params = append(params, all[name])
	}
	return params
}

// particulars lays those that the request has over the old ones.
func (x *exchange) particulars(p particulars) particulars {
	for name, field := range map[string]*string{
		"on_behalf_of": &p.onBehalfOf, "transfer_group": &p.transferGroup,
		"statement_descriptor": &p.descriptor, "statement_descriptor_suffix": &p.suffix,
	} {
		setGiven(field, x.params.optional(name))
	}
	for _, hash := range []string{"transfer_data", "destination"} {
		if amount := x.params.number(hash, "amount"); amount > 0 {
			p.transferAmount = amount
		}
	}
	if given := x.params.child("shipping"); given != nil {
		p.shipping = shippingOf(given)
	}
	return p
}

func shippingOf(given *node) object {
	o, address := object{}, object{}
	for name := range strings.FieldsSeq("carrier name phone tracking_number") {
		o[name] = orNull(given.text(name))
	}
	for name := range strings.FieldsSeq("city country line1 line2 postal_code state") {
		address[name] = orNull(given.text("address", name))
	}
	o["address"] = address
	return o
}

// leastAmount is the smallest payment that Stripe takes in a currency.
//
// https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
func leastAmount(currency string) int64 {
	switch currency {
	case "usd", "aud", "brl", "cad", "chf", "eur", "inr", "jpy", "nzd", "sgd":
		return 50
	case "gbp":
		return 30
	case "bgn":
		return 100
	case "aed", "myr", "pln", "ron":
		return 200
	case "dkk":
		return 250
	case "nok", "sek":
		return 300
	case "hkd":
		return 400
	case "mxn", "thb":
		return 1000
	case "czk":
		return 1500
	case "huf":
		return 17500
	}
	return 1
}

// checkMoney refuses amounts and currencies that cannot be.
func (x *exchange) checkMoney() *refusal {
	currency := strings.ToLower(x.params.text("currency"))
	if len(currency) != 3 {
		return invalid("currency", "", "Not a currency: %s.", printable(currency))
	}
	switch amount := x.params.number("amount"); {
	case amount > maxAmount:
		return invalid("amount", "amount_too_large", "The amount must be no more than %d.", maxAmount)
	case amount < leastAmount(currency):
		return invalid("amount", "amount_too_small", "The amount must be at least %d in %s.", leastAmount(currency), currency)
	}
	return x.checkCustomer()
}
