package refundtest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keyed returns a caller whose requests carry a key.
func keyed(c *caller, key string) *caller { return c.with("Idempotency-Key", key) }

func TestReplay(t *testing.T) {
	for _, tc := range []struct {
		name   string
		pairs  []string
		status int
	}{
		{"success", []string{"amount", "400"}, 200},
		{"refusal", []string{"amount", "1001"}, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
			pairs := append(tc.pairs, "charge", charge.ID)
			first := keyed(c, "k").post("/v1/refunds", pairs...)
			require.Equal(t, tc.status, first.Status)
			assert.Equal(t, first.Header.Get("Request-Id"), first.Header.Get("Original-Request"))
			assert.Empty(t, first.Header.Get("Idempotent-Replayed"))

			again := keyed(c, "k").post("/v1/refunds", pairs...)
			assert.Equal(t, tc.status, again.Status)
			assert.Equal(t, first.Raw, again.Raw, "to the byte")
			assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
			assert.Equal(t, first.Header.Get("Request-Id"), again.Header.Get("Original-Request"))
			assert.NotEqual(t, first.Header.Get("Request-Id"), again.Header.Get("Request-Id"))
			assert.Equal(t, "k", again.Header.Get("Idempotency-Key"))
			assert.True(t, c.server.Requests()[1].Replayed)
			assert.LessOrEqual(t, len(c.server.Refunds(charge.ID)), 1)
		})
	}
}

func TestReplayShowsTheOldAnswer(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	made := keyed(c, "k").post("/v1/refunds", "charge", charge.ID).ok(t)
	require.NoError(t, c.server.Fail(made.text("id"), ""))
	assert.Equal(t, "succeeded", keyed(c, "k").post("/v1/refunds", "charge", charge.ID).ok(t).text("status"))
}

func TestKeyBelongsToOneRequest(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	made := keyed(c, "k").post("/v1/refunds", "charge", charge.ID, "amount", "1", "reason", "duplicate").ok(t)
	keyed(c, "k").post("/v1/refunds", "reason", "duplicate", "amount", "1", "charge", charge.ID).ok(t)
	for name, got := range map[string]reply{
		"other parameters": keyed(c, "k").post("/v1/refunds", "charge", charge.ID, "amount", "2", "reason", "duplicate"),
		"fewer parameters": keyed(c, "k").post("/v1/refunds", "charge", charge.ID, "amount", "1"),
		"other path":       keyed(c, "k").post("/v1/charges/"+charge.ID+"/refunds", "amount", "1", "reason", "duplicate"),
		"other action":     keyed(c, "k").post("/v1/refunds/" + made.text("id")),
	} {
		assert.Equal(t, http.StatusBadRequest, got.Status, name)
		assert.Equal(t, "idempotency_error", got.text("error", "type"), name)
		assert.Empty(t, got.text("error", "code"), name)
	}
	assert.Len(t, c.server.Refunds(charge.ID), 1)

	second := c.post("/v1/refunds", "charge", charge.ID, "amount", "1").ok(t)
	keyed(c, "cancel").post("/v1/refunds/" + made.text("id") + "/cancel")
	got := keyed(c, "cancel").post("/v1/refunds/" + second.text("id") + "/cancel")
	assert.Equal(t, "idempotency_error", got.text("error", "type"), "the same parameters, none, of another refund")
}

func TestKeysThatAreNotKept(t *testing.T) {
	for _, tc := range []struct {
		name string
		bad  func(*caller, string) reply
	}{
		{"validation", func(c *caller, id string) reply { return c.post("/v1/refunds", "charge", id, "amount", "x") }},
		{"unknown object", func(c *caller, _ string) reply { return c.post("/v1/refunds", "charge", "ch_1") }},
		{"unauthorized", func(c *caller, id string) reply {
			return c.with("Authorization", "Bearer nonsense").post("/v1/refunds", "charge", id)
		}},
		{"lock timeout", func(c *caller, id string) reply {
			c.server.Inject(refundtest.LockTimeout())
			got := c.post("/v1/refunds", "charge", id)
			assert.Equal(c.t, "true", got.Header.Get("Stripe-Should-Retry"))
			assert.Equal(c.t, "invalid_request_error", got.text("error", "type"))
			assert.Equal(c.t, "lock_timeout", got.text("error", "code"))
			return got
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{})
			refused := tc.bad(keyed(c, "k"), charge.ID)
			require.GreaterOrEqual(t, refused.Status, 400)
			made := keyed(c, "k").post("/v1/refunds", "charge", charge.ID).ok(t)
			assert.Empty(t, made.Header.Get("Idempotent-Replayed"))
			assert.Equal(t, made.Header.Get("Request-Id"), made.Header.Get("Original-Request"))
		})
	}
}

func TestKeysThatAreNone(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	keyed(c, strings.Repeat("k", 255)).post("/v1/refunds", "charge", charge.ID, "amount", "1").ok(t)
	assert.Equal(t, 400, keyed(c, strings.Repeat("k", 256)).post("/v1/refunds", "charge", charge.ID).Status)
	empty := *c
	empty.header = c.header.Clone()
	empty.header["Idempotency-Key"] = []string{""}
	assert.Equal(t, 400, empty.post("/v1/refunds", "charge", charge.ID).Status)
	assert.Len(t, c.server.Refunds(charge.ID), 1)

	without := c.post("/v1/refunds", "charge", charge.ID, "amount", "1").ok(t)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, without.Header.Get("Idempotency-Key"))
	assert.Empty(t, keyed(c, "k").get("/v1/refunds").Header.Get("Idempotency-Key"), "never on a GET")
}

func TestKeysAreForgottenAfterADay(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	ask := func() reply { return keyed(c, "k").post("/v1/refunds", "charge", charge.ID, "amount", "1").ok(t) }
	first := ask().text("id")
	c.server.Advance(24*time.Hour - time.Second)
	assert.Equal(t, first, ask().text("id"))
	c.server.Advance(time.Second)
	assert.NotEqual(t, first, ask().text("id"), "a second, real refund")
}

func TestKeysAreOfOneAccount(t *testing.T) {
	c := setup(t)
	for _, world := range []*refundtest.World{c.server.World, c.server.Account("acct_1"), c.server.Live()} {
		world.AddCharge(refundtest.Charge{ID: "ch_same"})
	}
	made := map[string]bool{}
	for _, as := range []*caller{c, c.with("Stripe-Account", "acct_1"), c.with("Authorization", "Bearer sk_live_abc")} {
		made[keyed(as, "k").post("/v1/refunds", "charge", "ch_same").ok(t).text("id")] = true
	}
	assert.Len(t, made, 3)
}

func TestSecondRequestWhileTheFirstRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := setup(t, refundtest.WithClock(time.Now))
		charge := c.server.AddCharge(refundtest.Charge{})
		c.server.Inject(refundtest.Delay(time.Second))
		first := make(chan reply)
		go func() { first <- keyed(c, "k").post("/v1/refunds", "charge", charge.ID) }()
		synctest.Wait()
		second := keyed(c, "k").post("/v1/refunds", "charge", charge.ID)
		assert.Equal(t, http.StatusConflict, second.Status)
		assert.Equal(t, "idempotency_key_in_use", second.text("error", "code"))
		(<-first).ok(t)
		keyed(c, "k").post("/v1/refunds", "charge", charge.ID).ok(t)
		assert.Len(t, c.server.Refunds(charge.ID), 1)
	})
}

func TestContentionOnOneCharge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := setup(t, refundtest.WithClock(time.Now), refundtest.WithLockTimeouts())
		charge, other := c.server.AddCharge(refundtest.Charge{}), c.server.AddCharge(refundtest.Charge{})
		c.server.Inject(refundtest.Delay(time.Second))
		first := make(chan reply)
		go func() { first <- c.post("/v1/refunds", "charge", charge.ID, "amount", "1") }()
		synctest.Wait()
		second := keyed(c, "k").post("/v1/refunds", "payment_intent", charge.PaymentIntent, "amount", "1")
		assert.Equal(t, http.StatusTooManyRequests, second.Status)
		assert.Equal(t, "lock_timeout", second.text("error", "code"))
		c.post("/v1/refunds", "charge", other.ID).ok(t)
		(<-first).ok(t)
		keyed(c, "k").post("/v1/refunds", "payment_intent", charge.PaymentIntent, "amount", "1").ok(t)
	})
}

func TestInjectedLockTimeoutLeavesNoLock(t *testing.T) {
	c := setup(t, refundtest.WithLockTimeouts())
	charge := c.server.AddCharge(refundtest.Charge{})
	c.server.Inject(refundtest.LockTimeout())
	assert.Equal(t, "lock_timeout", keyed(c, "k").post("/v1/refunds", "charge", charge.ID).text("error", "code"))
	keyed(c, "k").post("/v1/refunds", "charge", charge.ID).ok(t)
}

func TestScripted500(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault refundtest.Fault
		kept  bool
		made  int // refunds right after
		later int // refunds an hour later
	}{
		{"of a proxy", refundtest.AnswerJSON(500, `{"error":{"type":"api_error"}}`), false, 0, 0},
		{"with nothing done", refundtest.ServerError(), true, 0, 0},
		{"with the work done", refundtest.ServerError().AfterWork(), true, 1, 1},
		{"with the work done later", refundtest.ServerErrorDoneLater(time.Minute), true, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{})
			c.server.Inject(tc.fault)
			failed := keyed(c, "k").post("/v1/refunds", "charge", charge.ID)
			require.Equal(t, http.StatusInternalServerError, failed.Status)
			assert.Len(t, c.server.Refunds(charge.ID), tc.made)
			c.server.Advance(time.Hour)
			assert.Len(t, c.server.Refunds(charge.ID), tc.later)
			if tc.later > 0 {
				assert.Equal(t, "k", c.server.Events()[0].IdempotencyKey)
			}
			again := keyed(c, "k").post("/v1/refunds", "charge", charge.ID)
			if !tc.kept {
				again.ok(t)
				return
			}
			assert.Equal(t, http.StatusInternalServerError, again.Status)
			assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
			assert.Equal(t, failed.Raw, again.Raw)
		})
	}
}
