package refundkit

import (
	"context"
	"fmt"
	"time"
)

// ResolveParams says which refund to look for, and where. Reference is what
// Create was given by the option of that name. The place is Charge or
// PaymentIntent; for a refund out of a cash balance, which has neither, Created
// with a lower bound.
type ResolveParams struct {
	_             [0]func()
	Reference     string
	Charge        string
	PaymentIntent string
	Created       CreatedRange
	// LastSent is when the last call that could have made the refund was sent, as
	// you stored it. A refund that is not found can still appear until SettleTime
	// after that; a zero LastSent counts as now.
	LastSent time.Time
	// SettleTime is how long a refund may take to show after that. Defaults to 24
	// hours, the life of a key; a shorter time is a risk that you take.
	SettleTime time.Duration
}

func (p ResolveParams) validate() error {
	switch {
	case p.Reference == "":
		return &ParamError{Param: "Reference", Reason: "it is empty"}
	case p.Charge != "" && p.PaymentIntent != "":
		return &ParamError{Param: "payment_intent", Reason: "give only one of charge and payment_intent"}
	case p.Charge == "" && p.PaymentIntent == "" && p.Created.After.IsZero() && p.Created.From.IsZero():
		return &ParamError{Param: "charge", Reason: "say where to look: Charge, PaymentIntent, or Created with After or From"}
	case p.SettleTime < 0:
		return &ParamError{Param: "SettleTime", Reason: "it must not be negative"}
	}
	return p.Created.validate()
}

// UnresolvedError says that [RefundService.Resolve] can't name the one refund.
// There are three cases: Matches holds more than one refund of that reference,
// all still in force, and a person must look; Undecided, when a request may
// still be running, so that no match proves nothing yet; else the refund is
// absent, errors.Is(err, [ErrNotFound]) holds, and a new key is safe.
type UnresolvedError struct {
	Undecided bool
	Matches   []*Refund
	Others    []*Refund // the payment's other refunds: already refunded, but not by this reference
}

// Error says which of the cases it is.
func (e *UnresolvedError) Error() string {
	state := "no refund has this reference"
	switch {
	case len(e.Matches) > 1:
		state = fmt.Sprintf("%d refunds have this reference", len(e.Matches))
	case e.Undecided:
		state = "no refund has this reference yet, but a request may still be running"
	}
	return fmt.Sprintf("refundkit: Refunds.Resolve: %s (%d others on the payment); next: %s", state, len(e.Others), e.nextStep())
}

// Is matches ErrOutcomeUnknown when undecided, and ErrNotFound when absent.
func (e *UnresolvedError) Is(target error) bool {
	switch {
	case len(e.Matches) > 1:
		return false
	case e.Undecided:
		return target == ErrOutcomeUnknown
	}
	return target == ErrNotFound
}

func (e *UnresolvedError) nextStep() Step {
	switch {
	case len(e.Matches) > 1:
		return StepStop
	case e.Undecided:
		return StepLookUp
	}
	return StepNewKey
}

// Resolve finds the refund that an earlier Create made under a [Reference], for
// when its key can't help any more: a stored 5xx that is replayed, more than 24
// hours since the first send, or a process that lost it. It returns the refund,
// whatever its status; one that failed or was canceled only if no other has the
// reference. Otherwise the error is an [*UnresolvedError], or that of the list.
// It is safe to repeat.
//
// Looking and then creating is no lock: two processes that both find nothing
// both refund. Let one job at a time own a reference, keep one key for it until
// the refund is surely absent, and store the next key before using it.
func (s *RefundService) Resolve(ctx context.Context, params ResolveParams, opts ...CallOption) (*Refund, error) {
	if err := params.validate(); err != nil {
		return nil, err
	}
	var inForce, over, others []*Refund
	list := RefundListParams{Charge: params.Charge, PaymentIntent: params.PaymentIntent, Created: params.Created}
	for refund, err := range s.All(ctx, list, opts...) {
		switch {
		case err != nil:
			return nil, err
		case refund.Reference() != params.Reference:
			others = append(others, refund)
		case refund.Status.IsFinal():
			over = append(over, refund)
		default:
			inForce = append(inForce, refund)
		}
	}
	switch {
	case len(inForce) == 1:
		return inForce[0], nil
	case len(inForce) > 1:
		return nil, &UnresolvedError{Matches: inForce, Others: others}
	case len(over) > 0:
		return over[0], nil
	}
	return nil, &UnresolvedError{Undecided: !params.settled(time.Now()), Others: others}
}

// settled reports whether a request can no longer be running.
func (p ResolveParams) settled(now time.Time) bool {
	settle := p.SettleTime
	if settle == 0 {
		settle = keyLifetime
	}
	return !p.LastSent.IsZero() && now.Sub(p.LastSent) >= settle
}
