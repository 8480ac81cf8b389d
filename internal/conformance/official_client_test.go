package conformance

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// officialClient returns Stripe's own client in front of handler, and what it
// sends.
func officialClient(handler http.Handler) (*stripe.Client, *inProcess) {
	transport := &inProcess{handler: handler}
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		HTTPClient:        &http.Client{Transport: transport},
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return stripe.NewClient(testKey, stripe.WithBackends(backends)), transport
}

// asOurVersion lets the official client, which is of another API version, talk
// to a strict server.
func asOurVersion(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Stripe-Version", refundkit.APIVersion)
		handler.ServeHTTP(w, r)
	})
}

// theirCalls are calls of ours, by method and name, made with Stripe's client.
var theirCalls = []struct {
	op, call string
	send     func(context.Context, *stripe.Client) error
}{
	{"Refunds.Create", "part of a charge", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Create(ctx, &stripe.RefundCreateParams{
			Charge: stripe.String("ch_2"), Amount: stripe.Int64(500), Reason: stripe.String("requested_by_customer"),
			Metadata: map[string]string{"order": "6735"}, InstructionsEmail: stripe.String("jenny@example.com"),
			RefundApplicationFee: stripe.Bool(true), ReverseTransfer: stripe.Bool(true),
		})
		return err
	}},
	{"Refunds.Create", "the rest of a payment intent", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Create(ctx, &stripe.RefundCreateParams{PaymentIntent: stripe.String("pi_2"), Reason: stripe.String("duplicate")})
		return err
	}},
	{"Refunds.Create", "out of a cash balance", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Create(ctx, &stripe.RefundCreateParams{
			Origin: stripe.String("customer_balance"), Customer: stripe.String("cus_2"), Currency: stripe.String("eur"), Amount: stripe.Int64(500),
		})
		return err
	}},
	{"Refunds.Retrieve", "expand everything", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Retrieve(ctx, refundID, &stripe.RefundRetrieveParams{Expand: stripe.StringSlice([]string{
			"balance_transaction", "charge", "customer", "destination_details", "failure_balance_transaction", "next_action", "payment_intent",
			"payment_method", "presentment_details", "source_transfer_reversal", "transfer_reversal",
		})})
		return err
	}},
	{"Refunds.Update", "set and unset", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Update(ctx, refundID, &stripe.RefundUpdateParams{Metadata: map[string]string{"order": "6735", "old": ""}})
		return err
	}},
	{"Refunds.Update", "clear", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Update(ctx, refundID, &stripe.RefundUpdateParams{UnsetFields: []stripe.RefundUpdateParamsUnsetField{stripe.RefundUpdateParamsUnsetFieldMetadata}})
		return err
	}},
	{"Refunds.Cancel", "bare", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1Refunds.Cancel(ctx, refundID, nil)
		return err
	}},
	{"Refunds.List", "after", func(ctx context.Context, c *stripe.Client) error {
		return c.V1Refunds.List(ctx, &stripe.RefundListParams{
			ListParams: stripe.ListParams{Limit: stripe.Int64(3), StartingAfter: stripe.String("re_2")},
			Charge:     stripe.String("ch_2"), PaymentIntent: stripe.String("pi_2"), Created: stripe.Int64(moment.Unix()),
		}).Err()
	}},
	{"Refunds.List", "before", func(ctx context.Context, c *stripe.Client) error {
		return c.V1Refunds.List(ctx, &stripe.RefundListParams{
			ListParams: stripe.ListParams{EndingBefore: stripe.String("re_2")},
			CreatedRange: &stripe.RangeQueryParams{
				// moment has a fraction: from then on is from the next whole second on.
				GreaterThan: moment.Unix(), GreaterThanOrEqual: moment.Unix() + 1, LesserThan: moment.Unix() + 1, LesserThanOrEqual: moment.Unix(),
			},
		}).Err()
	}},
	{"PaymentRecords.ReportRefund", "everything", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1PaymentRecords.ReportRefund(ctx, recordID, &stripe.PaymentRecordReportRefundParams{
			Outcome: stripe.String("refunded"),
			ProcessorDetails: &stripe.PaymentRecordReportRefundProcessorDetailsParams{
				Type:   stripe.String("custom"),
				Custom: &stripe.PaymentRecordReportRefundProcessorDetailsCustomParams{RefundReference: stripe.String("terminal-7/refund-1")},
			},
			InitiatedAt: stripe.Int64(moment.Unix()),
			Refunded:    &stripe.PaymentRecordReportRefundRefundedParams{RefundedAt: stripe.Int64(moment.Unix())},
			Amount:      &stripe.PaymentRecordReportRefundAmountParams{Currency: stripe.String("eur"), Value: stripe.Int64(500)},
			Metadata:    map[string]string{"order": "6735"},
		})
		return err
	}},
	{"PaymentRecords.Retrieve", "bare", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1PaymentRecords.Retrieve(ctx, recordID, nil)
		return err
	}},
	{"TestHelpers.ExpireRefund", "bare", func(ctx context.Context, c *stripe.Client) error {
		_, err := c.V1TestHelpersRefunds.Expire(ctx, refundID, nil)
		return err
	}},
}

// TestSameRequests expects both clients to send the same for the same call.
func TestSameRequests(t *testing.T) {
	for _, test := range theirCalls {
		t.Run(test.op+"/"+test.call, func(t *testing.T) {
			theirs, theirTransport := officialClient(asOurVersion(stripeMock(t)))
			require.NoError(t, test.send(t.Context(), theirs))
			ours, ourTransport := setup(t, stripeMock(t))
			_, err := callNamed(t, test.op, test.call).send(t.Context(), ours)
			require.NoError(t, err)

			require.Len(t, theirTransport.sent, 1)
			require.Len(t, ourTransport.sent, 1)
			want, got := theirTransport.sent[0], ourTransport.sent[0]
			require.Equal(t, want.method, got.method)
			require.Equal(t, want.path, got.path)
			require.Equal(t, withoutIndexes(want.form), withoutIndexes(got.form))
		})
	}
}

var index = regexp.MustCompile(`\[\d+\]$`)

// withoutIndexes writes lists in one of the two ways that Stripe reads them:
// stripe-go sends expand[0], we send expand[]. The order of a list means nothing.
func withoutIndexes(form url.Values) map[string][]string {
	lists := make(map[string][]string)
	for name, values := range form {
		name = index.ReplaceAllString(name, "[]")
		lists[name] = append(lists[name], values...)
		slices.Sort(lists[name])
	}
	return lists
}
