package refundtest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hold authorizes 65.00 through a PaymentIntent.
func (c *caller) hold() reply {
	c.t.Helper()
	held := c.post("/v1/payment_intents", "amount", "6500", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_visa", "capture_method", "manual").ok(c.t)
	require.Equal(c.t, "requires_capture", held.text("status"))
	return held
}

// kinds are the types of the events so far, oldest first.
func (c *caller) kinds() []string {
	var kinds []string
	for _, e := range c.server.Events() {
		kinds = append(kinds, e.Type)
	}
	return kinds
}

// Since 2025-03-31.basil what was authorized and is not taken makes no refund.
func TestPartialCaptureMakesNoRefund(t *testing.T) {
	c := setup(t)
	held := c.hold()
	before := len(c.kinds())
	taken := c.post("/v1/payment_intents/"+held.text("id")+"/capture", "amount_to_capture", "5000").ok(t)
	assert.EqualValues(t, 5000, taken.number("amount_received"))
	assert.EqualValues(t, 0, taken.number("amount_capturable"))

	charge := c.get("/v1/charges/"+held.text("latest_charge"), "expand[]", "refunds", "expand[]", "balance_transaction").ok(t)
	assert.EqualValues(t, 6500, charge.number("amount"))
	assert.EqualValues(t, 5000, charge.number("amount_captured"))
	assert.EqualValues(t, 0, charge.number("amount_refunded"))
	assert.Equal(t, false, charge.at("refunded"))
	assert.EqualValues(t, 5000, charge.number("balance_transaction", "amount"))
	assert.Empty(t, charge.at("refunds", "data"))
	assert.Empty(t, c.get("/v1/refunds", "payment_intent", held.text("id")).ok(t).Body["data"])
	assert.Equal(t, []string{"charge.captured", "payment_intent.succeeded"}, c.kinds()[before:])
}

func TestPartlyCapturedChargeIsRefundedUpToWhatWasCaptured(t *testing.T) {
	c := setup(t)
	held := c.hold()
	c.post("/v1/payment_intents/"+held.text("id")+"/capture", "amount_to_capture", "5000").ok(t)
	id := held.text("latest_charge")

	tooMuch := c.post("/v1/refunds", "charge", id, "amount", "5001")
	assert.Equal(t, http.StatusBadRequest, tooMuch.Status)
	assert.Equal(t, "amount", tooMuch.text("error", "param"))
	c.post("/v1/refunds", "charge", id, "amount", "1000").ok(t)
	assert.Equal(t, false, c.get("/v1/charges/"+id).at("refunded"))
	assert.EqualValues(t, 4000, c.post("/v1/refunds", "charge", id).ok(t).number("amount"))
	charge := c.get("/v1/charges/" + id)
	assert.Equal(t, true, charge.at("refunded"))
	assert.EqualValues(t, 5000, charge.number("amount_refunded"))
	assert.Equal(t, "charge_already_refunded", c.post("/v1/refunds", "charge", id).text("error", "code"))
}

func TestHoldThatIsGivenUpMakesNoRefund(t *testing.T) {
	for _, way := range []struct {
		name   string
		end    func(c *caller, intent string)
		reason string
		events []string
	}{
		{"canceled", func(c *caller, intent string) {
			c.post("/v1/payment_intents/"+intent+"/cancel", "cancellation_reason", "abandoned").ok(c.t)
		}, "abandoned", []string{"payment_intent.canceled"}},
		{"expired", func(c *caller, _ string) { c.server.Advance(7 * 24 * time.Hour) },
			"expired", []string{"charge.expired", "payment_intent.canceled"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			c := setup(t)
			held := c.hold()
			before := len(c.kinds())
			way.end(c, held.text("id"))
			assert.Equal(t, way.events, c.kinds()[before:])

			intent := c.get("/v1/payment_intents/"+held.text("id"), "expand[]", "latest_charge").ok(t)
			assert.Equal(t, "canceled", intent.text("status"))
			assert.Equal(t, way.reason, intent.text("cancellation_reason"))
			assert.EqualValues(t, 0, intent.number("amount_capturable"))
			for name, want := range map[string]any{"captured": false, "refunded": false, "amount_captured": 0.0, "amount_refunded": 0.0} {
				assert.Equal(t, want, intent.at("latest_charge", name), name)
			}
			assert.Nil(t, intent.at("latest_charge", "balance_transaction"))
			c.server.AssertNotRefunded(t, held.text("id"))

			assert.Equal(t, http.StatusBadRequest, c.post("/v1/refunds", "charge", held.text("latest_charge")).Status)
			assert.Contains(t, c.post("/v1/refunds", "payment_intent", held.text("id")).text("error", "message"),
				"does not have a successful charge")
			assert.Equal(t, http.StatusBadRequest, c.post("/v1/payment_intents/"+held.text("id")+"/capture").Status)
		})
	}
}

func TestHoldOfAChargeExpires(t *testing.T) {
	c := setup(t)
	held := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_visa", "capture", "false").ok(t)
	c.server.Advance(7 * 24 * time.Hour)
	assert.Equal(t, []string{"charge.succeeded", "charge.expired"}, c.kinds())
	late := c.post("/v1/charges/" + held.text("id") + "/capture")
	assert.Equal(t, "charge_expired_for_capture", late.text("error", "code"))
	assert.Equal(t, http.StatusBadRequest, c.post("/v1/refunds", "charge", held.text("id")).Status)
	c.server.AssertNotRefunded(t, held.text("id"))
}

func TestCapturedHoldDoesNotExpire(t *testing.T) {
	c := setup(t)
	held := c.hold()
	c.post("/v1/payment_intents/" + held.text("id") + "/capture").ok(t)
	direct := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_visa", "capture", "false").ok(t)
	c.post("/v1/charges/" + direct.text("id") + "/capture").ok(t)
	c.server.Advance(30 * 24 * time.Hour)
	assert.NotContains(t, c.kinds(), "charge.expired")
	assert.Equal(t, "succeeded", c.get("/v1/payment_intents/"+held.text("id")).text("status"))
}
