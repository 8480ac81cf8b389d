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
	golden string
	send   func(context.Context, *refundkit.Client) error
}

func checkForms(t *testing.T, reply string, cases []formCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.golden, func(t *testing.T) {
			client, mock := setup(t)
			sent := record(mock, reply)
			want := goldenForm(t, tt.golden)
			for range 20 { // maps have no order, forms do
				require.NoError(t, tt.send(t.Context(), client))
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

func createForm(golden string, params refundkit.RefundCreateParams, opts ...refundkit.CallOption) formCase {
	return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Create(ctx, params, opts...)
		return err
	}}
}

func updateForm(golden string, params refundkit.RefundUpdateParams, opts ...refundkit.CallOption) formCase {
	return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Update(ctx, "re_1", params, opts...)
		return err
	}}
}

func TestRefundForms(t *testing.T) {
	checkForms(t, `{"id":"re_1","object":"refund","status":"succeeded"}`, []formCase{
		createForm("create_charge", refundkit.RefundCreateParams{
			Charge: "ch_1", Amount: 1250, Reason: refundkit.RefundReasonRequestedByCustomer, InstructionsEmail: "ana+refund@example.com",
			Metadata: refundkit.Metadata{"order no": "67&35", "Über": "50% €"}, RefundApplicationFee: true, ReverseTransfer: true,
		}, refundkit.Expand("balance_transaction"), refundkit.Expand("charge.customer")),
		createForm("create_payment_intent_remaining", refundkit.RefundCreateParams{PaymentIntent: "pi_1", Remaining: true, Metadata: refundkit.Metadata{}}),
		createForm("create_customer_balance", refundkit.RefundCreateParams{
			Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "eur", Amount: 900,
		}),
		createForm("create_reference", refundkit.RefundCreateParams{Charge: "ch_1", Amount: 1, Metadata: refundkit.Metadata{"sku": "chair"}}, refundkit.Reference("order-6735/refund-1")),
		createForm("create_duplicate", refundkit.RefundCreateParams{PaymentIntent: "pi_1", Amount: 1<<53 + 1, Reason: refundkit.RefundReasonDuplicate}),
		updateForm("update_set_and_unset", refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"case": "6735", "old": ""}}, refundkit.Expand("charge")),
		updateForm("update_clear", refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true}),
		updateForm("update_clear", refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true, Metadata: refundkit.Metadata{}}),
		{"cancel_expand", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.Refunds.Cancel(ctx, "re_1", refundkit.Expand("balance_transaction", "failure_balance_transaction"))
			return err
		}},
		{"empty", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.Refunds.Cancel(ctx, "re_1")
			return err
		}},
		{"retrieve_expand", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.Refunds.Retrieve(ctx, "re_1", refundkit.Expand("payment_intent.latest_charge"))
			return err
		}},
		{"expire_expand", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.TestHelpers.ExpireRefund(ctx, "re_1", refundkit.Expand("charge"))
			return err
		}},
		{"empty", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.TestHelpers.ExpireRefund(ctx, "re_1")
			return err
		}},
	})
}

func TestChargeRefundForms(t *testing.T) {
	create := func(golden string, params refundkit.ChargeRefundCreateParams, opts ...refundkit.CallOption) formCase {
		return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.ChargeRefunds.Create(ctx, "ch_1", params, opts...)
			return err
		}}
	}
	update := func(golden string, params refundkit.RefundUpdateParams, opts ...refundkit.CallOption) formCase {
		return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.ChargeRefunds.Update(ctx, "ch_1", "re_1", params, opts...)
			return err
		}}
	}
	checkForms(t, `{"id":"re_1","object":"refund","status":"succeeded"}`, []formCase{
		create("charge_create", refundkit.ChargeRefundCreateParams{
			PaymentIntent: "pi_1", Amount: 500, Reason: refundkit.RefundReasonFraudulent, Metadata: refundkit.Metadata{"case": "6735"},
			InstructionsEmail: "ana@example.com", RefundApplicationFee: true, ReverseTransfer: true,
			Origin: refundkit.RefundOriginCustomerBalance, Customer: "cus_1", Currency: "usd",
		}, refundkit.Expand("charge")),
		create("empty", refundkit.ChargeRefundCreateParams{Remaining: true}),
		create("charge_create_reference", refundkit.ChargeRefundCreateParams{Remaining: true}, refundkit.Reference("r1")),
		update("update_set_and_unset", refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"case": "6735", "old": ""}}, refundkit.Expand("charge")),
		update("update_clear", refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true}),
		{"retrieve_expand", func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.ChargeRefunds.Retrieve(ctx, "ch_1", "re_1", refundkit.Expand("payment_intent.latest_charge"))
			return err
		}},
	})
}

func TestListForms(t *testing.T) {
	list := func(golden string, params refundkit.RefundListParams, opts ...refundkit.CallOption) formCase {
		return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.Refunds.List(ctx, params, opts...)
			return err
		}}
	}
	ofCharge := func(golden string, params refundkit.ChargeRefundListParams, opts ...refundkit.CallOption) formCase {
		return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.ChargeRefunds.List(ctx, "ch_1", params, opts...)
			return err
		}}
	}
	created := func(golden string, r refundkit.CreatedRange) formCase {
		return list(golden, refundkit.RefundListParams{Created: r})
	}
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	half := func(seconds int64) time.Time { return time.Unix(seconds, 500_000_000) }
	elsewhere := time.FixedZone("UTC+9", 9*60*60)

	checkForms(t, `{"object":"list","data":[],"has_more":false,"url":"/v1/refunds"}`, []formCase{
		list("empty", refundkit.RefundListParams{}),
		list("list_every", refundkit.RefundListParams{
			Charge: "ch_1", PaymentIntent: "pi_1", Limit: 25, StartingAfter: "re_9",
			Created: refundkit.CreatedRange{From: at(1788000000), Before: at(1788086400)},
		}, refundkit.Expand("data.charge", "data.balance_transaction")),
		list("list_ending_before", refundkit.RefundListParams{EndingBefore: "re_3", Limit: 1}),
		created("list_created_at", refundkit.CreatedRange{At: at(1788000000).In(elsewhere)}),
		created("list_created_at", refundkit.CreatedRange{At: half(1788000000)}),
		created("list_created_all", refundkit.CreatedRange{After: at(1788000001), From: at(1788000002), Before: at(1788000003), Until: at(1788000004)}),
		created("list_created_fractions", refundkit.CreatedRange{After: half(1788000001), From: half(1788000002), Before: half(1788000003), Until: half(1788000004)}),
		created("list_created_before_1970", refundkit.CreatedRange{After: half(-2), From: half(-2)}),
		ofCharge("empty", refundkit.ChargeRefundListParams{}),
		ofCharge("charge_list", refundkit.ChargeRefundListParams{Limit: 100, EndingBefore: "re_3"}, refundkit.Expand("data.balance_transaction")),
		ofCharge("charge_list_after", refundkit.ChargeRefundListParams{StartingAfter: "re_9"}),
	})
}

func TestPaymentRecordForms(t *testing.T) {
	report := func(golden string, params refundkit.PaymentRecordReportRefundParams, opts ...refundkit.CallOption) formCase {
		params.Outcome, params.ProcessorDetails.Type = refundkit.PaymentRecordRefundOutcomeRefunded, refundkit.ProcessorTypeCustom
		return formCase{golden, func(ctx context.Context, c *refundkit.Client) error {
			_, err := c.PaymentRecords.ReportRefund(ctx, "pr_1", params, opts...)
			return err
		}}
	}
	reference := func(name string) refundkit.RefundProcessorDetailsParams {
		return refundkit.RefundProcessorDetailsParams{Custom: refundkit.CustomRefundProcessorParams{RefundReference: name}}
	}
	checkForms(t, `{"id":"pr_1","object":"payment_record"}`, []formCase{
		report("report_refund_full", refundkit.PaymentRecordReportRefundParams{
			ProcessorDetails: reference("acq 99/1"),
			Refunded:         refundkit.PaymentRecordRefundedParams{RefundedAt: time.Unix(1788003600, 999)},
			Amount:           refundkit.PaymentRecordAmount{Currency: "usd", Value: 2500},
			InitiatedAt:      time.Unix(1788000000, 0),
			Metadata:         refundkit.Metadata{"case": "6735", "old": ""},
		}, refundkit.Expand("latest_payment_attempt_record")),
		report("report_refund_minimal", refundkit.PaymentRecordReportRefundParams{}),
		report("report_refund_clear", refundkit.PaymentRecordReportRefundParams{
			ProcessorDetails: reference("acq-1"), Refunded: refundkit.PaymentRecordRefundedParams{RefundedAt: time.Unix(0, 0)}, ClearMetadata: true,
		}),
		{"retrieve_expand", func(ctx context.Context, c *refundkit.Client) error {
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
