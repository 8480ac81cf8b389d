package refundkit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/refundkit/refundkit/internal/text"
)

// What is the same for each kind of job, whatever it makes: a refund, a transfer
// reversal, a refund of an application fee.

// kindOfJob is what the steps between calls need of a job J that makes a T. Most of it
// is what a job has of its [Progress].
type kindOfJob[J, T any] interface {
	jobToDecide[J]
	Key() IdempotencyKey
	validate() error
	name() string
	account() string
	onAccount(string) J
	call() call // what is sent
	look(context.Context, *Client, []CallOption) (lookEnd, *T)

	next(time.Time) action
	sending(time.Time, float64) Progress
	answered(Progress, sendEnd, time.Time, float64) Progress
	looked(lookEnd, time.Time, float64) Progress
	mayStart(time.Time) bool
}

// madeBy is what a job makes.
type madeBy[T any] interface {
	*T
	checker
	identity() string
}

func validateJob(name, account string, p Progress) error {
	switch {
	case name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxJobName:
		return &ParamError{Param: "Name", Reason: "a job needs a name of 1 to 500 characters of UTF-8, unique for ever"}
	case account != "" && !text.IsVisibleASCII(account, maxHeader):
		return &ParamError{Param: "Account", Reason: "it must be visible ASCII characters, or empty for the API key's own account"}
	case p.Generation < 0 || p.Version < 0:
		return &ParamError{Param: "Version", Reason: "Version and Generation are never negative: was the row read whole?"}
	}
	switch p.State {
	case "", JobStateWaiting, JobStateOpen, JobStateMade, JobStateNeedsPerson, JobStateCanceled:
	default:
		return &ParamError{Param: "State", Reason: "this version does not know the state: was the row written by a newer one?"}
	}
	return nil
}

// jitter spreads the due times of many jobs, in [0,1). It is made from the row, so that
// two workers with one row, and a test that is run again, come to the same.
func jitter(name string, version int64) float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", version, name))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}

// advanceJob does the next safe thing for a job of any kind.
func advanceJob[J kindOfJob[J, T], T any, P madeBy[T]](ctx context.Context, client *Client, job J, save func(context.Context, J) error, opts []CallOption) (J, *T, error) {
	a, err := newAdvance[J, T, P](ctx, client, job, save, opts)
	if err != nil {
		return job, nil, naming(job.call().op, err)
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
type advance[J kindOfJob[J, T], T any, P madeBy[T]] struct {
	client  *Client
	job     J
	save    func(context.Context, J) error
	request *request
	look    []CallOption
	now     func() time.Time
}

func newAdvance[J kindOfJob[J, T], T any, P madeBy[T]](ctx context.Context, client *Client, job J, save func(context.Context, J) error, opts []CallOption) (*advance[J, T, P], error) {
	switch {
	case ctx == nil || client == nil:
		return nil, &ParamError{Param: "ctx", Reason: "the context is nil, or the service was not made by New"}
	case save == nil:
		return nil, &ParamError{Param: "save", Reason: "without it, a crash would forget what was sent"}
	}
	if p := job.progress(); p.State == "" {
		p.State = JobStateWaiting
		job = job.with(p)
	}
	a := &advance[J, T, P]{client: client, save: save, now: client.config().now}
	if err := a.take(job); err != nil {
		return nil, err
	}
	sendOptions := []CallOption{a.job.Key(), Reference(job.name())}
	for _, option := range opts {
		switch o := option.(type) {
		case clockOffsetOption:
			a.now = func() time.Time { return client.config().now().Add(time.Duration(o)) }
			continue
		case maxRetriesOption, captureOption:
			a.look = append(a.look, option)
		default:
			return nil, &ParamError{Param: "opts", Reason: "a job takes MaxRetries, CaptureResponse and ClockOffset: all else would change what is sent"}
		}
	}
	sendOptions = append(sendOptions, a.look...)
	if account := a.job.account(); account != "" {
		a.look = append(a.look, OnAccount(account))
		sendOptions = append(sendOptions, OnAccount(account))
	}
	var err error
	if a.request, err = client.prepare(a.job.call(), sendOptions); err != nil {
		return nil, err
	}
	return a, ctx.Err()
}

// take checks the job, and writes the client's account into one that was never sent.
func (a *advance[J, T, P]) take(job J) error {
	if err := job.validate(); err != nil {
		return err
	}
	own, p := a.client.config().account, job.progress()
	switch {
	case own == "" || own == job.account():
	case job.account() == "" && p.FirstSent.IsZero() && p.Generation == 0:
		job = job.onAccount(own)
	default:
		return &ParamError{Param: "Account", Reason: "the client acts on another account than the one that the job was first sent to"}
	}
	a.job = job
	return nil
}

func (a *advance[J, T, P]) send(ctx context.Context, now time.Time) (J, *T, error) {
	stored := changed(a.job, a.job.sending(now, a.jitter()))
	if err := a.save(ctx, stored); err != nil {
		return a.job, nil, a.savingFailed(err)
	}
	a.request.mayStart = func() bool { return stored.mayStart(a.now()) }
	var made P
	err := a.client.send(ctx, a.request, func() checker { made = new(T); return made })
	id := ""
	if err != nil {
		made = nil
	} else {
		id = made.identity()
	}
	end := endOfSend(id, err)
	job := changed(stored, stored.answered(a.job.progress(), end, a.now(), jitter(stored.name(), stored.progress().Version)))
	if err := a.saveResult(ctx, job); err != nil {
		return job, made, err
	}
	if end.ending == endingCut {
		return job, nil, ctx.Err()
	}
	return job, made, nil
}

func (a *advance[J, T, P]) lookUp(ctx context.Context, now time.Time) (J, *T, error) {
	end, made := a.job.look(ctx, a.client, a.look)
	job := changed(a.job, a.job.looked(end, now, a.jitter()))
	if job.progress().State != JobStateMade {
		made = nil
	}
	if err := a.saveResult(ctx, job); err != nil {
		return job, made, err
	}
	if end.ending == endingCut {
		return job, nil, ctx.Err()
	}
	return job, made, nil
}

func (a *advance[J, T, P]) jitter() float64 { return jitter(a.job.name(), a.job.progress().Version) }

// saveResult stores what came of a call, also when ctx has ended.
func (a *advance[J, T, P]) saveResult(ctx context.Context, job J) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := a.save(ctx, job); err != nil {
		return a.savingFailed(err)
	}
	return nil
}

func (a *advance[J, T, P]) savingFailed(err error) error {
	return fmt.Errorf("refundkit: %s: the job was not saved: %w", a.request.op, err)
}

// endOfSend reads what the rules need from the end of a call.
func endOfSend(id string, err error) sendEnd {
	if err == nil {
		return sendEnd{ending: endingMade, id: id}
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
	if e.ofConnect() { // Stripe has no code for a transfer or a fee of which nothing is left
		if e.Is(ErrInsufficientBalance) {
			return JobProblemInsufficientBalance
		}
		return JobProblemNotReturnable
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
func endOfLook[T traced](found found[T], want sought, err error) lookEnd {
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
func oldestFirst[T traced](items []T) []string {
	ids := identities(items)
	slices.Reverse(ids)
	return ids
}
