package refundjobs

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	advanceTime = 45 * time.Second // for one step: below River's timeout, and far below its rescue
	busyDelay   = time.Second      // until another row of the same payment is looked at again
	clockWarn   = time.Minute      // how far a worker's clock may be off before it says so
	noStep      = time.Duration(-1)
)

// step does the next step of a row, and returns after how long the next one is due;
// noStep if none is. What went wrong with a refund is in its row, not in the error.
func (j *Jobs[TTx]) step(ctx context.Context, name string) (time.Duration, error) {
	row, now, held, err := j.load(ctx, name)
	switch {
	case errors.Is(err, ErrUnknown):
		return noStep, nil // it was rolled back, or the table was restored
	case err != nil:
		return noStep, err
	case row.wantsSnapshot():
		return noStep, j.fetch(ctx, row)
	case !row.goesOn() || row.Due.IsZero():
		return noStep, nil
	case row.Due.After(now):
		return row.Due.Sub(now), nil
	case held == heldByPlan:
		return noStep, j.unfeed(ctx, row, now)
	case held == heldByPayment:
		return busyDelay, nil
	}
	row, now, err = j.advance(ctx, row, now)
	if errors.Is(err, refundkit.ErrJobChanged) {
		row, now, _, err = j.load(ctx, name)
	}
	if err != nil {
		return noStep, err
	}
	if row.goesOn() {
		return max(row.Due.Sub(now), 0), nil
	}
	return noStep, nil
}

// hold is what a row may have to wait for besides its time.
type hold int

const (
	notHeld hold = iota
	heldByPlan
	heldByPayment
)

// load reads a row, the time, and what holds the row back.
func (j *Jobs[TTx]) load(ctx context.Context, name string) (row Job, now time.Time, held hold, err error) {
	found := false
	var busy, paused bool
	more, args := []any{&busy, &paused}, []any{name}
	clock, shown := j.dialect.Clock, ", "+j.dialect.Clock
	if j.options.clock != nil || clock == "" {
		now, clock, shown = j.clock(), "$2", ""
		args = append(args, j.dialect.when(now))
	} else {
		more = append(more, instant{&now})
	}
	err = queryAll(ctx, j.driver.Pool(), func(rows Rows) error {
		found = true
		row, err = scanJob(rows, more...)
		return err
	}, "SELECT "+columns+`,
		EXISTS (SELECT 1 FROM refundjobs o WHERE o.charge = r.charge AND o.charge <> '' AND o.name <> r.name AND o.sending_until > `+clock+`) OR
		EXISTS (SELECT 1 FROM refundjobs o WHERE o.payment_intent = r.payment_intent AND o.payment_intent <> '' AND o.name <> r.name AND o.sending_until > `+clock+`),
		plan <> '' AND NOT EXISTS (SELECT 1 FROM refundjobs_plans p WHERE p.name = r.plan AND p.state = 'running')`+shown+`
		FROM refundjobs r WHERE name = $1`, args...)
	switch {
	case err != nil:
	case !found:
		err = ErrUnknown
	case paused && row.State == refundkit.JobStateWaiting:
		held = heldByPlan // what may have refunded is followed to its end
	case busy:
		held = heldByPayment
	}
	return row, now, held, err
}

// advance waits for its turn, and lets refundkit do the next safe thing with a row that
// was read now. It returns the row as it stored it, and when;
// [refundkit.ErrJobChanged] if it is another by now.
func (j *Jobs[TTx]) advance(ctx context.Context, row Job, now time.Time) (Job, time.Time, error) {
	ctx, err := j.waitTurn(ctx, row.Account)
	if err == nil && j.options.rate > 0 { // it may have waited
		now, err = j.now(ctx, j.driver.Pool())
	}
	if err != nil {
		return row, now, err
	}
	offset := now.Sub(time.Now().Round(0))
	var response refundkit.Response
	s := &saver[TTx]{jobs: j, row: row, response: &response}
	opts := []refundkit.CallOption{refundkit.CaptureResponse(&response)}
	if j.options.clock == nil && j.dialect.Clock != "" {
		s.offset = offset
		opts = append(opts, refundkit.ClockOffset(s.offset))
		if s.offset.Abs() > clockWarn {
			j.options.logger.WarnContext(ctx, "this machine's clock differs from the database's", "by", s.offset)
		}
	}
	s.now = func() time.Time { return j.clock().Add(s.offset) }
	ctx, cancel := context.WithTimeout(ctx, advanceTime)
	defer cancel()
	_, refund, err := j.refunds.Advance(ctx, row.Job, s.save, opts...)
	if refund != nil && !s.saved {
		// Somebody else changed the row during the call, or it was not told of the refund:
		// what came back is put over what is there now.
		err = j.observe(context.WithoutCancel(ctx), row.Name, eventOf(refund, row.Account), WhatAnswered)
		if err == nil {
			err = refundkit.ErrJobChanged
		}
	}
	return s.row, s.now(), err
}

// clock is this machine's, or that of WithClock.
func (j *Jobs[TTx]) clock() time.Time {
	if j.options.clock != nil {
		return j.options.clock().Round(0).UTC()
	}
	return time.Now().Round(0).UTC()
}

// saver stores what one Advance says.
type saver[TTx any] struct {
	jobs     *Jobs[TTx]
	row      Job // as it is stored
	response *refundkit.Response
	offset   time.Duration
	now      func() time.Time
	sent     bool
	saved    bool // with the refund
}

func (s *saver[TTx]) save(ctx context.Context, job refundkit.Job) error {
	now, what, sendingUntil := s.now(), WhatLooked, time.Time{}
	switch {
	case job.Sends > s.row.Sends && !s.sent:
		s.sent, what, sendingUntil = true, WhatSending, now.Add(advanceTime)
	case s.sent:
		what = WhatAnswered
	}
	row := s.row
	row.Job = job
	if refund := answered(s.response, job.ID); refund != nil && job.State == refundkit.JobStateMade {
		row = row.withSnapshot(refund)
	}
	row, change := changed(s.row, row.dueFrom(now), what, now)
	if err := s.jobs.commit(ctx, row, change, sendingUntil); err != nil {
		return err
	}
	s.row, s.saved = row, row.Refund != nil && row.ID == row.Refund.ID
	s.jobs.tell(ctx, change)
	return nil
}

// answered returns the refund with this ID in an answer, be it the refund or a list.
func answered(response *refundkit.Response, id string) *refundkit.Refund {
	body := response.Body()
	refund := new(refundkit.Refund)
	if id == "" || len(body) == 0 {
		return nil
	}
	if json.Unmarshal(body, refund) == nil && refund.Object == "refund" && refund.ID == id {
		return refund
	}
	var list refundkit.RefundList
	if json.Unmarshal(body, &list) != nil {
		return nil
	}
	for _, refund := range list.Data {
		if refund != nil && refund.ID == id {
			return refund
		}
	}
	return nil
}

// withSnapshot returns the row with what Stripe shows of its refund now.
func (j Job) withSnapshot(refund *refundkit.Refund) Job {
	j.Refund, j.RefundStatus = refund, refund.Status
	if j.Currency == "" {
		j.Currency = refund.Currency
	}
	return j
}

// unfeed takes a row whose plan is paused out of the workers' sight, until the plan
// runs again.
func (j *Jobs[TTx]) unfeed(ctx context.Context, row Job, now time.Time) error {
	before := row
	row.Due = time.Time{}
	row.Version++
	row, change := changed(before, row, WhatHeld, now)
	err := j.commit(ctx, row, change, time.Time{})
	if errors.Is(err, refundkit.ErrJobChanged) {
		return nil
	}
	return err
}

// WorkDue does one step after another of every row that is due, until none is, and
// returns how many steps those were. It needs no River: for tests, and for a program
// that runs from time to time. Beside workers it does no harm.
func (j *Jobs[TTx]) WorkDue(ctx context.Context) (steps int, err error) {
	for {
		names, err := j.dueNames(ctx, 0, 100)
		if err != nil || len(names) == 0 {
			return steps, err
		}
		for _, name := range names {
			if _, err := j.step(ctx, name); err != nil {
				return steps, failed("WorkDue", name, err)
			}
			steps++
		}
	}
}

// dueNames lists rows that have been due for a while.
func (j *Jobs[TTx]) dueNames(ctx context.Context, since time.Duration, limit int) (names []string, err error) {
	q := j.driver.Pool()
	now, err := j.now(ctx, q)
	if err != nil {
		return nil, err
	}
	err = queryAll(ctx, q, func(rows Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM refundjobs WHERE due_at <= $1 ORDER BY due_at LIMIT $2`, j.dialect.when(now.Add(-since)), limit)
	return names, err
}
