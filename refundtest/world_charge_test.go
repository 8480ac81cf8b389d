package refundtest_test

import (
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A PaymentIntent is captured asynchronously unless it says otherwise.
func TestBalanceTransactionOfAChargeComesLater(t *testing.T) {
	for method, later := range map[string]bool{"": true, "automatic_async": true, "automatic": false} {
		t.Run("capture_method "+method, func(t *testing.T) {
			c := setup(t)
			ask := []string{"amount", "1000", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa",
				"transfer_data[destination]", "acct_1", "application_fee_amount", "30", "expand[]", "latest_charge"}
			if method != "" {
				ask = append(ask, "capture_method", method)
			}
			paid := c.post("/v1/payment_intents", ask...).ok(t)
			id := paid.text("latest_charge", "id")
			for _, link := range []string{"balance_transaction", "application_fee", "transfer"} {
				assert.Equal(t, later, paid.at("latest_charge", link) == nil, link)
			}
			made := c.post("/v1/refunds", "charge", id, "amount", "100").ok(t)
			assert.NotEmpty(t, made.text("balance_transaction"), "a refund's own is there at once")

			before := len(c.kinds())
			c.server.Advance(2 * time.Second)
			charge := c.get("/v1/charges/"+id, "expand[]", "balance_transaction").ok(t)
			assert.EqualValues(t, 1000, charge.number("balance_transaction", "amount"))
			assert.NotEmpty(t, charge.text("transfer"))
			assert.NotEmpty(t, charge.text("application_fee"))
			assert.Equal(t, later, c.kinds()[before] == "charge.updated")
		})
	}
}

func TestChargeThatWasAddedHasItsBalanceTransaction(t *testing.T) {
	c := setup(t)
	added := c.server.AddCharge(refundtest.Charge{})
	assert.NotEmpty(t, c.get("/v1/charges/"+added.ID).text("balance_transaction"))
	direct := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa").ok(t)
	assert.NotEmpty(t, direct.text("balance_transaction"), "a direct charge is captured at once")
}

func TestCardOfACharge(t *testing.T) {
	c := setup(t)
	direct := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_mastercard").ok(t)
	assert.Equal(t, "MasterCard", direct.text("source", "brand"))
	assert.Equal(t, direct.text("payment_method"), direct.text("source", "id"))
	again := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_mastercard").ok(t)
	other := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa").ok(t)
	fingerprint := func(r reply) string { return r.text("payment_method_details", "card", "fingerprint") }
	assert.Equal(t, fingerprint(direct), fingerprint(again), "the same card")
	assert.NotEqual(t, fingerprint(direct), fingerprint(other))

	held := c.get("/v1/charges/" + c.hold().text("latest_charge")).ok(t)
	assert.Nil(t, held.at("source"), "a PaymentIntent has none")
	assert.EqualValues(t, 7*24*3600, held.number("payment_method_details", "card", "capture_before")-held.number("created"))
	assert.Nil(t, direct.at("payment_method_details", "card", "capture_before"))
}

func TestDisputedAmountIsWithdrawnAndReinstated(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	refundable := func() any {
		return c.get("/v1/charges/"+charge, "expand[]", "dispute").at("dispute", "is_charge_refundable")
	}
	require.NoError(t, c.server.Inquire(charge))
	assert.Equal(t, []string{"charge.dispute.created"}, c.kinds(), "an inquiry takes nothing")
	assert.Equal(t, true, refundable())
	require.NoError(t, c.server.Dispute(charge))
	assert.Equal(t, []string{"charge.dispute.updated", "charge.dispute.funds_withdrawn"}, c.kinds()[1:])
	assert.Equal(t, false, refundable())
	require.NoError(t, c.server.WinDispute(charge))
	assert.Equal(t, []string{"charge.dispute.closed", "charge.dispute.funds_reinstated"}, c.kinds()[3:])
	assert.Equal(t, true, refundable())

	c.server.AddCharge(refundtest.Charge{})
	paid := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_createDispute").ok(t)
	assert.Equal(t, []string{"charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn"}, c.kinds()[5:])
	require.NoError(t, c.server.LoseDispute(paid.text("id")))
	assert.Equal(t, []string{"charge.dispute.closed"}, c.kinds()[8:], "what is lost stays away")
}
