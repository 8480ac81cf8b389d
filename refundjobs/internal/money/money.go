// Package money writes amounts for people.
package money

import "github.com/refundkit/refundkit"

// Decimal is an amount as its currency is written; of one that is not known, it stays a
// number of the smallest unit.
func Decimal(amount int64, code string) string {
	currency, _ := refundkit.CurrencyOf(code) // the zero Currency has no decimals
	return currency.Format(amount)
}
