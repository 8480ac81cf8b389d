package conformance

import (
	"context"

	"github.com/refundkit/refundkit"
)

// The IDs that the calls that read name in their paths.
const (
	intentID      = "pi_1"
	disputeID     = "du_1"
	transactionID = "txn_1"
	eventID       = "evt_1"
)

// readingEndpoints are those of what a refund is about.
func readingEndpoints() []endpoint {
	return []endpoint{
		{op: "Charges.Retrieve", route: "get /v1/charges/{charge}", answer: "charge", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Charges.Retrieve(ctx, chargeID, opts...)
			}},
		}},
		{op: "Charges.List", route: "get /v1/charges", answer: "list of charge", calls: chargesLists()},
		{op: "PaymentIntents.Retrieve", route: "get /v1/payment_intents/{intent}", answer: "payment_intent", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.PaymentIntents.Retrieve(ctx, intentID, opts...)
			}},
		}},
		{op: "Disputes.Retrieve", route: "get /v1/disputes/{dispute}", answer: "dispute", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Disputes.Retrieve(ctx, disputeID, opts...)
			}},
		}},
		{op: "Disputes.List", route: "get /v1/disputes", answer: "list of dispute", calls: disputeLists()},
		{op: "Balance.Retrieve", route: "get /v1/balance", answer: "balance", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Balance.Retrieve(ctx, opts...)
			}},
		}},
		{op: "BalanceTransactions.Retrieve", route: "get /v1/balance_transactions/{id}", answer: "balance_transaction", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.BalanceTransactions.Retrieve(ctx, transactionID, opts...)
			}},
		}},
		{op: "BalanceTransactions.List", route: "get /v1/balance_transactions", answer: "list of balance_transaction", calls: transactionLists()},
		{op: "Events.Retrieve", route: "get /v1/events/{id}", answer: "event", calls: []call{
			{name: "bare", send: func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
				return c.Events.Retrieve(ctx, eventID, opts...)
			}},
		}},
		{op: "Events.List", route: "get /v1/events", answer: "list of event", calls: eventLists()},
	}
}

// everyBound is a range with all four of them.
var everyBound = refundkit.CreatedRange{After: moment, From: moment, Before: moment, Until: moment}

func chargesLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.ChargeListParams, opts ...refundkit.CallOption) (any, error) {
		return c.Charges.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.ChargeListParams{
			Customer: "cus_2", PaymentIntent: "pi_2", TransferGroup: "order-6735", Limit: 3, StartingAfter: "ch_2",
			Created: refundkit.CreatedRange{At: moment},
		}, send),
		with("before", refundkit.ChargeListParams{EndingBefore: "ch_2", Created: everyBound}, send),
	}
}

func disputeLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.DisputeListParams, opts ...refundkit.CallOption) (any, error) {
		return c.Disputes.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.DisputeListParams{
			Charge: "ch_2", PaymentIntent: "pi_2", Limit: 3, StartingAfter: "du_2", Created: refundkit.CreatedRange{At: moment},
		}, send),
		with("before", refundkit.DisputeListParams{EndingBefore: "du_2", Created: everyBound}, send),
	}
}

func transactionLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.BalanceTransactionListParams, opts ...refundkit.CallOption) (any, error) {
		return c.BalanceTransactions.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.BalanceTransactionListParams{
			Currency: "eur", Payout: "po_2", Source: "re_2", Type: refundkit.BalanceTransactionTypeRefund, Limit: 3, StartingAfter: "txn_2",
			Created: refundkit.CreatedRange{At: moment},
		}, send),
		with("before", refundkit.BalanceTransactionListParams{EndingBefore: "txn_2", Created: everyBound}, send),
	}
}

func eventLists() []call {
	send := func(ctx context.Context, c *refundkit.Client, p refundkit.EventListParams, opts ...refundkit.CallOption) (any, error) {
		return c.Events.List(ctx, p, opts...)
	}
	return []call{
		with("after", refundkit.EventListParams{
			Types:           []refundkit.EventType{refundkit.EventTypeRefundCreated, refundkit.EventTypeRefundFailed},
			DeliverySuccess: refundkit.EventDeliveryFailed, Limit: 3, StartingAfter: "evt_2", Created: refundkit.CreatedRange{At: moment},
		}, send),
		with("before", refundkit.EventListParams{EndingBefore: "evt_2", Created: everyBound}, send),
	}
}
