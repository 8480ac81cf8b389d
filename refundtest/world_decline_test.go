package refundtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a decline says, as recorded and documented.
func TestDeclines(t *testing.T) {
	for _, tc := range []struct{ name, code, declineCode, param string }{
		{"visa_chargeDeclined", "card_declined", "generic_decline", ""},
		{"visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", ""},
		{"visa_chargeDeclinedLostCard", "card_declined", "lost_card", ""},
		{"visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", ""},
		{"visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded", ""},
		{"chargeDeclinedExpiredCard", "expired_card", "", "exp_month"},
		{"chargeDeclinedIncorrectCvc", "incorrect_cvc", "", "cvc"},
		{"chargeDeclinedProcessingError", "processing_error", "", ""},
		{"chargeCustomerFail", "card_declined", "generic_decline", ""},
		{"radarBlock", "card_declined", "fraudulent", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := setup(t)
			said := func(r reply, path ...string) [3]string {
				at := func(name string) string { return r.text(append(path, name)...) }
				return [3]string{at("code"), at("decline_code"), at("param")}
			}
			want := [3]string{tc.code, tc.declineCode, tc.param}
			refused := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", "pm_card_"+tc.name, "confirm", "true")
			require.Equal(t, 402, refused.Status, refused.Raw)
			assert.Equal(t, "card_error", refused.text("error", "type"))
			assert.Equal(t, want, said(refused, "error"))
			assert.NotEmpty(t, refused.text("error", "advice_code"))
			charge, method := refused.text("error", "charge"), refused.text("error", "payment_method", "id")
			assert.Regexp(t, "^pm_", method)
			assert.Equal(t, "payment_method", refused.text("error", "payment_method", "object"))

			intent := refused.text("error", "payment_intent", "id")
			now := c.get("/v1/payment_intents/" + intent).ok(t)
			assert.Equal(t, now.at(), refused.at("error", "payment_intent"))
			assert.Equal(t, "requires_payment_method", now.text("status"))
			assert.Nil(t, now.at("payment_method"), "the method is gone")
			assert.Equal(t, want, said(now, "last_payment_error"))
			assert.Equal(t, charge, now.text("last_payment_error", "charge"))
			assert.Equal(t, method, now.text("last_payment_error", "payment_method", "id"))
			assert.Equal(t, "card", now.text("last_payment_error", "payment_method_type"))
			assert.NotEmpty(t, now.text("last_payment_error", "doc_url"))
			assert.NotContains(t, now.at("last_payment_error"), "request_log_url")

			failed := c.get("/v1/charges/" + charge).ok(t)
			assert.Equal(t, tc.code, failed.text("failure_code"))
			assert.Nil(t, failed.at("receipt_url"))
			assert.Nil(t, failed.at("payment_method_details", "card", "amount_authorized"))
			if tc.declineCode != "" && tc.declineCode != "fraudulent" {
				assert.Equal(t, tc.declineCode, failed.text("outcome", "reason"))
				assert.NotEmpty(t, refused.text("error", "network_decline_code"))
			}

			direct := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_"+tc.name)
			require.Equal(t, 402, direct.Status)
			assert.Equal(t, want, said(direct, "error"))
			assert.Equal(t, []string{"payment_intent.created", "charge.failed", "payment_intent.payment_failed", "charge.failed"}, c.kinds())
		})
	}
}

// After a decline the payment can be made with another card.
func TestDeclineThenAnotherCard(t *testing.T) {
	c := setup(t)
	refused := c.post("/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", "pm_card_chargeDeclined", "confirm", "true")
	intent := "/v1/payment_intents/" + refused.text("error", "payment_intent", "id")
	assert.Equal(t, "payment_intent_unexpected_state", c.post(intent+"/confirm").text("error", "code"), "there is no method any more")
	paid := c.post(intent+"/confirm", "payment_method", "pm_card_visa").ok(t)
	assert.Equal(t, "succeeded", paid.text("status"))
	assert.Nil(t, paid.at("last_payment_error"))
	c.post("/v1/refunds", "payment_intent", paid.text("id")).ok(t)
}
