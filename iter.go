package refundkit

import (
	"fmt"
	"iter"
	"maps"
)

// cursor is where a page starts and how long it is.
type cursor struct {
	limit         int
	after, before string
}

// paginate walks pages from start for as long as fetch says that there is more,
// a page of 100 at a time where start does not say.
// id names the item that the next page starts from: the last one of a page or,
// towards newer items, the first.
func paginate[T any](start cursor, id func(T) string, fetch func(cursor) ([]T, bool, error)) iter.Seq2[T, error] {
	if start.limit == 0 {
		start.limit = maxPage
	}
	return func(yield func(T, error) bool) {
		at, walked := start, newTrail(start)
		for {
			items, more, err := fetch(at)
			if err != nil {
				yield(*new(T), err)
				return
			}
			if !more && len(items) == 0 {
				return
			}
			ids := idsOf(items, id)
			if at, err = walked.next(at, ids); err != nil {
				yield(*new(T), err)
				return
			}
			for i, item := range items {
				if walked.isNew(ids[i]) && !yield(item, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

func idsOf[T any](items []T, id func(T) string) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = id(item)
	}
	return ids
}

// trail is what a walk remembers, so that it never goes in a circle, and yields
// an item once where a page begins with the end of the one before.
type trail struct {
	cursors      map[string]bool // all that were used
	before, page map[string]bool // the items of the page before, and of this one
}

func newTrail(start cursor) *trail {
	used := map[string]bool{start.after: true, start.before: true}
	return &trail{cursors: used, page: maps.Clone(used)}
}

// next says where the page after the one of ids starts. A cursor that was used
// before would walk in a circle, so it is an error, and so is nothing to go on
// from. It is asked first, so that a page that comes twice is not walked twice.
func (t *trail) next(at cursor, ids []string) (cursor, error) {
	if len(ids) == 0 {
		return at, fmt.Errorf("refundkit: Stripe sent an empty page and says that more follow: the walk stopped, it is not complete")
	}
	edge, id := &at.after, ids[len(ids)-1]
	if at.before != "" {
		edge, id = &at.before, ids[0]
	}
	if t.cursors[id] {
		return at, fmt.Errorf("refundkit: Stripe sent the same page again: the walk stopped, it is not complete")
	}
	*edge, t.cursors[id] = id, true
	t.before, t.page = t.page, make(map[string]bool, len(ids))
	return at, nil
}

// isNew reports whether an item of this page was neither on the page before nor
// earlier on this one.
func (t *trail) isNew(id string) bool {
	is := !t.before[id] && !t.page[id]
	t.page[id] = true
	return is
}

func validatePage(limit int, after, before string) error {
	switch {
	case limit < 0 || limit > maxPage:
		return &ParamError{Param: "limit", Reason: "a page holds 1 to 100; 0 leaves it to the default"}
	case after != "" && before != "":
		return &ParamError{Param: "ending_before", Reason: "give only one of StartingAfter and EndingBefore"}
	}
	return nil
}
