package refundtest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTestCardsDecideHowRefundsGo(t *testing.T) {
	for _, tc := range []struct {
		name   string
		source string
		first  string
		last   string
		reason string
	}{
		{"succeeds", "tok_visa", "succeeded", "succeeded", ""},
		{"pends and succeeds", "tok_pendingRefund", "pending", "succeeded", ""},
		{"succeeds and fails", "tok_refundFail", "succeeded", "failed", "expired_or_canceled_card"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := setup(t)
			charge := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", tc.source).ok(t)
			made := c.post("/v1/refunds", "charge", charge.text("id")).ok(t)
			assert.Equal(t, tc.first, made.text("status"))
			c.server.Advance(time.Minute)
			later := c.get("/v1/refunds/"+made.text("id"), "expand[]", "failure_balance_transaction").ok(t)
			assert.Equal(t, tc.last, later.text("status"))
			assert.Equal(t, tc.reason, later.text("failure_reason"))
			assert.Equal(t, made.text("balance_transaction"), later.text("balance_transaction"), "kept")
			if tc.last == "failed" {
				assert.EqualValues(t, 1000, later.number("failure_balance_transaction", "amount"))
			}
		})
	}
}

func TestDeclinedPayments(t *testing.T) {
	c := setup(t)
	declined := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_chargeDeclinedInsufficientFunds")
	assert.Equal(t, http.StatusPaymentRequired, declined.Status)
	assert.Equal(t, "card_error", declined.text("error", "type"))
	assert.Equal(t, "insufficient_funds", declined.text("error", "decline_code"))
	intent := declined.text("error", "payment_intent", "id")
	refused := c.post("/v1/refunds", "payment_intent", intent)
	assert.Equal(t, http.StatusBadRequest, refused.Status)
	c.post("/v1/payment_intents/"+intent+"/confirm", "payment_method", "pm_card_visa").ok(t)
	c.post("/v1/refunds", "payment_intent", intent).ok(t)
}

// actionNeeded returns a refund that waits for the customer.
func actionNeeded(t *testing.T, c *caller) string {
	t.Helper()
	paid := c.post("/v1/payment_intents", "amount", "1000", "currency", "eur", "confirm", "true",
		"payment_method_data[type]", "multibanco", "receipt_email", "jenny@example.com").ok(t)
	made := c.post("/v1/refunds", "payment_intent", paid.text("id")).ok(t)
	require.Equal(t, "requires_action", made.text("status"))
	assert.Equal(t, "display_details", made.text("next_action", "type"))
	assert.Equal(t, "jenny@example.com", made.text("next_action", "display_details", "email_sent", "email_sent_to"))
	assert.Greater(t, made.number("next_action", "display_details", "expires_at"), c.server.Now().Unix())
	return made.text("id")
}

func TestRefundThatRequiresAction(t *testing.T) {
	path := func(id string) string { return "/v1/refunds/" + id }
	t.Run("details, then a returned transfer, then success", func(t *testing.T) {
		c := setup(t)
		id := actionNeeded(t, c)
		require.NoError(t, c.server.SubmitDetails(id))
		pending := c.get(path(id)).ok(t)
		assert.Equal(t, "pending", pending.text("status"))
		assert.NotContains(t, pending.Body, "next_action")
		require.NoError(t, c.server.Settle(id))
		require.NoError(t, c.server.RequireAction(id))
		assert.Equal(t, "requires_action", c.get(path(id)).text("status"))
		require.NoError(t, c.server.SubmitDetails(id))
		c.server.Advance(time.Minute)
		assert.Equal(t, "succeeded", c.get(path(id)).text("status"))
	})
	t.Run("canceled", func(t *testing.T) {
		c := setup(t)
		id := actionNeeded(t, c)
		canceled := c.post(path(id) + "/cancel").ok(t)
		assert.Equal(t, "canceled", canceled.text("status"))
		assert.Equal(t, "merchant_request", canceled.text("failure_reason"))
		assert.NotEmpty(t, canceled.text("failure_balance_transaction"))
		assert.Equal(t, http.StatusBadRequest, c.post(path(id)+"/cancel").Status)
	})
	t.Run("expired by the test helper", func(t *testing.T) {
		c := setup(t)
		id := actionNeeded(t, c)
		assert.Equal(t, "failed", c.post("/v1/test_helpers/refunds/"+id+"/expire").ok(t).text("status"))
		assert.Equal(t, http.StatusBadRequest, c.post("/v1/test_helpers/refunds/"+id+"/expire").Status)
	})
	t.Run("expired by time", func(t *testing.T) {
		c := setup(t)
		id := actionNeeded(t, c)
		c.server.Advance(100 * 24 * time.Hour)
		assert.Equal(t, "failed", c.get(path(id)).text("status"))
	})
	t.Run("answered in time", func(t *testing.T) {
		c := setup(t)
		id := actionNeeded(t, c)
		require.NoError(t, c.server.SubmitDetails(id))
		require.NoError(t, c.server.Settle(id))
		c.server.Advance(100 * 24 * time.Hour)
		assert.Equal(t, "succeeded", c.get(path(id)).text("status"), "the old deadline is gone")
	})
}

func TestMovesThatAreNotPossible(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	id := c.post("/v1/refunds", "charge", charge.ID).ok(t).text("id")
	assert.Error(t, c.server.Settle(id))
	assert.Error(t, c.server.Expire(id))
	assert.Error(t, c.server.SubmitDetails(id))
	assert.Error(t, c.server.CancelInDashboard(id))
	require.NoError(t, c.server.Fail(id, ""))
	assert.Error(t, c.server.Fail(id, ""))
	assert.Error(t, c.server.RequireAction(id))
	assert.Error(t, c.server.Settle("re_1"))
	assert.Error(t, c.server.Dispute("ch_1"))
	_, err := c.server.RefundInDashboard("ch_1", 0)
	assert.Error(t, err)
}

// published is an event as a webhook endpoint would read it.
type published struct {
	Type    string
	Account string
	Data    struct {
		Object   map[string]any `json:"object"`
		Previous map[string]any `json:"previous_attributes"`
	}
	Request struct {
		ID  *string `json:"id"`
		Key *string `json:"idempotency_key"`
	}
}

// since returns what happened after the first n events.
func since(t *testing.T, events []refundtest.Event, n int) []published {
	t.Helper()
	var all []published
	for _, e := range events[n:] {
		var one published
		require.NoError(t, json.Unmarshal(e.Body, &one))
		assert.Equal(t, e.Type, one.Type)
		all = append(all, one)
	}
	return all
}

func types(events []published) []string {
	var names []string
	for _, e := range events {
		names = append(names, e.Type)
	}
	return names
}

func TestEventsOfACreate(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	require.Empty(t, c.server.Events(), "what a test adds is no news")
	made := c.with("Idempotency-Key", "k1").post("/v1/refunds", "charge", charge.ID, "amount", "400").ok(t)
	events := since(t, c.server.Events(), 0)
	require.Equal(t, []string{"refund.created", "charge.refunded"}, types(events))
	assert.Equal(t, made.Body, events[0].Data.Object)
	assert.Nil(t, events[0].Data.Previous)
	assert.Equal(t, map[string]any{"amount_refunded": 0.0}, events[1].Data.Previous)
	assert.Equal(t, "k1", *events[0].Request.Key)
	assert.Equal(t, made.Header.Get("Request-Id"), *events[0].Request.ID)

	c.post("/v1/refunds", "charge", charge.ID).ok(t)
	assert.Equal(t, map[string]any{"amount_refunded": 400.0, "refunded": false},
		since(t, c.server.Events(), 3)[0].Data.Previous)
}

func TestEventsOfLaterChanges(t *testing.T) {
	twins := []string{"refund.updated", "charge.refund.updated"}
	for _, tc := range []struct {
		name   string
		change func(c *caller, id string)
		types  []string
		before map[string]any
		asked  bool
	}{
		{"metadata", func(c *caller, id string) { c.post("/v1/refunds/"+id, "metadata[order_id]", "6735") }, twins,
			map[string]any{"metadata": map[string]any{"order_id": nil}}, true},
		{"reference", func(c *caller, _ string) { c.server.Advance(3 * time.Second) }, twins,
			map[string]any{"destination_details": map[string]any{"card": map[string]any{"reference": nil, "reference_status": "pending"}}}, false},
		{"failure", func(c *caller, id string) { _ = c.server.Fail(id, "declined") }, append([]string{"refund.failed"}, twins...),
			map[string]any{"status": "succeeded", "failure_reason": nil, "failure_balance_transaction": nil}, false},
		{"same metadata again", func(c *caller, id string) { c.post("/v1/refunds/"+id, "metadata[a]", "") }, nil, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{})
			id := c.post("/v1/refunds", "charge", charge.ID).ok(t).text("id")
			tc.change(c, id)
			events := since(t, c.server.Events(), 2)
			require.Equal(t, tc.types, types(events))
			for _, e := range events {
				if e.Type != "refund.failed" {
					assert.Equal(t, tc.before, e.Data.Previous)
				}
				assert.Equal(t, tc.asked, e.Request.ID != nil)
				assert.Equal(t, id, e.Data.Object["id"])
			}
		})
	}
}

func TestEventsAreSnapshots(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	id := c.post("/v1/refunds", "charge", charge.ID, "metadata[a]", "1").ok(t).text("id")
	c.post("/v1/refunds/"+id, "metadata[a]", "2").ok(t)
	require.NoError(t, c.server.Fail(id, ""))
	first := since(t, c.server.Events(), 0)[0].Data.Object
	assert.Equal(t, map[string]any{"a": "1"}, first["metadata"])
	assert.Equal(t, "succeeded", first["status"])
}

func TestDashboardChangesHaveNoKey(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{OnRefund: refundtest.StaysPending})
	made, err := c.server.RefundInDashboard(charge.ID, 0)
	require.NoError(t, err)
	require.NoError(t, c.server.CancelInDashboard(made.ID))
	for _, e := range since(t, c.server.Events(), 0) {
		assert.NotNil(t, e.Request.ID)
		assert.Nil(t, e.Request.Key)
	}
}

func TestEventsOverTheWire(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	c.post("/v1/refunds", "charge", charge.ID).ok(t)
	c.server.Advance(time.Minute)
	all := c.get("/v1/events").ok(t).ids()
	require.Len(t, all, 4)
	assert.Len(t, c.get("/v1/events", "type", "refund.*").ok(t).ids(), 2)
	assert.Len(t, c.get("/v1/events", "types[]", "charge.refunded", "types[]", "refund.created").ok(t).ids(), 2)
	one := c.get("/v1/events/" + all[3]).ok(t)
	assert.Equal(t, "refund.created", one.text("type"))
	assert.JSONEq(t, string(c.server.Events()[0].Body), one.Raw)
	connected := c.server.Account("acct_1")
	require.Empty(t, connected.Events())
	made := connected.AddCharge(refundtest.Charge{})
	c.with("Stripe-Account", "acct_1").post("/v1/refunds", "charge", made.ID).ok(t)
	assert.Equal(t, "acct_1", since(t, connected.Events(), 0)[0].Account)
}
