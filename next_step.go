package refundkit

import (
	"context"
	"errors"
	"net/http"
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
// earlier one: a job whose outcome was once unknown keeps repeating with its
// key until a success or a definite refusal, and is looked up once 24 hours
// have passed since its first send. For an error that is not of this package,
// and for nil, it says [StepStop].
func NextStep(err error) Step {
	var refused *ParamError
	var answer *Error
	var silence *TransportError
	var unresolved *UnresolvedError
	var waited *AwaitError
	switch {
	case errors.As(err, &waited):
		return waited.nextStep()
	case errors.As(err, &unresolved):
		return unresolved.nextStep()
	case errors.As(err, &answer):
		return answer.nextStep()
	case errors.As(err, &silence):
		return silence.nextStep()
	case errors.As(err, &refused):
		return StepFixRequest
	}
	return StepStop
}

func (e *TransportError) nextStep() Step {
	var refused *clientSideError
	held := errors.Is(e.Err, context.Canceled) || errors.As(e.Err, &refused)
	if !e.OutcomeUnknown && isPermanent(e.Err) && !held {
		return StepStop // the certificate or the name is wrong, and stays wrong
	}
	return StepRepeat
}

func (e *Error) nextStep() Step {
	if e.OutcomeUnknown {
		if e.Replayed {
			return StepLookUp
		}
		return StepRepeat
	}
	switch {
	case e.Is(ErrAlreadyRefunded), e.Is(ErrAmountExceedsRemaining), e.Is(ErrIdempotencyMismatch):
		return StepLookUp // an earlier try of the same refund may be the reason
	case e.Is(ErrAuthentication), e.Is(ErrPermission):
		return StepFixCredentials
	case e.Is(ErrInsufficientBalance), e.StatusCode == http.StatusPaymentRequired && e.IdempotencyKey != "":
		return StepNewKey
	case e.Is(ErrDisputed), e.Is(ErrNotRefundable):
		return StepStop
	case e.StatusCode == http.StatusConflict, e.StatusCode == http.StatusTooManyRequests, e.StatusCode >= 500:
		return StepRepeat
	case e.StatusCode < 400: // a GET whose answer can't be read, or is a proxy's
		return StepRepeat
	}
	return StepFixRequest
}
