package refundtest

import (
	"context"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// APIVersion is the version whose objects the server shows, whatever
// Stripe-Version a request asks for; the package's documentation names the one
// exception.
const APIVersion = "2026-08-26.dahlia"

// PlatformAccount is the id of the account that requests without a
// Stripe-Account header act on.
const PlatformAccount = "acct_1RefundtestPlatfm"

// A Server is a fake of Stripe's refund API. It is an [http.Handler]; it can
// be reached without a socket through [Server.HTTPClient], or over one after
// [Server.Start]. It is safe for concurrent use.
//
// The embedded World is the platform's own account in test mode, so a Server has
// every method of [World]:
//
//   - to begin with: [World.AddCharge], [World.AddCharges], [World.AddRefund],
//     [World.AddRefunds], [World.AddTransfer], [World.SetBalance], [World.SetCashBalance]
//   - as the bank: [World.Settle], [World.Fail], [World.RequireAction],
//     [World.SetReference], [World.SettleCharge], [World.FailCharge],
//     [World.Dispute], [World.Inquire], [World.AnswerDispute], [World.WinDispute],
//     [World.LoseDispute],
//     [World.TopUp]
//   - as the customer: [World.Authenticate], [World.FailAuthentication],
//     [World.CompleteCheckout], [World.ExpireCheckout], [World.SubmitDetails], [World.Expire]
//   - as a person in the Dashboard: [World.RefundInDashboard], [World.CancelInDashboard],
//     [World.ReverseInDashboard]
//   - to see what there is: [World.Charge], [World.Refund], [World.Refunds],
//     [World.Events], [World.Recent], [World.Balance], [World.CashBalance],
//     [World.Transfer], [World.Transfers], [World.TransferReversals], [World.ApplicationFees],
//     [World.ApplicationFeeRefunds]
//   - to check it: [World.AssertRefundedOnce], [World.AssertNotRefunded]
//   - other worlds: [Server.Account] for another account, [World.Live] for live
//     mode; [World.AccountID] says whose a world is
type Server struct {
	*World

	clock    clock
	ids      *idSource
	keys     keyring
	limits   rateLimiter
	locks    chargeLocks
	reporter TB
	journal  journal

	onRequest  func(context.Context, Request)            // nil for nobody
	stripeFees func(amount int64, currency string) int64 // nil for none

	mu       sync.Mutex // guards every world and what follows
	worlds   map[worldName]*World
	serial   int64
	tasks    taskQueue
	packer   packer
	method   *paymentMethod // of the newest payment that has one
	noMethod paymentMethod  // of one that has none
	dueNow   time.Time      // time of the task that is being done
	outbox   []*event       // to be delivered, if there is a webhook
	hooks    []*Webhook
	cause    cause // of what is being changed
	http     *http.Server
	url      string
	closed   bool

	faults faultList
}

// New returns a server with an empty platform account. It uses no socket and
// starts nothing.
func New(opts ...Option) *Server {
	start := time.Now()
	s := &Server{
		ids:    newIDSource(rand.Uint64()),
		worlds: map[worldName]*World{},
	}
	s.clock.now = func() time.Time { return start }
	for _, opt := range opts {
		opt(s)
	}
	s.World = s.world(worldName{account: PlatformAccount})
	s.world(worldName{account: PlatformAccount, live: true})
	if s.reporter != nil {
		s.reporter.Cleanup(s.Close)
	}
	return s
}

// AddCharge is [World.AddCharge] for the platform's account in test mode: it adds
// a charge that was made earlier and can be refunded, and returns it with its id.
// The amount is in the currency's smallest unit; the zero Charge is of 10.00 USD.
func (s *Server) AddCharge(c Charge) Charge { return s.World.AddCharge(c) }

// AssertRefundedOnce is [World.AssertRefundedOnce] for the platform's account in
// test mode: it fails t unless exactly one refund fits want, and returns it.
func (s *Server) AssertRefundedOnce(t TB, want Refund) Refund {
	t.Helper()
	return s.World.AssertRefundedOnce(t, want)
}

// locked does what has come due, runs work on the worlds under the lock, and
// then hands the events of both to the webhooks.
func (s *Server) locked(work func()) { s.lockedFor(nil, work) }

// lockedFor is locked for the request x, nil if there is none.
func (s *Server) lockedFor(x *exchange, work func()) {
	events, hooks := s.change(work)
	for _, hook := range hooks {
		hook.take(x, events)
	}
}

func (s *Server) change(work func()) ([]*event, []*Webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	work()
	events := s.outbox
	s.outbox = nil
	return events, s.hooks
}

// complain reports a mistake in the test, if there is a reporter.
func (s *Server) complain(format string, args ...any) {
	if s.reporter != nil {
		s.reporter.Helper()
		s.reporter.Errorf("refundtest: "+format, args...)
	}
}

// ServeHTTP answers a request as the API does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, tooLarge, err := readBody(r.Body)
	if err != nil {
		refuseBody(w) // the client has gone, or sends what is not HTTP
		return
	}
	x := s.receive(r, body, tooLarge, false)
	x.begin()
	a := s.answer(x)
	defer x.answered()
	a.writeTo(w, r)
	if len(x.afterAnswer) > 0 {
		_ = http.NewResponseController(w).Flush() // a dropped connection cannot be flushed
	}
}

// refuseBody answers, as the proxy before the API does, a request whose body cannot
// be read. Without that it would look like a success without a body.
func refuseBody(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, "<html><body><h1>400 Bad Request</h1></body></html>\n")
}

// connection counts the requests that came over one connection.
type connection struct{ requests atomic.Int64 }

type connectionName struct{}

func usedBefore(r *http.Request) bool {
	c, ok := r.Context().Value(connectionName{}).(*connection)
	return ok && c.requests.Add(1) > 1
}

// readBody reads a body up to the limit.
func readBody(body io.Reader) (read []byte, tooLarge bool, err error) {
	if body == nil {
		return nil, false, nil
	}
	read, err = io.ReadAll(io.LimitReader(body, maxBody+1))
	if len(read) > maxBody && err == nil {
		// A sender that is cut off in the middle would not read the answer.
		_, err = io.Copy(io.Discard, io.LimitReader(body, maxDrained))
	}
	return read, len(read) > maxBody, err
}

// Start listens on a free port of the loopback interface and returns the URL
// to use as the API's base. A second call returns the same URL. It panics if
// the machine has no loopback port to give.
func (s *Server) Start() (url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return s.url
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("refundtest: cannot listen on the loopback interface: " + err.Error())
	}
	s.url = "http://" + listener.Addr().String()
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connectionName{}, &connection{})
		},
	}
	go func(server *http.Server) { _ = server.Serve(listener) }(s.http)
	return s.url
}

// Close stops listening, drops what is still connected, and refuses every
// later request. It can be called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	server, hooks, again := s.http, s.hooks, s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return
	}
	if server != nil {
		_ = server.Close()
	}
	for _, hook := range hooks {
		hook.release()
	}
	s.reportUnused()
	if s.reporter != nil {
		s.reportMissed()
	}
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
