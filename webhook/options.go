package webhook

import (
	"context"
	"log/slog"
	"time"

	"github.com/refundkit/refundkit"
)

// Option changes how a [Webhook] works. It is given to [New],
// which returns the error if the option is invalid.
type Option func(*config) error

// config is what the options of New fill in.
type config struct {
	tolerance   time.Duration
	now         func() time.Time
	bodyLimit   int64
	mode        Mode
	withoutTwin bool
	once        Once
	logger      *slog.Logger
}

// Mode is the world that an event belongs to: real money or none.
//
// https://docs.stripe.com/test-mode
type Mode string

// The two modes.
const (
	ModeLive Mode = "live"
	ModeTest Mode = "test"
)

// Once sees to it that each event is handled once, however often it comes. It
// calls handle, unless eventID is recorded as handled, and records eventID after
// handle returned nil, in the same transaction as what handle did: then either
// both happened or neither. It returns handle's error. It returns nil, without
// calling handle, for an event that is recorded.
//
// A Once that records first loses events: if handle fails after that, Stripe
// sends the event again and it is taken for done. Deliveries of one event may
// run at the same time, so the record must be unique, or locked. handle gets
// its context from Once, which can carry the transaction.
type Once func(ctx context.Context, eventID string, handle func(context.Context) error) error

// WithTolerance sets how far the time of signing may be from now, in the past
// and in the future. Defaults to 5 minutes. Stripe signs every delivery anew, so
// that one that is repeated days later is no older.
func WithTolerance(tolerance time.Duration) Option {
	return func(c *config) error {
		if tolerance <= 0 {
			return &refundkit.ParamError{Param: "WithTolerance", Reason: "it must be positive"}
		}
		c.tolerance = tolerance
		return nil
	}
}

// WithClock asks now for the time instead of [time.Now]. It must be safe for use
// by many goroutines at once.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return &refundkit.ParamError{Param: "WithClock", Reason: "the function is nil"}
		}
		c.now = now
		return nil
	}
}

// WithBodyLimit sets how many bytes a payload may have. Defaults to 1 MiB.
func WithBodyLimit(bytes int64) Option {
	return func(c *config) error {
		if bytes <= 0 {
			return &refundkit.ParamError{Param: "WithBodyLimit", Reason: "it must be positive"}
		}
		c.bodyLimit = bytes
		return nil
	}
}

// WithMode makes [Webhook.Handler] acknowledge and drop events of the other
// mode: a Connect endpoint in live mode gets events of test mode too. Defaults
// to both modes.
//
// https://docs.stripe.com/connect/webhooks
func WithMode(mode Mode) Option {
	return func(c *config) error {
		if mode != ModeLive && mode != ModeTest {
			return &refundkit.ParamError{Param: "WithMode", Reason: "it must be ModeLive or ModeTest"}
		}
		c.mode = mode
		return nil
	}
}

// WithoutChargeRefundUpdated makes [Webhook.Handler] acknowledge and drop events
// of the deprecated type charge.refund.updated, which tell what refund.updated
// and refund.failed tell as well, for refunds that have a charge. Use it only if the endpoint listens to those.
func WithoutChargeRefundUpdated() Option {
	return func(c *config) error {
		c.withoutTwin = true
		return nil
	}
}

// WithOnce makes [Webhook.Handler] call its function through once. Defaults to
// calling it for every delivery, duplicates too.
func WithOnce(once Once) Option {
	return func(c *config) error {
		if once == nil {
			return &refundkit.ParamError{Param: "WithOnce", Reason: "the function is nil"}
		}
		c.once = once
		return nil
	}
}

// WithLogger makes [Webhook.Handler] write a line for every delivery: a
// failure of its function is an error, with the stack if it panicked, what is
// refused a warning, the rest debug. It never holds a secret, a body or a header,
// and of the error of the function keys, accounts and addresses are masked. A
// panic is told by its words if it is an error or a text, else by its type.
// Defaults to writing nothing, not even of a panic.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return &refundkit.ParamError{Param: "WithLogger", Reason: "the logger is nil"}
		}
		c.logger = logger
		return nil
	}
}

// drops says whether an event is none of the application's business.
func (c *config) drops(event *refundkit.Event) bool {
	otherMode := c.mode == ModeLive && !event.Livemode || c.mode == ModeTest && event.Livemode
	return otherMode || c.withoutTwin && event.Type == refundkit.EventTypeChargeRefundUpdated
}
