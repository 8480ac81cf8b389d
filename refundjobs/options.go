package refundjobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/refundkit/refundkit"
)

const (
	defaultRate    = 20 // Stripe allows 25 a second for one endpoint
	defaultWorkers = 20
	slowestRate    = 1.0 / (24 * 60 * 60) // with far less, the time between two requests would not fit its type
)

// Option configures [Jobs]. It may fail; New returns the error.
type Option func(*options) error

type options struct {
	policy     Policy
	rate       float64
	perAccount bool
	workers    int
	logger     *slog.Logger
	hook       func(context.Context, Change)
	clock      func() time.Time
	charges    ChargeReader
	balance    BalanceReader
	reversals  TransferReverser
	fees       FeeRefunder
	events     EventReader
	eventTypes []refundkit.EventType
}

// WithPolicy says what must be approved by whom. The default is [Anyone].
func WithPolicy(policy Policy) Option {
	return func(o *options) error {
		if policy == nil {
			return errors.New("refundjobs: WithPolicy: the policy is nil")
		}
		o.policy = policy
		return nil
	}
}

// WithRate says how many requests a second all processes on this database send
// together; 20 if it is not given, and 0 for no limit. Stripe allows 25 a second for
// one endpoint. Each step of a row takes one turn; give the client [Pace], too, and
// its retries and the pages of a look-up take one each.
//
// https://docs.stripe.com/rate-limits
func WithRate(perSecond float64) Option {
	return func(o *options) error {
		if !(perSecond >= 0) || perSecond > 0 && perSecond < slowestRate {
			return errors.New("refundjobs: WithRate: it is a number of requests a second, at least one in a day, or 0 for no limit")
		}
		o.rate = perSecond
		return nil
	}
}

// WithRatePerAccount counts each connected account by itself. Whether connected
// accounts share the platform's limit is not documented: without this option there is
// one pace for all.
func WithRatePerAccount() Option {
	return func(o *options) error { o.perAccount = true; return nil }
}

// WithWorkers says how many rows a process works at once, in [Jobs.Start]; 20 if it is
// not given.
func WithWorkers(n int) Option {
	return func(o *options) error {
		if n < 1 || n > 1000 {
			return errors.New("refundjobs: WithWorkers: it is 1 to 1000")
		}
		o.workers = n
		return nil
	}
}

// WithLogger logs each change of a row at level info, and what a person should look
// at as a warning. Without it nothing is logged. Amounts and customers are not in it.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) error {
		if logger == nil {
			return errors.New("refundjobs: WithLogger: the logger is nil")
		}
		o.logger = logger
		return nil
	}
}

// WithChangeHook calls hook after each change that a worker or an event made, when it
// has committed: once, unless the process dies between. It is not called for what you
// do in your own transactions. [Jobs.Changes] has all of them.
func WithChangeHook(hook func(context.Context, Change)) Option {
	return func(o *options) error { o.hook = hook; return nil }
}

// WithClock sets the clock by which rows are due and keys are young; give the client
// the same, with [refundkit.WithClock]. It is for tests. Without it that is the
// database's on Postgres, and this machine's on SQLite.
func WithClock(now func() time.Time) Option {
	return func(o *options) error {
		if now == nil {
			return errors.New("refundjobs: WithClock: the clock is nil")
		}
		o.clock = now
		return nil
	}
}

// WithCharges lets [Jobs.CheckPlan] read what is left of each payment. Give it the
// client's Charges.
func WithCharges(charges ChargeReader) Option {
	return func(o *options) error { o.charges = charges; return nil }
}

// riverTime is the clock for River; nil for its own.
func (o options) riverTime() rivertype.TimeGenerator {
	if o.clock == nil {
		return nil
	}
	return riverClock(o.clock)
}

type riverClock func() time.Time

func (c riverClock) Now() time.Time { return c().UTC() }

func (c riverClock) NowOrNil() *time.Time {
	now := c.Now()
	return &now
}
