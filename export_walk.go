package refundkit

import (
	"context"
	"slices"
	"sync"
)

// export is one walk over a time range. Workers take the newest stretch that
// nobody walks and fetch its next page; a worker that finds none splits one. The
// caller's goroutine yields the pages of the first stretch, then of the next.
type export struct {
	workers  int
	fetch    func(ctx context.Context, from, to int64, after string) (*RefundList, error)
	progress func(ExportProgress)

	mu        sync.Mutex
	changed   sync.Cond
	stretches []*stretch // newest first, without gaps
	buffered  int        // pages fetched or being fetched, and not yielded
	requests  int
	density   density // where pages were fetched lately
	stopped   bool
	err       error
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
	seen     map[string]bool
}

func newStretch(from, to int64) *stretch {
	return &stretch{from: from, to: to, reached: to, seen: map[string]bool{}}
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
		from, to, after := next.from, next.to, next.after
		e.mu.Unlock()
		list, err := e.fetch(ctx, from, to, after)
		e.mu.Lock()
		e.requests++
		e.arrived(next, list, err)
		e.changed.Broadcast()
	}
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
	rest := newStretch(s.from, cut)
	s.from = cut
	e.stretches = slices.Insert(e.stretches, longest+1, rest)
	return rest
}

// arrived takes a page in.
func (e *export) arrived(s *stretch, list *RefundList, err error) {
	s.walked = false
	if e.stopped {
		return
	}
	if err == nil && (list.HasMore || len(list.Data) > 0) {
		_, err = nextCursor(cursor{}, list.Data, refundID, s.seen) // as any other walk, it never goes in a circle
	}
	if err != nil {
		e.err, e.stopped = err, true
		return
	}
	e.measure(s, list)
	page := list.Data
	// The stretch may have been cut short while its page was on the way.
	for len(page) > 0 && page[len(page)-1].Created.Unix() < s.from {
		page = page[:len(page)-1]
	}
	s.done = !list.HasMore || len(page) < len(list.Data)
	if len(page) == 0 {
		e.buffered--
		return
	}
	last := page[len(page)-1]
	s.after, s.reached = last.ID, last.Created.Unix()
	s.pages = append(s.pages, page)
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
			return
		}
		for _, refund := range page {
			if !yield(refund, nil) {
				return
			}
		}
		yielded += len(page)
		if e.progress != nil {
			e.progress(ExportProgress{CoveredFrom: page[len(page)-1].Created.Time, Refunds: yielded, Requests: requests})
		}
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
