package refundkit

import (
	"time"
)

// CreatedRange narrows a list by the time of creation. Give At alone for one
// exact second, or any of the four bounds. Zero times are not sent. Stripe counts
// whole seconds; a fraction in a bound keeps its meaning, a fraction in At is cut.
//
// https://docs.stripe.com/api/refunds/list#list_refunds-created
type CreatedRange struct {
	_      [0]func()
	At     time.Time // created exactly then
	After  time.Time // created later than this (gt)
	From   time.Time // created then or later (gte)
	Before time.Time // created earlier than this (lt)
	Until  time.Time // created then or earlier (lte)
}

// params is what every parameter struct can do: say what is wrong with it.
type params interface{ validate() error }

// noParams is for methods that take none.
type noParams struct{}

func (noParams) validate() error { return nil }

// Limits that Stripe documents.
const (
	maxMetadataKeys  = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
	maxPage          = 100
)

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r CreatedRange) validate() error {
	bounded := !(r.After.IsZero() && r.From.IsZero() && r.Before.IsZero() && r.Until.IsZero())
	if bounded && !r.At.IsZero() {
		return &ParamError{Param: "created", Reason: "give At alone, or bounds"}
	}
	return nil
}
