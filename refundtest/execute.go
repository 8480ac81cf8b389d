package refundtest

import (
	"net/http"
	"time"
)

// failLaterDelay is when work that a scripted 500 left undone is done after
// all, if the fault does not say.
const failLaterDelay = time.Minute

// scriptedFailure is what a fault wants to happen in place of the work and its
// answer. A failure that is answered without asking for the work, as a proxy
// would, never gets here and is not kept for the key.
type scriptedFailure struct {
	mode  failureMode
	after time.Duration // failLater: when the work is done; failLaterDelay if not positive
}

type failureMode int

const (
	noFailure       failureMode = iota
	failWithNothing             // keep a 500, do nothing
	failAfterWork               // keep a 500, do the work
	failLater                   // keep a 500, do the work later on
	failOnLock                  // 429 lock_timeout, not kept
)

// result is what the work of an endpoint came to.
type result struct {
	keptAnswer
	limit    string // Stripe-Rate-Limited-Reason
	executed bool   // to be kept for the idempotency key
}

// execute does the work, nil if the client gave up before that.
func (s *Server) execute(x *exchange) *result {
	if x.script.failure.mode == failOnLock {
		x.script.changed = true
		return x.toResult(lockTimeout())
	}
	if x.isPost() && !s.locks.take(x) {
		return x.toResult(lockTimeout())
	}
	defer s.locks.release(x)
	if before := x.script.beforeWork; before != nil && !before() {
		return nil
	}
	done := s.executeScripted(x)
	if after := x.script.afterWork; after != nil {
		after()
	}
	return done
}

// executeScripted does the work, or what a fault wants instead.
func (s *Server) executeScripted(x *exchange) *result {
	switch x.script.failure.mode {
	case noFailure:
		return s.run(x)
	case failAfterWork:
		if done := s.run(x); !done.executed {
			return done
		}
	case failLater:
		if x.isPost() {
			s.lockedFor(x, x.runLater)
		}
	}
	x.script.changed = true
	return x.toResult(internalError())
}

// run calls the endpoint's handler under the lock.
func (s *Server) run(x *exchange) (done *result) {
	s.lockedFor(x, func() {
		s.causedBy(x.cause(), func() { done = x.handle() })
	})
	return done
}

// runLater puts the work off to a time when nobody waits for its answer.
func (x *exchange) runLater() {
	after := x.script.failure.after
	if after <= 0 {
		after = failLaterDelay
	}
	x.world.schedule(x.server.Now().Add(after), func() {
		x.server.causedBy(x.cause(), func() { _, _ = x.route.handle(x) })
	})
}

// handle calls the endpoint's handler, and renders what it shows.
func (x *exchange) handle() *result {
	shown, refused := x.route.handle(x)
	if refused != nil {
		return x.toResult(refused)
	}
	for _, path := range x.expand {
		x.world.expandPath(shown, path)
	}
	if showsLists(x.version) {
		shown = x.world.withLists(shown)
	}
	done := &result{executed: true, keptAnswer: keptAnswer{status: http.StatusOK, body: render(shown)}}
	if x.isPost() {
		done.shouldRetry = "false"
	}
	return done
}

// toResult renders a refusal.
func (x *exchange) toResult(refused *refusal) *result {
	if refused.paymentIntent != nil && showsLists(x.version) {
		refused.paymentIntent = x.world.withLists(refused.paymentIntent)
	}
	done := &result{limit: refused.limit, executed: refused.executed,
		keptAnswer: keptAnswer{status: refused.status, body: render(refused.object(x.logURL()))}}
	if x.isPost() || refused.code == "lock_timeout" {
		done.shouldRetry = refused.shouldRetry
	}
	return done
}
