package refundkit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// begunPlan is a plan of 8 workers for so many pages of 1000 seconds each, of
// which the first three have arrived.
func begunPlan(pages int64) *plan {
	p := &plan{workers: 8, stretches: []*stretch{newStretch(0, pages*1000, Refund{})}}
	first := p.stretches[0]
	for range 3 {
		p.arrive(first, first.reached-1000)
	}
	return p
}

// arrive lets the next page of a stretch arrive; it reaches back to a second.
func (p *plan) arrive(s *stretch, reached int64) {
	p.buffered++
	p.requests++
	page := make([]*Refund, maxPage)
	for i := range page {
		page[i] = &Refund{Created: NewTimestamp(time.Unix(max(reached, s.from), 0))}
	}
	p.arrived(s, page, reached <= s.from)
	s.walked = false
}

func TestPlanCutsPartsThatAreWorthTheirRequests(t *testing.T) {
	for name, c := range map[string]struct {
		pages           int64
		atLeast, atMost float64
	}{
		"much is left":   {10_000, 10, 16},
		"some is left":   {83, 9, 11},
		"little is left": {20, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			p := begunPlan(c.pages)
			first := p.stretches[0]
			first.walked = true
			rest := p.next()
			require.NotNil(t, rest)
			require.Equal(t, first.from, rest.to, "no gap")
			kept := float64(first.reached-first.from) / 1000
			assert.GreaterOrEqual(t, kept, c.atLeast)
			assert.LessOrEqual(t, kept, c.atMost)
			left, seconds := p.guess(rest)
			assert.InDelta(t, 1000, seconds, 1, "what is cut off goes on at the same pace")
			assert.InDelta(t, float64(c.pages-3)-kept, left, 0.1)
			rest.walked = true
			assert.Nil(t, p.next(), "before its first page has arrived nobody knows")
		})
	}
	p := begunPlan(7)
	p.stretches[0].walked = true
	assert.Nil(t, p.next(), "too little for two")
}

// TestPlanStops fetches far behind a part that turns out to be long.
func TestPlanStops(t *testing.T) {
	p := begunPlan(10_000)
	first := p.stretches[0]
	first.walked = true
	rest := p.next()
	require.NotNil(t, rest)
	next := rest
	for ; next == rest; next = p.next() {
		p.arrive(rest, rest.reached-1000)
	}
	assert.Less(t, p.buffered, 20*p.workers, "room is left for what is needed sooner")
	assert.Greater(t, p.buffered, 16*p.workers)
	require.Len(t, p.stretches, 3)
	assert.Same(t, p.stretches[1], next, "the first is what all wait for")
	assert.Less(t, first.reached-first.from, int64(5*1000))
	first.walked = false
	for p.buffered < 20*p.workers {
		require.Same(t, first, p.next())
		p.arrive(first, first.reached-1)
	}
	assert.Nil(t, p.next(), "no more is held")
}

// TestPlanDoubtsPaces lets parts end with less than they were cut for.
func TestPlanDoubtsPaces(t *testing.T) {
	p := begunPlan(100_000)
	for range 4 {
		s := p.stretches[len(p.stretches)-1]
		for range 3 {
			p.arrive(s, s.reached-10)
		}
		pages, _ := p.guess(s)
		require.InDelta(t, float64(s.reached-s.from)/10, pages, 1, "as dense as it was at last")
		s.walked = true
		require.NotNil(t, p.next())
		p.buffered++
		p.arrived(s, nil, true)
	}
	s := p.stretches[len(p.stretches)-1]
	pages, _ := p.guess(s)
	assert.Less(t, pages, float64(s.reached-s.from)/20, "as dense as the whole export")
	assert.Greater(t, pages, float64(s.reached-s.from)/2000)
}
