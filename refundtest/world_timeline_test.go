package refundtest

import (
	"math"
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
		items, _ := line.page(w)
		assert.NotEmpty(t, items, name)
		assert.Less(t, looks, 100, name)
	}
}

// Objects that are added out of order are put in order once, not each time.
func TestTimelineSortsOnce(t *testing.T) {
	looks := 0
	var line timeline[counted]
	for i := range 1000 {
		line.add(counted{moment{second: int64(i * 7919 % 1000), serial: int64(i)}, &looks})
	}
	items, more := line.page(window{limit: 3, to: math.MaxInt64})
	assert.True(t, more)
	assert.Equal(t, []int64{999, 998, 997}, []int64{items[0].at.second, items[1].at.second, items[2].at.second})
	looks = 0
	line.page(window{limit: 3, to: math.MaxInt64})
	assert.Less(t, looks, 60)
}
