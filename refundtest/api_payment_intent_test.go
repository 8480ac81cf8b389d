package refundtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The errors of a PaymentIntent carry it, except for those of its charge.
func TestPaymentIntentRefusals(t *testing.T) {
	pay := func(c *caller) reply {
		return c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa")
	}
	const unexpected = "payment_intent_unexpected_state"
	for _, tc := range []struct {
		name        string
		ask         func(c *caller) reply
		code, param string
		alone       bool // without the PaymentIntent
	}{
		{"a new amount after success", func(c *caller) reply {
			return c.post("/v1/payment_intents/"+pay(c).text("id"), "amount", "900")
		}, unexpected, "amount", false},
		{"a new payment method after success", func(c *caller) reply {
			return c.post("/v1/payment_intents/"+pay(c).text("id"), "payment_method", "pm_card_visa")
		}, unexpected, "payment_method", false},
		{"confirmed when canceled, with a payment method", func(c *caller) reply {
			id := c.hold().text("id")
			c.post("/v1/payment_intents/" + id + "/cancel").ok(c.t)
			return c.post("/v1/payment_intents/"+id+"/confirm", "payment_method", "pm_card_visa")
		}, unexpected, "payment_method", false},
		{"confirmed twice", func(c *caller) reply {
			return c.post("/v1/payment_intents/" + pay(c).text("id") + "/confirm")
		}, unexpected, "", false},
		{"more captured than authorized", func(c *caller) reply {
			return c.post("/v1/payment_intents/"+c.hold().text("id")+"/capture", "amount_to_capture", "6501")
		}, "amount_too_large", "", false},
		{"less than nothing captured", func(c *caller) reply {
			return c.post("/v1/payment_intents/"+c.hold().text("id")+"/capture", "amount_to_capture", "-100")
		}, "", "amount_to_capture", false},
		{"nothing captured", func(c *caller) reply {
			return c.post("/v1/payment_intents/"+c.hold().text("id")+"/capture", "amount_to_capture", "0")
		}, "parameter_invalid_integer", "amount", false},
		{"captured through its charge", func(c *caller) reply {
			return c.post("/v1/charges/" + c.hold().text("latest_charge") + "/capture")
		}, "", "", true},
		{"capture of an unknown charge", func(c *caller) reply { return c.post("/v1/charges/ch_1/capture") }, "resource_missing", "charge", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.ask(setup(t))
			assert.Contains(t, []int{400, 404}, got.Status, got.Raw)
			assert.Equal(t, tc.code, got.text("error", "code"))
			assert.Equal(t, tc.param, got.text("error", "param"))
			if tc.alone {
				assert.Nil(t, got.at("error", "payment_intent"))
			} else {
				assert.Equal(t, "payment_intent", got.text("error", "payment_intent", "object"))
			}
		})
	}
}
