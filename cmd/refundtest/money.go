package main

import (
	"strconv"
	"strings"
)

// decimals is how many digits of an amount come after the point.
//
// https://docs.stripe.com/currencies
func decimals(currency string) int {
	switch strings.ToLower(currency) {
	case "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf":
		return 0
	case "bhd", "jod", "kwd", "omr", "tnd":
		return 3
	}
	return 2 // isk and ugx too: their amounts have two zeros that mean nothing
}

// money formats an amount in the currency's smallest unit: 1,234.50 USD.
func money(amount int64, currency string) string {
	digits, sign := strconv.FormatInt(amount, 10), ""
	if amount < 0 {
		digits, sign = digits[1:], "-"
	}
	after := decimals(currency)
	for len(digits) <= after {
		digits = "0" + digits
	}
	whole, fraction := digits[:len(digits)-after], digits[len(digits)-after:]
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return b.String() + " " + strings.ToUpper(currency)
}
