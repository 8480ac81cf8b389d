package refundkit

import "fmt"

// Observe tells the job of an event: of its refund that succeeded, failed weeks
// later, or was made although no answer came. It works in every state, and for
// events that come twice, late or in any order. A refund that failed or was canceled
// is never taken for one in force again.
//
// The event must be of a refund of the job's payment with the job's name as its
// [Reference], of the refund with the job's ID, or of a request with one of the job's
// keys; else, or for another account, the error is [ErrOtherJob]. Save the job if its Version changed, as
// [Job] says; on [ErrJobChanged] read it and observe again.
func (j Job) Observe(event *Event) (Job, error) {
	if event == nil {
		return j, fmt.Errorf("%w: the event is nil", ErrOtherJob)
	}
	refund, err := event.Refund()
	if err != nil {
		return j, err
	}
	if event.Account != j.Account || !j.owns(refund, event.Request.IdempotencyKey) {
		return j, ErrOtherJob
	}
	named := j.names(refund) || event.Request.IdempotencyKey == string(j.Key())
	next := j.observed(refund.ID, refund.Status.IsFinal(), named && !j.sought().isEarlier(refund))
	if same := next.State == j.State && next.ID == j.ID && next.Problem == j.Problem && next.Open == j.Open; same {
		return j, nil
	}
	return j.changed(next), nil
}

// owns reports whether a refund is one of this job's.
func (j Job) owns(refund *Refund, key string) bool {
	if j.names(refund) || refund.ID == j.ID {
		return true
	}
	for generation := range j.Generation + 1 {
		if key != "" && key == string(j.keyOf(generation)) {
			return true // somebody cleared the metadata
		}
	}
	return false
}

// names reports whether a refund of the job's payment has the job's name. The same name
// on another payment is another refund's, as it is for a look-up.
func (j Job) names(refund *Refund) bool {
	return refund.Reference() == j.Name && same(j.Params.Charge, refund.Charge.ID) &&
		same(j.Params.PaymentIntent, refund.PaymentIntent.ID) && same(j.Params.Customer, refund.Customer.ID)
}

// Resume is what a person does who has removed the reason why the job stopped: it
// is looked up where a send may have refunded, else sent with the next key. After
// refund_failed it refunds once more, unless one in force is found. A job that goes
// on by itself becomes due at once. It fails for one that is made or canceled.
func (j Job) Resume() (Job, error) {
	next, allowed := j.resumed()
	return j.decided(next, allowed, "Resume", "the job has ended")
}

// Accept is what a person does who has found that the refund with this ID is the one
// that the job asks for, whoever made it. The job is made.
func (j Job) Accept(refundID string) (Job, error) {
	if refundID == "" {
		return j, &ParamError{Op: "Job.Accept", Param: "refundID", Reason: "it is empty"}
	}
	next, allowed := j.accepted(refundID)
	return j.decided(next, allowed, "Accept", "the job is canceled, or made as another refund")
}

// Judge is what a person does who has found that the refund with this ID is not the
// one that the job asks for. The job is looked up again, and never asks of that
// refund again: a wrong judgement can refund twice.
func (j Job) Judge(refundID string) (Job, error) {
	if refundID == "" {
		return j, &ParamError{Op: "Job.Judge", Param: "refundID", Reason: "it is empty"}
	}
	next, allowed := j.judged(refundID)
	return j.decided(next, allowed, "Judge", "the job has ended")
}

// Cancel gives the job up. It fails where a send may have refunded, and for a job
// that is made: cancel the refund itself, with [RefundService.Cancel].
func (j Job) Cancel() (Job, error) {
	next, allowed := j.canceled()
	return j.decided(next, allowed, "Cancel", "a refund was or may have been made")
}

// decided returns the job as a person wants it, or the error if the rules forbid it.
func (j Job) decided(next Progress, allowed bool, op, reason string) (Job, error) {
	if !allowed {
		return j, &ParamError{Op: "Job." + op, Param: "State", Reason: fmt.Sprintf("%s (state %s)", reason, j.State)}
	}
	return j.changed(next), nil
}
