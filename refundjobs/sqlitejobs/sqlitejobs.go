// Package sqlitejobs keeps refunds in an SQLite database, for one machine. For several,
// see package pgxjobs.
package sqlitejobs

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go alone

	"github.com/refundkit/refundkit/refundjobs"
)

var (
	//go:embed 001_up.sql
	up1 string
	//go:embed 001_down.sql
	down1 string
)

// Open opens the database in a file as New wants it: one connection, and every commit
// on the disk before it returns. ":memory:" is a database that ends with its
// connection, for tests.
func Open(ctx context.Context, file string) (*sql.DB, error) {
	query := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"}, "_txlock": {"immediate"}}
	name := "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + query.Encode()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("sqlitejobs: %w", err)
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlitejobs: %s: %w", file, err), db.Close())
	}
	return db, nil
}

// New returns the jobs in db, which is as [Open] opens it: it may have one open
// connection, because a second one that writes fails, and while a transaction of
// yours is open, only methods that take it may be called. Give it a client's Refunds.
//
// With PRAGMA synchronous at less than FULL, a power cut may lose the commit that says
// that a refund was sent: New refuses it.
func New(db *sql.DB, refunds refundjobs.Refunder, opts ...refundjobs.Option) (*refundjobs.Jobs[*sql.Tx], error) {
	if db == nil {
		return nil, errors.New("sqlitejobs: New: the database is nil")
	}
	if db.Stats().MaxOpenConnections != 1 {
		return nil, errors.New("sqlitejobs: New: the database may have one open connection: call SetMaxOpenConns(1), or use Open")
	}
	var synchronous int
	if err := db.QueryRowContext(context.Background(), "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return nil, fmt.Errorf("sqlitejobs: New: %w", err)
	}
	if synchronous < 2 {
		return nil, errors.New("sqlitejobs: New: set PRAGMA synchronous = FULL, or use Open: a power cut could forget what was sent")
	}
	return refundjobs.New(driver{db}, refunds, opts...)
}

type driver struct{ db *sql.DB }

func (d driver) River() riverdriver.Driver[*sql.Tx] { return riversqlite.New(d.db) }

func (d driver) InTx(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // over after the commit; also for a panic, or the only connection would be lost
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (d driver) Statements(tx *sql.Tx) refundjobs.Statements { return statements{tx} }
func (d driver) Pool() refundjobs.Statements                 { return statements{d.db} }

func (d driver) Dialect() refundjobs.Dialect {
	return refundjobs.Dialect{
		Migrations: []refundjobs.Migration{{Up: up1, Down: down1}},
		Time:       func(t time.Time) any { return refundjobs.InstantText(t) },
	}
}

// statements runs them on a transaction or on the database.
type statements struct {
	on interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

func (s statements) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.on.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s statements) Query(ctx context.Context, query string, args ...any) (refundjobs.Rows, error) {
	return s.on.QueryContext(ctx, query, args...)
}
