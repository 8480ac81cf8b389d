package refundkit

import (
	"strings"
	"time"
)

// Progress is how far a [Job] has come: all that the rules need. It is plain data,
// for columns or for JSON. What it says is for reading; only the methods of Job and
// [RefundService.Advance] write it.
type Progress struct {
	State      JobState   `json:"state"`
	Problem    JobProblem `json:"problem,omitzero"`    // why it waits for a person, or what keeps it from going on
	Detail     string     `json:"detail,omitzero"`     // for people: the last error, or the refunds in question
	Generation int        `json:"generation,omitzero"` // of the key: 0, and one more each time the refund was surely absent
	FirstSent  time.Time  `json:"first_sent,omitzero"` // the first send with this generation's key
	LastSent   time.Time  `json:"last_sent,omitzero"`  // the last send that may have been executed; zero: none was
	Due        time.Time  `json:"due,omitzero"`        // call Advance from then on; zero: now
	Open       bool       `json:"open,omitzero"`       // a send may have refunded
	LookUp     bool       `json:"look_up,omitzero"`    // repeating can't tell: the payment's refunds are looked at
	Sends      int        `json:"sends,omitzero"`      // with this generation's key
	Absences   int        `json:"absences,omitzero"`   // how often in a row a send came to nothing in a day
	Judged     []string   `json:"judged,omitzero"`     // refunds that a person said are not this one
	ID         string     `json:"id,omitzero"`         // of the refund that was made
	RequestID  string     `json:"request_id,omitzero"` // of the last answer, for Stripe's support
	Version    int64      `json:"version"`             // one more with each change
}

// JobState is how far a [Job] has come, as a short word that may be stored.
type JobState string

// The states of a [Job]. An empty one is JobStateWaiting.
const (
	JobStateWaiting     JobState = "waiting"      // nothing was done; it goes on when it is due
	JobStateOpen        JobState = "open"         // a send may have refunded; it goes on when it is due
	JobStateMade        JobState = "made"         // the refund with the job's ID exists; it can still fail, see [Job.Observe]
	JobStateNeedsPerson JobState = "needs_person" // Problem says why
	JobStateCanceled    JobState = "canceled"     // given up, and nothing was made
)

// JobProblem is why a [Job] does not go on, as a short word that may be stored.
// Its String is a sentence for the person who must decide.
type JobProblem string

// The problems of a [Job]. With credentials and unreachable it goes on by itself, and
// shows how it is by Problem and Due; each of the others waits for a person.
const (
	JobProblemInsufficientBalance JobProblem = "insufficient_balance"
	JobProblemCredentials         JobProblem = "credentials"
	JobProblemUnreachable         JobProblem = "unreachable"
	JobProblemAlreadyRefunded     JobProblem = "already_refunded"
	JobProblemExceedsRemaining    JobProblem = "exceeds_remaining"
	JobProblemDisputed            JobProblem = "disputed"
	JobProblemNotRefundable       JobProblem = "not_refundable"
	JobProblemRefused             JobProblem = "refused"
	JobProblemKeyMismatch         JobProblem = "key_mismatch"
	JobProblemMismatch            JobProblem = "mismatch"
	JobProblemLookAlike           JobProblem = "look_alike"
	JobProblemRefundedTwice       JobProblem = "refunded_twice"
	JobProblemRefundFailed        JobProblem = "refund_failed"
	JobProblemUnanswered          JobProblem = "unanswered"
	JobProblemNotReturnable       JobProblem = "not_returnable" // of a transfer or an application fee
)

// String says what happened and what a person can do.
func (p JobProblem) String() string {
	switch p {
	case JobProblemInsufficientBalance:
		return "the Stripe balance is too low, for a transfer reversal that of the connected account: top up, then Resume"
	case JobProblemCredentials:
		return "the API key, the account or a permission was refused: correct it; the job goes on by itself"
	case JobProblemUnreachable:
		return "Stripe can't be reached; the job goes on by itself"
	case JobProblemAlreadyRefunded:
		return "nothing is left of the payment, and this job did not refund it: Cancel, or Accept the refund that serves"
	case JobProblemExceedsRemaining:
		return "less is left of the payment than this refund asks for: Cancel, or Accept the refund that serves"
	case JobProblemDisputed:
		return "the payment is disputed: answer the dispute, then Cancel or Resume"
	case JobProblemNotRefundable:
		return "the payment can't be refunded as it is: see whether it was captured, then Cancel or Resume"
	case JobProblemRefused:
		return "Stripe refuses this request: correct the cause, then Resume"
	case JobProblemKeyMismatch:
		return "the key was used for another request: two refunds share a name, or the parameters changed; Resume looks it up"
	case JobProblemMismatch:
		return "a success came back that is another request's, or a refund after the job was canceled: Resume looks it up"
	case JobProblemLookAlike:
		return "a refund without a reference could be this one: Accept it, or Judge it to be another"
	case JobProblemRefundedTwice:
		return "two refunds of this name are in force: see which one may be canceled, or Accept one"
	case JobProblemRefundFailed:
		return "the refund failed or was canceled, and the customer has no money: Resume refunds once more, Cancel does not"
	case JobProblemNotReturnable:
		return "Stripe does not give this back, mostly because less is left of the transfer or the fee: see what is left, then Cancel, or Accept the one that serves"
	case JobProblemUnanswered:
		return "what was sent came to nothing: see in the Dashboard that it is not there, and what is between this service and Stripe, then Resume"
	}
	return string(p)
}

// How long a job waits.
const (
	firstLookDelay = 5 * time.Minute
	lastLookDelay  = 6 * time.Hour
	firstProblem   = 5 * time.Minute
	lastProblem    = time.Hour
)

// openDelay is how long an open job waits after the given number of sends.
func openDelay(sends int) time.Duration {
	delays := [...]time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	return delays[min(max(sends, 1), len(delays))-1]
}

// problemDelay grows with the time that the problem may have been there.
func problemDelay(p Progress, now time.Time) time.Duration {
	return min(max(since(p.FirstSent, now), firstProblem), lastProblem)
}

// later makes the job due after delay and up to a fifth more, or after what the
// server asked for if that is longer. A proxy that asks for a year is asked again in
// the same day.
func (p Progress) later(now time.Time, delay, asked time.Duration, jitter float64) Progress {
	delay += time.Duration(jitter * float64(delay) / 5)
	p.Due = now.Round(0).UTC().Add(max(delay, min(asked, lastLookDelay)))
	return p
}

// made is the job whose refund exists. ofKey says that the refund may be that of the
// key that is sent now, which has then done its work; after another one, such as a
// person's, the send may still refund too.
func (p Progress) made(id string, ofKey bool) Progress {
	p.State, p.ID = JobStateMade, id
	p.Open, p.LookUp, p.Absences, p.Due = p.Open && !ofKey, false, 0, time.Time{}
	return p.withoutProblem()
}

// failed is the job whose refund did not come to stay; ofKey is that of made.
func (p Progress) failed(id string, ofKey bool) Progress {
	p.ID, p.Open, p.Detail = id, p.Open && !ofKey, id
	return p.needsPerson(JobProblemRefundFailed)
}

func (p Progress) needsPerson(problem JobProblem) Progress {
	p.State, p.Problem, p.LookUp, p.Due = JobStateNeedsPerson, problem, false, time.Time{}
	return p
}

func (p Progress) lookUpAt(due time.Time) Progress {
	p.State, p.LookUp, p.Due = JobStateOpen, true, due.Round(0).UTC()
	return p
}

// asUnsent says that nothing of the present key can be executed any more, so that
// nothing needs to be waited for.
func (p Progress) asUnsent() Progress {
	p.Sends, p.LastSent = 0, time.Time{}
	return p
}

func (p Progress) nextGeneration() Progress {
	p.State, p.Open, p.LookUp, p.Sends = JobStateWaiting, false, false, 0
	p.FirstSent, p.LastSent, p.Due = time.Time{}, time.Time{}, time.Time{}
	p.Generation++
	return p
}

func (p Progress) withoutProblem() Progress {
	p.Problem, p.Detail = "", ""
	return p
}

func list(ids []string) string { return strings.Join(ids, ", ") }
