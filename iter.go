package refundkit

import (
	"fmt"
	"iter"
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
		at, seen := start, map[string]bool{start.after: true, start.before: true}
		for {
			items, more, err := fetch(at)
			if err != nil {
				yield(*new(T), err)
				return
			}
			if !more && len(items) == 0 {
				return
			}
			// The cursor is checked first, so that a page that comes twice is not walked twice.
			if at, err = nextCursor(at, items, id, seen); err != nil {
				yield(*new(T), err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// nextCursor says where the page after items starts. A cursor that was used
// before would walk in a circle, so it is an error, and so is nothing to go on from.
func nextCursor[T any](at cursor, items []T, id func(T) string, seen map[string]bool) (cursor, error) {
	if len(items) == 0 {
		return at, fmt.Errorf("refundkit: Stripe sent an empty page and says that more follow: the walk stopped, it is not complete")
	}
	edge := &at.after
	item := items[len(items)-1]
	if at.before != "" {
		edge, item = &at.before, items[0]
	}
	*edge = id(item)
	if seen[*edge] {
		return at, fmt.Errorf("refundkit: Stripe sent the same page again: the walk stopped, it is not complete")
	}
	seen[*edge] = true
	return at, nil
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
