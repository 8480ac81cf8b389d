// Command service is a refund service as a team would write it around refundkit:
// it takes orders for refunds, makes them, hears of them from Stripe, and lets a
// person decide what only a person can. Copy what you need.
//
//	go run .
//
// It needs no key and no network: without STRIPE_API_KEY it talks to a Stripe of
// its own. This file is all that keeps the promise; README.md shows it, too.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/refundkit/refundkit"
)

type shop struct {
	db     *sql.DB
	stripe *refundkit.RefundService // client.Refunds
	now    func() time.Time         // time.Now
}

// add stores a refund that the business wants. Pressed twice, it is one row.
func (s *shop) add(ctx context.Context, job refundkit.Job) error {
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO refunds (name, version, state, due, job) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING`,
		job.Name, job.Version, job.State, job.Due.Unix(), string(text))
	return err
}

// save writes a job over the version before it, and over no other.
func (s *shop) save(ctx context.Context, job refundkit.Job) error {
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	result, err := s.db.ExecContext(ctx, `UPDATE refunds SET version = $2, state = $3, due = $4, job = $5 WHERE name = $1 AND version = $2 - 1`,
		job.Name, job.Version, job.State, job.Due.Unix(), string(text))
	if err != nil {
		return err
	}
	written, err := result.RowsAffected()
	if err == nil && written == 0 {
		return refundkit.ErrJobChanged
	}
	return err
}

// work does the next step of every job that is due. Call it every few seconds, in
// as many processes as you like.
func (s *shop) work(ctx context.Context) error {
	jobs, err := s.read(ctx, `SELECT job FROM refunds WHERE state IN ('waiting', 'open') AND due <= $1 ORDER BY due LIMIT 100`, s.now().Unix())
	for _, job := range jobs {
		_, _, err := s.stripe.Advance(ctx, job, s.save)
		if err != nil && !errors.Is(err, refundkit.ErrJobChanged) { // another worker has it
			slog.Error("refund", "name", job.Name, "error", err)
		}
	}
	return err
}

// observe tells a job of an event. Give it to webhook.Handler: when it fails, Stripe
// sends the event again.
func (s *shop) observe(ctx context.Context, event *refundkit.Event) error {
	refund, err := event.Refund()
	if errors.Is(err, refundkit.ErrEventObject) {
		return nil // about something else
	}
	if err != nil {
		return err
	}
	jobs, err := s.read(ctx, `SELECT job FROM refunds WHERE name = $1 OR job->>'id' = $2`, refund.Reference(), refund.ID)
	for _, job := range jobs {
		next, failure := job.Observe(event)
		if failure == nil && next.Version != job.Version {
			failure = s.save(ctx, next)
		}
		if !errors.Is(failure, refundkit.ErrOtherJob) { // the same name on another account
			err = errors.Join(err, failure)
		}
	}
	return err
}

// decide does what a person wants with a job.
func (s *shop) decide(ctx context.Context, name string, change func(refundkit.Job) (refundkit.Job, error)) error {
	jobs, err := s.read(ctx, `SELECT job FROM refunds WHERE name = $1`, name)
	for _, job := range jobs {
		job, err = change(job)
		if err == nil {
			err = s.save(ctx, job)
		}
	}
	return err
}

// read decodes the column job of every row.
func (s *shop) read(ctx context.Context, query string, args ...any) (jobs []refundkit.Job, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		var job refundkit.Job
		if err := json.Unmarshal(text, &job); err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	return jobs, rows.Err()
}
