package conformance

import (
	"context"
	"strings"

	"github.com/refundkit/refundkit"
)

// The IDs that the calls of Connect name in their paths.
const (
	transferID  = "tr_1"
	reversalID  = "trr_1"
	feeID       = "fee_1"
	feeRefundID = "fr_1"
)

// ofConnect is how the specification names the ID of a transfer or a fee in a path: by
// its kind where another ID follows.
func ofConnect(path, segment string) string {
	switch {
	case strings.HasSuffix(path, "/reversals"), strings.HasSuffix(path, "/refunds"), segment == feeID && strings.HasSuffix(path, feeID):
		return "{id}"
	case segment == feeID:
		return "{fee}"
	}
	return "{transfer}"
}

// nameOwner makes stripe-mock's fixture one of the transfer or the fee that the path names.
func nameOwner(object map[string]any, path string) {
	for kind, owner := range map[string][]string{"transfer_reversal": {"transfer", transferID}, "fee_refund": {"fee", feeID}} {
		if object["object"] != kind || !strings.Contains(path, "/"+owner[1]+"/") {
			continue
		}
		if expanded, isObject := object[owner[0]].(map[string]any); isObject {
			expanded["id"] = owner[1]
		} else {
			object[owner[0]] = owner[1]
		}
	}
}

// connectEndpoints are those of what a platform takes back and gives back.
func connectEndpoints() []endpoint {
	return []endpoint{
		{op: "Transfers.Retrieve", route: "get /v1/transfers/{transfer}", answer: "transfer", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Transfers.Retrieve(ctx, transferID, opts...)
			}},
		}},
		{op: "Transfers.List", route: "get /v1/transfers", answer: "list of transfer", calls: transferLists()},
		{op: "TransferReversals.Create", route: "post /v1/transfers/{id}/reversals", answer: "transfer_reversal", calls: reversalCreates()},
		{op: "TransferReversals.Retrieve", route: "get /v1/transfers/{transfer}/reversals/{id}", answer: "transfer_reversal", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.TransferReversals.Retrieve(ctx, transferID, reversalID, opts...)
			}},
		}},
		{op: "TransferReversals.Update", route: "post /v1/transfers/{transfer}/reversals/{id}", answer: "transfer_reversal", calls: reversalUpdates()},
		{op: "TransferReversals.List", route: "get /v1/transfers/{id}/reversals", answer: "list of transfer_reversal", calls: reversalLists()},
		{op: "ApplicationFees.Retrieve", route: "get /v1/application_fees/{id}", answer: "application_fee", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.ApplicationFees.Retrieve(ctx, feeID, opts...)
			}},
		}},
		{op: "ApplicationFees.List", route: "get /v1/application_fees", answer: "list of application_fee", calls: feeLists()},
		{op: "ApplicationFeeRefunds.Create", route: "post /v1/application_fees/{id}/refunds", answer: "fee_refund", calls: feeRefundCreates()},
		{op: "ApplicationFeeRefunds.Retrieve", route: "get /v1/application_fees/{fee}/refunds/{id}", answer: "fee_refund", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.ApplicationFeeRefunds.Retrieve(ctx, feeID, feeRefundID, opts...)
			}},
		}},
		{op: "ApplicationFeeRefunds.Update", route: "post /v1/application_fees/{fee}/refunds/{id}", answer: "fee_refund", calls: feeRefundUpdates()},
		{op: "ApplicationFeeRefunds.List", route: "get /v1/application_fees/{id}/refunds", answer: "list of fee_refund", calls: feeRefundLists()},
	}
}

func transferLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.TransferListParams, opts ...refundkit.CallOption) (any, error) {
		return c.Transfers.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.TransferListParams{Destination: "acct_2", TransferGroup: "order-6735", Limit: 3, StartingAfter: "tr_2",
			Created: refundkit.CreatedRange{At: moment}}, send),
		with("before", refundkit.TransferListParams{EndingBefore: "tr_2", Created: everyBound}, send),
	}
}

func reversalCreates() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.TransferReversalCreateParams, opts ...refundkit.CallOption) (any, error) {
		return c.TransferReversals.Create(ctx, transferID, p, opts...)
	}
	return []call{
		with("a part", refundkit.TransferReversalCreateParams{Amount: 500, Description: "Two of five", Metadata: refundkit.Metadata{"order": "6735"},
			RefundApplicationFee: true}, send),
		with("the rest", refundkit.TransferReversalCreateParams{Remaining: true}, send),
	}
}

func reversalUpdates() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.TransferReversalUpdateParams, opts ...refundkit.CallOption) (any, error) {
		return c.TransferReversals.Update(ctx, transferID, reversalID, p, opts...)
	}
	return []call{
		with("set and unset", refundkit.TransferReversalUpdateParams{Metadata: refundkit.Metadata{"order": "6735", "old": ""}}, send),
		with("clear", refundkit.TransferReversalUpdateParams{ClearMetadata: true, ForgetReference: true}, send),
	}
}

func reversalLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.TransferReversalListParams, opts ...refundkit.CallOption) (any, error) {
		return c.TransferReversals.List(ctx, transferID, p, opts...)
	}
	return []call{
		with("after", refundkit.TransferReversalListParams{Limit: 3, StartingAfter: "trr_2"}, send),
		with("before", refundkit.TransferReversalListParams{EndingBefore: "trr_2"}, send),
	}
}

func feeLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ApplicationFeeListParams, opts ...refundkit.CallOption) (any, error) {
		return c.ApplicationFees.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.ApplicationFeeListParams{Charge: "ch_2", Limit: 3, StartingAfter: "fee_2", Created: refundkit.CreatedRange{At: moment}}, send),
		with("before", refundkit.ApplicationFeeListParams{EndingBefore: "fee_2", Created: everyBound}, send),
	}
}

func feeRefundCreates() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ApplicationFeeRefundCreateParams, opts ...refundkit.CallOption) (any, error) {
		return c.ApplicationFeeRefunds.Create(ctx, feeID, p, opts...)
	}
	return []call{
		with("a part", refundkit.ApplicationFeeRefundCreateParams{Amount: 50, Metadata: refundkit.Metadata{"order": "6735"}}, send),
		with("the rest", refundkit.ApplicationFeeRefundCreateParams{Remaining: true}, send),
	}
}

func feeRefundUpdates() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ApplicationFeeRefundUpdateParams, opts ...refundkit.CallOption) (any, error) {
		return c.ApplicationFeeRefunds.Update(ctx, feeID, feeRefundID, p, opts...)
	}
	return []call{
		with("set and unset", refundkit.ApplicationFeeRefundUpdateParams{Metadata: refundkit.Metadata{"order": "6735", "old": ""}}, send),
		with("clear", refundkit.ApplicationFeeRefundUpdateParams{ClearMetadata: true, ForgetReference: true}, send),
	}
}

func feeRefundLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ApplicationFeeRefundListParams, opts ...refundkit.CallOption) (any, error) {
		return c.ApplicationFeeRefunds.List(ctx, feeID, p, opts...)
	}
	return []call{
		with("after", refundkit.ApplicationFeeRefundListParams{Limit: 3, StartingAfter: "fr_2"}, send),
		with("before", refundkit.ApplicationFeeRefundListParams{EndingBefore: "fr_2"}, send),
	}
}
