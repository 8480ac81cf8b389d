package refundkit_test

import (
	"encoding/json"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDestinationDetails(t *testing.T) {
	for name, want := range map[string]refundkit.DestinationDetails{
		"refund_card.json":    {Type: "card", CardType: "refund", ReferenceStatus: "pending", ReferenceType: "acquirer_reference_number"},
		"refund_pending.json": {Type: "card", CardType: "pending"},
		"refund_blik.json":    {Type: "blik", NetworkDeclineCode: "insufficient_account", Reference: "PL-778899", ReferenceStatus: "available"},
		"refund_unknown_method.json": {
			Type: "hologram_wallet", Reference: "HW-1", ReferenceStatus: "settling", ReferenceType: "hologram_trace",
		},
		"refund_requires_action.json":  {Type: "multibanco"},
		"refund_deleted_customer.json": {Type: "customer_cash_balance"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, want, decodeRefund(t, name).DestinationDetails)
		})
	}
}

func TestDestinationDetailsOddities(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want refundkit.DestinationDetails
	}{
		"null":                    {`null`, refundkit.DestinationDetails{}},
		"empty":                   {`{}`, refundkit.DestinationDetails{}},
		"null type":               {`{"type":null}`, refundkit.DestinationDetails{}},
		"null details":            {`{"type":"card","card":null}`, refundkit.DestinationDetails{Type: "card"}},
		"no details":              {`{"type":"card"}`, refundkit.DestinationDetails{Type: "card"}},
		"empty details":           {`{"type":"klarna","klarna":{}}`, refundkit.DestinationDetails{Type: "klarna"}},
		"type of type":            {`{"type":"type"}`, refundkit.DestinationDetails{Type: "type"}},
		"empty name":              {`{"":{"reference":"r"}}`, refundkit.DestinationDetails{}},
		"details of another type": {`{"type":"card","blik":{"reference":"not the card's"}}`, refundkit.DestinationDetails{Type: "card"}},
		"details of two types": {`{"type":"swish","swish":{"reference":"a"},"card":{"reference":"b","type":"refund"}}`,
			refundkit.DestinationDetails{Type: "swish", Reference: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := refundkit.DestinationDetails{Type: "old", CardType: "old", Reference: "old", ReferenceStatus: "old", ReferenceType: "old", NetworkDeclineCode: "old"}
			require.NoError(t, json.Unmarshal([]byte(c.text), &got))
			assert.Equal(t, c.want, got, "nothing old may be left")
		})
	}
}

func TestDestinationDetailsRefuses(t *testing.T) {
	for _, text := range []string{`"card"`, `[]`, `7`, `{"type":7}`, `{"type":"newpay","newpay":"pending"}`, `{"type":"newpay","newpay":[]}`, `{"type":"newpay","newpay":{"reference":7}}`} {
		assert.Error(t, json.Unmarshal([]byte(text), new(refundkit.DestinationDetails)), text)
	}
}

func TestDestinationDetailsEncode(t *testing.T) {
	for name, c := range map[string]struct {
		details refundkit.DestinationDetails
		want    string
	}{
		"a reversal":          {refundkit.DestinationDetails{Type: "card", CardType: "reversal"}, `{"type":"card","card":{"type":"reversal"}}`},
		"a type of reference": {refundkit.DestinationDetails{Type: "card", ReferenceType: "retrieval_reference_number"}, `{"type":"card","card":{"reference_type":"retrieval_reference_number"}}`},
		"a bank transfer": {refundkit.DestinationDetails{Type: "us_bank_transfer", Reference: "T1", ReferenceStatus: "available"},
			`{"type":"us_bank_transfer","us_bank_transfer":{"reference":"T1","reference_status":"available"}}`},
		"a decline": {refundkit.DestinationDetails{Type: "paypal", NetworkDeclineCode: "9"}, `{"type":"paypal","paypal":{"network_decline_code":"9"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(c.details)
			require.NoError(t, err)
			assert.JSONEq(t, c.want, string(got))
		})
	}
}
