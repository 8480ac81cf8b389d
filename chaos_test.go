package refundkit_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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

// refundJob is what a payments team keeps in its database for one refund: its
// name, the key and when that was first sent, all stored before the call.
type refundJob struct {
	charge, name string
	generation   int
	firstSent    time.Time
	lastSent     time.Time
	everOpen     bool
}

func (j *refundJob) key() refundkit.IdempotencyKey {
	return refundkit.KeyFrom(j.name, fmt.Sprint(j.generation))
}

// tally is how the jobs ended.
type tally struct{ open, byKey, byLookUp, calls, wrong atomic.Int64 }

// finish works on a job until it has ended, as README.md says.
func (j *refundJob) finish(ctx context.Context, client *refundkit.Client, server *refundtest.Server, t *tally) error {
	const tooMany = 100 // of a job that works, a few calls at the most are needed
	for range tooMany {
		now := time.Now()
		if j.firstSent.IsZero() {
			j.firstSent = now
		}
		j.lastSent = now
		t.calls.Add(1)
		_, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: j.charge, Amount: 100}, j.key(), refundkit.Reference(j.name))
		if err == nil {
			if j.everOpen {
				t.byKey.Add(1)
			}
			return nil
		}
		if errors.Is(err, refundkit.ErrOutcomeUnknown) {
			if !j.everOpen {
				t.open.Add(1)
			}
			j.everOpen = true
		} else if !j.everOpen && len(j.made(server)) > 0 {
			t.wrong.Add(1) // it was done, and the error denies it
		}
		switch step := refundkit.NextStep(err); {
		case step == refundkit.StepLookUp || now.Sub(j.firstSent) >= 23*time.Hour:
			if found, err := j.lookUp(ctx, client); err != nil {
				return err
			} else if found {
				t.byLookUp.Add(1)
				return nil
			}
			j.generation++
			j.firstSent = time.Time{}
		case step == refundkit.StepRepeat, step == refundkit.StepFixCredentials: // a person has given the key its permission back
			time.Sleep(time.Second)
		default:
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return fmt.Errorf("no end after %d calls", tooMany)
}

// lookUp reports whether the refund exists, and waits for as long as that is undecided.
func (j *refundJob) lookUp(ctx context.Context, client *refundkit.Client) (found bool, err error) {
	for {
		_, err := client.Refunds.Resolve(ctx, refundkit.ResolveParams{Reference: j.name, Charge: j.charge, LastSent: j.lastSent})
		var unresolved *refundkit.UnresolvedError
		switch {
		case err == nil:
			return true, nil
		case errors.As(err, &unresolved) && len(unresolved.Matches) > 1:
			return false, err
		case errors.As(err, &unresolved) && !unresolved.Undecided:
			return false, nil
		}
		time.Sleep(6 * time.Hour)
	}
}

// made is what the server itself knows of the job.
func (j *refundJob) made(server *refundtest.Server) (refunds []refundtest.Refund) {
	for _, refund := range server.Refunds(j.charge) {
		if refund.Metadata[refundkit.ReferenceMetadataKey] == j.name {
			refunds = append(refunds, refund)
		}
	}
	return refunds
}

// TestChaos makes refunds from 64 goroutines while 30 % of the requests go wrong
// in every way that refundtest knows, and counts what the customers got.
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
	const perCharge = 10
	require.True(t, count > 0 && count%perCharge == 0, "-chaos.count %d: it is a multiple of %d", count, perCharge)
	synctest.Test(t, func(t *testing.T) {
		server := refundtest.New(refundtest.WithClock(time.Now))
		defer server.Close()
		charges := server.AddCharges(make([]refundtest.Charge, count/perCharge)) // of 10.00 each
		server.Inject(refundtest.Chaos(seed, 0.3))
		client, err := refundkit.New(apiKey, refundkit.WithHTTPClient(server.HTTPClient()))
		require.NoError(t, err)

		jobs := make([]refundJob, count)
		next, counts := new(atomic.Int64), new(tally)
		var workers sync.WaitGroup
		for range 64 {
			workers.Go(func() {
				for i := next.Add(1) - 1; i < int64(count); i = next.Add(1) - 1 {
					jobs[i] = refundJob{charge: charges[i%int64(len(charges))].ID, name: fmt.Sprintf("order-%d", i)}
					if err := jobs[i].finish(t.Context(), client, server, counts); err != nil {
						t.Errorf("seed %d: %s: %v", seed, jobs[i].name, err)
					}
				}
			})
		}
		workers.Wait()
		time.Sleep(24 * time.Hour) // whatever was to be done later is done

		twice, lost := 0, 0
		for i := range jobs {
			switch made := len(jobs[i].made(server)); {
			case made > 1:
				twice++
			case made < 1:
				lost++
			}
		}
		t.Logf("chaos: %d refunds by %d calls, seed %d: %d twice, %d lost; %d outcomes were open, %d closed by the key, %d by looking up; %d errors denied what was done",
			count, counts.calls.Load(), seed, twice, lost, counts.open.Load(), counts.byKey.Load(), counts.byLookUp.Load(), counts.wrong.Load())
		require.Zero(t, twice, "refunded twice")
		require.Zero(t, lost, "not refunded")
		require.Zero(t, counts.wrong.Load(), "an error says that surely nothing was done, and it was")
		for _, charge := range charges {
			found, _ := server.Charge(charge.ID)
			require.Equal(t, int64(1000), found.AmountRefunded)
		}
	})
}
