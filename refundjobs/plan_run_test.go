package refundjobs_test

import (
	"database/sql"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
)

func TestPausePlanSendsNothingNew(t *testing.T) {
	f := setupFestival(t)
	f.approved(t, f.tickets(5))
	_, err := f.RunPlan(t.Context(), "festival", "bob")
	require.NoError(t, err)
	_, err = f.PausePlan(t.Context(), "festival", "bob", "lunch")
	require.NoError(t, err)
	_, err = f.WorkDue(t.Context())
	require.NoError(t, err)
	assert.Zero(t, f.refundsMade())
	plan, err := f.Plan(t.Context(), "festival")
	require.NoError(t, err)
	assert.Equal(t, "bob: lunch", plan.Why)
	f.run(t)
	assert.Equal(t, 5, f.refundsMade())
}

func TestPlanPausesItself(t *testing.T) {
	for name, c := range map[string]struct {
		fault refundtest.Fault
		most  int
		why   string
	}{
		"the key is refused":     {refundtest.AnswerError(401, "invalid_request_error", "", ""), 3, "API key"},
		"the balance is too low": {refundtest.AnswerError(400, "invalid_request_error", "balance_insufficient", ""), 1, "balance"},
		"many in a row refused":  {refundtest.AnswerError(400, "invalid_request_error", "charge_disputed", ""), 10, "the last 10"},
	} {
		t.Run(name, func(t *testing.T) {
			f := setupFestival(t)
			f.approved(t, f.tickets(40))
			f.stripe.Inject(c.fault.Always())
			plan := f.run(t)
			assert.Equal(t, refundjobs.PlanStatePaused, plan.State)
			assert.Contains(t, plan.Why, c.why)
			assert.LessOrEqual(t, f.refundsMade(), c.most)
		})
	}
}

func TestCancelPlan(t *testing.T) {
	f := setupFestival(t)
	f.approved(t, f.tickets(5))
	_, err := f.CancelPlan(t.Context(), "festival", "bob", "it takes place")
	require.NoError(t, err)
	_, err = f.RunPlan(t.Context(), "festival", "bob")
	require.ErrorIs(t, err, refundjobs.ErrPlanState)
	_, err = f.WorkDue(t.Context())
	require.NoError(t, err)
	assert.Zero(t, f.refundsMade())
	job, err := f.Job(t.Context(), "festival/3")
	require.NoError(t, err)
	assert.Equal(t, refundjobs.StateCanceled, job.Shown)
	assert.Equal(t, refundkit.JobStateCanceled, job.State)
}

// To send money, and to give it up, takes somebody; to stop it takes nobody.
func TestPlansOfNobody(t *testing.T) {
	f := setupFestival(t)
	f.approved(t, f.tickets(5))
	for _, nobody := range []string{"", " ", "\u00a0", "\u200b"} {
		_, err := f.RunPlan(t.Context(), "festival", nobody)
		require.ErrorIs(t, err, refundkit.ErrInvalidParams, "%q", nobody)
		_, err = f.CancelPlan(t.Context(), "festival", nobody, "it rains")
		require.ErrorIs(t, err, refundkit.ErrInvalidParams, "%q", nobody)
	}
	plan, err := f.Plan(t.Context(), "festival")
	require.NoError(t, err)
	assert.Equal(t, refundjobs.PlanStateApproved, plan.State)
	_, err = f.RunPlan(t.Context(), "festival", "bob")
	require.NoError(t, err)
	plan, err = f.PausePlan(t.Context(), "festival", "", "it rains")
	require.NoError(t, err)
	assert.Equal(t, "it rains", plan.Why)
}

// After a top-up the plan goes on, also with the refund that had found too little.
func TestPlanGoesOnAfterATopUp(t *testing.T) {
	f := setupFestival(t)
	f.approved(t, f.tickets(5))
	f.stripe.Inject(refundtest.AnswerError(400, "invalid_request_error", "balance_insufficient", "").Nth(2))
	plan := f.run(t)
	assert.Equal(t, refundjobs.PlanStatePaused, plan.State)

	plan = f.run(t)
	assert.Equal(t, []refundjobs.PlanCount{{Shown: refundjobs.StateSucceeded, Currency: "usd", Number: 5, Amount: 2500}}, plan.Progress)
}

// One row that waits for a person holds no other.
func TestPlanOneStuckRowHoldsNoOther(t *testing.T) {
	f := setupFestival(t)
	requests := f.tickets(5)
	require.NoError(t, f.stripe.Dispute(requests[1].Params.Charge))
	f.approved(t, requests)
	plan := f.run(t)
	assert.Equal(t, refundjobs.PlanStateFinished, plan.State)
	assert.Equal(t, []refundjobs.PlanCount{
		{Shown: refundjobs.StateNeedsPerson, Currency: "usd", Number: 1, Amount: 500},
		{Shown: refundjobs.StateSucceeded, Currency: "usd", Number: 4, Amount: 2000},
	}, plan.Progress)
}

// reopen returns the jobs of the same database with further options.
func reopen(f *festival, opts ...refundjobs.Option) (*refundjobs.Jobs[*sql.Tx], error) {
	return sqlitejobs.New(f.db, f.client.Refunds, append([]refundjobs.Option{refundjobs.WithRate(0), refundjobs.WithClock(f.stripe.Now), refundjobs.WithCharges(f.client.Charges)}, opts...)...)
}

// A refund that waits for its turn when the plan is paused is not sent: at a slow pace
// that turn comes a while later.
func TestPausePlanHoldsWhatWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setupFestival(t, refundjobs.WithRate(1))
		requests := f.tickets(5)
		f.approved(t, requests)
		_, err := f.RunPlan(t.Context(), "festival", "bob")
		require.NoError(t, err)
		before := f.refundsMade()
		var group sync.WaitGroup
		for _, request := range requests { // 5 workers
			group.Go(func() {
				_, err := f.Step(t.Context(), request.Name)
				assert.NoError(t, err)
			})
		}
		time.Sleep(500 * time.Millisecond)
		_, err = f.PausePlan(t.Context(), "festival", "bob", "lunch")
		require.NoError(t, err)
		sent := f.refundsMade() - before
		group.Wait()
		assert.Equal(t, sent, f.refundsMade())
		assert.Less(t, sent, 5)

		f.run(t)
		assert.Equal(t, 5, f.refundsMade())
	})
}
