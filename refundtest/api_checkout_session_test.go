package refundtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func checkout(c *caller, more ...string) reply {
	return c.post("/v1/checkout/sessions", append([]string{"mode", "payment", "success_url", "https://example.com/thanks",
		"line_items[0][price_data][currency]", "EUR", "line_items[0][price_data][unit_amount]", "1500",
		"line_items[0][price_data][product_data][name]", "Hat", "line_items[0][quantity]", "2"}, more...)...)
}

func TestCheckout(t *testing.T) {
	c := setup(t)
	made := checkout(c, "client_reference_id", "order-1", "metadata[a]", "b", "payment_intent_data[metadata][order]", "1",
		"customer_creation", "always", "customer_email", "jenny@example.com").ok(t)
	id := made.text("id")
	assert.Regexp(t, `^cs_test_a1[0-9A-Za-z]{56}$`, id)
	assert.Equal(t, []any{"open", "unpaid", "payment", "hosted_page"}, []any{made.at("status"), made.at("payment_status"), made.at("mode"), made.at("ui_mode")})
	assert.EqualValues(t, 3000, made.number("amount_total"))
	assert.Equal(t, "eur", made.text("currency"))
	assert.Nil(t, made.at("payment_intent"))
	assert.Contains(t, made.text("url"), id)
	assert.NotContains(t, made.Body, "line_items")
	assert.EqualValues(t, c.server.Now().Add(24*time.Hour).Unix(), made.number("expires_at"))

	charge, err := c.server.CompleteCheckout(id, "")
	require.NoError(t, err)
	assert.EqualValues(t, 3000, charge.Amount)
	done := c.get("/v1/checkout/sessions/"+id, "expand[]", "payment_intent.latest_charge", "expand[]", "line_items", "expand[]", "customer").ok(t)
	assert.Equal(t, []any{"complete", "paid", nil}, []any{done.at("status"), done.at("payment_status"), done.at("url")})
	assert.Equal(t, charge.PaymentIntent, done.text("payment_intent", "id"))
	assert.Equal(t, "1", done.text("payment_intent", "metadata", "order"))
	assert.Equal(t, charge.ID, done.text("payment_intent", "latest_charge", "id"))
	assert.Equal(t, "jenny@example.com", done.text("customer", "email"))
	assert.Equal(t, "jenny@example.com", done.text("customer_details", "email"))
	items := reply{Body: done.at("line_items").(map[string]any)}
	assert.Equal(t, items.Body, c.get("/v1/checkout/sessions/"+id+"/line_items").ok(t).Body)
	item := reply{Body: items.Body["data"].([]any)[0].(map[string]any)}
	assert.Equal(t, []any{"Hat", int64(3000), int64(1500)}, []any{item.at("description"), item.number("amount_total"), item.number("price", "unit_amount")})
	assert.Equal(t, []string{"customer.created", "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"},
		withoutUpdates(c.kinds()))

	_, err = c.server.CompleteCheckout(id, "")
	require.Error(t, err, "paid once")
	require.Error(t, c.server.ExpireCheckout(id))
	assert.Equal(t, 400, c.post("/v1/checkout/sessions/"+id+"/expire").Status)
	c.post("/v1/refunds", "payment_intent", charge.PaymentIntent).ok(t)
	assert.Equal(t, []string{id}, c.get("/v1/checkout/sessions", "payment_intent", charge.PaymentIntent).ok(t).ids())
	assert.Empty(t, c.get("/v1/checkout/sessions", "status", "open").ok(t).ids())
}

func TestCheckoutIsDeclined(t *testing.T) {
	c := setup(t)
	id := checkout(c).ok(t).text("id")
	_, err := c.server.CompleteCheckout(id, "pm_card_chargeDeclinedInsufficientFunds")
	require.ErrorContains(t, err, "insufficient_funds")
	assert.Equal(t, "open", c.get("/v1/checkout/sessions/"+id).ok(t).text("status"))
	_, err = c.server.CompleteCheckout(id, "pm_card_nope")
	require.Error(t, err)
	charge, err := c.server.CompleteCheckout(id, "pm_card_threeDSecure2Required")
	require.NoError(t, err, "the customer is there to authenticate")
	assert.Equal(t, "succeeded", charge.Status)
	assert.Len(t, c.get("/v1/payment_intents").ok(t).ids(), 1, "one PaymentIntent for all attempts")
}

func TestCheckoutExpires(t *testing.T) {
	c := setup(t)
	slow, canceled, closed := checkout(c).ok(t).text("id"), checkout(c).ok(t).text("id"), checkout(c).ok(t).text("id")
	assert.Equal(t, "expired", c.post("/v1/checkout/sessions/"+canceled+"/expire").ok(t).text("status"))
	require.NoError(t, c.server.ExpireCheckout(closed))
	c.server.Advance(24 * time.Hour)
	for _, id := range []string{slow, canceled, closed} {
		now := c.get("/v1/checkout/sessions/" + id).ok(t)
		assert.Equal(t, []any{"expired", nil}, []any{now.at("status"), now.at("url")})
		_, err := c.server.CompleteCheckout(id, "")
		require.Error(t, err)
	}
	assert.Equal(t, []string{"checkout.session.expired", "checkout.session.expired", "checkout.session.expired"}, c.kinds())
}

// A debit is decided after the customer has left.
func TestCheckoutByDebit(t *testing.T) {
	for method, end := range map[string]string{"pm_usBankAccount_success": "succeeded", "pm_usBankAccount_noAccount": "failed"} {
		c := setup(t)
		id := checkout(c).ok(t).text("id")
		_, err := c.server.CompleteCheckout(id, method)
		require.NoError(t, err)
		now := c.get("/v1/checkout/sessions/" + id).ok(t)
		assert.Equal(t, []any{"complete", "unpaid"}, []any{now.at("status"), now.at("payment_status")})
		c.server.Advance(4 * 24 * time.Hour)
		assert.Contains(t, c.kinds(), "checkout.session.async_payment_"+end)
		assert.Equal(t, end == "succeeded", c.get("/v1/checkout/sessions/"+id).ok(t).at("payment_status") == "paid")
	}
}

func TestCheckoutRefusals(t *testing.T) {
	c := setup(t)
	for param, refused := range map[string]reply{
		"mode":                 checkoutOf(c, "mode", "subscription"),
		"line_items":           c.post("/v1/checkout/sessions", "mode", "payment", "success_url", "https://example.com"),
		"success_url":          checkoutOf(c, "success_url", ""),
		"line_items[0][price]": c.post("/v1/checkout/sessions", "mode", "payment", "success_url", "https://example.com", "line_items[0][price]", "price_1"),
		"customer":             checkout(c, "customer", "cus_nope"),
		"expires_at":           checkout(c, "expires_at", "5"),
		"line_items[1]":        checkout(c, "line_items[1][price_data][currency]", "eur", "line_items[1][price_data][unit_amount]", "-1"),
		"line_items[1][price_data][currency]": checkout(c, "line_items[1][price_data][currency]", "usd",
			"line_items[1][price_data][unit_amount]", "1"),
		"session": c.get("/v1/checkout/sessions/cs_nope"),
	} {
		assert.GreaterOrEqual(t, refused.Status, 400)
		assert.Equal(t, param, refused.text("error", "param"), refused.Raw)
	}
	assert.Empty(t, c.get("/v1/checkout/sessions").ok(t).ids())
}

// checkoutOf is checkout with one parameter replaced.
func checkoutOf(c *caller, name, value string) reply {
	pairs := []string{"line_items[0][price_data][currency]", "eur", "line_items[0][price_data][unit_amount]", "1500"}
	for known, usual := range map[string]string{"mode": "payment", "success_url": "https://example.com"} {
		if known == name {
			usual = value
		}
		pairs = append(pairs, known, usual)
	}
	return c.post("/v1/checkout/sessions", pairs...)
}
