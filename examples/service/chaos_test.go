package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// TestChaos makes refunds with three workers on one database while 30 % of the
// requests go wrong in every way that refundtest knows; with events, twice and in any
// order, and without any.
func TestChaos(t *testing.T) {
	seed := rand.Uint64()
	for name, options := range map[string][]refundtest.WebhookOption{
		"events": {refundtest.EventTypes("refund.*"), refundtest.BeforeAnswer(0.2, seed), refundtest.Reordered(seed), refundtest.Duplicated(0.1, seed)},
		"none":   {refundtest.HeldUntilDeliver()},
	} {
		t.Run(name, func(t *testing.T) { setup(t, options...).chaos(seed) })
	}
}

func (b *bench) chaos(seed uint64) {
	t, count := b.t, 500
	if testing.Short() {
		count = 100
	}
	b.server.Inject(refundtest.Chaos(seed, 0.3))
	for i := range count {
		charge := b.server.AddCharge(refundtest.Charge{Amount: 1000})
		job, err := refundkit.NewJob(fmt.Sprintf("order-%d", i), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500})
		require.NoError(t, err)
		require.NoError(t, b.add(t.Context(), job))
	}
	for end := b.server.Now().Add(30 * 24 * time.Hour); len(b.in("made")) < count; b.server.Advance(10 * time.Minute) {
		require.True(t, b.server.Now().Before(end), "seed %d: no end", seed)
		var workers sync.WaitGroup
		for range 3 {
			workers.Go(func() {
				if err := b.work(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		b.hook.Retry() // what met a row at the same time as a worker
		for _, job := range b.in("needs_person") {
			require.Equal(t, refundkit.JobProblemUnanswered, job.Problem, "seed %d: %s: %s", seed, job.Name, job.Detail)
			require.NoError(t, b.decide(t.Context(), job.Name, refundkit.Job.Resume))
		}
	}
	b.server.Advance(24 * time.Hour) // whatever was to be done later is done
	for _, job := range b.in("made") {
		refunds := b.server.Refunds(job.Params.Charge)
		require.Len(t, refunds, 1, "seed %d: %s", seed, job.Name)
		require.Equal(t, job.ID, refunds[0].ID)
	}
	t.Logf("%d refunds by %d requests, seed %d: 0 twice, 0 lost", count, len(b.server.Requests()), seed)
}

// in returns the jobs in a state.
func (b *bench) in(state string) []refundkit.Job {
	jobs, err := b.read(b.t.Context(), `SELECT job FROM refunds WHERE state = $1`, state)
	require.NoError(b.t, err)
	return jobs
}
