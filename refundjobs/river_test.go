package refundjobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

const liveJobs = "SELECT count(*) FROM river_job WHERE kind = 'refundjobs_step' AND state IN ('available', 'pending', 'running', 'retryable', 'scheduled')"

// What River has lost is found again, and nothing gets a second alarm.
func TestSweepBringsBackWhatRiverLost(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		for how, lose := range map[string]string{
			"deleted":   "DELETE FROM river_job",
			"discarded": "UPDATE river_job SET state = 'discarded', finalized_at = created_at",
			"canceled":  "UPDATE river_job SET state = 'cancelled', finalized_at = created_at",
			"completed": "UPDATE river_job SET state = 'completed', finalized_at = created_at",
		} {
			s.request(how, s.charge().ID)
			db.exec(t, lose)
			require.NoError(t, s.GiveAlarms(t.Context()))
			require.Zero(t, db.count(t, liveJobs), "it is left to River for a while")
			s.server.Advance(20 * time.Second)
			require.NoError(t, s.GiveAlarms(t.Context()))
			require.NoError(t, s.GiveAlarms(t.Context()))
			require.Equal(t, 1, db.count(t, liveJobs), how)
			s.work()
			db.exec(t, "DELETE FROM river_job")
		}
		s.server.Advance(time.Hour)
		require.NoError(t, s.GiveAlarms(t.Context()))
		require.Zero(t, db.count(t, liveJobs), "what is made needs none")

		s.request("accepted", "ch_1")
		s.must(func(tx txJobs) error { _, err := tx.Accept("accepted", "re_1", "bob", ""); return err })
		db.exec(t, "DELETE FROM river_job")
		s.server.Advance(20 * time.Second)
		require.NoError(t, s.GiveAlarms(t.Context()))
		require.Equal(t, 1, db.count(t, liveJobs), "its refund is still to be read")
	})
}

// What a plan has given to the workers waits for them in River's queue, and gets no
// second alarm there.
func TestSweepLeavesPlansToRiver(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		requests := []refundjobs.Request{{Name: "festival/1", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: s.charge().ID, Amount: 500}}}
		plan, err := s.MakePlan(t.Context(), "festival", "ann", sequence(requests))
		require.NoError(t, err)
		_, err = s.ApprovePlan(t.Context(), "festival", "bob", plan.Digest)
		require.NoError(t, err)
		_, err = s.RunPlan(t.Context(), "festival", "bob")
		require.NoError(t, err)
		const steps = `SELECT count(*) FROM river_job WHERE kind = 'refundjobs_step'`
		s.server.Advance(70 * time.Second)
		require.NoError(t, s.GiveAlarms(t.Context()))
		require.Equal(t, 1, db.count(t, steps))
		s.server.Advance(10 * time.Second)
		require.NoError(t, s.GiveAlarms(t.Context()))
		require.Equal(t, 2, db.count(t, steps), "a minute is enough")
	})
}

// startShop is a shop whose time is real, with a worker that runs until stop.
func startShop(t *testing.T, db *database) (s *shop, stop context.CancelFunc, ended chan error) {
	s = &shop{t: t, db: db, server: refundtest.New(refundtest.WithClock(time.Now))}
	t.Cleanup(s.server.Close)
	s.client = s.newClient()
	s.store = db.open(t, s.client.Refunds, refundjobs.WithRate(0), refundjobs.WithWorkers(4))
	require.NoError(t, s.Migrate(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	go func() { ended <- s.Start(ctx) }()
	t.Cleanup(stop)
	return s, stop, ended
}

// Start ends after what is being sent, and stores what came of it.
func TestStartEndsAfterWhatIsBeingSent(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, stop, ended := startShop(t, db)
		started, release := make(chan struct{}), make(chan struct{})
		s.server.Inject(refundtest.CallFunc(func() { close(started); <-release }).On("POST /v1/refunds"))
		charge := s.charge()
		s.request("order-1", charge.ID)
		<-started
		stop()
		select {
		case err := <-ended:
			require.Fail(t, "it ended while something was being sent", "%v", err)
		case <-time.After(50 * time.Millisecond):
		}
		close(release)
		require.NoError(t, <-ended)
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// A worker finds at its start what was lost before.
func TestStartSweeps(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		earlier := newShop(t, db)
		charge := earlier.charge()
		earlier.requestAs(refundjobs.Request{Name: "order-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		db.exec(t, "DELETE FROM river_job")
		past := map[string]string{"sqlite": "'2026-01-01 00:00:00.000000'", "postgres": "now() - interval '1 hour'"}[db.name]
		db.exec(t, "UPDATE refundjobs SET due_at = "+past)
		s, stop, ended := startShop(t, db)
		s.server.AddCharge(refundtest.Charge{ID: charge.ID, Amount: 1000})
		require.Eventually(t, func() bool { return s.row("order-1").Shown == refundjobs.StateSucceeded }, 20*time.Second, 20*time.Millisecond)
		stop()
		require.NoError(t, <-ended)
	})
}

func TestRegister(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var log bytes.Buffer
		s := newShop(t, db, refundjobs.WithWorkers(7), refundjobs.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		config := &river.Config{}
		require.NoError(t, s.Register(config))
		require.Equal(t, 7, config.Queues[refundjobs.Queue].MaxWorkers)
		require.Len(t, config.PeriodicJobs, 1)
		require.Contains(t, log.String(), "RescueStuckJobsAfter")
		require.ErrorContains(t, s.Register(config), "refundjobs: Register")

		log.Reset()
		own := &river.Config{RescueStuckJobsAfter: 90 * time.Second, Queues: map[string]river.QueueConfig{refundjobs.Queue: {MaxWorkers: 2}}}
		require.NoError(t, s.Register(own))
		require.Equal(t, 2, own.Queues[refundjobs.Queue].MaxWorkers, "the team's own number stays")
		require.Empty(t, log.String())
	})
}
