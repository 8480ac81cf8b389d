//go:build unix

package trial

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
)

// order is what a shop cancels, and refunds.
type order struct {
	name, charge string
	amount       int64
	account      string // of a direct charge
	unwind       *refundkit.Unwind
}

// store is the shop's database, as its other programs use it.
type store interface {
	// request cancels orders and asks for their refunds, in one transaction.
	request(ctx context.Context, orders []order, rollBack bool) error
	// decide does what a person decided.
	decide(ctx context.Context, name string, d decision, refundID string) error
	database() *sql.DB
	// instant is a time as the database takes it.
	instant(time.Time) any
}

// decision is what a person does.
type decision string

const (
	accept decision = "accept"
	judge  decision = "judge"
	resume decision = "resume"
	cancel decision = "cancel"
)

var errRolledBack = errors.New("the customer changed his mind")

// shop is a store with transactions of one kind.
type shop[TTx any] struct {
	db    *sql.DB
	text  bool // times are text
	jobs  *refundjobs.Jobs[TTx]
	naive *river.Client[TTx] // nil: by rows
	exec  func(ctx context.Context, tx TTx, query string, args ...any) error
}

const ordersTable = `CREATE TABLE trial_orders (name text PRIMARY KEY, amount bigint NOT NULL)`

func (s *shop[TTx]) database() *sql.DB { return s.db }

func (s *shop[TTx]) instant(t time.Time) any {
	if s.text {
		return refundjobs.InstantText(t)
	}
	return t
}

func (s *shop[TTx]) request(ctx context.Context, orders []order, rollBack bool) error {
	err := s.jobs.InTx(ctx, func(tx TTx) error {
		for _, o := range orders {
			if err := s.exec(ctx, tx, `INSERT INTO trial_orders (name, amount) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, o.name, o.amount); err != nil {
				return err
			}
			var err error
			request := refundjobs.Request{Name: o.name, Account: o.account, Params: refundkit.RefundCreateParams{Charge: o.charge, Amount: o.amount}, By: "shop"}
			switch {
			case s.naive != nil:
				_, err = s.naive.InsertTx(ctx, tx, naiveArgs{Name: o.name, Charge: o.charge, Amount: o.amount},
					&river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}})
			case o.unwind != nil:
				_, err = s.jobs.RequestUnwindTx(ctx, tx, request, *o.unwind)
			default:
				_, err = s.jobs.RequestTx(ctx, tx, request)
			}
			if err != nil {
				return err
			}
		}
		if rollBack {
			return errRolledBack
		}
		return nil
	})
	if rollBack && errors.Is(err, errRolledBack) {
		return nil
	}
	return err
}

func (s *shop[TTx]) decide(ctx context.Context, name string, d decision, refundID string) error {
	const who, why = "ann", "she looked at Stripe"
	return s.jobs.InTx(ctx, func(tx TTx) (err error) {
		switch d {
		case accept:
			_, err = s.jobs.AcceptTx(ctx, tx, name, refundID, who, why)
		case judge:
			_, err = s.jobs.JudgeTx(ctx, tx, name, refundID, who, why)
		case resume:
			_, err = s.jobs.ResumeTx(ctx, tx, name, who, why)
		case cancel:
			_, err = s.jobs.CancelTx(ctx, tx, name, who, why)
		}
		return err
	})
}

// onPostgres opens a shop there, with its tables.
func onPostgres(t *testing.T, base string, c *clock, how way) *shop[pgx.Tx] {
	config, err := pgxpool.ParseConfig(base)
	require.NoError(t, err)
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	s := &shop[pgx.Tx]{
		db: stdlib.OpenDBFromPool(pool),
		exec: func(ctx context.Context, tx pgx.Tx, query string, args ...any) error {
			_, err := tx.Exec(ctx, query, args...)
			return err
		},
	}
	t.Cleanup(func() { _ = s.db.Close() })
	client := nobody(t)
	s.jobs, err = pgxjobs.New(pool, client.Refunds, refundjobs.WithClock(c.now), refundjobs.WithConnect(client.TransferReversals, client.ApplicationFeeRefunds))
	require.NoError(t, err)
	s.begin(t, riverpgxv5.New(pool), c, how)
	return s
}

// onSQLite opens a shop in a file, beside the worker that has it open too.
func onSQLite(t *testing.T, file string, c *clock) *shop[*sql.Tx] {
	db, err := sqlitejobs.Open(t.Context(), file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	s := &shop[*sql.Tx]{
		db: db, text: true,
		exec: func(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
			_, err := tx.ExecContext(ctx, query, args...)
			return err
		},
	}
	client := nobody(t)
	s.jobs, err = sqlitejobs.New(db, client.Refunds, refundjobs.WithClock(c.now), refundjobs.WithConnect(client.TransferReversals, client.ApplicationFeeRefunds))
	require.NoError(t, err)
	s.begin(t, nil, c, byRow)
	return s
}

// begin makes the tables.
func (s *shop[TTx]) begin(t *testing.T, driver riverdriver.Driver[TTx], c *clock, how way) {
	require.NoError(t, s.jobs.Migrate(t.Context()))
	_, err := s.db.ExecContext(t.Context(), ordersTable)
	require.NoError(t, err)
	if how != byRow {
		s.naive, err = river.NewClient(driver, naiveConfig(c))
		require.NoError(t, err)
	}
}

// nobody is a client that reaches nothing: the shop only asks for refunds.
func nobody(t *testing.T) *refundkit.Client {
	client, err := refundkit.New("sk_test_trial", refundkit.WithBaseURL("http://127.0.0.1:1"))
	require.NoError(t, err)
	return client
}

// patiently does something that may fail while the database is away.
func patiently(ctx context.Context, do func(context.Context) error) error {
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		limited, cancel := context.WithTimeout(ctx, 15*time.Second)
		err := do(limited)
		cancel()
		if err == nil || ctx.Err() != nil || time.Since(began) > 2*time.Minute {
			return err
		}
	}
}

// number is the answer to a query for one.
func number(ctx context.Context, db *sql.DB, query string, args ...any) (n int, err error) {
	err = patiently(ctx, func(ctx context.Context) error { return db.QueryRowContext(ctx, query, args...).Scan(&n) })
	return n, err
}
