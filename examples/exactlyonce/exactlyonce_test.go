package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test program be the worker too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		if err := work(context.Background(), os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestKilledWorkerRefundsOnce(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 30
	}
	seed := rand.Uint64()
	counts, err := runTrial(t.Context(), kills, seed, t.TempDir())
	require.NoError(t, err, "seed %d", seed)
	t.Logf("%s", counts)
	require.Equal(t, kills, counts.kills)
	require.Zero(t, counts.twice, "refunded twice")
	require.Zero(t, counts.lost, "not refunded")
	require.Zero(t, counts.mistaken, "the store names another refund")
	require.Equal(t, counts.jobs, counts.once)
	require.Equal(t, counts.owed, counts.refunded)
	require.Positive(t, counts.byKey, "no open outcome was closed by the key")
	require.Positive(t, counts.byLookUp, "no open outcome was closed by looking up")
}

// bench is a worker in this process, its store with one job, and the server.
type bench struct {
	*worker
	server *refundtest.Server
	job    job
}

func setup(t *testing.T) *bench {
	server := refundtest.New(refundtest.WithReporter(t), refundtest.WithClock(time.Now))
	charge := server.AddCharge(refundtest.Charge{Amount: 1000, Currency: "usd"})
	jobs, err := openStore(filepath.Join(t.TempDir(), "jobs.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, jobs.close()) })
	b := &bench{server: server, job: job{ID: "order-1/refund-1", Charge: charge.ID, Amount: 100}}
	b.worker, err = newWorker(server.Start(), jobs, 0)
	require.NoError(t, err)
	require.NoError(t, jobs.put(b.job))
	return b
}

// stored is the job as the database has it.
func (b *bench) stored(t *testing.T) job {
	jobs, err := b.jobs.all()
	require.NoError(t, err)
	require.Len(t, jobs, 1)
	return jobs[0]
}

// pass moves both clocks.
func (b *bench) pass(d time.Duration) {
	b.server.Advance(d)
	b.ahead += d
}

// TestStoredBeforeTheCall looks into the store at the moment at which the
// request arrives.
func TestStoredBeforeTheCall(t *testing.T) {
	b := setup(t)
	var atArrival []job
	var keys []string
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(&http.Client{Transport: arrival(func(r *http.Request) {
		if r.Method == http.MethodPost {
			found, _ := b.jobs.all()
			atArrival, keys = append(atArrival, found...), append(keys, r.Header.Get("Idempotency-Key"))
		}
	})}), refundkit.WithBaseURL(b.server.Start()), refundkit.WithMaxRetries(0))
	require.NoError(t, err)
	b.client = client
	// The first key meets a stored 500: a look-up a day later finds nothing, and a second key is needed.
	b.server.Inject(refundtest.ServerError())

	require.NoError(t, b.run(t.Context()))
	b.pass(25 * time.Hour)
	require.NoError(t, b.run(t.Context()))

	require.Len(t, atArrival, 3) // the 500, its replay, the new key
	for i, found := range atArrival {
		require.Equal(t, keys[i], found.Key)
		require.True(t, found.Open, "a process that dies now leaves an open outcome")
		require.False(t, found.FirstSent.IsZero())
		require.False(t, found.LastSent.Before(found.FirstSent))
		require.Equal(t, []int{1, 1, 2}[i], found.Generation)
	}
	require.Equal(t, atArrival[0].FirstSent, atArrival[1].FirstSent, "the first send is remembered")
	require.Equal(t, atArrival[0].Key, atArrival[1].Key)
	require.NotEqual(t, atArrival[0].Key, atArrival[2].Key)
	require.Equal(t, 1, b.stored(t).ClosedByLookUp)
	b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: b.job.Charge, Amount: 100})
}

// arrival sees every request before it is sent.
type arrival func(*http.Request)

func (a arrival) RoundTrip(r *http.Request) (*http.Response, error) {
	a(r)
	return http.DefaultTransport.RoundTrip(r)
}

// TestWorkerGoesOnFromTheStore starts from what a process left that died in a
// call, sooner and later than a key is kept.
func TestWorkerGoesOnFromTheStore(t *testing.T) {
	tests := []struct {
		name            string
		made            bool // the dead process's request was executed
		down            time.Duration
		byKey, byLookUp int
	}{
		{"made, back at once", true, 0, 1, 0},
		{"made, back after 22 hours", true, 22 * time.Hour, 1, 0},
		{"made, the key is too old", true, 23*time.Hour + time.Minute, 0, 1},
		{"made, the key is forgotten", true, 48 * time.Hour, 0, 1},
		{"not made, back at once", false, 0, 1, 0},
		{"not made, the key is forgotten", false, 48 * time.Hour, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := setup(t)
			left := b.job
			left.Generation, left.Key = 1, string(refundkit.KeyFrom(left.ID, "1"))
			left.FirstSent, left.LastSent, left.Open = b.now(), b.now(), true
			require.NoError(t, b.jobs.put(left))
			if test.made {
				_, err := b.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: left.Charge, Amount: left.Amount},
					refundkit.IdempotencyKey(left.Key), refundkit.Reference(left.ID))
				require.NoError(t, err)
			}
			b.pass(test.down)
			require.NoError(t, b.run(t.Context()))

			found := b.stored(t)
			require.Equal(t, []int{test.byKey, test.byLookUp}, []int{found.ClosedByKey, found.ClosedByLookUp})
			require.False(t, found.Open)
			made := b.server.Refunds(left.Charge)
			require.Len(t, made, 1)
			require.Equal(t, made[0].ID, found.Refund)
		})
	}
}

// TestUndecidedWaits leaves a job whose refund may still appear alone.
func TestUndecidedWaits(t *testing.T) {
	b := setup(t)
	b.server.Inject(refundtest.ServerErrorDoneLater(time.Hour).On("POST /v1/refunds"))
	require.NoError(t, b.run(t.Context()))
	require.True(t, b.stored(t).LookUp)
	require.False(t, b.stored(t).ended())
	require.Empty(t, b.server.Refunds(b.job.Charge))

	b.pass(2 * time.Hour)
	require.NoError(t, b.run(t.Context()))
	require.NotEmpty(t, b.stored(t).Refund)
	b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: b.job.Charge, Amount: 100})
}

// TestStaysOpen lets a key that is refused say nothing of an earlier call.
func TestStaysOpen(t *testing.T) {
	b := setup(t)
	left := b.job
	left.Generation, left.Key = 1, string(refundkit.KeyFrom(left.ID, "1"))
	left.FirstSent, left.LastSent, left.Open = b.now(), b.now(), true
	require.NoError(t, b.jobs.put(left))
	b.server.Inject(refundtest.Unauthorized().Times(callsPerRun))
	require.NoError(t, b.run(t.Context()))
	require.True(t, b.stored(t).Open)
	require.False(t, b.stored(t).ended())
	require.NoError(t, b.run(t.Context()))
	require.Equal(t, 1, b.stored(t).ClosedByKey)
}

func TestSetAside(t *testing.T) {
	b := setup(t)
	require.NoError(t, b.server.Dispute(b.job.Charge))
	require.NoError(t, b.run(t.Context()))
	found := b.stored(t)
	require.Contains(t, found.SetAside, "disputed")
	require.False(t, found.Open)
	require.Empty(t, b.server.Refunds(b.job.Charge))
}

// TestTwoRefundsAreForAPerson finds what another program has done.
func TestTwoRefundsAreForAPerson(t *testing.T) {
	b := setup(t)
	for range 2 {
		_, err := b.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: b.job.Charge, Amount: 100}, refundkit.Reference(b.job.ID))
		require.NoError(t, err)
	}
	left := b.job
	left.FirstSent, left.LastSent, left.Open, left.LookUp = b.now(), b.now(), true, true
	require.NoError(t, b.jobs.put(left))
	b.pass(48 * time.Hour)
	require.NoError(t, b.run(t.Context()))
	require.Contains(t, b.stored(t).SetAside, "2 refunds have this reference")
	require.Len(t, b.server.Refunds(b.job.Charge), 2)
}

// TestTallySeesWhatIsWrong gives the tally every kind of wrong.
func TestTallySeesWhatIsWrong(t *testing.T) {
	b := setup(t)
	var jobs []job
	for i, refunds := range []int{1, 2, 0, 1} {
		j := job{ID: fmt.Sprint("order-", i), Charge: b.job.Charge, Amount: 100}
		for range refunds { // each with a key of its own
			refund, err := b.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: j.Charge, Amount: j.Amount}, refundkit.Reference(j.ID))
			require.NoError(t, err)
			j.Refund = refund.ID
		}
		jobs = append(jobs, j)
	}
	jobs[3].Refund = "re_other"
	var counts tally
	counts.judge(jobs, b.server)
	require.Equal(t, []int{4, 1, 1, 1, 1}, []int{counts.jobs, counts.once, counts.twice, counts.lost, counts.mistaken})
	require.False(t, counts.right())
}
