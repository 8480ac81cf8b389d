package refundtest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusals are answers of the server, by what went wrong.
func refusals(t *testing.T) map[string]reply {
	c := setup(t)
	c.server.RestrictKey("rk_test_reader", "rak_charge_read")
	refund := func(pairs ...string) reply { return c.post("/v1/refunds", pairs...) }
	charge := func() string { return c.server.AddCharge(refundtest.Charge{}).ID }
	done, disputed := charge(), charge()
	refund("charge", done).ok(t)
	require.NoError(t, c.server.Dispute(disputed))
	c.server.SetBalance("eur", 0)
	inEuros := c.server.AddCharge(refundtest.Charge{Currency: "eur", PaymentMethodType: "sepa_debit"}).ID
	faulty := func(fault refundtest.Fault) reply {
		c.server.Inject(fault)
		return refund("charge", charge())
	}
	return map[string]reply{
		"refunded":          refund("charge", done),
		"disputed":          refund("charge", disputed),
		"no money":          refund("charge", inEuros),
		"too much":          refund("charge", charge(), "amount", "5000"),
		"unknown charge":    refund("charge", "ch_none"),
		"unknown parameter": refund("charge", charge(), "wat", "1"),
		"zero":              refund("charge", charge(), "amount", "0"),
		"unknown cursor":    c.get("/v1/refunds", "starting_after", "re_none"),
		"declined":          c.post("/v1/charges", "amount", "100", "currency", "usd", "source", "tok_chargeDeclined"),
		"no key":            c.with("Authorization", "").post("/v1/refunds"),
		"no permission":     c.with("Authorization", "Bearer rk_test_reader").post("/v1/refunds"),
		"no such account":   c.with("Stripe-Account", "acct_none").post("/v1/refunds"),
		"lock timeout":      faulty(refundtest.LockTimeout()),
		"rate limit":        faulty(refundtest.RateLimit("")),
		"key in use":        faulty(refundtest.KeyInUse()),
		"server error":      faulty(refundtest.ServerError()),
	}
}

// TestErrorAnswer makes for each refusal of the server one of the same status,
// type, code and param, and compares what else is in it.
func TestErrorAnswer(t *testing.T) {
	for name, original := range refusals(t) {
		t.Run(name, func(t *testing.T) {
			require.GreaterOrEqual(t, original.Status, 400)
			made := refundtest.ErrorAnswer(original.Status, original.text("error", "type"), original.text("error", "code"), original.text("error", "param"))
			raw, err := io.ReadAll(made.Body)
			require.NoError(t, err)
			var body map[string]any
			require.NoError(t, json.Unmarshal(raw, &body))

			assert.Equal(t, original.Status, made.StatusCode)
			assert.EqualValues(t, len(raw), made.ContentLength)
			for _, header := range []string{"Content-Type", "Stripe-Should-Retry", "Www-Authenticate"} {
				assert.Equal(t, original.Header.Get(header), made.Header.Get(header), header)
			}
			assert.Equal(t, original.Header.Get("Request-Id") != "", made.Header.Get("Request-Id") != "")
			want, got := original.at("error").(map[string]any), reply{Body: body}.at("error").(map[string]any)
			for _, member := range []string{"charge", "decline_code", "payment_intent", "payment_method", "advice_code", "network_decline_code"} {
				delete(want, member) // details of a declined card
			}
			assert.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
			for _, member := range []string{"type", "code", "param", "doc_url"} {
				assert.Equal(t, want[member], got[member], member)
			}
		})
	}
}

func TestErrorAnswersAreTheSameEachTime(t *testing.T) {
	read := func() (http.Header, string) {
		made := refundtest.ErrorAnswer(400, "invalid_request_error", "charge_disputed", "")
		defer made.Body.Close()
		body, err := io.ReadAll(made.Body)
		require.NoError(t, err)
		return made.Header, string(body)
	}
	header, body := read()
	again, bodyAgain := read()
	assert.Equal(t, header, again)
	assert.Equal(t, body, bodyAgain)
	assert.Regexp(t, `^req_\w{14}$`, header.Get("Request-Id"))

	unclear := refundtest.ErrorAnswer(400, "invalid_request_error", "", "")
	assert.Empty(t, unclear.Header.Get("Stripe-Should-Retry"), "it may have been refused before the work was tried")
}
