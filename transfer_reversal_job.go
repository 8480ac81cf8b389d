package refundkit

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// TransferReversalJob is one reversal of a transfer as a database keeps it. It is to a
// reversal what [Job] is to a refund, with the same [Progress], states, problems and
// rules: read there how it is stored. Its keys are never those of a refund's job of the
// same name. The problem refund_failed never comes, since a reversal does not fail.
type TransferReversalJob struct {
	// Name is your own name for this reversal, unique for ever, 1 to 500 characters
	// without personal data: the key and the [Reference] are made from it.
	Name     string                       `json:"name"`
	Transfer string                       `json:"transfer"`
	Params   TransferReversalCreateParams `json:"params"`           // sent unchanged each time
	Account  string                       `json:"account,omitzero"` // that made the transfer; empty is the API key's own
	Progress
}

// NewTransferReversalJob returns a job that is due now. It refuses what Stripe would
// surely refuse.
func NewTransferReversalJob(name, transferID string, params TransferReversalCreateParams) (TransferReversalJob, error) {
	job := TransferReversalJob{Name: name, Transfer: transferID, Params: params, Progress: Progress{State: JobStateWaiting}}
	if err := job.validate(); err != nil {
		return TransferReversalJob{}, naming("NewTransferReversalJob", err)
	}
	return job, nil
}

// Key returns the idempotency key that the job is sent with now.
func (j TransferReversalJob) Key() IdempotencyKey {
	return KeyFrom("transfer_reversal", j.Name, strconv.Itoa(j.Generation))
}

// Advance does the next safe thing for a job, as [RefundService.Advance] does, and
// returns the job as it then is, with the reversal where it saw one.
func (s *TransferReversalService) Advance(ctx context.Context, job TransferReversalJob, save func(context.Context, TransferReversalJob) error, opts ...CallOption) (TransferReversalJob, *TransferReversal, error) {
	return advanceJob[TransferReversalJob, TransferReversal](ctx, s.client, job, save, opts)
}

// Observe tells the job of a transfer.reversed event, as [Job.Observe] does. The event
// must be of the job's transfer, and have among its 10 newest reversals one with the
// job's name as its [Reference] or with the job's ID; else, or for another account, the
// error is [ErrOtherJob], which says nothing of a reversal that is older.
func (j TransferReversalJob) Observe(event *Event) (TransferReversalJob, error) {
	if event == nil || event.Account != j.Account {
		return j, ErrOtherJob
	}
	transfer, err := event.Transfer()
	if err != nil {
		return j, err
	}
	if transfer.ID != j.Transfer || transfer.Reversals == nil {
		return j, ErrOtherJob
	}
	if err := transfer.Reversals.check(); err != nil {
		return j, fmt.Errorf("%w: the reversals: %w", ErrPayload, err)
	}
	return observe(j, j.sought(), transfer.Reversals.Data)
}

// Resume is what a person does who has removed the reason why the job stopped, as
// [Job.Resume] says.
func (j TransferReversalJob) Resume() (TransferReversalJob, error) { return resume(j) }

// Accept is what a person does who has found that the reversal with this ID is the one
// that the job asks for, whoever made it. The job is made.
func (j TransferReversalJob) Accept(reversalID string) (TransferReversalJob, error) {
	return accept(j, reversalID, "reversalID")
}

// Judge is what a person does who has found that the reversal with this ID is not the
// one that the job asks for. A wrong judgement can reverse twice.
func (j TransferReversalJob) Judge(reversalID string) (TransferReversalJob, error) {
	return judge(j, reversalID, "reversalID")
}

// Cancel gives the job up. It fails where a send may have reversed, and for a job that
// is made.
func (j TransferReversalJob) Cancel() (TransferReversalJob, error) { return cancel(j) }

func (j TransferReversalJob) validate() error {
	if err := validateJob(j.Name, j.Account, j.Progress); err != nil {
		return err
	}
	if j.Transfer == "" {
		return &ParamError{Param: "transfer", Reason: "say which transfer to reverse"}
	}
	if _, err := j.Params.withReference(j.Name); err != nil {
		return err
	}
	return j.Params.validate()
}

func (j TransferReversalJob) kind() (name, makes string) { return "TransferReversalJob", "reversal" }

func (j TransferReversalJob) name() string       { return j.Name }
func (j TransferReversalJob) account() string    { return j.Account }
func (j TransferReversalJob) progress() Progress { return j.Progress }

func (j TransferReversalJob) onAccount(id string) TransferReversalJob {
	j.Account = id
	return j
}

func (j TransferReversalJob) with(p Progress) TransferReversalJob {
	j.Progress = p
	return j
}

func (j TransferReversalJob) call() call {
	return call{op: "TransferReversals.Advance", method: http.MethodPost, route: "/v1/transfers/{id}/reversals", ids: []string{j.Transfer}, params: j.Params}
}

func (j TransferReversalJob) sought() sought {
	return sought{reference: j.Name, amount: j.Params.Amount, since: j.FirstSent, judged: j.Judged}
}

func (j TransferReversalJob) look(ctx context.Context, client *Client, opts []CallOption) (lookEnd, *TransferReversal) {
	want := j.sought()
	found, err := (&TransferReversalService{client}).search(ctx, j.Transfer, want, opts)
	return endOfLook(found, want, err), found.one()
}

// TransferReversalResolveParams says which reversal to look for. Its fields are those of
// [ResolveParams]; the place is the transfer.
type TransferReversalResolveParams struct {
	_          [0]func()
	Reference  string
	Transfer   string
	Amount     int64 // in the currency's smallest unit; or Remaining; or neither
	Remaining  bool
	FirstSent  time.Time
	LastSent   time.Time
	SettleTime time.Duration // defaults to 25 hours
}

func (p TransferReversalResolveParams) validate() error {
	return validateResolve(p.Reference, placed("transfer", p.Transfer), p.Amount, p.Remaining, p.SettleTime)
}

// Resolve finds the reversal that an earlier Create made under a [Reference], as
// [RefundService.Resolve] finds a refund: else the error is an [*UnresolvedError], or
// that of the list. It is safe to repeat.
func (s *TransferReversalService) Resolve(ctx context.Context, params TransferReversalResolveParams, opts ...CallOption) (*TransferReversal, error) {
	r := resolution{"TransferReversals.Resolve", params.validate(), params.LastSent, params.SettleTime}
	return resolve(ctx, s.client, r, func() (found[*TransferReversal], error) {
		return s.search(ctx, params.Transfer, sought{reference: params.Reference, amount: params.Amount, since: params.FirstSent}, opts)
	})
}

// search walks the transfer's reversals. Those that a refund has made are not ours.
func (s *TransferReversalService) search(ctx context.Context, transferID string, want sought, opts []CallOption) (found[*TransferReversal], error) {
	return sortOut(want, s.All(ctx, transferID, TransferReversalListParams{}, opts...), func(r *TransferReversal) bool {
		return r.Reference() == "" && r.SourceRefund.ID == "" && (want.amount == 0 || r.Amount == want.amount) && !want.isEarlier(r)
	})
}
