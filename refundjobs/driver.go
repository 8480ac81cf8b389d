package refundjobs

import (
	"context"
	"time"

	"github.com/riverqueue/river/riverdriver"
)

// Driver is a database as [Jobs] uses it. Packages sqlitejobs and pgxjobs have one
// each, and make Jobs with it: there is no need to write another.
type Driver[TTx any] interface {
	River() riverdriver.Driver[TTx]
	// InTx runs work in a transaction of its own and commits it if work returns nil; else,
	// also if work panics, it rolls back.
	InTx(ctx context.Context, work func(tx TTx) error) error
	Statements(tx TTx) Statements
	Pool() Statements // each statement by itself
	Dialect() Dialect
}

// Statements runs SQL. Placeholders are $1, $2 and so on.
type Statements interface {
	Exec(ctx context.Context, sql string, args ...any) (affected int64, err error)
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// Rows is the answer to a query; *sql.Rows and pgx.Rows are nearly that.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// Dialect is what differs from database to database.
type Dialect struct {
	// Migrations are the statements that make the tables, oldest first.
	Migrations []Migration
	// MigrationLock is run first in the transaction that migrates; it may be empty.
	MigrationLock string
	// ForUpdate is put behind a SELECT to lock its rows; it may be empty.
	ForUpdate string
	// Clock is an expression for the database's own time; empty where the database is
	// on this machine, whose clock it is then.
	Clock string
	// WritesInWith: a WITH may hold an UPDATE, so that a row and its entry in the log are
	// written by one statement.
	WritesInWith bool
	// Time is how the database takes an instant.
	Time func(time.Time) any
}

// Migration is one step of the schema, there and back.
type Migration struct {
	Up, Down string
}

// queryOne scans the first row of an answer, and reports whether there was one.
func queryOne(ctx context.Context, q Statements, sql string, args []any, into ...any) (found bool, err error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return false, err
	}
	defer func() {
		if failure := rows.Close(); err == nil {
			err = failure
		}
	}()
	if !rows.Next() {
		return false, rows.Err()
	}
	return true, rows.Scan(into...)
}

// queryAll calls scan for each row of an answer.
func queryAll(ctx context.Context, q Statements, scan func(Rows) error, sql string, args ...any) (err error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer func() {
		if failure := rows.Close(); err == nil {
			err = failure
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
