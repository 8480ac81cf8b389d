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
	pagesPerWorker       = 20 // how much may be fetched ahead
)

// ExportParams says which refunds to export: those created from From on and
// before To. A To that is zero or in the future is now, so that refunds made
// meanwhile don't disturb the export. Charge and PaymentIntent narrow it, if
// given.
type ExportParams struct {
	_             [0]func()
	From          time.Time
	To            time.Time
	Charge        string
	PaymentIntent string
	// ResumeAfter is the last refund that an earlier export of the same range
	// yielded; the export goes on behind it. ID and Created are enough.
	ResumeAfter Refund
	// Workers is how many requests may run at once, 1 to 64. Defaults to 8.
	Workers int
	// Progress is called after each page, on the goroutine that ranges.
	Progress func(ExportProgress)
}

// ExportProgress is how far an export has come.
type ExportProgress struct {
	CoveredFrom time.Time // every refund created from here to To was yielded, but for those of this very second
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
// refunds turn out to be. It holds at most 20 pages per worker, goes through
// the client's rate limiter, and repeats what fails as any other call does. An
// error is yielded once, with a nil refund, and ends the export; ResumeAfter
// then goes on where it ended. When the loop ends, however it ends, nothing is
// left running.
//
// https://docs.stripe.com/api/refunds/list
func (s *RefundService) Export(ctx context.Context, params ExportParams, opts ...CallOption) iter.Seq2[*Refund, error] {
	return func(yield func(*Refund, error) bool) {
		e, err := s.newExport(params, opts)
		if ctx == nil {
			err = &ParamError{Param: "ctx", Reason: "the context is nil"}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		var workers sync.WaitGroup
		defer workers.Wait()
		defer e.stop()
		defer cancel()
		for range e.workers {
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
	now := s.client.config().now()
	if params.To.IsZero() || params.To.After(now) {
		params.To = now
	}
	if params.Workers == 0 {
		params.Workers = defaultExportWorkers
	}
	whole := newStretch(ceil(params.From).Unix(), ceil(params.To).Unix())
	if params.To.Equal(now) {
		whole = newStretch(whole.from, now.Unix()) // the second that has not ended is left out
	}
	if last := params.ResumeAfter; last.ID != "" {
		whole.to, whole.reached, whole.after = last.Created.Unix()+1, last.Created.Unix(), last.ID
		whole.seen[last.ID] = true
	}
	e := &export{workers: params.Workers, stretches: []*stretch{whole}, progress: params.Progress}
	e.changed.L = &e.mu
	e.fetch = func(ctx context.Context, from, to int64, after string) (*RefundList, error) {
		return s.List(ctx, RefundListParams{
			Charge: params.Charge, PaymentIntent: params.PaymentIntent, Limit: maxPage, StartingAfter: after,
			Created: CreatedRange{From: time.Unix(from, 0), Before: time.Unix(to, 0)},
		}, opts...)
	}
	if whole.from >= whole.to {
		e.stretches = nil
	}
	return e, nil
}
