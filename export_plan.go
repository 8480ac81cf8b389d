package refundkit

import "slices"

// How the work is shared out. The figures were found by measuring: bench exports
// what is spread over a year in many ways, and holds the time and the waste.
const (
	pagesPerWorker   = 20 // are held at most
	pagesAhead       = 24 // per worker, of which a stretch may be behind, as far as one can tell
	pagesReserved    = 3  // per worker, for what is needed sooner
	shortestPart     = 3  // pages
	longestPart      = 15
	longestDoubtful  = 12 // where the paces have misled
	pagesMeasured    = 3
	gap              = 4 // times as many seconds as the pages before
	tooSoonToDoubt   = 3 // parts
	requestsToExcuse = 200
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
	tooSoon   int        // parts that had less than half of the pages they were cut for
}

// stretch is a part of the range, in Unix seconds from from to before to, that
// is walked page by page, each starting after the last refund of the one before.
type stretch struct {
	from, to int64
	after    string // the last refund fetched
	reached  int64  // when that was created; to, before the first page
	pace     pace
	pages    [][]*Refund // fetched, not yielded
	fetched  int         // pages, also those yielded
	due      float64     // how many it was to have when it was cut
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
	if s, _ := p.first(func(s *stretch, _ float64) bool { return !s.walked }); s != nil {
		return s
	}
	if s, keep := p.first(p.isLong); s != nil {
		return p.cut(s, keep)
	}
	return nil
}

// first returns the newest stretch that fits, and how many pages it would keep
// if it were cut. It returns nil if too much lies before: more than may be held,
// or so much that it would find no room.
func (p *plan) first(fits func(s *stretch, keep float64) bool) (*stretch, float64) {
	workers, all := float64(p.workers), p.left()
	doubtful := p.isMisled()
	before, missing := 0, 0.0 // pages that are newer: fetched, and not
	for _, s := range p.stretches {
		before += len(s.pages)
		if s.done {
			continue
		}
		reserved := int(min(missing, pagesReserved*workers))
		tooFar := !doubtful && float64(before)+missing >= pagesAhead*workers
		if p.buffered+reserved >= p.workers*pagesPerWorker || tooFar {
			return nil, 0
		}
		keep := p.keep(p.fetched()-before, all)
		if fits(s, keep) {
			return s, keep
		}
		left, _ := p.guess(s)
		if doubtful {
			left = min(left, keep)
		}
		missing += left
	}
	return nil, 0
}

// isLong reports whether s is enough for two parts. Before its first page has
// arrived nobody knows.
func (p *plan) isLong(s *stretch, keep float64) bool {
	const enough = 1.75 // the first part may turn out to be shorter
	left, _ := p.guess(s)
	return s.begun && left > enough*keep
}

// keep is how many pages a stretch keeps when the rest of it is cut off. Each
// part ends with a page that is not full, so few pages are a waste, and many make
// all that is behind wait: the fewer, the more of that is waiting.
func (p *plan) keep(behind int, all float64) float64 {
	longest := float64(longestPart)
	if p.isMisled() {
		longest = longestDoubtful
	}
	workers := float64(p.workers)
	return max(shortestPart, min(longest, pagesPerWorker-float64(behind)/workers, all/workers))
}

// cut leaves s so many pages, and returns the rest. What a page on the way has
// of the rest is dropped when it arrives.
func (p *plan) cut(s *stretch, keep float64) *stretch {
	_, seconds := p.guess(s)
	rest := newStretch(s.from, s.reached-int64(keep*seconds), Refund{})
	rest.pace = s.pace
	rest.pace.alike += keep
	s.from, s.due = rest.to, float64(s.fetched)+keep
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
	if !p.isMisled() {
		return whole / seconds, seconds
	}
	// There are many short bursts. What holds for the whole export is the better
	// guess then; but what has gone on for a while at one pace goes on for about
	// as long.
	pages = min(whole/seconds, s.pace.alike)
	if average := p.average(); whole/average >= pages {
		return whole / average, average
	}
	return pages, seconds
}

// left is how many pages are left to fetch, as far as one can tell.
func (p *plan) left() float64 {
	all := 0.0
	for _, s := range p.stretches {
		pages, _ := p.guess(s)
		all += pages
	}
	return all
}

// fetched is how many pages wait to be yielded.
func (p *plan) fetched() int {
	pages := 0
	for _, s := range p.stretches {
		pages += len(s.pages)
	}
	return pages
}

// isMisled reports whether the paces have misled: more parts than chance explains
// ended too soon.
func (p *plan) isMisled() bool {
	return float64(p.tooSoon) >= tooSoonToDoubt+float64(p.requests)/requestsToExcuse
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
	} else {
		s.after = page[len(page)-1].ID
		s.pages = append(s.pages, page)
		s.fetched++
	}
	if done && float64(2*s.fetched) < s.due {
		p.tooSoon++
	}
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
	pages int     // measured
	alike float64 // pages since a gap
}

func (p *pace) add(seconds int64) {
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
