package refundtest

import (
	"net/http"
	"strconv"
	"strings"
)

// cardRefused says what is wrong with the data of a card.
func cardRefused(code, param, format string, args ...any) *refusal {
	refused := invalid(param, code, format, args...)
	refused.status, refused.kind = http.StatusPaymentRequired, cardError
	return refused
}

// readCard reads a card: a token, or a number with its expiry date. The prefix is
// the name of n in the request.
func (x *exchange) readCard(n *node, prefix string) (paymentMethod, *refusal) {
	if n.has("token") {
		return x.readToken(n.text("token"), "token", "")
	}
	number := n.text("number")
	for _, name := range []string{"number", "exp_month", "exp_year"} {
		if !n.has(name) {
			return paymentMethod{}, invalid(nested(prefix, name), "parameter_missing", "A card has the parameter %s.", name)
		}
	}
	if !isCardNumber(number) {
		return paymentMethod{}, cardRefused("incorrect_number", "number", "The number of the card is not a card number.")
	}
	if refused := x.checkExpiry(n); refused != nil {
		return paymentMethod{}, refused
	}
	method, known := methodByNumber(number)
	if !known {
		refused := cardRefused("card_declined", "", "Only the documented test cards can be used in test mode.")
		refused.declineCode = "test_mode_live_card"
		return method, refused
	}
	method.expMonth, method.expYear = n.number("exp_month"), wholeYear(n.number("exp_year"))
	method.billing = billingOfCard(n)
	return method, nil
}

// checkExpiry refuses dates and security codes that no card has.
func (x *exchange) checkExpiry(n *node) *refusal {
	month, err := strconv.Atoi(n.text("exp_month"))
	if err != nil || month < 1 || month > 12 {
		return cardRefused("invalid_expiry_month", "exp_month", "The card has no such month: %s.", printable(n.text("exp_month")))
	}
	now := x.server.instant()
	year, err := strconv.Atoi(n.text("exp_year"))
	year = int(wholeYear(int64(year)))
	if err != nil || year < now.Year() || year > now.Year()+50 || year == now.Year() && month < int(now.Month()) {
		return cardRefused("invalid_expiry_year", "exp_year", "The card cannot expire in %s.", printable(n.text("exp_year")))
	}
	if cvc := n.text("cvc"); n.has("cvc") && (len(cvc) < 3 || len(cvc) > 4 || strings.Trim(cvc, "0123456789") != "") {
		return cardRefused("invalid_cvc", "cvc", "The security code has three or four digits.")
	}
	return nil
}

// wholeYear makes 2034 of 34.
func wholeYear(year int64) int64 {
	if year >= 0 && year < 100 {
		return 2000 + year
	}
	return year
}

// readToken takes the card out of a token: one that was made here, or one of the
// test tokens. An unknown one is refused with this param and code.
func (x *exchange) readToken(id, param, code string) (paymentMethod, *refusal) {
	if made := x.world.tokens[id]; made != nil {
		taken, refused := made.use()
		if refused != nil {
			return paymentMethod{}, refused
		}
		return taken.method, nil
	}
	if name, isToken := strings.CutPrefix(id, "tok_"); isToken {
		if method, known := namedMethod(name); known {
			return method, nil
		}
	}
	return paymentMethod{}, invalid(param, code, "No such token is known here: '%s'.", printable(id))
}

// billingOfCard reads the name and address in the data of a card.
func billingOfCard(n *node) *contact {
	c := &contact{fields: map[string]string{"name": n.text("name")}, address: map[string]string{}}
	for name, sent := range map[string]string{"line1": "address_line1", "line2": "address_line2", "city": "address_city",
		"state": "address_state", "postal_code": "address_zip", "country": "address_country"} {
		c.address[name] = n.text(sent)
	}
	return c
}

// readContact lays the fields of a request over what is known of somebody; nil if
// there is nothing to say.
func readContact(old *contact, n *node, names string) *contact {
	if n == nil {
		return old
	}
	if old == nil {
		old = &contact{}
	}
	return &contact{fields: readFields(old.fields, n, names), address: readFields(old.address, n.child("address"), addressFields)}
}

// readFields returns old with the fields that n has laid over it.
func readFields(old map[string]string, n *node, names string) map[string]string {
	read := map[string]string{}
	for name := range strings.FieldsSeq(names) {
		if value, known := old[name]; known {
			read[name] = value
		}
		if sent := n.optional(name); sent != nil {
			read[name] = *sent
		}
	}
	return read
}
