package refundkit_test

import (
	"context"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func connectEndpoints() []endpoint {
	const reversals, refunds = "/v1/transfers/{0}/reversals", "/v1/application_fees/{0}/refunds"
	return []endpoint{
		{"retrieve a transfer", "GET", "/v1/transfers/{0}", []string{"transfer"}, "transfer.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Transfers.Retrieve(ctx, ids[0], opts...))
		}},
		{"list transfers", "GET", "/v1/transfers", nil, "transfer_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.Transfers.List(ctx, refundkit.TransferListParams{}, opts...))
		}},
		{"reverse a transfer", "POST", reversals, []string{"id"}, "transfer_reversal.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.TransferReversals.Create(ctx, ids[0], refundkit.TransferReversalCreateParams{Remaining: true}, opts...))
		}},
		{"retrieve a reversal", "GET", reversals + "/{1}", []string{"transfer", "id"}, "transfer_reversal.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.TransferReversals.Retrieve(ctx, ids[0], ids[1], opts...))
		}},
		{"update a reversal", "POST", reversals + "/{1}", []string{"transfer", "id"}, "transfer_reversal.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.TransferReversals.Update(ctx, ids[0], ids[1], refundkit.TransferReversalUpdateParams{Metadata: refundkit.Metadata{"a": "b"}}, opts...))
		}},
		{"list reversals", "GET", reversals, []string{"id"}, "transfer_reversal_list.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.TransferReversals.List(ctx, ids[0], refundkit.TransferReversalListParams{}, opts...))
		}},
		{"retrieve a fee", "GET", "/v1/application_fees/{0}", []string{"id"}, "application_fee.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.ApplicationFees.Retrieve(ctx, ids[0], opts...))
		}},
		{"list fees", "GET", "/v1/application_fees", nil, "application_fee_list.json", func(ctx context.Context, c *refundkit.Client, _ []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.ApplicationFees.List(ctx, refundkit.ApplicationFeeListParams{}, opts...))
		}},
		{"give a fee back", "POST", refunds, []string{"id"}, "fee_refund.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.ApplicationFeeRefunds.Create(ctx, ids[0], refundkit.ApplicationFeeRefundCreateParams{Remaining: true}, opts...))
		}},
		{"retrieve a fee refund", "GET", refunds + "/{1}", []string{"fee", "id"}, "fee_refund.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.ApplicationFeeRefunds.Retrieve(ctx, ids[0], ids[1], opts...))
		}},
		{"update a fee refund", "POST", refunds + "/{1}", []string{"fee", "id"}, "fee_refund.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.ApplicationFeeRefunds.Update(ctx, ids[0], ids[1], refundkit.ApplicationFeeRefundUpdateParams{Metadata: refundkit.Metadata{"a": "b"}}, opts...))
		}},
		{"list fee refunds", "GET", refunds, []string{"id"}, "fee_refund_list.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return orNil(c.ApplicationFeeRefunds.List(ctx, ids[0], refundkit.ApplicationFeeRefundListParams{}, opts...))
		}},
	}
}

func TestReadTransfer(t *testing.T) {
	transfer := retrieved(t, "transfer.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.Transfer, error) {
		return c.Transfers.Retrieve(t.Context(), "tr_1TzReadTransfer000000aaaa", opt)
	})
	assert.Equal(t, int64(700), transfer.Left())
	assert.Equal(t, "acct_1TzReadSeller00000", transfer.Destination.ID)
	assert.Equal(t, "py_1TzReadTransfer000000cccc", transfer.DestinationPayment.ID)
	assert.Equal(t, "ch_3TzReadSeparate0000000aaaa", transfer.SourceTransaction.ID)
	require.Len(t, transfer.Reversals.Data, 2)
	assert.Equal(t, "order-6735/back-1", transfer.Reversals.Data[0].Reference())
	assert.Equal(t, "re_3TzReadOlder0000000cccc", transfer.Reversals.Data[1].SourceRefund.ID)
}

func TestReadApplicationFee(t *testing.T) {
	fee := retrieved(t, "application_fee.json", func(c *refundkit.Client, opt refundkit.CallOption) (*refundkit.ApplicationFee, error) {
		return c.ApplicationFees.Retrieve(t.Context(), "fee_1TzReadPlatform0000aaaa", opt)
	})
	assert.Equal(t, int64(150), fee.Left())
	assert.Equal(t, "acct_1TzReadSeller00000", fee.Account.ID)
	assert.Equal(t, "ch_3TzReadDestination00aaaa", fee.OriginatingTransaction.ID)
	assert.Equal(t, "order-6735/fee-1", fee.Refunds.Data[0].Reference())
}

// TestListsOfAnotherTransfer refuses a list on which what was looked for can't be.
func TestListsOfAnotherTransfer(t *testing.T) {
	for name, list := range map[string]func(c *refundkit.Client) error{
		"transfer_reversal_list.json": func(c *refundkit.Client) error {
			_, err := c.TransferReversals.List(t.Context(), "tr_other", refundkit.TransferReversalListParams{})
			return err
		},
		"fee_refund_list.json": func(c *refundkit.Client) error {
			_, err := c.ApplicationFeeRefunds.List(t.Context(), "fee_other", refundkit.ApplicationFeeRefundListParams{})
			return err
		},
		"transfer_list.json": func(c *refundkit.Client) error {
			_, err := c.Transfers.List(t.Context(), refundkit.TransferListParams{TransferGroup: "order-1"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			record(mock, string(fixture(t, name)))
			require.ErrorIs(t, list(client), refundkit.ErrAnswerMismatch)
		})
	}
}
