package refundkit

import "slices"

// How the work is shared out. The figures were found by measuring: bench exports
// what is spread over a year in many ways, and holds the time and the waste.
const (
	pagesPerWorker = 20  // are held at most
	pagesReserved  = 2   // for each stretch before, which is needed sooner
	longestPart    = 15  // pages
	shortestPart   = 1.5 // pages
	pagesMeasured  = 4
)

// plan is how a range is cut into stretches, and what was fetched of them. It
// decides what a worker that is free does next, and knows neither requests nor
// locks.
type plan struct {
	workers   int
	stretches []*stretch // newest first, without gaps
	buffered  int        // pages fetched or being fetched, and not yielded
	requests  int        // answered
	refunds   int        // found, each counted once
	seconds   int64      // in which they were found
}

// stretch is a part of the range, in Unix seconds from from to before to, that
// is walked page by page, each starting after the last refund of the one before.
type stretch struct {
	from, to int64
	after    string // the last refund fetched
	reached  int64  // when that was created; to, before the first page
	pace     pace
	pages    [][]*Refund // fetched, not yielded
	begun    bool        // its first page has arrived
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

// next returns the stretch whose next page is to be fetched now, or nil: the
// first that nobody walks, or what it cuts off the first that is long enough.
// The newest go first, as what is fetched behind them has to wait for them.
func (p *plan) next() *stretch {
	if s := p.first(func(s *stretch) bool { return !s.walked }); s != nil {
		return s
	}
	if s := p.first(p.isLong); s != nil {
		return p.cut(s)
	}
	return nil
}

// first returns the newest stretch that fits, unless too much lies before it: as
// much as may be held, or as leaves no room for what is needed sooner.
func (p *plan) first(fits func(*stretch) bool) *stretch {
	most := p.most()
	room, ahead := most, 0.0
	for _, s := range p.stretches {
		ahead += float64(len(s.pages))
		if s.done {
			continue
		}
		if p.buffered >= room || ahead >= float64(most) {
			return nil
		}
		if fits(s) {
			return s
		}
		left, _ := p.guess(s)
		ahead += left
		room = max(room-pagesReserved, most-pagesReserved*p.workers)
	}
	return nil
}

// most is how many pages may be held.
func (p *plan) most() int { return p.workers * pagesPerWorker }

// isLong reports whether s is enough for two parts. Before its first page has
// arrived nobody knows.
func (p *plan) isLong(s *stretch) bool {
	left, _ := p.guess(s)
	return s.begun && left > 2*p.keep(s)
}

// keep is how many pages s keeps when the rest of it is cut off. Each part ends
// with a page that is not full, so few pages are a waste, and many make all that
// is behind wait: the fewer, the more of that is waiting.
func (p *plan) keep(s *stretch) float64 {
	behind, all := 0, 0.0
	for _, other := range slices.Backward(p.stretches) {
		if other == s {
			break
		}
		behind += len(other.pages)
	}
	for _, other := range p.stretches {
		left, _ := p.guess(other)
		all += left
	}
	workers := float64(p.workers)
	return max(shortestPart, min(longestPart, float64(p.most()-behind)/workers, all/workers))
}

// cut leaves s as many pages as it is to keep, and returns the rest. What a page
// on the way has of the rest is dropped when it arrives.
func (p *plan) cut(s *stretch) *stretch {
	_, seconds := p.guess(s)
	keep := p.keep(s)
	rest := newStretch(s.from, s.reached-int64(keep*seconds), Refund{})
	rest.pace = s.pace
	rest.pace.alike += int(keep)
	s.from = rest.to
	p.stretches = slices.Insert(p.stretches, slices.Index(p.stretches, s)+1, rest)
	return rest
}

// guess returns how many pages of s are left, and how many seconds one of them
// covers.
func (p *plan) guess(s *stretch) (pages, seconds float64) {
	if s.done {
		return 0, 0
	}
	whole := float64(s.reached - s.from)
	seconds = s.pace.seconds()
	if !p.isWasteful() {
		return whole / seconds, seconds
	}
	// The paces have misled: there are many short bursts. What holds for the whole
	// export is the better guess then; but what has gone on for a while at one pace
	// goes on for about twice as long.
	pages = min(whole/seconds, float64(2*s.pace.alike))
	if average := p.average(); whole/average >= pages {
		return whole / average, average
	}
	return pages, seconds
}

// isWasteful reports whether parts ended so soon that too many requests brought
// little.
func (p *plan) isWasteful() bool {
	wasted := float64(p.requests) - float64(p.refunds)/maxPage
	return wasted > 3+0.05*float64(p.requests)
}

// average is how many seconds a page has covered in the whole export.
func (p *plan) average() float64 {
	return float64(max(1, p.seconds)) * maxPage / float64(max(1, p.refunds))
}

// arrived keeps a page of s. The page may be shorter than what was sent: done
// says whether it reaches the end of s.
func (p *plan) arrived(s *stretch, page []*Refund, done bool) {
	reached := s.from
	if !done {
		reached = page[len(page)-1].Created.Unix()
		s.pace.add(s.reached - reached)
	}
	p.refunds += len(page)
	p.seconds += s.reached - reached
	s.reached, s.begun, s.done = reached, true, done
	if len(page) == 0 {
		p.buffered--
		return
	}
	s.after = page[len(page)-1].ID
	s.pages = append(s.pages, page)
}

// take returns the next page in order, or nil if it has not arrived yet.
func (p *plan) take() []*Refund {
	for len(p.stretches) > 0 && p.stretches[0].done && len(p.stretches[0].pages) == 0 {
		p.stretches = slices.Delete(p.stretches, 0, 1)
	}
	if len(p.stretches) == 0 || len(p.stretches[0].pages) == 0 {
		return nil
	}
	first := p.stretches[0]
	page := first.pages[0]
	first.pages = slices.Delete(first.pages, 0, 1) // and does not hold on to the page, as a slice of the rest would
	p.buffered--
	return page
}

// isFetched reports whether nothing is left to fetch.
func (p *plan) isFetched() bool {
	return !slices.ContainsFunc(p.stretches, func(s *stretch) bool { return !s.done })
}

// pace is how many seconds each of the last pages of a stretch covered. What is
// cut off goes on at the pace of the stretch that it was cut off.
type pace struct {
	last  [pagesMeasured]int64
	pages int // measured
	alike int // pages since a gap
}

func (p *pace) add(seconds int64) {
	const gap = 4 // times as long as the pages before
	if p.pages > 0 && float64(seconds) > gap*p.seconds() {
		p.alike = 0
	}
	p.last[p.pages%pagesMeasured] = seconds
	p.pages++
	p.alike++
}

func (p *pace) seconds() float64 {
	sum := int64(0)
	for _, seconds := range p.last {
		sum += seconds
	}
	return float64(max(1, sum)) / float64(max(1, min(p.pages, pagesMeasured)))
}
