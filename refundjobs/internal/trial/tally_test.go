//go:build unix

package trial

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// counts is what was done.
type counts struct {
	numbered, killed, inRequest, restarts, cuts, stops, rescued int
	deleted, discarded, jumps                                   int
	deliveries, undelivered, refusedDecisions, riverPanics      int
	dashboards, paused, pausedItself                            int
	jumped, ordealTime, wholeTime                               time.Duration
	decisions                                                   map[string]int
}

// tally is what the customers got, and what the rows say.
type tally struct {
	orders, once, givenUp, twice, lost int
	undone, undoneRefunded             int
	different                          int      // rows that say something else than Stripe
	wrong                              []string // the first of what is wrong
	requests, faults, sends            int
	counts
	seed uint64
}

func (t *tally) found(counter *int, format string, args ...any) {
	*counter++
	if len(t.wrong) < 20 {
		t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
	}
}

// tally compares the orders and the rows with what Stripe did.
func (o *ordeal) tally() tally {
	t := tally{orders: len(o.orders), undone: len(o.undone), counts: o.counts, seed: o.seed}
	for _, request := range o.server.Requests() {
		if request.Header.Get(headerWorker) == "" {
			continue // the trial's own
		}
		t.requests++
		if request.Fault != "" {
			t.faults++
		}
		if request.Method == "POST" {
			t.sends++
		}
	}
	committed, err := number(o.t.Context(), o.store.database(), `SELECT count(*) FROM trial_orders`)
	require.NoError(o.t, err)
	if committed != len(o.orders) {
		t.found(&t.lost, "%d orders were canceled, and the database has %d", len(o.orders), committed)
	}
	made := map[string][]refundtest.Refund{}
	for _, refund := range o.refunds() {
		if name := refund.Metadata[refundkit.ReferenceMetadataKey]; name != "" {
			made[name] = append(made[name], refund)
		}
	}
	for _, name := range o.undone {
		if len(made[name]) > 0 {
			t.found(&t.undoneRefunded, "%s was rolled back, and refunded", name)
		}
	}
	rows := map[string]row{}
	if o.way == byRow {
		for _, r := range o.rows("WHERE kind = 'refund'") {
			rows[r.name] = r
		}
		if len(rows) != len(o.orders) {
			t.found(&t.different, "%d orders, and %d rows", len(o.orders), len(rows))
		}
	}
	for _, order := range o.orders {
		t.judge(order, made[order.name], rows, o.way)
	}
	return t
}

// judge looks at one order.
func (t *tally) judge(o order, made []refundtest.Refund, rows map[string]row, how way) {
	var inForce []refundtest.Refund
	for _, refund := range made {
		if refund.Status != "failed" && refund.Status != "canceled" {
			inForce = append(inForce, refund)
		}
	}
	r, found := rows[o.name]
	gaveUp := r.jobState == string(refundkit.JobStateCanceled)
	switch {
	case len(inForce) > 1:
		t.found(&t.twice, "%s was refunded %d times; row %+v", o.name, len(inForce), r)
	case len(inForce) == 0 && !gaveUp:
		t.found(&t.lost, "%s was not refunded; row %+v", o.name, r)
	case len(inForce) == 0:
		t.givenUp++
	default:
		t.once++
	}
	if how != byRow {
		return
	}
	if problem := r.differs(o, made, inForce); !found || problem != "" {
		t.found(&t.different, "%s: %s; row %+v; Stripe %+v", o.name, problem, r, made)
	}
}

// differs says what a row has that Stripe has not; empty if nothing.
func (r row) differs(o order, made, inForce []refundtest.Refund) string {
	var snapshot struct {
		ID, Status string
		Amount     int64
	}
	if r.snapshot != "" {
		if err := json.Unmarshal([]byte(r.snapshot), &snapshot); err != nil {
			return err.Error()
		}
	}
	switch {
	case r.jobState != string(refundkit.JobStateMade) && r.jobState != string(refundkit.JobStateCanceled):
		return "it has not ended"
	case r.unlogged != 0 && r.plan == "": // giving a plan's row to the workers is not logged
		return fmt.Sprintf("%d versions are not in the log", r.unlogged)
	case r.booked != len(inForce):
		return fmt.Sprintf("the books have it %d times", r.booked)
	case len(made) == 0 && r.refundID == "" && snapshot.ID == "":
		return ""
	}
	for _, refund := range made {
		if refund.ID != r.refundID {
			continue
		}
		if refund.Status != r.refundStatus || refund.ID != snapshot.ID || refund.Status != snapshot.Status ||
			refund.Amount != snapshot.Amount || refund.Amount != r.amount || refund.Amount != o.amount {
			return "status or amount"
		}
		return ""
	}
	if r.refundID == "" && len(inForce) == 0 {
		return "" // a failed one was judged, and the refund given up
	}
	return "its refund is not there"
}

// String writes the tally for a person.
func (t tally) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d orders, %d more rolled back; %d requests, %d%% of them faulty or slow, %d of them POST; seed %d; %s, of which %s under kills\n",
		t.orders, t.undone, t.requests, 100*t.faults/max(1, t.requests), t.sends, t.seed, t.wholeTime.Round(time.Second), t.ordealTime.Round(time.Second))
	fmt.Fprintf(&s, "%d workers killed (%d in the middle of a request), %d stopped (%d until all their jobs were somebody else's), Postgres restarted %d times, %d connections cut,\n",
		t.killed, t.inRequest, t.stops, t.rescued, t.restarts, t.cuts)
	fmt.Fprintf(&s, "%d River jobs deleted, %d discarded, %d jumps of the clock over %d days, %d webhook deliveries of which %d found nobody\n",
		t.deleted, t.discarded, t.jumps, int(t.jumped.Hours()/24), t.deliveries, t.undelivered)
	if t.riverPanics > 0 {
		fmt.Fprintf(&s, "%d workers died of a panic of River itself\n", t.riverPanics)
	}
	if t.paused > 0 {
		fmt.Fprintf(&s, "the plan was paused %d times by a person, and %d times by itself\n", t.paused, t.pausedItself)
	}
	for _, what := range slices.Sorted(maps.Keys(t.decisions)) {
		fmt.Fprintf(&s, "a person: %s: %d\n", what, t.decisions[what])
	}
	fmt.Fprintf(&s, "\n  refunded once               %5d\n  given up by a person        %5d\n  refunded twice              %5d\n  lost                        %5d\n"+
		"  rows that differ            %5d\n  rolled back, yet refunded   %5d\n", t.once, t.givenUp, t.twice, t.lost, t.different, t.undoneRefunded)
	return s.String()
}
