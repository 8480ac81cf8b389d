package refundtest

import (
	"context"
	"time"
)

// An Option changes how a [Server] is made.
type Option func(*Server)

// WithClock makes the server take its time from now, for instance time.Now. By
// default time stands still at the moment of [New], and only
// [Server.Advance] moves it, so that nothing in a test depends on how fast it
// runs. What has come due is done when the server is next asked for something.
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.clock.now = now }
}

// WithSeed makes every id predictable: two servers with the same seed and the
// same requests in the same order give the same ids. By default the seed is
// random.
func WithSeed(seed uint64) Option {
	return func(s *Server) { s.ids = newIDSource(seed) }
}

// WithIDs makes the server take the ids of objects from next, which is given
// the prefix, such as "re_", and returns the whole id. It must never return an
// id twice, and must be safe for concurrent use.
func WithIDs(next func(prefix string) string) Option {
	return func(s *Server) { s.ids.custom = next }
}

// WithAPIKeys makes the server accept only these keys. By default every key is
// accepted that begins with sk_test_, rk_test_, sk_live_ or rk_live_ and goes on
// with letters, digits and underscores.
func WithAPIKeys(keys ...string) Option {
	return func(s *Server) {
		if s.keys.accepted == nil {
			s.keys.accepted = map[string]bool{}
		}
		for _, key := range keys {
			s.keys.accepted[key] = true
		}
	}
}

// WithRateLimits turns on the documented limits: 25 requests a second to one
// endpoint, and 25 in test mode or 100 in live mode altogether, counted for
// each account in seconds of the server's clock.
func WithRateLimits() Option {
	return func(s *Server) { s.limits.on = true }
}

// WithLockTimeouts makes a request that needs a charge on which another
// request is still working fail with lock_timeout, as Stripe does under
// contention. By default such requests take turns.
func WithLockTimeouts() Option {
	return func(s *Server) { s.locks.on = true }
}

// WithStripeFees makes Stripe take a fee from every charge, on the account that the
// charge is on: what of returns for its amount and currency, in the currency's smallest
// unit. A refund does not give it back. By default there is none.
func WithStripeFees(of func(amount int64, currency string) int64) Option {
	return func(s *Server) { s.stripeFees = of }
}

// costs is Stripe's fee for a charge.
func (s *Server) costs(amount int64, currency string) int64 {
	if s.stripeFees == nil {
		return 0
	}
	return max(s.stripeFees(amount, currency), 0)
}

// WithJournalLimit keeps the memory of a long run small: it keeps the newest n
// requests for [Server.Requests]; of each account and mode the newest n events, for
// [World.Events] and /v1/events; of each webhook endpoint the newest n deliveries,
// and of those that failed the newest n for their next attempt. By default, and if n
// is less than 1, all is kept. Charges, refunds and their like are always kept.
func WithJournalLimit(n int) Option {
	return func(s *Server) { s.journal.limit = max(n, 0) }
}

// OnRequest calls notify for every request once its answer is known, before it is
// sent, with the context of the request and what [Server.Requests] shows of it: a
// log, for instance, that says which answer is due to a fault. It must be safe for
// concurrent use.
func OnRequest(notify func(context.Context, Request)) Option {
	return func(s *Server) { s.onRequest = notify }
}

// TB is the part of testing.TB that this package uses.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// WithReporter makes the server call t.Errorf for what is surely a mistake in a
// test: a request to a URL that Stripe does not have, a fault that was injected
// and never happened, and an event that a webhook endpoint refused or never got
// (see [MayMissEvents]). The server is closed when t ends.
func WithReporter(t TB) Option {
	return func(s *Server) { s.reporter = t }
}
