package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	eventsKept   = 30 * 24 * time.Hour // at Stripe
	sweepOverlap = 5 * time.Minute     // an event may be listed a little later than it happened
	sweepMargin  = time.Hour           // at both ends of a gap: clocks differ
	sentLong     = 24 * time.Hour      // after which a refund that was sent is read, once in such a time
	sentAtOnce   = 100                 // of those, in one sweep
	mostTypes    = 20                  // of events, in one list
)

// EventReader lists events: a client's Events is one.
//
// https://docs.stripe.com/api/events/list
type EventReader interface {
	List(ctx context.Context, params refundkit.EventListParams, opts ...refundkit.CallOption) (*refundkit.EventList, error)
}

// WithEvents lets [Jobs.Sweep] read what happened. Give it the client's Events. It reads
// refund.created, refund.updated and refund.failed, and the types that you name besides,
// for what else your handler does: with [Jobs.RequestUnwindTx], transfer.reversed and
// application_fee.refunded.
func WithEvents(events EventReader, more ...refundkit.EventType) Option {
	return func(o *options) error {
		if events == nil {
			return errors.New("refundjobs: WithEvents: the reader is nil: give it client.Events")
		}
		types := append([]refundkit.EventType{refundkit.EventTypeRefundCreated, refundkit.EventTypeRefundUpdated, refundkit.EventTypeRefundFailed}, more...)
		if len(types) > mostTypes {
			return fmt.Errorf("refundjobs: WithEvents: Stripe lists at most %d types at once, three of them are taken", mostTypes)
		}
		o.events, o.eventTypes = events, types
		return nil
	}
}

// ErrNoEvents: New was not given [WithEvents].
var ErrNoEvents = errors.New("refundjobs: without WithEvents(client.Events) events can't be read")

// ErrNotHandled: the function that [Jobs.Sweep] was given leaves the event to another one,
// mostly the webhook's. The sweep goes on, and the event does not count as handled.
var ErrNotHandled = errors.New("refundjobs: the event is left to others")

// SweepResult is what a sweep did.
type SweepResult struct {
	Events    int // listed
	Handled   int // of them: those that no webhook and no sweep had handled
	Retrieved int // refunds that were read as they are now
	Changed   int // of them: those that the rows did not know so
	Requests  int // lists of events and refunds, and refunds read; without what the client repeats
	Gaps      []SweepGap
}

// SweepGap is a time whose events are lost: Stripe keeps them for 30 days, and nothing
// was swept for longer. What was refunded then, and in the 60 days before, was read as
// it is now instead. What your handler does with other events is not made up for.
type SweepGap struct {
	Account  string // the connected account; empty is the API key's own
	From, To time.Time
}

// Sweep hands every event since the last sweep that was not handled to handle, oldest
// first: webhooks that never came, and those whose answer said more than was done. Give
// it the function that your webhook has, from [Jobs.HandleEvent], and give the webhook
// [Jobs.Once]: what either has handled the other leaves alone; at the same moment both
// may handle it. Run it every few minutes or hours; two at once do no harm.
//
// The first error of handle ends the sweep of that account and is returned, and the next
// sweep begins there again. How far it came is stored when what was listed is handled,
// so a sweep that dies is made up for by the next, and an event may come twice.
//
// An event that was handled is not handled again by the webhook. So a program that knows
// less than the webhook returns [ErrNotHandled] for what it leaves to it.
//
// Refunds that have been sent for more than a day are read now and then, at most a
// hundred in one sweep and each once a day; and so is what changed in a time whose
// events are gone, see [SweepGap]. Their changes come to handle as an event whose ID
// begins with sweep_. The first sweep goes back to the oldest row.
//
// Without accounts it goes through the API key's own account and all connected ones that
// rows name. Each costs a request, and one more for each hundred events: mind what Stripe
// allows to read. Requests wait for their turn like refunds do.
//
// https://docs.stripe.com/rate-limits
func (j *Jobs[TTx]) Sweep(ctx context.Context, handle func(context.Context, *refundkit.Event) error, accounts ...string) (SweepResult, error) {
	var result SweepResult
	switch {
	case j.options.events == nil:
		return result, failed("Sweep", "", ErrNoEvents)
	case handle == nil:
		return result, failed("Sweep", "", errors.New("there is nothing to handle events: give it HandleEvent's function"))
	}
	if len(accounts) == 0 {
		var err error
		if accounts, err = j.accounts(ctx); err != nil {
			return result, failed("Sweep", "", err)
		}
	}
	var problems []error
	for _, account := range accounts {
		s := &sweeper[TTx]{jobs: j, account: account, handle: handle, result: &result}
		if err := s.run(ctx); err != nil {
			problems = append(problems, s.failed(err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := j.sweepSent(ctx, handle, &result); err != nil {
		problems = append(problems, err)
	}
	return result, failed("Sweep", "", errors.Join(problems...))
}

// sweeper sweeps one account.
type sweeper[TTx any] struct {
	jobs    *Jobs[TTx]
	account string
	handle  func(context.Context, *refundkit.Event) error
	result  *SweepResult
	at      sweepCursor
	recent  []anchor // the events of the last minutes, the oldest first
}

func (s *sweeper[TTx]) failed(err error) error {
	if s.account == "" {
		return err
	}
	return fmt.Errorf("account %s: %w", s.account, err)
}

func (s *sweeper[TTx]) run(ctx context.Context) error {
	now, err := s.jobs.now(ctx, s.jobs.driver.Pool())
	if err != nil {
		return err
	}
	if err := s.begin(ctx, now); err != nil {
		return err
	}
	if oldest := now.Add(-eventsKept); s.at.SweptAt.Before(oldest) {
		gap := SweepGap{Account: s.account, From: s.at.SweptAt.Add(-sweepMargin), To: oldest.Add(sweepMargin)}
		s.result.Gaps = append(s.result.Gaps, gap)
		if err := s.fill(ctx, gap); err != nil {
			return fmt.Errorf("the refunds of the time whose events are gone: %w", err)
		}
		if err := s.store(ctx, oldest, oldest); err != nil {
			return err
		}
	}
	return s.walk(ctx, now)
}

// begin reads how far the sweep before came. Where there was none, it is as if that had
// been when the account's first row was asked for.
func (s *sweeper[TTx]) begin(ctx context.Context, now time.Time) error {
	q := s.jobs.driver.Pool()
	found, err := s.jobs.readCursor(ctx, cursorEvents, s.account, &s.at)
	if err != nil || found {
		return err
	}
	first := now
	_, err = queryOne(ctx, q, `SELECT min(created_at) FROM refundjobs WHERE account = $1 HAVING count(*) > 0`, []any{s.account}, instant{&first})
	first = first.Add(-sweepMargin)
	s.at = sweepCursor{At: first, SweptAt: first}
	return err
}

// store remembers that all until an instant is handled, the newest event at another.
func (s *sweeper[TTx]) store(ctx context.Context, newest, until time.Time) error {
	s.at.At, s.at.SweptAt = maxTime(s.at.At, newest), maxTime(s.at.SweptAt, until)
	return s.jobs.storeCursor(ctx, cursorEvents, s.account, s.at)
}

// fill tells handle of the refunds that may have changed while nobody looked.
func (s *sweeper[TTx]) fill(ctx context.Context, gap SweepGap) error {
	service, ok := s.jobs.refunds.(exporter)
	if !ok {
		return ErrNoExport
	}
	requests := 0
	defer func() { s.result.Requests += requests }()
	params := refundkit.ExportParams{From: gap.From.Add(-keepTime), To: gap.To, Progress: func(p refundkit.ExportProgress) { requests = p.Requests }}
	rows := reconciler{q: s.jobs.driver.Pool(), dialect: s.jobs.dialect, account: s.account}
	for refund, err := range service.Export(ctx, params, accountOption(s.account)...) {
		if err != nil {
			return err
		}
		if rows.batch = append(rows.batch, refund); len(rows.batch) == reconcileRows {
			if err := s.compare(ctx, &rows, gap); err != nil {
				return err
			}
		}
	}
	return s.compare(ctx, &rows, gap)
}

// compare tells handle of the refunds of a batch that the rows don't know as they are.
func (s *sweeper[TTx]) compare(ctx context.Context, batch *reconciler, gap SweepGap) error {
	rows, err := batch.rowsOf(ctx)
	if err != nil {
		return err
	}
	for _, refund := range batch.batch {
		s.result.Retrieved++
		row, ok := rows.byID[refund.ID]
		_, named := rows.byName[refund.Reference()]
		switch event := sweptEvent(refund, s.account); {
		case ok && row.RefundStatus == refund.Status, !ok && !named && refund.Created.Before(gap.From):
			continue // it is known, or was there before anybody stopped to look
		case ok:
			err = s.handle(ctx, event)
		default:
			err = s.jobs.Once()(ctx, event.ID, func(ctx context.Context) error { return s.handle(ctx, event) })
		}
		if errors.Is(err, ErrNotHandled) {
			continue
		}
		if err != nil {
			return fmt.Errorf("refund %s: %w", refund.ID, err)
		}
		s.result.Changed++
	}
	batch.batch = batch.batch[:0]
	return nil
}
