package refundtest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDisputeList(t *testing.T) {
	c := setup(t)
	first, second, third := c.server.AddCharge(refundtest.Charge{}), c.server.AddCharge(refundtest.Charge{}), c.server.AddCharge(refundtest.Charge{})
	require.NoError(t, c.server.Inquire(third.ID))
	c.server.Advance(time.Hour)
	require.NoError(t, c.server.Dispute(first.ID))
	require.NoError(t, c.server.Dispute(second.ID))
	of := func(charge refundtest.Charge) string { return c.get("/v1/charges/" + charge.ID).ok(t).text("dispute") }
	for name, tc := range map[string]struct{ query, want []string }{
		"all":             {nil, []string{of(second), of(first), of(third)}},
		"charge":          {[]string{"charge", first.ID}, []string{of(first)}},
		"payment intent":  {[]string{"payment_intent", second.PaymentIntent}, []string{of(second)}},
		"unknown charge":  {[]string{"charge", "ch_nope"}, nil},
		"created":         {[]string{"created[lt]", at(c, 0)}, []string{of(third)}},
		"starting_after":  {[]string{"starting_after", of(second)}, []string{of(first), of(third)}},
		"ending_before":   {[]string{"ending_before", of(third), "limit", "1"}, []string{of(first)}},
		"more than asked": {[]string{"limit", "1"}, []string{of(second)}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, c.get("/v1/disputes", tc.query...).ok(t).ids())
		})
	}
	assert.Equal(t, "starting_after", c.get("/v1/disputes", "starting_after", "du_1").text("error", "param"))
}

func TestDisputeRetrieve(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	require.NoError(t, c.server.Dispute(charge.ID))
	id := c.get("/v1/charges/" + charge.ID).ok(t).text("dispute")

	dispute := c.get("/v1/disputes/"+id, "expand[]", "charge").ok(t)
	assert.Equal(t, "needs_response", dispute.text("status"))
	assert.Equal(t, charge.ID, dispute.text("charge", "id"))
	assert.Equal(t, false, dispute.at("is_charge_refundable"))

	assert.Equal(t, false, dispute.at("evidence_details", "past_due"))
	c.server.Advance(8 * 24 * time.Hour)
	assert.Equal(t, true, c.get("/v1/disputes/"+id).ok(t).at("evidence_details", "past_due"))
	require.NoError(t, c.server.AnswerDispute(charge.ID))
	dispute = c.get("/v1/disputes/" + id).ok(t)
	assert.Equal(t, "under_review", dispute.text("status"))
	assert.Equal(t, true, dispute.at("evidence_details", "has_evidence"))
	assert.Equal(t, false, dispute.at("evidence_details", "past_due"))
	assert.Equal(t, false, dispute.at("is_charge_refundable"))

	require.NoError(t, c.server.WinDispute(charge.ID))
	dispute = c.get("/v1/disputes/" + id).ok(t)
	assert.Equal(t, "won", dispute.text("status"))
	assert.Equal(t, true, dispute.at("is_charge_refundable"))

	assert.Equal(t, http.StatusNotFound, c.get("/v1/disputes/du_1").Status)
	c.server.RestrictKey(testKey, "rak_charge_read")
	assert.Equal(t, http.StatusForbidden, c.get("/v1/disputes").Status)
}

func TestInquiryIsAnswered(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	require.Error(t, c.server.AnswerDispute(charge.ID))
	require.NoError(t, c.server.Inquire(charge.ID))
	require.NoError(t, c.server.AnswerDispute(charge.ID))
	dispute := c.get("/v1/disputes", "expand[]", "data.charge").ok(t).Body["data"].([]any)[0].(map[string]any)
	assert.Equal(t, "warning_under_review", dispute["status"])
	assert.Equal(t, true, dispute["is_charge_refundable"])
}

func TestEventsByDelivery(t *testing.T) {
	c := setup(t)
	status := http.StatusInternalServerError
	hook := c.server.AddWebhook(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }),
		"whsec_test", refundtest.EventTypes("refund.*"))
	c.server.AddWebhook(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "whsec_test") // accepts everything
	charge := c.server.AddCharge(refundtest.Charge{})
	c.post("/v1/refunds", "charge", charge.ID, "amount", "300").ok(t)

	count := func(query ...string) int {
		return len(c.get("/v1/events", append(query, "limit", "100")...).ok(t).ids())
	}
	all, refunds := count(), count("type", "refund.*")
	require.Positive(t, refunds)
	require.Greater(t, all, refunds)
	assert.Equal(t, refunds, count("delivery_success", "false"), "what one endpoint refused")
	assert.Equal(t, all-refunds, count("delivery_success", "true"), "what it did not ask for is delivered")
	assert.Zero(t, count("delivery_success", "true", "type", "refund.*"))

	status = http.StatusOK
	hook.Retry()
	assert.Zero(t, count("delivery_success", "false"))
	assert.Equal(t, all, count("delivery_success", "true"))
}
