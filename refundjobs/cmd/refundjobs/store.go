package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
)

// jobs is what the commands use of refundjobs.Jobs, whatever the database.
type jobs interface {
	Migrate(context.Context) error
	MakePlan(ctx context.Context, name, by string, requests iter.Seq2[refundjobs.Request, error]) (refundjobs.Plan, error)
	CheckPlan(ctx context.Context, name string, found func(refundjobs.Finding) error) (refundjobs.PlanCheck, error)
	ApprovePlan(ctx context.Context, name, by, digest string) (refundjobs.Plan, error)
	RunPlan(ctx context.Context, name, by string) (refundjobs.Plan, error)
	PausePlan(ctx context.Context, name, by, why string) (refundjobs.Plan, error)
	CancelPlan(ctx context.Context, name, by, why string) (refundjobs.Plan, error)
	Plan(ctx context.Context, name string) (refundjobs.Plan, error)
	Plans(context.Context) ([]refundjobs.Plan, error)
	Job(ctx context.Context, name string) (refundjobs.Job, error)
	List(context.Context, refundjobs.Filter) iter.Seq2[refundjobs.Job, error]
	Counts(context.Context, refundjobs.Filter) (refundjobs.Counts, error)
	Story(ctx context.Context, name string) (string, error)
	WriteReport(context.Context, io.Writer, refundjobs.Filter) ([]refundjobs.Total, error)
	ReconcileWith(context.Context, refundjobs.ReconcileParams) iter.Seq2[refundjobs.Difference, error]
	Sweep(ctx context.Context, handle func(context.Context, *refundkit.Event) error, accounts ...string) (refundjobs.SweepResult, error)
	HandleEvent(unknown func(context.Context, *refundkit.Event) error) func(context.Context, *refundkit.Event) error
	Prune(ctx context.Context, before time.Time) (int, error)
	Start(context.Context) error

	resume(ctx context.Context, name, by, why string) (refundjobs.Job, error)
	cancel(ctx context.Context, name, by, why string) (refundjobs.Job, error)
	accept(ctx context.Context, name, refund, by, why string) (refundjobs.Job, error)
	judge(ctx context.Context, name, refund, by, why string) (refundjobs.Job, error)
	Close() error
}

// store is jobs with transactions of its own.
type store[TTx any] struct {
	*refundjobs.Jobs[TTx]
	close func() error
}

func (s store[TTx]) Close() error { return s.close() }

func (s store[TTx]) decide(ctx context.Context, change func(TTx) (refundjobs.Job, error)) (job refundjobs.Job, err error) {
	err = s.InTx(ctx, func(tx TTx) error {
		job, err = change(tx)
		return err
	})
	return job, err
}

func (s store[TTx]) resume(ctx context.Context, name, by, why string) (refundjobs.Job, error) {
	return s.decide(ctx, func(tx TTx) (refundjobs.Job, error) { return s.ResumeTx(ctx, tx, name, by, why) })
}

func (s store[TTx]) cancel(ctx context.Context, name, by, why string) (refundjobs.Job, error) {
	return s.decide(ctx, func(tx TTx) (refundjobs.Job, error) { return s.CancelTx(ctx, tx, name, by, why) })
}

func (s store[TTx]) accept(ctx context.Context, name, refund, by, why string) (refundjobs.Job, error) {
	return s.decide(ctx, func(tx TTx) (refundjobs.Job, error) { return s.AcceptTx(ctx, tx, name, refund, by, why) })
}

func (s store[TTx]) judge(ctx context.Context, name, refund, by, why string) (refundjobs.Job, error) {
	return s.decide(ctx, func(tx TTx) (refundjobs.Job, error) { return s.JudgeTx(ctx, tx, name, refund, by, why) })
}

// keyless is in place of a client where there is no API key.
type keyless struct{}

func (keyless) Advance(context.Context, refundkit.Job, func(context.Context, refundkit.Job) error, ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error) {
	return refundkit.Job{}, nil, errors.New("refundjobs: STRIPE_API_KEY is not set")
}

// open opens the database that the person named. needsStripe is for commands that can do
// nothing without it.
func (p *program) open(ctx context.Context, needsStripe bool) (jobs, error) {
	opts := []refundjobs.Option{refundjobs.WithRate(p.rate)}
	var refunds refundjobs.Refunder = keyless{}
	key := p.env("STRIPE_API_KEY")
	switch {
	case key != "":
		clientOptions := []refundkit.Option{refundkit.WithRateLimiter(refundjobs.Pace{}), refundkit.WithAppInfo("refundjobs", "1")}
		if base := p.env("STRIPE_API_BASE"); base != "" {
			clientOptions = append(clientOptions, refundkit.WithBaseURL(base))
		}
		client, err := refundkit.New(key, clientOptions...)
		if err != nil {
			return nil, err
		}
		refunds = client.Refunds
		opts = append(opts, refundjobs.WithCharges(client.Charges), refundjobs.WithBalanceTransactions(client.BalanceTransactions), refundjobs.WithEvents(client.Events))
	case needsStripe:
		return nil, usageError{errors.New("STRIPE_API_KEY is not set")}
	}
	url := p.env("DATABASE_URL")
	switch {
	case p.sqlite != "" && url != "":
		return nil, usageError{errors.New("there are two databases: --sqlite and DATABASE_URL")}
	case p.sqlite != "":
		return openSQLite(ctx, p.sqlite, refunds, opts...)
	case url != "":
		return openPostgres(ctx, url, refunds, opts...)
	}
	return nil, usageError{errors.New("there is no database: set DATABASE_URL, or name a file with --sqlite")}
}

func openSQLite(ctx context.Context, file string, refunds refundjobs.Refunder, opts ...refundjobs.Option) (jobs, error) {
	db, err := sqlitejobs.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	j, err := sqlitejobs.New(db, refunds, opts...)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return store[*sql.Tx]{j, db.Close}, nil
}

func openPostgres(ctx context.Context, url string, refunds refundjobs.Refunder, opts ...refundjobs.Option) (jobs, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, errors.New("refundjobs: DATABASE_URL can't be read") // its text would hold the password
	}
	j, err := pgxjobs.New(pool, refunds, opts...)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return store[pgx.Tx]{j, func() error { pool.Close(); return nil }}, nil
}
