// Package refundjobstest is what tests of code on package refundjobs start from: jobs
// in a database in memory, and a Stripe that is refundtest's, with its webhook. A day
// passes in milliseconds, because the clock of all of it moves only when told.
//
//	shop := refundjobstest.New(t)
//	charge := shop.Server.AddCharge(refundtest.Charge{Amount: 2000})
//	shop.Request(refundjobs.Request{Name: "order-1/refund-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
//	shop.Work()
//	shop.Server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
//
// It does not import testing.
package refundjobstest

import (
	"context"
	"database/sql"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

// TB is the part of testing.TB that this package uses.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

const secret = "whsec_refundjobstest"

// Setup is jobs with all that they work on.
type Setup struct {
	Server  *refundtest.Server // payments are made here, banks fail here, and faults are injected
	Client  *refundkit.Client
	DB      *sql.DB // one connection: your own tables can be in it
	Jobs    *refundjobs.Jobs[*sql.Tx]
	Webhook *refundtest.Webhook // tells Jobs of each event at once; Remove it for a Stripe that is silent

	t TB
}

// New returns jobs in an SQLite database in memory that is closed when t ends. The time
// stands still until [Setup.Pass]. There is no limit of requests a second, and a call
// that fails is not repeated until the row is due: nothing sleeps. The options come
// behind these, so that they win.
func New(t TB, opts ...refundjobs.Option) *Setup {
	t.Helper()
	return setup(t, refundtest.New(), opts)
}

// NewWithClock is New with a clock of your own: time.Now inside a testing/synctest
// bubble, where [refundjobs.Jobs.Start] can work.
func NewWithClock(t TB, now func() time.Time, opts ...refundjobs.Option) *Setup {
	t.Helper()
	return setup(t, refundtest.New(refundtest.WithClock(now)), opts)
}

func setup(t TB, server *refundtest.Server, opts []refundjobs.Option) *Setup {
	t.Helper()
	t.Cleanup(server.Close)
	s := &Setup{Server: server, t: t}
	var err error
	s.Client, err = refundkit.New("sk_test_refundjobstest", refundkit.WithHTTPClient(server.HTTPClient()),
		refundkit.WithClock(server.Now), refundkit.WithMaxRetries(0), refundkit.WithRateLimiter(refundjobs.Pace{}))
	s.check("the client", err)
	s.DB, err = sqlitejobs.Open(context.Background(), ":memory:")
	s.check("the database", err)
	t.Cleanup(func() { s.check("closing the database", s.DB.Close()) })
	s.Jobs, err = sqlitejobs.New(s.DB, s.Client.Refunds, append([]refundjobs.Option{refundjobs.WithClock(server.Now), refundjobs.WithRate(0)}, opts...)...)
	s.check("the jobs", err)
	s.check("the tables", s.Jobs.Migrate(context.Background()))
	hook, err := webhook.New([]string{secret}, webhook.WithClock(server.Now), webhook.WithOnce(s.Jobs.Once()))
	s.check("the webhook", err)
	s.Webhook = server.AddWebhook(hook.Handler(s.Jobs.HandleEvent(nil)), secret)
	return s
}

// In runs work in a transaction, and commits it if work returns nil. Else t fails.
func (s *Setup) In(work func(tx *sql.Tx) error) {
	s.t.Helper()
	s.check("a transaction", s.Jobs.InTx(context.Background(), work))
}

// Request asks for a refund in a transaction of its own.
func (s *Setup) Request(request refundjobs.Request) (job refundjobs.Job) {
	s.t.Helper()
	s.In(func(tx *sql.Tx) (err error) {
		job, err = s.Jobs.RequestTx(context.Background(), tx, request)
		return err
	})
	return job
}

// Work does what is due now.
func (s *Setup) Work() {
	s.t.Helper()
	_, err := s.Jobs.WorkDue(context.Background())
	s.check("work", err)
}

// Pass lets time pass, in steps of a minute at most, and does what becomes due on the
// way. It is for the clock of [New].
func (s *Setup) Pass(d time.Duration) {
	s.t.Helper()
	for d > 0 {
		step := min(d, time.Minute)
		s.Server.Advance(step)
		s.Work()
		d -= step
	}
}

// Job returns the row of a name.
func (s *Setup) Job(name string) refundjobs.Job {
	s.t.Helper()
	job, err := s.Jobs.Job(context.Background(), name)
	s.check("a row", err)
	return job
}

func (s *Setup) check(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("refundjobstest: %s: %v", what, err)
	}
}
