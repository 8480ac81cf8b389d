package refundjobs

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	advanceTime = 45 * time.Second // for one step: below River's timeout, and far below its rescue
	partDelay   = time.Minute      // until a step of an unwound refund is looked at again, if nobody wakes it
	turnTime    = 10 * time.Second // how long a step waits for its turn: with advanceTime, below River's timeout
	busyDelay   = time.Second      // until another row of the same payment is looked at again
	clockWarn   = time.Minute      // how far a worker's clock may be off before it says so
	noStep      = time.Duration(-1)
)

// step does the next step of a row, and returns after how long the next one is due;
// noStep if none is. What went wrong with a refund is in its row, not in the error.
func (j *Jobs[TTx]) step(ctx context.Context, name string) (time.Duration, error) {
	row, now, held, err := j.load(ctx, name)
	if delay, ready, err := j.ready(ctx, row, now, held, err); !ready {
		return delay, err
	}
	if j.options.rate > 0 { // its turn may be seconds away, and everything different then
		ctx, err = j.waitTurn(ctx, row.Account, turnTime)
		if errors.Is(err, errFarTurn) {
			return turnTime / 2, nil
		}
		if err != nil {
			return noStep, err
		}
		row, now, held, err = j.load(ctx, name)
		if delay, ready, err := j.ready(ctx, row, now, held, err); !ready {
			return delay, err
		}
	}
	row, now, err = j.advance(ctx, row, now, held == heldShared)
	if errors.Is(err, errBusy) {
		return busyDelay, nil
	}
	if errors.Is(err, refundkit.ErrJobChanged) {
		row, now, _, err = j.load(ctx, name)
	}
	if err != nil {
		return noStep, err
	}
	if err := errors.Join(j.pauseIfHopeless(ctx, row), j.wakeParts(ctx, row)); err != nil {
		return noStep, err
	}
	if row.goesOn() {
		return max(row.Due.Sub(now), 0), nil
	}
	return noStep, nil
}

// ready reports whether the next step of a row, as it was loaded, is to be done now;
// else it did what is to be done instead, and says when to look again.
func (j *Jobs[TTx]) ready(ctx context.Context, row Job, now time.Time, held hold, err error) (time.Duration, bool, error) {
	switch {
	case errors.Is(err, ErrUnknown):
		return noStep, false, nil // it was rolled back, or the table was restored
	case err != nil:
		return noStep, false, err
	case row.wantsSnapshot():
		delay, err := j.fetch(ctx, row)
		return delay, false, err
	case !row.goesOn() || row.Due.IsZero():
		return noStep, false, nil
	case row.Due.After(now):
		return row.Due.Sub(now), false, nil
	case held == heldByPlan:
		return noStep, false, j.unfeed(ctx, row, now)
	case held == heldByCanceledPlan:
		return noStep, false, j.giveUp(ctx, row, now, "its plan is canceled")
	case held == heldByCanceledRefund:
		return noStep, false, j.giveUp(ctx, row, now, "its refund was canceled")
	case held == heldByPayment:
		return busyDelay, false, nil
	case held == heldByPart:
		return partDelay, false, nil
	}
	return 0, true, nil
}

// hold is what a row may have to wait for besides its time.
type hold int

const (
	notHeld hold = iota
	heldByPlan
	heldByCanceledPlan   // it was being sent when the plan was canceled, and nothing came of that
	heldByCanceledRefund // whose part it is
	heldByPart           // of an unwound refund, that has not ended
	heldByPayment
	heldShared // not yet: another row is of the same payment
)

// earlierPart is true of a row r of an unwound refund that a step before it holds back.
const earlierPart = `(r.unwind <> '' AND EXISTS (SELECT 1 FROM refundjobs o WHERE o.unwind = r.unwind AND o.step < r.step AND o.job_state NOT IN ('made', 'canceled')))`

// load reads a row, the time, and what holds the row back.
func (j *Jobs[TTx]) load(ctx context.Context, name string) (row Job, now time.Time, held hold, err error) {
	found := false
	var shared, busy, paused, canceled, early, calledOff bool
	more, args := []any{&shared, &busy, &paused, &canceled, &early, &calledOff}, []any{name}
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
		EXISTS (SELECT 1 FROM refundjobs o WHERE o.charge = r.charge AND o.charge <> '' AND o.name <> r.name) OR
		EXISTS (SELECT 1 FROM refundjobs o WHERE o.payment_intent = r.payment_intent AND o.payment_intent <> '' AND o.name <> r.name),
		EXISTS (SELECT 1 FROM refundjobs o WHERE o.charge = r.charge AND o.charge <> '' AND o.name <> r.name AND o.sending_until > `+clock+`) OR
		EXISTS (SELECT 1 FROM refundjobs o WHERE o.payment_intent = r.payment_intent AND o.payment_intent <> '' AND o.name <> r.name AND o.sending_until > `+clock+`),
		plan <> '' AND NOT EXISTS (SELECT 1 FROM refundjobs_plans p WHERE p.name = r.plan AND p.state IN ('running', 'finished', 'canceled')),
		plan <> '' AND EXISTS (SELECT 1 FROM refundjobs_plans p WHERE p.name = r.plan AND p.state = 'canceled' AND NOT EXISTS (
			SELECT 1 FROM refundjobs_changes c WHERE c.name = r.name AND c.what IN ('resumed', 'judged') AND c.at >= p.updated_at)),
		`+earlierPart+`,
		kind <> 'refund' AND EXISTS (SELECT 1 FROM refundjobs o WHERE o.name = r.unwind AND o.job_state = 'canceled')`+shown+`
		FROM refundjobs r WHERE name = $1`, args...)
	switch {
	case err != nil:
	case !found:
		err = ErrUnknown
	case paused && row.State == refundkit.JobStateWaiting:
		held = heldByPlan // what may have refunded is followed to its end
	case canceled && row.State == refundkit.JobStateWaiting && !row.Open && !row.LookUp:
		held = heldByCanceledPlan
	case calledOff && row.State == refundkit.JobStateWaiting:
		held = heldByCanceledRefund
	case early && row.State == refundkit.JobStateWaiting:
		held = heldByPart
	case busy:
		held = heldByPayment
	case shared:
		held = heldShared
	}
	return row, now, held, err
}

// advance lets refundkit do the next safe thing with a row that was read now. It returns
// the row as it stored it, and when; [refundkit.ErrJobChanged] if it is another by now.
// shared says that another row is of the same payment.
func (j *Jobs[TTx]) advance(ctx context.Context, row Job, now time.Time, shared bool) (Job, time.Time, error) {
	offset := now.Sub(time.Now().Round(0))
	var response refundkit.Response
	s := &saver[TTx]{jobs: j, row: row, response: &response, shared: shared}
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
	seen, err := j.advanceKind(ctx, row, s.save, opts)
	if seen != nil && !s.saved {
		// Somebody else changed the row during the call, or it was not told of the refund:
		// what came back is put over what is there now.
		err = j.observe(context.WithoutCancel(ctx), row.Name, seen(s.row.Account), WhatAnswered)
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
	shared   bool // with another row of the payment
	sent     bool
	saved    bool // with the refund
}

func (s *saver[TTx]) save(ctx context.Context, job refundkit.Job) error {
	now, what, sendingUntil := s.now(), WhatLooked, time.Time{}
	switch {
	case job.Sends > s.row.Sends && !s.sent:
		what, sendingUntil = WhatSending, now.Add(advanceTime)
	case s.sent:
		what = WhatAnswered
	}
	row := s.row
	row.Job = job
	row = row.withoutOther(s.row)
	if refund := answered(s.response, job.ID); refund != nil && row.Kind == KindRefund {
		row = row.withSnapshot(refund)
	}
	row, change := changed(s.row, row.dueFrom(now), what, now)
	if err := s.store(ctx, row, change, sendingUntil); err != nil {
		return err
	}
	s.sent = s.sent || what == WhatSending
	s.row, s.saved = row, row.Refund != nil && row.ID == row.Refund.ID || row.Kind != KindRefund && row.State == refundkit.JobStateMade
	s.jobs.tell(ctx, change)
	return nil
}

// store writes a row, and before a send that shares its payment sees that no other is
// being sent.
func (s *saver[TTx]) store(ctx context.Context, row Job, change Change, sendingUntil time.Time) error {
	if change.What != WhatSending || !s.shared {
		return s.jobs.commit(ctx, row, change, sendingUntil)
	}
	return s.jobs.driver.InTx(ctx, func(tx TTx) error {
		q := s.jobs.driver.Statements(tx)
		if err := s.jobs.takePayment(ctx, q, row, change.At); err != nil {
			return err
		}
		return s.jobs.write(ctx, q, row, change, sendingUntil)
	})
}

// errBusy: another row of the payment is being sent.
var errBusy = errors.New("refundjobs: another refund of this payment is being sent")

// takePayment fails with errBusy if another row of the payment is being sent. It locks
// the payment's rows, always in the same order, so that of two workers who ask at once
// the second sees what the first one wrote.
func (j *Jobs[TTx]) takePayment(ctx context.Context, q Statements, row Job, now time.Time) error {
	for _, payment := range []struct{ column, id string }{{"charge", row.Params.Charge}, {"payment_intent", row.Params.PaymentIntent}} {
		if payment.id == "" {
			continue
		}
		busy := false
		err := queryAll(ctx, q, func(rows Rows) error {
			var name string
			var until time.Time
			err := rows.Scan(&name, instant{&until})
			busy = busy || name != row.Name && until.After(now)
			return err
		}, "SELECT name, sending_until FROM refundjobs WHERE "+payment.column+" = $1 AND "+payment.column+" <> '' ORDER BY name"+j.dialect.ForUpdate, payment.id)
		if err != nil {
			return err
		}
		if busy {
			return errBusy
		}
	}
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

// giveUp cancels a waiting row, of which nothing can have been made, because what it
// belongs to is canceled.
func (j *Jobs[TTx]) giveUp(ctx context.Context, row Job, now time.Time, why string) error {
	before, err := row, error(nil)
	if row.Job, err = row.Cancel(); err != nil {
		return err
	}
	row, change := changed(before, row, WhatCanceled, now)
	change.Why = why
	return j.commitAndTell(ctx, row, change)
}

// commitAndTell stores what a worker did to a row without a call, unless somebody was
// faster.
func (j *Jobs[TTx]) commitAndTell(ctx context.Context, row Job, change Change) error {
	err := j.commit(ctx, row, change, time.Time{})
	switch {
	case errors.Is(err, refundkit.ErrJobChanged):
		return nil
	case err == nil:
		j.tell(ctx, change)
	}
	return err
}

// WorkDue does one step after another of every row that is due, until nothing more is
// to be done now, and returns how many steps those were. It needs no River: for tests,
// and for a program that runs from time to time. Beside workers it does no harm. A row
// that fails, because the database does, does not keep the others.
func (j *Jobs[TTx]) WorkDue(ctx context.Context) (steps int, err error) {
	for progress := true; progress; {
		if _, err := j.feedAll(ctx); err != nil {
			return steps, failed("WorkDue", "", err)
		}
		progress, err = false, nil
		rows, failure := j.dueRows(ctx, 0, -1)
		if failure != nil {
			return steps, failed("WorkDue", "", failure)
		}
		for _, row := range rows {
			changed, failure := j.stepChanges(ctx, row.Name)
			if changed {
				steps, progress = steps+1, true
			}
			if ctx.Err() != nil {
				return steps, failed("WorkDue", row.Name, ctx.Err())
			}
			if err == nil && failure != nil {
				err = failed("WorkDue", row.Name, failure)
			}
		}
	}
	return steps, err
}

// stepChanges does the next step of a row, and reports whether the row is another then:
// one that waits for another row of its payment is due, and nothing is to be done.
func (j *Jobs[TTx]) stepChanges(ctx context.Context, name string) (bool, error) {
	before, err := readJob(ctx, j.driver.Pool(), name, "")
	if err != nil {
		return false, err
	}
	if _, err := j.step(ctx, name); err != nil {
		return false, err
	}
	after, err := readJob(ctx, j.driver.Pool(), name, "")
	return err == nil && after.Version != before.Version, err
}

// dueRows lists rows that have been due for a while, and those whose refund is still to
// be read: their names, versions and plans. It leaves out those that an earlier row of
// their unwind holds back, for weeks perhaps: they would fill the limit.
func (j *Jobs[TTx]) dueRows(ctx context.Context, since time.Duration, limit int) (due []Job, err error) {
	q := j.driver.Pool()
	now, err := j.now(ctx, q)
	if err != nil {
		return nil, err
	}
	scan := func(rows Rows) error {
		var row Job
		err := rows.Scan(&row.Name, &row.Version, &row.Plan)
		due = append(due, row)
		return err
	}
	before, ofPlans := now.Add(-since), now.Add(-since)
	if since > 0 {
		ofPlans = ofPlans.Add(-feedAhead) // what a plan has fed stands in River's queue as long as that
	}
	bound := ""
	if limit >= 0 {
		bound = " LIMIT " + strconv.Itoa(limit)
	}
	if err := queryAll(ctx, q, scan, "SELECT name, version, plan FROM refundjobs r WHERE due_at <= $1 AND (plan = '' OR due_at <= $2) AND NOT (job_state = 'waiting' AND "+earlierPart+") ORDER BY due_at, name"+bound,
		j.dialect.when(before), j.dialect.when(ofPlans)); err != nil {
		return nil, err
	}
	if _, ok := j.refunds.(retriever); ok {
		err = queryAll(ctx, q, scan, `SELECT name, version, plan FROM refundjobs WHERE state = 'sent' AND refund_status = '' AND updated_at <= $1`+bound, j.dialect.when(before))
	}
	return due, err
}
