package refundtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Before 2022-11-15 a charge listed its refunds, and a PaymentIntent its charges.
func TestOldVersionsListRefundsAndCharges(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	old := c.with("Stripe-Version", "2022-08-01")
	made := old.post("/v1/refunds", "charge", charge.ID, "amount", "100", "expand[]", "charge").ok(t)
	id := made.text("id")

	assert.Equal(t, []string{id}, idsAt(made, "charge", "refunds"))
	assert.Equal(t, []string{id}, idsAt(old.get("/v1/charges/"+charge.ID), "refunds"))
	listed := old.get("/v1/charges").ok(t).Body["data"].([]any)[0].(map[string]any)
	assert.NotNil(t, listed["refunds"])
	intent := old.get("/v1/payment_intents/"+charge.PaymentIntent, "expand[]", "charges.data.balance_transaction").ok(t)
	assert.Equal(t, []string{charge.ID}, idsAt(intent, "charges"))
	plain := old.get("/v1/payment_intents/"+charge.PaymentIntent).ok(t).at("charges", "data").([]any)[0].(map[string]any)
	assert.NotNil(t, plain["refunds"])
	shown := intent.at("charges", "data").([]any)[0].(map[string]any)
	assert.NotNil(t, shown["refunds"])
	assert.Equal(t, "balance_transaction", shown["balance_transaction"].(map[string]any)["object"])
	assert.Equal(t, []string{id}, idsAt(old.post("/v1/charges/"+charge.ID+"/refund", "amount", "1"), "refunds")[1:])
	refused := old.post("/v1/payment_intents/" + charge.PaymentIntent + "/cancel")
	assert.Equal(t, []string{charge.ID}, idsAt(refused, "error", "payment_intent", "charges"))

	for _, version := range []string{"2022-11-15", refundtest.APIVersion} {
		now := c.with("Stripe-Version", version)
		assert.NotContains(t, now.get("/v1/charges/"+charge.ID).Body, "refunds")
		assert.NotContains(t, now.get("/v1/payment_intents/"+charge.PaymentIntent).Body, "charges")
		assert.NotContains(t, now.post("/v1/charges/"+charge.ID+"/refund", "amount", "1").ok(t).Body, "refunds")
		assert.Equal(t, http.StatusBadRequest, now.get("/v1/payment_intents/"+charge.PaymentIntent, "expand[]", "charges").Status)
	}
}

// idsAt returns the ids of a list inside an answer.
func idsAt(r reply, path ...string) []string {
	list, _ := r.at(append(path, "data")...).([]any)
	var ids []string
	for _, item := range list {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

func TestEventsInTheVersionOfTheEndpoint(t *testing.T) {
	for _, tc := range []struct {
		version string
		opts    []refundtest.WebhookOption
		lists   bool
	}{
		{refundtest.APIVersion, nil, false},
		{"2023-10-16", []refundtest.WebhookOption{refundtest.InAPIVersion("2023-10-16")}, false},
		{"2020-08-27", []refundtest.WebhookOption{refundtest.InAPIVersion("2020-08-27")}, true},
	} {
		t.Run(tc.version, func(t *testing.T) {
			c := setup(t)
			var body map[string]any
			hook := c.server.AddWebhook(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				raw, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				body = nil
				assert.NoError(t, json.Unmarshal(raw, &body))
			}), "whsec_1", append(tc.opts, refundtest.EventTypes("charge.refunded"))...)
			charge := c.server.AddCharge(refundtest.Charge{})
			first := c.post("/v1/refunds", "charge", charge.ID, "amount", "100").ok(t)
			require.NotNil(t, body)
			before := reply{Body: body}
			c.post("/v1/refunds", "charge", charge.ID, "amount", "100").ok(t)

			assert.Equal(t, tc.version, before.text("api_version"))
			assert.JSONEq(t, string(hook.Deliveries()[0].Event.Body), mustEncode(t, before.Body), "what was sent is what is remembered")
			require.NoError(t, hook.Resend(before.text("id")))
			assert.Equal(t, before.Body, body, "and what is sent again")
			if tc.lists {
				assert.Equal(t, []string{first.text("id")}, idsAt(before, "data", "object", "refunds"))
			} else {
				assert.NotContains(t, before.at("data", "object"), "refunds")
			}
			assert.Equal(t, refundtest.APIVersion, c.get("/v1/events/"+before.text("id")).text("api_version"))
		})
	}
}

func mustEncode(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}
