package refundkit_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crashing is the caller's code that an export runs: each part crashes when it
// has run often enough.
type crashing struct {
	where string
	crash func()
	left  int // calls until it crashes
	mu    sync.Mutex
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (c *crashing) at(where string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.where != where {
		return
	}
	if c.left--; c.left == 0 {
		c.crash()
	}
}

// TestExportCarriesACrash holds that a panic of the caller's code, and the end
// of a goroutine that a test asks for with FailNow, come out of the export as
// out of any other call, and that nothing is left running.
func TestExportCarriesACrash(t *testing.T) {
	times := distributions(rand.New(rand.NewPCG(1, 2)), 20_000)["even"]
	for _, where := range []string{"hook", "transport", "limiter", "progress", "loop"} {
		for kind, crash := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
			for _, left := range []int{1, 25} {
				t.Run(where+" "+kind, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						time.Sleep(time.Until(firstDay.AddDate(2, 0, 0)))
						value, returned := exportCrashing(t, times, &crashing{where: where, crash: crash, left: left})
						assert.False(t, returned, "the crash was swallowed")
						if kind == "panic" {
							assert.Equal(t, "boom", value)
						} else {
							assert.Nil(t, value)
						}
					})
				})
			}
		}
	}
}

// exportCrashing exports on a goroutine of its own, until the crash ends it.
func exportCrashing(t *testing.T, times []int64, c *crashing) (value any, returned bool) {
	l := newTimeServer(1, slices.Clone(times))
	client, err := refundkit.New(apiKey,
		refundkit.WithHTTPClient(&http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			c.at("transport")
			return l.RoundTrip(r)
		})}),
		refundkit.WithRateLimiter(limiterFunc(func(context.Context) error { c.at("limiter"); return nil })),
		refundkit.WithAttemptHook(func(context.Context, refundkit.Attempt) { c.at("hook") }))
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			value = recover()
			assert.Zero(t, l.running, "requests")
		}()
		params := refundkit.ExportParams{From: firstDay, Progress: func(refundkit.ExportProgress) { c.at("progress") }}
		for _, err := range client.Refunds.Export(t.Context(), params) {
			assert.NoError(t, err)
			c.at("loop")
		}
		returned = true
	}()
	<-done
	return value, returned
}
