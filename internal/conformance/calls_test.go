package conformance

import (
	"context"
	"slices"
	"time"

	"github.com/refundkit/refundkit"
)

// The IDs that the calls name in their paths.
const (
	chargeID = "ch_1"
	refundID = "re_1"
	recordID = "pr_1"
)

// endpoint is one endpoint of the specification, and the method that is ours
// for it.
type endpoint struct {
	op     string // Refunds.Create
	route  string // post /v1/refunds
	answer string // one of ourTypes
	calls  []call
}

// call is one use of a method. The calls of an endpoint fill every field of its
// params and take every parameter of the specification between them.
type call struct {
	name   string
	params any // nil where the method takes none
	send   func(context.Context, *refundkit.Client, ...refundkit.CallOption) (any, error)
}

// moment is a time with a fraction, as callers have them.
var moment = time.Date(2026, 8, 26, 12, 30, 15, 500, time.FixedZone("CEST", 2*60*60))

func endpoints() []endpoint {
	return slices.Concat(refundEndpoints(), connectEndpoints(), readingEndpoints())
}

func refundEndpoints() []endpoint {
	return []endpoint{
		{op: "Refunds.Create", route: "post /v1/refunds", answer: "refund", calls: creates()},
		{op: "Refunds.Retrieve", route: "get /v1/refunds/{refund}", answer: "refund", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Refunds.Retrieve(ctx, refundID, opts...)
			}},
		}},
		{op: "Refunds.Update", route: "post /v1/refunds/{refund}", answer: "refund",
			calls: updates(func(ctx context.Context, c *refundkit.Client, p refundkit.RefundUpdateParams, opts ...refundkit.CallOption) (any, error) {
				return c.Refunds.Update(ctx, refundID, p, opts...)
			})},
		{op: "Refunds.Cancel", route: "post /v1/refunds/{refund}/cancel", answer: "refund", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Refunds.Cancel(ctx, refundID, opts...)
			}},
		}},
		{op: "Refunds.List", route: "get /v1/refunds", answer: "list", calls: lists()},
		{op: "ChargeRefunds.Create", route: "post /v1/charges/{charge}/refunds", answer: "refund", calls: chargeCreates()},
		{op: "ChargeRefunds.Retrieve", route: "get /v1/charges/{charge}/refunds/{refund}", answer: "refund", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.ChargeRefunds.Retrieve(ctx, chargeID, refundID, opts...)
			}},
		}},
		{op: "ChargeRefunds.Update", route: "post /v1/charges/{charge}/refunds/{refund}", answer: "refund",
			calls: updates(func(ctx context.Context, c *refundkit.Client, p refundkit.RefundUpdateParams, opts ...refundkit.CallOption) (any, error) {
				return c.ChargeRefunds.Update(ctx, chargeID, refundID, p, opts...)
			})},
		{op: "ChargeRefunds.List", route: "get /v1/charges/{charge}/refunds", answer: "list", calls: chargeLists()},
		{op: "PaymentRecords.ReportRefund", route: "post /v1/payment_records/{id}/report_refund", answer: "payment_record", calls: reports()},
		{op: "PaymentRecords.Retrieve", route: "get /v1/payment_records/{id}", answer: "payment_record", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.PaymentRecords.Retrieve(ctx, recordID, opts...)
			}},
		}},
		{op: "TestHelpers.ExpireRefund", route: "post /v1/test_helpers/refunds/{refund}/expire", answer: "refund", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.TestHelpers.ExpireRefund(ctx, refundID, opts...)
			}},
		}},
	}
}

// with makes a call of params, for a method that takes them.
func with[P any](name string, params P, send func(context.Context, *refundkit.Client, P, ...refundkit.CallOption) (any, error)) call {
	return call{name, params, func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
		return send(ctx, c, params, opts...)
	}}
}

func creates() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.RefundCreateParams, opts ...refundkit.CallOption) (any, error) {
		return c.Refunds.Create(ctx, p, opts...)
	}
	return []call{
		with("part of a charge", refundkit.RefundCreateParams{
			Charge: "ch_2", Amount: 500, Reason: refundkit.RefundReasonRequestedByCustomer, Metadata: refundkit.Metadata{"order": "6735"},
			InstructionsEmail: "jenny@example.com", RefundApplicationFee: true, ReverseTransfer: true,
		}, send),
		with("the rest of a payment intent", refundkit.RefundCreateParams{PaymentIntent: "pi_2", Remaining: true, Reason: refundkit.RefundReasonDuplicate}, send),
		with("fraudulent", refundkit.RefundCreateParams{Charge: "ch_2", Remaining: true, Reason: refundkit.RefundReasonFraudulent}, send),
		with("out of a cash balance", refundkit.RefundCreateParams{
			Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_2", Currency: "eur", Amount: 500,
		}, send),
	}
}

func chargeCreates() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ChargeRefundCreateParams, opts ...refundkit.CallOption) (any, error) {
		return c.ChargeRefunds.Create(ctx, chargeID, p, opts...)
	}
	return []call{
		with("everything", refundkit.ChargeRefundCreateParams{
			PaymentIntent: "pi_2", Amount: 500, Reason: refundkit.RefundReasonRequestedByCustomer, Metadata: refundkit.Metadata{"order": "6735"},
			InstructionsEmail: "jenny@example.com", RefundApplicationFee: true, ReverseTransfer: true,
			Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_2", Currency: "eur",
		}, send),
		with("the rest", refundkit.ChargeRefundCreateParams{Remaining: true}, send),
	}
}

func updates(send func(context.Context, *refundkit.Client, refundkit.RefundUpdateParams, ...refundkit.CallOption) (any, error)) []call {
	return []call{
		with("set and unset", refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"order": "6735", "old": ""}}, send),
		with("clear", refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true}, send),
	}
}

func lists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.RefundListParams, opts ...refundkit.CallOption) (any, error) {
		return c.Refunds.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.RefundListParams{
			Charge: "ch_2", PaymentIntent: "pi_2", Limit: 3, StartingAfter: "re_2", Created: refundkit.CreatedRange{At: moment},
		}, send),
		with("before", refundkit.RefundListParams{
			EndingBefore: "re_2", Created: refundkit.CreatedRange{After: moment, From: moment, Before: moment, Until: moment},
		}, send),
	}
}

func chargeLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ChargeRefundListParams, opts ...refundkit.CallOption) (any, error) {
		return c.ChargeRefunds.List(ctx, chargeID, p, opts...)
	}
	return []call{
		with("after", refundkit.ChargeRefundListParams{Limit: 3, StartingAfter: "re_2"}, send),
		with("before", refundkit.ChargeRefundListParams{EndingBefore: "re_2"}, send),
	}
}

func reports() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.PaymentRecordReportRefundParams, opts ...refundkit.CallOption) (any, error) {
		return c.PaymentRecords.ReportRefund(ctx, recordID, p, opts...)
	}
	processor := refundkit.RefundProcessorDetailsParams{
		Type:   refundkit.ProcessorTypeCustom,
		Custom: refundkit.CustomRefundProcessorParams{RefundReference: "terminal-7/refund-1"},
	}
	return []call{
		with("everything", refundkit.PaymentRecordReportRefundParams{
			Outcome: refundkit.PaymentRecordRefundOutcomeRefunded, ProcessorDetails: processor, InitiatedAt: moment,
			Refunded: refundkit.PaymentRecordRefundedParams{RefundedAt: moment},
			Amount:   refundkit.PaymentRecordAmount{Currency: "eur", Value: 500},
			Metadata: refundkit.Metadata{"order": "6735"},
		}, send),
		with("only what is required", refundkit.PaymentRecordReportRefundParams{
			Outcome: refundkit.PaymentRecordRefundOutcomeRefunded, ProcessorDetails: refundkit.RefundProcessorDetailsParams{Type: refundkit.ProcessorTypeCustom},
		}, send),
		with("clear", refundkit.PaymentRecordReportRefundParams{
			Outcome: refundkit.PaymentRecordRefundOutcomeRefunded, ProcessorDetails: processor, ClearMetadata: true,
		}, send),
	}
}
