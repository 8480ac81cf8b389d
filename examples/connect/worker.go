package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/refundkit/refundkit"
)

// errDied is what a write returns in whose middle the worker dies: whatever was in its
// memory is gone, and the row is as it was written last.
var errDied = errors.New("the worker died")

// rows is a table of jobs of one kind. It writes a job only over the version before it.
type rows[J any] struct {
	m        *market
	byName   map[string]J
	name     func(J) string
	progress func(J) refundkit.Progress
}

func newRows[J any](m *market, name func(J) string, progress func(J) refundkit.Progress) *rows[J] {
	return &rows[J]{m, map[string]J{}, name, progress}
}

func (r *rows[J]) count() int { return len(r.byName) }

func (r *rows[J]) save(_ context.Context, job J) error {
	dies := r.m.chance(r.m.crashes)
	early := dies && r.m.chance(0.5)
	if early {
		r.m.deaths++
		return errDied
	}
	if stored, found := r.byName[r.name(job)]; found && r.progress(stored).Version != r.progress(job).Version-1 {
		return refundkit.ErrJobChanged
	}
	r.byName[r.name(job)] = job
	if dies {
		r.m.deaths++
		return errDied
	}
	return nil
}

// finish moves a row on until what it asks for is made, as workers do that are started
// again and again.
func (r *rows[J]) finish(ctx context.Context, name string, advance func(context.Context, J, func(context.Context, J) error) error, resume func(J) (J, error)) (J, error) {
	for range 500 {
		job := r.byName[name]
		p := r.progress(job)
		if wait := p.Due.Sub(r.m.server.Now()); wait > 0 {
			r.m.server.Advance(wait)
		}
		switch p.State {
		case refundkit.JobStateMade:
			return job, nil
		case refundkit.JobStateNeedsPerson:
			if p.Problem != refundkit.JobProblemUnanswered { // all else would be a surprise here
				return job, fmt.Errorf("%s: %s (%s)", name, p.Problem, p.Detail)
			}
			resumed, err := resume(job)
			if err != nil {
				return job, err
			}
			r.byName[name] = resumed
			continue
		}
		if err := advance(ctx, job, r.save); err != nil && !errors.Is(err, errDied) {
			return job, err
		}
	}
	return r.byName[name], fmt.Errorf("%s: it does not end", name)
}

func (m *market) finishRefund(ctx context.Context, name string) (refundkit.Job, error) {
	return m.refunds.finish(ctx, name, func(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error) error {
		_, _, err := m.client.Refunds.Advance(ctx, job, save)
		return err
	}, refundkit.Job.Resume)
}

func (m *market) finishReversal(ctx context.Context, name string) (refundkit.TransferReversalJob, error) {
	return m.reversals.finish(ctx, name, func(ctx context.Context, job refundkit.TransferReversalJob, save func(context.Context, refundkit.TransferReversalJob) error) error {
		_, _, err := m.client.TransferReversals.Advance(ctx, job, save)
		return err
	}, refundkit.TransferReversalJob.Resume)
}

func (m *market) finishFee(ctx context.Context, name string) (refundkit.ApplicationFeeRefundJob, error) {
	return m.fees.finish(ctx, name, func(ctx context.Context, job refundkit.ApplicationFeeRefundJob, save func(context.Context, refundkit.ApplicationFeeRefundJob) error) error {
		_, _, err := m.client.ApplicationFeeRefunds.Advance(ctx, job, save)
		return err
	}, refundkit.ApplicationFeeRefundJob.Resume)
}
