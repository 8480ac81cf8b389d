package refundtest

import "crypto/sha256"

const maxKeyLength = 255

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

// executeOnce executes a request, unless it is a POST whose key says that this
// was done before. It returns nil if the client gave up before the work.
func (s *Server) executeOnce(x *exchange) (done *result) {
	if !x.isPost() {
		return s.execute(x)
	}
	kept, refused := s.claimKey(x)
	if refused != nil {
		return x.toResult(refused)
	}
	if kept != nil {
		x.replayed, x.original = true, kept.requestID
		return &result{keptAnswer: kept.kept()}
	}
	defer func() { s.settleKey(x, done) }()
	return s.execute(x)
}

// claimKey returns what is kept for the key of x, or makes x the one request
// that may do the work.
func (s *Server) claimKey(x *exchange) (*keptKey, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.world.claimKey(x.key, keptKey{endpoint: x.request.Method + " " + x.request.URL.Path,
		parameters: sha256.Sum256([]byte(x.params.flatten().Encode())), requestID: x.requestID})
}

// settleKey keeps what was executed and forgets what was not.
func (s *Server) settleKey(x *exchange, done *result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done == nil || !done.executed || !x.keyed { // nobody can repeat a key that was not sent
		x.world.forgetKey(x.key)
		return
	}
	x.world.keepAnswer(x.key, done.keptAnswer)
}
