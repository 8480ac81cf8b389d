package refundtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusalCase is an error that was recorded from Stripe. The source names the
// public test suite and the recording.
type refusalCase struct {
	name   string
	source string
	ask    func(t *testing.T, c *caller) reply

	status  int
	code    string
	param   string
	retry   string // Stripe-Should-Retry
	noLog   bool
	nothing bool // answered before the request got an id
}

// settled returns a charge that was refunded by so much.
func settled(t *testing.T, c *caller, refunded string) refundtest.Charge {
	t.Helper()
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	if refunded != "" {
		c.post("/v1/refunds", "charge", charge.ID, "amount", refunded).ok(t)
	}
	return charge
}

func refundOf(refunded string, pairs ...string) func(*testing.T, *caller) reply {
	return func(t *testing.T, c *caller) reply {
		charge := settled(t, c, refunded)
		return c.post("/v1/refunds", append([]string{"charge", charge.ID}, pairs...)...)
	}
}

func getting(path string, pairs ...string) func(*testing.T, *caller) reply {
	return func(_ *testing.T, c *caller) reply { return c.get(path, pairs...) }
}

func posting(path string, pairs ...string) func(*testing.T, *caller) reply {
	return func(_ *testing.T, c *caller) reply { return c.post(path, pairs...) }
}

func withKey(authorization string) func(*testing.T, *caller) reply {
	return func(_ *testing.T, c *caller) reply {
		return c.with("Authorization", authorization).post("/v1/refunds", "charge", "ch_1")
	}
}

func refundErrors() []refusalCase {
	return []refusalCase{
		{name: "fully refunded", source: "gumroad full_refund/already_refunded; stripe_world 05 seq 8",
			ask: refundOf("1000"), status: 400, code: "charge_already_refunded", retry: "false"},
		{name: "fully refunded, with an amount", source: "gumroad partial_refund/already_fully_refunded",
			ask: refundOf("1000", "amount", "100"), status: 400, code: "charge_already_refunded", retry: "false"},
		{name: "more than the charge", source: "gumroad partial_refund/refunding_more_than_original_amount",
			ask: refundOf("", "amount", "1100"), status: 400, param: "amount", retry: "false"},
		{name: "more than the rest", source: "gumroad multiple_refunds/when_total_partials_would_be_more; stripe_world 05 seq 11",
			ask: refundOf("500", "amount", "600"), status: 400, param: "amount", retry: "false"},
		{name: "negative amount", source: "gumroad PUT_refund_/does_nothing_if_refund_amount_is_negative",
			ask: refundOf("", "amount", "-1"), status: 400, code: "parameter_invalid_integer", param: "amount"},
		{name: "zero amount", source: "stripe_world probe",
			ask: refundOf("", "amount", "0"), status: 400, code: "parameter_invalid_integer", param: "amount"},
		{name: "neither charge nor intent", source: "stripe_world 05 seq 12",
			ask: posting("/v1/refunds"), status: 400},
		{name: "unknown charge", source: "stripe_world 05 seq 13",
			ask: posting("/v1/refunds", "charge", "ch_1"), status: 404, code: "resource_missing", param: "id"},
		{name: "invalid reason", source: "stripe_world probe",
			ask: refundOf("", "reason", "regret"), status: 400, param: "reason"},
		{name: "reason that only Stripe gives", source: "stripe_world probe",
			ask: refundOf("", "reason", "expired_uncaptured_charge"), status: 400, param: "reason"},
		{name: "charged back", source: "gumroad does_not_refund_a_chargebacked_sale; stripe_world 05 seq 32",
			ask: func(t *testing.T, c *caller) reply {
				charge := c.server.AddCharge(refundtest.Charge{})
				require.NoError(t, c.server.Dispute(charge.ID))
				return c.post("/v1/refunds", "charge", charge.ID)
			}, status: 400, code: "charge_disputed", retry: "false"},
		{name: "uncaptured charge of an intent", source: "stripe_world 05 seq 21",
			ask: func(t *testing.T, c *caller) reply {
				charge := c.server.AddCharge(refundtest.Charge{Uncaptured: true})
				return c.post("/v1/refunds", "charge", charge.ID)
			}, status: 400, retry: "false"},
		{name: "intent without a successful charge", source: "stripe_world probe",
			ask: func(t *testing.T, c *caller) reply {
				charge := c.server.AddCharge(refundtest.Charge{Status: "failed"})
				return c.post("/v1/refunds", "payment_intent", charge.PaymentIntent)
			}, status: 400, retry: "false"},
		{name: "cancel a card refund that succeeded", source: "stripe_world 05 seq 15",
			ask: func(t *testing.T, c *caller) reply {
				made := refundOf("")(t, c).ok(t)
				return c.post("/v1/refunds/" + made.text("id") + "/cancel")
			}, status: 400, retry: "false"},
		{name: "refund of another charge", source: "stripe_world 05 seq 19",
			ask: func(t *testing.T, c *caller) reply {
				made := refundOf("")(t, c).ok(t)
				other := c.server.AddCharge(refundtest.Charge{})
				return c.get("/v1/charges/" + other.ID + "/refunds/" + made.text("id"))
			}, status: 404, code: "resource_missing", param: "refund"},
	}
}

func genericErrors() []refusalCase {
	return []refusalCase{
		{name: "unknown charge on GET", source: "gumroad does_not_refund_if_the_sale_is_not_successful",
			ask: getting("/v1/charges/1"), status: 404, code: "resource_missing", param: "id"},
		{name: "unknown intent on GET", source: "gumroad when_non-existing_charge_intent_ID_is_passed",
			ask: getting("/v1/payment_intents/does%20not%20exist"), status: 404, code: "resource_missing", param: "intent"},
		{name: "unknown parameter", source: "stripe_world 09 seq 3",
			ask: getting("/v1/refunds", "wat", "1"), status: 400, code: "parameter_unknown", param: "wat"},
		{name: "unknown nested parameter", source: "stripe_world 09 seq 4",
			ask: getting("/v1/refunds", "created[wat]", "1"), status: 400, code: "parameter_unknown", param: "created[wat]"},
		{name: "unknown parameter of an update", source: "rule recorded in stripe_world 09",
			ask: func(t *testing.T, c *caller) reply {
				made := refundOf("")(t, c).ok(t)
				return c.post("/v1/refunds/"+made.text("id"), "amount", "1")
			}, status: 400, code: "parameter_unknown", param: "amount"},
		{name: "limit that is no number", source: "stripe_world 09 seq 2",
			ask: getting("/v1/refunds", "limit", "abc"), status: 400, code: "parameter_invalid_integer", param: "limit"},
		{name: "unknown cursor", source: "stripe_world 09 seq 5",
			ask: getting("/v1/refunds", "starting_after", "re_1"), status: 400, code: "resource_missing", param: "starting_after"},
		{name: "unknown cursor backwards", source: "stripe_world 09 seq 5",
			ask: getting("/v1/refunds", "ending_before", "re_1"), status: 400, code: "resource_missing", param: "ending_before"},
		{name: "both cursors", source: "stripe_world 09 seq 6",
			ask: func(t *testing.T, c *caller) reply {
				made := refundOf("")(t, c).ok(t)
				return c.get("/v1/refunds", "starting_after", made.text("id"), "ending_before", made.text("id"))
			}, status: 400},
		{name: "cannot be expanded", source: "stripe_world probe", ask: getting("/v1/refunds", "expand[]", "charge"), status: 400},
		{name: "required parameter missing", source: "recorded on other endpoints",
			ask: posting("/v1/payment_intents", "currency", "usd"), status: 400, code: "parameter_missing", param: "amount"},
		{name: "unknown URL", source: "recorded and reported", ask: posting("/v1/refundz"), status: 404},
		{name: "invalid key", source: "saleor-app-payment-stripe validateStripeKeys; spree_stripe",
			ask: withKey("Bearer blabla"), status: 401, nothing: true, noLog: true},
		{name: "empty key", source: "stripity-stripe invalid_key_request",
			ask: withKey("Bearer "), status: 401, nothing: true, noLog: true},
		{name: "no key", source: "reported, many copies", ask: withKey(""), status: 401, nothing: true, noLog: true},
		{name: "account out of reach", source: "openfoodnetwork Admin_StripeAccountsController/_status",
			ask: func(t *testing.T, c *caller) reply {
				return c.with("Stripe-Account", "acct_fake_account").get("/v1/refunds")
			}, status: 403, code: "account_invalid", nothing: true, noLog: true},
		{name: "version that is none", source: "stripe_world 03",
			ask: func(t *testing.T, c *caller) reply {
				return c.with("Stripe-Version", "not-a-real-version").get("/v1/refunds")
			}, status: 400, noLog: true},
		{name: "intent that cannot be canceled", source: "gumroad FailAbandonedPurchaseWorker/when_payment_intent_has_been_canceled_in_parallel",
			ask: func(t *testing.T, c *caller) reply {
				charge := c.server.AddCharge(refundtest.Charge{})
				return c.post("/v1/payment_intents/" + charge.PaymentIntent + "/cancel")
			}, status: 400, code: "payment_intent_unexpected_state", retry: "false"},
	}
}

func TestErrorsAsRecorded(t *testing.T) {
	for _, tc := range append(refundErrors(), genericErrors()...) {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.ask(t, setup(t))
			require.Equal(t, tc.status, got.Status, got.Raw)
			envelope, _ := got.at("error").(map[string]any)
			require.NotNil(t, envelope, got.Raw)
			assert.Equal(t, "invalid_request_error", envelope["type"])
			assert.Equal(t, tc.code, got.text("error", "code"))
			assert.Equal(t, tc.param, got.text("error", "param"))
			assert.NotEmpty(t, got.text("error", "message"))
			wantDoc := ""
			if tc.code != "" {
				wantDoc = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(tc.code, "_", "-")
			}
			assert.Equal(t, wantDoc, got.text("error", "doc_url"))
			_, logged := envelope["request_log_url"]
			assert.Equal(t, !tc.noLog, logged, "request_log_url")
			assert.NotContains(t, envelope, "charge", "never there on a refund error")
			assert.Equal(t, tc.retry, got.Header.Get("Stripe-Should-Retry"))
			if tc.nothing {
				assert.Empty(t, got.Header.Get("Request-Id"))
				assert.Empty(t, got.Header.Get("Stripe-Version"))
			} else {
				assert.Regexp(t, `^req_[A-Za-z0-9]{14}$`, got.Header.Get("Request-Id"))
			}
			for name, value := range envelope {
				assert.NotNil(t, value, "%s: what has no value is left out", name)
			}
		})
	}
}

// These were not recorded but reported or documented; they hold to the report.
func TestErrorsAsReported(t *testing.T) {
	long := strings.Repeat("x", 801)
	for name, tc := range map[string]refusalCase{
		"too large":              {ask: refundOf("", "amount", "100000000"), code: "amount_too_large", param: "amount"},
		"not an integer":         {ask: refundOf("", "amount", "1.5"), code: "parameter_invalid_integer", param: "amount"},
		"both":                   {ask: refundOf("", "payment_intent", "pi_1")},
		"unknown intent":         {ask: posting("/v1/refunds", "payment_intent", "pi_1"), code: "resource_missing", param: "payment_intent"},
		"metadata value":         {ask: refundOf("", "metadata[a]", long), param: "metadata"},
		"metadata key":           {ask: refundOf("", "metadata["+long[:41]+"]", "a"), param: "metadata"},
		"empty value":            {ask: refundOf("", "amount", ""), code: "parameter_invalid_empty", param: "amount"},
		"no transfer":            {ask: refundOf("", "reverse_transfer", "true"), param: "reverse_transfer", retry: "false"},
		"sent twice":             {ask: refundOf("", "amount", "1", "amount", "2"), param: "amount"},
		"list of unknown charge": {ask: getting("/v1/refunds", "charge", "ch_1"), code: "resource_missing", param: "charge"},
		"partial, uncaptured": {ask: func(t *testing.T, c *caller) reply {
			charge := c.server.AddCharge(refundtest.Charge{Uncaptured: true, WithoutPaymentIntent: true})
			return c.post("/v1/refunds", "charge", charge.ID, "amount", "1")
		}, param: "amount", retry: "false"},
		"balance too low": {ask: func(t *testing.T, c *caller) reply {
			charge := c.server.AddCharge(refundtest.Charge{PaymentMethodType: "ideal"})
			c.server.SetBalance("usd", 999)
			return c.post("/v1/refunds", "charge", charge.ID)
		}, code: "balance_insufficient", retry: "false"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.ask(t, setup(t))
			require.Equal(t, http.StatusBadRequest, got.Status, got.Raw)
			assert.Equal(t, tc.code, got.text("error", "code"))
			assert.Equal(t, tc.param, got.text("error", "param"))
			assert.Equal(t, tc.retry, got.Header.Get("Stripe-Should-Retry"))
		})
	}
}

func TestMetadataIsCountedWhenMerged(t *testing.T) {
	c := setup(t)
	made := refundOf("")(t, c).ok(t)
	path := "/v1/refunds/" + made.text("id")
	pairs := []string{}
	for i := range 50 {
		pairs = append(pairs, "metadata[k"+strings.Repeat("i", i%30)+string(rune('a'+i/30))+"]", "v")
	}
	c.post(path, pairs...).ok(t)
	got := c.post(path, "metadata[one more]", "v")
	assert.Equal(t, http.StatusBadRequest, got.Status)
	assert.Equal(t, "metadata", got.text("error", "param"))
	assert.Empty(t, c.post(path, "metadata", "").ok(t).at("metadata"), "an empty metadata unsets all")
}
