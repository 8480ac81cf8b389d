package refundtest

import (
	"net/http"
	"sync/atomic"
)

// Inject makes faults happen to later requests. A request meets at most one
// fault: the first injected whose turn it is. Faults after that one do not
// count the request, so that
//
//	server.Inject(DropConnection(), LockTimeout(), RateLimit("endpoint-rate"))
//
// is a script for three requests, of which the third is rate-limited.
//
// A fault that has happened fewer times than it should when the server is closed
// is reported, if there is a [WithReporter].
func (s *Server) Inject(faults ...Fault) {
	for _, f := range faults {
		if problem := f.unfit(); problem != "" {
			s.complain("the fault %q can never happen: %s", f, problem)
			continue
		}
		s.faults.add(f)
	}
}

// ClearFaults ends all that was injected: later requests meet nothing of it, and
// what has not happened is not reported.
func (s *Server) ClearFaults() { s.faults.list.Store(nil) }

// unfit says why the fault can never happen; empty if it can.
func (f Fault) unfit() string {
	if f.act == nil && !f.noConnection && f.mix == nil {
		return "it was not made by a function of this package"
	}
	return f.problem
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
	case f.inProcess && !x.inProcess, f.reused && !x.reused:
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

// reportUnused reports the faults that were injected and did not happen.
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

// applyFault passes a request through what happens to it.
func (s *Server) applyFault(x *exchange, next func() *answer) *answer {
	f := x.fault
	if f == nil {
		return next()
	}
	a := f.act(f, x, next)
	a.cut = a.cut || f.cut
	for name, values := range f.header {
		if a.header == nil {
			a.header = http.Header{}
		}
		if values[0] == "" {
			a.header.Del(name)
			continue
		}
		a.header[name] = values
	}
	return a
}
