package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

const (
	feedEvery  = time.Second
	feedAhead  = time.Minute // how much work stands ready, so that a feeder may die
	leastAhead = 200
	mostAhead  = 2000
)

// feed gives the next rows of a running plan to the workers, and reports whether the
// plan goes on. Two at once do no harm.
func (j *Jobs[TTx]) feed(ctx context.Context, name string) (goesOn bool, err error) {
	p, err := j.readPlan(ctx, j.driver.Pool(), name, "")
	if err != nil || p.State != PlanStateRunning {
		return false, err
	}
	var fed, left int
	if _, err := queryOne(ctx, j.driver.Pool(), `SELECT count(due_at), count(*) FROM refundjobs WHERE plan = $1 AND state IN ('approved', 'sending')`,
		[]any{name}, &fed, &left); err != nil {
		return false, err
	}
	if left == 0 {
		return false, j.finish(ctx, name)
	}
	if room := j.ahead() - fed; room > 0 && left > fed {
		err = j.driver.InTx(ctx, func(tx TTx) error { return j.feedRows(ctx, tx, name, room) })
	}
	return true, err
}

// ahead is how many rows of a plan the workers may see at once.
func (j *Jobs[TTx]) ahead() int {
	if j.options.rate == 0 {
		return mostAhead
	}
	return min(max(int(j.options.rate*feedAhead.Seconds()), leastAhead), mostAhead)
}

func (j *Jobs[TTx]) feedRows(ctx context.Context, tx TTx, name string, room int) error {
	q := j.driver.Statements(tx)
	now, err := j.now(ctx, q)
	if err != nil {
		return err
	}
	rows, err := readJobs(ctx, q, `WHERE plan = $1 AND state = 'approved' AND due_at IS NULL ORDER BY plan_line LIMIT $2`+j.dialect.ForUpdate, name, room)
	if err != nil || len(rows) == 0 {
		return err
	}
	params := make([]river.InsertManyParams, 0, len(rows))
	for _, row := range rows {
		n, err := q.Exec(ctx, `UPDATE refundjobs SET due_at = $3, version = version + 1 WHERE name = $1 AND version = $2`, row.Name, row.Version, j.dialect.when(now))
		if err != nil {
			return err
		}
		if n == 1 {
			params = append(params, river.InsertManyParams{Args: stepArgs{Name: row.Name}, InsertOpts: stepOpts(row, false)})
		}
	}
	if len(params) > 0 {
		_, err = j.river.InsertManyTx(ctx, tx, params)
	}
	return err
}

// unfeed takes a row whose plan is paused out of the workers' sight, until the plan
// runs again.
func (j *Jobs[TTx]) unfeed(ctx context.Context, row Job, now time.Time) error {
	before := row
	row.Due = time.Time{}
	row.Version++
	row, change := changed(before, row, WhatHeld, now)
	return j.commitAndTell(ctx, row, change)
}

// finish ends a plan of which no row goes on.
func (j *Jobs[TTx]) finish(ctx context.Context, name string) error {
	err := j.changePlan(ctx, name, func(_ Statements, p *Plan, now time.Time) error {
		if p.State != PlanStateRunning {
			return ErrPlanState
		}
		p.State, p.FinishedAt = PlanStateFinished, now
		return nil
	})
	if errors.Is(err, ErrPlanState) {
		return nil
	}
	if err == nil {
		j.options.logger.InfoContext(ctx, "plan finished", "plan", name)
	}
	return err
}

// feedArgs is the alarm of the plans that run.
type feedArgs struct{}

func (feedArgs) Kind() string { return "refundjobs_feed" }

// InsertOpts implements [river.JobArgsWithInsertOpts].
func (feedArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, Priority: prioritySingle, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByState: liveStates()}}
}

type feedWorker[TTx any] struct {
	river.WorkerDefaults[feedArgs]
	jobs *Jobs[TTx]
}

// Work implements [river.Worker].
func (w *feedWorker[TTx]) Work(ctx context.Context, _ *river.Job[feedArgs]) error {
	goesOn, err := w.jobs.feedAll(ctx)
	if err == nil && goesOn {
		return river.JobSnooze(feedEvery)
	}
	return err
}

// feedAll feeds every plan that runs.
func (j *Jobs[TTx]) feedAll(ctx context.Context) (goesOn bool, err error) {
	plans, err := readPlans(ctx, j.driver.Pool(), `WHERE state = 'running' ORDER BY started_at`)
	if err != nil {
		return false, err
	}
	for _, p := range plans {
		more, failure := j.feed(ctx, p.Name)
		goesOn = goesOn || more
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("plan %q: %w", p.Name, failure))
		}
	}
	return goesOn, err
}
