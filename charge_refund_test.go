package refundkit_test

import (
	"context"

	"github.com/refundkit/refundkit"
)

func chargeRefundEndpoints() []endpoint {
	const path = "/v1/charges/{0}/refunds"
	both := []string{"charge", "refund"}
	return []endpoint{
		{"charge create", "POST", path, both[:1], "refund_card.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.ChargeRefunds.Create(ctx, ids[0], refundkit.ChargeRefundCreateParams{Amount: 500}, opts...)
		}},
		{"charge retrieve", "GET", path + "/{1}", both, "refund_card.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.ChargeRefunds.Retrieve(ctx, ids[0], ids[1], opts...)
		}},
		{"charge update", "POST", path + "/{1}", both, "refund_card.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.ChargeRefunds.Update(ctx, ids[0], ids[1], oneUpdate, opts...)
		}},
		{"charge list", "GET", path, both[:1], "refund_list.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.ChargeRefunds.List(ctx, ids[0], refundkit.ChargeRefundListParams{}, opts...)
		}},
	}
}
