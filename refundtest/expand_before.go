package refundtest

// expandableBefore is expandable for what stands before a payment.
func expandableBefore(kind string) map[string]string {
	switch kind {
	case "invoice_settings":
		return map[string]string{"default_payment_method": kindMethod}
	case kindCard:
		return map[string]string{"customer": kindCustomer}
	case "list of card":
		return map[string]string{"data": kindCard}
	case kindSession:
		return map[string]string{"customer": kindCustomer, "line_items": "list of line items", "payment_intent": kindIntent,
			"invoice": "invoice", "payment_link": "payment_link", "setup_intent": "setup_intent", "subscription": "subscription"}
	case "list of line items":
		return map[string]string{"data": "item"}
	}
	return nil
}

// included is a list that an object shows only when it is asked for; nil if it
// is no such list.
func (w *World) included(o object, name string) object {
	switch {
	case name == "sources" && o["object"] == kindCustomer:
		if c := w.liveCustomer(asID(o)); c != nil {
			return c.showCards()
		}
	case name == "line_items" && o["object"] == kindSession:
		if s := w.sessions[asID(o)]; s != nil {
			return s.showItems()
		}
	}
	return nil
}
