package histories

import (
	"net/http"
	"slices"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

const mostRounds = 80 // a job that has not come to rest by then never will

// rest mends what is broken, lets workers and time go on and people do what they are
// asked, until nothing changes any more; then every event comes. It checks that the
// row ends as what is true.
func (w *World) rest() {
	w.revoked, w.lookForbidden, w.wrongAccount = false, false, false
	w.tellf("everything is mended")
	w.settle()
	w.pass(30 * time.Hour)
	for range 3 { // a person may have been asked once more
		for _, event := range slices.Backward(w.undelivered()) { // the newest first, as it may happen
			w.deliver(event)
		}
		w.check()
		w.settle()
		w.pass(30 * time.Hour)
	}
	if w.broken == nil {
		w.checkRest()
	}
}

// settle goes on until the job is made, canceled or of no use to go on with.
func (w *World) settle() {
	asked := 0
	for range mostRounds {
		if w.broken != nil {
			return
		}
		switch row := w.table.row; row.State {
		case refundkit.JobStateMade, refundkit.JobStateCanceled:
			return
		case refundkit.JobStateNeedsPerson:
			if asked++; asked > 12 {
				w.breakf("people are asked for ever, last for %s", row.Problem)
				return
			}
			w.answer(row)
		default:
			work(0, call{})(w)
		}
		w.check()
	}
	w.breakf("it never comes to rest")
}

// answer is a person who does what the problem asks for, and knows what is true.
func (w *World) answer(row refundkit.Job) {
	w.tellf("a person is asked: %s", row.Problem)
	own := w.own()
	switch row.Problem {
	case refundkit.JobProblemInsufficientBalance:
		w.topUp()
	case refundkit.JobProblemDisputed:
		_ = w.stripe.WinDispute(w.charge)
	case refundkit.JobProblemAlreadyRefunded, refundkit.JobProblemExceedsRemaining, refundkit.JobProblemNotRefundable:
		w.decide(row.Cancel())
		return
	case refundkit.JobProblemRefundedTwice:
		if r, found := w.stripe.Refund(w.serves); found && inForce(r) && !w.isOurs(r) {
			if r.Amount == smaller && own != "" {
				_ = w.stripe.Fail(own, "") // so that one is left
				break
			}
			own = w.serves
		}
		if own == "" {
			break // one of the two has failed meanwhile: it is looked up
		}
		w.accept(own)
		return
	case refundkit.JobProblemUnanswered:
		if own != "" && w.mustLook() {
			w.accept(own)
			return
		}
	case refundkit.JobProblemLookAlike:
		if r, found := w.stripe.Refund(w.serves); own == "" && found && inForce(r) {
			own = w.serves
		}
		if own != "" {
			w.accept(own)
			return
		}
		for _, r := range w.stripe.Refunds("") {
			if !slices.Contains(row.Judged, r.ID) && r.Metadata[refundkit.ReferenceMetadataKey] == "" {
				w.judge(r.ID)
				return
			}
		}
		w.breakf("a person is asked for a look-alike, and there is none")
		return
	}
	w.decide(row.Resume())
}

// checkRest holds when nothing will change any more.
func (w *World) checkRest() {
	row, made := w.table.row, w.ours()
	switch {
	case w.excused != "":
	case row.State == refundkit.JobStateMade:
		refund, _ := w.stripe.Refund(row.ID)
		if !inForce(refund) && w.unheard != row.ID {
			w.breakf("at rest the row says made, and %s is %s", row.ID, refund.Status)
		}
		if len(made) == 1 && made[0].ID != row.ID && !w.accepted[row.ID] {
			w.breakf("at rest the row says made as %s, and %s is in force", row.ID, made[0].ID)
		}
	case row.State == refundkit.JobStateCanceled:
		w.checkAbsent("at rest the row says canceled")
	default:
		w.breakf("at rest the row is %s (%s)", row.State, row.Problem)
	}
}

// ailment is what is never mended.
type ailment struct {
	name         string
	onSend, look *fault // nil: all is well
	begin        func(*World)
}

func (a *ailment) of(request *http.Request) *fault {
	if request.Method == http.MethodPost {
		return a.onSend
	}
	return a.look
}

// ailments are what a job must not wait behind in silence.
func ailments() []ailment {
	var all []ailment
	lists := map[string]fault{}
	for _, f := range lookFaults() {
		lists[f.name] = f
	}
	for _, f := range append(likelyFaults(), sendFaults()...) {
		all = append(all, ailment{"for ever: " + f.name, &f, nil, nil})
	}
	all = append(all, ailment{"for ever: disputed", nil, nil, func(w *World) {
		w.disputed = true
		_ = w.stripe.Dispute(w.charge)
	}})
	for _, name := range []string{"look 500", "look 401", "look 403", "look rate limit", "look refused dial", "look 404", "look imitation"} {
		f := lists[name]
		all = append(all, ailment{"for ever: stored 500 and " + name, &fault{"", "a stored 500", inject(refundtest.ServerError())}, &f, nil})
		all = append(all, ailment{"for ever: refused dial and " + name, &fault{"", "nobody listened", refusedDial}, &f, nil})
	}
	return all
}

// suffer lets six days pass while nothing is mended, and checks that somebody can see
// why the job does not go on.
func (w *World) suffer(a ailment) {
	w.ailment = &a
	if a.begin != nil {
		a.begin(w)
	}
	end := w.now().Add(6 * 24 * time.Hour)
	silent := time.Duration(0)
	for w.broken == nil && goesOn(w.table.row) && w.now().Before(end) {
		before := w.now()
		work(0, call{})(w)
		w.check()
		if silent += w.now().Sub(before); w.table.row.Problem != "" {
			silent = 0
		}
	}
	if goesOn(w.table.row) && silent > 3*24*time.Hour {
		w.breakf("it waits in silence since %s", short(silent))
	}
}
