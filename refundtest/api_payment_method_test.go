package refundtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newCustomer makes a customer with a Visa card attached.
func newCustomer(t *testing.T, c *caller) (customer, method string) {
	t.Helper()
	customer = c.post("/v1/customers", "email", "jenny@example.com").ok(t).text("id")
	method = c.post("/v1/payment_methods/pm_card_visa/attach", "customer", customer).ok(t).text("id")
	return customer, method
}

func TestPaymentMethodLife(t *testing.T) {
	c := setup(t)
	customer := c.post("/v1/customers").ok(t).text("id")
	made := c.post("/v1/payment_methods", "type", "card", "card[token]", "tok_visa", "billing_details[name]", "Jenny",
		"billing_details[address][city]", "Berlin", "billing_details[address][line1]", "Ring 1").ok(t)
	id := "/v1/payment_methods/" + made.text("id")
	assert.Nil(t, made.at("customer"))
	assert.Equal(t, "unchecked", made.text("card", "checks", "cvc_check"))
	assert.Equal(t, "unspecified", made.text("allow_redisplay"))

	attached := c.post(id+"/attach", "customer", customer).ok(t)
	assert.Equal(t, customer, attached.text("customer"))
	assert.Equal(t, "pass", attached.text("card", "checks", "cvc_check"), "attaching asks the bank")
	c.post(id+"/attach", "customer", customer).ok(t)

	updated := c.post(id, "billing_details[address][city]", "Munich", "card[exp_year]", "2035", "metadata[a]", "b").ok(t)
	assert.Equal(t, "Munich", updated.text("billing_details", "address", "city"))
	assert.Equal(t, "Ring 1", updated.text("billing_details", "address", "line1"))
	assert.EqualValues(t, 2035, updated.number("card", "exp_year"))
	assert.Equal(t, updated.Body, c.get(id).ok(t).Body)

	paid := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "customer", customer, "payment_method", made.text("id"),
		"confirm", "true", "expand[]", "latest_charge", "expand[]", "payment_method.customer").ok(t)
	assert.Equal(t, "Jenny", paid.text("latest_charge", "billing_details", "name"))
	assert.EqualValues(t, 2035, paid.number("latest_charge", "payment_method_details", "card", "exp_year"))
	assert.Equal(t, customer, paid.text("payment_method", "customer", "id"))
	assert.Equal(t, "customer", paid.text("payment_method", "customer", "object"))

	detached := c.post(id + "/detach").ok(t)
	assert.Nil(t, detached.at("customer"))
	assert.Equal(t, []string{"customer.created", "payment_method.attached", "payment_method.updated", "payment_intent.created",
		"charge.succeeded", "payment_intent.succeeded", "payment_method.detached"}, withoutUpdates(c.kinds()))
}

// withoutUpdates leaves out what only a later look at a charge changes.
func withoutUpdates(types []string) (rest []string) {
	for _, kind := range types {
		if kind != "charge.updated" {
			rest = append(rest, kind)
		}
	}
	return rest
}

// A payment method that belongs to nobody is good for one payment.
func TestPaymentMethodIsSpent(t *testing.T) {
	c := setup(t)
	customer, attached := newCustomer(t, c)
	pay := func(method string, more ...string) reply {
		return c.post("/v1/payment_intents", append([]string{"amount", "500", "currency", "usd", "confirm", "true", "payment_method", method}, more...)...)
	}
	for range 2 {
		pay(attached, "customer", customer).ok(t)
	}
	loose := c.post("/v1/payment_methods", "type", "card", "card[token]", "tok_visa").ok(t).text("id")
	pay(loose).ok(t)
	charges := len(c.server.Recent(10).Charges)
	assert.Equal(t, 400, pay(loose).Status)
	assert.Equal(t, 400, c.post("/v1/payment_methods/"+loose+"/attach", "customer", customer).Status)

	declined := c.post("/v1/payment_methods", "type", "card", "card[token]", "tok_chargeCustomerFail").ok(t).text("id")
	assert.Equal(t, 402, pay(declined).Status)
	assert.Equal(t, 400, pay(declined).Status, "declined once, spent as well")

	c.post("/v1/payment_methods/" + attached + "/detach").ok(t)
	assert.Equal(t, 400, pay(attached, "customer", customer).Status)
	assert.Equal(t, 400, pay(attached).Status)
	assert.Equal(t, 400, c.post("/v1/payment_methods/"+attached+"/attach", "customer", customer).Status)
	assert.Len(t, c.server.Recent(10).Charges, charges+1, "of the declined card only")

	waiting := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", "pm_card_visa").ok(t)
	other := pay(waiting.text("payment_method"))
	other.ok(t)
	refused := c.post("/v1/payment_intents/" + waiting.text("id") + "/confirm")
	assert.Equal(t, 400, refused.Status, "spent since it was named")
	assert.Equal(t, waiting.text("id"), refused.text("error", "payment_intent", "id"))
}

func TestPaymentMethodIsKept(t *testing.T) {
	c := setup(t)
	customer := c.post("/v1/customers").ok(t).text("id")
	pay := func(method string) reply {
		return c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "confirm", "true", "payment_method", method,
			"customer", customer, "setup_future_usage", "off_session").ok(t)
	}
	kept := pay("pm_card_visa").text("payment_method")
	pay(kept)
	assert.Equal(t, []string{kept}, c.get("/v1/payment_methods", "customer", customer).ok(t).ids())
}

func TestPaymentMethodRefusals(t *testing.T) {
	c := setup(t)
	customer, method := newCustomer(t, c)
	other := c.post("/v1/customers").ok(t).text("id")
	deleted := c.post("/v1/customers").ok(t).text("id")
	c.send("DELETE", "/v1/customers/"+deleted, "").ok(t)
	fresh := c.post("/v1/payment_methods", "type", "card", "card[token]", "tok_visa").ok(t).text("id")
	intent := c.post("/v1/payment_intents", "amount", "500", "currency", "usd").ok(t).text("id")
	for _, tc := range []struct {
		name        string
		answer      reply
		status      int
		code, param string
	}{
		{"retrieve", c.get("/v1/payment_methods/pm_nope"), 404, "resource_missing", "payment_method"},
		{"attach to nobody", c.post("/v1/payment_methods/" + fresh + "/attach"), 400, "parameter_missing", ""},
		{"attach to a stranger", c.post("/v1/payment_methods/"+fresh+"/attach", "customer", "cus_nope"), 400, "resource_missing", "customer"},
		{"attach to a deleted customer", c.post("/v1/payment_methods/"+fresh+"/attach", "customer", deleted), 400, "resource_missing", "customer"},
		{"attach what is another's", c.post("/v1/payment_methods/"+method+"/attach", "customer", other), 400, "", ""},
		{"attach a card that is declined", c.post("/v1/payment_methods/pm_card_visa_chargeDeclined/attach", "customer", other), 402, "card_declined", ""},
		{"detach what is not attached", c.post("/v1/payment_methods/" + fresh + "/detach"), 400, "", ""},
		{"pay without naming the owner", c.post("/v1/payment_intents/"+intent+"/confirm", "payment_method", method), 400, "parameter_missing", "source"},
		{"pay for another", c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "customer", other, "payment_method", method,
			"confirm", "true"), 400, "", "payment_method"},
		{"pay for a stranger", c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "customer", "cus_nope"), 400, "resource_missing", "customer"},
		{"list a stranger's", c.get("/v1/payment_methods", "customer", "cus_nope"), 400, "resource_missing", "customer"},
		{"list below a stranger", c.get("/v1/customers/cus_nope/payment_methods"), 404, "resource_missing", "id"},
		{"another's, below a customer", c.get("/v1/customers/" + other + "/payment_methods/" + method), 404, "", "customer"},
		{"unknown, below a customer", c.get("/v1/customers/" + other + "/payment_methods/pm_nope"), 404, "resource_missing", "payment_method"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.status, tc.answer.Status, tc.answer.Raw)
			assert.Equal(t, tc.code, tc.answer.text("error", "code"))
			assert.Equal(t, tc.param, tc.answer.text("error", "param"))
		})
	}
	assert.Empty(t, c.server.Recent(1).Charges, "nothing was paid")
	assert.Equal(t, []string{intent}, c.get("/v1/payment_intents").ok(t).ids(), "what is refused makes no PaymentIntent")
	assert.Empty(t, c.get("/v1/payment_methods").ok(t).ids(), "without a customer there is nothing to list")
	assert.Equal(t, []string{method}, c.get("/v1/customers/"+customer+"/payment_methods", "type", "card").ok(t).ids())
	assert.Empty(t, c.get("/v1/payment_methods", "customer", customer, "type", "us_bank_account").ok(t).ids())
	assert.Equal(t, method, c.get("/v1/customers/"+customer+"/payment_methods/"+method).ok(t).text("id"))
}

func TestBankAccounts(t *testing.T) {
	c := setup(t)
	for _, tc := range []struct{ method, status, failure string }{
		{"pm_usBankAccount_success", "succeeded", ""},
		{"pm_usBankAccount_accountClosed", "requires_payment_method", "account_closed"},
		{"pm_usBankAccount_insufficientFunds", "requires_payment_method", "insufficient_funds"},
		{"pm_usBankAccount_processing", "processing", ""},
		{"pm_sepaDebit_success_at", "succeeded", ""},
	} {
		t.Run(tc.method, func(t *testing.T) {
			intent := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", tc.method, "confirm", "true").ok(t)
			require.Equal(t, "processing", intent.text("status"))
			c.server.Advance(4 * 24 * time.Hour)
			now := c.get("/v1/payment_intents/"+intent.text("id"), "expand[]", "latest_charge").ok(t)
			assert.Equal(t, tc.status, now.text("status"))
			assert.Equal(t, tc.failure, now.text("latest_charge", "failure_code"))
			assert.Equal(t, tc.failure, now.text("last_payment_error", "code"))
		})
	}
	made := c.post("/v1/payment_methods", "type", "us_bank_account", "us_bank_account[account_number]", "000123456789",
		"us_bank_account[routing_number]", "110000000", "us_bank_account[account_holder_type]", "individual").ok(t)
	assert.Equal(t, "6789", made.text("us_bank_account", "last4"))
	assert.Equal(t, map[string]any{}, c.post("/v1/payment_methods", "type", "klarna").ok(t).at("klarna"))
}
