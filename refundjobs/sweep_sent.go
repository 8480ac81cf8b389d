package refundjobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/refundkit/refundkit"
)

// The cursors that sweeps keep.
const (
	cursorEvents = "events" // of each account
	cursorSent   = "sent"   // of all rows
)

// sweepCursor is how far something has come. Of events, At is when the newest was
// created, by Stripe's clock, SweptAt until when all were read, by ours, and Position an
// event from which to go on. Of sent refunds, SweptAt is when this round began, and
// Position the name read last.
type sweepCursor struct {
	At, SweptAt time.Time
	Position    string
}

func (j *Jobs[TTx]) readCursor(ctx context.Context, what, account string, into *sweepCursor) (found bool, err error) {
	return queryOne(ctx, j.driver.Pool(), `SELECT at, swept_at, position FROM refundjobs_cursors WHERE what = $1 AND account = $2`, []any{what, account},
		instant{&into.At}, instant{&into.SweptAt}, &into.Position)
}

// storeCursor never moves a cursor back: another sweep may be further.
func (j *Jobs[TTx]) storeCursor(ctx context.Context, what, account string, c sweepCursor) error {
	_, err := j.driver.Pool().Exec(ctx, `INSERT INTO refundjobs_cursors (what, account, at, swept_at, position) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (what, account) DO UPDATE SET at = $3, swept_at = $4, position = $5 WHERE refundjobs_cursors.swept_at <= $4 AND refundjobs_cursors.at <= $3`,
		what, account, j.dialect.when(c.At), j.dialect.when(c.SweptAt), c.Position)
	return err
}

// sweepSent reads some refunds that have been sent for long. A round goes through all of
// them by name, and no two begin within a day.
func (j *Jobs[TTx]) sweepSent(ctx context.Context, handle func(context.Context, *refundkit.Event) error, result *SweepResult) error {
	service, ok := j.refunds.(retriever)
	if !ok {
		return nil
	}
	now, err := j.now(ctx, j.driver.Pool())
	if err != nil {
		return err
	}
	var round sweepCursor
	found, err := j.readCursor(ctx, cursorSent, "", &round)
	if err != nil || found && round.Position == "" && now.Sub(round.SweptAt) < sentLong {
		return err
	}
	if round.Position == "" {
		round = sweepCursor{At: now, SweptAt: now}
	}
	rows, err := readJobs(ctx, j.driver.Pool(), `WHERE state = $1 AND updated_at < $2 AND name > $3 AND refund_id <> '' ORDER BY name LIMIT `+strconv.Itoa(sentAtOnce),
		string(StateSent), j.dialect.when(now.Add(-sentLong)), round.Position)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := j.retrieveSent(ctx, service, row, handle, result); err != nil {
			return failed("a refund that was sent long ago", row.Name, err)
		}
		round.Position = row.Name
	}
	if len(rows) < sentAtOnce {
		round.Position = ""
	}
	return j.storeCursor(ctx, cursorSent, "", round)
}

// retrieveSent reads one refund, and tells handle if the row does not know it so. One
// that is not there is for Reconcile to tell, and stops no other.
func (j *Jobs[TTx]) retrieveSent(ctx context.Context, service retriever, row Job, handle func(context.Context, *refundkit.Event) error, result *SweepResult) error {
	turn, err := j.waitTurn(ctx, row.Account, endless)
	if err != nil {
		return err
	}
	result.Requests++
	refund, err := service.Retrieve(turn, row.ID, accountOption(row.Account)...)
	if errors.Is(err, refundkit.ErrNotFound) {
		j.options.logger.WarnContext(ctx, "the refund of a row is not at Stripe", "name", row.Name, "refund", row.ID)
		return nil
	}
	if err != nil {
		return err
	}
	result.Retrieved++
	if refund.Status == row.RefundStatus {
		return nil
	}
	result.Changed++
	if err := handle(ctx, sweptEvent(refund, row.Account)); !errors.Is(err, ErrNotHandled) {
		return err
	}
	return nil
}

// sweptEvent is the event for a refund that was read: the same for the same status.
func sweptEvent(refund *refundkit.Refund, account string) *refundkit.Event {
	event := eventOf(refund, account)
	event.ID = fmt.Sprintf("sweep_%s_%s", refund.ID, refund.Status)
	event.Type = refundkit.EventTypeRefundUpdated
	event.Created = refund.Created
	event.Raw, _ = json.Marshal(event) // it is made of what was read from JSON
	return event
}
