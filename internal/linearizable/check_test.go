package linearizable

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// A call with an idempotency key is done in three steps: it takes the key, does its work,
// and keeps the answer. The order that is looked for is that of the work. What others get
// while the key is taken depends on when they come, not on the books: it is looked at here.

// mayRun reports whether the call can have had its key while other was under way.
func (c *call) mayRun(other *call, calls []*call) bool {
	if c == other || c.key != other.key || c.replayed || c.isInvalid() || c.isInUse() || c.isMisuse() {
		return false
	}
	until := c.ended
	for _, later := range calls {
		if later.replayed && later.key == c.key && c.got.stored() {
			until = min(until, later.ended) // the answer was kept by then
		}
	}
	return c.begun < other.ended && other.begun < until
}

// history is what porcupine has to order. The error is a 409 while nobody had the key.
func historyOf(calls []*call) (history []porcupine.Operation, err error) {
	end := int64(0)
	executed := map[string]bool{}
	for _, c := range calls {
		end = max(end, c.ended)
		if c.key != "" && !c.lost && !c.replayed && !c.isInvalid() && !c.isInUse() && !c.isMisuse() && c.got.stored() {
			executed[c.key] = true
		}
	}
	for _, c := range slices.SortedFunc(slices.Values(calls), func(x, y *call) int { return cmp.Compare(x.begun, y.begun) }) {
		until := c.ended
		switch {
		case c.isInUse():
			if !slices.ContainsFunc(calls, func(other *call) bool { return other.mayRun(c, calls) }) {
				err = fmt.Errorf("nobody had the key: %s", c)
			}
			continue
		case c.isMisuse() && slices.ContainsFunc(calls, func(other *call) bool {
			return other.request() != c.request() && other.mayRun(c, calls)
		}):
			continue
		case c.lost && executed[c.key]:
			continue // it was not the first, so that it has done nothing
		case c.lost && c.key != "":
			until = end // it may have met another one under way, and have done nothing
		}
		history = append(history, porcupine.Operation{ClientId: c.client, Input: indexed{c, len(history)}, Call: c.begun, Return: until})
	}
	return history, err
}

type indexed struct {
	*call
	index int
}

// moment is a place in an order: the books, and which calls they have behind them.
type moment struct {
	*books
	done []bool
}

// modelOf is the model of one charge with this history.
func modelOf(t terms, history []porcupine.Operation) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return moment{&books{terms: t}, make([]bool, len(history))} },
		Step: func(state, input, _ any) (bool, any) {
			now, c := state.(moment), input.(indexed)
			ok, next := now.step(c.call)
			if !ok || now.passesOver(history[:c.index]) {
				return false, nil
			}
			done := slices.Clone(now.done)
			done[c.index] = true
			return true, moment{next, done}
		},
		Equal: func(x, y any) bool { return equalBooks(x.(moment).books, y.(moment).books) },
	}
}

// passesOver reports whether one of these calls, which could come next, changes nothing.
// An order with such a call later on is also one with it here, so that only this one has
// to be looked at: otherwise every read would double what there is to look at.
func (m moment) passesOver(history []porcupine.Operation) bool {
	for i, o := range history {
		c := o.Input.(indexed)
		_, kept := m.keys[c.key]
		if m.done[i] || (c.lost || c.fault == errorAfter) && !kept { // later on it might change something
			continue
		}
		if ok, next := m.step(c.call); ok && next == m.books {
			return true
		}
	}
	return false
}

// explain shows the calls of a charge that no order explains, with a + before those that
// the longest order found does explain.
func explain(t terms, calls []*call) string {
	history, _ := historyOf(calls)
	_, info := porcupine.CheckOperationsVerbose(modelOf(t, history), history, 10*time.Second)
	var longest []porcupine.Operation
	for _, partial := range info.PartialLinearizationsOperations()[0] {
		if len(partial) > len(longest) {
			longest = partial
		}
	}
	explained := map[*call]string{}
	for _, o := range longest {
		explained[o.Input.(indexed).call] = "+"
	}
	var lines strings.Builder
	fmt.Fprintf(&lines, "%s of %d, refunds begin as %s:\n", t.charge, t.amount, t.begins)
	for _, c := range slices.SortedFunc(slices.Values(calls), func(x, y *call) int { return cmp.Compare(x.begun, y.begun) }) {
		fmt.Fprintf(&lines, "%1s %s\n", explained[c], strings.NewReplacer(t.charge, "CHARGE", t.intent, "INTENT").Replace(c.String()))
	}
	return lines.String()
}
