package refundtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func confirmed(c *caller, card string, more ...string) reply {
	return c.post("/v1/payment_intents", append([]string{"amount", "500", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_" + card}, more...)...)
}

func TestAuthentication(t *testing.T) {
	c := setup(t)
	waiting := confirmed(c, "threeDSecure2Required", "return_url", "https://example.com/back").ok(t)
	id := waiting.text("id")
	assert.Equal(t, "requires_action", waiting.text("status"))
	assert.Equal(t, "redirect_to_url", waiting.text("next_action", "type"))
	assert.Equal(t, "https://example.com/back", waiting.text("next_action", "redirect_to_url", "return_url"))
	assert.Nil(t, waiting.at("latest_charge"), "nothing is charged yet")
	assert.NotEmpty(t, waiting.text("payment_method"))
	assert.Equal(t, 400, c.post("/v1/refunds", "payment_intent", id).Status)

	require.NoError(t, c.server.Authenticate(id))
	paid := c.get("/v1/payment_intents/"+id, "expand[]", "latest_charge").ok(t)
	assert.Equal(t, "succeeded", paid.text("status"))
	assert.Nil(t, paid.at("next_action"))
	assert.Equal(t, "authenticated", paid.text("latest_charge", "payment_method_details", "card", "three_d_secure", "result"))
	assert.Equal(t, []string{"payment_intent.created", "payment_intent.requires_action", "charge.succeeded", "payment_intent.succeeded"},
		withoutUpdates(c.kinds()))
	require.Error(t, c.server.Authenticate(id), "once")
	require.Error(t, c.server.FailAuthentication(id))
	require.Error(t, c.server.Authenticate("pi_nope"))
	c.post("/v1/refunds", "payment_intent", id).ok(t)
}

func TestAuthenticationFails(t *testing.T) {
	c := setup(t)
	waiting := confirmed(c, "threeDSecureRequired").ok(t)
	assert.Equal(t, "use_stripe_sdk", waiting.text("next_action", "type"))
	id := waiting.text("id")
	require.NoError(t, c.server.FailAuthentication(id))
	failed := c.get("/v1/payment_intents/" + id).ok(t)
	assert.Equal(t, "requires_payment_method", failed.text("status"))
	assert.Equal(t, "payment_intent_authentication_failure", failed.text("last_payment_error", "code"))
	assert.Nil(t, failed.at("payment_method"))
	assert.Empty(t, c.server.Recent(1).Charges)
	c.post("/v1/payment_intents/"+id+"/confirm", "payment_method", "pm_card_visa").ok(t)
}

func TestAuthenticationByCard(t *testing.T) {
	c := setup(t)
	status := func(r reply) string {
		if r.Status == 402 {
			return r.text("error", "code")
		}
		return r.ok(t).text("status")
	}
	for _, tc := range []struct{ card, onSession, offSession, after string }{
		{"visa", "succeeded", "succeeded", ""},
		{"threeDSecure2Required", "requires_action", "authentication_required", "succeeded"},
		{"authenticationRequired", "requires_action", "authentication_required", "succeeded"},
		{"authenticationRequiredOnSetup", "requires_action", "authentication_required", "succeeded"},
		{"authenticationRequiredSetupForOffSession", "requires_action", "succeeded", "succeeded"},
		{"authenticationRequiredChargeDeclinedInsufficientFunds", "requires_action", "card_declined", "requires_payment_method"},
		{"threeDSecureRequiredChargeDeclined", "requires_action", "authentication_required", "requires_payment_method"},
		{"threeDSecureRequiredProcessingError", "card_declined", "card_declined", ""},
		{"threeDSecureOptional", "succeeded", "succeeded", ""},
		{"amex_threeDSecureNotSupported", "succeeded", "succeeded", ""},
	} {
		t.Run(tc.card, func(t *testing.T) {
			off := confirmed(c, tc.card, "off_session", "true")
			assert.Equal(t, tc.offSession, status(off))
			if tc.offSession == "authentication_required" {
				assert.NotContains(t, off.at("error"), "charge", "the bank was not asked")
				assert.Equal(t, "requires_payment_method", off.text("error", "payment_intent", "status"))
				assert.Equal(t, "authentication_required", status(confirmed(c, tc.card, "error_on_requires_action", "true")))
			}
			on := confirmed(c, tc.card)
			assert.Equal(t, tc.onSession, status(on))
			if tc.after != "" {
				require.NoError(t, c.server.Authenticate(on.text("id")))
				assert.Equal(t, tc.after, c.get("/v1/payment_intents/"+on.text("id")).ok(t).text("status"))
			}
		})
	}
	asked := confirmed(c, "threeDSecureOptional", "payment_method_options[card][request_three_d_secure]", "any")
	assert.Equal(t, "requires_action", status(asked))
	direct := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_threeDSecure2Required")
	assert.Equal(t, "authentication_required", status(direct), "a charge cannot wait for the customer")
}

// A card that was set up by a payment on session can be charged without the
// customer.
func TestAuthenticationOfACardThatIsSetUp(t *testing.T) {
	c := setup(t)
	customer := c.post("/v1/customers").ok(t).text("id")
	first := confirmed(c, "authenticationRequiredOnSetup", "customer", customer, "setup_future_usage", "off_session").ok(t)
	require.NoError(t, c.server.Authenticate(first.text("id")))
	again := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "confirm", "true", "off_session", "true",
		"customer", customer, "payment_method", first.text("payment_method")).ok(t)
	assert.Equal(t, "succeeded", again.text("status"))
}

// With manual confirmation the program has the last word.
func TestAuthenticationThenConfirmation(t *testing.T) {
	c := setup(t)
	id := confirmed(c, "authenticationRequired", "confirmation_method", "manual").ok(t).text("id")
	require.NoError(t, c.server.Authenticate(id))
	assert.Equal(t, "requires_confirmation", c.get("/v1/payment_intents/"+id).ok(t).text("status"))
	assert.Empty(t, c.server.Recent(1).Charges)
	assert.Equal(t, "succeeded", c.post("/v1/payment_intents/"+id+"/confirm").ok(t).text("status"))
}

func TestAuthenticationIsCanceled(t *testing.T) {
	c := setup(t)
	id := confirmed(c, "authenticationRequired").ok(t).text("id")
	assert.Equal(t, "canceled", c.post("/v1/payment_intents/"+id+"/cancel").ok(t).text("status"))
	require.Error(t, c.server.Authenticate(id))
	assert.Empty(t, c.server.Recent(1).Charges)
}
