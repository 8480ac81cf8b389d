package refundtest

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// A Fault is something that goes wrong with a request. It is made by a function
// that says what goes wrong, such as [DropConnection], narrowed by methods that
// say when, and put to work by [Server.Inject]:
//
//	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
//
// Unless a method says otherwise it happens to every kind of request, and once.
// The methods return a changed copy.
type Fault struct {
	name         string
	noConnection bool // the connection is never made
	act          func(f *Fault, x *exchange, next func() *answer) *answer
	mix          *mixture // Chaos: takes another fault's place each time
	header       http.Header
	afterWork    bool
	canFollow    bool // AfterWork makes sense
	problem      string

	pattern    pattern
	when       func(Request) bool
	laterPages bool
	reused     bool

	skip    int64
	times   int64 // 0: once, or with a chance without limit
	always  bool
	chance  float64
	bySeed  bool
	seed    uint64
	timeout time.Duration // Delay
}

// On narrows the fault to some requests, by method, path or both: "POST",
// "/v1/refunds", "GET /v1/refunds/{refund}". A name in braces stands for one
// part of the path, {name...} for all the rest.
func (f Fault) On(endpoint string) Fault {
	parsed, problem := parsePattern(endpoint)
	f.pattern = parsed
	return f.broken(problem)
}

// When narrows the fault to the requests that match, which are shown as they
// came: without RequestID and Status. It must be safe for concurrent use.
func (f Fault) When(match func(Request) bool) Fault {
	f.when = match
	return f
}

// BetweenPages narrows the fault to requests for a further page of a list.
func (f Fault) BetweenPages() Fault {
	f.laterPages = true
	return f
}

// OnReusedConnection narrows the fault to requests that are not the first on
// their connection, which are those that net/http may send again by itself.
// There are none in process: it takes [Server.Start].
func (f Fault) OnReusedConnection() Fault {
	f.reused = true
	return f
}

// Times makes the fault happen to the first n matching requests, n at least 1.
func (f Fault) Times(n int) Fault {
	f.times, f.always = int64(n), false
	if n < 1 {
		return f.broken(fmt.Sprintf("it would happen %d times", n))
	}
	return f
}

// Always makes the fault happen to every matching request.
func (f Fault) Always() Fault {
	f.always = true
	return f
}

// Skip lets the first n matching requests pass.
func (f Fault) Skip(n int) Fault {
	f.skip = int64(n)
	if n < 0 {
		return f.broken(fmt.Sprintf("it would skip %d requests", n))
	}
	return f
}

// Nth makes the fault happen to the nth matching request only, counted from 1.
func (f Fault) Nth(n int) Fault { return f.Skip(n - 1).Times(1) }

// WithProbability makes the fault happen by chance, 0 never and 1 always,
// without limit unless there is one by [Fault.Times]. Which of the matching
// requests it happens to, counted as they come, depends on the seed alone.
func (f Fault) WithProbability(p float64, seed uint64) Fault {
	f.chance, f.seed, f.bySeed = p, seed, true
	if !(p >= 0 && p <= 1) {
		return f.broken(fmt.Sprintf("its probability is %v", p))
	}
	return f
}

// AfterWork makes the fault happen when the work has been done, instead of
// before: a refund is then made, and the client does not learn of it.
func (f Fault) AfterWork() Fault {
	f.afterWork = true
	if !f.canFollow {
		return f.broken("it cannot happen after the work")
	}
	return f
}

// WithHeader sets a header of the answer, such as Retry-After or
// Stripe-Should-Retry. An empty value removes the header.
func (f Fault) WithHeader(name, value string) Fault {
	f.header = f.header.Clone()
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header[http.CanonicalHeaderKey(name)] = []string{value}
	return f
}

func (f Fault) broken(problem string) Fault {
	if f.problem == "" {
		f.problem = problem
	}
	return f
}

// String says what goes wrong, and where.
func (f Fault) String() string {
	text := f.name
	if f.afterWork {
		text += " after the work"
	}
	if on := f.pattern.text; on != "" {
		text += " on " + on
	}
	return text
}

// Inject makes faults happen to later requests. A request meets at most one
// fault: the first injected whose turn it is. Faults after that one do not
// count the request, so that
//
//	server.Inject(DropConnection(), LockTimeout(), RateLimit("endpoint-rate"))
//
// is a script for three requests, of which the third is rate-limited.
//
// A fault that is to happen a certain number of times, and has not when the
// server is closed, is told to the reporter of [WithReporter].
func (s *Server) Inject(faults ...Fault) {
	for _, f := range faults {
		if f.act == nil && !f.noConnection && f.mix == nil {
			f = f.broken("it was not made by a function of this package")
		}
		if f.problem != "" {
			s.complain("the fault %q can never happen: %s", f, f.problem)
			continue
		}
		s.faults.add(f)
	}
}

// faultList is what has been injected. Reading it takes no lock.
type faultList struct{ list atomic.Pointer[[]*injected] }

// injected is a fault and how far it has come.
type injected struct {
	Fault
	seen atomic.Int64 // matching requests
	used atomic.Int64 // may exceed the limit
}

func (l *faultList) add(f Fault) {
	for {
		old := l.list.Load()
		var longer []*injected
		if old != nil {
			longer = append(longer, *old...)
		}
		longer = append(longer, &injected{Fault: f})
		if l.list.CompareAndSwap(old, &longer) {
			return
		}
	}
}

// take returns the fault that happens to x, or nil.
func (l *faultList) take(x *exchange) *Fault {
	list := l.list.Load()
	if list == nil {
		return nil
	}
	for _, f := range *list {
		if f.spent() || !f.matches(x) {
			continue
		}
		if n, hit := f.turn(); hit {
			return f.choose(n, x)
		}
	}
	return nil
}

// limit is how often the fault may happen, negative for without end.
func (f *Fault) limit() int64 {
	switch {
	case f.always || f.bySeed && f.times == 0:
		return -1
	case f.times == 0:
		return 1
	}
	return f.times
}

func (f *injected) spent() bool {
	limit := f.limit()
	return limit >= 0 && f.used.Load() >= limit
}

// turn counts a matching request, and reports whether the fault happens to it.
func (f *injected) turn() (n int64, hit bool) {
	n = f.seen.Add(1)
	if n <= f.skip || f.bySeed && drawn(f.seed, n) >= f.chance {
		return n, false
	}
	limit := f.limit()
	return n, limit < 0 || f.used.Add(1) <= limit
}

func (f *injected) choose(n int64, x *exchange) *Fault {
	if f.mix != nil {
		return f.mix.pick(f.seed, n, x)
	}
	return &f.Fault
}

// matches reports whether x is one of the requests that the fault is meant for.
func (f *injected) matches(x *exchange) bool {
	switch {
	case f.noConnection && !x.inProcess, f.reused && !x.reused:
		return false
	case !f.pattern.matches(x.request):
		return false
	case f.laterPages && !isLaterPage(x.request):
		return false
	}
	return f.when == nil || f.when(x.observed())
}

func isLaterPage(r *http.Request) bool {
	query := r.URL.Query()
	return r.Method == http.MethodGet && (query.Has("starting_after") || query.Has("ending_before"))
}

// reportUnused tells the reporter what was scripted and did not happen.
func (s *Server) reportUnused() {
	list := s.faults.list.Load()
	if list == nil {
		return
	}
	for _, f := range *list {
		limit, used := f.limit(), f.used.Load()
		if limit >= 0 && used < limit && !f.bySeed {
			s.complain("the fault %q was to happen %d times, and happened %d times", f.Fault, limit, used)
		}
	}
}

// pattern is an endpoint as [Fault.On] takes it. The zero value matches all.
type pattern struct {
	text     string
	method   string
	segments []string // nil for every path
	rest     bool     // the path may go on after them
}

func parsePattern(text string) (pattern, string) {
	p := pattern{text: text}
	method, path, both := strings.Cut(text, " ")
	if !both && strings.HasPrefix(text, "/") {
		method, path = "", text
	}
	p.method = method
	if path == "" {
		return p, ""
	}
	if !strings.HasPrefix(path, "/") {
		return p, fmt.Sprintf("the path in %q does not begin with a slash", text)
	}
	p.segments = strings.Split(path[1:], "/")
	if last := len(p.segments) - 1; strings.HasSuffix(p.segments[last], "...}") {
		p.segments, p.rest = p.segments[:last], true
	}
	return p, ""
}

func (p *pattern) matches(r *http.Request) bool {
	if p.method != "" && p.method != r.Method {
		return false
	}
	if p.segments == nil {
		return true
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	for i, want := range p.segments {
		segment, after, more := strings.Cut(path, "/")
		if want != segment && (segment == "" || !strings.HasPrefix(want, "{")) {
			return false
		}
		path = after
		if last := i == len(p.segments)-1; !more {
			return last && !p.rest
		}
	}
	return p.rest
}
