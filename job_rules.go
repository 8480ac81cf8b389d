package refundkit

import (
	"slices"
	"time"
)

// The rules between calls. They know no resource and no clock of their own: what
// is stored and what happened go in, what is to be stored comes out. The first
// table is the function next, the second answered, the third looked; observed and
// what persons do follow.
//
//	due, and                                   then
//	-----------------------------------------  ------------------------------------------
//	looking up, or 23 h since the first send   look; nothing is sent
//	else                                       store as open, then send
//
//	a send ended with                          then
//	-----------------------------------------  ------------------------------------------
//	a success                                  made
//	a success of another request               a person: mismatch; it stays open
//	no answer, 5xx, what is not Stripe's own   open: the same key again, later
//	a stored 5xx                               open: look up
//	a refusal by the work                      a person, and closed; if it was open and not
//	                                           that much is left: look up first
//	a refusal before the work                  a person: refused; if it was open, it stays open
//	401, 403                                   as before the send, problem credentials
//	429, nothing sent                          as before the send
//
//	a look-up ended with                       then
//	-----------------------------------------  ------------------------------------------
//	one of ours in force                       made
//	several of ours in force                   a person: refunded_twice
//	none of ours in force, and one that a      a person: look_alike
//	person accepted is not in the list as ours
//	only failed or canceled ones of ours       a person: refund_failed
//	one that could be ours, its reference      a person: look_alike
//	cleared by somebody
//	nothing, and a refusal has closed it       a person, with that refusal
//	nothing, 25 h after the last send          the next key; the second time, and where the list
//	                                           is not that of a payment, a person: unanswered
//	nothing, earlier                           look again later
//	no whole list                              look again later; nothing is absent
//
// What is stored as open before a send is what a crash finds. Twenty-three and
// twenty-five hours are the 24 of a key's life and an hour for clocks.

const (
	sendTime  = keyLifetime - clockSlack // after the first send; no attempt begins later
	storeTime = 10 * time.Minute         // from storing a send to its last attempt's begin
)

// action is what a job needs next.
type action int

const (
	actionNone action = iota
	actionSend
	actionLookUp
)

// next says what to do with a job now.
func (p Progress) next(now time.Time) action {
	switch {
	case p.State != JobStateWaiting && p.State != JobStateOpen, since(p.Due, now) < 0:
		return actionNone
	case p.LookUp, !p.keyIsYoung(now):
		return actionLookUp
	}
	return actionSend
}

// keyIsYoung reports whether the key of this generation may be sent. A clock that
// is far behind what was stored can't tell, so it may not.
func (p Progress) keyIsYoung(now time.Time) bool {
	age := since(p.FirstSent, now)
	return p.FirstSent.IsZero() || age < sendTime && age > -clockSlack
}

// mayStart reports whether an attempt of a send that was stored may begin: a
// machine may have slept since.
func (p Progress) mayStart(now time.Time) bool {
	waited := since(p.LastSent, now)
	return p.keyIsYoung(now) && waited < storeTime && waited > -storeTime
}

// since compares two readings of wall clocks: the monotonic one stands still while
// a machine sleeps.
func since(from, now time.Time) time.Duration { return now.Round(0).Sub(from.Round(0)) }

// sending is the job as a crash during the send must find it.
func (p Progress) sending(now time.Time, jitter float64) Progress {
	now = now.Round(0).UTC()
	if p.FirstSent.IsZero() {
		p.FirstSent = now
	}
	p.State, p.Open, p.LastSent = JobStateOpen, true, now
	p.Sends++
	return p.later(now, openDelay(p.Sends), 0, jitter)
}

// sendEnd is how a send ended: by its last answer, and over all its attempts.
type sendEnd struct {
	ending     ending
	open       bool // an attempt may have worked
	repeated   bool // there was more than one attempt
	problem    JobProblem
	detail     string
	requestID  string
	id         string // of what was made
	retryAfter time.Duration
}

// answered is the job after a send; before is the job as it was before that.
func (p Progress) answered(before Progress, end sendEnd, now time.Time, jitter float64) Progress {
	p.Open, p.Problem, p.Detail, p.RequestID = before.Open || end.open, end.problem, end.detail, end.requestID
	switch end.ending {
	case endingMade:
		return p.made(end.id, true)
	case endingMismatch:
		return p.needsPerson(JobProblemMismatch)
	case endingStored:
		p.Open = true
		return p.lookUpAt(now)
	case endingExecuted:
		p.Open = false
		noneLeft := end.problem == JobProblemAlreadyRefunded || end.problem == JobProblemExceedsRemaining || end.problem == JobProblemNotReturnable
		if noneLeft && (before.Open || end.repeated) {
			return p.lookUpAt(now) // an earlier send of ours may be the reason
		}
		return p.needsPerson(end.problem)
	case endingRefused:
		// A key that was used for something else has been executed.
		p.Open = p.Open || end.problem == JobProblemKeyMismatch
		return p.notSentUnless(end.open || p.Open, before).needsPerson(end.problem)
	case endingOpen:
		p.State, p.Open = JobStateOpen, true
		return p.later(now, openDelay(p.Sends), end.retryAfter, jitter)
	}
	// The last attempt was not executed; an earlier one of this call may have been.
	p = p.notSentUnless(end.open, before)
	p.State = JobStateWaiting
	if p.Open {
		p.State = JobStateOpen
	}
	switch end.ending {
	case endingCredentials:
		return p.later(now, problemDelay(p, now), end.retryAfter, jitter)
	case endingLimited:
		if before.Problem == JobProblemUnreachable {
			p.Problem = before.Problem // it is limited since long
		}
		return p.later(now, openDelay(p.Sends), end.retryAfter, jitter)
	case endingCut:
		p.Due = now.Round(0).UTC() // nothing was tried: whoever goes on may start at once
		return p
	}
	return p.later(now, problemDelay(p, now), end.retryAfter, jitter)
}

// notSentUnless takes back that something may have been executed just now.
func (p Progress) notSentUnless(executed bool, before Progress) Progress {
	if !executed {
		p.LastSent = before.LastSent
	}
	return p
}

// lookEnd is what a look-up found, by the ids; or why there was no whole list.
type lookEnd struct {
	inForce, over, alike []string
	ending               ending // endingMade: a whole list
	earlier              bool   // the oldest of them was made before the key was sent
	unplaced             bool   // the list names no payment: that of another account would be empty too
	detail               string
	retryAfter           time.Duration
}

// looked is the job after a look-up; now was read before the list.
func (p Progress) looked(end lookEnd, now time.Time, jitter float64) Progress {
	refusal := p.Problem
	switch end.ending {
	case endingMade:
	case endingRefused:
		looks := p.LookUp
		p.Detail = end.detail
		p = p.needsPerson(JobProblemRefused)
		p.LookUp = looks // nobody has looked yet, and what was to be found is still to be found
		return p
	case endingCut:
		p.Due = now.Round(0).UTC()
		return p
	default:
		p.Detail = end.detail
		if !p.closedByRefusal() { // which a person must still be told of
			p.Problem = JobProblemUnreachable
			if end.ending == endingCredentials {
				p.Problem = JobProblemCredentials
			}
		}
		return p.later(now, problemDelay(p, now), end.retryAfter, jitter)
	}
	switch {
	case len(end.inForce) == 1:
		return p.made(end.inForce[0], !end.earlier)
	case len(end.inForce) > 1:
		p.ID, p.Detail = end.inForce[0], list(end.inForce)
		return p.needsPerson(JobProblemRefundedTwice)
	case p.ID != "" && !slices.Contains(end.over, p.ID): // which has no reference, or is another payment's
		p.Detail = p.ID
		return p.needsPerson(JobProblemLookAlike)
	case len(end.over) > 0:
		return p.failed(end.over[0], !end.earlier)
	case len(end.alike) > 0:
		p.Detail = list(end.alike)
		return p.needsPerson(JobProblemLookAlike)
	case p.closedByRefusal():
		return p.needsPerson(refusal)
	case p.LastSent.IsZero():
		// Nothing was executed all day, which would go on for ever: Problem says why.
		if p.Problem == "" && p.Sends > 0 {
			p.Problem = JobProblemUnreachable
		}
		return p.nextGeneration()
	case since(p.LastSent, now) < settleTime:
		p.Problem = ""
		delay := min(max(since(p.LastSent, now), firstLookDelay), lastLookDelay)
		return p.later(now, min(delay, settleTime-since(p.LastSent, now)), 0, jitter)
	}
	p.Absences++
	p.Open = false
	if p.Absences > 1 || end.unplaced {
		return p.needsPerson(JobProblemUnanswered)
	}
	p.Problem, p.Detail = "", ""
	return p.nextGeneration()
}

// closedByRefusal reports whether a refusal by the work is what is being looked into.
func (p Progress) closedByRefusal() bool {
	return !p.Open && (p.Problem == JobProblemAlreadyRefunded || p.Problem == JobProblemExceedsRemaining || p.Problem == JobProblemNotReturnable)
}

// observed is the job after a snapshot of a refund of its name: over says that it
// failed or was canceled, which is never left again, and ofKey is that of made.
// Snapshots come in any order.
func (p Progress) observed(id string, over, ofKey bool) Progress {
	switch {
	case slices.Contains(p.Judged, id):
		return p
	case over:
		if p.State == JobStateCanceled || p.State == JobStateMade && p.ID != id ||
			p.Problem == JobProblemRefundedTwice || p.Problem == JobProblemRefundFailed {
			return p
		}
		return p.failed(id, ofKey)
	case p.ID == id && (p.State == JobStateMade || p.State == JobStateCanceled), p.Problem == JobProblemRefundedTwice, p.Problem == JobProblemRefundFailed && p.ID == id:
		return p
	case p.Problem == JobProblemRefundFailed: // its own failure may have been told, and left out, before
		return p.lookUpAt(time.Time{}).withoutProblem()
	case p.State == JobStateMade:
		p.Detail = list([]string{p.ID, id})
		return p.needsPerson(JobProblemRefundedTwice)
	case p.State == JobStateCanceled:
		p.ID, p.Detail = id, "canceled, and "+id+" of this name is in force"
		return p.needsPerson(JobProblemMismatch)
	}
	return p.made(id, ofKey)
}

// resumed is the job after a person removed the reason why it stopped, or wants no
// more waiting.
func (p Progress) resumed() (Progress, bool) {
	switch {
	case p.State == JobStateWaiting, p.State == JobStateOpen:
		p.Due = time.Time{}
		return p, true
	case p.State != JobStateNeedsPerson:
		return p, false
	case p.Problem == JobProblemRefundFailed:
		p.Judged = append(slices.Clone(p.Judged), p.ID)
		p.ID = ""
		if !p.Open { // its key has done its work
			p = p.asUnsent()
		}
		return p.lookUpAt(time.Time{}).withoutProblem(), true
	case p.Open, p.LookUp, p.Problem == JobProblemLookAlike, p.Problem == JobProblemRefundedTwice, p.Problem == JobProblemMismatch:
		return p.lookUpAt(time.Time{}).withoutProblem(), true
	case p.Problem == JobProblemUnanswered: // the list may have been that of another account
		p.Absences = 0
		return p.asUnsent().lookUpAt(time.Time{}).withoutProblem(), true
	}
	p.Absences = 0
	return p.nextGeneration().withoutProblem(), true
}

// judged is the job after a person said that a refund is not the one it asked for.
func (p Progress) judged(id string) (Progress, bool) {
	switch {
	case p.State == JobStateMade, p.State == JobStateCanceled:
		return p, false
	case p.Problem == JobProblemRefundFailed && p.ID == id:
		return p.resumed()
	}
	if !slices.Contains(p.Judged, id) {
		p.Judged = append(slices.Clone(p.Judged), id)
	}
	if p.ID == id {
		p.ID = ""
	}
	if p.State == JobStateNeedsPerson && (p.Problem == JobProblemLookAlike || p.Problem == JobProblemRefundedTwice) {
		return p.lookUpAt(time.Time{}).withoutProblem(), true
	}
	return p, true
}

// accepted is the job after a person said which refund is the one it asked for.
func (p Progress) accepted(id string) (Progress, bool) {
	switch p.State {
	case JobStateCanceled:
		return p, false
	case JobStateMade:
		return p, p.ID == id
	}
	p.Judged = slices.DeleteFunc(slices.Clone(p.Judged), func(judged string) bool { return judged == id })
	return p.made(id, false), true
}

// canceled is the job after a person gave it up, if nothing may have been executed.
func (p Progress) canceled() (Progress, bool) {
	switch {
	case p.Open, p.LookUp, p.State != JobStateWaiting && p.State != JobStateNeedsPerson:
		return p, false
	case p.Problem == JobProblemLookAlike, p.Problem == JobProblemRefundedTwice, p.Problem == JobProblemMismatch:
		return p, false
	}
	p.State, p.LookUp, p.Due = JobStateCanceled, false, time.Time{}
	return p.withoutProblem(), true
}
