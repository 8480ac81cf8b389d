package refundtest

import (
	"net/http"
	"time"
)

const (
	maxKeyLength  = 255
	keyLifetime   = 24 * time.Hour
	laterByItself = time.Minute // when work that a scripted 500 left undone is done after all
)

// scriptedFailure is what a fault wants the idempotency layer to do instead of
// answering. A failure that is answered without asking for the work, as a
// proxy would, never gets here and is not kept.
type scriptedFailure struct {
	mode  failureMode
	after time.Duration // failLater: when the work is done; zero is a minute
}

type failureMode int

const (
	noFailure       failureMode = iota
	failWithNothing             // keep a 500, do nothing
	failAfterWork               // keep a 500, do the work
	failLater                   // keep a 500, do the work later on
	failOnLock                  // 429 lock_timeout, not kept
)

// stored is what is kept for an idempotency key.
type stored struct {
	endpoint    string
	parameters  string
	requestID   string
	since       time.Time
	running     bool
	status      int
	body        []byte
	shouldRetry string
}

func (x *exchange) chooseIdempotencyKey() {
	x.original = x.requestID
	if sent, there := x.request.Header["Idempotency-Key"]; there && len(sent) > 0 {
		x.key, x.keyed = sent[0], true
		return
	}
	x.key = x.server.ids.uuid()
}

func (x *exchange) checkIdempotencyKey() *refusal {
	if x.key == "" {
		return invalid("", "", "The Idempotency-Key header is empty.")
	}
	if len(x.key) > maxKeyLength {
		return invalid("", "", "The Idempotency-Key is longer than %d characters.", maxKeyLength)
	}
	return nil
}

// handleOnce executes a POST, unless its key says that this was done before.
func (s *Server) handleOnce(x *exchange) *answer {
	kept, refused := s.claim(x)
	if refused != nil {
		return x.refuse(refused)
	}
	if kept != nil {
		return x.toAnswer(&outcome{status: kept.status, body: kept.body, shouldRetry: kept.shouldRetry})
	}
	var result *outcome
	defer func() { s.settleKey(x, result) }()
	if !s.locks.take(x) || x.failure.mode == failOnLock {
		result = x.refusalResult(lockTimeout())
		return x.toAnswer(result)
	}
	defer s.locks.release(x)
	if result = s.work(x); result == nil {
		return &answer{drop: true}
	}
	return x.toAnswer(result)
}

// claim returns what is stored for the key of x, or makes x the one request
// that may do the work.
func (s *Server) claim(x *exchange) (*stored, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	kept := x.world.keys[x.key]
	if kept != nil && !kept.running && now.Sub(kept.since) >= keyLifetime {
		delete(x.world.keys, x.key)
		kept = nil
	}
	if kept == nil {
		x.world.keys[x.key] = &stored{endpoint: x.endpoint(), parameters: x.fingerprint(), requestID: x.requestID,
			since: now, running: true}
		return nil, nil
	}
	if refused := kept.mismatch(x); refused != nil {
		return nil, refused
	}
	if kept.running {
		return nil, keyInUse(x.key)
	}
	x.replayed, x.original = true, kept.requestID
	return kept, nil
}

func keyInUse(key string) *refusal {
	return &refusal{status: http.StatusConflict, kind: idempotencyError, code: "idempotency_key_in_use",
		message: "A request with this Idempotency-Key is still being executed: " + printable(key)}
}

func (x *exchange) endpoint() string { return x.request.Method + " " + x.request.URL.Path }

func (x *exchange) fingerprint() string { return x.params.flatten().Encode() }

func (kept *stored) mismatch(x *exchange) *refusal {
	refused := &refusal{status: http.StatusBadRequest, kind: idempotencyError}
	if kept.endpoint != x.endpoint() {
		refused.message = "The Idempotency-Key '" + printable(x.key) + "' was first used for '" + kept.endpoint +
			"'; it cannot be used for '" + printable(x.endpoint()) + "'."
		return refused
	}
	if kept.parameters != x.fingerprint() {
		refused.message = "The Idempotency-Key '" + printable(x.key) + "' was first used with other parameters."
		return refused
	}
	return nil
}

// settleKey keeps what was executed and forgets what was not.
func (s *Server) settleKey(x *exchange, result *outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := x.world.keys[x.key]
	if kept == nil {
		return
	}
	if result == nil || !result.executed {
		delete(x.world.keys, x.key)
		return
	}
	kept.running = false
	kept.status, kept.body, kept.shouldRetry = result.status, result.body, result.shouldRetry
}

// runScripted does the work, or what a fault wants instead.
func (s *Server) runScripted(x *exchange) *outcome {
	switch x.failure.mode {
	case failWithNothing:
		return x.internalError()
	case failAfterWork:
		if result := s.run(x); !result.executed {
			return result
		}
		return x.internalError()
	case failLater:
		if x.isPost() {
			s.lockedFor(x, func() { x.doLater() })
		}
		return x.internalError()
	}
	return s.run(x)
}

func (x *exchange) internalError() *outcome {
	refused := &refusal{status: http.StatusInternalServerError, kind: "api_error", executed: true,
		message: "Something went wrong on our side; whether the request was carried out is not known."}
	return x.refusalResult(refused)
}

// doLater puts the work off to a time when nobody waits for its answer.
func (x *exchange) doLater() {
	after := x.failure.after
	if after <= 0 {
		after = laterByItself
	}
	x.world.schedule(x.server.Now().Add(after), func() {
		x.server.current = x
		defer func() { x.server.current = nil }()
		_, _ = x.route.handle(x)
	})
}
