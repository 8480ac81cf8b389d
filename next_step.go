package refundkit

import (
	"context"
	"errors"
	"net/http"
)

// Step is what is safe to do after a call failed.
type Step string

// The steps that [NextStep] can advise.
const (
	// RepeatSameKey: call again with the key that [KeyOf] gives, here or in
	// another process, within 24 hours of the first send. A GET is just repeated.
	RepeatSameKey Step = "repeat the call with the same key"
	// LookUp: repeating can't tell. Look which refunds the payment has, best by
	// the [Reference] that Create was given, before anything else is sent.
	LookUp Step = "look up the payment's refunds before anything else"
	// NewKey: definitely refused, and the refusal is stored under the key: once
	// the cause is gone, the next try needs a new key.
	NewKey Step = "remove the cause, then call with a new key"
	// FixRequest: nothing was done, and the same request would be refused again:
	// correct it, or the credentials it was sent with.
	FixRequest Step = "correct the request or its credentials"
	// Stop: nothing was done, and no other call will help: a person must look.
	Stop Step = "stop, a person must look"
)

// KeyOf returns the idempotency key that the failed call was sent with, or ""
// if err is none of this package or the call had no key.
func KeyOf(err error) string {
	var answer *Error
	var silence *TransportError
	switch {
	case errors.As(err, &answer):
		return answer.IdempotencyKey
	case errors.As(err, &silence):
		return silence.IdempotencyKey
	}
	return ""
}

// NextStep says what is safe to do now, about this call. It knows nothing of an
// earlier one: a job whose outcome was once unknown keeps repeating with its
// key until a success or a definite refusal, and is looked up once 24 hours
// have passed since its first send. For an error that is not of this package,
// and for nil, it says [Stop].
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
		return FixRequest
	}
	return Stop
}

func (e *TransportError) nextStep() Step {
	var refused *clientSideError
	held := errors.Is(e.Err, context.Canceled) || errors.As(e.Err, &refused)
	if !e.OutcomeUnknown && isPermanent(e.Err) && !held {
		return Stop // the certificate or the name is wrong, and stays wrong
	}
	return RepeatSameKey
}

func (e *Error) nextStep() Step {
	if e.OutcomeUnknown {
		if e.Replayed {
			return LookUp
		}
		return RepeatSameKey
	}
	switch {
	case e.Is(ErrAlreadyRefunded), e.Is(ErrAmountExceedsRemaining), e.Is(ErrIdempotencyMismatch):
		return LookUp // an earlier try of the same refund may be the reason
	case e.Is(ErrInsufficientBalance), e.StatusCode == http.StatusPaymentRequired && e.IdempotencyKey != "":
		return NewKey
	case e.Is(ErrDisputed), e.Is(ErrNotRefundable):
		return Stop
	case e.StatusCode == http.StatusConflict, e.StatusCode == http.StatusTooManyRequests, e.StatusCode >= 500:
		return RepeatSameKey
	case e.StatusCode < 400: // a GET whose answer can't be read, or is a proxy's
		return RepeatSameKey
	}
	return FixRequest
}
