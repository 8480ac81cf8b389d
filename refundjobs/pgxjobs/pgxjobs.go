// Package pgxjobs keeps refunds in a Postgres database, for any number of workers on
// any number of machines.
package pgxjobs

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/refundkit/refundkit/refundjobs"
)

var (
	//go:embed 001_up.sql
	up1 string
	//go:embed 001_down.sql
	down1 string
)

// New returns the jobs in the database of pool. Give it a client's Refunds. One
// connection is River's, to be told of new jobs; workers use the others for moments,
// never during a request to Stripe.
func New(pool *pgxpool.Pool, refunds refundjobs.Refunder, opts ...refundjobs.Option) (*refundjobs.Jobs[pgx.Tx], error) {
	if pool == nil {
		return nil, errors.New("pgxjobs: New: the pool is nil")
	}
	return refundjobs.New(driver{pool}, refunds, opts...)
}

type driver struct{ pool *pgxpool.Pool }

func (d driver) River() riverdriver.Driver[pgx.Tx] { return riverpgxv5.New(d.pool) }

// beginBriefly begins a transaction that Postgres ends for a machine that stopped in
// the middle of it, as one that is suspended: its locks would hold up all others, and
// RunPlan, for hours. After a minute River gives its jobs to others, too.
const beginBriefly = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = '60s'`

func (d driver) InTx(ctx context.Context, work func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{BeginQuery: beginBriefly}, work)
}

func (d driver) Statements(tx pgx.Tx) refundjobs.Statements { return statements{tx} }
func (d driver) Pool() refundjobs.Statements                { return statements{d.pool} }

func (d driver) Dialect() refundjobs.Dialect {
	return refundjobs.Dialect{
		Migrations:    []refundjobs.Migration{{Up: up1, Down: down1}},
		MigrationLock: `SELECT pg_advisory_xact_lock(hashtext('refundjobs_migrations'))`,
		ForUpdate:     " FOR UPDATE",
		Clock:         `clock_timestamp()`,
		WritesInWith:  true,
		Time:          func(t time.Time) any { return t },
	}
}

// statements runs them on a transaction or on the pool.
type statements struct {
	on interface {
		Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	}
}

func (s statements) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := s.on.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (s statements) Query(ctx context.Context, query string, args ...any) (refundjobs.Rows, error) {
	result, err := s.on.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return rows{result}, nil
}

// rows are pgx.Rows whose Close returns what went wrong.
type rows struct{ pgx.Rows }

func (r rows) Close() error {
	r.Rows.Close()
	return r.Err()
}
