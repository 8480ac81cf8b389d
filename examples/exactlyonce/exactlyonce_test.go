package main

import (
	"context"
	"errors"
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
	require.Positive(t, counts.byKey, "nothing became known by repeating the key")
	require.Positive(t, counts.byLookUp, "nothing became known by looking up")
}

// bench is a worker in this process, its store with one job, and the server.
type bench struct {
	*worker
	server *refundtest.Server
	job    refundkit.Job
}

func setup(t *testing.T) *bench {
	server := refundtest.New(refundtest.WithReporter(t), refundtest.WithClock(time.Now))
	charge := server.AddCharge(refundtest.Charge{Amount: 1000, Currency: "usd"})
	jobs, err := openStore(filepath.Join(t.TempDir(), "jobs.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, jobs.close()) })
	job, err := refundkit.NewJob("order-1/refund-1", refundkit.RefundCreateParams{Charge: charge.ID, Amount: 100})
	require.NoError(t, err)
	b := &bench{server: server, job: job}
	b.worker, err = newWorker(server.Start(), jobs, 0)
	require.NoError(t, err)
	require.NoError(t, jobs.add(b.job))
	return b
}

// stored is the job as the database has it.
func (b *bench) stored(t *testing.T) refundkit.Job {
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

// TestStoredBeforeTheCall looks into the store at the moment at which the request
// arrives.
func TestStoredBeforeTheCall(t *testing.T) {
	b := setup(t)
	var found []refundkit.Job
	var key string
	client, err := refundkit.New("sk_test_123", refundkit.WithBaseURL(b.server.Start()), refundkit.WithHTTPClient(&http.Client{Transport: arrival(func(r *http.Request) {
		found, _ = b.jobs.all()
		key = r.Header.Get("Idempotency-Key")
	})}))
	require.NoError(t, err)
	b.client = client
	require.NoError(t, b.run(t.Context()))

	require.Len(t, found, 1)
	require.Equal(t, refundkit.JobStateOpen, found[0].State, "a process that dies now leaves an open outcome")
	require.Equal(t, key, string(found[0].Key()))
	require.False(t, found[0].FirstSent.IsZero())
	require.Equal(t, refundkit.JobStateMade, b.stored(t).State)
}

// arrival sees every request before it is sent.
type arrival func(*http.Request)

func (a arrival) RoundTrip(r *http.Request) (*http.Response, error) {
	a(r)
	return http.DefaultTransport.RoundTrip(r)
}

// TestKilledInTheCall starts from what a process left that died in a call, sooner
// and later than a key is kept.
func TestKilledInTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		made    bool // the dead process's request was executed
		down    time.Duration
		sends   int
		lookUps int
	}{
		"made, back soon":                {true, 10 * time.Minute, 2, 0},
		"made, back after 22 hours":      {true, 22 * time.Hour, 2, 0},
		"made, the key is too old":       {true, 23*time.Hour + time.Minute, 1, 1},
		"made, the key is forgotten":     {true, 60 * time.Hour, 1, 1},
		"not made, back soon":            {false, 10 * time.Minute, 2, 0},
		"not made, the key is forgotten": {false, 60 * time.Hour, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if !c.made {
				b.server.Inject(refundtest.DropConnection().On("POST /v1/refunds"))
			}
			killed, saves := errors.New("killed"), 0
			_, _, err := b.client.Refunds.Advance(t.Context(), b.job, func(ctx context.Context, job refundkit.Job) error {
				if saves++; saves > 1 {
					return killed
				}
				return b.jobs.save(ctx, job)
			}, refundkit.MaxRetries(0))
			require.ErrorIs(t, err, killed)
			b.pass(c.down)
			require.NoError(t, b.run(t.Context()))
			require.Equal(t, c.sends, b.stored(t).Sends+b.stored(t).Generation, "a key that was never answered counts as one")
			require.NoError(t, b.run(t.Context()))

			made := b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: b.job.Params.Charge, Amount: 100})
			require.Equal(t, made.ID, b.stored(t).ID)
			lists := 0
			for _, request := range b.server.Requests() {
				if request.Method == http.MethodGet {
					lists++
				}
			}
			require.Equal(t, c.lookUps, lists)
		})
	}
}

// TestSaveComparesVersions: whoever read the job before somebody else wrote it is
// told, and nothing is written.
func TestSaveComparesVersions(t *testing.T) {
	b := setup(t)
	first := b.stored(t)
	canceled, err := first.Cancel()
	require.NoError(t, err)
	require.NoError(t, b.jobs.save(t.Context(), canceled))
	require.ErrorIs(t, b.jobs.save(t.Context(), canceled), refundkit.ErrJobChanged)
	require.ErrorIs(t, b.advance(t.Context(), first), refundkit.ErrJobChanged)
	require.Equal(t, refundkit.JobStateCanceled, b.stored(t).State)
	require.Empty(t, b.server.Requests())
	require.Error(t, b.jobs.add(first), "a name is for ever")
}

func TestAPersonIsAsked(t *testing.T) {
	b := setup(t)
	require.NoError(t, b.server.Dispute(b.job.Params.Charge))
	require.NoError(t, b.run(t.Context()))
	require.Equal(t, refundkit.JobProblemDisputed, b.stored(t).Problem)
	require.NoError(t, b.run(t.Context()), "nothing is due")
	require.Len(t, b.server.Requests(), 1)
}

// TestTallySeesWhatIsWrong gives the tally every kind of wrong.
func TestTallySeesWhatIsWrong(t *testing.T) {
	b := setup(t)
	var jobs []refundkit.Job
	for i, refunds := range []int{1, 2, 0, 1} {
		job, err := refundkit.NewJob(fmt.Sprint("order-", i), b.job.Params)
		require.NoError(t, err)
		for range refunds { // each with a key of its own
			refund, err := b.client.Refunds.Create(t.Context(), job.Params, refundkit.Reference(job.Name))
			require.NoError(t, err)
			job.ID = refund.ID
		}
		jobs = append(jobs, job)
	}
	jobs[3].ID = "re_other"
	var counts tally
	counts.judge(jobs, b.server)
	require.Equal(t, []int{4, 1, 1, 1, 1}, []int{counts.jobs, counts.once, counts.twice, counts.lost, counts.mistaken})
	require.False(t, counts.right())
}
