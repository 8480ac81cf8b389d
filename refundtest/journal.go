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
	entries []*journalEntry
	header  http.Header // what the newest entry's header shares with the next
}

// journalEntry is a request in little memory: what can be made of the rest is made
// when somebody looks.
type journalEntry struct {
	request Request     // without Form and Header
	query   string      // as sent
	header  http.Header // without the key; never changed, as entries share it
	keys    []string    // Idempotency-Key as sent
}

// observed is the request as it came.
func (x *exchange) observed() Request {
	entry := x.entryFor()
	return entry.shown()
}

func (x *exchange) entryFor() journalEntry {
	header := x.request.Header.Clone()
	keys := header["Idempotency-Key"]
	header.Del("Authorization")
	header.Del("Idempotency-Key")
	entry := journalEntry{header: header, keys: keys, query: x.request.URL.RawQuery, request: Request{
		Method: x.request.Method, Path: x.request.URL.Path, Body: slices.Clone(x.body),
		IdempotencyKey: x.request.Header.Get("Idempotency-Key"),
		Account:        x.request.Header.Get("Stripe-Account"),
		RequestID:      x.requestID, Time: x.server.Now(),
	}}
	if x.route != nil {
		entry.request.Endpoint = x.route.template
	}
	return entry
}

func (j *journal) begin(x *exchange) *journalEntry {
	entry := x.entryFor()
	if x.fault != nil {
		entry.request.Fault = x.fault.String()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if maps.EqualFunc(j.header, entry.header, slices.Equal) {
		entry.header = j.header
	}
	j.header = entry.header
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
func (j *journal) end(x *exchange, a *answer) journalEntry {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := &x.entry.request
	e.Replayed = x.replayed
	if !a.drop {
		e.Status = a.status
	}
	if x.script.idle() {
		e.Fault = ""
	}
	return *x.entry
}

// shown is a copy for somebody who looks.
func (e *journalEntry) shown() Request {
	r := e.request
	r.Header, r.Body, r.Form = e.header.Clone(), slices.Clone(r.Body), e.looseForm()
	if len(e.keys) > 0 {
		r.Header["Idempotency-Key"] = slices.Clone(e.keys)
	}
	return r
}

// looseForm reads what can be read of the parameters.
func (e *journalEntry) looseForm() url.Values {
	form, _ := url.ParseQuery(e.query)
	if strings.HasPrefix(e.header.Get("Content-Type"), formType) {
		body, _ := url.ParseQuery(string(e.request.Body))
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
		copies[i] = entry.shown()
	}
	return copies
}
