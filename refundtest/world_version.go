package refundtest

import "maps"

// withLists returns o as it was before 2022-11-15: every charge in it lists its
// refunds, every PaymentIntent its charges.
func (w *World) withLists(o object) object {
	if o["object"] == kindEvent {
		return o // what it shows is over
	}
	older := maps.Clone(o)
	for name, value := range older {
		older[name] = w.listsIn(value)
	}
	switch older["object"] {
	case kindCharge:
		if c := w.charges[asID(o)]; c != nil && older["refunds"] == nil {
			older["refunds"] = c.showRefunds()
		}
	case kindIntent:
		if p := w.intents[asID(o)]; p != nil && older["charges"] == nil {
			older["charges"] = w.withLists(p.showCharges())
		}
	}
	return older
}

func (w *World) listsIn(value any) any {
	switch v := value.(type) {
	case object:
		return w.withLists(v)
	case []any:
		items := make([]any, 0, len(v))
		for _, item := range v {
			items = append(items, w.listsIn(item))
		}
		return items
	}
	return value
}

// showCharges is the list that old versions put into a PaymentIntent.
func (p *intent) showCharges() object {
	items, more := p.charges.page(window{limit: 10, to: 1 << 62}, nil)
	return object{"object": "list", "data": showAll(items), "has_more": more,
		"total_count": int64(len(p.charges.items)), "url": "/v1/charges?payment_intent=" + p.id}
}
