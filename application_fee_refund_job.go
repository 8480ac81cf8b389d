package refundkit

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ApplicationFeeRefundJob is one refund of an application fee as a database keeps it. It is to
// that what [Job] is to a refund, with the same [Progress], states, problems and
// rules: read there how it is stored. Its keys are never those of a refund's job of the
// same name. The problem refund_failed never comes, since it does not fail.
type ApplicationFeeRefundJob struct {
	// Name is your own name for this refund, unique for ever, 1 to 500 characters
	// without personal data: the key and the [Reference] are made from it.
	Name    string                           `json:"name"`
	Fee     string                           `json:"fee"`
	Params  ApplicationFeeRefundCreateParams `json:"params"`           // sent unchanged each time
	Account string                           `json:"account,omitzero"` // that earned the fee; empty is the API key's own
	Progress
}

// NewApplicationFeeRefundJob returns a job that is due now. It refuses what Stripe would
// surely refuse.
func NewApplicationFeeRefundJob(name, feeID string, params ApplicationFeeRefundCreateParams) (ApplicationFeeRefundJob, error) {
	job := ApplicationFeeRefundJob{Name: name, Fee: feeID, Params: params, Progress: Progress{State: JobStateWaiting}}
	if err := job.validate(); err != nil {
		return ApplicationFeeRefundJob{}, naming("NewApplicationFeeRefundJob", err)
	}
	return job, nil
}

// Key returns the idempotency key that the job is sent with now.
func (j ApplicationFeeRefundJob) Key() IdempotencyKey {
	return KeyFrom("application_fee_refund", j.Name, strconv.Itoa(j.Generation))
}

// Advance does the next safe thing for a job, as [RefundService.Advance] does, and
// returns the job as it then is, with the fee refund where it saw one.
func (s *ApplicationFeeRefundService) Advance(ctx context.Context, job ApplicationFeeRefundJob, save func(context.Context, ApplicationFeeRefundJob) error, opts ...CallOption) (ApplicationFeeRefundJob, *ApplicationFeeRefund, error) {
	return advanceJob[ApplicationFeeRefundJob, ApplicationFeeRefund](ctx, s.client, job, save, opts)
}

// Observe tells the job of an application_fee.refunded or application_fee.refund.updated
// event, as [Job.Observe] does. The event must be of the job's fee, and have one of its
// refunds with the job's name as its [Reference] or with the job's ID among the 10
// newest; else, or for another account, the error is [ErrOtherJob], which says nothing
// of a refund that is older.
func (j ApplicationFeeRefundJob) Observe(event *Event) (ApplicationFeeRefundJob, error) {
	if event == nil || event.Account != j.Account {
		return j, ErrOtherJob
	}
	refunds, err := event.feeRefunds(j.Fee)
	if err != nil {
		return j, err
	}
	return observe(j, j.sought(), refunds)
}

// feeRefunds returns the refunds of a fee that the event tells of.
func (e *Event) feeRefunds(fee string) ([]*ApplicationFeeRefund, error) {
	if one, err := eventObject[ApplicationFeeRefund](e.Data.Object, "fee_refund"); err == nil {
		if one.Fee.ID != fee {
			return nil, nil
		}
		return []*ApplicationFeeRefund{one}, nil
	}
	all, err := e.ApplicationFee()
	if err != nil || all.ID != fee || all.Refunds == nil {
		return nil, err
	}
	if err := all.Refunds.check(); err != nil {
		return nil, fmt.Errorf("%w: the refunds of the fee: %w", ErrPayload, err)
	}
	return all.Refunds.Data, nil
}

// Resume is what a person does who has removed the reason why the job stopped, as
// [Job.Resume] says.
func (j ApplicationFeeRefundJob) Resume() (ApplicationFeeRefundJob, error) { return resume(j) }

// Accept is what a person does who has found that the fee refund with this ID is the one
// that the job asks for, whoever made it. The job is made.
func (j ApplicationFeeRefundJob) Accept(refundID string) (ApplicationFeeRefundJob, error) {
	return accept(j, refundID, "refundID")
}

// Judge is what a person does who has found that the fee refund with this ID is not the
// one that the job asks for. A wrong judgement can give back twice.
func (j ApplicationFeeRefundJob) Judge(refundID string) (ApplicationFeeRefundJob, error) {
	return judge(j, refundID, "refundID")
}

// Cancel gives the job up. It fails where a send may have given back, and for a job that
// is made.
func (j ApplicationFeeRefundJob) Cancel() (ApplicationFeeRefundJob, error) { return cancel(j) }

func (j ApplicationFeeRefundJob) validate() error {
	if err := validateJob(j.Name, j.Account, j.Progress); err != nil {
		return err
	}
	if j.Fee == "" {
		return &ParamError{Param: "fee", Reason: "say which application fee to give back"}
	}
	if _, err := j.Params.withReference(j.Name); err != nil {
		return err
	}
	return j.Params.validate()
}

func (j ApplicationFeeRefundJob) kind() (name, makes string) {
	return "ApplicationFeeRefundJob", "refund"
}

func (j ApplicationFeeRefundJob) name() string       { return j.Name }
func (j ApplicationFeeRefundJob) account() string    { return j.Account }
func (j ApplicationFeeRefundJob) progress() Progress { return j.Progress }

func (j ApplicationFeeRefundJob) onAccount(id string) ApplicationFeeRefundJob {
	j.Account = id
	return j
}

func (j ApplicationFeeRefundJob) with(p Progress) ApplicationFeeRefundJob {
	j.Progress = p
	return j
}

func (j ApplicationFeeRefundJob) call() call {
	return call{op: "ApplicationFeeRefunds.Advance", method: http.MethodPost, route: "/v1/application_fees/{id}/refunds", ids: []string{j.Fee}, params: j.Params}
}

func (j ApplicationFeeRefundJob) sought() sought {
	return sought{reference: j.Name, amount: j.Params.Amount, since: j.FirstSent, judged: j.Judged}
}

func (j ApplicationFeeRefundJob) look(ctx context.Context, client *Client, opts []CallOption) (lookEnd, *ApplicationFeeRefund) {
	want := j.sought()
	found, err := (&ApplicationFeeRefundService{client}).search(ctx, j.Fee, want, opts)
	return endOfLook(found, want, err), found.one()
}

// ApplicationFeeRefundResolveParams says which fee refund to look for. Its fields are those of
// [ResolveParams]; the place is the fee.
type ApplicationFeeRefundResolveParams struct {
	_          [0]func()
	Reference  string
	Fee        string
	Amount     int64 // in the currency's smallest unit; or Remaining; or neither
	Remaining  bool
	FirstSent  time.Time
	LastSent   time.Time
	SettleTime time.Duration // defaults to 25 hours
}

func (p ApplicationFeeRefundResolveParams) validate() error {
	return validateResolve(p.Reference, placed("fee", p.Fee), p.Amount, p.Remaining, p.SettleTime)
}

// Resolve finds the fee refund that an earlier Create made under a [Reference], as
// [RefundService.Resolve] finds a refund: else the error is an [*UnresolvedError], or
// that of the list. It is safe to repeat.
func (s *ApplicationFeeRefundService) Resolve(ctx context.Context, params ApplicationFeeRefundResolveParams, opts ...CallOption) (*ApplicationFeeRefund, error) {
	r := resolution{"ApplicationFeeRefunds.Resolve", params.validate(), params.LastSent, params.SettleTime}
	return resolve(ctx, s.client, r, func() (found[*ApplicationFeeRefund], error) {
		return s.search(ctx, params.Fee, sought{reference: params.Reference, amount: params.Amount, since: params.FirstSent}, opts)
	})
}

// search walks the refunds of the fee. Those that came with a refund of the payment
// look like ours: nothing tells them apart.
func (s *ApplicationFeeRefundService) search(ctx context.Context, feeID string, want sought, opts []CallOption) (found[*ApplicationFeeRefund], error) {
	return sortOut(want, s.All(ctx, feeID, ApplicationFeeRefundListParams{}, opts...), func(r *ApplicationFeeRefund) bool {
		return r.Reference() == "" && (want.amount == 0 || r.Amount == want.amount) && !want.isEarlier(r)
	})
}
