package refundkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// report is a report that is right but for what spoil does to it.
func report(spoil func(*refundkit.PaymentRecordReportRefundParams)) call {
	params := someReport
	spoil(&params)
	return reportRefund(params)
}

// cashBalance is a refund out of a cash balance that is right but for what
// spoil does to it.
func cashBalance(spoil func(*refundkit.RefundCreateParams)) call {
	params := refundkit.RefundCreateParams{Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur", Amount: 5}
	spoil(&params)
	return createRefund(params)
}

func metadataOf(count int) refundkit.Metadata {
	metadata := refundkit.Metadata{}
	for i := range count {
		metadata[fmt.Sprintf("key_%d", i)] = "v"
	}
	return metadata
}

// wrongMetadata is refused wherever metadata can be given.
func wrongMetadata() map[string]refundkit.Metadata {
	return map[string]refundkit.Metadata{
		"51 keys":                      metadataOf(51),
		"a key of 41 characters":       {strings.Repeat("k", 41): "v"},
		"a key of 41 wide characters":  {strings.Repeat("鍵", 41): "v"},
		"a value of 501 characters":    {"k": strings.Repeat("v", 501)},
		"a value of 501 wide ones":     {"k": strings.Repeat("値", 501)},
		"an empty key":                 {"": "v"},
		"an opening bracket":           {"a[b": "v"},
		"a closing bracket":            {"a]b": "v"},
		"a key that is not UTF-8":      {"\xff": "v"},
		"a value that is not UTF-8":    {"k": "\xff"},
		"a wrong key among right ones": {"a": "1", "b": strings.Repeat("v", 501), "c": "3"},
	}
}

type refusal struct {
	param string
	call  call
}

func refusals() map[string]refusal {
	now := time.Unix(1788000000, 0)
	created := func(r refundkit.CreatedRange) refusal {
		return refusal{"created", listRefunds(refundkit.RefundListParams{Created: r})}
	}
	type params = refundkit.RefundCreateParams
	all := map[string]refusal{
		"nothing to refund":             {"charge", createRefund(params{Amount: 5})},
		"charge and payment intent":     {"payment_intent", createRefund(params{Charge: "ch_1", PaymentIntent: "pi_1", Amount: 5})},
		"a customer is no payment":      {"charge", createRefund(params{Customer: "cus_1", Currency: "eur", Amount: 5})},
		"no amount":                     {"amount", createRefund(params{Charge: "ch_1"})},
		"an amount of -5":               {"amount", createRefund(params{Charge: "ch_1", Amount: -5})},
		"an amount of -5 and remaining": {"amount", createRefund(params{Charge: "ch_1", Amount: -5, Remaining: true})},
		"amount and remaining":          {"amount", createRefund(params{PaymentIntent: "pi_1", Amount: 5, Remaining: true})},
		"a reason that only Stripe has": {"reason", createRefund(params{Charge: "ch_1", Amount: 5, Reason: refundkit.RefundReasonExpiredUncapturedCharge})},
		"two references":                {"metadata", createRefund(params{Charge: "ch_1", Amount: 5, Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: "a"}}, refundkit.Reference("b"))},
		"a reference of 501 characters": {"metadata", createRefund(someRefund, refundkit.Reference(strings.Repeat("é", 501)))},
		"a reference as the 51st key":   {"metadata", createRefund(params{Charge: "ch_1", Amount: 5, Metadata: metadataOf(50)}, refundkit.Reference("r"))},
		"cash balance charge":           {"origin", cashBalance(func(p *params) { p.Charge = "ch_1" })},
		"cash balance payment intent":   {"origin", cashBalance(func(p *params) { p.PaymentIntent = "pi_1" })},
		"cash balance no customer":      {"customer", cashBalance(func(p *params) { p.Customer = "" })},
		"cash balance no currency":      {"currency", cashBalance(func(p *params) { p.Currency = "" })},
		"cash balance no amount":        {"amount", cashBalance(func(p *params) { p.Amount = 0 })},
		"cash balance remaining":        {"amount", cashBalance(func(p *params) { p.Amount, p.Remaining = 0, true })},

		"charge no amount":            {"amount", createChargeRefund(refundkit.ChargeRefundCreateParams{})},
		"charge a negative amount":    {"amount", createChargeRefund(refundkit.ChargeRefundCreateParams{Amount: -1})},
		"charge amount and remaining": {"amount", createChargeRefund(refundkit.ChargeRefundCreateParams{Amount: 1, Remaining: true})},
		"charge reason":               {"reason", createChargeRefund(refundkit.ChargeRefundCreateParams{Amount: 1, Reason: refundkit.RefundReasonExpiredUncapturedCharge})},
		"charge two references":       {"metadata", createChargeRefund(refundkit.ChargeRefundCreateParams{Amount: 1, Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: ""}}, refundkit.Reference("b"))},

		"an update of nothing":        {"metadata", updateRefund(refundkit.RefundUpdateParams{})},
		"an update with no keys":      {"metadata", updateRefund(refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{}})},
		"set and clear":               {"metadata", updateRefund(refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"k": ""}, ClearMetadata: true})},
		"charge an update of nothing": {"metadata", updateChargeRefund(refundkit.RefundUpdateParams{})},
		"at and a bound":              created(refundkit.CreatedRange{At: now, From: now}),
		"at and after":                created(refundkit.CreatedRange{At: now, After: now}),
		"at and before":               created(refundkit.CreatedRange{At: now, Before: now}),
		"at and until":                created(refundkit.CreatedRange{At: now, Until: now}),
		"a limit of 101":              {"limit", listRefunds(refundkit.RefundListParams{Limit: 101})},
		"a limit of -1":               {"limit", listRefunds(refundkit.RefundListParams{Limit: -1})},
		"both cursors":                {"ending_before", listRefunds(refundkit.RefundListParams{StartingAfter: "re_1", EndingBefore: "re_2"})},
		"charge a limit of 101":       {"limit", listChargeRefunds(refundkit.ChargeRefundListParams{Limit: 101})},
		"charge a limit of -1":        {"limit", listChargeRefunds(refundkit.ChargeRefundListParams{Limit: -1})},
		"charge both cursors":         {"ending_before", listChargeRefunds(refundkit.ChargeRefundListParams{StartingAfter: "re_1", EndingBefore: "re_2"})},
		"report no outcome":           {"outcome", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Outcome = "" })},
		"report no processor":         {"processor_details[type]", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.ProcessorDetails.Type = "" })},
		"report no currency":          {"amount[currency]", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Amount.Value = 5 })},
		"report no value":             {"amount[value]", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Amount.Currency = "usd" })},
		"report a negative value": {"amount[value]", report(func(p *refundkit.PaymentRecordReportRefundParams) {
			p.Amount = refundkit.PaymentRecordAmount{Currency: "usd", Value: -5}
		})},
		"report metadata set and clear": {"metadata", report(func(p *refundkit.PaymentRecordReportRefundParams) {
			p.Metadata, p.ClearMetadata = refundkit.Metadata{"k": "v"}, true
		})},
	}
	for name, metadata := range wrongMetadata() {
		all["create with "+name] = refusal{"metadata", createRefund(params{Charge: "ch_1", Amount: 5, Metadata: metadata})}
		all["charge create with "+name] = refusal{"metadata", createChargeRefund(refundkit.ChargeRefundCreateParams{Amount: 5, Metadata: metadata})}
		all["update with "+name] = refusal{"metadata", updateRefund(refundkit.RefundUpdateParams{Metadata: metadata})}
		all["charge update with "+name] = refusal{"metadata", updateChargeRefund(refundkit.RefundUpdateParams{Metadata: metadata})}
		all["report with "+name] = refusal{"metadata", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Metadata = metadata })}
	}
	return all
}

func TestWrongParamsAreRefused(t *testing.T) {
	for name, tt := range refusals() {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			sent := record(mock, refundBody)

			err := tt.call(t.Context(), client)

			var refused *refundkit.ParamError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tt.param, refused.Param)
			assert.NotEmpty(t, refused.Reason)
			assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
			assert.NotErrorIs(t, err, refundkit.ErrOutcomeUnknown)
			assert.Empty(t, sent.all(), "nothing may be sent")
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestForgottenAmountSaysWhatToWrite(t *testing.T) {
	client, _ := setup(t)
	_, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: "ch_1"})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "Amount")
	assert.Contains(t, err.Error(), "Remaining: true")
}

func TestRefusalNeverHoldsTheValue(t *testing.T) {
	for name, metadata := range map[string]refundkit.Metadata{
		"a key": {"secret[": "v"}, "a long value": {"k": "secret" + strings.Repeat("v", 500)}, "a value that is not UTF-8": {"k": "secret\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := setup(t)
			err := updateRefund(refundkit.RefundUpdateParams{Metadata: metadata})(t.Context(), client)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestParamsAtTheLimitAreSent(t *testing.T) {
	type params = refundkit.RefundCreateParams
	now := time.Unix(1788000000, 0)
	withMetadata := func(metadata refundkit.Metadata) call {
		return createRefund(params{Charge: "ch_1", Amount: 1, Metadata: metadata})
	}
	for name, send := range map[string]call{
		"an amount of 1":                 createRefund(params{Charge: "ch_1", Amount: 1}),
		"an unknown reason":              createRefund(params{Charge: "ch_1", Amount: 1, Reason: "changed_their_mind"}),
		"50 keys":                        withMetadata(metadataOf(50)),
		"a key of 40 characters":         withMetadata(refundkit.Metadata{strings.Repeat("k", 40): "v"}),
		"a key of 40 wide characters":    withMetadata(refundkit.Metadata{strings.Repeat("鍵", 40): "v"}),
		"a value of 500 characters":      withMetadata(refundkit.Metadata{"k": strings.Repeat("v", 500)}),
		"a value of 500 wide characters": withMetadata(refundkit.Metadata{"k": strings.Repeat("値", 500)}),
		"a reference as the 50th key":    createRefund(params{Charge: "ch_1", Amount: 1, Metadata: metadataOf(49)}, refundkit.Reference("r")),
		"a reference of 500 characters":  createRefund(someRefund, refundkit.Reference(strings.Repeat("é", 500))),
		"the same reference twice":       createRefund(params{Charge: "ch_1", Amount: 1, Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: "r"}}, refundkit.Reference("r")),
		"cash balance":                   cashBalance(func(*params) {}),
		"a charge of a customer":         createRefund(params{Charge: "ch_1", Remaining: true, Customer: "cus_1", Currency: "eur"}),
		"unset one key":                  updateRefund(refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"k": ""}}),
		"clear":                          updateRefund(refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true}),
		"a limit of 1":                   listRefunds(refundkit.RefundListParams{Limit: 1}),
		"a limit of 100":                 listRefunds(refundkit.RefundListParams{Limit: 100}),
		"all bounds":                     listRefunds(refundkit.RefundListParams{Created: refundkit.CreatedRange{After: now, From: now, Before: now, Until: now}}),
		"report as the specification":    report(func(*refundkit.PaymentRecordReportRefundParams) {}),
		"report an outcome of tomorrow":  report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Outcome = "reversed" }),
		"report an amount of 1": report(func(p *refundkit.PaymentRecordReportRefundParams) {
			p.Amount = refundkit.PaymentRecordAmount{Currency: "usd", Value: 1}
		}),
		"report no refund reference yet": report(func(p *refundkit.PaymentRecordReportRefundParams) { p.InitiatedAt = now }),
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			sent := record(mock, `{}`)
			var refused *refundkit.ParamError
			assert.NotErrorAs(t, send(t.Context(), client), &refused)
			assert.Len(t, sent.all(), 1)
		})
	}
}
