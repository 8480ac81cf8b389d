package refundkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

var (
	chaosCount = flag.Int("chaos.count", 0, "how many refunds TestChaos makes; 0 is 100000, or 2000 with -short")
	chaosSeed  = flag.Uint64("chaos.seed", 0, "seed of TestChaos; 0 chooses one")
)

// chaosTable is a database of jobs, as JSON: it writes a job only over the version
// before, and one write in a hundred fails.
type chaosTable struct {
	server *refundtest.Server
	mu     sync.Mutex
	random *rand.Rand
	rows   map[string]*chaosRow
	tally
}

type chaosRow struct {
	job      refundkit.Job
	everOpen bool // an answer left the outcome open
}

// tally is what is written shows of how the jobs went.
type tally struct{ calls, lookUps, conflicts, failures, open, byKey, byLookUp, persons, denied int }

var errWriteFailed = errors.New("the database failed")

func (c *chaosTable) read(name string) refundkit.Job {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows[name].job
}

func (c *chaosTable) save(_ context.Context, job refundkit.Job) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	row := c.rows[job.Name]
	switch {
	case row.job.Version != job.Version-1:
		c.conflicts++
		return refundkit.ErrJobChanged
	case c.random.IntN(100) == 0:
		c.failures++
		return errWriteFailed
	}
	c.count(row, job)
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	row.job = refundkit.Job{}
	return json.Unmarshal(text, &row.job)
}

// count learns from what is written over a row.
func (c *chaosTable) count(row *chaosRow, job refundkit.Job) {
	switch {
	case job.Sends > row.job.Sends:
		c.calls++ // and nothing is known of it yet
		return
	case row.job.LookUp:
		c.lookUps++
	}
	if job.Open && !row.everOpen {
		row.everOpen = true
		c.open++
	}
	switch {
	case job.State == refundkit.JobStateMade && row.everOpen && row.job.LookUp:
		c.byLookUp++
	case job.State == refundkit.JobStateMade && row.everOpen:
		c.byKey++
	case job.State != refundkit.JobStateMade && !job.Open && len(c.made(job)) > 0:
		c.denied++ // the row says that surely nothing was done
	}
}

// made is what the server itself knows of the job.
func (c *chaosTable) made(job refundkit.Job) (refunds []refundtest.Refund) {
	for _, refund := range c.server.Refunds(job.Params.Charge) {
		if refund.Metadata[refundkit.ReferenceMetadataKey] == job.Name {
			refunds = append(refunds, refund)
		}
	}
	return refunds
}

// work advances jobs until each has ended. Other workers do so with the same rows.
func (c *chaosTable) work(ctx context.Context, client *refundkit.Client, names []string) error {
	const tooLong = 30 * 24 * time.Hour
	for began := time.Now(); time.Since(began) < tooLong; time.Sleep(time.Minute) {
		var left []string
		for _, name := range names {
			job := c.read(name)
			if job.State == refundkit.JobStateMade {
				continue
			}
			left = append(left, name)
			var err error
			switch {
			case job.State == refundkit.JobStateNeedsPerson:
				err = c.decide(ctx, job)
			case !job.Due.After(time.Now()):
				_, _, err = client.Refunds.Advance(ctx, job, c.save)
			}
			if err != nil && !errors.Is(err, refundkit.ErrJobChanged) && !errors.Is(err, errWriteFailed) {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if names = left; len(names) == 0 {
			return nil
		}
	}
	return fmt.Errorf("no end: %+v", c.read(names[0]))
}

// decide is a person, who has only one reason to be asked here.
func (c *chaosTable) decide(ctx context.Context, job refundkit.Job) error {
	if job.Problem != refundkit.JobProblemUnanswered {
		return fmt.Errorf("%s: %s", job.Problem, job.Detail)
	}
	next, err := job.Resume()
	if err != nil {
		return err
	}
	if err := c.save(ctx, next); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.persons++
	return nil
}

// TestChaos makes refunds by 64 workers, two for each row, while 30 % of the
// requests go wrong in every way that refundtest knows, and counts what the
// customers got.
func TestChaos(t *testing.T) {
	count := *chaosCount
	switch {
	case count == 0 && testing.Short():
		count = 2_000
	case count == 0:
		count = 100_000
	}
	seed := *chaosSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	const perCharge, shares = 10, 32
	require.True(t, count > 0 && count%perCharge == 0, "-chaos.count %d: it is a multiple of %d", count, perCharge)
	synctest.Test(t, func(t *testing.T) {
		server := refundtest.New(refundtest.WithClock(time.Now))
		defer server.Close()
		charges := server.AddCharges(make([]refundtest.Charge, count/perCharge)) // of 10.00 each
		server.Inject(refundtest.Chaos(seed, 0.3, refundtest.ForeignRefusals()...))
		client, err := refundkit.New(apiKey, refundkit.WithHTTPClient(server.HTTPClient()))
		require.NoError(t, err)

		table := &chaosTable{server: server, random: rand.New(rand.NewPCG(seed, 0)), rows: map[string]*chaosRow{}}
		names := make([][]string, shares)
		for i := range count {
			job, err := refundkit.NewJob(fmt.Sprintf("order-%d", i), refundkit.RefundCreateParams{Charge: charges[i%len(charges)].ID, Amount: 100})
			require.NoError(t, err)
			table.rows[job.Name] = &chaosRow{job: job}
			names[i%shares] = append(names[i%shares], job.Name)
		}
		var workers sync.WaitGroup
		for i := range 2 * shares {
			workers.Go(func() {
				if err := table.work(t.Context(), client, names[i%shares]); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			})
		}
		workers.Wait()
		time.Sleep(24 * time.Hour) // whatever was to be done later is done
		table.require(t, count, seed)
		for _, charge := range charges {
			found, _ := server.Charge(charge.ID)
			require.Equal(t, int64(1000), found.AmountRefunded)
		}
	})
}

// require compares the rows with what the server did.
func (c *chaosTable) require(t *testing.T, count int, seed uint64) {
	twice, lost := 0, 0
	for _, row := range c.rows {
		switch made := c.made(row.job); {
		case len(made) > 1:
			twice++
		case len(made) < 1 || made[0].ID != row.job.ID:
			lost++
		}
	}
	t.Logf("chaos: %d refunds by %d calls and %d look-ups, seed %d: %d twice, %d lost; %d outcomes were open, %d closed by the key, %d by looking up, "+
		"%d resumed by a person; %d rows denied what was done; %d writes were too late for their version, %d failed",
		count, c.calls, c.lookUps, seed, twice, lost, c.open, c.byKey, c.byLookUp, c.persons, c.denied, c.conflicts, c.failures)
	require.Zero(t, twice, "refunded twice")
	require.Zero(t, lost, "not refunded, or the row names another refund")
	require.Zero(t, c.denied, "a row says that surely nothing was done, and it was")
}
