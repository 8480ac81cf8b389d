package refundkit_test

import (
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oddRefundBody has members of a shape that nobody foresaw.
var oddRefundBody = strings.Replace(refundBody, `"metadata":{}`, `"metadata":{"size":5,"refundkit_reference":"order-1"},"receipt_number":7,"destination_details":"card"`, 1)

func TestOddAnswerIsASuccess(t *testing.T) {
	client, mock := setup(t)
	record(mock, oddRefundBody)
	var response refundkit.Response
	refund, err := client.Refunds.Create(t.Context(), someRefund, refundkit.CaptureResponse(&response))
	require.NoError(t, err)
	assert.Equal(t, int64(500), refund.Amount)
	assert.Equal(t, "order-1", refund.Reference())
	assert.Equal(t, []string{"metadata.size", "receipt_number", "destination_details"}, response.Unread)
}

// TestOddRefundBlocksNoWalk: one refund that is odd must not hide the others.
func TestOddRefundBlocksNoWalk(t *testing.T) {
	client, mock := setup(t)
	record(mock, `{"object":"list","has_more":false,"data":[`+strings.Replace(refundBody, "re_1", "re_2", 1)+","+oddRefundBody+`]}`)
	count := 0
	for _, err := range client.Refunds.All(t.Context(), refundkit.RefundListParams{}) {
		require.NoError(t, err)
		count++
	}
	assert.Equal(t, 2, count)
	var response refundkit.Response
	found, err := client.Refunds.Resolve(t.Context(), refundkit.ResolveParams{Reference: "order-1", Charge: "ch_1"}, refundkit.CaptureResponse(&response))
	require.NoError(t, err)
	assert.Equal(t, "re_1", found.ID)
	assert.Equal(t, []string{"data.1.metadata.size", "data.1.receipt_number", "data.1.destination_details"}, response.Unread)
}

func TestOddMoneyLeavesTheOutcomeOpen(t *testing.T) {
	client, mock := setup(t)
	record(mock, strings.Replace(oddRefundBody, `500`, `"4242.42"`, 1))
	var response refundkit.Response
	refund, err := client.Refunds.Create(t.Context(), someRefund, refundkit.CaptureResponse(&response))
	assert.Nil(t, refund)
	require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	assert.ErrorContains(t, err, `field amount is not a whole number of 64 bits, but a string`)
	assert.NotContains(t, err.Error(), "4242")
	assert.Empty(t, response.Unread)
}

// TestSparseAnswerIsASuccess: a mock need not send more than what names the refund.
func TestSparseAnswerIsASuccess(t *testing.T) {
	for _, body := range []string{`{"id":"re_1","object":"refund","status":"succeeded"}`, `{"id":"re_1","object":"refund","amount":null,"charge":null,"created":null,"metadata":null}`} {
		client, mock := setup(t)
		record(mock, body)
		var response refundkit.Response
		refund, err := client.Refunds.Create(t.Context(), someRefund, refundkit.CaptureResponse(&response))
		require.NoError(t, err, body)
		assert.Equal(t, "re_1", refund.ID)
		assert.Empty(t, response.Unread)
	}
}
