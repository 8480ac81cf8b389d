package refundkit

import (
	"fmt"
	"slices"
)

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
	return changed(j, next), nil
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
// unanswered it is looked up once more before that, and after refund_failed it
// refunds once more, unless one in force is found. A job that goes on by itself
// becomes due at once. It fails for one that is made or canceled.
func (j Job) Resume() (Job, error) {
	return resume(j)
}

// Accept is what a person does who has found that the refund with this ID is the one
// that the job asks for, whoever made it. The job is made.
func (j Job) Accept(refundID string) (Job, error) {
	return accept(j, refundID, "refundID")
}

// Judge is what a person does who has found that the refund with this ID is not the
// one that the job asks for. The job is looked up again, and never asks of that
// refund again: a wrong judgement can refund twice.
func (j Job) Judge(refundID string) (Job, error) {
	return judge(j, refundID, "refundID")
}

// Cancel gives the job up. It fails where a send may have refunded, and for a job
// that is made: cancel the refund itself, with [RefundService.Cancel].
func (j Job) Cancel() (Job, error) {
	return cancel(j)
}

// jobToDecide is what a person's decision needs of a job, of any kind.
type jobToDecide[J any] interface {
	kind() (name, makes string) // TransferReversalJob, reversal
	progress() Progress
	with(Progress) J
}

// changed returns the job with its progress, one version further.
func changed[J jobToDecide[J]](j J, p Progress) J {
	p.Version = j.progress().Version + 1
	return j.with(p)
}

func resume[J jobToDecide[J]](j J) (J, error) {
	next, allowed := j.progress().resumed()
	return decided(j, next, allowed, "Resume", "the job has ended")
}

func accept[J jobToDecide[J]](j J, id, param string) (J, error) {
	kind, makes := j.kind()
	if id == "" {
		return j, &ParamError{Op: kind + ".Accept", Param: param, Reason: "it is empty"}
	}
	next, allowed := j.progress().accepted(id)
	return decided(j, next, allowed, "Accept", "the job is canceled, or made as another "+makes)
}

func judge[J jobToDecide[J]](j J, id, param string) (J, error) {
	kind, _ := j.kind()
	if id == "" {
		return j, &ParamError{Op: kind + ".Judge", Param: param, Reason: "it is empty"}
	}
	next, allowed := j.progress().judged(id)
	return decided(j, next, allowed, "Judge", "the job has ended")
}

func cancel[J jobToDecide[J]](j J) (J, error) {
	_, makes := j.kind()
	next, allowed := j.progress().canceled()
	return decided(j, next, allowed, "Cancel", "a "+makes+" was or may have been made")
}

// decided returns the job as a person wants it, or the error if the rules forbid it.
func decided[J jobToDecide[J]](j J, next Progress, allowed bool, op, reason string) (J, error) {
	if !allowed {
		kind, _ := j.kind()
		return j, &ParamError{Op: kind + "." + op, Param: "State", Reason: fmt.Sprintf("%s (state %s)", reason, j.progress().State)}
	}
	return changed(j, next), nil
}

// observe tells a job of what is there now of its transfer or fee, newest first.
func observe[J jobToDecide[J], T traced](j J, want sought, made []T) (J, error) {
	before, ours := j.progress(), false
	next := before
	for _, item := range slices.Backward(made) {
		named := item.Reference() == want.reference
		if named || item.identity() == before.ID {
			ours = true
			next = next.observed(item.identity(), item.isOver(), named && !want.isEarlier(item))
		}
	}
	switch {
	case !ours:
		return j, ErrOtherJob
	case next.State == before.State && next.ID == before.ID && next.Problem == before.Problem && next.Open == before.Open:
		return j, nil
	}
	return changed(j, next), nil
}
