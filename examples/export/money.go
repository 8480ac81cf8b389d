package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/refundkit/refundkit"
)

// unit follows an amount of a currency that refundkit does not know: with guessed
// decimals it could be wrong by a factor of a hundred.
const unit = " in the smallest unit"

// decimal writes an amount of the currency's smallest unit as a number: 12.50.
func decimal(amount int64, currency string) string {
	known, err := refundkit.CurrencyOf(currency)
	if err != nil {
		return strconv.FormatInt(amount, 10) + unit
	}
	return known.Format(amount)
}

// smallest is decimal the other way round. It reads what decimal wrote, and
// nothing else.
func smallest(text, currency string) (int64, error) {
	whole, fraction, _ := strings.Cut(strings.TrimSuffix(text, unit), ".")
	amount, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || decimal(amount, currency) != text {
		return 0, fmt.Errorf("%q is not an amount in %s", text, strings.ToUpper(currency))
	}
	return amount, nil
}
