package histories

import (
	"context"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// Setups are the beginnings that are explored, the plainest first.
func Setups() []Setup {
	return []Setup{
		{Name: "part", build: part},
		{Name: "slow", Skew: -clockFar, build: part},
		{Name: "fast", Skew: clockFar, build: part},
		{Name: "offset", Skew: 3 * clockSlack, Offset: -3 * clockSlack, build: part},
		{Name: "all", build: all},
		{Name: "cash", Skew: clockFar, build: cash},
		{Name: "debit", build: debit},
		{Name: "shared", build: shared},
		{Name: "older", build: older},
		{Name: "again", build: again},
		{Name: "connected", Account: "acct_connected", build: part},
	}
}

// part refunds a quarter of a charge: a second refund would be possible.
func part(w *World) refundkit.RefundCreateParams {
	w.charge = w.stripe.AddCharge(refundtest.Charge{Amount: 2000}).ID
	return refundkit.RefundCreateParams{Charge: w.charge, Amount: 500}
}

// all refunds whatever is left of a charge.
func all(w *World) refundkit.RefundCreateParams {
	w.charge = w.stripe.AddCharge(refundtest.Charge{Amount: 500}).ID
	return refundkit.RefundCreateParams{Charge: w.charge, Remaining: true}
}

// cash pays a customer out of a cash balance.
func cash(w *World) refundkit.RefundCreateParams {
	w.stripe.SetCashBalance("cus_1", "eur", 2000)
	return refundkit.RefundCreateParams{Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur", Amount: 500, InstructionsEmail: "jenny@example.com"}
}

// debit refunds a bank debit while the balance does not cover it.
func debit(w *World) refundkit.RefundCreateParams {
	w.poor = true
	w.stripe.SetBalance("eur", 0)
	w.charge = w.stripe.AddCharge(refundtest.Charge{Amount: 2000, Currency: "eur", PaymentMethodType: "sepa_debit"}).ID
	return refundkit.RefundCreateParams{Charge: w.charge, Amount: 500}
}

// older is part of a charge, another part of which was refunded two days ago.
func older(w *World) refundkit.RefundCreateParams {
	params := part(w)
	made, err := w.stripe.AddRefund(refundtest.Refund{Charge: w.charge, Amount: params.Amount, Created: w.now().Add(-48 * time.Hour)})
	if err != nil {
		panic(err) // a mistake in a setup
	}
	w.older = made.ID
	return params
}

// again is a refund that other code made two days ago under the job's name, with a
// key of its own, and that has failed.
func again(w *World) refundkit.RefundCreateParams {
	params := part(w)
	made, err := w.stripe.AddRefund(refundtest.Refund{Charge: w.charge, Amount: params.Amount, Created: w.now().Add(-48 * time.Hour),
		Metadata: map[string]string{refundkit.ReferenceMetadataKey: jobName}})
	if err == nil {
		err = w.stripe.Fail(made.ID, "")
	}
	if err != nil {
		panic(err) // a mistake in a setup
	}
	w.older = made.ID
	return params
}

// shared is a refund whose name an older service has used for it, in another form.
func shared(w *World) refundkit.RefundCreateParams {
	params := part(w)
	client, err := refundkit.New(personKey, refundkit.WithHTTPClient(w.server.HTTPClient()), refundkit.WithMaxRetries(0))
	if err == nil {
		params.Reason = refundkit.RefundReasonRequestedByCustomer
		var made *refundkit.Refund
		if made, err = client.Refunds.Create(context.Background(), params, refundkit.KeyFrom(jobName, "0"), refundkit.Reference(jobName)); err == nil {
			w.shared = made.ID
		}
		params.Reason = ""
	}
	if err != nil {
		panic(err) // a mistake in a setup
	}
	return params
}
