package refundkit

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// export is one walk over a time range. Workers take the newest stretch that
// nobody walks and fetch its next page; a worker that finds none splits one. The
// caller's goroutine yields the pages of the first stretch, then of the next.
type export struct {
	workers  int
	fetch    func(ctx context.Context, from, to int64, after string) (*RefundList, error)
	progress func(ExportProgress)
	from, to int64 // in Unix seconds

	mu        sync.Mutex
	changed   sync.Cond
	stretches []*stretch // newest first, without gaps
	buffered  int        // pages fetched or being fetched, and not yielded
	requests  int
	density   density // where pages were fetched lately
	stopped   bool
	err       error
	crash     *crash
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

// stretch is a part of the range, in Unix seconds from from to before to, that
// is walked page by page, each starting after the last refund of the one before.
type stretch struct {
	from, to int64
	after    string // the last refund fetched
	reached  int64  // when that was created; to, before the first page
	density  density
	pages    [][]*Refund // fetched, not yielded
	walked   bool        // a worker is fetching its next page
	done     bool        // nothing is left to fetch
	trail    *trail
}

// newStretch returns what is left of a range after the last refund that was
// yielded, or all of it.
func newStretch(from, to int64, last Refund) *stretch {
	s := &stretch{from: from, to: to, reached: to, after: last.ID, trail: newTrail(cursor{after: last.ID})}
	if last.ID != "" {
		s.reached = last.Created.Unix()
		s.to = s.reached + 1
	}
	return s
}

// How a stretch is split: the newer part keeps about half of what is left, but
// no more than fits into a worker's share. Each part ends with a page that is
// not full, so parts are not made too small.
const (
	mostPagesKept = 18
	leastPages    = 4
)

// work fetches pages until there are none left, or the export stops.
func (e *export) work(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		next := e.next()
		if next == nil {
			if e.stopped || e.finished() {
				return
			}
			e.changed.Wait()
			continue
		}
		next.walked = true
		e.buffered++
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
		e.requests++
		e.arrived(s, asked, list, err)
	}()
	list, err = e.fetch(ctx, asked.from, asked.to, asked.after)
	returned = true
}

// next returns the newest stretch whose next page may be fetched now, splitting
// one if every stretch is being walked. What is fetched is kept until all before
// it was yielded, so nothing is fetched that probably lies too far ahead.
func (e *export) next() *stretch {
	if e.stopped {
		return nil
	}
	most := e.workers * pagesPerWorker
	room, ahead := e.buffered < most, 0.0
	for _, s := range e.stretches {
		if s.done {
			ahead += float64(len(s.pages))
			continue
		}
		if !room {
			return nil
		}
		if !s.walked && ahead < float64(most) {
			return s
		}
		room = e.buffered < most-pagesPerWorker // the rest is for the front, which all others wait for
		ahead += float64(len(s.pages)) + e.pagesLeft(s)
	}
	if !room {
		return nil
	}
	return e.split()
}

// split cuts the older part off the newest stretch that is long enough for two
// full parts, or else off the longest, and returns it; or nil if nowhere is
// enough left to be worth a request of its own.
func (e *export) split() *stretch {
	longest, most := -1, float64(leastPages)
	for i, s := range e.stretches {
		if pages := e.pagesLeft(s); !s.done && pages >= most && most < 2*mostPagesKept {
			longest, most = i, pages
		}
	}
	if longest < 0 {
		return nil
	}
	s := e.stretches[longest]
	cut := s.reached - int64(float64(s.reached-s.from)*min(most/2, mostPagesKept)/most)
	if cut <= s.from || cut >= s.reached {
		return nil
	}
	rest := newStretch(s.from, cut, Refund{})
	s.from = cut
	e.stretches = slices.Insert(e.stretches, longest+1, rest)
	return rest
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
	e.measure(s, list)
	// The stretch may have been cut short while its page was on the way.
	whole := len(page)
	for len(page) > 0 && page[len(page)-1].Created.Unix() < s.from {
		page = page[:len(page)-1]
	}
	s.done = !list.HasMore || len(page) < whole
	if len(page) == 0 {
		e.buffered--
		return
	}
	last := page[len(page)-1]
	s.after, s.reached = last.ID, last.Created.Unix()
	s.pages = append(s.pages, page)
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

// measure learns how dense the refunds are where the page was.
func (e *export) measure(s *stretch, list *RefundList) {
	end := s.from
	if list.HasMore {
		end = list.Data[len(list.Data)-1].Created.Unix()
	}
	s.density.add(len(list.Data), s.reached-end)
	e.density.add(len(list.Data), s.reached-end)
}

// density is how many refunds were found in how many seconds, where older
// findings count less and less.
type density struct{ refunds, seconds float64 }

func (d *density) add(refunds int, seconds int64) {
	const fade = 0.6
	d.refunds = d.refunds*fade + float64(refunds)
	d.seconds = d.seconds*fade + float64(max(1, seconds))
}

// rate is in refunds a second; 0 before anything was found.
func (d *density) rate() float64 { return d.refunds / max(1, d.seconds) }

// pagesLeft guesses how many pages of s are still to be fetched.
func (e *export) pagesLeft(s *stretch) float64 {
	density := &e.density
	if s.after != "" {
		density = &s.density
	}
	return density.rate() * float64(s.reached-s.from) / maxPage
}

// finished reports whether nothing is left to fetch.
func (e *export) finished() bool {
	for _, s := range e.stretches {
		if !s.done {
			return false
		}
	}
	return true
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
		for len(e.stretches) > 0 && e.stretches[0].done && len(e.stretches[0].pages) == 0 {
			e.stretches = slices.Delete(e.stretches, 0, 1)
		}
		switch {
		case e.crash != nil:
			e.crash.resume()
		case e.err != nil:
			return nil, e.requests, e.err
		case len(e.stretches) == 0:
			return nil, e.requests, nil
		}
		if first := e.stretches[0]; len(first.pages) > 0 {
			page = first.pages[0]
			first.pages = slices.Delete(first.pages, 0, 1) // and does not hold on to the page, as a slice of the rest would
			e.buffered--
			e.changed.Broadcast()
			return page, e.requests, nil
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
