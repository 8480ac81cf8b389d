package refundjobs_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

// However a transaction of InTx ends, it is all or nothing, and the next one can begin:
// SQLite has one connection.
func TestInTx(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		db.exec(t, "CREATE TABLE orders (id text PRIMARY KEY)")
		db.exec(t, "CREATE TABLE lines (id text REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)") // which a commit looks at
		charge := s.charge()
		request := func(tx txJobs, name string) {
			require.NoError(t, tx.Exec("INSERT INTO orders VALUES ('"+name+"')"))
			_, err := tx.Request(refundjobs.Request{Name: name, Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			require.NoError(t, err)
		}
		broken := errors.New("broken")
		require.Same(t, broken, s.in(func(tx txJobs) error { request(tx, "an error"); return broken }))
		require.PanicsWithValue(t, broken, func() {
			_ = s.in(func(tx txJobs) error { request(tx, "a panic"); panic(broken) })
		})
		require.Error(t, s.in(func(tx txJobs) error {
			request(tx, "a failed commit")
			require.NoError(t, tx.Exec("INSERT INTO lines VALUES ('of no order')"))
			return nil
		}))
		for _, table := range []string{"refundjobs", "refundjobs_changes", "river_job", "orders", "lines"} {
			require.Zero(t, db.count(t, "SELECT count(*) FROM "+table), table)
		}
		s.must(func(tx txJobs) error { request(tx, "all of it"); return nil })
		for _, table := range []string{"refundjobs", "refundjobs_changes", "river_job", "orders"} {
			require.Equal(t, 1, db.count(t, "SELECT count(*) FROM "+table), table)
		}
	})
}
