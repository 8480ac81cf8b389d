package refundkit_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExpandableKinds(t *testing.T) {
	type link = refundkit.Expandable[refundkit.Customer]
	for text, want := range map[string]link{
		`null`:    {},
		`""`:      {},
		`"cus_1"`: {ID: "cus_1"},
		`{"id":"cus_1","object":"customer","deleted":true}`:     {ID: "cus_1", Value: &refundkit.Customer{ID: "cus_1", Object: "customer", Deleted: true}},
		"\n { \"id\" : \"cus_1\" , \"email\" : \"a@b.test\" } ": {ID: "cus_1", Value: &refundkit.Customer{ID: "cus_1", Email: "a@b.test"}},
	} {
		got := link{ID: "cus_old", Value: &refundkit.Customer{ID: "cus_old"}}
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, "%s must leave nothing old", text)
	}
}

func TestExpandableRefuses(t *testing.T) {
	for _, text := range []string{`5`, `true`, `[]`, `["cus_1"]`, `{}`, `{"object":"customer"}`, `{"id":""}`, `{"id":null}`, `{"id":5}`, `{"id":"cus_1","balance":"a lot"}`} {
		var got refundkit.Expandable[refundkit.Customer]
		assert.Error(t, json.Unmarshal([]byte(text), &got), text)
	}
}

func TestExpandableWritesTheKindItRead(t *testing.T) {
	for _, text := range []string{`null`, `"ch_1"`} {
		var link refundkit.Expandable[refundkit.Charge]
		require.NoError(t, json.Unmarshal([]byte(text), &link))
		got, err := json.Marshal(link)
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
	}
	for _, name := range []string{"refund_card.json", "refund_expanded.json", "refund_deleted_customer.json"} {
		var before, after map[string]any
		require.NoError(t, json.Unmarshal(fixture(t, name), &before))
		text, err := json.Marshal(decodeRefund(t, name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &after))
		for _, link := range []string{"balance_transaction", "charge", "customer", "payment_intent", "payment_method", "source_transfer_reversal", "transfer_reversal"} {
			assert.IsType(t, before[link], after[link], "%s: %s", name, link)
			if object, ok := before[link].(map[string]any); ok {
				assert.Equal(t, object["id"], after[link].(map[string]any)["id"])
				assert.Equal(t, object["object"], after[link].(map[string]any)["object"])
			} else {
				assert.Equal(t, before[link], after[link])
			}
		}
		assert.NotContains(t, after, "failure_balance_transaction", "Stripe leaves it out when there is none")
	}
}

func TestExpandedObjects(t *testing.T) {
	refund := decodeRefund(t, "refund_expanded.json")
	customer := refundkit.Expandable[refundkit.Customer]{ID: "cus_TzExpanded0001"}
	card := refundkit.Card{Brand: "mastercard", Country: "US", ExpMonth: 12, ExpYear: 2030, Funding: "debit", Last4: "4444"}

	assert.Equal(t, "txn_3TzExpanded0000001outout", refund.BalanceTransaction.ID)
	assert.Equal(t, &refundkit.BalanceTransaction{
		ID: "txn_3TzExpanded0000001outout", Object: "balance_transaction", Amount: -2290, AvailableOn: at(1788307200), BalanceType: "payments",
		Created: at(1788003000), Currency: "eur", Description: "REFUND FOR CHARGE (Order 6736)", ExchangeRate: 0.916, Fee: -12,
		FeeDetails: []refundkit.BalanceTransactionFee{{Amount: -12, Currency: "eur", Description: "Stripe processing fees", Type: "stripe_fee"}},
		Net:        -2278, ReportingCategory: "refund", Source: refundkit.Expandable[refundkit.BalanceTransactionOrigin]{ID: "re_3TzExpanded0000001aaaaaaa"},
		Status: "pending", Type: "refund",
	}, refund.BalanceTransaction.Value)
	assert.Equal(t, &refundkit.Charge{
		ID: "ch_3TzExpanded0000001bbbbbbb", Object: "charge", Amount: 2500, AmountCaptured: 2500, AmountRefunded: 2500, ApplicationFeeAmount: 125,
		BalanceTransaction: refundkit.Expandable[refundkit.BalanceTransaction]{ID: "txn_3TzExpanded0000001ininin"},
		BillingDetails:     refundkit.BillingDetails{Email: "payer@example.com"},
		Captured:           true, Created: at(1788002900), Currency: "usd", Customer: customer, Metadata: refundkit.Metadata{}, Paid: true,
		PaymentIntent: refundkit.Expandable[refundkit.PaymentIntent]{ID: "pi_3TzExpanded0000001ccccccc"}, PaymentMethod: "pm_1TzExpanded0000001ddddddd",
		PaymentMethodDetails: refundkit.PaymentMethodDetails{Card: card, Type: "card"}, Refunded: true, Status: "succeeded",
	}, refund.Charge.Value)
	assert.Equal(t, &refundkit.Customer{
		ID: "cus_TzExpanded0001", Object: "customer", Balance: -150, Created: at(1780000000), Currency: "usd", Description: "Regular",
		Email: "ada@example.com", Metadata: refundkit.Metadata{"tier": "gold"}, Name: "Ada Payer", Phone: "+15555550100",
	}, refund.Customer.Value)
	assert.Equal(t, &refundkit.PaymentIntent{
		ID: "pi_3TzExpanded0000001ccccccc", Object: "payment_intent", Amount: 2600, AmountCapturable: 40, AmountReceived: 2500,
		CaptureMethod: "automatic_async", Created: at(1788002890), Currency: "usd", Customer: customer, Description: "Order 6736",
		LatestCharge:  refundkit.Expandable[refundkit.Charge]{ID: "ch_3TzExpanded0000001bbbbbbb"},
		Metadata:      refundkit.Metadata{"order": "6736"},
		PaymentMethod: refundkit.Expandable[refundkit.PaymentMethod]{ID: "pm_1TzExpanded0000001ddddddd"}, PaymentMethodTypes: []string{"card", "link"},
		ReceiptEmail: "receipts@example.com", Status: "succeeded", TransferGroup: "group_6736",
	}, refund.PaymentIntent.Value)
	assert.Equal(t, &refundkit.PaymentMethod{
		ID: "pm_1TzExpanded0000001ddddddd", Object: "payment_method",
		BillingDetails: refundkit.BillingDetails{
			Address: refundkit.Address{City: "Boston", Country: "US", Line1: "1 Main St", PostalCode: "02108", State: "MA"}, Email: "ada@example.com", Name: "Ada Payer",
		},
		Card: card, Created: at(1788002880), Customer: customer, Metadata: refundkit.Metadata{}, Type: "card",
	}, refund.PaymentMethod.Value)
	assert.Equal(t, &refundkit.TransferReversal{
		ID: "trr_1TzExpanded0000001eeeee", Object: "transfer_reversal", Amount: 2375,
		BalanceTransaction: refundkit.Expandable[refundkit.BalanceTransaction]{ID: "txn_3TzExpanded0000001tback"},
		Created:            at(1788003001), Currency: "usd", DestinationPaymentRefund: refundkit.Expandable[refundkit.Refund]{ID: "pyr_1TzExpanded0000001ffff"},
		Metadata: refundkit.Metadata{"why": "return"}, SourceRefund: refundkit.Expandable[refundkit.Refund]{ID: "re_3TzExpanded0000001aaaaaaa"},
		Transfer: refundkit.Expandable[refundkit.Transfer]{ID: "tr_3TzExpanded0000001gggggg"},
	}, refund.TransferReversal.Value)
}

func TestClientSecretIsNotKept(t *testing.T) {
	text, err := json.Marshal(decodeRefund(t, "refund_expanded.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "TzNeverKept")
}

func TestChargeWithRefunds(t *testing.T) {
	var charge refundkit.Charge
	require.NoError(t, json.Unmarshal(fixture(t, "charge_with_refunds.json"), &charge))
	require.NotNil(t, charge.Refunds)
	assert.True(t, charge.Refunds.HasMore)
	assert.Equal(t, int64(2), charge.Refunds.TotalCount)
	require.Len(t, charge.Refunds.Data, 1)
	assert.Equal(t, int64(200), charge.Refunds.Data[0].Amount)
	assert.Equal(t, "4242", charge.PaymentMethodDetails.Card.Last4)
	assert.Equal(t, "10115", charge.BillingDetails.Address.PostalCode)
	assert.Nil(t, decodeRefund(t, "refund_expanded.json").Charge.Value.Refunds, "not expanded")
}

// TestEncodingKeepsEverything compares the encoding of what was decoded with
// the body itself, field by field, as plain JSON.
func TestEncodingKeepsEverything(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 10)
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			body := fixture(t, name)
			kept, known := keptKinds()[name]
			for prefix, check := range map[string]func(*testing.T, []byte){
				"refund_": assertKept[refundkit.Refund], "payment_record": assertKept[refundkit.PaymentRecord],
			} {
				if !known && strings.HasPrefix(name, prefix) {
					kept = check
				}
			}
			require.NotNil(t, kept, "say what it is in keptKinds")
			kept(t, body)
		})
	}
}

// keptKinds are the bodies whose names don't begin with what they are.
func keptKinds() map[string]func(*testing.T, []byte) {
	return map[string]func(*testing.T, []byte){
		"refund_list.json":              assertKept[refundkit.RefundList],
		"charge.json":                   assertKept[refundkit.Charge],
		"charge_with_refunds.json":      assertKept[refundkit.Charge],
		"charge_list.json":              assertKept[refundkit.ChargeList],
		"payment_intent.json":           assertKept[refundkit.PaymentIntent],
		"dispute.json":                  assertKept[refundkit.Dispute],
		"dispute_list.json":             assertKept[refundkit.DisputeList],
		"balance.json":                  assertKept[refundkit.Balance],
		"balance_transaction.json":      assertKept[refundkit.BalanceTransaction],
		"balance_transaction_list.json": assertKept[refundkit.BalanceTransactionList],
		"transfer.json":                 assertKept[refundkit.Transfer],
		"transfer_list.json":            assertKept[refundkit.TransferList],
		"transfer_reversal.json":        assertKept[refundkit.TransferReversal],
		"transfer_reversal_list.json":   assertKept[refundkit.TransferReversalList],
		"application_fee.json":          assertKept[refundkit.ApplicationFee],
		"application_fee_list.json":     assertKept[refundkit.ApplicationFeeList],
		"fee_refund.json":               assertKept[refundkit.ApplicationFeeRefund],
		"fee_refund_list.json":          assertKept[refundkit.ApplicationFeeRefundList],
		// An event keeps its bytes, which are others when it is encoded.
		"event.json":      assertSaid[refundkit.Event],
		"event_list.json": assertSaid[refundkit.EventList],
	}
}

func FuzzExpandable(f *testing.F) {
	for _, seed := range []string{`null`, `""`, `"ch_1"`, `{"id":"ch_1"}`, `{"id":"ch_1","ID":"ch_2"}`, `{"id":null}`, `[]`, `5`, " {\"id\":\"\\ud800\"}"} {
		f.Add([]byte(seed))
	}
	f.Add(fixture(f, "charge_with_refunds.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		assertStable[refundkit.Expandable[refundkit.Charge]](t, data)
	})
}

func FuzzRefundDecode(f *testing.F) {
	for _, name := range []string{"refund_everything.json", "refund_expanded.json", "refund_unknown_method.json", "refund_deleted_customer.json"} {
		f.Add(fixture(f, name))
	}
	f.Add([]byte(`{"id":"re_1","destination_details":{"type":"type","card":{}},"created":-62135596800,"metadata":{"a":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) { assertStable[refundkit.Refund](t, data) })
}

// assertStable checks that what decodes at all is the same after another turn.
func assertStable[T any](t *testing.T, data []byte) {
	t.Helper()
	var first, second T
	if json.Unmarshal(data, &first) != nil {
		return
	}
	text, err := json.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &second), "%s", text)
	require.Equal(t, first, second)
}
