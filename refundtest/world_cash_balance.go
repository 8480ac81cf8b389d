package refundtest

// cashName names a customer's cash balance in one currency.
type cashName struct{ customer, currency string }

// SetCashBalance gives a customer a cash balance, in the currency's smallest
// unit, from which a refund with the origin customer_balance can be paid.
func (w *World) SetCashBalance(customer, currency string, amount int64) {
	w.server.locked(func() {
		w.knowCustomer(customer)
		w.cash[cashName{customer, currency}] = amount
	})
}

// CashBalance returns what is left of a customer's cash balance.
func (w *World) CashBalance(customer, currency string) (amount int64) {
	w.server.locked(func() { amount = w.cash[cashName{customer, currency}] })
	return amount
}

// cashRefundInput is what a refund from a cash balance is made from.
type cashRefundInput struct {
	from     cashName
	amount   int64
	reason   string
	email    string
	metadata map[string]string
}

// refundFromCash pays a customer out: a refund without a charge, which
// requires the customer's bank details.
func (w *World) refundFromCash(q cashRefundInput) (*refund, *refusal) {
	if w.cash[q.from] < q.amount {
		return nil, impossible("amount", "", "The cash balance does not cover this refund.")
	}
	q.email = orElse(q.email, w.emailOf(q.from.customer))
	if q.email == "" {
		return nil, noAddress()
	}
	w.cash[q.from] -= q.amount
	r := &refund{
		world: w, id: w.server.ids.object("re_"), at: w.server.stamp(), amount: q.amount, currency: q.from.currency,
		customer: q.from.customer, reason: q.reason, email: q.email, metadata: q.metadata, key: w.server.cause.key,
		destination: "customer_cash_balance", outcome: NeedsAction,
	}
	w.keep(r)
	r.book()
	r.proceed()
	r.created()
	return r, nil
}
