package refundjobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
)

const (
	maxTries   = 20        // to write a change of a row that others change at the same time
	fetchDelay = time.Hour // until a refund that can't be read is read again
)

// HandleEvent returns a function for [webhook.Webhook.Handler] that tells rows of the
// events of their refunds: also of one that failed weeks later, and of one whose answer
// was lost; and those of [Jobs.RequestUnwindTx] of transfer.reversed and
// application_fee.refunded. Events may come twice, late and in any order. What no row knows goes to
// unknown, if that is not nil: events about something else, and refunds made at the
// Dashboard or by another program. When it fails, Stripe sends the event again.
func (j *Jobs[TTx]) HandleEvent(unknown func(context.Context, *refundkit.Event) error) func(context.Context, *refundkit.Event) error {
	return func(ctx context.Context, event *refundkit.Event) error {
		names, err := j.namesFor(ctx, event)
		if err != nil {
			return err
		}
		ours := false
		for _, name := range names {
			switch err := j.observe(ctx, name, event, WhatEvent); {
			case err == nil:
				ours = true
			case !errors.Is(err, refundkit.ErrOtherJob):
				return failed("HandleEvent", name, fmt.Errorf("event %s: %w", event.ID, err))
			}
		}
		if !ours && unknown != nil {
			return unknown(ctx, event)
		}
		return nil
	}
}

// namesFor finds the rows that an event may be about: by the refund's ID, its reference,
// or the key of the request.
func (j *Jobs[TTx]) namesFor(ctx context.Context, event *refundkit.Event) (names []string, err error) {
	refund, err := event.Refund()
	if errors.Is(err, refundkit.ErrEventObject) {
		return j.partsFor(ctx, event)
	}
	if err != nil {
		return nil, err
	}
	err = queryAll(ctx, j.driver.Pool(), func(rows Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM refundjobs WHERE kind = 'refund' AND (refund_id = $1 AND refund_id <> '' OR name = $2 OR idempotency_key = $3)`,
		refund.ID, refund.Reference(), event.Request.IdempotencyKey)
	return names, err
}

// observe tells a row of an event, over whatever it has become meanwhile.
func (j *Jobs[TTx]) observe(ctx context.Context, name string, event *refundkit.Event, what What) error {
	for range maxTries {
		q := j.driver.Pool()
		before, err := readJob(ctx, q, name, "")
		if err != nil {
			return err
		}
		now, err := j.now(ctx, q)
		if err != nil {
			return err
		}
		row, err := j.observed(ctx, before, event)
		if err != nil || row.Version == before.Version {
			return err
		}
		row, change := changed(before, row.dueFrom(now), what, now)
		if what == WhatEvent {
			change.Who, change.Why = event.ID, string(event.Type)
		}
		err = j.commit(ctx, row, change, time.Time{})
		if err == nil {
			j.tell(ctx, change)
		}
		if !errors.Is(err, refundkit.ErrJobChanged) {
			return err
		}
	}
	return refundkit.ErrJobChanged
}

// observed is the row after an event. Its version is raised if anything changed.
func (j *Jobs[TTx]) observed(ctx context.Context, row Job, event *refundkit.Event) (Job, error) {
	if row.Kind != KindRefund {
		return row.observedPart(event)
	}
	refund, err := event.Refund()
	if err != nil {
		return row, err
	}
	before, version := row, row.Version
	if row.Job, err = row.Observe(event); err != nil {
		return row, err
	}
	if refund.ID != row.ID {
		return row, nil // of a refund that this row does not follow
	}
	row = row.withoutOther(before)
	refund, err = j.newest(ctx, row, refund)
	if err != nil || refund == nil {
		return row, err
	}
	row = row.withSnapshot(refund)
	if row.Version == version {
		row.Version++
	}
	if refund.Status.IsFinal() && row.State == refundkit.JobStateMade {
		// What was fetched is further than the event: the rules must hear of it.
		row.Job, err = row.Observe(eventOf(refund, row.Account))
		row.Version = version + 1
	}
	return row, err
}

// newest returns the snapshot to store: the one that arrived, one that is fetched
// because the two don't tell which is newer, or nil to keep what is stored.
func (j *Jobs[TTx]) newest(ctx context.Context, row Job, arrived *refundkit.Refund) (*refundkit.Refund, error) {
	switch refundkit.ChooseSnapshot(row.booked(), arrived) {
	case refundkit.SnapshotChoiceKeep:
		return nil, nil
	case refundkit.SnapshotChoiceReplace:
		return arrived, nil
	}
	if !row.PrunedAt.IsZero() && row.RefundStatus == arrived.Status {
		return nil, nil // all that is kept of it is the same
	}
	service, ok := j.refunds.(retriever)
	if !ok {
		return arrived, nil
	}
	return service.Retrieve(ctx, row.ID, accountOption(row.Account)...)
}

// wantsSnapshot reports whether the row has a refund that was never seen: one that a
// person accepted.
func (j Job) wantsSnapshot() bool {
	return j.Kind == KindRefund && j.State == refundkit.JobStateMade && j.Refund == nil && j.RefundStatus == ""
}

// fetch reads the refund of such a row, and returns after how long that is to be tried
// again: a person may have given an ID that is none.
func (j *Jobs[TTx]) fetch(ctx context.Context, row Job) (time.Duration, error) {
	service, ok := j.refunds.(retriever)
	if !ok {
		return noStep, nil
	}
	refund, err := service.Retrieve(ctx, row.ID, accountOption(row.Account)...)
	if err != nil {
		j.options.logger.WarnContext(ctx, "the refund of a row can't be read", "name", row.Name, "refund", row.ID, "error", err)
		return fetchDelay, ctx.Err()
	}
	return noStep, j.observe(ctx, row.Name, eventOf(refund, row.Account), WhatFetched)
}

func accountOption(id string) []refundkit.CallOption {
	if id == "" {
		return nil
	}
	return []refundkit.CallOption{refundkit.OnAccount(id)}
}

// eventOf makes an event of a refund that an answer held, so that the same rules hear
// of it.
func eventOf(refund *refundkit.Refund, account string) *refundkit.Event {
	data, _ := json.Marshal(refund) // it was read from JSON
	return &refundkit.Event{Object: "event", Account: account, Data: refundkit.EventData{Object: data}}
}

// Once returns what [webhook.WithOnce] takes: an event that was handled is not handled
// again, whichever process it comes to. One that was handled when the process died before
// that was written down is handled again, and one that comes to two at the same moment by
// both. HandleEvent does not mind; what you give it as unknown must not either.
func (j *Jobs[TTx]) Once() webhook.Once {
	return func(ctx context.Context, eventID string, handle func(context.Context) error) error {
		q := j.driver.Pool()
		var handled int
		found, err := queryOne(ctx, q, `SELECT 1 FROM refundjobs_events WHERE id = $1`, []any{eventID}, &handled)
		if err != nil || found {
			return err
		}
		if err := handle(ctx); err != nil {
			return err
		}
		now, err := j.now(ctx, q)
		if err != nil {
			return err
		}
		_, err = q.Exec(ctx, `INSERT INTO refundjobs_events (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, eventID, j.dialect.when(now))
		return err
	}
}
