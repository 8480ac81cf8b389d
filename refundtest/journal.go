package refundtest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Request is what the server saw of one request, and how it answered.
type Request struct {
	Method         string
	Path           string
	Endpoint       string      // the path with names in place of ids, such as /v1/refunds/{refund}; empty if unknown
	Form           url.Values  // query and body together, nested names written as metadata[order]
	Header         http.Header // without Authorization
	Body           []byte
	IdempotencyKey string // as sent; empty if none was
	Account        string // the Stripe-Account header
	RequestID      string
	Time           time.Time // of the server's clock

	Status   int    // 0 while the request runs, and when there was no answer: the connection was dropped, the caller ended
	Replayed bool   // answered from what was stored for the key
	Fault    string // what [Server.Inject] made go wrong; empty for nothing, or if the request was refused or replayed before that
}

// journal keeps the requests in the order in which they came.
type journal struct {
	limit   int // how many are kept, 0 for all
	mu      sync.Mutex
	entries []*Request
}

// observed is the request as it came.
func (x *exchange) observed() Request {
	header := x.request.Header.Clone()
	header.Del("Authorization")
	entry := Request{
		Method: x.request.Method, Path: x.request.URL.Path, Header: header, Body: x.body,
		IdempotencyKey: x.request.Header.Get("Idempotency-Key"),
		Account:        x.request.Header.Get("Stripe-Account"),
		RequestID:      x.requestID, Time: x.server.Now(), Form: x.looseForm(),
	}
	if x.route != nil {
		entry.Endpoint = x.route.template
	}
	return entry
}

func (j *journal) begin(x *exchange) *Request {
	entry := x.observed()
	if x.fault != nil {
		entry.Fault = x.fault.String()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = newest(append(j.entries, &entry), j.limit)
	return &entry
}

// newest drops what is older than the last limit items; 0 keeps all.
func newest[T any](items []T, limit int) []T {
	if limit == 0 || len(items) <= limit {
		return items
	}
	surplus := len(items) - limit
	clear(items[:surplus]) // the array is shared until append needs a new one
	return items[surplus:]
}

// end writes down how a request was answered.
func (j *journal) end(x *exchange, a *answer) Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := x.entry
	e.Replayed = x.replayed
	if !a.drop {
		e.Status = a.status
	}
	if x.script.idle() {
		e.Fault = ""
	}
	return *e
}

// looseForm reads what can be read of the parameters.
func (x *exchange) looseForm() url.Values {
	form, _ := url.ParseQuery(x.request.URL.RawQuery)
	if strings.HasPrefix(x.request.Header.Get("Content-Type"), formType) {
		body, _ := url.ParseQuery(string(x.body))
		for name, values := range body {
			form[name] = append(form[name], values...)
		}
	}
	return form
}

// Requests returns every request so far, or the newest that a [WithJournalLimit]
// keeps, oldest first, as copies.
func (s *Server) Requests() []Request {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	copies := make([]Request, len(s.journal.entries))
	for i, entry := range s.journal.entries {
		copies[i] = entry.clone()
	}
	return copies
}

func (r Request) clone() Request {
	r.Header, r.Body, r.Form = r.Header.Clone(), slices.Clone(r.Body), maps.Clone(r.Form)
	for name, values := range r.Form {
		r.Form[name] = slices.Clone(values)
	}
	return r
}
