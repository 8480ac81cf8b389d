package refundtest_test

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJournalLimit(t *testing.T) {
	answered := 0
	c := setup(t, refundtest.WithJournalLimit(3), refundtest.OnRequest(func(_ context.Context, r refundtest.Request) {
		assert.Equal(t, http.StatusOK, r.Status)
		answered++
	}))
	hook := c.server.AddWebhook(http.NotFoundHandler(), "whsec_1", refundtest.MayMissEvents())
	charge := c.server.AddCharge(refundtest.Charge{Amount: 2000})
	for i := range 5 {
		c.post("/v1/refunds", "charge", charge.ID, "amount", strconv.Itoa(i+1)).ok(t)
	}
	assert.Equal(t, 5, answered)
	requests := c.server.Requests()
	require.Len(t, requests, 3)
	assert.Equal(t, "3", requests[0].Form.Get("amount"))
	assert.Equal(t, "5", requests[2].Form.Get("amount"))
	assert.Len(t, c.server.Refunds(charge.ID), 5, "only what was said is forgotten")

	events := c.server.Events()
	require.Len(t, events, 3)
	last := hook.Deliveries()
	require.Len(t, last, 3)
	assert.Equal(t, events[2].ID, last[2].Event.ID)
	assert.Equal(t, 3, hook.Retry())
	assert.Len(t, c.get("/v1/events").ok(t).ids(), 3)
	c.get("/v1/events/" + events[0].ID).ok(t)
}

// TestJournalLimitWhileOneRuns forgets a request before it is answered.
func TestJournalLimitWhileOneRuns(t *testing.T) {
	var paths []string
	c := setup(t, refundtest.WithJournalLimit(1), refundtest.OnRequest(func(_ context.Context, r refundtest.Request) {
		paths = append(paths, r.Path+" "+strconv.Itoa(r.Status))
	}))
	c.server.Inject(refundtest.CallFunc(func() { c.get("/v1/charges").ok(t) }).On("/v1/refunds"))
	c.get("/v1/refunds").ok(t)
	assert.Equal(t, []string{"/v1/charges 200", "/v1/refunds 200"}, paths)
}

// TestJournalLimitKeepsMemoryFlat counts what the second half of many requests
// leaves behind.
func TestJournalLimitKeepsMemoryFlat(t *testing.T) {
	const half = 1_500
	c := setup(t, refundtest.WithJournalLimit(100))
	charge := c.server.AddCharge(refundtest.Charge{Amount: 2000})
	refund := c.post("/v1/refunds", "charge", charge.ID).ok(t).text("id")
	run := func() uint64 {
		for i := range half {
			c.get("/v1/refunds/" + refund).ok(t)
			c.post("/v1/refunds/"+refund, "metadata[count]", strconv.Itoa(i)).ok(t) // an event each
		}
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	first := run()
	assert.Less(t, int64(run()-first), int64(1<<20), "bytes more after another %d requests", 2*half)
}

func TestKeysExpire(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 5_000})
	refund := func(key string) string {
		return c.with("Idempotency-Key", key).post("/v1/refunds", "charge", charge.ID, "amount", "1").ok(t).text("id")
	}
	first := refund("kept")
	c.server.Advance(23 * time.Hour)
	for i := range 2_500 {
		refund(strconv.Itoa(i))
	}
	assert.Equal(t, first, refund("kept"), "a key lives for 24 hours, however many there are")
	c.server.Advance(time.Hour)
	assert.NotEqual(t, first, refund("kept"))
}

func TestClearFaults(t *testing.T) {
	reporter := &recorder{}
	c := setup(t, refundtest.WithReporter(reporter))
	c.server.Inject(refundtest.ServerError().Times(5))
	assert.Equal(t, http.StatusInternalServerError, c.get("/v1/refunds").Status)
	c.server.ClearFaults()
	c.get("/v1/refunds").ok(t)
	c.server.Close()
	assert.Empty(t, reporter.errors)
}

func TestRemoveWebhook(t *testing.T) {
	c := setup(t)
	count := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { count++; w.WriteHeader(http.StatusBadGateway) })
	removed := c.server.AddWebhook(handler, "whsec_1")
	kept := c.server.AddWebhook(http.NotFoundHandler(), "whsec_1")
	refund, err := c.server.RefundInDashboard(c.server.AddCharge(refundtest.Charge{}).ID, 0)
	require.NoError(t, err)
	before := len(kept.Deliveries())
	require.Positive(t, before)
	require.Equal(t, before, count)
	removed.Remove()
	removed.Remove()
	removed.Retry()
	require.NoError(t, c.server.Fail(refund.ID, ""))
	c.server.Advance(24 * time.Hour)
	assert.Equal(t, before, count, "nothing new, and no second attempt")
	assert.Greater(t, len(kept.Deliveries()), before)
}
