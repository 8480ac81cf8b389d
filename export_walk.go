package refundkit

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// export is one walk over a time range. Workers fetch the pages that its plan
// names. The caller's goroutine yields the pages of the first stretch, then of
// the next.
type export struct {
	fetch    func(ctx context.Context, from, to int64, after string) (*RefundList, error)
	progress func(ExportProgress)
	from, to int64 // in Unix seconds

	mu      sync.Mutex
	changed sync.Cond
	plan    plan
	stopped bool
	err     error
	crash   *crash
}

// crash is how a fetch ended that did not return: it panicked with a value, or
// it ended its goroutine.
type crash struct{ value any }

// resume lets the crash go on where the caller can see it.
func (c *crash) resume() {
	if c.value == nil {
		runtime.Goexit() // such as t.FailNow in a transport
	}
	panic(c.value)
}

// work fetches pages until there are none left, or the export stops.
func (e *export) work(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for !e.stopped {
		next := e.plan.next()
		if next == nil {
			if e.plan.isFetched() {
				return
			}
			e.changed.Wait()
			continue
		}
		next.walked = true
		e.plan.buffered++
		e.fetchPage(ctx, next)
		e.changed.Broadcast()
	}
}

// fetchPage fetches the next page of a stretch. It is called with the lock held,
// and lets it go while it waits. What runs in there may be the caller's code.
func (e *export) fetchPage(ctx context.Context, s *stretch) {
	asked := *s
	e.mu.Unlock()
	var list *RefundList
	var err error
	returned := false
	defer func() {
		value := recover()
		e.mu.Lock()
		if !returned {
			e.crash, e.stopped = &crash{value}, true
			e.changed.Broadcast()
			return
		}
		e.plan.requests++
		e.arrived(s, asked, list, err)
	}()
	list, err = e.fetch(ctx, asked.from, asked.to, asked.after)
	returned = true
}

// arrived keeps a page of a stretch that was as asked when the page was asked for.
func (e *export) arrived(s *stretch, asked stretch, list *RefundList, err error) {
	s.walked = false
	if e.stopped {
		return
	}
	page, err := newRefunds(asked, list, err)
	if err != nil {
		e.err, e.stopped = err, true
		return
	}
	// The stretch may have been cut short while its page was on the way.
	whole := len(page)
	for len(page) > 0 && page[len(page)-1].Created.Unix() < s.from {
		page = page[:len(page)-1]
	}
	e.plan.arrived(s, page, !list.HasMore || len(page) < whole)
}

// newRefunds returns the refunds of a page that the pages before did not have.
// As any other walk, it never goes in a circle; and as it knows the order, it
// finds every refund that does not belong here.
func newRefunds(asked stretch, list *RefundList, err error) ([]*Refund, error) {
	if err != nil || !list.HasMore && len(list.Data) == 0 {
		return nil, err
	}
	ids := idsOf(list.Data, refundID)
	if _, err := asked.trail.next(cursor{}, ids); err != nil {
		return nil, err
	}
	page := make([]*Refund, 0, len(ids))
	newest := min(asked.reached, asked.to-1)
	for i, refund := range list.Data {
		if !asked.trail.isNew(ids[i]) {
			continue
		}
		created := refund.Created.Unix()
		if created < asked.from || created > newest {
			return nil, fmt.Errorf("refundkit: Stripe sent a refund that was created at %s where one of %s to %s was due, out of order or out of the range: the export stopped, it is not complete; does something on the way ignore created?",
				refund.Created.Format(time.RFC3339), NewTimestamp(time.Unix(asked.from, 0)).Format(time.RFC3339), NewTimestamp(time.Unix(newest, 0)).Format(time.RFC3339))
		}
		newest = created
		page = append(page, refund)
	}
	return page, nil
}

// yieldAll hands the pages to the caller, in order.
func (e *export) yieldAll(ctx context.Context, yield func(*Refund, error) bool) {
	yielded := 0
	for {
		page, requests, err := e.nextPage()
		if end := ctx.Err(); end != nil && page != nil {
			err = &TransportError{Op: "Refunds.Export", Err: end} // what was fetched ahead is not worth a wait
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if page == nil {
			e.tell(e.from, yielded, requests)
			return
		}
		for _, refund := range page {
			if !yield(refund, nil) {
				return
			}
		}
		yielded += len(page)
		e.tell(page[len(page)-1].Created.Unix()+1, yielded, requests) // of that second more may follow
	}
}

func (e *export) tell(coveredFrom int64, yielded, requests int) {
	if e.progress != nil {
		e.progress(ExportProgress{
			CoveredFrom: time.Unix(coveredFrom, 0).UTC(), CoveredTo: time.Unix(e.to, 0).UTC(), Refunds: yielded, Requests: requests,
		})
	}
}

// nextPage waits for the next page in order. It returns nil at the end.
func (e *export) nextPage() (page []*Refund, requests int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		if e.crash != nil {
			e.crash.resume()
		}
		if e.err != nil {
			return nil, e.plan.requests, e.err
		}
		page = e.plan.take()
		if page != nil {
			e.changed.Broadcast()
		}
		if page != nil || len(e.plan.stretches) == 0 {
			return page, e.plan.requests, nil
		}
		e.changed.Wait()
	}
}

// stop lets the workers end.
func (e *export) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopped = true
	e.changed.Broadcast()
}
