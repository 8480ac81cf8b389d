package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// ApprovePlan lets a plan be run: the one with this digest, which [Jobs.CheckPlan]
// returned. If a row was changed, canceled or added since, the error is
// [ErrPlanChanged], and nothing is approved. Under the default policy anybody may approve;
// under any that wants somebody else, nobody who requested the plan or a refund in it
// may. Nothing is sent before [Jobs.RunPlan].
func (j *Jobs[TTx]) ApprovePlan(ctx context.Context, name, by, digest string) (Plan, error) {
	err := j.changePlan(ctx, name, func(q Statements, p *Plan, now time.Time) error {
		if p.State != PlanStateDraft {
			return fmt.Errorf("%w: it is %s%s", ErrPlanState, p.State, byWhom(p.ApprovedBy))
		}
		if err := somebody(by); err != nil {
			return err
		}
		content, err := j.planContent(ctx, q, name, j.dialect.ForUpdate)
		if err != nil {
			return err
		}
		if content.digest != digest || digest == "" {
			return ErrPlanChanged
		}
		content.requesters[personKey(p.RequestedBy)] = true
		if err := j.mayApprovePlan(ctx, p.RequestedBy, by, content); err != nil {
			return err
		}
		p.State, p.ApprovedBy, p.ApprovedAt = PlanStateApproved, strings.TrimSpace(by), now
		approved, err := q.Exec(ctx, `UPDATE refundjobs SET version = version + 1, state = 'approved', approved_by = $2, approved_at = $3, updated_at = $3
			WHERE plan = $1 AND state = 'requested'`, name, p.ApprovedBy, j.dialect.when(now))
		if err == nil && approved != content.rows {
			err = ErrPlanChanged // a row came after the others were read and locked
		}
		if err != nil {
			return err
		}
		_, err = q.Exec(ctx, `INSERT INTO refundjobs_changes (name, version, at, what, who, why, state)
			SELECT name, version, approved_at, 'approved', approved_by, plan, state FROM refundjobs WHERE plan = $1 AND approved_at = $2 ON CONFLICT (name, version) DO NOTHING`, name, j.dialect.when(now))
		return err
	})
	if err != nil {
		return Plan{}, failed("ApprovePlan", name, err)
	}
	return j.Plan(ctx, name)
}

func byWhom(name string) string {
	if name == "" {
		return ""
	}
	return ", approved by " + name
}

// planContent is what an approval is about.
type planContent struct {
	digest     string
	rows       int64
	sums       []PlanCount     // by currency; of all that is left, no amount is known
	remaining  map[string]bool // the currencies in which one is of all that is left
	requesters map[string]bool
}

// planContent reads the rows of a plan as they are now.
func (j *Jobs[TTx]) planContent(ctx context.Context, q Statements, name, lock string) (planContent, error) {
	c, digest := planContent{requesters: map[string]bool{}, remaining: map[string]bool{}}, newPlanDigest()
	err := j.planRows(ctx, q, name, lock, func(row Job) error {
		c.rows++
		c.requesters[personKey(row.RequestedBy)] = true
		c.sums = addSum(c.sums, row)
		c.remaining[row.Currency] = c.remaining[row.Currency] || row.Params.Remaining
		digest.add(row)
		return nil
	})
	c.digest = digest.sum()
	return c, err
}

func addSum(sums []PlanCount, row Job) []PlanCount {
	for i := range sums {
		if sums[i].Currency == row.Currency {
			sums[i].Number++
			sums[i].Amount += row.Params.Amount
			return sums
		}
	}
	return append(sums, PlanCount{Shown: row.Shown, Currency: row.Currency, Number: 1, Amount: row.Params.Amount})
}

// planRows reads the rows of a plan that wait for its approval, in their order, with
// the digest of what stands in them now, whoever wrote it.
func (j *Jobs[TTx]) planRows(ctx context.Context, q Statements, name, lock string, each func(Job) error) error {
	for line := int64(0); ; {
		rows, err := readJobs(ctx, q, `WHERE plan = $1 AND state IN ('requested', 'approved') AND plan_line > $2 ORDER BY plan_line LIMIT 500`+lock, name, line)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if row.digest, err = (Request{Params: row.Params, Account: row.Account, Currency: row.Currency}).digest(); err != nil {
				return err
			}
			if err := each(row); err != nil {
				return err
			}
			line = row.PlanLine
		}
	}
}

// mayApprovePlan asks the policy about the sum of each currency.
func (j *Jobs[TTx]) mayApprovePlan(ctx context.Context, requestedBy, by string, content planContent) error {
	own := content.requesters[personKey(by)]
	if content.requesters[""] {
		requestedBy = "" // one that nobody requested may be the approver's own
	}
	for _, sum := range content.sums {
		row := Job{Currency: sum.Currency, RequestedBy: requestedBy}
		row.Params.Amount, row.Params.Remaining = sum.Amount, content.remaining[sum.Currency]
		err := j.options.policy(ctx, Approval{Job: row, By: by, AtRequest: own, OfPlan: true, Alone: func() (int64, error) { return 0, ErrNeedsApproval }})
		if own && errors.Is(err, ErrNeedsApproval) {
			return ErrOwnRequest
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RunPlan lets the workers make the refunds of an approved or paused plan, some hundred
// ahead, behind all single refunds. It returns at once; [Jobs.Plan] tells how far it is,
// and whether it runs after an error: one that comes late leaves it running.
// Refunds for which the balance was too low are tried again; others that need a person
// are left to one.
func (j *Jobs[TTx]) RunPlan(ctx context.Context, name, by string) (Plan, error) {
	if err := somebody(by); err != nil {
		return Plan{}, failed("RunPlan", name, err)
	}
	err := j.changePlan(ctx, name, func(q Statements, p *Plan, now time.Time) error {
		if p.State != PlanStateApproved && p.State != PlanStatePaused {
			return fmt.Errorf("%w: it is %s", ErrPlanState, p.State)
		}
		p.State, p.Why, p.StartedAt = PlanStateRunning, "", now
		// What waited for its time, or for the key to be right, starts over.
		_, err := q.Exec(ctx, `UPDATE refundjobs SET version = version + 1, due_at = NULL WHERE plan = $1 AND state = 'approved' AND due_at IS NOT NULL`, name)
		return err
	})
	if err == nil {
		err = j.resumePlan(ctx, name, by)
	}
	if err == nil {
		_, err = j.feed(ctx, name)
	}
	if err != nil {
		return Plan{}, failed("RunPlan", name, err)
	}
	return j.Plan(ctx, name)
}

// resumePlan sets the feeder going, and lets those refunds go on for which the balance
// was too low: who runs the plan again says that it is not.
func (j *Jobs[TTx]) resumePlan(ctx context.Context, name, by string) error {
	poor, err := readJobs(ctx, j.driver.Pool(), `WHERE plan = $1 AND state = 'needs_person' AND problem = $2`, name, string(refundkit.JobProblemInsufficientBalance))
	if err != nil {
		return err
	}
	return j.driver.InTx(ctx, func(tx TTx) error {
		for _, row := range poor {
			_, err := j.decideTx(ctx, tx, row.Name, decision{what: WhatResumed, by: by, why: "the plan runs again"}, byRules(refundkit.Job.Resume))
			if err != nil {
				return err
			}
		}
		_, err := j.river.InsertTx(ctx, tx, feedArgs{}, nil)
		return err
	})
}

// PausePlan stops a running plan within a second: no further refund of it is sent. One
// that may have been made already is followed to its end. RunPlan goes on. It alone takes
// an empty by: what stops money is not held up by a name.
func (j *Jobs[TTx]) PausePlan(ctx context.Context, name, by, why string) (Plan, error) {
	err := j.changePlan(ctx, name, func(_ Statements, p *Plan, _ time.Time) error {
		if p.State != PlanStateRunning {
			return fmt.Errorf("%w: it is %s", ErrPlanState, p.State)
		}
		p.State, p.Why = PlanStatePaused, storable(strings.Trim(by+": "+why, ": "))
		return nil
	})
	if err != nil {
		return Plan{}, failed("PausePlan", name, err)
	}
	return j.Plan(ctx, name)
}

// CancelPlan gives up what of a plan was not sent. What was made stays made, and the
// names stay used. What is being sent just now is followed to its end, and given up if
// nothing came of it. What needs a person still does, and ResumeTx would send it.
func (j *Jobs[TTx]) CancelPlan(ctx context.Context, name, by, why string) (Plan, error) {
	err := j.changePlan(ctx, name, func(q Statements, p *Plan, now time.Time) error {
		if p.State == PlanStateFinished || p.State == PlanStateCanceled {
			return fmt.Errorf("%w: it is %s", ErrPlanState, p.State)
		}
		if err := somebody(by); err != nil {
			return err
		}
		p.State, p.Why = PlanStateCanceled, storable(strings.Trim(by+": "+why, ": "))
		_, err := q.Exec(ctx, `UPDATE refundjobs SET version = version + 1, state = 'canceled', job_state = 'canceled', problem = '', detail = '', due_at = NULL, updated_at = $2
			WHERE plan = $1 AND job_state = 'waiting' AND NOT open AND NOT look_up`, name, j.dialect.when(now))
		if err != nil {
			return err
		}
		_, err = q.Exec(ctx, `INSERT INTO refundjobs_changes (name, version, at, what, who, why, state)
			SELECT name, version, updated_at, 'canceled', CAST($3 AS text), CAST($4 AS text), state FROM refundjobs WHERE plan = $1 AND state = 'canceled' AND updated_at = $2 ON CONFLICT (name, version) DO NOTHING`,
			name, j.dialect.when(now), storable(by), storable(why))
		return err
	})
	if err != nil {
		return Plan{}, failed("CancelPlan", name, err)
	}
	return j.Plan(ctx, name)
}

// changePlan changes a plan in a transaction of its own, over the version that was read.
func (j *Jobs[TTx]) changePlan(ctx context.Context, name string, change func(Statements, *Plan, time.Time) error) error {
	return j.driver.InTx(ctx, func(tx TTx) error {
		q := j.driver.Statements(tx)
		p, err := j.readPlan(ctx, q, name, j.dialect.ForUpdate)
		if err != nil {
			return err
		}
		now, err := j.now(ctx, q)
		if err != nil {
			return err
		}
		if err := change(q, &p, now); err != nil {
			return err
		}
		n, err := q.Exec(ctx, `UPDATE refundjobs_plans SET version = version + 1, state = $3, why = $4, approved_by = $5, approved_at = $6, started_at = $7, finished_at = $8, updated_at = $9
			WHERE name = $1 AND version = $2`, name, p.version, string(p.State), p.Why, p.ApprovedBy, j.dialect.when(p.ApprovedAt), j.dialect.when(p.StartedAt),
			j.dialect.when(p.FinishedAt), j.dialect.when(now))
		if err == nil && n != 1 {
			return fmt.Errorf("%w: somebody else changed it just now", ErrPlanState)
		}
		return err
	})
}

const (
	refusedInARow = 10
	keyRefused    = 3 // at once: one may be a gateway's mistake
	atOnce        = time.Minute
)

// pauseIfHopeless pauses the plan of a row whose refusal will be that of all others.
func (j *Jobs[TTx]) pauseIfHopeless(ctx context.Context, row Job) error {
	if row.Plan == "" || row.Problem == "" {
		return nil
	}
	why, err := j.hopeless(ctx, row)
	if err != nil || why == "" {
		return err
	}
	err = j.changePlan(ctx, row.Plan, func(_ Statements, p *Plan, _ time.Time) error {
		if p.State != PlanStateRunning {
			return ErrPlanState
		}
		p.State, p.Why = PlanStatePaused, why
		return nil
	})
	if errors.Is(err, ErrPlanState) {
		return nil // somebody else did
	}
	if err == nil {
		j.options.logger.WarnContext(ctx, "plan paused", "plan", row.Plan, "why", why)
	}
	return err
}

// hopeless says why the other refunds of the row's plan would end like this one; it is
// empty if they need not.
func (j *Jobs[TTx]) hopeless(ctx context.Context, row Job) (string, error) {
	var n int
	switch {
	case row.Problem == refundkit.JobProblemInsufficientBalance:
		return row.Problem.String(), nil
	case row.Problem == refundkit.JobProblemCredentials:
		_, err := queryOne(ctx, j.driver.Pool(), `SELECT count(*) FROM refundjobs WHERE plan = $1 AND problem = $2 AND updated_at > $3`,
			[]any{row.Plan, string(row.Problem), j.dialect.when(row.UpdatedAt.Add(-atOnce))}, &n)
		if err != nil || n < keyRefused {
			return "", err
		}
		return row.Problem.String(), nil
	case row.State != refundkit.JobStateNeedsPerson:
		return "", nil
	}
	_, err := queryOne(ctx, j.driver.Pool(), `SELECT count(*) FROM (SELECT r.state FROM refundjobs r JOIN refundjobs_plans p ON p.name = r.plan
		WHERE r.plan = $1 AND r.state IN ('sent', 'succeeded', 'failed', 'needs_person') AND r.updated_at >= p.started_at
		ORDER BY r.updated_at DESC LIMIT $2) AS latest WHERE state = 'needs_person'`, []any{row.Plan, refusedInARow}, &n)
	if err != nil || n < refusedInARow {
		return "", err
	}
	return fmt.Sprintf("the last %d refunds need a person; the last one: %s", refusedInARow, row.Problem), nil
}
