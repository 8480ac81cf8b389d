package refundkit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/refundkit/refundkit/internal/text"
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

// jitter spreads the due times of many jobs, in [0,1). It is made from the row, so that
// two workers with one row, and a test that is run again, come to the same.
func (j Job) jitter() float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", j.Version, j.Name))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

func (j Job) validate() error {
	switch {
	case j.Name == "" || !utf8.ValidString(j.Name) || utf8.RuneCountInString(j.Name) > maxJobName:
		return &ParamError{Param: "Name", Reason: "a job needs a name of 1 to 500 characters of UTF-8, unique for ever"}
	case j.Account != "" && !text.IsVisibleASCII(j.Account, maxHeader):
		return &ParamError{Param: "Account", Reason: "it must be visible ASCII characters, or empty for the API key's own account"}
	case j.Generation < 0 || j.Version < 0:
		return &ParamError{Param: "Version", Reason: "Version and Generation are never negative: was the row read whole?"}
	}
	switch j.State {
	case "", JobStateWaiting, JobStateOpen, JobStateMade, JobStateNeedsPerson, JobStateCanceled:
	default:
		return &ParamError{Param: "State", Reason: "this version does not know the state: was the row written by a newer one?"}
	}
	if _, err := j.Params.withReference(j.Name); err != nil {
		return err
	}
	return j.Params.validate()
}

// changed returns the job with its progress, one version further.
func (j Job) changed(p Progress) Job {
	p.Version = j.Version + 1
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
	a, err := s.newAdvance(ctx, job, save, opts)
	if err != nil {
		return job, nil, naming("Refunds.Advance", err)
	}
	switch now := a.now(); a.job.next(now) {
	case actionSend:
		return a.send(ctx, now)
	case actionLookUp:
		return a.lookUp(ctx, now)
	}
	return job, nil, nil
}

// advance is one use of Advance.
type advance struct {
	client  *Client
	service *RefundService
	job     Job
	save    func(context.Context, Job) error
	request *request
	look    []CallOption
	now     func() time.Time
}

func (s *RefundService) newAdvance(ctx context.Context, job Job, save func(context.Context, Job) error, opts []CallOption) (*advance, error) {
	switch {
	case ctx == nil || s.client == nil:
		return nil, &ParamError{Param: "ctx", Reason: "the context is nil, or the service was not made by New"}
	case save == nil:
		return nil, &ParamError{Param: "save", Reason: "without it, a crash would forget what was sent"}
	}
	if job.State == "" {
		job.State = JobStateWaiting
	}
	a := &advance{client: s.client, service: s, save: save, now: s.client.config().now}
	if err := a.take(job); err != nil {
		return nil, err
	}
	sendOptions := []CallOption{a.job.Key(), Reference(job.Name)}
	for _, option := range opts {
		switch o := option.(type) {
		case clockOffsetOption:
			a.now = func() time.Time { return s.client.config().now().Add(time.Duration(o)) }
			continue
		case maxRetriesOption, captureOption:
			a.look = append(a.look, option)
		default:
			return nil, &ParamError{Param: "opts", Reason: "a job takes MaxRetries, CaptureResponse and ClockOffset: all else would change what is sent"}
		}
	}
	sendOptions = append(sendOptions, a.look...)
	if a.job.Account != "" {
		a.look = append(a.look, OnAccount(a.job.Account))
		sendOptions = append(sendOptions, OnAccount(a.job.Account))
	}
	c := call{op: "Refunds.Advance", method: http.MethodPost, route: "/v1/refunds", params: a.job.Params}
	var err error
	if a.request, err = s.client.prepare(c, sendOptions); err != nil {
		return nil, err
	}
	return a, ctx.Err()
}

// take checks the job, and writes the client's account into one that was never sent.
func (a *advance) take(job Job) error {
	if err := job.validate(); err != nil {
		return err
	}
	own := a.client.config().account
	switch {
	case own == "" || own == job.Account:
	case job.Account == "" && job.FirstSent.IsZero() && job.Generation == 0:
		job.Account = own
	default:
		return &ParamError{Param: "Account", Reason: "the client acts on another account than the one that the job was first sent to"}
	}
	a.job = job
	return nil
}

func (a *advance) send(ctx context.Context, now time.Time) (Job, *Refund, error) {
	stored := a.job.changed(a.job.sending(now, a.job.jitter()))
	if err := a.save(ctx, stored); err != nil {
		return a.job, nil, savingFailed(err)
	}
	a.request.mayStart = func() bool { return stored.mayStart(a.now()) }
	var refund *Refund
	err := a.client.send(ctx, a.request, func() checker { refund = new(Refund); return refund })
	if err != nil {
		refund = nil
	}
	end := endOfSend(refund, err)
	job := stored.changed(stored.answered(a.job.Progress, end, a.now(), stored.jitter()))
	if err := a.saveResult(ctx, job); err != nil {
		return job, refund, err
	}
	if end.ending == endingCut {
		return job, nil, ctx.Err()
	}
	return job, refund, nil
}

func (a *advance) lookUp(ctx context.Context, now time.Time) (Job, *Refund, error) {
	want := a.job.sought()
	found, err := a.service.search(ctx, want, a.look)
	end := endOfLook(found, want, err)
	end.unplaced = a.job.Params.Charge == "" && a.job.Params.PaymentIntent == ""
	job := a.job.changed(a.job.looked(end, now, a.job.jitter()))
	var refund *Refund
	if job.State == JobStateMade {
		refund = found.inForce[0]
	}
	if err := a.saveResult(ctx, job); err != nil {
		return job, refund, err
	}
	if end.ending == endingCut {
		return job, nil, ctx.Err()
	}
	return job, refund, nil
}

// saveResult stores what came of a call, also when ctx has ended.
func (a *advance) saveResult(ctx context.Context, job Job) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := a.save(ctx, job); err != nil {
		return savingFailed(err)
	}
	return nil
}

func savingFailed(err error) error {
	return fmt.Errorf("refundkit: Refunds.Advance: the job was not saved: %w", err)
}

func (j Job) sought() sought {
	return sought{reference: j.Name, charge: j.Params.Charge, paymentIntent: j.Params.PaymentIntent, customer: j.Params.Customer,
		currency: j.Params.Currency, amount: j.Params.Amount, since: j.FirstSent, judged: j.Judged}
}

// endOfSend reads what the rules need from the end of a call.
func endOfSend(refund *Refund, err error) sendEnd {
	if err == nil {
		return sendEnd{ending: endingMade, id: refund.ID}
	}
	end := sendEnd{ending: endingOpen, open: errors.Is(err, ErrOutcomeUnknown), detail: err.Error()}
	switch e := err.(type) {
	case *Error:
		end.ending, end.requestID, end.retryAfter, end.repeated = e.ending(), e.RequestID, e.RetryAfter, e.Attempts > 1
		end.problem = e.problem()
	case *TransportError:
		end.ending, end.repeated = e.ending(), e.Attempts > 1
		if end.ending == endingNotSent || end.ending == endingHopeless {
			end.problem = JobProblemUnreachable
		}
	}
	return end
}

// problem is what an answer means for a job.
func (e *Error) problem() JobProblem {
	switch e.ending() {
	case endingCredentials:
		return JobProblemCredentials
	case endingRefused:
		if e.Is(ErrIdempotencyMismatch) {
			return JobProblemKeyMismatch
		}
		return JobProblemRefused
	case endingExecuted:
	default:
		return ""
	}
	for _, known := range []struct {
		target  error
		problem JobProblem
	}{
		{ErrAlreadyRefunded, JobProblemAlreadyRefunded},
		{ErrAmountExceedsRemaining, JobProblemExceedsRemaining},
		{ErrDisputed, JobProblemDisputed},
		{ErrInsufficientBalance, JobProblemInsufficientBalance},
		{ErrNotRefundable, JobProblemNotRefundable},
	} {
		if e.Is(known.target) {
			return known.problem
		}
	}
	return JobProblemRefused
}

// endOfLook reads what the rules need from a look-up. What is not Stripe's own
// refusal says nothing of the payment.
func endOfLook(found found, want sought, err error) lookEnd {
	if err == nil {
		end := lookEnd{ending: endingMade, inForce: oldestFirst(found.inForce), over: oldestFirst(found.over), alike: oldestFirst(found.alike)}
		ours := found.inForce
		if len(ours) == 0 {
			ours = found.over
		}
		end.earlier = len(ours) > 0 && want.isEarlier(ours[len(ours)-1])
		return end
	}
	end := lookEnd{ending: endingNotSent, detail: err.Error()}
	var failure *Error
	var silence *TransportError
	switch {
	case errors.As(err, &failure) && failure.origin != originForeign && !errors.Is(failure.Err, ErrAnswerMismatch):
		end.ending, end.retryAfter = failure.ending(), failure.RetryAfter
	case errors.As(err, &silence) && silence.ending() == endingCut:
		end.ending = endingCut
	}
	return end
}

// oldestFirst returns the ids, the oldest first.
func oldestFirst(refunds []*Refund) []string {
	ids := make([]string, 0, len(refunds))
	for _, refund := range slices.Backward(refunds) {
		ids = append(ids, refund.ID)
	}
	return ids
}

// ClockOffset is an option of [RefundService.Advance] alone: what is to be added to
// this machine's clock to get the one that all workers share, mostly the database's.
// Rows are compared by that clock, so that machines whose clocks differ agree.
func ClockOffset(d time.Duration) CallOption { return clockOffsetOption(d) }

type clockOffsetOption time.Duration

func (clockOffsetOption) apply(*callConfig) error {
	return &ParamError{Param: "ClockOffset", Reason: "only Advance takes one"}
}
