package refundtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// counted is an item that counts how often a timeline looks at it.
type counted struct {
	at    moment
	looks *int
}

func (c counted) when() moment {
	*c.looks++
	return c.at
}

// A page must cost the same at any length of the list, wherever it is: the
// looks are counted, which no machine makes slower.
func TestPageLooksAtFewItems(t *testing.T) {
	looks := 0
	var line timeline[counted]
	const n = 100_000
	for i := range n {
		line.add(counted{moment{second: int64(i / 3), serial: int64(i)}, &looks})
	}
	at := func(i int) *moment { return &moment{second: int64(i / 3), serial: int64(i)} }
	for name, w := range map[string]window{
		"newest":    {limit: 100, to: math.MaxInt64},
		"middle":    {limit: 100, to: math.MaxInt64, startingAfter: at(n / 2)},
		"oldest":    {limit: 100, to: math.MaxInt64, startingAfter: at(50)},
		"backwards": {limit: 100, to: math.MaxInt64, endingBefore: at(n / 2)},
		"created":   {limit: 100, from: 500, to: 20_000},
	} {
		looks = 0
		items, _ := line.page(w, nil)
		assert.NotEmpty(t, items, name)
		assert.Less(t, looks, 100, name)
		asked := 0
		items, _ = line.page(w, func(c counted) bool { asked++; return c.at.serial%3 == 0 })
		assert.NotEmpty(t, items, name)
		assert.LessOrEqual(t, asked, 303, name)
	}
}

// A page is what is left when everything is looked at: whatever is wanted, from
// wherever, in both directions.
func TestPageIsThatOfAPlainFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		var line timeline[counted]
		for i := range random.IntN(20) {
			line.add(counted{moment{second: random.Int64N(8), serial: int64(i)}, new(int)})
		}
		every, odd := 1+random.Int64N(4), random.IntN(2) == 1
		var wants func(counted) bool
		if every > 1 {
			wants = func(c counted) bool { return (c.at.serial%every == 0) != odd }
		}
		w := window{limit: 1 + random.IntN(5), from: random.Int64N(4), to: 3 + random.Int64N(6)}
		cursor := moment{second: random.Int64N(8), serial: random.Int64N(20)}
		switch random.IntN(3) {
		case 0:
			w.startingAfter = &cursor
		case 1:
			w.endingBefore = &cursor
		}
		items, more := line.page(w, wants)
		expected, expectedMore := plainPage(line.items, w, wants)
		if !assert.Equal(t, expected, items) || !assert.Equal(t, expectedMore, more) {
			t.Fatalf("%+v, cursor %+v, each %d", w, cursor, every)
		}
	}
}

// plainPage looks at every item, in the order in which a list shows them.
func plainPage(all []counted, w window, wants func(counted) bool) (items []counted, more bool) {
	for _, c := range all {
		switch {
		case c.at.second < w.from, c.at.second > w.to, wants != nil && !wants(c):
		case w.startingAfter != nil && c.at.compare(*w.startingAfter) >= 0:
		case w.endingBefore != nil && c.at.compare(*w.endingBefore) <= 0:
		default:
			items = append(items, c)
		}
	}
	slices.SortFunc(items, func(a, b counted) int { return b.at.compare(a.at) })
	if len(items) <= w.limit {
		return items, false
	}
	if w.endingBefore != nil {
		return items[len(items)-w.limit:], true
	}
	return items[:w.limit], true
}

// Objects that are added out of order are put in order once, not each time.
func TestTimelineSortsOnce(t *testing.T) {
	looks := 0
	var line timeline[counted]
	for i := range 1000 {
		line.add(counted{moment{second: int64(i * 7919 % 1000), serial: int64(i)}, &looks})
	}
	items, more := line.page(window{limit: 3, to: math.MaxInt64}, nil)
	assert.True(t, more)
	assert.Equal(t, []int64{999, 998, 997}, []int64{items[0].at.second, items[1].at.second, items[2].at.second})
	looks = 0
	line.page(window{limit: 3, to: math.MaxInt64}, nil)
	assert.Less(t, looks, 60)
}
