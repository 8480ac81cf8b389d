package refundkit_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goldenForm reads a form from testdata: an escaped field=value per line, in the
// order in which they are sent.
func goldenForm(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "forms", name+".txt"))
	require.NoError(t, err)
	return strings.ReplaceAll(strings.TrimSuffix(string(data), "\n"), "\n", "&")
}

// formCase is a call and the form that it must send, as a body or as a query.
type formCase struct {
	name   string
	golden string // a file of testdata/forms
	call   call
}

func checkForms(t *testing.T, reply string, cases []formCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			client, mock := setup(t)
			sent := record(mock, reply)
			want := goldenForm(t, tt.golden)
			for range 20 { // maps have no order, forms do
				require.NoError(t, tt.call(t.Context(), client))
			}
			for _, request := range sent.all() {
				_, query, _ := strings.Cut(request.uri, "?")
				if request.method == http.MethodPost {
					assert.Equal(t, want, request.body)
					assert.Empty(t, query, "everything a POST says is in its body")
				} else {
					assert.Equal(t, want, query)
					assert.Empty(t, request.body)
				}
			}
		})
	}
}

func retrieveRefund(opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Retrieve(ctx, "re_1", opts...)
		return err
	}
}

func cancelRefund(opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Cancel(ctx, "re_1", opts...)
		return err
	}
}

func expireRefund(opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.TestHelpers.ExpireRefund(ctx, "re_1", opts...)
		return err
	}
}

func TestRefundForms(t *testing.T) {
	checkForms(t, `{"id":"re_1","object":"refund","status":"succeeded"}`, []formCase{
		{"create", "create_charge", createRefund(refundkit.RefundCreateParams{
			Charge: "ch_1", Amount: 1250, Reason: refundkit.RefundReasonRequestedByCustomer, InstructionsEmail: "ana+refund@example.com",
			Metadata: refundkit.Metadata{"order no": "67&35", "Über": "50% €"}, RefundApplicationFee: true, ReverseTransfer: true,
		}, refundkit.Expand("balance_transaction"), refundkit.Expand("charge.customer"))},
		{"create the rest of a payment intent", "create_payment_intent_remaining", createRefund(refundkit.RefundCreateParams{
			PaymentIntent: "pi_1", Remaining: true, Metadata: refundkit.Metadata{},
		})},
		{"create out of a customer balance", "create_customer_balance", createRefund(refundkit.RefundCreateParams{
			Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur", Amount: 900,
		})},
		{"create with a reference", "create_reference", createRefund(refundkit.RefundCreateParams{
			Charge: "ch_1", Amount: 1, Metadata: refundkit.Metadata{"sku": "chair"},
		}, refundkit.Reference("order-6735/refund-1"))},
		{"create a large one", "create_duplicate", createRefund(refundkit.RefundCreateParams{
			PaymentIntent: "pi_1", Amount: 1<<53 + 1, Reason: refundkit.RefundReasonDuplicate,
		})},
		{"set and unset", "update_set_and_unset", updateRefund(refundkit.RefundUpdateParams{
			Metadata: refundkit.Metadata{"case": "6735", "old": ""},
		}, refundkit.Expand("charge"))},
		{"clear", "update_clear", updateRefund(refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true})},
		{"clear and set nothing", "update_clear", updateRefund(refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true, Metadata: refundkit.Metadata{}})},
		{"cancel", "empty", cancelRefund()},
		{"cancel and expand", "cancel_expand", cancelRefund(refundkit.Expand("balance_transaction", "failure_balance_transaction"))},
		{"retrieve and expand", "retrieve_expand", retrieveRefund(refundkit.Expand("payment_intent.latest_charge"))},
		{"expire", "empty", expireRefund()},
		{"expire and expand", "expire_expand", expireRefund(refundkit.Expand("charge"))},
	})
}

func TestChargeRefundForms(t *testing.T) {
	checkForms(t, `{"id":"re_1","object":"refund","status":"succeeded"}`, []formCase{
		{"create", "charge_create", createChargeRefund(refundkit.ChargeRefundCreateParams{
			PaymentIntent: "pi_1", Amount: 500, Reason: refundkit.RefundReasonFraudulent, Metadata: refundkit.Metadata{"case": "6735"},
			InstructionsEmail: "ana@example.com", RefundApplicationFee: true, ReverseTransfer: true,
			Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "usd",
		}, refundkit.Expand("charge"))},
		{"create the rest", "empty", createChargeRefund(refundkit.ChargeRefundCreateParams{Remaining: true})},
		{"create with a reference", "charge_create_reference", createChargeRefund(refundkit.ChargeRefundCreateParams{Remaining: true}, refundkit.Reference("r1"))},
		{"set and unset", "update_set_and_unset", updateChargeRefund(refundkit.RefundUpdateParams{
			Metadata: refundkit.Metadata{"case": "6735", "old": ""},
		}, refundkit.Expand("charge"))},
		{"clear", "update_clear", updateChargeRefund(refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true})},
		{"retrieve and expand", "retrieve_expand", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.ChargeRefunds.Retrieve(ctx, "ch_1", "re_1", refundkit.Expand("payment_intent.latest_charge"))
			return err
		}},
	})
}

func TestListForms(t *testing.T) {
	created := func(r refundkit.CreatedRange) call { return listRefunds(refundkit.RefundListParams{Created: r}) }
	whole := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	half := func(seconds int64) time.Time { return time.Unix(seconds, 500_000_000) }
	elsewhere := time.FixedZone("UTC+9", 9*60*60)

	checkForms(t, `{"object":"list","data":[],"has_more":false,"url":"/v1/refunds"}`, []formCase{
		{"nothing", "empty", listRefunds(refundkit.RefundListParams{})},
		{"every field", "list_every", listRefunds(refundkit.RefundListParams{
			Charge: "ch_1", PaymentIntent: "pi_1", Limit: 25, StartingAfter: "re_9",
			Created: refundkit.CreatedRange{From: whole(1788000000), Before: whole(1788086400)},
		}, refundkit.Expand("data.charge", "data.balance_transaction"))},
		{"ending before", "list_ending_before", listRefunds(refundkit.RefundListParams{EndingBefore: "re_3", Limit: 1})},
		{"created at", "list_created_at", created(refundkit.CreatedRange{At: whole(1788000000).In(elsewhere)})},
		{"created at a fraction", "list_created_at", created(refundkit.CreatedRange{At: half(1788000000)})},
		{"created within all bounds", "list_created_all", created(refundkit.CreatedRange{
			After: whole(1788000001), From: whole(1788000002), Before: whole(1788000003), Until: whole(1788000004),
		})},
		{"created within fractions", "list_created_fractions", created(refundkit.CreatedRange{
			After: half(1788000001), From: half(1788000002), Before: half(1788000003), Until: half(1788000004),
		})},
		{"created before 1970", "list_created_before_1970", created(refundkit.CreatedRange{After: half(-2), From: half(-2)})},
		{"nothing of a charge", "empty", listChargeRefunds(refundkit.ChargeRefundListParams{})},
		{"ending before of a charge", "charge_list", listChargeRefunds(refundkit.ChargeRefundListParams{
			Limit: 100, EndingBefore: "re_3",
		}, refundkit.Expand("data.balance_transaction"))},
		{"starting after of a charge", "charge_list_after", listChargeRefunds(refundkit.ChargeRefundListParams{StartingAfter: "re_9"})},
	})
}

func TestPaymentRecordForms(t *testing.T) {
	report := func(params refundkit.PaymentRecordReportRefundParams, opts ...refundkit.CallOption) call {
		params.Outcome, params.ProcessorDetails.Type = someReport.Outcome, someReport.ProcessorDetails.Type
		return reportRefund(params, opts...)
	}
	reference := func(name string) refundkit.RefundProcessorDetailsParams {
		return refundkit.RefundProcessorDetailsParams{Custom: refundkit.CustomRefundProcessorParams{RefundReference: name}}
	}
	checkForms(t, `{"id":"pr_1","object":"payment_record"}`, []formCase{
		{"everything", "report_refund_full", report(refundkit.PaymentRecordReportRefundParams{
			ProcessorDetails: reference("acq 99/1"),
			Refunded:         refundkit.PaymentRecordRefundedParams{RefundedAt: time.Unix(1788003600, 999)},
			Amount:           refundkit.PaymentRecordAmount{Currency: "usd", Value: 2500},
			InitiatedAt:      time.Unix(1788000000, 0),
			Metadata:         refundkit.Metadata{"case": "6735", "old": ""},
		}, refundkit.Expand("latest_payment_attempt_record"))},
		{"the least", "report_refund_minimal", report(refundkit.PaymentRecordReportRefundParams{})},
		{"clear", "report_refund_clear", report(refundkit.PaymentRecordReportRefundParams{
			ProcessorDetails: reference("acq-1"), Refunded: refundkit.PaymentRecordRefundedParams{RefundedAt: time.Unix(0, 0)}, ClearMetadata: true,
		})},
		{"retrieve and expand", "retrieve_expand", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.PaymentRecords.Retrieve(ctx, "pr_1", refundkit.Expand("payment_intent.latest_charge"))
			return err
		}},
	})
}

func TestParamsAreNotChanged(t *testing.T) {
	client, mock := setup(t)
	record(mock, `{"id":"re_1","object":"refund","status":"succeeded"}`)
	metadata := refundkit.Metadata{"sku": "chair"}

	_, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: "ch_1", Amount: 1, Metadata: metadata}, refundkit.Reference("r1"))

	require.NoError(t, err)
	assert.Equal(t, refundkit.Metadata{"sku": "chair"}, metadata, "the map belongs to the caller")
}
