package refundtest

import "strings"

// testCard is a card or a bank account of test mode.
type testCard struct {
	number string
	names  string // separated by blanks
	does   paymentMethod
}

// called reports whether name is one of the card's.
func (c *testCard) called(name string) bool {
	for known := range strings.FieldsSeq(c.names) {
		if known == name {
			return true
		}
	}
	return false
}

func (c *testCard) method() paymentMethod {
	m := c.does
	m.number = c.number
	return m.withDefaults()
}

// namedMethod returns what tok_NAME and pm_card_NAME stand for.
func namedMethod(name string) (paymentMethod, bool) {
	for i := range testCards {
		if testCards[i].called(name) {
			return testCards[i].method(), true
		}
	}
	name = strings.TrimPrefix(name, "visa_")
	for i := range specialCards {
		if specialCards[i].called(name) {
			return specialCards[i].named(name), true
		}
	}
	return paymentMethod{}, false
}

// named is the method of one of several names for a number.
func (c *testCard) named(name string) paymentMethod {
	m := c.method()
	switch name {
	case "chargeCustomerFailLostCard":
		m.reason = "lost_card"
	case "chargeCustomerFailStolenCard":
		m.reason = "stolen_card"
	}
	return m
}

// namedAccount returns what pm_NAME stands for, if it is a bank account.
func namedAccount(name string) (paymentMethod, bool) {
	for i := range testAccounts {
		if testAccounts[i].called(name) {
			return testAccounts[i].method(), true
		}
	}
	return paymentMethod{}, false
}

// methodByNumber returns what a card number stands for.
func methodByNumber(number string) (paymentMethod, bool) {
	number = digitsOf(number)
	for _, cards := range [][]testCard{testCards[:], specialCards[:]} {
		for i := range cards {
			if cards[i].number == number {
				return cards[i].method(), true
			}
		}
	}
	return paymentMethod{}, false
}

// accountByNumber returns what a bank account number or an IBAN stands for. One
// that is not documented succeeds.
func accountByNumber(kind, number string) paymentMethod {
	number = digitsOf(number)
	for i := range testAccounts {
		if testAccounts[i].number == number && testAccounts[i].does.kind == kind {
			return testAccounts[i].method()
		}
	}
	return paymentMethod{kind: kind, number: number}.withDefaults()
}

// digitsOf takes the blanks and dashes out of a number.
func digitsOf(number string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(number)
}

// isCardNumber reports whether a number has the right length and check digit.
func isCardNumber(number string) bool {
	number = digitsOf(number)
	sum := 0
	for i := range len(number) {
		digit := int(number[len(number)-1-i]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return len(number) >= 12 && len(number) <= 19 && sum%10 == 0
}

// brandOfNumber tells the brand from how a number begins.
func brandOfNumber(number string) string {
	for _, known := range [...]struct{ begins, brand string }{
		{"5062", "unknown"}, {"4", "visa"}, {"2", "mastercard"}, {"5", "mastercard"}, {"34", "amex"}, {"37", "amex"},
		{"30", "diners"}, {"36", "diners"}, {"38", "diners"}, {"35", "jcb"}, {"62", "unionpay"}, {"6", "discover"},
	} {
		if strings.HasPrefix(number, known.begins) {
			return known.brand
		}
	}
	return "unknown"
}
