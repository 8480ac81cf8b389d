package refundtest_test

import (
	"encoding/json"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCustomerLife(t *testing.T) {
	c := setup(t)
	made := c.post("/v1/customers", "name", "Jenny", "email", "jenny@example.com", "address[city]", "Berlin",
		"shipping[name]", "Jenny", "shipping[address][line1]", "Ring 1", "metadata[a]", "b", "preferred_locales[]", "de").ok(t)
	id := made.text("id")
	assert.Regexp(t, `^cus_[0-9A-Za-z]{14}$`, id)
	assert.Equal(t, map[string]any{"city": "Berlin", "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil}, made.at("address"))
	assert.Equal(t, "Ring 1", made.text("shipping", "address", "line1"))
	assert.NotContains(t, made.at("shipping"), "carrier")
	assert.Equal(t, []any{"de"}, made.at("preferred_locales"))
	assert.Equal(t, map[string]any{"custom_fields": nil, "default_payment_method": nil, "footer": nil, "rendering_options": nil}, made.at("invoice_settings"))

	updated := c.post("/v1/customers/"+id, "name", "", "description", "regular", "address[country]", "DE", "balance", "-250").ok(t)
	assert.Nil(t, updated.at("name"))
	assert.Equal(t, "regular", updated.text("description"))
	assert.Equal(t, "Berlin", updated.text("address", "city"), "what is not sent stays")
	assert.EqualValues(t, -250, updated.number("balance"))
	assert.Equal(t, "usd", updated.text("currency"))
	assert.Equal(t, "b", updated.text("metadata", "a"))
	assert.Equal(t, updated.Body, c.get("/v1/customers/"+id).ok(t).Body)

	method := c.post("/v1/payment_methods/pm_card_visa/attach", "customer", id).ok(t).text("id")
	c.post("/v1/customers/"+id, "invoice_settings[default_payment_method]", method).ok(t)
	expanded := c.get("/v1/customers/"+id, "expand[]", "invoice_settings.default_payment_method").ok(t)
	assert.Equal(t, method, expanded.text("invoice_settings", "default_payment_method", "id"))

	deleted := c.send("DELETE", "/v1/customers/"+id, "").ok(t)
	assert.Equal(t, map[string]any{"id": id, "object": "customer", "deleted": true}, deleted.Body)
	assert.Equal(t, deleted.Body, c.get("/v1/customers/"+id).ok(t).Body)
	assert.Equal(t, 404, c.post("/v1/customers/"+id, "name", "Jenny").Status)
	assert.Equal(t, 404, c.send("DELETE", "/v1/customers/"+id, "").Status)
	assert.Nil(t, c.get("/v1/payment_methods/"+method).ok(t).at("customer"))
	assert.Equal(t, []string{"customer.created", "customer.updated", "payment_method.attached", "customer.updated", "customer.deleted"}, c.kinds())
	var last struct {
		Data struct{ Object map[string]any }
	}
	events := c.server.Events()
	require.NoError(t, json.Unmarshal(events[4].Body, &last))
	assert.Equal(t, "regular", last.Data.Object["description"], "the customer as she was")
}

func TestCustomerList(t *testing.T) {
	c := setup(t)
	var ids []string
	for _, email := range []string{"a@example.com", "b@example.com", "a@example.com"} {
		ids = append(ids, c.post("/v1/customers", "email", email).ok(t).text("id"))
	}
	assert.Equal(t, []string{ids[2], ids[1], ids[0]}, c.get("/v1/customers").ok(t).ids())
	assert.Equal(t, []string{ids[2], ids[0]}, c.get("/v1/customers", "email", "a@example.com").ok(t).ids())
	assert.Equal(t, []string{ids[0]}, c.get("/v1/customers", "starting_after", ids[1]).ok(t).ids())
	c.send("DELETE", "/v1/customers/"+ids[2], "").ok(t)
	assert.Equal(t, []string{ids[1], ids[0]}, c.get("/v1/customers").ok(t).ids())
	assert.Equal(t, 400, c.get("/v1/customers", "starting_after", "cus_nope").Status)
}

// A customer whom a test names is there for the program too.
func TestAddedChargeHasItsCustomer(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Customer: "cus_known"})
	got := c.get("/v1/charges/"+charge.ID, "expand[]", "customer").ok(t)
	assert.Equal(t, "none", got.text("customer", "tax_exempt"))
	assert.Equal(t, got.at("customer"), any(c.get("/v1/customers/cus_known").ok(t).Body))
}

// A refund that asks for bank details asks the customer at her address.
func TestCustomerIsAsked(t *testing.T) {
	c := setup(t)
	customer, _ := newCustomer(t, c)
	charge := c.server.AddCharge(refundtest.Charge{Customer: customer, PaymentMethodType: "multibanco"})
	c.server.SetCashBalance(customer, "eur", 800)
	for _, sent := range [][]string{{"charge", charge.ID}, {"origin", "customer_balance", "customer", customer, "currency", "eur", "amount", "500"}} {
		made := c.post("/v1/refunds", sent...).ok(t)
		assert.Equal(t, "jenny@example.com", made.text("next_action", "display_details", "email_sent", "email_sent_to"))
	}
}

// The card of the older API.
func TestCustomerCard(t *testing.T) {
	c := setup(t)
	charge := func(pairs ...string) reply {
		return c.post("/v1/charges", append([]string{"amount", "500", "currency", "usd"}, pairs...)...)
	}
	bare := c.post("/v1/customers").ok(t).text("id")
	refused := charge("customer", bare)
	assert.Equal(t, []any{402, "card_error", "missing", "card"},
		[]any{refused.Status, refused.text("error", "type"), refused.text("error", "code"), refused.text("error", "param")})
	nobody := charge()
	assert.Equal(t, []any{400, "parameter_missing", ""}, []any{nobody.Status, nobody.text("error", "code"), nobody.text("error", "param")})
	assert.Equal(t, 400, charge("payment_method", "pm_card_visa").Status)
	assert.Equal(t, 402, charge("payment_method", "pm_card_visa", "customer", bare).Status)

	holder := c.post("/v1/customers", "source", "tok_mastercard", "expand[]", "default_source", "expand[]", "sources").ok(t)
	card := holder.text("default_source", "id")
	assert.Regexp(t, "^card_", card)
	assert.Equal(t, "MasterCard", holder.text("default_source", "brand"))
	assert.EqualValues(t, 1, holder.number("sources", "total_count"))
	paid := charge("customer", holder.text("id")).ok(t)
	assert.Equal(t, "4444", paid.text("payment_method_details", "card", "last4"))
	assert.Equal(t, card, paid.text("payment_method"))
	charge("customer", holder.text("id"), "source", card).ok(t)
	other := charge("customer", holder.text("id"), "source", "card_nope")
	assert.Equal(t, []any{404, "missing", "source"}, []any{other.Status, other.text("error", "code"), other.text("error", "param")})

	intent := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "customer", holder.text("id"), "confirm", "true").ok(t)
	assert.Equal(t, card, intent.text("payment_method"), "the default card")

	replaced := c.post("/v1/customers/"+holder.text("id"), "source", "tok_visa").ok(t)
	assert.NotEqual(t, card, replaced.text("default_source"))
	assert.Equal(t, 402, c.post("/v1/customers", "source", "tok_chargeDeclined").Status)
	assert.Equal(t, 402, charge("customer", c.post("/v1/customers", "source", "tok_chargeCustomerFail").ok(t).text("id")).Status)
}
