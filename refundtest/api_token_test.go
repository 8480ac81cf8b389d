package refundtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestToken(t *testing.T) {
	c := setup(t)
	made := c.post("/v1/tokens", "card[number]", "4000000000007726", "card[exp_month]", "8", "card[exp_year]", "35", "card[cvc]", "314",
		"card[name]", "Jenny", "card[address_zip]", "10115").ok(t)
	id := made.text("id")
	assert.Regexp(t, "^tok_", id)
	assert.Equal(t, "Visa", made.text("card", "brand"))
	assert.EqualValues(t, 2035, made.number("card", "exp_year"))
	assert.Equal(t, "10115", made.text("card", "address_zip"))
	assert.Equal(t, false, made.at("used"))
	assert.Equal(t, made.Body, c.get("/v1/tokens/"+id).ok(t).Body)

	charge := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", id).ok(t)
	assert.Equal(t, "7726", charge.text("payment_method_details", "card", "last4"))
	assert.Equal(t, made.text("card", "id"), charge.text("payment_method"))
	assert.Equal(t, "pending", c.post("/v1/refunds", "charge", charge.text("id")).ok(t).text("status"))
	assert.Equal(t, true, c.get("/v1/tokens/"+id).ok(t).at("used"))
	again := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", id)
	assert.Equal(t, []any{400, "token_already_used"}, []any{again.Status, again.text("error", "code")})
	assert.Len(t, c.server.Recent(5).Charges, 1)

	for name, refused := range map[string]reply{
		"exp_month": c.post("/v1/tokens", "card[number]", "4242424242424242", "card[exp_month]", "14", "card[exp_year]", "34"),
		"number":    c.post("/v1/tokens", "card[number]", "4242424242424241", "card[exp_month]", "12", "card[exp_year]", "34"),
		"card":      c.post("/v1/tokens"),
		"token":     c.get("/v1/tokens/tok_nope"),
	} {
		assert.Equal(t, name, refused.text("error", "param"), refused.Raw)
	}
}
