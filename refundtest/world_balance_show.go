package refundtest

import (
	"maps"
	"slices"
)

func (t *transaction) when() moment { return t.at }

// showBalance adds up what the account has: what is available, and what is not yet.
// Where a test has set what is available, that is shown; where none has, nothing
// limits refunds, so that everything is shown as available.
func (w *World) showBalance() object {
	available, pending := map[string]int64{}, map[string]int64{}
	for _, t := range w.allTransactions.items {
		_, limited := w.available[t.currency]
		if !limited {
			available[t.currency] += t.net()
		} else if t.show(w.server.instant())["status"] == "pending" {
			pending[t.currency] += t.net()
		}
	}
	maps.Copy(available, w.available)
	for currency := range available {
		pending[currency] += 0
	}
	for currency := range pending {
		available[currency] += 0
	}
	return object{"object": kindBalance, "available": showAmounts(available), "livemode": w.name.live, "pending": showAmounts(pending)}
}

// showAmounts shows amounts by currency, in the order of their names.
func showAmounts(amounts map[string]int64) []any {
	if len(amounts) == 0 {
		amounts = map[string]int64{"usd": 0}
	}
	var shown []any
	for _, currency := range slices.Sorted(maps.Keys(amounts)) {
		shown = append(shown, object{"amount": amounts[currency], "currency": currency,
			"source_types": object{"card": amounts[currency]}})
	}
	return shown
}
