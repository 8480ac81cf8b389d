package refundtest

import (
	"cmp"
	"slices"
	"sort"
)

// moment is a place in a timeline: the second of creation, and the order of
// creation within it.
type moment struct{ second, serial int64 }

func (m moment) compare(other moment) int {
	if c := cmp.Compare(m.second, other.second); c != 0 {
		return c
	}
	return cmp.Compare(m.serial, other.serial)
}

type dated interface{ when() moment }

// timeline keeps objects by the time of their creation, oldest first, so that
// every page is found by binary search.
type timeline[T dated] struct {
	items    []T
	unsorted bool
}

func (t *timeline[T]) add(item T) {
	if n := len(t.items); n > 0 && item.when().compare(t.items[n-1].when()) < 0 {
		t.unsorted = true
	}
	t.items = append(t.items, item)
}

// remove takes an item out.
func (t *timeline[T]) remove(item T) {
	t.items = slices.DeleteFunc(t.items, func(other T) bool { return other.when() == item.when() })
}

// keep drops and returns what is older than the last limit items; 0 keeps all.
func (t *timeline[T]) keep(limit int) (dropped []T) {
	if limit == 0 || len(t.items) <= limit {
		return nil
	}
	dropped = slices.Clone(t.sorted()[:len(t.items)-limit])
	t.items = newest(t.items, limit)
	return dropped
}

func (t *timeline[T]) sorted() []T {
	if t.unsorted {
		slices.SortFunc(t.items, func(a, b T) int { return a.when().compare(b.when()) })
		t.unsorted = false
	}
	return t.items
}

// before returns how many items are older than m, or at m if inclusive.
func (t *timeline[T]) before(m moment, inclusive bool) int {
	items := t.sorted()
	return sort.Search(len(items), func(i int) bool {
		c := items[i].when().compare(m)
		return c > 0 || c == 0 && !inclusive
	})
}

// window is what a list request asks for.
type window struct {
	limit         int
	from, to      int64 // created, both inclusive
	startingAfter *moment
	endingBefore  *moment
}

// page returns those items of a window that wants lets pass, newest first, and
// whether there are more in the direction of travel. It looks at no item beyond
// the first that is too many. Without wants it returns all.
func (t *timeline[T]) page(w window, wants func(T) bool) (items []T, more bool) {
	low := t.before(moment{second: w.from, serial: -1}, false)
	high := t.before(moment{second: w.to, serial: 1 << 62}, true)
	if w.endingBefore != nil {
		low = max(low, t.before(*w.endingBefore, true))
	}
	if w.startingAfter != nil {
		high = min(high, t.before(*w.startingAfter, false))
	}
	for i := range max(0, high-low) {
		at := high - 1 - i
		if w.endingBefore != nil {
			at = low + i
		}
		item := t.items[at]
		if wants != nil && !wants(item) {
			continue
		}
		if len(items) == w.limit {
			more = true
			break
		}
		items = append(items, item)
	}
	if w.endingBefore != nil {
		slices.Reverse(items)
	}
	return items, more
}
