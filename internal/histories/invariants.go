package histories

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// breakf notes that an invariant does not hold. The first one counts.
func (w *World) breakf(format string, args ...any) {
	if w.broken == nil {
		w.broken = fmt.Errorf(format, args...)
	}
}

// keyNumber counts the job's keys from 1; 0 is none of its keys.
func (w *World) keyNumber(key string) int {
	job := w.table.row
	for job.Generation = 0; job.Generation < 12; job.Generation++ {
		if string(job.Key()) == key {
			return job.Generation + 1
		}
	}
	return 0
}

// isOurs reports whether a refund was made by the job, whatever its metadata says.
func (w *World) isOurs(r refundtest.Refund) bool {
	return r.IdempotencyKey != "" && (r.ID != w.shared || w.knows) && w.keyNumber(r.IdempotencyKey) > 0
}

func inForce(r refundtest.Refund) bool { return r.Status != "failed" && r.Status != "canceled" }

// ours are the refunds in force that the job has made.
func (w *World) ours() []refundtest.Refund {
	return slices.DeleteFunc(w.stripe.Refunds(""), func(r refundtest.Refund) bool { return !inForce(r) || !w.isOurs(r) })
}

// comes reports whether something that can refund is still on its way to Stripe.
func (w *World) comes() bool {
	return slices.ContainsFunc(w.road, func(waiting onItsWay) bool {
		use := w.keys[waiting.key]
		kept := use != nil && use.answer != "" && waiting.at.Sub(use.kept) < keyLifetime
		for _, r := range w.stripe.Refunds("") {
			kept = kept || r.IdempotencyKey == waiting.key && waiting.at.Sub(r.Created) < keyLifetime
		}
		return !kept || waiting.do == nil // else it gets the answer that is kept
	})
}

// checkSend holds when a send leaves: it was stored, and its key is within its life.
func (w *World) checkSend(p *passage) {
	number := w.keyNumber(p.key())
	if number == 0 {
		w.breakf("sent with a key that is not the job's")
		return
	}
	if form, err := url.ParseQuery(string(p.body)); err != nil || form.Get("metadata["+refundkit.ReferenceMetadataKey+"]") != jobName {
		w.breakf("sent without the reference: %s", p.body)
	}
	local := w.now().Add(w.call.worker.skew)
	stored := slices.ContainsFunc(w.table.sends, func(job refundkit.Job) bool {
		return job.Generation+1 == number && !job.FirstSent.IsZero() && local.Sub(job.LastSent) <= longestSaved
	})
	if !stored {
		w.breakf("sent with key %d, which was not stored before", number)
	}
	use := w.keys[p.key()]
	if use == nil {
		w.keys[p.key()] = &keyUse{number: number, first: w.now()}
		return
	}
	if age := w.now().Sub(use.first); age > keyLifetime {
		w.breakf("sent with key %d %s after its first send", number, short(age))
	}
}

// checkChange holds whenever a row is stored over another.
func (w *World) checkChange(before, after refundkit.Job) {
	if after.Version != before.Version+1 {
		w.breakf("the version went from %d to %d", before.Version, after.Version)
	}
	if after.Generation > before.Generation {
		if after.Generation > before.Generation+1 {
			w.breakf("a generation was left out")
		}
		w.checkAbsent("the next key is taken")
		if r, found := w.stripe.Refund(w.serves); found && inForce(r) && w.excused == "" {
			w.breakf("the next key is taken, but %s, which a person accepted, is in force", w.serves)
		}
		for _, r := range w.stripe.Refunds("") {
			if !inForce(r) && w.isOurs(r) && !slices.Contains(after.Judged, r.ID) {
				w.breakf("the next key is taken, and nobody was asked about %s, which failed", r.ID)
			}
		}
	}
	if before.State == refundkit.JobStateMade && after.ID != before.ID {
		w.breakf("the id of what was made, %s, was replaced by %s", before.ID, after.ID)
	}
}

// checkAbsent holds where something is said that is only true if nothing of the job
// is or will be in force.
func (w *World) checkAbsent(what string) {
	if w.excused != "" {
		return
	}
	if made := w.ours(); len(made) > 0 {
		w.breakf("%s, but %s of key %d is in force", what, made[0].ID, w.keyNumber(made[0].IdempotencyKey))
	} else if w.comes() {
		w.breakf("%s, but a send is still on its way", what)
	}
}

// check holds after every choice.
func (w *World) check() {
	row := w.table.row
	if shared, _ := w.stripe.Refund(w.shared); row.Problem == refundkit.JobProblemKeyMismatch && w.now().Sub(shared.Created) < keyLifetime {
		w.knows = true // later, the request of this key is the job's own
	}
	if made := w.ours(); len(made) > 1 && w.excused == "" {
		w.breakf("refunded twice: %s with key %d and %s with key %d", made[0].ID, w.keyNumber(made[0].IdempotencyKey), made[1].ID, w.keyNumber(made[1].IdempotencyKey))
	}
	switch row.State {
	case refundkit.JobStateWaiting, refundkit.JobStateOpen:
		if row.Due.Sub(w.now()) > 8*clockSlack {
			w.breakf("it waits until %s, which is in %s", row.Due, short(row.Due.Sub(w.now())))
		}
		if row.State == refundkit.JobStateWaiting && (row.Open || row.LookUp) {
			w.breakf("the row is waiting, and open or looked up")
		}
	case refundkit.JobStateNeedsPerson:
		w.checkReason(row)
	case refundkit.JobStateMade:
		refund, found := w.stripe.Refund(row.ID)
		if !found || !w.isOurs(refund) && !w.accepted[row.ID] && row.ID != w.shared {
			w.breakf("the row says made as %s, which is none of its refunds", row.ID)
		}
	case refundkit.JobStateCanceled:
	}
	if _, err := row.Cancel(); err == nil && !w.mustLook() {
		w.checkAbsent("it may be canceled")
	}
}

// mustLook reports whether a person is asked who must first see in the Dashboard that
// the refund is not there, since an empty list doesn't prove it.
func (w *World) mustLook() bool {
	return w.table.row.Problem == refundkit.JobProblemUnanswered && w.charge == ""
}

// checkReason holds where a person is asked: it is for a reason that is true.
func (w *World) checkReason(row refundkit.Job) {
	if row.Problem == "" || row.Problem.String() == string(row.Problem) {
		w.breakf("it waits for a person, and doesn't say why")
	}
	refund, found := w.stripe.Refund(row.ID)
	switch row.Problem {
	case refundkit.JobProblemRefundFailed:
		if !found || inForce(refund) {
			w.breakf("the row says that %q failed, which it did not", row.ID)
		}
	case refundkit.JobProblemRefundedTwice:
		if len(w.ours()) < 2 && w.setup.Name != "shared" && len(w.accepted) == 0 && w.excused == "" {
			w.breakf("the row says refunded twice, which it was not")
		}
	case refundkit.JobProblemDisputed:
		if !w.disputed {
			w.breakf("the row says disputed, which it was not")
		}
	case refundkit.JobProblemInsufficientBalance:
		if !w.poor {
			w.breakf("the row says that the balance is too low, which it was not")
		}
	case refundkit.JobProblemCredentials, refundkit.JobProblemUnreachable:
		w.breakf("a person is asked for %s, which heals by itself", row.Problem)
	case refundkit.JobProblemUnanswered:
		delete(w.reached, "") // look-ups
		if len(w.reached) < 2 && !w.mustLook() {
			w.breakf("a person is asked for two keys that came to nothing, and %d can have reached Stripe", len(w.reached))
		}
	case refundkit.JobProblemLookAlike:
		if row.Detail == w.older && w.older != "" && !row.FirstSent.IsZero() {
			w.breakf("a person is asked for %s, which is two days older than the job", row.Detail)
		}
	case refundkit.JobProblemRefused:
		if !w.refused {
			w.breakf("the row says that Stripe refused it, which it did not")
		}
	case refundkit.JobProblemAlreadyRefunded, refundkit.JobProblemExceedsRemaining, refundkit.JobProblemNotRefundable,
		refundkit.JobProblemKeyMismatch, refundkit.JobProblemMismatch:
	}
}
