package refundkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

const (
	firstAwait   = 2 * time.Second
	longestAwait = time.Minute
	longestAsked = time.Hour   // a server may ask for more patience than that, and is asked again
	lastLook     = time.Second // this close to the deadline nothing is asked any more
)

// ErrPersonNeeded: the refund does not go on by itself. The customer must give
// bank details, or your Stripe balance must be topped up.
var ErrPersonNeeded = errors.New("refundkit: the refund waits for a person")

// AwaitError is how [RefundService.Await] ends without a settled refund. Err is
// [ErrPersonNeeded], the end of the context, or the failure of the call that
// retrieves the refund; errors.Is and errors.As find it. Refund is ordinary data,
// such as an e-mail address: no message, format, log, JSON or XML holds it, but
// what looks past methods, such as spew, does.
type AwaitError struct {
	Refund *Refund // as it was last seen; nil if it never was
	Err    error
}

// Await retrieves the refund again and again until it is no longer in progress
// and returns it: succeeded, failed or canceled. Look at its Status: a failed
// refund is no error of the waiting. A succeeded one can still fail, weeks later;
// only webhooks tell.
//
// It gives up, with an [*AwaitError] that holds the refund as last seen, when a
// person is needed (requires_action, or pending for insufficient_funds), when
// the context ends or when retrieving fails in a way that does not heal. Passing
// failures are waited out. It asks after 1 to 2 seconds for the first time, then
// half as often each time, at random, down to once in 30 to 60 seconds; more
// often again when the deadline is near. Refunds can stay pending for days, so
// give it a context that ends. Every look counts in Stripe's allocation of reads
// (on average 500 for each transaction over 30 days): prefer webhooks for what
// stays pending for days. It is safe to repeat.
//
// https://docs.stripe.com/rate-limits
// https://docs.stripe.com/refunds#refund-statuses
func (s *RefundService) Await(ctx context.Context, id string, opts ...CallOption) (*Refund, error) {
	var last *Refund
	for look := 0; ; look++ {
		refund, err := s.Retrieve(ctx, id, opts...)
		if err == nil {
			last = refund
			switch {
			case !refund.Status.InProgress():
				return refund, nil
			case needsPerson(refund):
				return nil, &AwaitError{Refund: last, Err: ErrPersonNeeded}
			}
		}
		delay, again := awaitDelay(look, rand.Float64(), err)
		if !again {
			return nil, &AwaitError{Refund: last, Err: err}
		}
		if !wait(ctx, sooner(ctx, delay, err)) {
			return nil, &AwaitError{Refund: last, Err: endOf(ctx, err)}
		}
	}
}

func needsPerson(r *Refund) bool {
	return r.Status == RefundStatusRequiresAction || r.Status == RefundStatusPending && r.PendingReason == RefundPendingReasonInsufficientFunds
}

// awaitDelay says when to look again, after the given number of earlier looks,
// and whether err, if there is one, may heal by then. Unlike the delay of a
// retry this one has a lower end: nobody is in a hurry.
func awaitDelay(look int, jitter float64, err error) (delay time.Duration, again bool) {
	ceiling := longestAwait
	if look < 5 {
		ceiling = firstAwait << look
	}
	delay = time.Duration((1 + jitter) / 2 * float64(ceiling))
	if err == nil {
		return delay, true
	}
	var answer *Error
	if errors.As(err, &answer) {
		delay = max(delay, answer.RetryAfter)
	}
	return min(delay, longestAsked), NextStep(err) == StepRepeat
}

// sooner halves the rest of the time when the deadline is near, so that the last
// look is not long before it. What a failing server asked for is left alone.
func sooner(ctx context.Context, delay time.Duration, err error) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok || err != nil {
		return delay
	}
	return min(delay, max(lastLook, time.Until(deadline)/2))
}

// endOf is the end of the context, also where it is only near, together with
// what kept the last look from succeeding.
func endOf(ctx context.Context, err error) error {
	end := ctx.Err()
	if end == nil {
		end = context.DeadlineExceeded
	}
	if err == nil {
		return end
	}
	return errors.Join(end, err)
}

// Error says which refund was waited for, how it was last seen and why the
// waiting ended. It holds no secret.
func (e *AwaitError) Error() string {
	var b strings.Builder
	b.WriteString("refundkit: Refunds.Await: ")
	if e.Refund == nil {
		b.WriteString("the refund was never seen")
	} else {
		fmt.Fprintf(&b, "refund %s was last seen %s", text.Masked(e.Refund.ID), text.Masked(string(e.Refund.Status)))
		writeParts(&b, ", waiting for ", text.Masked(string(e.Refund.PendingReason)))
	}
	writeParts(&b, ": ", describe(e.Err))
	return b.String() + "; next: " + advice(e.nextStep(), "")
}

// Unwrap returns what ended the waiting.
func (e *AwaitError) Unwrap() error { return e.Err }

// nextStep repeats after the end of a context; what else ended the waiting
// speaks for itself.
func (e *AwaitError) nextStep() Step {
	step := NextStep(e.Err)
	if step == StepStop && (errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled)) {
		return StepRepeat
	}
	return step
}

// Format writes the message, whatever the verb, so that nothing of the refund leaks.
func (e AwaitError) Format(f fmt.State, verb rune) { formatSafely(f, verb, e.Error()) }

// MarshalJSON writes what a log may hold: the message, nothing more of the refund.
func (e AwaitError) MarshalJSON() ([]byte, error) { return messageJSON(e.Error(), e.nextStep()) }

// MarshalText writes the message, for XML and whatever else takes texts.
func (e AwaitError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// LogValue gives a log the message.
func (e AwaitError) LogValue() slog.Value { return slog.StringValue(e.Error()) }
