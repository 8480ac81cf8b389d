package refundtest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// exchange is one request on its way through the server.
type exchange struct {
	server    *Server
	request   *http.Request // its body has been read
	body      []byte
	tooLarge  bool
	requestID string
	entry     int // position in the journal
	fault     *Fault
	inProcess bool // by HTTPClient, without a connection
	reused    bool // not the first request on its connection

	// Known once the request is admitted.
	world   *World
	version string
	key     string // idempotency key, the server's own if none was sent
	keyed   bool   // the client sent the key
	route   *route
	args    map[string]string
	params  node
	expand  [][]string

	original string // Request-Id of the first request with this key
	replayed bool

	// What a fault asks for before it lets the request go on.
	failure     scriptedFailure
	refusedWith func(*exchange) *refusal // once the request is admitted
	beforeWork  func() bool              // while the key is in use, outside of every lock; false: the client has gone
	afterWork   func()                   // the same, when the work is done
	afterAnswer []func()
}

// answer is what is sent back. A fault may send back something stranger than
// the API would.
type answer struct {
	status int
	header http.Header
	body   []byte

	drop    bool // close the connection without a word
	cut     bool // declare the whole body, send half of it, close the connection
	stall   bool // send half of the body, and then nothing until the client gives up
	endless bool // repeat the body until the client stops reading
}

func (x *exchange) isPost() bool { return x.request.Method == http.MethodPost }

// receive reads what a request wants, and decides what goes wrong with it.
func (s *Server) receive(r *http.Request, body []byte, tooLarge, inProcess bool) *exchange {
	x := &exchange{server: s, request: r, body: body, tooLarge: tooLarge, inProcess: inProcess}
	x.reused = usedBefore(r)
	x.route, x.args = s.match(r)
	x.fault = s.faults.take(x)
	return x
}

// begin gives a request its id and writes it down.
func (x *exchange) begin() {
	x.requestID = x.server.ids.request()
	x.entry = x.server.journal.begin(x)
}

// answered lets happen what waits for the answer to have gone out.
func (x *exchange) answered() {
	waiting := x.afterAnswer
	x.afterAnswer = nil
	for _, do := range waiting {
		do()
	}
}

// answer passes a request through the scripted faults to the API.
func (s *Server) answer(x *exchange) *answer {
	a := s.applyFault(x, func() *answer { return s.handle(x) })
	s.journal.end(x, a)
	return a
}

// handle does what the API does, in the order in which it does it.
func (s *Server) handle(x *exchange) *answer {
	if s.isClosed() {
		return &answer{drop: true}
	}
	if refused := s.admit(x); refused != nil {
		return x.refuse(refused)
	}
	if x.refusedWith != nil {
		return x.refuse(x.refusedWith(x))
	}
	if x.isPost() {
		return s.handleOnce(x)
	}
	if x.failure.mode == failOnLock {
		return x.refuse(lockTimeout())
	}
	result := s.work(x)
	if result == nil {
		return &answer{drop: true}
	}
	return x.toAnswer(result)
}

// work executes the endpoint as a fault wants it, nil if the client gave up
// before that.
func (s *Server) work(x *exchange) *outcome {
	if x.beforeWork != nil && !x.beforeWork() {
		return nil
	}
	result := s.runScripted(x)
	if x.afterWork != nil {
		x.afterWork()
	}
	return result
}

// run executes the endpoint under the lock.
func (s *Server) run(x *exchange) (result *outcome) {
	s.lockedFor(x, func() {
		s.current = x
		defer func() { s.current = nil }()
		result = x.execute()
	})
	return result
}

// outcome is what the work of an endpoint came to.
type outcome struct {
	status      int
	body        []byte
	shouldRetry string
	limit       string
	executed    bool
}

func (x *exchange) execute() *outcome {
	shown, refused := x.route.handle(x)
	if refused != nil {
		return x.refusalResult(refused)
	}
	for _, path := range x.expand {
		x.world.expandPath(shown, path)
	}
	o := &outcome{status: http.StatusOK, body: render(shown), executed: true}
	if x.isPost() {
		o.shouldRetry = "false"
	}
	return o
}

func (x *exchange) refusalResult(refused *refusal) *outcome {
	o := &outcome{status: refused.status, body: render(refused.object(x.logURL())), limit: refused.limit, executed: refused.executed}
	if x.isPost() || refused.code == "lock_timeout" {
		o.shouldRetry = refused.shouldRetry
	}
	return o
}

func (x *exchange) logURL() string {
	account, mode := PlatformAccount, "test/"
	if x.world != nil {
		account = x.world.name.account
		if x.world.name.live {
			mode = ""
		}
	}
	return fmt.Sprintf("https://dashboard.stripe.com/%s/%sworkbench/logs?object=%s", account, mode, x.requestID)
}

// refuse answers with an error found before the work.
func (x *exchange) refuse(refused *refusal) *answer {
	a := x.toAnswer(x.refusalResult(refused))
	if refused.anonymous {
		for _, name := range []string{"Request-Id", "Stripe-Version", "Stripe-Account", "Idempotency-Key", "Original-Request"} {
			a.header.Del(name)
		}
	}
	if refused.status == http.StatusUnauthorized {
		a.header.Set("Www-Authenticate", `Bearer realm="Stripe"`)
	}
	return a
}

// toAnswer adds the headers of the API to an outcome.
func (x *exchange) toAnswer(o *outcome) *answer {
	h := x.commonHeader()
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("Stripe-Should-Retry", o.shouldRetry)
	set("Stripe-Rate-Limited-Reason", o.limit)
	if x.isPost() {
		set("Idempotency-Key", x.key)
		set("Original-Request", x.original)
	}
	if x.replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	h.Set("Content-Length", strconv.Itoa(len(o.body)))
	return &answer{status: o.status, header: h, body: o.body}
}

func (x *exchange) commonHeader() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"Server":                           "nginx",
		"Content-Type":                     "application/json",
		"Cache-Control":                    "no-cache, no-store",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods":     "GET, HEAD, PUT, PATCH, POST, DELETE",
		"Access-Control-Allow-Origin":      "*",
		"Access-Control-Expose-Headers":    "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required",
		"Access-Control-Max-Age":           "300",
		"Strict-Transport-Security":        "max-age=63072000; includeSubDomains; preload",
		"Vary":                             "Origin",
		"Request-Id":                       x.requestID,
	} {
		h.Set(name, value)
	}
	h.Set("Date", x.server.Now().UTC().Format(http.TimeFormat))
	tier := "api-testmode"
	if x.world != nil && x.world.name.live {
		tier = "livemode-critical"
	}
	h.Set("X-Stripe-Routing-Context-Priority-Tier", tier)
	if x.version != "" {
		h.Set("Stripe-Version", x.version)
	}
	if account := strings.TrimSpace(x.request.Header.Get("Stripe-Account")); account != "" && x.world != nil {
		h.Set("Stripe-Account", account)
	}
	return h
}

// writeTo sends an answer over a real connection.
func (a *answer) writeTo(w http.ResponseWriter, r *http.Request) {
	if a.drop {
		hangUp(w)
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.endless {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(a.status)
	if a.cut || a.stall {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		if a.stall {
			<-r.Context().Done()
		}
		hangUp(w)
		return
	}
	for {
		if _, err := w.Write(a.body); err != nil || !a.endless || len(a.body) == 0 || r.Context().Err() != nil {
			return
		}
	}
}

// hangUp closes the connection under a request.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the documented way to drop a connection that cannot be taken over
	}
	_ = connection.Close()
}
