package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/refundkit/refundkit/refundjobs"
)

// changeCounter counts what workers and events did in this process: its count is a
// change hook. Anything that must not be missed is read with Jobs.ChangesSince instead.
type changeCounter struct {
	mu     sync.Mutex
	counts map[refundjobs.What]int64
}

func newChangeCounter() *changeCounter {
	return &changeCounter{counts: map[refundjobs.What]int64{}}
}

func (c *changeCounter) count(_ context.Context, change refundjobs.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[change.What]++
}

func (c *changeCounter) read() map[refundjobs.What]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// metrics writes what Prometheus reads. With many processes, let it ask one of them for
// the counts of rows, which are the same everywhere, and all of them for the changes.
func (s *shop[TTx]) metrics(w http.ResponseWriter, r *http.Request) {
	counts, err := s.jobs.Counts(r.Context(), refundjobs.Filter{})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var b strings.Builder
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	head("refunds", "gauge", "Refunds by state, problem, currency and kind.")
	for _, part := range counts.Parts {
		fmt.Fprintf(&b, "refunds{state=%q,problem=%q,currency=%q,kind=%q} %d\n", string(part.State), string(part.Problem), part.Currency, string(part.Kind), part.Rows)
	}
	head("refunds_amount", "gauge", "Their sums, in the smallest unit of the currency.")
	for _, part := range counts.Parts {
		fmt.Fprintf(&b, "refunds_amount{state=%q,problem=%q,currency=%q,kind=%q} %d\n", string(part.State), string(part.Problem), part.Currency, string(part.Kind), part.Amount)
	}
	head("refunds_oldest_open_seconds", "gauge", "How long the oldest outcome has been open.")
	fmt.Fprintf(&b, "refunds_oldest_open_seconds %d\n", s.secondsSince(counts.OldestOpen))
	head("refunds_oldest_due_seconds", "gauge", "How long the oldest refund has been waiting for a worker.")
	fmt.Fprintf(&b, "refunds_oldest_due_seconds %d\n", s.secondsSince(counts.OldestDue))
	head("refunds_changes_total", "counter", "What workers and events did, since this process began.")
	changes := s.changes.read()
	for _, what := range slices.Sorted(maps.Keys(changes)) {
		fmt.Fprintf(&b, "refunds_changes_total{what=%q} %d\n", string(what), changes[what])
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, b.String())
}

// secondsSince is 0 for what is not there, or in the future.
func (s *shop[TTx]) secondsSince(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return int64(max(s.now().Sub(at), 0) / time.Second)
}
