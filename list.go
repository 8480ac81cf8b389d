package refundkit

import "fmt"

// checkList reports what is wrong with a page: it is no list, or holds something
// else than what was asked for.
func checkList[T any, P interface {
	*T
	checker
}](object string, items []P) error {
	if object != "list" || items == nil {
		return fmt.Errorf("the body is not a list")
	}
	for i, item := range items {
		if item == nil {
			return fmt.Errorf("item %d of the list is null", i)
		}
		if err := item.check(); err != nil {
			return fmt.Errorf("item %d of the list: %w", i, err)
		}
	}
	return nil
}

// decidesList includes has_more: a walk that ends too early does not see everything.
func decidesList(member string) bool {
	switch member {
	case "object", "data", "has_more":
		return true
	}
	return false
}

// paged is what every list has, whatever is on it.
type paged[T any] interface{ page() (items []T, more bool) }

// pageOf is a page as paginate takes it.
func pageOf[T any](list paged[T], err error) ([]T, bool, error) {
	if err != nil {
		return nil, false, err
	}
	items, more := list.page()
	return items, more, nil
}
