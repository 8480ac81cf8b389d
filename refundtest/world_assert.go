package refundtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// AssertRefundedOnce fails t unless exactly one refund fits want, and returns
// it. Only the fields of want that are set are compared, of the metadata only
// the keys that want has; failed and canceled refunds count only if want names
// that status. An Amount is in the currency's smallest unit. What it prints is
// about the payment that want names, or about the refunds that are most like it.
//
// It is for the usual question of a test: was exactly this refund made, once?
func (w *World) AssertRefundedOnce(t TB, want Refund) Refund {
	t.Helper()
	var fitting []Refund
	all := w.Refunds("")
	for _, r := range all {
		if r.counts(want) && len(r.differences(want)) == 0 {
			fitting = append(fitting, r)
		}
	}
	if len(fitting) == 1 {
		return fitting[0]
	}
	t.Errorf("refundtest: want exactly one refund with %s, found %d\n%s", want.summary(), len(fitting), w.about(want, all))
	return Refund{}
}

// counts reports whether the status of r lets it count.
func (r Refund) counts(want Refund) bool {
	ended := r.Status == "failed" || r.Status == "canceled"
	return !ended || want.Status == r.Status
}

// about says what there is of the payment that want names, or else of the
// refunds that are most like want.
func (w *World) about(want Refund, all []Refund) string {
	var b strings.Builder
	for _, payment := range []string{want.Charge, want.PaymentIntent} {
		if payment != "" {
			fmt.Fprintf(&b, "\t%s\n", w.paymentLine(payment))
			all = slices.DeleteFunc(all, func(r Refund) bool { return r.Charge != payment && r.PaymentIntent != payment })
		}
	}
	slices.SortStableFunc(all, func(a, b Refund) int { return len(a.differences(want)) - len(b.differences(want)) })
	b.WriteString(list(all, func(r Refund) string {
		verdict := "fits"
		if differences := r.differences(want); len(differences) > 0 {
			verdict = "has " + strings.Join(differences, ", ")
		} else if !r.counts(want) {
			verdict = "fits, but a refund that is " + r.Status + " does not count"
		}
		return r.line() + ": " + verdict
	}))
	if len(all) == 0 {
		b.WriteString("\tno refunds\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// paymentLine says how much of a charge or PaymentIntent was refunded.
func (w *World) paymentLine(id string) (line string) {
	w.server.locked(func() {
		switch c, p := w.charges[id], w.intents[id]; {
		case c != nil:
			line = fmt.Sprintf("charge %s: %d of %d %s are refunded", id, c.AmountRefunded, c.Amount, c.Currency)
		case p != nil:
			line = fmt.Sprintf("PaymentIntent %s", id)
		default:
			line = fmt.Sprintf("there is no charge or PaymentIntent %q in this account and mode", id)
		}
	})
	return line
}

// line is what one usually wants to know of a refund.
func (r Refund) line() string {
	parts := []string{r.ID, fmt.Sprint(r.Amount), r.Currency, r.Status}
	if r.IdempotencyKey != "" {
		parts = append(parts, "key="+plain(r.IdempotencyKey))
	}
	return strings.Join(parts, " ")
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
			t.Errorf("refundtest: %s should not be refunded, but there is %s", id, r.line())
		}
	}
}

// differences are the fields that are set in want and not the same in r, as they
// are in r.
func (r Refund) differences(want Refund) []string {
	var differences []string
	for _, field := range want.fields() {
		if has := field.of(r); has != field.value {
			differences = append(differences, field.name+" "+plain(has))
		}
	}
	return differences
}

// setField is a field that has a value, as text.
type setField struct {
	name, value string
	of          func(Refund) string
}

func (r Refund) fields() []setField {
	var fields []setField
	add := func(name string, of func(Refund) string) {
		if value := of(r); value != "" {
			fields = append(fields, setField{name, value, of})
		}
	}
	add("id", func(o Refund) string { return o.ID })
	add("charge", func(o Refund) string { return o.Charge })
	add("payment intent", func(o Refund) string { return o.PaymentIntent })
	if r.Amount != 0 {
		add("amount", func(o Refund) string { return fmt.Sprint(o.Amount) })
	}
	add("currency", func(o Refund) string { return o.Currency })
	add("customer", func(o Refund) string { return o.Customer })
	add("status", func(o Refund) string { return o.Status })
	add("reason", func(o Refund) string { return o.Reason })
	add("pending reason", func(o Refund) string { return o.PendingReason })
	add("failure reason", func(o Refund) string { return o.FailureReason })
	add("balance transaction", func(o Refund) string { return o.BalanceTransaction })
	add("failure balance transaction", func(o Refund) string { return o.FailureBalanceTransaction })
	add("reference", func(o Refund) string { return o.Reference })
	add("instructions email", func(o Refund) string { return o.InstructionsEmail })
	add("key", func(o Refund) string { return o.IdempotencyKey })
	if !r.Created.IsZero() {
		add("created", func(o Refund) string { return o.Created.UTC().Format(time.RFC3339Nano) })
	}
	for _, name := range slices.Sorted(maps.Keys(r.Metadata)) {
		fields = append(fields, setField{"metadata[" + name + "]", r.Metadata[name], func(o Refund) string { return o.Metadata[name] }})
	}
	return fields
}

func (r Refund) summary() string {
	var parts []string
	for _, field := range r.fields() {
		parts = append(parts, field.name+" "+plain(field.value))
	}
	if len(parts) == 0 {
		return "anything"
	}
	return strings.Join(parts, ", ")
}
