package refundtest_test

import (
	"net/http"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is recorded as expandable is taken, whether there is something there or not.
func TestExpandOfWhatStandsAroundARefund(t *testing.T) {
	c := setup(t)
	plain := c.server.AddCharge(refundtest.Charge{Customer: "cus_1"})
	paid := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa",
		"transfer_data[destination]", "acct_1", "application_fee_amount", "30", "capture_method", "automatic").ok(t)
	for _, charge := range []string{plain.ID, paid.text("latest_charge")} {
		for _, path := range []string{"application_fee", "application_fee.balance_transaction", "application_fee.refunds",
			"application_fee.refunds.data.balance_transaction", "transfer.reversals.data.balance_transaction",
			"source_transfer.source_transaction", "customer.default_source", "dispute"} {
			assert.Equal(t, http.StatusOK, c.get("/v1/charges/"+charge, "expand[]", path).Status, path)
		}
		made := c.post("/v1/refunds", "charge", charge, "amount", "1", "expand[]", "transfer_reversal.transfer").ok(t)
		assert.Nil(t, made.at("transfer_reversal"))
	}
	assert.Equal(t, "application_fee", c.get("/v1/charges/"+paid.text("latest_charge"), "expand[]", "application_fee").text("application_fee", "object"))
	back := c.post("/v1/refunds", "charge", paid.text("latest_charge"), "reverse_transfer", "true", "expand[]", "transfer_reversal.transfer").ok(t)
	assert.Equal(t, "transfer_reversal", back.text("transfer_reversal", "object"))
	assert.Equal(t, http.StatusNotFound, c.get("/v1/charges/ch_1", "expand[]", "dispute").Status)
	assert.Equal(t, http.StatusBadRequest, c.get("/v1/charges/"+plain.ID, "expand[]", "transfer.wat").Status)
}

func TestDisputeOfAChargeIsExpanded(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	assert.Nil(t, c.get("/v1/charges/"+charge.ID).at("dispute"))
	require.NoError(t, c.server.Inquire(charge.ID))
	shown := c.get("/v1/charges/"+charge.ID, "expand[]", "dispute.charge").ok(t)
	assert.Equal(t, "warning_needs_response", shown.text("dispute", "status"))
	assert.Equal(t, charge.ID, shown.text("dispute", "charge", "id"))
}
