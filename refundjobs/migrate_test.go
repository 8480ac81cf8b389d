package refundjobs_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
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

// A request that has not committed when the tables go keeps them.
func TestMigrateDownSeesWhatIsBeingAsked(t *testing.T) {
	t.Parallel()
	db := newPostgres(t)
	s := newShop(t, db)
	inside, asked := make(chan struct{}), make(chan error)
	go func() {
		asked <- s.in(func(tx txJobs) error {
			_, err := tx.Request(refundjobs.Request{Name: "order-1", By: "ann", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500}})
			close(inside)
			for db.count(t, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)") == 0 {
				runtime.Gosched()
			}
			return err
		})
	}()
	<-inside
	err := s.MigrateDown(t.Context())
	require.NoError(t, <-asked)
	require.ErrorContains(t, err, "there are refunds")
	require.Equal(t, 1, db.rows(t))
}
