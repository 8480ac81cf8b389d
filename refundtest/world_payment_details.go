package refundtest

import (
	"hash/fnv"
	"strings"
	"time"
)

// linkDelay is how long a charge that was captured asynchronously does not show
// its balance transaction.
const linkDelay = 2 * time.Second

// payment is what a charge is made from.
type payment struct {
	Charge
	particulars
	method    paymentMethod
	recipient string // connected account that gets the money, if any
	async     bool   // the balance transaction is shown later
}

// particulars are kept with a payment and shown; nothing else depends on them.
type particulars struct {
	transferGroup      string
	transferAmount     int64 // 0: all of it
	onBehalfOf         string
	descriptor, suffix string // of the statement
	shipping           object // nil for none
}

// addTo adds the particulars to what is shown of a charge or a PaymentIntent.
func (p particulars) addTo(o object) {
	o["transfer_group"] = orNull(p.transferGroup)
	o["on_behalf_of"] = linkTo(kindAccount, p.onBehalfOf)
	o["statement_descriptor"], o["statement_descriptor_suffix"] = orNull(p.descriptor), orNull(p.suffix)
	o["shipping"] = nil
	if p.shipping != nil {
		o["shipping"] = p.shipping
	}
}

// calculatedDescriptor is what the customer's statement says.
func (p particulars) calculatedDescriptor() string {
	switch {
	case p.suffix != "":
		return "REFUNDTEST* " + strings.ToUpper(p.suffix)
	case p.descriptor != "":
		return strings.ToUpper(p.descriptor)
	}
	return "REFUNDTEST"
}

// methodDetails are the payment_method_details of a charge: what the method says,
// and Stripe's defaults for the rest.
func (c *charge) methodDetails() object {
	details := c.method.details(c.authorized())
	inner, _ := details[c.method.kind].(object)
	if inner == nil {
		return details
	}
	addMissing(inner, nulls(nullDetails(c.method.kind)))
	if !c.method.isCard() {
		return details
	}
	addMissing(inner, object{
		"extended_authorization":    object{"status": "disabled"},
		"fingerprint":               c.method.fingerprint(),
		"incremental_authorization": object{"status": "unavailable"},
		"multicapture":              object{"status": "unavailable"},
		"network_token":             object{"used": false},
		"network_transaction_id":    digits(c.id, 15),
		"overcapture":               object{"maximum_amount_capturable": c.Amount, "status": "unavailable"},
		"regulated_status":          "unregulated",
	})
	addMissing(inner, nulls("authorization_code electronic_commerce_indicator transaction_link_id"))
	if c.holds() {
		inner["capture_before"] = c.at.second + int64(holdLifetime/time.Second)
	}
	return details
}

// nullDetails lists the details of a payment method other than a card that Stripe
// shows though it does not know them.
func nullDetails(kind string) string {
	switch kind {
	case "us_bank_account":
		return "account_holder_type account_type bank_name fingerprint last4 payment_reference routing_number"
	case "sepa_debit":
		return "bank_code branch_code country fingerprint last4 mandate"
	case "bacs_debit":
		return "fingerprint last4 mandate sort_code"
	case "acss_debit":
		return "bank_name fingerprint institution_number last4 transit_number"
	case "au_becs_debit":
		return "bsb_number fingerprint last4"
	case "multibanco":
		return "entity reference"
	case "blik":
		return "buyer_id"
	case "oxxo":
		return "number"
	case "konbini":
		return "store"
	case "ideal":
		return "bank bic generated_sepa_debit generated_sepa_debit_mandate iban_last4 transaction_id verified_name"
	case "bancontact":
		return "bank_code bank_name bic generated_sepa_debit generated_sepa_debit_mandate iban_last4 preferred_language verified_name"
	case "p24":
		return "bank reference verified_name"
	case "paypal":
		return "country payer_email payer_id payer_name seller_protection transaction_id"
	case "klarna":
		return "payer_details payment_method_category preferred_locale"
	}
	return ""
}

// nulls is an object in which each of the names is null.
func nulls(names string) object {
	o := object{}
	for name := range strings.FieldsSeq(names) {
		o[name] = nil
	}
	return o
}

// addMissing adds to o what is not in it.
func addMissing(o, defaults object) {
	for name, value := range defaults {
		if _, there := o[name]; !there {
			o[name] = value
		}
	}
}

// sourceCard is the card that a direct charge was made from, null for any other.
func (c *charge) sourceCard() any {
	if !strings.HasPrefix(c.method.id, "card_") {
		return nil
	}
	card, _ := c.methodDetails()["card"].(object)
	o := nulls("address_city address_country address_line1 address_line1_check address_line2 address_state address_zip " +
		"address_zip_check allow_redisplay dynamic_last4 name tokenization_method wallet")
	for _, name := range []string{"country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status"} {
		o[name] = card[name]
	}
	o["id"], o["object"], o["brand"], o["cvc_check"] = c.method.id, "card", brandName(c.method.brand), "pass"
	o["customer"], o["metadata"] = linkTo(kindCustomer, c.Customer), object{}
	return o
}

// brandName is how cards, unlike payment methods, name their brand.
func brandName(brand string) string {
	switch brand {
	case "mastercard":
		return "MasterCard"
	case "amex":
		return "American Express"
	case "diners":
		return "Diners Club"
	case "jcb":
		return "JCB"
	case "unionpay":
		return "UnionPay"
	case "":
		return "Unknown"
	}
	return strings.ToUpper(brand[:1]) + brand[1:]
}

// characters and digits make up values that are always the same for the same
// thing, such as the fingerprint of a card.
func characters(of string, n int) string { return spell(of, idAlphabet, n) }

func digits(of string, n int) string { return spell(of, "0123456789", n) }

func spell(of, alphabet string, n int) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(of))
	b, seed := make([]byte, n), sum.Sum64()
	for i := range b {
		seed = scramble(seed)
		b[i] = alphabet[seed%uint64(len(alphabet))]
	}
	return string(b)
}
