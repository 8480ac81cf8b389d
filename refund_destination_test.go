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
		assert.Equal(t, want, decodeRefund(t, name).DestinationDetails, name)
	}
}

func TestDestinationDetailsOddities(t *testing.T) {
	for text, want := range map[string]refundkit.DestinationDetails{
		`null`:                          {},
		`{}`:                            {},
		`{"type":null}`:                 {},
		`{"type":"card","card":null}`:   {Type: "card"},
		`{"type":"card"}`:               {Type: "card"},
		`{"type":"klarna","klarna":{}}`: {Type: "klarna"},
		`{"type":"type"}`:               {Type: "type"},
		`{"":{"reference":"r"}}`:        {},
		`{"type":"card","blik":{"reference":"not the card's"}}`:                               {Type: "card"},
		`{"type":"swish","swish":{"reference":"a"},"card":{"reference":"b","type":"refund"}}`: {Type: "swish", Reference: "a"},
	} {
		got := refundkit.DestinationDetails{Type: "old", CardType: "old", Reference: "old", ReferenceStatus: "old", ReferenceType: "old", NetworkDeclineCode: "old"}
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, "%s must leave nothing old", text)
	}
}

func TestDestinationDetailsRefuses(t *testing.T) {
	for _, text := range []string{`"card"`, `[]`, `7`, `{"type":7}`, `{"type":"newpay","newpay":"pending"}`, `{"type":"newpay","newpay":[]}`, `{"type":"newpay","newpay":{"reference":7}}`} {
		assert.Error(t, json.Unmarshal([]byte(text), new(refundkit.DestinationDetails)), text)
	}
}

func TestDestinationDetailsEncode(t *testing.T) {
	for want, details := range map[string]refundkit.DestinationDetails{
		`{"type":"card","card":{"type":"reversal"}}`:                                                       {Type: "card", CardType: "reversal"},
		`{"type":"us_bank_transfer","us_bank_transfer":{"reference":"T1","reference_status":"available"}}`: {Type: "us_bank_transfer", Reference: "T1", ReferenceStatus: "available"},
		`{"type":"paypal","paypal":{"network_decline_code":"9"}}`:                                          {Type: "paypal", NetworkDeclineCode: "9"},
		`{"type":"card","card":{"reference_type":"retrieval_reference_number"}}`:                           {Type: "card", ReferenceType: "retrieval_reference_number"},
	} {
		got, err := json.Marshal(details)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(got))
	}
}
