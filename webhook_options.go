package refundkit

import (
	"context"
	"log/slog"
	"time"
)

// WebhookOption changes how a [Webhook] works. It is given to [NewWebhook],
// which returns the error if the option can't hold.
type WebhookOption func(*webhookConfig) error

// webhookConfig is what the options of NewWebhook fill in.
type webhookConfig struct {
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
	LiveMode Mode = "live"
	TestMode Mode = "test"
)

// Once sees to it that each event is handled once, however often it comes. It
// calls handle, unless eventID is recorded as handled, and records eventID after
// handle returned nil, in the same transaction as what handle did: then either
// both happened or neither. It returns handle's error. It returns nil, without
// calling handle, for an event that is recorded.
//
// An Once that records first loses events: if handle fails after that, Stripe
// sends the event again and it is taken for done. Deliveries of one event may
// run at the same time, so the record must be unique, or locked. handle gets
// its context from Once, which can carry the transaction.
type Once func(ctx context.Context, eventID string, handle func(context.Context) error) error

// WithTolerance sets how far the time of signing may be from now, in the past
// and in the future. Defaults to 5 minutes. Stripe signs every delivery anew, so
// that one that is repeated days later is no older.
func WithTolerance(tolerance time.Duration) WebhookOption {
	return func(c *webhookConfig) error {
		if tolerance <= 0 {
			return &ParamError{Param: "WithTolerance", Reason: "it must be positive"}
		}
		c.tolerance = tolerance
		return nil
	}
}

// WithClock asks now for the time instead of [time.Now]. It must be safe for use
// by many goroutines at once.
func WithClock(now func() time.Time) WebhookOption {
	return func(c *webhookConfig) error {
		if now == nil {
			return &ParamError{Param: "WithClock", Reason: "the function is nil"}
		}
		c.now = now
		return nil
	}
}

// WithBodyLimit sets how many bytes a payload may have. Defaults to 1 MiB.
func WithBodyLimit(bytes int64) WebhookOption {
	return func(c *webhookConfig) error {
		if bytes <= 0 {
			return &ParamError{Param: "WithBodyLimit", Reason: "it must be positive"}
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
func WithMode(mode Mode) WebhookOption {
	return func(c *webhookConfig) error {
		if mode != LiveMode && mode != TestMode {
			return &ParamError{Param: "WithMode", Reason: "it must be LiveMode or TestMode"}
		}
		c.mode = mode
		return nil
	}
}

// WithoutChargeRefundUpdated makes [Webhook.Handler] acknowledge and drop events
// of the deprecated type charge.refund.updated, which tell what refund.updated
// and refund.failed tell as well. Use it only if the endpoint listens to those.
func WithoutChargeRefundUpdated() WebhookOption {
	return func(c *webhookConfig) error {
		c.withoutTwin = true
		return nil
	}
}

// WithOnce makes [Webhook.Handler] call its function through once. Defaults to
// calling it for every delivery, duplicates too.
func WithOnce(once Once) WebhookOption {
	return func(c *webhookConfig) error {
		if once == nil {
			return &ParamError{Param: "WithOnce", Reason: "the function is nil"}
		}
		c.once = once
		return nil
	}
}

// WithEventLogger makes [Webhook.Handler] write a line for every delivery: a
// failure of its function is an error, with the stack if it panicked, what is
// refused a warning, the rest debug. It never holds a secret, a body, a header
// or an account. Defaults to writing nothing, not even of a panic.
func WithEventLogger(logger *slog.Logger) WebhookOption {
	return func(c *webhookConfig) error {
		if logger == nil {
			return &ParamError{Param: "WithEventLogger", Reason: "the logger is nil"}
		}
		c.logger = logger
		return nil
	}
}

// drops says whether an event is none of the application's business.
func (c *webhookConfig) drops(event *Event) bool {
	otherMode := c.mode == LiveMode && !event.Livemode || c.mode == TestMode && event.Livemode
	return otherMode || c.withoutTwin && event.Type == EventChargeRefundUpdated
}
