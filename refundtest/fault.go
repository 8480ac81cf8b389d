package refundtest

import (
	"fmt"
	"net/http"
	"strings"
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
	inProcess    bool // happens in process only
	noBody       bool // there is no body that could be cut
	cut          bool // Truncated
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

// Truncated makes the connection close after half of the body that the fault
// answers with, of which the declared length promises the whole. [CutBody] does
// that to the answer of the API.
func (f Fault) Truncated() Fault {
	f.cut = true
	if f.noBody {
		return f.broken("it has no body that could be cut off")
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

// Err says why the fault can never happen, nil if it can: [Server.Inject] reports
// it to the test, and a program without one can ask before.
func (f Fault) Err() error {
	if problem := f.unfit(); problem != "" {
		return fmt.Errorf("refundtest: the fault %q can never happen: %s", f, problem)
	}
	return nil
}

// String says what goes wrong, and where.
func (f Fault) String() string {
	text := f.name
	if f.afterWork {
		text += " after the work"
	}
	if f.cut {
		text += ", cut off"
	}
	if on := f.pattern.text; on != "" {
		text += " on " + on
	}
	return text
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
