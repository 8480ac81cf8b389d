package refundtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// AssertRefundedOnce fails t unless exactly one refund fits want, and returns
// it. Only the fields of want that are set are compared, of the metadata only
// the keys that want has; failed and canceled refunds count only if want names
// that status. An Amount is in the currency's smallest unit.
//
// It is for the usual question of a test: was exactly this refund made, once?
func (w *World) AssertRefundedOnce(t TB, want Refund) Refund {
	t.Helper()
	all := w.Refunds("")
	var fitting []Refund
	for _, r := range all {
		ended := r.Status == "failed" || r.Status == "canceled"
		if r.fits(want) && (!ended || want.Status == r.Status) {
			fitting = append(fitting, r)
		}
	}
	if len(fitting) == 1 {
		return fitting[0]
	}
	t.Errorf("refundtest: want exactly one refund with %s, found %d; all refunds:\n%s",
		want.summary(), len(fitting), summaries(all))
	return Refund{}
}

// AssertNotRefunded fails t if a charge or PaymentIntent has a refund that has
// not failed or been canceled.
func (w *World) AssertNotRefunded(t TB, id string) {
	t.Helper()
	w.server.mu.Lock()
	known := w.charges[id] != nil || w.intents[id] != nil
	w.server.mu.Unlock()
	if !known {
		t.Errorf("refundtest: there is no charge or PaymentIntent %q", id)
		return
	}
	for _, r := range w.Refunds(id) {
		if r.Status != "failed" && r.Status != "canceled" {
			t.Errorf("refundtest: %s should not be refunded, but there is %s", id, r.summary())
		}
	}
}

// fits reports whether every field that is set in want is the same in r.
func (r Refund) fits(want Refund) bool {
	for _, field := range want.fields() {
		if !field.has(r) {
			return false
		}
	}
	return true
}

// fieldCheck is one field that is compared, with its name and value as text.
type fieldCheck struct {
	text string
	has  func(Refund) bool
}

func (r Refund) fields() []fieldCheck {
	var fields []fieldCheck
	add := func(name, value string, of func(Refund) string) {
		if value != "" {
			fields = append(fields, fieldCheck{name + " " + value, func(other Refund) bool { return of(other) == value }})
		}
	}
	add("id", r.ID, func(o Refund) string { return o.ID })
	add("charge", r.Charge, func(o Refund) string { return o.Charge })
	add("payment intent", r.PaymentIntent, func(o Refund) string { return o.PaymentIntent })
	if r.Amount != 0 {
		add("amount", fmt.Sprint(r.Amount), func(o Refund) string { return fmt.Sprint(o.Amount) })
	}
	add("currency", r.Currency, func(o Refund) string { return o.Currency })
	add("customer", r.Customer, func(o Refund) string { return o.Customer })
	add("status", r.Status, func(o Refund) string { return o.Status })
	add("reason", r.Reason, func(o Refund) string { return o.Reason })
	add("pending reason", r.PendingReason, func(o Refund) string { return o.PendingReason })
	add("failure reason", r.FailureReason, func(o Refund) string { return o.FailureReason })
	add("balance transaction", r.BalanceTransaction, func(o Refund) string { return o.BalanceTransaction })
	add("failure balance transaction", r.FailureBalanceTransaction, func(o Refund) string { return o.FailureBalanceTransaction })
	add("reference", r.Reference, func(o Refund) string { return o.Reference })
	add("instructions email", r.InstructionsEmail, func(o Refund) string { return o.InstructionsEmail })
	add("key", r.IdempotencyKey, func(o Refund) string { return o.IdempotencyKey })
	if !r.Created.IsZero() {
		fields = append(fields, fieldCheck{"created " + r.Created.String(), func(o Refund) bool { return o.Created.Equal(r.Created) }})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Metadata)) {
		value := r.Metadata[name]
		fields = append(fields, fieldCheck{"metadata " + name + "=" + value, func(o Refund) bool { return o.Metadata[name] == value }})
	}
	return fields
}

func (r Refund) summary() string {
	var parts []string
	for _, field := range r.fields() {
		parts = append(parts, field.text)
	}
	if len(parts) == 0 {
		return "anything"
	}
	return strings.Join(parts, ", ")
}

func summaries(refunds []Refund) string {
	const most = 20
	var b strings.Builder
	for i, r := range refunds {
		if i == most {
			fmt.Fprintf(&b, "  and %d more\n", len(refunds)-most)
			break
		}
		fmt.Fprintf(&b, "  %s\n", r.summary())
	}
	if len(refunds) == 0 {
		b.WriteString("  none\n")
	}
	return b.String()
}
