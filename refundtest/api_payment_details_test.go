package refundtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What a payment is given is shown by the PaymentIntent, by its charge, or by both.
func TestPaymentShowsWhatItWasGiven(t *testing.T) {
	c := setup(t)
	given := []string{"amount", "1000", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa",
		"transfer_group", "ORDER_1", "statement_descriptor", "Coffee Shop", "statement_descriptor_suffix", "order 1",
		"on_behalf_of", "acct_1", "transfer_data[destination]", "acct_1", "transfer_data[amount]", "600",
		"shipping[name]", "Jenny", "shipping[address][city]", "Berlin",
		"confirmation_method", "manual", "setup_future_usage", "off_session", "capture_method", "automatic",
		"automatic_payment_methods[enabled]", "true", "automatic_payment_methods[allow_redirects]", "never"}
	intent := c.post("/v1/payment_intents", append(given, "expand[]", "latest_charge")...).ok(t)
	for _, shown := range [][]string{{}, {"latest_charge"}} {
		assert.Equal(t, "ORDER_1", intent.text(append(shown, "transfer_group")...))
		assert.Equal(t, "Coffee Shop", intent.text(append(shown, "statement_descriptor")...))
		assert.Equal(t, "order 1", intent.text(append(shown, "statement_descriptor_suffix")...))
		assert.Equal(t, "acct_1", intent.text(append(shown, "on_behalf_of")...))
		assert.EqualValues(t, 600, intent.number(append(shown, "transfer_data", "amount")...))
		assert.Equal(t, map[string]any{"name": "Jenny", "carrier": nil, "phone": nil, "tracking_number": nil,
			"address": map[string]any{"city": "Berlin", "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil},
		}, intent.at(append(shown, "shipping")...))
	}
	assert.Equal(t, "REFUNDTEST* ORDER 1", intent.text("latest_charge", "calculated_statement_descriptor"))
	assert.Equal(t, "manual", intent.text("confirmation_method"))
	assert.Equal(t, "off_session", intent.text("setup_future_usage"))
	assert.Equal(t, "automatic", intent.text("capture_method"))
	assert.Equal(t, map[string]any{"allow_redirects": "never", "enabled": true}, intent.at("automatic_payment_methods"))
}

func TestPaymentIntentIsUpdated(t *testing.T) {
	c := setup(t)
	made := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "transfer_group", "ORDER_1").ok(t)
	assert.Equal(t, "automatic_async", made.text("capture_method"), "unless another is asked for")
	path := "/v1/payment_intents/" + made.text("id")
	changed := c.post(path, "receipt_email", "jenny@example.com", "statement_descriptor_suffix", "two",
		"application_fee_amount", "30", "payment_method_types[]", "card").ok(t)
	assert.Equal(t, "jenny@example.com", changed.text("receipt_email"))
	assert.Equal(t, "two", changed.text("statement_descriptor_suffix"))
	assert.Equal(t, "ORDER_1", changed.text("transfer_group"), "what an update does not say stays")
	assert.EqualValues(t, 30, changed.number("application_fee_amount"))
	assert.Nil(t, changed.at("automatic_payment_methods"), "not with payment_method_types")
	assert.NotNil(t, changed.at("payment_method_options", "card"))

	paid := c.post(path+"/confirm", "payment_method", "pm_card_visa", "shipping[name]", "Jenny", "expand[]", "latest_charge").ok(t)
	assert.Equal(t, "jenny@example.com", paid.text("latest_charge", "receipt_email"))
	assert.Equal(t, "Jenny", paid.text("latest_charge", "shipping", "name"))
	assert.Equal(t, "two", paid.text("latest_charge", "statement_descriptor_suffix"))
}

func TestChargeIsUpdated(t *testing.T) {
	c := setup(t)
	direct := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "transfer_group", "A").ok(t)
	changed := c.post("/v1/charges/"+direct.text("id"), "transfer_group", "B", "receipt_email", "jenny@example.com").ok(t)
	assert.Equal(t, "B", changed.text("transfer_group"))
	assert.Equal(t, "jenny@example.com", changed.text("receipt_email"))

	intent := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa").ok(t)
	refused := c.post("/v1/charges/"+intent.text("latest_charge"), "transfer_group", "B")
	assert.Equal(t, http.StatusBadRequest, refused.Status, "that belongs to the PaymentIntent")
}

func TestChargesByTransferGroup(t *testing.T) {
	c := setup(t)
	var ids []string
	for _, group := range []string{"A", "B", "A"} {
		made := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "transfer_group", group).ok(t)
		ids = append(ids, made.text("id"))
	}
	c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa").ok(t)
	assert.Equal(t, []string{ids[2], ids[0]}, c.get("/v1/charges", "transfer_group", "A").ok(t).ids())
	assert.Empty(t, c.get("/v1/charges", "transfer_group", "C").ok(t).Body["data"])
}

func TestCapturePlacesWhatTheStatementSays(t *testing.T) {
	c := setup(t)
	held := c.hold()
	c.post("/v1/payment_intents/"+held.text("id")+"/capture", "statement_descriptor_suffix", "late").ok(t)
	assert.Equal(t, "late", c.get("/v1/charges/"+held.text("latest_charge")).text("statement_descriptor_suffix"))
	direct := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "capture", "false").ok(t)
	taken := c.post("/v1/charges/"+direct.text("id")+"/capture", "transfer_group", "A").ok(t)
	assert.Equal(t, "A", taken.text("transfer_group"))
}

func TestBooleansOfPython(t *testing.T) {
	c := setup(t)
	held := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "capture", "False").ok(t)
	assert.Equal(t, false, held.at("captured"))
	made := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "True", "payment_method", "pm_card_visa").ok(t)
	assert.Equal(t, "succeeded", made.text("status"))
	wrong := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "yes")
	assert.Equal(t, "confirm", wrong.text("error", "param"))
}

func TestLeastAmounts(t *testing.T) {
	c := setup(t)
	for _, path := range []string{"/v1/payment_intents", "/v1/charges"} {
		small := c.post(path, "amount", "5", "currency", "usd", "source", "tok_visa")
		if path == "/v1/payment_intents" {
			small = c.post(path, "amount", "5", "currency", "usd")
		}
		assert.Equal(t, http.StatusBadRequest, small.Status)
		assert.Equal(t, "amount_too_small", small.text("error", "code"))
		assert.Equal(t, "amount", small.text("error", "param"))
	}
	c.post("/v1/payment_intents", "amount", "30", "currency", "GBP").ok(t)
	assert.Equal(t, http.StatusBadRequest, c.post("/v1/payment_intents", "amount", "17499", "currency", "huf").Status)
}
