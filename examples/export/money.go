package main

import (
	"fmt"
	"strconv"
	"strings"
)

// decimals is how many digits of an amount come after the point.
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

// decimal writes an amount of the currency's smallest unit as a number: 12.50.
func decimal(amount int64, currency string) string {
	digits, sign := strconv.FormatInt(amount, 10), ""
	if amount < 0 {
		digits, sign = digits[1:], "-"
	}
	after := decimals(currency)
	if missing := after + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - after
	if after == 0 {
		return sign + digits
	}
	return sign + digits[:point] + "." + digits[point:]
}

// smallest is decimal the other way round. It reads what decimal wrote, and
// nothing else.
func smallest(text, currency string) (int64, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	amount, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || decimal(amount, currency) != text {
		return 0, fmt.Errorf("%q is not an amount in %s", text, strings.ToUpper(currency))
	}
	return amount, nil
}
