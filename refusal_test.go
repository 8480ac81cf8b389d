package refundkit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// send is a call with parameters that may be wrong.
type send func(context.Context, *refundkit.Client) error

func create(params refundkit.RefundCreateParams, opts ...refundkit.CallOption) send {
	return createForm("", params, opts...).send
}

func createOfCharge(params refundkit.ChargeRefundCreateParams, opts ...refundkit.CallOption) send {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.ChargeRefunds.Create(ctx, "ch_1", params, opts...)
		return err
	}
}

func update(params refundkit.RefundUpdateParams) send { return updateForm("", params).send }

func updateOfCharge(params refundkit.RefundUpdateParams) send {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.ChargeRefunds.Update(ctx, "ch_1", "re_1", params)
		return err
	}
}

func list(params refundkit.RefundListParams) send {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.List(ctx, params)
		return err
	}
}

func listOfCharge(params refundkit.ChargeRefundListParams) send {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.ChargeRefunds.List(ctx, "ch_1", params)
		return err
	}
}

// report is a report that is right but for what spoil does to it.
func report(spoil func(*refundkit.PaymentRecordReportRefundParams)) send {
	params := someReport
	spoil(&params)
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.PaymentRecords.ReportRefund(ctx, "pr_1", params)
		return err
	}
}

// cashBalance is a refund out of a cash balance that is right but for what
// spoil does to it.
func cashBalance(spoil func(*refundkit.RefundCreateParams)) send {
	params := refundkit.RefundCreateParams{Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur", Amount: 5}
	spoil(&params)
	return create(params)
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
	send  send
}

func refusals() map[string]refusal {
	now := time.Unix(1788000000, 0)
	created := func(r refundkit.CreatedRange) refusal {
		return refusal{"created", list(refundkit.RefundListParams{Created: r})}
	}
	type params = refundkit.RefundCreateParams
	all := map[string]refusal{
		"nothing to refund":             {"charge", create(params{Amount: 5})},
		"charge and payment intent":     {"payment_intent", create(params{Charge: "ch_1", PaymentIntent: "pi_1", Amount: 5})},
		"a customer is no payment":      {"charge", create(params{Customer: "cus_1", Currency: "eur", Amount: 5})},
		"no amount":                     {"amount", create(params{Charge: "ch_1"})},
		"an amount of -5":               {"amount", create(params{Charge: "ch_1", Amount: -5})},
		"an amount of -5 and remaining": {"amount", create(params{Charge: "ch_1", Amount: -5, Remaining: true})},
		"amount and remaining":          {"amount", create(params{PaymentIntent: "pi_1", Amount: 5, Remaining: true})},
		"a reason that only Stripe has": {"reason", create(params{Charge: "ch_1", Amount: 5, Reason: refundkit.RefundReasonExpiredUncapturedCharge})},
		"two references":                {"metadata", create(params{Charge: "ch_1", Amount: 5, Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: "a"}}, refundkit.Reference("b"))},
		"a reference of 501 characters": {"metadata", create(someRefund, refundkit.Reference(strings.Repeat("é", 501)))},
		"a reference as the 51st key":   {"metadata", create(params{Charge: "ch_1", Amount: 5, Metadata: metadataOf(50)}, refundkit.Reference("r"))},
		"cash balance: charge":          {"origin", cashBalance(func(p *params) { p.Charge = "ch_1" })},
		"cash balance: payment intent":  {"origin", cashBalance(func(p *params) { p.PaymentIntent = "pi_1" })},
		"cash balance: no customer":     {"customer", cashBalance(func(p *params) { p.Customer = "" })},
		"cash balance: no currency":     {"currency", cashBalance(func(p *params) { p.Currency = "" })},
		"cash balance: no amount":       {"amount", cashBalance(func(p *params) { p.Amount = 0 })},
		"cash balance: remaining":       {"amount", cashBalance(func(p *params) { p.Amount, p.Remaining = 0, true })},

		"charge: no amount":            {"amount", createOfCharge(refundkit.ChargeRefundCreateParams{})},
		"charge: a negative amount":    {"amount", createOfCharge(refundkit.ChargeRefundCreateParams{Amount: -1})},
		"charge: amount and remaining": {"amount", createOfCharge(refundkit.ChargeRefundCreateParams{Amount: 1, Remaining: true})},
		"charge: reason":               {"reason", createOfCharge(refundkit.ChargeRefundCreateParams{Amount: 1, Reason: refundkit.RefundReasonExpiredUncapturedCharge})},
		"charge: two references":       {"metadata", createOfCharge(refundkit.ChargeRefundCreateParams{Amount: 1, Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: ""}}, refundkit.Reference("b"))},

		"an update of nothing":         {"metadata", update(refundkit.RefundUpdateParams{})},
		"an update with no keys":       {"metadata", update(refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{}})},
		"set and clear":                {"metadata", update(refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"k": ""}, ClearMetadata: true})},
		"charge: an update of nothing": {"metadata", updateOfCharge(refundkit.RefundUpdateParams{})},
		"at and a bound":               created(refundkit.CreatedRange{At: now, From: now}),
		"at and after":                 created(refundkit.CreatedRange{At: now, After: now}),
		"at and before":                created(refundkit.CreatedRange{At: now, Before: now}),
		"at and until":                 created(refundkit.CreatedRange{At: now, Until: now}),
		"a limit of 101":               {"limit", list(refundkit.RefundListParams{Limit: 101})},
		"a limit of -1":                {"limit", list(refundkit.RefundListParams{Limit: -1})},
		"both cursors":                 {"ending_before", list(refundkit.RefundListParams{StartingAfter: "re_1", EndingBefore: "re_2"})},
		"charge: a limit of 101":       {"limit", listOfCharge(refundkit.ChargeRefundListParams{Limit: 101})},
		"charge: a limit of -1":        {"limit", listOfCharge(refundkit.ChargeRefundListParams{Limit: -1})},
		"charge: both cursors":         {"ending_before", listOfCharge(refundkit.ChargeRefundListParams{StartingAfter: "re_1", EndingBefore: "re_2"})},
		"report: no outcome":           {"outcome", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Outcome = "" })},
		"report: no processor":         {"processor_details[type]", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.ProcessorDetails.Type = "" })},
		"report: no currency":          {"amount[currency]", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Amount.Value = 5 })},
		"report: no value":             {"amount[value]", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Amount.Currency = "usd" })},
		"report: a negative value": {"amount[value]", report(func(p *refundkit.PaymentRecordReportRefundParams) {
			p.Amount = refundkit.PaymentRecordAmount{Currency: "usd", Value: -5}
		})},
		"report: metadata set and clear": {"metadata", report(func(p *refundkit.PaymentRecordReportRefundParams) {
			p.Metadata, p.ClearMetadata = refundkit.Metadata{"k": "v"}, true
		})},
	}
	for name, metadata := range wrongMetadata() {
		all["create with "+name] = refusal{"metadata", create(params{Charge: "ch_1", Amount: 5, Metadata: metadata})}
		all["charge create with "+name] = refusal{"metadata", createOfCharge(refundkit.ChargeRefundCreateParams{Amount: 5, Metadata: metadata})}
		all["update with "+name] = refusal{"metadata", update(refundkit.RefundUpdateParams{Metadata: metadata})}
		all["charge update with "+name] = refusal{"metadata", updateOfCharge(refundkit.RefundUpdateParams{Metadata: metadata})}
		all["report with "+name] = refusal{"metadata", report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Metadata = metadata })}
	}
	return all
}

func TestWrongParamsAreRefused(t *testing.T) {
	for name, tt := range refusals() {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			sent := record(mock, refundBody)

			err := tt.send(t.Context(), client)

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
	client, _ := setup(t)
	for _, metadata := range []refundkit.Metadata{{"secret[": "v"}, {"k": "secret" + strings.Repeat("v", 500)}, {"k": "secret\xff"}} {
		err := update(refundkit.RefundUpdateParams{Metadata: metadata})(t.Context(), client)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret")
	}
}

func TestParamsAtTheLimitAreSent(t *testing.T) {
	type params = refundkit.RefundCreateParams
	now := time.Unix(1788000000, 0)
	withMetadata := func(metadata refundkit.Metadata) send {
		return create(params{Charge: "ch_1", Amount: 1, Metadata: metadata})
	}
	for name, send := range map[string]send{
		"an amount of 1":                 create(params{Charge: "ch_1", Amount: 1}),
		"an unknown reason":              create(params{Charge: "ch_1", Amount: 1, Reason: "changed_their_mind"}),
		"50 keys":                        withMetadata(metadataOf(50)),
		"a key of 40 characters":         withMetadata(refundkit.Metadata{strings.Repeat("k", 40): "v"}),
		"a key of 40 wide characters":    withMetadata(refundkit.Metadata{strings.Repeat("鍵", 40): "v"}),
		"a value of 500 characters":      withMetadata(refundkit.Metadata{"k": strings.Repeat("v", 500)}),
		"a value of 500 wide characters": withMetadata(refundkit.Metadata{"k": strings.Repeat("値", 500)}),
		"a reference as the 50th key":    create(params{Charge: "ch_1", Amount: 1, Metadata: metadataOf(49)}, refundkit.Reference("r")),
		"a reference of 500 characters":  create(someRefund, refundkit.Reference(strings.Repeat("é", 500))),
		"the same reference twice":       create(params{Charge: "ch_1", Amount: 1, Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: "r"}}, refundkit.Reference("r")),
		"cash balance":                   cashBalance(func(*params) {}),
		"a charge of a customer":         create(params{Charge: "ch_1", Remaining: true, Customer: "cus_1", Currency: "eur"}),
		"unset one key":                  update(refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"k": ""}}),
		"clear":                          update(refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true}),
		"a limit of 1":                   list(refundkit.RefundListParams{Limit: 1}),
		"a limit of 100":                 list(refundkit.RefundListParams{Limit: 100}),
		"all bounds":                     list(refundkit.RefundListParams{Created: refundkit.CreatedRange{After: now, From: now, Before: now, Until: now}}),
		"report: as the specification":   report(func(*refundkit.PaymentRecordReportRefundParams) {}),
		"report: an outcome of tomorrow": report(func(p *refundkit.PaymentRecordReportRefundParams) { p.Outcome = "reversed" }),
		"report: an amount of 1": report(func(p *refundkit.PaymentRecordReportRefundParams) {
			p.Amount = refundkit.PaymentRecordAmount{Currency: "usd", Value: 1}
		}),
		"report: no refund reference yet": report(func(p *refundkit.PaymentRecordReportRefundParams) { p.InitiatedAt = now }),
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
