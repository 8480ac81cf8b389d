package refundtest

import "math"

// listPage answers a list request with what wants lets pass of a timeline, which is
// all without wants. find returns the object that a cursor names.
func listPage[T interface {
	dated
	shown
}](x *exchange, line *timeline[T], kind string, find func(id string) dated, wants func(T) bool) (object, *refusal) {
	w, refused := x.window(kind, find)
	if refused != nil {
		return nil, refused
	}
	items, more := line.page(w, wants)
	return x.showPage(showAll(items), more), nil
}

func (x *exchange) showPage(data []any, more bool) object {
	return object{"object": "list", "data": data, "has_more": more, "url": x.request.URL.Path}
}

const (
	defaultLimit = 10
	maxLimit     = 100
)

// window reads what every list endpoint takes. Whether the cursors exist is
// looked at before whether there are two of them.
func (x *exchange) window(kind string, find func(id string) dated) (window, *refusal) {
	w := window{limit: defaultLimit, from: 0, to: math.MaxInt64}
	if x.params.has("limit") {
		w.limit = int(min(max(x.params.number("limit"), 1), maxLimit))
	}
	for name, cursor := range map[string]**moment{"starting_after": &w.startingAfter, "ending_before": &w.endingBefore} {
		if !x.params.has(name) {
			continue
		}
		id := x.params.text(name)
		found := find(id)
		if found == nil {
			return w, invalid(name, "resource_missing", "No such %s is known here: '%s'.", kind, printable(id))
		}
		at := found.when()
		*cursor = &at
	}
	if w.startingAfter != nil && w.endingBefore != nil {
		return w, invalid("", "", "Send either starting_after or ending_before.")
	}
	w.narrow(x.params.child("created"))
	return w, nil
}

// narrow applies the created filter.
func (w *window) narrow(created *node) {
	if created == nil {
		return
	}
	if created.leaf {
		w.from = created.number()
		w.to = w.from
		return
	}
	for _, name := range created.names {
		bound := created.number(name)
		switch name {
		case "gt":
			w.from = max(w.from, min(bound, math.MaxInt64-1)+1)
		case "gte":
			w.from = max(w.from, bound)
		case "lt":
			w.to = min(w.to, max(bound, math.MinInt64+1)-1)
		case "lte":
			w.to = min(w.to, bound)
		}
	}
}
