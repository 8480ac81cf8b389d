package refundkit

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Step is what is safe to do after a call failed: a short word that may be
// stored. Its String is a sentence for people.
type Step string

// The steps that [NextStep] can advise.
const (
	// StepRepeat: call again with the key that [KeyOf] gives, here or in another
	// process, within 24 hours of the first send. A GET is just repeated.
	StepRepeat Step = "repeat"
	// StepLookUp: repeating can't tell. Look which refunds the payment has, best by
	// the [Reference] that Create was given, before anything else is sent.
	StepLookUp Step = "look_up"
	// StepNewKey: definitely refused, and the refusal is stored under the key: once
	// the cause is gone, the next try needs a new key.
	StepNewKey Step = "new_key"
	// StepFixRequest: nothing was done, and the same request would be refused
	// again: correct it.
	StepFixRequest Step = "fix_request"
	// StepFixCredentials: this attempt was refused for its API key, its account or
	// its permissions: correct those, then repeat with the same key.
	StepFixCredentials Step = "fix_credentials"
	// StepStop: nothing was done, and no other call will help: a person must look.
	StepStop Step = "stop"
)

// String says the step in a sentence, for messages and logs.
func (s Step) String() string {
	switch s {
	case StepRepeat:
		return "repeat the call with the same key"
	case StepLookUp:
		return "look up the payment's refunds before anything else"
	case StepNewKey:
		return "remove the cause, then call with a new key"
	case StepFixRequest:
		return "correct the request"
	case StepFixCredentials:
		return "correct the API key or the account, then repeat with the same key"
	case StepStop:
		return "stop, a person must look"
	}
	return string(s)
}

// NextStep says what is safe to do now, about this call. It knows nothing of an
// earlier one, which a [Job] does. It goes by the outermost error of this package,
// and of joined errors by one whose outcome is open. For an error that is not of
// this package, and for nil, it says [StepStop].
func NextStep(err error) Step {
	switch e := outermost(err).(type) {
	case *AwaitError:
		return e.nextStep()
	case *UnresolvedError:
		return e.nextStep()
	case *Error:
		return e.nextStep()
	case *TransportError:
		return e.nextStep()
	case *ParamError:
		return StepFixRequest
	}
	return StepStop
}

// outermost returns the first error of this package in the tree of err, and of
// joined ones an open one; nil if there is none. What such an error wraps is
// its cause, and never speaks for it.
func outermost(err error) error {
	switch e := err.(type) {
	case *Error, *TransportError, *ParamError, *UnresolvedError, *AwaitError:
		return err
	case interface{ Unwrap() error }:
		return outermost(e.Unwrap())
	case interface{ Unwrap() []error }:
		var first error
		for _, joined := range e.Unwrap() {
			found := outermost(joined)
			if found != nil && errors.Is(found, ErrOutcomeUnknown) {
				return found
			}
			if first == nil {
				first = found
			}
		}
		return first
	}
	return nil
}

// ending is how a call ended: what its last answer says. [NextStep] and the rules
// of a [Job] both read it, beside whether the call is open over all its attempts.
type ending string

const (
	endingMade        ending = "made"
	endingOpen        ending = "open"        // it may have worked
	endingStored      ending = "stored"      // Stripe keeps a 5xx for this key: repeating can't tell
	endingMismatch    ending = "mismatch"    // a success of another request
	endingExecuted    ending = "executed"    // refused by the work: nothing was done
	endingRefused     ending = "refused"     // refused before the work
	endingCredentials ending = "credentials" // the key, the account or a permission
	endingLimited     ending = "limited"     // too many requests, as Stripe or a limiter of ours says
	endingCut         ending = "cut"         // ended by the caller, or too late, before anything was sent
	endingNotSent     ending = "not_sent"    // nothing reached the server
	endingHopeless    ending = "hopeless"    // nothing reached the server, nor will it: a certificate, a name
)

func (e *TransportError) ending() ending {
	var held *clientSideError
	switch {
	case e.OutcomeUnknown:
		return endingOpen
	case errors.Is(e.Err, context.Canceled), errors.Is(e.Err, context.DeadlineExceeded) && e.Attempts == 0, errors.Is(e.Err, errTooLate):
		return endingCut
	case errors.As(e.Err, &held):
		return endingLimited
	case isPermanent(e.Err):
		return endingHopeless
	}
	return endingNotSent
}

func (e *Error) ending() ending {
	switch foreign := e.origin == originForeign && e.IdempotencyKey != ""; {
	case errors.Is(e.Err, ErrAnswerMismatch):
		return endingMismatch
	case e.StatusCode >= 500 && e.Replayed:
		return endingStored
	case foreign, e.StatusCode < 400, e.StatusCode >= 500, e.StatusCode == http.StatusConflict, e.StatusCode == http.StatusFailedDependency:
		return endingOpen
	case e.StatusCode == http.StatusUnauthorized, e.StatusCode == http.StatusForbidden:
		return endingCredentials
	case e.StatusCode == http.StatusTooManyRequests:
		return endingLimited
	case e.origin == originExecuted, e.origin == originByHand && (e.isBusiness() || e.Is(ErrAmountExceedsRemaining) || e.Is(ErrNotRefundable)):
		return endingExecuted
	}
	return endingRefused
}

func (e *TransportError) nextStep() Step {
	if e.ending() == endingHopeless {
		return StepStop
	}
	return StepRepeat
}

func (e *Error) nextStep() Step {
	switch e.ending() {
	case endingStored, endingMismatch:
		return StepLookUp
	case endingOpen, endingLimited:
		return StepRepeat
	case endingCredentials:
		return StepFixCredentials
	}
	switch {
	case e.OutcomeUnknown: // by an earlier attempt, and this request would be refused for ever
		return StepLookUp
	case e.Is(ErrAlreadyRefunded), e.Is(ErrAmountExceedsRemaining), e.Is(ErrIdempotencyMismatch), e.ofConnect() && e.Is(ErrNotRefundable):
		return StepLookUp // an earlier try of the same refund may be the reason
	case e.Is(ErrInsufficientBalance), e.StatusCode == http.StatusPaymentRequired && e.IdempotencyKey != "":
		return StepNewKey
	case e.Is(ErrDisputed), e.Is(ErrNotRefundable):
		return StepStop
	}
	return StepFixRequest
}

// ofConnect reports whether a reversal of a transfer or a refund of an application fee
// was asked for. That nothing is left of it has no code: see [ErrNotRefundable].
func (e *Error) ofConnect() bool {
	return e.IdempotencyKey != "" && (strings.HasPrefix(e.Op, "TransferReversals.") || strings.HasPrefix(e.Op, "ApplicationFeeRefunds."))
}
