package refundjobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// terminals are two programs on one database.
type terminals struct {
	t        *testing.T
	db       *database
	server   *refundtest.Server
	programs [2]*store
}

func openTerminals(t *testing.T, db *database) *terminals {
	server := refundtest.New(refundtest.WithReporter(t))
	client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithClock(server.Now))
	require.NoError(t, err)
	x := &terminals{t: t, db: db, server: server}
	for i := range x.programs {
		x.programs[i] = db.open(t, client.Refunds, refundjobs.WithRate(0), refundjobs.WithClock(server.Now), refundjobs.WithCharges(client.Charges))
	}
	require.NoError(t, x.programs[0].Migrate(t.Context()))
	return x
}

// evening is one plan, with which two people are busy at the same time.
type evening struct {
	*terminals
	name, digest string
	requests     []refundjobs.Request
}

func (x *terminals) evening(round int) *evening {
	e := &evening{terminals: x, name: fmt.Sprintf("evening-%d", round)}
	for i := range 8 {
		charge := x.server.AddCharge(refundtest.Charge{Amount: 2000})
		e.requests = append(e.requests, refundjobs.Request{Name: fmt.Sprintf("%s/%d", e.name, i), Currency: "usd", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
	}
	return e
}

type act func(*store, context.Context, *evening) error

func makeIt(s *store, ctx context.Context, e *evening) error {
	_, err := s.MakePlan(ctx, e.name, "ann", sequence(e.requests))
	return err
}

func approveIt(s *store, ctx context.Context, e *evening) error {
	_, err := s.ApprovePlan(ctx, e.name, "bob", e.digest)
	return err
}

func runIt(s *store, ctx context.Context, e *evening) error {
	_, err := s.RunPlan(ctx, e.name, "bob")
	return err
}

func pauseIt(s *store, ctx context.Context, e *evening) error {
	_, err := s.PausePlan(ctx, e.name, "bob", "")
	return err
}

func cancelIt(s *store, ctx context.Context, e *evening) error {
	_, err := s.CancelPlan(ctx, e.name, "bob", "")
	return err
}

func workIt(s *store, ctx context.Context, _ *evening) error {
	_, err := s.WorkDue(ctx)
	return err
}

// errNothingChanged: somebody was faster.
var errNothingChanged = errors.New("nothing was changed")

// byHand is what another program does to a draft by SQL.
func byHand(sql string) act {
	return func(_ *store, _ context.Context, e *evening) error {
		if e.db.count(e.t, sql, e.name) == 0 {
			return errNothingChanged
		}
		return nil
	}
}

// What two people do at the same moment, on Postgres where both really do it: one of
// them is told where both can't be, and no refund is made twice.
func TestPlanTwoTerminalsOnPostgres(t *testing.T) {
	t.Parallel()
	const (
		changeRow = `WITH done AS (UPDATE refundjobs SET params = jsonb_set(params, '{amount}', '600') WHERE plan = $1 AND plan_line = 5 AND state = 'requested' RETURNING 1) SELECT count(*) FROM done`
		removeRow = `WITH done AS (DELETE FROM refundjobs WHERE plan = $1 AND plan_line = 5 AND state = 'requested' RETURNING 1) SELECT count(*) FROM done`
	)
	for name, c := range map[string]struct {
		before []act
		both   [2]act
		told   int // at least so many of the two
		ends   bool
	}{
		"make twice":          {nil, [2]act{makeIt, makeIt}, 0, false},
		"approve twice":       {[]act{makeIt}, [2]act{approveIt, approveIt}, 1, false},
		"approve and change":  {[]act{makeIt}, [2]act{approveIt, byHand(changeRow)}, 1, false},
		"approve and remove":  {[]act{makeIt}, [2]act{approveIt, byHand(removeRow)}, 1, false},
		"approve and cancel":  {[]act{makeIt}, [2]act{approveIt, cancelIt}, 0, false},
		"run twice":           {[]act{makeIt, approveIt}, [2]act{runIt, runIt}, 1, true},
		"run and cancel":      {[]act{makeIt, approveIt}, [2]act{runIt, cancelIt}, 0, false},
		"pause and run":       {[]act{makeIt, approveIt, runIt}, [2]act{pauseIt, runIt}, 0, true},
		"pause twice":         {[]act{makeIt, approveIt, runIt}, [2]act{pauseIt, pauseIt}, 1, true},
		"pause while working": {[]act{makeIt, approveIt, runIt}, [2]act{pauseIt, workIt}, 0, true},
		"cancel and work":     {[]act{makeIt, approveIt, runIt}, [2]act{cancelIt, workIt}, 0, false},
		"work twice":          {[]act{makeIt, approveIt, runIt}, [2]act{workIt, workIt}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			x := openTerminals(t, newPostgres(t))
			for round := range 12 {
				e := x.evening(round)
				e.play(t, c.before, c.both, c.told)
				e.finish(t, c.ends)
			}
		})
	}
}

func (e *evening) play(t *testing.T, before []act, both [2]act, told int) {
	for _, do := range before {
		require.NoError(t, do(e.programs[0], t.Context(), e))
		if plan, err := e.programs[0].Plan(t.Context(), e.name); err == nil {
			e.digest = plan.Digest
		}
	}
	var group sync.WaitGroup
	var errs [2]error
	for i, do := range both {
		group.Go(func() { errs[i] = do(e.programs[i], t.Context(), e) })
	}
	group.Wait()
	refused := 0
	for _, err := range errs {
		if err != nil {
			refused++
			known := errors.Is(err, refundjobs.ErrPlanState) || errors.Is(err, refundjobs.ErrPlanChanged) || errors.Is(err, errNothingChanged)
			require.True(t, known, "%v", err)
		}
	}
	require.GreaterOrEqual(t, refused, told)
	require.Less(t, refused, 2, "one of them did it: %v", errs)
}

// finish lets both work what runs. Each refund was made once if the plan ends, and never
// twice.
func (e *evening) finish(t *testing.T, ends bool) {
	_ = runIt(e.programs[0], t.Context(), e) // if it is paused
	var group sync.WaitGroup
	for _, program := range e.programs {
		group.Go(func() {
			_, err := program.WorkDue(t.Context())
			assert.NoError(t, err)
		})
	}
	group.Wait()
	made := 0
	for _, request := range e.requests {
		refunds := e.server.Refunds(request.Params.Charge)
		require.LessOrEqual(t, len(refunds), 1)
		made += len(refunds)
	}
	if ends {
		require.Len(t, e.requests, made)
		plan, err := e.programs[1].Plan(t.Context(), e.name)
		require.NoError(t, err)
		require.Equal(t, refundjobs.PlanStateFinished, plan.State)
	}
}

// A row that somebody puts beside those that were checked is not approved with them,
// however late it comes.
func TestApprovePlanApprovesNothingElse(t *testing.T) {
	t.Parallel()
	const add = `WITH done AS (INSERT INTO refundjobs (name, version, plan, plan_line, currency, params, state, job_state, idempotency_key, request_digest, created_at, updated_at)
		SELECT name || ' once more', version, plan, plan_line + 100, currency, params, 'requested', job_state, idempotency_key, request_digest, created_at, updated_at
		FROM refundjobs WHERE plan = $1 AND plan_line = 5 RETURNING 1) SELECT count(*) FROM done`
	x := openTerminals(t, newPostgres(t))
	for round := range 40 {
		e := x.evening(round)
		require.NoError(t, makeIt(x.programs[0], t.Context(), e))
		plan, err := x.programs[0].Plan(t.Context(), e.name)
		require.NoError(t, err)
		e.digest = plan.Digest
		var group sync.WaitGroup
		group.Go(func() { err = approveIt(x.programs[0], t.Context(), e) })
		group.Go(func() { _ = byHand(add)(x.programs[1], t.Context(), e) })
		group.Wait()
		if err != nil {
			require.ErrorIs(t, err, refundjobs.ErrPlanChanged)
		}
		require.Zero(t, x.db.count(t, `SELECT count(*) FROM refundjobs WHERE plan = $1 AND plan_line > 100 AND state <> 'requested'`, e.name))
	}
}
