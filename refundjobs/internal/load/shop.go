package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
)

// shop asks for refunds.
type shop interface {
	request(ctx context.Context, charges []refundtest.Charge) error
	await(ctx context.Context) error // until every row says that it is made
	remove() error
}

// open makes the tables.
func open(ctx context.Context, s *settings) (shop, error) {
	if s.SQLite != "" {
		if _, err := os.Stat(s.SQLite); !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("load: %s is there already", s.SQLite)
		}
		return openSQLite(ctx, s.SQLite)
	}
	if s.Postgres == "" {
		return nil, errors.New("load: name a database by -postgres or -sqlite")
	}
	return openPostgres(ctx, s)
}

// table is a shop with transactions of one kind.
type table[TTx any] struct {
	jobs  *refundjobs.Jobs[TTx]
	left  func(context.Context) (int, error)
	close func() error
}

const leftQuery = `SELECT count(*) FROM refundjobs WHERE state <> 'succeeded'`

func (t *table[TTx]) remove() error { return t.close() }

func (t *table[TTx]) request(ctx context.Context, charges []refundtest.Charge) error {
	return t.jobs.InTx(ctx, func(tx TTx) error {
		for _, charge := range charges {
			request := refundjobs.Request{Name: "order-" + charge.ID, Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 100}, By: "shop"}
			if _, err := t.jobs.RequestTx(ctx, tx, request); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *table[TTx]) await(ctx context.Context) error {
	for {
		left, err := t.left(ctx)
		if err != nil || left == 0 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func openSQLite(ctx context.Context, file string) (shop, error) {
	db, err := sqlitejobs.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	t := &table[*sql.Tx]{
		left: func(ctx context.Context) (n int, err error) {
			err = db.QueryRowContext(ctx, leftQuery).Scan(&n)
			return n, err
		},
		close: func() error {
			err := db.Close()
			for _, end := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(file + end)
			}
			return err
		},
	}
	if t.jobs, err = sqlitejobs.New(db, nobody{}); err == nil {
		err = t.jobs.Migrate(ctx)
	}
	return t, err
}

func openPostgres(ctx context.Context, s *settings) (shop, error) {
	schema := fmt.Sprintf("load_%d", os.Getpid())
	with, err := url.Parse(s.Postgres)
	if err != nil {
		return nil, err
	}
	query := with.Query()
	query.Set("search_path", schema)
	with.RawQuery = query.Encode()
	s.Postgres = with.String()
	config, err := pgxpool.ParseConfig(s.Postgres)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(min(s.asker+2, 50))
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
		return nil, err
	}
	t := &table[pgx.Tx]{
		left: func(ctx context.Context) (n int, err error) {
			err = pool.QueryRow(ctx, leftQuery).Scan(&n)
			return n, err
		},
		close: func() error {
			_, err := pool.Exec(context.WithoutCancel(ctx), "DROP SCHEMA "+schema+" CASCADE")
			pool.Close()
			return err
		},
	}
	if t.jobs, err = pgxjobs.New(pool, nobody{}); err == nil {
		err = t.jobs.Migrate(ctx)
	}
	return t, err
}

// nobody makes no refunds: the shop only asks for them.
type nobody struct{}

func (nobody) Advance(context.Context, refundkit.Job, func(context.Context, refundkit.Job) error, ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error) {
	return refundkit.Job{}, nil, errors.New("load: the shop makes no refunds")
}
