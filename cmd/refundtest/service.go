package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// service is the program between its start and its end, over every reset.
type service struct {
	config *config
	log    *logger

	requests, faults atomic.Int64

	mu      sync.Mutex // held while it is reset, and while a session's lists change
	session atomic.Pointer[session]
	charges int // of the sessions that have ended
	refunds int
}

// session is what there is from one reset to the next.
type session struct {
	server *refundtest.Server

	adding sync.Mutex      // guards taken
	taken  map[string]bool // ids of charges and PaymentIntents that were given

	// Guarded by service.mu.
	worlds []place
	faults []string
	hooks  []endpoint
	added  int // endpoints so far
}

// endpoint is a URL that events are sent to.
type endpoint struct {
	ID         string   `json:"id"`
	URL        string   `json:"url"`
	Events     []string `json:"enabled_events,omitempty"`
	APIVersion string   `json:"api_version"`
	hook       *refundtest.Webhook
}

// newService has what the flags say.
func newService(config *config, log *logger) (*service, error) {
	s := &service{config: config, log: log}
	return s, s.reset()
}

// reset begins again as the flags say. What was running is cut off.
func (s *service) reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := s.begin()
	if err != nil {
		return err
	}
	if last := s.session.Swap(next); last != nil {
		s.count(last)
		last.server.Close()
	}
	return nil
}

func (s *service) begin() (*session, error) {
	server := refundtest.New(refundtest.WithClock(time.Now), refundtest.OnRequest(s.note), refundtest.WithJournalLimit(s.config.journal))
	next := &session{server: server, worlds: []place{{"test mode", server.World}, {"live mode", server.Live()}}, taken: map[string]bool{}}
	if s.config.seed != "" {
		more, err := seedFile(server, s.config.seed, next.taken)
		if err != nil {
			return nil, err
		}
		next.worlds = append(next.worlds, more...)
	}
	if s.config.chaos > 0 {
		next.inject(refundtest.Chaos(s.config.chaosSeed, s.config.chaos).On("/v1/{rest...}"))
	}
	if s.config.webhook != "" {
		_, err := s.addEndpoint(next, endpoint{URL: s.config.webhook, APIVersion: s.config.version}, s.config.secret)
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

func (n *session) inject(f refundtest.Fault) {
	n.server.Inject(f)
	n.faults = append(n.faults, f.String())
}

func (s *service) addEndpoint(to *session, e endpoint, secret string) (endpoint, error) {
	hook, err := to.server.AddWebhookURL(e.URL, secret, refundtest.OnDelivery(s.log.delivery), refundtest.InAPIVersion(e.APIVersion),
		refundtest.EventTypes(e.Events...))
	if err != nil {
		return e, err
	}
	to.added++
	e.ID, e.hook = "we_"+strconv.Itoa(to.added), hook
	to.hooks = append(to.hooks, e)
	return e, nil
}

// note counts a request, and marks its line in the log.
func (s *service) note(ctx context.Context, r refundtest.Request) {
	s.requests.Add(1)
	if r.Fault != "" {
		s.faults.Add(1)
	}
	s.log.fault(ctx, r)
}

// count adds what a session leaves. It is called under the lock.
func (s *service) count(last *session) {
	for _, p := range last.worlds {
		recent := p.world.Recent(0)
		s.charges += recent.AllCharges
		s.refunds += recent.AllRefunds
	}
}

// stop ends the service, and says what it has done.
func (s *service) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.session.Load()
	last.server.Close()
	s.count(last)
	s.log.line("stopped after %s: %s, %s; %s", many(s.requests.Load(), "request"), many(int64(s.charges), "charge"),
		many(int64(s.refunds), "refund"), many(s.faults.Load(), "fault"))
}

func many(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// open returns the world of an account and mode, the platform's if the account is
// empty. It is created when it is first asked for.
func (s *service) open(now *session, account string, live bool) *refundtest.World {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := placeOf(now.server, account, live)
	now.worlds = p.list(now.worlds)
	return p.world
}

// tick does what has come due.
func (s *service) tick() { s.session.Load().server.Advance(0) }

// ServeHTTP gives people their page, tests their control and programs their API.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.session.Load()
	switch {
	case r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		s.mu.Lock()
		worlds := slices.Clone(now.worlds)
		s.mu.Unlock()
		(&page{server: now.server, worlds: worlds}).ServeHTTP(w, r)
	case s.config.control && (r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/")):
		(&control{service: s}).ServeHTTP(w, r)
	default:
		now.server.ServeHTTP(w, r) // not through a mux, which would tidy the path
	}
}
