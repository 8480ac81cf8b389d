package refundjobs_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
)

func TestMigrateUpAndDown(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		client, err := refundkit.New("sk_test_1")
		require.NoError(t, err)
		store := db.open(t, client.Refunds)
		require.NoError(t, store.MigrateDown(t.Context()), "there is nothing to remove")
		require.NoError(t, store.Migrate(t.Context()))
		require.NoError(t, store.Migrate(t.Context()))
		require.NoError(t, store.MigrateDown(t.Context()))
		require.NoError(t, store.Migrate(t.Context()))
		s := newShop(t, db)
		s.request("order-1", s.charge().ID)
		require.ErrorContains(t, store.MigrateDown(t.Context()), "without their names")
		require.Equal(t, 1, db.rows(t))

		db.exec(t, "INSERT INTO refundjobs_migrations (version) VALUES (99)")
		require.ErrorContains(t, store.Migrate(t.Context()), "of version 99, and this program knows up to 1")
		require.ErrorContains(t, store.MigrateDown(t.Context()), "of version 99")
		require.Equal(t, 1, db.rows(t))
	})
}

func TestMigrateInSeveralProcessesAtOnce(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		client, err := refundkit.New("sk_test_1")
		require.NoError(t, err)
		var all sync.WaitGroup
		errs := make([]error, 5)
		for i := range errs {
			store := db.open(t, client.Refunds)
			all.Go(func() { errs[i] = store.Migrate(t.Context()) })
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		s := newShop(t, db)
		s.request("order-1", s.charge().ID)
		s.work()
	})
}
