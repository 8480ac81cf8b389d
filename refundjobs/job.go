package refundjobs

import (
	"time"

	"github.com/refundkit/refundkit"
)

// Job is a refund as the database keeps it: a row.
type Job struct {
	refundkit.Job // its State and Problem are what the rules go by

	// Shown is how far the refund is, in one word, made from Job.State and RefundStatus.
	// It decides nothing.
	Shown        State
	Currency     string // three letters, lower case; empty until the refund is made, if the request named none
	Plan         string // empty for a single refund
	PlanLine     int64  // its place in the plan, from 1 on
	Kind         Kind
	Source       string // the transfer or the fee, if Kind is not KindRefund
	Unwind       string // the name of the refund that this row belongs to; see [Jobs.RequestUnwindTx]
	Step         int64  // of those: all of a step have ended before the next begins
	RefundStatus refundkit.RefundStatus
	Refund       *refundkit.Refund // as Stripe showed it last; nil if it was never seen, or pruned
	// RefundAmount is what the refund was made with, in the smallest unit, and RefundCreated
	// when: also for one that was pruned.
	RefundAmount  int64
	RefundCreated time.Time
	RequestedBy   string
	ApprovedBy    string // empty until somebody did
	Note          string
	Labels        map[string]string
	CreatedAt     time.Time
	ApprovedAt    time.Time
	UpdatedAt     time.Time
	PrunedAt      time.Time // zero: all its details are there

	digest string // of what decides the money
}

// Kind is what a row makes, as a short word.
type Kind string

// The kinds of a [Job].
const (
	KindRefund               Kind = "refund"
	KindTransferReversal     Kind = "transfer_reversal"
	KindApplicationFeeRefund Kind = "application_fee_refund"
)

// State is how far a refund is, as a short word: what a page and a query show.
type State string

// The states of a [Job].
const (
	StateRequested   State = "requested"    // it waits for an approval
	StateApproved    State = "approved"     // nothing was sent that could have refunded; a worker takes it when it is due
	StateSending     State = "sending"      // it was sent, and how that ended is not known; it goes on by itself
	StateSent        State = "sent"         // the refund exists, and Stripe has not said that it succeeded
	StateSucceeded   State = "succeeded"    // it can still fail, for weeks: then it needs a person
	StateFailed      State = "failed"       // the refund failed or was canceled, and a person gave it up
	StateNeedsPerson State = "needs_person" // Problem says why
	StateCanceled    State = "canceled"     // given up before anything was made
)

// shown is the table behind Job.Shown.
func (j Job) shown() State {
	switch j.State {
	case refundkit.JobStateOpen:
		return StateSending
	case refundkit.JobStateNeedsPerson:
		return StateNeedsPerson
	case refundkit.JobStateMade:
		switch {
		case j.Kind != KindRefund, j.RefundStatus == refundkit.RefundStatusSucceeded: // what is not a refund has no status
			return StateSucceeded
		case j.RefundStatus.IsFinal():
			return StateFailed
		}
		return StateSent
	case refundkit.JobStateCanceled:
		if j.RefundStatus.IsFinal() {
			return StateFailed
		}
		return StateCanceled
	}
	if j.ApprovedAt.IsZero() {
		return StateRequested
	}
	return StateApproved
}

// goesOn reports whether a worker has something to do with the row, now or later.
func (j Job) goesOn() bool {
	return !j.ApprovedAt.IsZero() && j.PrunedAt.IsZero() && (j.State == refundkit.JobStateWaiting || j.State == refundkit.JobStateOpen)
}

// dueFrom returns the job with a due time if it goes on: the rules say "at once" with
// none, and a row without one is looked at by nobody.
func (j Job) dueFrom(now time.Time) Job {
	if j.goesOn() && j.Due.IsZero() {
		j.Due = now
	}
	return j
}

// withSnapshot returns the row with what Stripe shows of its refund now. Of a pruned
// row only what its columns keep is taken: the details are not to come back.
func (j Job) withSnapshot(refund *refundkit.Refund) Job {
	j.RefundStatus, j.RefundAmount, j.RefundCreated = refund.Status, refund.Amount, refund.Created.Time
	if j.PrunedAt.IsZero() {
		j.Refund = refund
	}
	if j.Currency == "" {
		j.Currency = refund.Currency
	}
	return j
}

// withoutOther returns the row without the snapshot of another refund than its own.
func (j Job) withoutOther(before Job) Job {
	if j.ID != before.ID {
		j.Refund, j.RefundStatus, j.RefundAmount, j.RefundCreated = nil, "", 0, time.Time{}
	}
	return j
}

// booked is the refund as the log has told of it: of a pruned row, what is left.
func (j Job) booked() *refundkit.Refund {
	if j.Refund == nil && !j.PrunedAt.IsZero() && j.ID != "" {
		return &refundkit.Refund{ID: j.ID, Status: j.RefundStatus}
	}
	return j.Refund
}

// Change is one entry of a row's log.
type Change struct {
	Name         string
	Kind         Kind // of the row
	Version      int64
	At           time.Time
	What         What
	Who, Why     string // of a person's decision; of an event, its ID and type
	Shown        State
	Problem      refundkit.JobProblem
	Detail       string
	Due          time.Time
	RefundID     string
	RefundStatus refundkit.RefundStatus
	RequestID    string
	Generation   int // of the key: see Key
	// Book is what the books must do now: count the refund, or take it back.
	Book refundkit.BookEntry
}

// Key is the idempotency key that the row had then.
func (c Change) Key() refundkit.IdempotencyKey {
	return Job{Job: refundkit.Job{Name: c.Name, Progress: refundkit.Progress{Generation: c.Generation}}, Kind: c.Kind}.Key()
}

// What is what happened to a row, as a short word.
type What string

// What can happen to a row.
const (
	WhatRequested What = "requested"
	WhatApproved  What = "approved"
	WhatSending   What = "sending"  // stored before anything is sent
	WhatAnswered  What = "answered" // how a send ended
	WhatLooked    What = "looked"   // what the payment's refunds showed
	WhatEvent     What = "event"
	WhatFetched   What = "fetched" // the refund was retrieved
	WhatResumed   What = "resumed"
	WhatAccepted  What = "accepted"
	WhatJudged    What = "judged"
	WhatCanceled  What = "canceled"
	WhatHeld      What = "held" // its plan is paused
	WhatPruned    What = "pruned"
)
