package refundtest_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// endings are ways to end the code under test at a chosen point.
func endings() map[string]refundtest.Fault {
	return map[string]refundtest.Fault{
		"ended":   refundtest.EndCaller(),
		"panicks": refundtest.KillCaller(func() { panic("killed") }),
	}
}

func TestCallerEnds(t *testing.T) {
	for name, fault := range endings() {
		for point, c := range map[string]struct {
			fault refundtest.Fault
			done  int
		}{
			"before the work": {fault, 0},
			"after the work":  {fault.AfterWork(), 1},
		} {
			t.Run(name+" "+point, func(t *testing.T) {
				caller, box, _ := listening(t, refundtest.EventTypes("refund.created"))
				charge := caller.server.AddCharge(refundtest.Charge{}).ID
				caller.server.Inject(c.fault)
				caller.client.Timeout = time.Hour
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				deferred, after := false, false
				assert.True(t, refundtest.Ended(func() {
					defer func() { deferred = true; _ = recover() }()
					caller.try(ctx, "POST", "/v1/refunds", "key-1", "charge", charge, "amount", "100")
					after = true
				}) || name == "panicks")
				assert.True(t, deferred)
				assert.False(t, after)
				assert.Len(t, caller.server.Refunds(charge), c.done)
				assert.Len(t, box.seen(), c.done, "events come whoever died")
				first := caller.server.Requests()[0]
				assert.Zero(t, first.Status)
				assert.NotEmpty(t, first.Fault)

				again := caller.tryRefund(charge, "key-1")
				assert.Equal(t, 200, again.status)
				assert.Equal(t, c.done == 1, again.header.Get("Idempotent-Replayed") == "true")
				assert.Len(t, caller.server.Refunds(charge), 1)
			})
		}
	}
}

func TestEnded(t *testing.T) {
	assert.False(t, refundtest.Ended(func() {}))
	goesOn := false
	assert.True(t, refundtest.Ended(func() {
		assert.True(t, refundtest.Ended(runtime.Goexit))
		goesOn = true
		runtime.Goexit()
	}))
	assert.True(t, goesOn, "only the inner one was ended")
}

func TestCallerOverASocketIsNotEnded(t *testing.T) {
	var reporter recorder
	c := setup(t, refundtest.WithReporter(&reporter))
	c.server.Inject(refundtest.EndCaller())
	assert.Equal(t, 200, c.overSocket().try(t.Context(), "GET", "/v1/refunds", "").status)
	c.server.Close()
	require.Len(t, reporter.errors, 1)
	assert.Contains(t, reporter.errors[0], `"caller ended"`)
}

// A function that returns changes nothing of the exchange, and may use the server.
func TestCallFunc(t *testing.T) {
	for _, way := range []string{"in process", "over a socket"} {
		t.Run(way, func(t *testing.T) {
			c := setup(t)
			if way == "over a socket" {
				c = c.overSocket()
			}
			charge := c.server.AddCharge(refundtest.Charge{}).ID
			var seen []int
			look := func() { seen = append(seen, len(c.server.Refunds(charge))) }
			c.server.Inject(refundtest.CallFunc(look), refundtest.CallFunc(look).AfterWork(),
				refundtest.CallFunc(func() { c.server.RevokeKey(testKey) }))
			assert.Equal(t, 200, c.tryRefund(charge, "key-1").status)
			assert.Equal(t, 200, c.tryRefund(charge, "key-2").status)
			assert.Equal(t, 401, c.tryRefund(charge, "key-3").status)
			assert.Equal(t, []int{0, 2}, seen)
		})
	}
}

// TestKilledProcess kills a process that has sent a refund and waits for the
// answer. The process is this test, started once more.
func TestKilledProcess(t *testing.T) {
	if base := os.Getenv("REFUNDTEST_BASE"); base != "" {
		c := &caller{t: t, client: http.DefaultClient, base: base, header: http.Header{"Authorization": {"Bearer " + testKey}}}
		c.tryRefund(os.Getenv("REFUNDTEST_CHARGE"), "key-1")
		return
	}
	for point, after := range map[string]bool{"before the work": false, "after the work": true} {
		t.Run(point, func(t *testing.T) {
			c := setup(t).overSocket()
			charge := c.server.AddCharge(refundtest.Charge{}).ID
			process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$")
			process.Env = append(os.Environ(), "REFUNDTEST_BASE="+c.base, "REFUNDTEST_CHARGE="+charge)
			started, ended := make(chan struct{}), make(chan error, 1)
			fault, done := refundtest.KillCaller(func() {
				<-started
				_ = process.Process.Kill() // it is there: it waits for its answer
				ended <- process.Wait()
			}), 0
			if after {
				fault, done = fault.AfterWork(), 1
			}
			c.server.Inject(fault)
			require.NoError(t, process.Start())
			close(started)
			assert.Error(t, <-ended, "it did not come to its end")
			assert.Len(t, c.server.Refunds(charge), done)
			again := c.tryRefund(charge, "key-1")
			assert.Equal(t, after, again.header.Get("Idempotent-Replayed") == "true")
			assert.Len(t, c.server.Refunds(charge), 1)
		})
	}
}
