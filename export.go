package refundkit

import (
	"context"
	"iter"
	"sync"
	"time"
)

const (
	defaultExportWorkers = 8
	maxExportWorkers     = 64
)

// ExportParams says which refunds to export: those created from From on and
// before To, each cut to whole seconds, as Stripe's times are. Where one export
// ends the next one starts: with To of the first as From of the second, no
// refund is in both or in neither. A To that is zero or in the future is the
// second that has just begun by this machine's clock, and [ExportProgress] says
// which that was; where the clock may be ahead of Stripe's, give a To that is some
// minutes old, or refunds made meanwhile are in neither. Charge and PaymentIntent
// narrow the export, if given.
type ExportParams struct {
	_             [0]func()
	From          time.Time
	To            time.Time
	Charge        string
	PaymentIntent string
	// ResumeAfter is the last refund that an earlier export of the same range
	// yielded; the export goes on behind it. ID and Created are enough. It needs
	// a To that has passed, or what was made since would be in no export.
	ResumeAfter Refund
	// Workers is how many requests may run at once, 1 to 64. Defaults to 8.
	Workers int
	// Progress is called after each page and when the export is complete, also
	// if it found nothing, on the goroutine that ranges.
	Progress func(ExportProgress)
}

// ExportProgress is how far an export has come. Every refund created from
// CoveredFrom on and before CoveredTo was yielded. CoveredTo is known from the
// start and is what the next export takes as its From, once this one is complete.
type ExportProgress struct {
	CoveredFrom time.Time // falls from CoveredTo to From
	CoveredTo   time.Time // To, in whole seconds and not in the future
	Refunds     int       // yielded so far
	Requests    int       // answered so far, also for pages that were not yielded yet
}

func (p ExportParams) validate() error {
	switch {
	case p.From.IsZero():
		return &ParamError{Param: "From", Reason: "say from when on"}
	case !p.To.IsZero() && p.To.Before(p.From):
		return &ParamError{Param: "To", Reason: "it is before From"}
	case p.Workers < 0 || p.Workers > maxExportWorkers:
		return &ParamError{Param: "Workers", Reason: "it must be 1 to 64; 0 leaves it to the default"}
	case (p.ResumeAfter.ID == "") != p.ResumeAfter.Created.IsZero():
		return &ParamError{Param: "ResumeAfter", Reason: "it needs both ID and Created"}
	}
	return nil
}

// Export yields every refund of a time range, newest first, each exactly once,
// as All would, but fetches many pages at once: it splits the range where the
// refunds turn out to be, so that a year with all of its refunds on one day takes
// about as long as an even one. What is of one second it cannot split: 10,000
// refunds of one second are 100 pages, one after the other. It holds at most 20
// pages per worker, goes through the client's rate limiter, and repeats what fails as any other call does. An error
// is yielded once, with a nil refund, and ends the export; ResumeAfter then goes
// on where it ended. A refund that Stripe sends outside of the range, or out of
// order, is such an error. When the loop ends, however it ends, nothing is left
// running.
//
// https://docs.stripe.com/api/refunds/list
func (s *RefundService) Export(ctx context.Context, params ExportParams, opts ...CallOption) iter.Seq2[*Refund, error] {
	return func(yield func(*Refund, error) bool) {
		e, err := s.newExport(params, opts)
		if ctx == nil {
			err = &ParamError{Param: "ctx", Reason: "the context is nil"}
		}
		if err != nil {
			yield(nil, naming("Refunds.Export", err))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		var workers sync.WaitGroup
		defer workers.Wait()
		defer e.stop()
		defer cancel()
		for range e.plan.workers {
			workers.Go(func() { e.work(ctx) })
		}
		e.yieldAll(ctx, yield)
	}
}

func (s *RefundService) newExport(params ExportParams, opts []CallOption) (*export, error) {
	var config callConfig
	if err := config.take(opts); err != nil {
		return nil, err
	}
	if config.response != nil {
		return nil, &ParamError{Param: "CaptureResponse", Reason: "an export is many calls at a time"}
	}
	if err := params.validate(); err != nil {
		return nil, err
	}
	from, to, err := params.bounds(s.client.config().now())
	if err != nil {
		return nil, err
	}
	if params.Workers == 0 {
		params.Workers = defaultExportWorkers
	}
	e := &export{plan: plan{workers: params.Workers}, progress: params.Progress, from: from, to: to}
	e.changed.L = &e.mu
	e.fetch = func(ctx context.Context, from, to int64, after string) (*RefundList, error) {
		return s.List(ctx, RefundListParams{
			Charge: params.Charge, PaymentIntent: params.PaymentIntent, Limit: maxPage, StartingAfter: after,
			Created: CreatedRange{From: time.Unix(from, 0), Before: time.Unix(to, 0)},
		}, opts...)
	}
	if from < to {
		e.plan.stretches = []*stretch{newStretch(from, to, params.ResumeAfter)}
	}
	return e, nil
}

// bounds are From and To in Unix seconds. The second that has not ended is left
// out: more refunds may be made in it.
func (p ExportParams) bounds(now time.Time) (from, to int64, err error) {
	from, to = p.From.Unix(), p.To.Unix()
	open := p.To.IsZero() || p.To.After(now)
	if open {
		to = max(from, now.Unix())
	}
	switch last := p.ResumeAfter; {
	case last.ID == "":
		return from, to, nil
	case open:
		return 0, 0, &ParamError{Param: "To", Reason: "ResumeAfter needs the To of the export that it is from, and it must have passed"}
	case last.Created.Unix() < from || last.Created.Unix() >= to:
		return 0, 0, &ParamError{Param: "ResumeAfter", Reason: "it was not created from From on and before To; is it from an export of another range?"}
	}
	return from, to, nil
}
