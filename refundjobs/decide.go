package refundjobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// CancelTx gives a refund up, if and only if tx commits. It fails where a send may have
// refunded, and for one that was made: see [refundkit.Job.Cancel]. Here and in the other
// decisions, by is a person's name as your login knows it. Nobody's, such as an empty one,
// is refused with [refundkit.ErrInvalidParams].
func (j *Jobs[TTx]) CancelTx(ctx context.Context, tx TTx, name, by, why string) (Job, error) {
	row, err := j.decideTx(ctx, tx, name, decision{what: WhatCanceled, by: by, why: why}, byRules(refundkit.Job.Cancel))
	return row, failed("CancelTx", name, err)
}

// ResumeTx lets a refund go on whose reason to stop is gone; see [refundkit.Job.Resume]. One that
// goes on by itself becomes due at once.
func (j *Jobs[TTx]) ResumeTx(ctx context.Context, tx TTx, name, by, why string) (Job, error) {
	row, err := j.decideTx(ctx, tx, name, decision{what: WhatResumed, by: by, why: why}, unpruned(byRules(refundkit.Job.Resume)))
	return row, failed("ResumeTx", name, err)
}

// AcceptTx says that the refund with this ID is the one that was asked for, whoever made
// it; see [refundkit.Job.Accept]. One refund is not two: that of another row is refused.
func (j *Jobs[TTx]) AcceptTx(ctx context.Context, tx TTx, name, refundID, by, why string) (Job, error) {
	refundID, err := cleanID(refundID)
	if err != nil {
		return Job{}, failed("AcceptTx", name, err)
	}
	var other string
	taken, err := queryOne(ctx, j.driver.Statements(tx), `SELECT name FROM refundjobs WHERE refund_id = $1 AND refund_id <> '' AND name <> $2 AND job_state <> 'canceled' LIMIT 1`,
		[]any{refundID, name}, &other)
	if err == nil && taken {
		err = fmt.Errorf("%w: it is the refund of %q, and is counted there", ErrDifferent, other)
	}
	if err != nil {
		return Job{}, failed("AcceptTx", name, err)
	}
	row, err := j.decideTx(ctx, tx, name, decision{what: WhatAccepted, by: by, why: why}, byRules(func(job refundkit.Job) (refundkit.Job, error) {
		return job.Accept(refundID)
	}))
	return row, failed("AcceptTx", name, err)
}

// JudgeTx says that the refund with this ID is not the one that was asked for; see
// [refundkit.Job.Judge]. A wrong judgement can refund twice.
func (j *Jobs[TTx]) JudgeTx(ctx context.Context, tx TTx, name, refundID, by, why string) (Job, error) {
	refundID, err := cleanID(refundID)
	if err != nil {
		return Job{}, failed("JudgeTx", name, err)
	}
	row, err := j.decideTx(ctx, tx, name, decision{what: WhatJudged, by: by, why: why}, unpruned(byRules(func(job refundkit.Job) (refundkit.Job, error) {
		return job.Judge(refundID)
	})))
	return row, failed("JudgeTx", name, err)
}

// cleanID is an ID as people paste it; what can't be one would be asked for in vain, for ever.
func cleanID(refundID string) (string, error) {
	refundID = strings.TrimSpace(refundID)
	if !isVisible(refundID) {
		return "", &refundkit.ParamError{Param: "refundID", Reason: "it is no ID"}
	}
	return refundID, nil
}

// decision is what a person wants, by name and reason.
type decision struct {
	what    What
	by, why string
}

// byRules applies a rule of refundkit to a row.
func byRules(rule func(refundkit.Job) (refundkit.Job, error)) func(Job, time.Time) (Job, error) {
	return func(row Job, now time.Time) (Job, error) {
		job, err := rule(row.Job)
		if err != nil {
			return row, err
		}
		before := row
		row.Job = job
		return row.withoutOther(before).dueFrom(now), nil
	}
}

// unpruned refuses what could send a row whose parameters are no longer whole.
func unpruned(change func(Job, time.Time) (Job, error)) func(Job, time.Time) (Job, error) {
	return func(row Job, now time.Time) (Job, error) {
		if !row.PrunedAt.IsZero() {
			return row, errPruned
		}
		return change(row, now)
	}
}

// decideTx applies a person's decision to a row, in the person's transaction, and sees
// to it that a worker takes the row if it goes on.
func (j *Jobs[TTx]) decideTx(ctx context.Context, tx TTx, name string, d decision, change func(Job, time.Time) (Job, error)) (Job, error) {
	if err := somebody(d.by); err != nil {
		return Job{}, err
	}
	q := j.driver.Statements(tx)
	before, err := readJob(ctx, q, name, j.dialect.ForUpdate)
	if err != nil {
		return Job{}, err
	}
	now, err := j.now(ctx, q)
	if err != nil {
		return before, err
	}
	row, err := change(before, now)
	if err != nil || row.Version == before.Version {
		return before, err
	}
	row, entry := changed(before, row, d.what, now)
	entry.Who, entry.Why = d.by, d.why
	if err := j.write(ctx, q, row, entry, time.Time{}); err != nil {
		return before, err
	}
	if row.goesOn() || row.wantsSnapshot() {
		err = j.alarm(ctx, tx, row, false)
	}
	if row.Unwind != "" && err == nil {
		err = j.decideParts(ctx, tx, row, d, now)
	}
	return row, err
}
