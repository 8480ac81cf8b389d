package refundtest_test

import (
	"fmt"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// standIn is a test that can fail without failing this one.
type standIn struct {
	errors   []string
	cleanups []func()
}

func (r *standIn) Helper() {}
func (r *standIn) Errorf(format string, a ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, a...))
}
func (r *standIn) Cleanup(do func()) { r.cleanups = append(r.cleanups, do) }

func TestAssertRefundedOnce(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	want := refundtest.Refund{Charge: charge.ID, Amount: 400, Metadata: map[string]string{"order": "1"}}
	fails := func(w refundtest.Refund) bool {
		var r standIn
		c.server.AssertRefundedOnce(&r, w)
		return len(r.errors) == 1
	}
	assert.True(t, fails(want), "none was made")
	made := c.post("/v1/refunds", "charge", charge.ID, "amount", "400", "metadata[order]", "1", "metadata[more]", "x").ok(t)
	assert.Equal(t, made.text("id"), c.server.AssertRefundedOnce(t, want).ID)
	for name, other := range map[string]refundtest.Refund{
		"amount": {Charge: charge.ID, Amount: 401}, "charge": {Charge: "ch_1"}, "status": {Charge: charge.ID, Status: "pending"},
		"metadata": {Charge: charge.ID, Metadata: map[string]string{"order": "2"}}, "reason": {Reason: "duplicate"},
	} {
		assert.True(t, fails(other), name)
	}
	second := c.post("/v1/refunds", "charge", charge.ID, "amount", "400", "metadata[order]", "1").ok(t)
	assert.True(t, fails(want), "two were made")
	require.NoError(t, c.server.Fail(second.text("id"), ""))
	assert.False(t, fails(want), "one of them failed")
}

// TestAFailingAssertionIsShort has a hundred refunds of other payments beside the
// few that matter.
func TestAFailingAssertionIsShort(t *testing.T) {
	c := setup(t)
	for n := range 100 {
		other := c.server.AddCharge(refundtest.Charge{})
		c.with("Idempotency-Key", fmt.Sprint("other-", n)).post("/v1/refunds", "charge", other.ID, "amount", "7").ok(t)
	}
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000}).ID
	made := map[string]string{}
	for _, each := range [][2]string{{"order-1", "300"}, {"order 2", "200"}, {"order-3", "100"}} {
		key, amount := each[0], each[1]
		made[key] = c.with("Idempotency-Key", key).post("/v1/refunds", "charge", charge, "amount", amount, "metadata[order]", key).ok(t).text("id")
	}
	require.NoError(t, c.server.Fail(made["order-3"], ""))
	for name, try := range map[string]struct {
		want refundtest.Refund
		text string
	}{
		"another amount": {refundtest.Refund{Charge: charge, Amount: 200, Metadata: map[string]string{"order": "order-1"}},
			"want exactly one refund with charge " + charge + ", amount 200, metadata[order] order-1, found 0\n" +
				"\tcharge " + charge + ": 500 of 1000 usd are refunded\n" +
				"\t" + made["order-1"] + " 300 usd succeeded key=order-1: has amount 300\n"},
		"failed": {refundtest.Refund{Charge: charge, Amount: 100}, "found 0\n\tcharge " + charge + ": 500 of 1000 usd are refunded\n" +
			"\t" + made["order-3"] + " 100 usd failed key=order-3: fits, but a refund that is failed does not count\n"},
		"twice":          {refundtest.Refund{Charge: charge}, made["order 2"] + ` 200 usd succeeded key="order 2": fits`},
		"no such charge": {refundtest.Refund{Charge: "ch_mistyped"}, `there is no charge or PaymentIntent "ch_mistyped" in this account and mode` + "\n\tno refunds"},
		"no payment": {refundtest.Refund{Amount: 300, IdempotencyKey: "order-4"}, "found 0\n" +
			"\t" + made["order-1"] + " 300 usd succeeded key=order-1: has key order-1\n"},
	} {
		var r standIn
		c.server.AssertRefundedOnce(&r, try.want)
		require.Len(t, r.errors, 1, name)
		assert.Contains(t, r.errors[0], try.text, name)
		assert.Less(t, len(r.errors[0]), 600, name)
		if try.want.Charge != "" {
			assert.NotContains(t, r.errors[0], "other-", name)
		}
	}
}

func TestAssertNotRefunded(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	c.server.AssertNotRefunded(t, charge.ID)
	var r standIn
	c.server.AssertNotRefunded(&r, "ch_mistyped")
	assert.Len(t, r.errors, 1, "a mistyped id must not pass")
	made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
	c.server.AssertNotRefunded(&r, charge.PaymentIntent)
	assert.Len(t, r.errors, 2)
	require.NoError(t, c.server.Fail(made.text("id"), ""))
	c.server.AssertNotRefunded(t, charge.ID)
}

func TestReporter(t *testing.T) {
	var r standIn
	c := setup(t, refundtest.WithReporter(&r))
	c.server.AddCharge(refundtest.Charge{ID: "ch_1"})
	c.get("/v1/refunds").ok(t)
	require.Empty(t, r.errors)
	c.get("/v1/refundz")
	require.Len(t, r.errors, 1)
	c.server.AddCharge(refundtest.Charge{ID: "ch_1"})
	c.server.AddCharge(refundtest.Charge{Amount: -1})
	assert.Len(t, r.errors, 3)
	c.server.Inject(refundtest.DropConnection())
	for _, cleanup := range r.cleanups {
		cleanup()
	}
	assert.Len(t, r.errors, 4, "what was scripted and never happened")
	_, err := c.client.Get("https://api.stripe.com/v1/refunds")
	assert.Error(t, err, "closed when the test ends")
}

func TestRequestsAreCopies(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	c.with("Idempotency-Key", "k").post("/v1/refunds", "charge", charge.ID, "metadata[a]", "b").ok(t)
	first := c.server.Requests()[0]
	assert.Equal(t, "b", first.Form.Get("metadata[a]"))
	assert.Equal(t, "k", first.IdempotencyKey)
	assert.Equal(t, "/v1/refunds", first.Endpoint)
	assert.Equal(t, 200, first.Status)
	first.Form.Set("metadata[a]", "changed")
	first.Form["metadata[a]"][0] = "changed"
	first.Header.Set("X", "changed")
	assert.Equal(t, "b", c.server.Requests()[0].Form.Get("metadata[a]"))
	assert.Empty(t, c.server.Requests()[0].Header.Get("X"))
}

func TestObjectsAreCopies(t *testing.T) {
	c := setup(t)
	metadata := map[string]string{"a": "b"}
	charge := c.server.AddCharge(refundtest.Charge{Metadata: metadata})
	metadata["a"], charge.Metadata["a"] = "changed", "changed"
	assert.Equal(t, "b", c.get("/v1/charges/"+charge.ID).ok(t).text("metadata", "a"))
}

func TestIDs(t *testing.T) {
	one, two, other := refundtest.New(refundtest.WithSeed(5)), refundtest.New(refundtest.WithSeed(5)), refundtest.New()
	charge := one.AddCharge(refundtest.Charge{})
	assert.Equal(t, charge, two.AddCharge(refundtest.Charge{Created: charge.Created}))
	assert.NotEqual(t, charge.ID, other.AddCharge(refundtest.Charge{}).ID)
	assert.Regexp(t, `^ch_3[0-9A-Za-z]{23}$`, charge.ID)
	assert.Equal(t, charge.ID[3:20], charge.PaymentIntent[3:20], "one family")
	refund, err := one.RefundInDashboard(charge.ID, 0)
	require.NoError(t, err)
	assert.Equal(t, charge.ID[3:20], refund.ID[3:20])
	named := refundtest.New(refundtest.WithIDs(func(prefix string) string { return prefix + "mine" }))
	assert.Equal(t, "ch_mine", named.AddCharge(refundtest.Charge{}).ID)
}
