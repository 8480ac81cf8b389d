package refundjobs_test

import (
	"context"
	"crypto/rand"
	"iter"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

const hookSecret = "whsec_1"

// anyJobs is what Jobs has whatever its transaction.
type anyJobs interface {
	Migrate(context.Context) error
	MigrateDown(context.Context) error
	Register(*river.Config) error
	Start(context.Context) error
	WorkDue(context.Context) (int, error)
	Job(context.Context, string) (refundjobs.Job, error)
	List(context.Context, refundjobs.Filter) iter.Seq2[refundjobs.Job, error]
	Changes(context.Context, string) iter.Seq2[refundjobs.Change, error]
	ChangesSince(context.Context, time.Time) iter.Seq2[refundjobs.Change, error]
	Counts(context.Context, refundjobs.Filter) (refundjobs.Counts, error)
	Story(context.Context, string) (string, error)
	Prune(context.Context, time.Time) (int, error)
	Reconcile(ctx context.Context, from, to time.Time, accounts ...string) iter.Seq2[refundjobs.Difference, error]
	ReconcileWith(context.Context, refundjobs.ReconcileParams) iter.Seq2[refundjobs.Difference, error]
	HandleEvent(func(context.Context, *refundkit.Event) error) func(context.Context, *refundkit.Event) error
	Once() webhook.Once
	MakePlan(ctx context.Context, name, by string, requests iter.Seq2[refundjobs.Request, error]) (refundjobs.Plan, error)
	CheckPlan(ctx context.Context, name string, found func(refundjobs.Finding) error) (refundjobs.PlanCheck, error)
	ApprovePlan(ctx context.Context, name, by, digest string) (refundjobs.Plan, error)
	RunPlan(ctx context.Context, name, by string) (refundjobs.Plan, error)
	PausePlan(ctx context.Context, name, by, why string) (refundjobs.Plan, error)
	CancelPlan(ctx context.Context, name, by, why string) (refundjobs.Plan, error)
	Plan(ctx context.Context, name string) (refundjobs.Plan, error)
	Sweep(context.Context, func(context.Context, *refundkit.Event) error, ...string) (refundjobs.SweepResult, error)
	GiveAlarms(context.Context) error
	Step(context.Context, string) (time.Duration, error)
	SetDatabaseClock(query string)
}

// txJobs is what Jobs does in a transaction, with that transaction.
type txJobs struct {
	Request       func(refundjobs.Request) (refundjobs.Job, error)
	RequestUnwind func(refundjobs.Request, refundkit.Unwind) ([]refundjobs.Job, error)
	Approve       func(name, by, why string) (refundjobs.Job, error)
	Cancel        func(name, by, why string) (refundjobs.Job, error)
	Resume        func(name, by, why string) (refundjobs.Job, error)
	Accept        func(name, id, by, why string) (refundjobs.Job, error)
	Judge         func(name, id, by, why string) (refundjobs.Job, error)
	Rewrite       func(refundjobs.Job) error
	Exec          func(sql string) error // the team's own statement
}

func bind[TTx any](ctx context.Context, jobs *refundjobs.Jobs[TTx], tx TTx) txJobs {
	return txJobs{
		Request: func(r refundjobs.Request) (refundjobs.Job, error) { return jobs.RequestTx(ctx, tx, r) },
		RequestUnwind: func(r refundjobs.Request, u refundkit.Unwind) ([]refundjobs.Job, error) {
			return jobs.RequestUnwindTx(ctx, tx, r, u)
		},
		Approve: func(name, by, why string) (refundjobs.Job, error) { return jobs.ApproveTx(ctx, tx, name, by, why) },
		Cancel:  func(name, by, why string) (refundjobs.Job, error) { return jobs.CancelTx(ctx, tx, name, by, why) },
		Resume:  func(name, by, why string) (refundjobs.Job, error) { return jobs.ResumeTx(ctx, tx, name, by, why) },
		Accept: func(name, id, by, why string) (refundjobs.Job, error) {
			return jobs.AcceptTx(ctx, tx, name, id, by, why)
		},
		Judge: func(name, id, by, why string) (refundjobs.Job, error) {
			return jobs.JudgeTx(ctx, tx, name, id, by, why)
		},
		Rewrite: func(row refundjobs.Job) error { return jobs.Rewrite(ctx, tx, row) },
		Exec:    func(sql string) error { return jobs.Exec(ctx, tx, sql) },
	}
}

// database is one of the two that every test runs on, with tables of its own.
type database struct {
	name string
	// open returns jobs of one more program on this database.
	open  func(t *testing.T, refunds refundjobs.Refunder, opts ...refundjobs.Option) *store
	exec  func(t *testing.T, sql string, args ...any)
	count func(t *testing.T, sql string, args ...any) int
}

// store is jobs in a database.
type store struct {
	anyJobs
	in func(work func(txJobs) error) error
}

func storeOf[TTx any](t *testing.T, jobs *refundjobs.Jobs[TTx]) *store {
	return &store{jobs, func(work func(txJobs) error) error {
		return jobs.InTx(t.Context(), func(tx TTx) error { return work(bind(t.Context(), jobs, tx)) })
	}}
}

// databases runs a test on both databases.
func databases(t *testing.T, test func(t *testing.T, db *database)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { test(t, newSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, newPostgres(t)) })
}

func newSQLite(t *testing.T) *database {
	db, err := sqlitejobs.Open(t.Context(), ":memory:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return &database{
		name: "sqlite",
		open: func(t *testing.T, refunds refundjobs.Refunder, opts ...refundjobs.Option) *store {
			jobs, err := sqlitejobs.New(db, refunds, opts...)
			require.NoError(t, err)
			return storeOf(t, jobs)
		},
		exec: func(t *testing.T, sql string, args ...any) {
			_, err := db.ExecContext(t.Context(), sql, args...)
			require.NoError(t, err)
		},
		count: func(t *testing.T, query string, args ...any) (n int) {
			require.NoError(t, db.QueryRowContext(t.Context(), query, args...).Scan(&n))
			return n
		},
	}
}

func newPostgres(t *testing.T) *database {
	url := os.Getenv("REFUNDJOBS_POSTGRES")
	if url == "" {
		t.Skip("set REFUNDJOBS_POSTGRES=postgres://user:password@host:5432/database to a Postgres: the test makes a schema of its own there, and drops it")
	}
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	schema := "t_" + strings.ToLower(rand.Text())
	config.ConnConfig.RuntimeParams["search_path"] = schema
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off" // no test cuts the power
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE")
		pool.Close()
		require.NoError(t, err)
	})
	return &database{
		name: "postgres",
		open: func(t *testing.T, refunds refundjobs.Refunder, opts ...refundjobs.Option) *store {
			jobs, err := pgxjobs.New(pool, refunds, opts...)
			require.NoError(t, err)
			return storeOf(t, jobs)
		},
		exec: func(t *testing.T, sql string, args ...any) {
			_, err := pool.Exec(t.Context(), sql, args...)
			require.NoError(t, err)
		},
		count: func(t *testing.T, query string, args ...any) (n int) {
			require.NoError(t, pool.QueryRow(t.Context(), query, args...).Scan(&n))
			return n
		},
	}
}

// shop is a database, a Stripe, and jobs between them. Its clock stands still.
type shop struct {
	*store
	t      *testing.T
	db     *database
	server *refundtest.Server
	client *refundkit.Client
	hook   *refundtest.Webhook // removed unless a test wants it
	told   []refundjobs.Change
}

func newShop(t *testing.T, db *database, opts ...refundjobs.Option) *shop {
	return newShopWith(t, db, nil, opts...)
}

// newShopWith lets a test stand between the jobs and the client.
func newShopWith(t *testing.T, db *database, wrap func(*refundkit.RefundService) refundjobs.Refunder, opts ...refundjobs.Option) *shop {
	s := &shop{t: t, db: db, server: refundtest.New(refundtest.WithReporter(t))}
	s.client = s.newClient()
	var refunds refundjobs.Refunder = s.client.Refunds
	if wrap != nil {
		refunds = wrap(s.client.Refunds)
	}
	s.store = db.open(t, refunds, append([]refundjobs.Option{refundjobs.WithClock(s.server.Now), refundjobs.WithRate(0),
		refundjobs.WithChangeHook(func(_ context.Context, c refundjobs.Change) { s.told = append(s.told, c) })}, opts...)...)
	require.NoError(t, s.Migrate(t.Context()))
	return s
}

func (s *shop) newClient(opts ...refundkit.Option) *refundkit.Client {
	client, err := refundkit.New("sk_test_1", append([]refundkit.Option{refundkit.WithHTTPClient(s.server.HTTPClient()), refundkit.WithClock(s.server.Now),
		refundkit.WithMaxRetries(0), refundkit.WithRateLimiter(refundjobs.Pace{})}, opts...)...)
	require.NoError(s.t, err)
	return client
}

// handler is the webhook endpoint.
func (s *shop) handler(unknown func(context.Context, *refundkit.Event) error) http.Handler {
	hook, err := webhook.New([]string{hookSecret}, webhook.WithClock(s.server.Now))
	require.NoError(s.t, err)
	return hook.Handler(s.HandleEvent(unknown))
}

// listen makes Stripe tell the jobs of events.
func (s *shop) listen(opts ...refundtest.WebhookOption) {
	s.hook = s.server.AddWebhook(s.handler(nil), hookSecret, opts...)
}

func (s *shop) charge() refundtest.Charge {
	return s.server.AddCharge(refundtest.Charge{Amount: 10000, Currency: "eur"})
}

// request asks for 5.00 of a charge.
func (s *shop) request(name, charge string) refundjobs.Job {
	return s.requestAs(refundjobs.Request{Name: name, By: "ann", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge, Amount: 500}})
}

func (s *shop) requestAs(request refundjobs.Request) (job refundjobs.Job) {
	s.t.Helper()
	s.must(func(tx txJobs) (err error) { job, err = tx.Request(request); return err })
	return job
}

// must runs work in a transaction that commits.
func (s *shop) must(work func(txJobs) error) {
	s.t.Helper()
	require.NoError(s.t, s.in(work))
}

func (s *shop) work() {
	s.t.Helper()
	_, err := s.WorkDue(s.t.Context())
	require.NoError(s.t, err)
}

// pass lets time pass, minute by minute.
func (s *shop) pass(d time.Duration) {
	s.t.Helper()
	for ; d > 0; d -= time.Minute {
		s.server.Advance(min(d, time.Minute))
		s.work()
	}
}

func (s *shop) row(name string) refundjobs.Job {
	s.t.Helper()
	job, err := s.Job(s.t.Context(), name)
	require.NoError(s.t, err)
	return job
}

// log is what happened to a row, in short words.
func (s *shop) log(name string) (whats []refundjobs.What) {
	s.t.Helper()
	for change, err := range s.Changes(s.t.Context(), name) {
		require.NoError(s.t, err)
		whats = append(whats, change.What)
	}
	return whats
}

// nameList returns the names that a filter lists.
func (s *shop) nameList(filter refundjobs.Filter) (names []string) {
	s.t.Helper()
	for job, err := range s.List(s.t.Context(), filter) {
		require.NoError(s.t, err)
		names = append(names, job.Name)
	}
	return names
}

// rows is how many rows there are.
func (db *database) rows(t *testing.T) int { return db.count(t, "SELECT count(*) FROM refundjobs") }
