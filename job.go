package refundkit

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	maxJobName = 500              // it is the reference, and a metadata value holds no more
	saveTime   = 15 * time.Second // for the save after an answer, which happens also when ctx has ended
)

var (
	// ErrJobChanged: the stored job has another version than the one that this change
	// was made from. The save function of [RefundService.Advance] returns it, rather
	// than write over what somebody else has stored. Read the job again.
	ErrJobChanged = errors.New("refundkit: the job was changed by somebody else")
	// ErrOtherJob: the event is about a refund of another name or account.
	ErrOtherJob = errors.New("refundkit: the event is about another job's refund")
)

// Job is one business refund as a database keeps it: all that a process needs to
// go on after any crash. It is plain data, that goes to JSON and back, or into
// columns. [RefundService.Advance] moves it on; [Job.Observe] tells it of events,
// and the other methods are what a person decides.
//
// Each change raises Version by one. A store writes a job only over the version
// before it, and returns [ErrJobChanged] where that is not what is stored:
//
//	UPDATE refunds SET version = $2, state = $3, due = $4, job = $5
//	WHERE name = $1 AND version = $2 - 1
//
// Never call Advance inside a transaction or under a lock on the row: a crash
// would roll back what says that something was sent.
type Job struct {
	// Name is your own name for this refund, unique for ever, 1 to 500 characters
	// without personal data: the key and the [Reference] are made from it. Put the
	// account into it if names repeat across accounts.
	Name    string             `json:"name"`
	Params  RefundCreateParams `json:"params"`           // sent unchanged each time
	Account string             `json:"account,omitzero"` // the connected account; empty is the API key's own
	Progress
}

// NewJob returns a job that is due now. It refuses what Stripe would surely refuse,
// so that a mistake shows where the refund is asked for, and not in a worker.
func NewJob(name string, params RefundCreateParams) (Job, error) {
	job := Job{Name: name, Params: params, Progress: Progress{State: JobStateWaiting}}
	if err := job.validate(); err != nil {
		return Job{}, naming("NewJob", err)
	}
	return job, nil
}

// Key returns the idempotency key that the job is sent with now.
func (j Job) Key() IdempotencyKey { return j.keyOf(j.Generation) }

func (j Job) keyOf(generation int) IdempotencyKey {
	return KeyFrom(j.Name, strconv.Itoa(generation))
}

func (j Job) validate() error {
	if err := validateJob(j.Name, j.Account, j.Progress); err != nil {
		return err
	}
	if _, err := j.Params.withReference(j.Name); err != nil {
		return err
	}
	return j.Params.validate()
}

func (j Job) kind() (name, makes string) { return "Job", "refund" }

func (j Job) name() string       { return j.Name }
func (j Job) account() string    { return j.Account }
func (j Job) progress() Progress { return j.Progress }

func (j Job) onAccount(id string) Job {
	j.Account = id
	return j
}

func (j Job) with(p Progress) Job {
	j.Progress = p
	return j
}

// Advance does the next safe thing for a job, at most one send (a call with its
// retries) or one look-up, and returns the job as it then is, with the refund where
// it saw one. A job that is not due, made, canceled or waits for a person is
// returned as it is.
//
// save is called before anything is sent, with the job as a crash must find it, and
// again with what came of it, also when ctx has ended meanwhile. It has committed
// when it returns, and returns [ErrJobChanged] as [Job] says. When it fails before
// the send, nothing is sent.
//
// The error is about Advance itself: save failed, the job or an option is invalid,
// or ctx ended before anything was sent. How a call went is in the job. The options
// are [MaxRetries], [CaptureResponse] and [ClockOffset]; key, reference, account and
// expanded objects are the job's own.
//
// Call it as often as you like, from any number of workers: a job is refunded once.
func (s *RefundService) Advance(ctx context.Context, job Job, save func(context.Context, Job) error, opts ...CallOption) (Job, *Refund, error) {
	return advanceJob[Job, Refund](ctx, s.client, job, save, opts)
}

func (j Job) sought() sought {
	return sought{reference: j.Name, charge: j.Params.Charge, paymentIntent: j.Params.PaymentIntent, customer: j.Params.Customer,
		currency: j.Params.Currency, amount: j.Params.Amount, since: j.FirstSent, judged: j.Judged}
}

func (j Job) call() call {
	return call{op: "Refunds.Advance", method: http.MethodPost, route: "/v1/refunds", params: j.Params}
}

func (j Job) look(ctx context.Context, client *Client, opts []CallOption) (lookEnd, *Refund) {
	want := j.sought()
	found, err := (&RefundService{client}).search(ctx, want, opts)
	end := endOfLook(found, want, err)
	end.unplaced = j.Params.Charge == "" && j.Params.PaymentIntent == ""
	return end, found.one()
}

// ClockOffset is an option of [RefundService.Advance] alone: what is to be added to
// this machine's clock to get the one that all workers share, mostly the database's.
// Rows are compared by that clock, so that machines whose clocks differ agree.
func ClockOffset(d time.Duration) CallOption { return clockOffsetOption(d) }

type clockOffsetOption time.Duration

func (clockOffsetOption) apply(*callConfig) error {
	return &ParamError{Param: "ClockOffset", Reason: "only Advance takes one"}
}
