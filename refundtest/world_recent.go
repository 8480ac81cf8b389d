package refundtest

// Recent holds the newest objects of a world, newest first, and how many of each
// kind there are in all.
type Recent struct {
	Charges []Charge
	Refunds []Refund
	Events  []Event

	AllCharges, AllRefunds, AllEvents int
}

// Recent returns at most n of each kind. Unlike [World.Refunds] and
// [World.Events] it takes no longer when there is more.
func (w *World) Recent(n int) (recent Recent) {
	w.server.locked(func() {
		newest := window{limit: max(n, 0), to: 1 << 62}
		charges, _ := w.allCharges.page(newest, nil)
		for _, c := range charges {
			recent.Charges = append(recent.Charges, c.public())
		}
		refunds, _ := w.allRefunds.page(newest, nil)
		for _, r := range refunds {
			recent.Refunds = append(recent.Refunds, r.public())
		}
		events, _ := w.allEvents.page(newest, nil)
		for _, e := range events {
			recent.Events = append(recent.Events, e.public())
		}
		recent.AllCharges, recent.AllRefunds, recent.AllEvents = len(w.allCharges.items), len(w.allRefunds.items), len(w.allEvents.items)
	})
	return recent
}
