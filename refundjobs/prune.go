package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/refundkit/refundkit"
)

// keepTime is how long details stay at least: a bank returns money for weeks, and
// Stripe's events are there for 30 days.
const keepTime = 60 * 24 * time.Hour

const pruneRows = 100 // in one transaction

var errPruned = errors.New("its details were pruned, so it can't be sent again as it was: request the refund under a new name, if it must be made, and cancel this one")

// Prune removes the details of what ended and has not changed since before: of
// refunds that succeeded, failed or were canceled the snapshot, note, labels, people,
// metadata, e-mail address and log; the sums of what people approved alone; and the
// events that were handled. It returns how many refunds those were. Names stay, with
// the digest of the request, the amount, the payment, and the refund's ID, status and
// times, since a name that is free again would be a second refund. Before is at least
// 60 days ago.
//
// An event for a pruned refund is still understood: one that failed late needs a
// person again. It can be canceled or accepted, and not resumed.
//
// It does its work in many small transactions; one that ends early can be called
// again.
func (j *Jobs[TTx]) Prune(ctx context.Context, before time.Time) (pruned int, err error) {
	now, err := j.now(ctx, j.driver.Pool())
	if err != nil {
		return 0, failed("Prune", "", err)
	}
	if before.IsZero() || now.Sub(before) < keepTime {
		return 0, failed("Prune", "", fmt.Errorf("before is %s, and details stay for at least 60 days: a bank may still return the money", before.UTC().Format(time.DateOnly)))
	}
	for {
		n, err := j.pruneSome(ctx, before, now)
		pruned += n
		if err != nil {
			return pruned, failed("Prune", "", err)
		}
		if n == 0 {
			break
		}
	}
	for _, statement := range []string{
		`DELETE FROM refundjobs_events WHERE at < $1`,
		`UPDATE refundjobs_plans SET requested_by = '', approved_by = '', why = '' WHERE state IN ('finished', 'canceled') AND updated_at < $1`,
	} {
		if _, err := j.driver.Pool().Exec(ctx, statement, j.dialect.when(before)); err != nil {
			return pruned, failed("Prune", "", err)
		}
	}
	_, err = j.driver.Pool().Exec(ctx, `DELETE FROM refundjobs_sums WHERE day < $1`, before.UTC().Format(time.DateOnly))
	return pruned, failed("Prune", "", err)
}

// pruneSome prunes some rows in one transaction.
func (j *Jobs[TTx]) pruneSome(ctx context.Context, before, now time.Time) (n int, err error) {
	err = j.driver.InTx(ctx, func(tx TTx) error {
		q := j.driver.Statements(tx)
		c := &conditions{dialect: j.dialect}
		addOneOf(c, "state", []State{StateSucceeded, StateFailed, StateCanceled})
		c.add("updated_at < ?", before)
		c.add("(pruned_at IS NULL OR pruned_at <= updated_at)")
		rows, err := readJobs(ctx, q, fmt.Sprintf("%s ORDER BY updated_at LIMIT %d%s", c.where(), pruneRows, j.dialect.ForUpdate), c.args...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := j.pruneOne(ctx, q, row, now); err != nil {
				return err
			}
		}
		n = len(rows)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// pruneOne removes the details of a row that is locked. Its UpdatedAt stays.
func (j *Jobs[TTx]) pruneOne(ctx context.Context, q Statements, row Job, now time.Time) error {
	row.Version++
	row.PrunedAt = now
	row.Refund, row.Labels = nil, nil
	row.Note, row.RequestedBy, row.ApprovedBy, row.Detail = "", "", "", ""
	row.Params.Metadata, row.Params.InstructionsEmail = nil, ""
	entry := Change{Name: row.Name, Kind: row.Kind, Version: row.Version, At: now, What: WhatPruned, Shown: row.Shown, RefundID: row.ID, RefundStatus: row.RefundStatus,
		RequestID: row.RequestID, Generation: row.Generation, Book: refundkit.BookEntryNone}
	if err := j.write(ctx, q, row, entry, time.Time{}); err != nil {
		return err
	}
	_, err := q.Exec(ctx, `DELETE FROM refundjobs_changes WHERE name = $1 AND version < $2`, row.Name, row.Version)
	return err
}
