package refundtest

import "strings"

// cashName names what a customer has with us in one currency.
type cashName struct{ customer, currency string }

// SetCashBalance gives a customer a cash balance, in the currency's smallest
// unit, from which a refund with the origin customer_balance can be paid.
func (w *World) SetCashBalance(customer, currency string, amount int64) {
	w.server.locked(func() { w.cash[cashName{customer, currency}] = amount })
}

// CashBalance returns what is left of a customer's cash balance.
func (w *World) CashBalance(customer, currency string) (amount int64) {
	w.server.locked(func() { amount = w.cash[cashName{customer, currency}] })
	return amount
}

// refundFromCash pays a customer out: a refund without a charge, which
// requires the customer's bank details.
func (x *exchange) refundFromCash(given map[string]string) (*refund, *refusal) {
	for _, name := range []string{"charge", "payment_intent"} {
		if x.params.has(name) || x.args[name] != "" {
			return nil, invalid(name, "", "A refund with the origin customer_balance names no %s.", name)
		}
	}
	for _, name := range []string{"customer", "currency", "amount"} {
		if !x.params.has(name) {
			return nil, invalid(name, "parameter_missing", "The parameter %s is required.", name)
		}
	}
	purse := cashName{x.params.text("customer"), strings.ToLower(x.params.text("currency"))}
	amount := x.params.number("amount")
	if x.world.cash[purse] < amount {
		return nil, impossible("amount", "", "The cash balance does not cover this refund.")
	}
	x.world.cash[purse] -= amount
	r := &refund{
		world: x.world, id: x.server.ids.object("re_"), at: x.server.stamp(), amount: amount, currency: purse.currency,
		customer: purse.customer, reason: x.params.text("reason"), email: x.params.text("instructions_email"),
		metadata: given, key: x.key, destination: "customer_cash_balance", outcome: NeedsAction,
	}
	x.world.keep(r)
	r.book()
	r.proceed()
	r.created()
	return r, nil
}
