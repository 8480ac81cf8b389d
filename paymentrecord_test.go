package refundkit_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func paymentRecordEndpoints() []endpoint {
	return []endpoint{
		{"report refund", "POST", "/v1/payment_records/{0}/report_refund", []string{"id"}, "payment_record.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.PaymentRecords.ReportRefund(ctx, ids[0], someReport, opts...)
		}},
		{"retrieve payment record", "GET", "/v1/payment_records/{0}", []string{"id"}, "payment_record.json", func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error) {
			return c.PaymentRecords.Retrieve(ctx, ids[0], opts...)
		}},
	}
}

func TestPaymentRecordFields(t *testing.T) {
	usd := func(value int64) refundkit.PaymentRecordAmount {
		return refundkit.PaymentRecordAmount{Currency: "usd", Value: value}
	}
	var got refundkit.PaymentRecord
	require.NoError(t, json.Unmarshal(fixture(t, "payment_record.json"), &got))
	assert.Equal(t, refundkit.PaymentRecord{
		ID: "pr_1TzReportRecord000000001", Object: "payment_record",
		Amount: usd(10007), AmountAuthorized: usd(10001), AmountCanceled: usd(10002), AmountFailed: usd(10003),
		AmountGuaranteed: usd(10004), AmountRefunded: usd(10005), AmountRequested: usd(10006),
		Application: "ca_TzApplication", Created: at(1788002100),
		CustomerDetails:  refundkit.PaymentRecordCustomer{Customer: "cus_TzRecord000001", Email: "noor@example.com", Name: "Noor Haddad", Phone: "+15555550111"},
		CustomerPresence: "off_session", Description: "Chairs, sold on the phone", LatestPaymentAttemptRecord: "par_1TzReportRecord00000001",
		Metadata: refundkit.Metadata{"case": "12"},
		PaymentMethodDetails: refundkit.PaymentRecordPaymentMethodDetails{
			BillingDetails: refundkit.BillingDetails{
				Address: refundkit.Address{City: "Lyon", Country: "FR", Line1: "1 rue Haute", PostalCode: "69001"},
				Email:   "billing@example.com", Name: "N. Haddad",
			},
			Custom:        refundkit.PaymentRecordCustomMethod{DisplayName: "House account", Type: "cpmt_1TzHouseAccount"},
			PaymentMethod: "pm_1TzRecord0000000000001ab", Type: "custom",
		},
		ProcessorDetails: refundkit.PaymentRecordProcessorDetails{Type: "custom", Custom: refundkit.PaymentRecordCustomProcessor{PaymentReference: "acquirer-5566"}},
		ReportedBy:       "self",
		ShippingDetails: refundkit.PaymentRecordShipping{
			Address: refundkit.Address{City: "Lyon", Country: "FR", Line1: "2 rue Basse", Line2: "b", PostalCode: "69002", State: "ARA"},
			Name:    "Noor Haddad", Phone: "+15555550112",
		},
	}, got)
}

func TestPaymentRecordOfNulls(t *testing.T) {
	var got refundkit.PaymentRecord
	require.NoError(t, json.Unmarshal(fixture(t, "payment_record_minimal.json"), &got))
	assert.Equal(t, refundkit.PaymentRecordCustomer{}, got.CustomerDetails)
	assert.Empty(t, got.PaymentMethodDetails)
	assert.Empty(t, got.ShippingDetails)
	assert.True(t, got.Livemode)
	assert.Equal(t, int64(900), got.AmountRefunded.Value)
}
