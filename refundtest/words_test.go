package refundtest_test

import (
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
)

// Where Stripe gives no code, programs search the message for a few words. The
// fake's own sentences have them, so that what such programs do can be seen.
func TestMessagesHaveTheWordsThatProgramsSearchFor(t *testing.T) {
	for _, tc := range []struct {
		words string
		ask   func(t *testing.T, c *caller) reply
	}{
		{"No such charge", posting("/v1/refunds", "charge", "ch_1")},
		{"No such charge", getting("/v1/charges/ch_1")},
		{"No such charge", getting("/v1/refunds", "charge", "ch_1")},
		{"No such payment_intent", posting("/v1/refunds", "payment_intent", "pi_1")},
		{"No such payment_intent", getting("/v1/payment_intents/pi_1")},
		{"No such payment_intent", getting("/v1/refunds", "payment_intent", "pi_1")},
		{"No such payment_intent", getting("/v1/charges", "payment_intent", "pi_1")},
		{"No such refund", getting("/v1/refunds/re_1")},
		{"No such refund", getting("/v1/refunds", "starting_after", "re_1")},
		{"already been refunded", refundOf("1000")},
		{"greater than charge amount", refundOf("", "amount", "1100")},
		{"greater than unrefunded amount", refundOf("500", "amount", "600")},
		{"does not have a successful charge", func(t *testing.T, c *caller) reply {
			charge := c.server.AddCharge(refundtest.Charge{Status: "failed"})
			return c.post("/v1/refunds", "payment_intent", charge.PaymentIntent)
		}},
		{"does not have a successful charge", func(t *testing.T, c *caller) reply {
			return c.post("/v1/refunds", "charge", c.server.AddCharge(refundtest.Charge{Status: "failed"}).ID)
		}},
	} {
		t.Run(tc.words, func(t *testing.T) {
			assert.Contains(t, tc.ask(t, setup(t)).text("error", "message"), tc.words)
		})
	}
}
