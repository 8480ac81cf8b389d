package refundjobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river/rivermigrate"
)

// Migrate makes the tables of refundjobs and of River, or brings them to this version.
// It may run in several processes at once, and beside workers of the version before.
func (j *Jobs[TTx]) Migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(j.driver.River(), &rivermigrate.Config{Logger: j.options.logger})
	if err != nil {
		return fmt.Errorf("refundjobs: Migrate: River: %w", err)
	}
	if err := j.migrate(ctx, func(ctx context.Context, q Statements, version int) error {
		for i, step := range j.dialect.Migrations {
			if i < version {
				continue
			}
			if _, err := q.Exec(ctx, step.Up); err != nil {
				return fmt.Errorf("to version %d: %w", i+1, err)
			}
			if _, err := q.Exec(ctx, `INSERT INTO refundjobs_migrations (version) VALUES ($1)`, i+1); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("refundjobs: Migrate: %w", err)
	}
	if err := migrateRiver(ctx, migrator); err != nil {
		return fmt.Errorf("refundjobs: Migrate: River: %w", err)
	}
	return nil
}

// migrateRiver makes River's tables. Of two processes at once one fails, because the
// other has just done the same step: then it goes on behind that.
func migrateRiver[TTx any](ctx context.Context, migrator *rivermigrate.Migrator[TTx]) error {
	for {
		before, err := migrator.ExistingVersions(ctx)
		if err != nil {
			return err
		}
		_, failure := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if failure == nil {
			return nil
		}
		after, err := migrator.ExistingVersions(ctx)
		if err != nil || len(after) == len(before) {
			return failure
		}
	}
}

// MigrateDown removes the tables of refundjobs; River's stay, for others may use them. It
// fails while there is a row: with its name, the promise that nothing is refunded twice
// would go.
func (j *Jobs[TTx]) MigrateDown(ctx context.Context) error {
	err := j.migrate(ctx, func(ctx context.Context, q Statements, version int) error {
		var one int
		if version == 0 {
			return nil
		}
		found, err := queryOne(ctx, q, `SELECT 1 FROM refundjobs LIMIT 1`, nil, &one)
		if err != nil {
			return err
		}
		if found {
			return errors.New("there are refunds; without their names the same could be made again")
		}
		for i := version; i > 0; i-- {
			if _, err := q.Exec(ctx, j.dialect.Migrations[i-1].Down); err != nil {
				return err
			}
		}
		_, err = q.Exec(ctx, `DELETE FROM refundjobs_migrations`)
		return err
	})
	if err != nil {
		return fmt.Errorf("refundjobs: MigrateDown: %w", err)
	}
	return nil
}

// migrate runs steps in a transaction, with the version that the tables have.
func (j *Jobs[TTx]) migrate(ctx context.Context, steps func(ctx context.Context, q Statements, version int) error) error {
	return j.driver.InTx(ctx, func(tx TTx) error {
		q := j.driver.Statements(tx)
		if j.dialect.MigrationLock != "" {
			if _, err := q.Exec(ctx, j.dialect.MigrationLock); err != nil {
				return err
			}
		}
		if _, err := q.Exec(ctx, `CREATE TABLE IF NOT EXISTS refundjobs_migrations (version integer PRIMARY KEY)`); err != nil {
			return err
		}
		var version int
		if _, err := queryOne(ctx, q, `SELECT coalesce(max(version), 0) FROM refundjobs_migrations`, nil, &version); err != nil {
			return err
		}
		if version > len(j.dialect.Migrations) {
			return fmt.Errorf("the tables are of version %d, and this program knows up to %d", version, len(j.dialect.Migrations))
		}
		return steps(ctx, q, version)
	})
}
