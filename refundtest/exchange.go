package refundtest

import "net/http"

// exchange is one request on its way through the server. ARCHITECTURE.md walks
// one through.
type exchange struct {
	server    *Server
	request   *http.Request // its body has been read
	body      []byte
	tooLarge  bool
	inProcess bool // by HTTPClient, without a connection
	reused    bool // not the first request on its connection

	requestID string
	entry     *journalEntry
	fault     *Fault // what goes wrong with the request, nil for nothing
	script    script

	// Known once the request is admitted.
	route   *route
	args    map[string]string // what stands in the path
	world   *World
	version string
	key     string // idempotency key, the server's own if none was sent
	keyed   bool   // the client sent the key
	params  node
	expand  [][]string

	original    string // Request-Id of the first request with this key
	replayed    bool
	afterAnswer []func()
}

// script is what a fault asks for before it lets the request go on.
type script struct {
	refuse     func(*exchange) *refusal // once the request is admitted
	failure    scriptedFailure
	beforeWork func() bool // while the key is in use, outside of every lock; false: the client has gone
	afterWork  func()      // the same, when the work is done
	changed    bool        // the answer, by refuse or failure
}

// idle reports whether the request never got to where it was to fail, for instance
// because its API key was refused before.
func (s *script) idle() bool {
	return (s.refuse != nil || s.failure.mode != noFailure) && !s.changed
}

func (x *exchange) isPost() bool { return x.request.Method == http.MethodPost }

// cause is what the events of a request name.
func (x *exchange) cause() cause { return cause{requestID: x.requestID, key: x.key} }

// receive reads what a request wants, and decides what goes wrong with it.
func (s *Server) receive(r *http.Request, body []byte, tooLarge, inProcess bool) *exchange {
	x := &exchange{server: s, request: r, body: body, tooLarge: tooLarge, inProcess: inProcess}
	x.reused = usedBefore(r)
	x.route, x.args = matchRoute(r)
	x.fault = s.faults.take(x)
	return x
}

// begin gives a request its id and writes it down.
func (x *exchange) begin() {
	x.requestID = x.server.ids.request()
	x.entry = x.server.journal.begin(x)
}

// answer passes a request through the injected fault to the API.
func (s *Server) answer(x *exchange) (a *answer) {
	a = &answer{drop: true}
	ended := true // by a fault, which then reads no answer
	defer func() {
		if entry := s.journal.end(x, a); s.onRequest != nil {
			s.onRequest(x.request.Context(), entry.shown())
		}
		if ended {
			x.answered()
		}
	}()
	a = s.applyFault(x, func() *answer { return s.process(x) })
	ended = false
	return a
}

// process does what the API does, in the order in which it does it: admit the
// request (auth.go, form.go), look its idempotency key up (idempotency.go),
// execute it (execute.go), and answer (answer.go).
func (s *Server) process(x *exchange) *answer {
	if s.isClosed() {
		return &answer{drop: true}
	}
	if refused := s.admit(x); refused != nil {
		return x.refuse(refused)
	}
	if x.script.refuse != nil {
		x.script.changed = true
		return x.refuse(x.script.refuse(x))
	}
	done := s.executeOnce(x)
	if done == nil {
		return &answer{drop: true} // the client has gone
	}
	return x.toAnswer(done)
}

// answered runs what waits for the answer to have gone out.
func (x *exchange) answered() {
	waiting := x.afterAnswer
	x.afterAnswer = nil
	for _, do := range waiting {
		do()
	}
}
