package refundjobs

import (
	"context"
	"time"
)

// What tests outside of the package may reach.

func PersonKey(name string) string { return personKey(name) }

func (j *Jobs[TTx]) GiveAlarms(ctx context.Context) error { return j.sweep(ctx) }

func (j *Jobs[TTx]) Step(ctx context.Context, name string) (time.Duration, error) {
	return j.step(ctx, name)
}

// Rewrite stores a row as it is, over the version before.
func (j *Jobs[TTx]) Rewrite(ctx context.Context, tx TTx, row Job) error {
	return j.dialect.update(ctx, j.driver.Statements(tx), row, time.Time{})
}

// Exec runs a statement in a transaction.
func (j *Jobs[TTx]) Exec(ctx context.Context, tx TTx, sql string) error {
	_, err := j.driver.Statements(tx).Exec(ctx, sql)
	return err
}

const NoStep = noStep

// SetDatabaseClock makes the query the database's clock.
func (j *Jobs[TTx]) SetDatabaseClock(query string) { j.dialect.Clock = query }
