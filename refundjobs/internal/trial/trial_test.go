//go:build unix

package trial

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrialOnPostgres(t *testing.T) {
	t.Parallel()
	killed, asked, seed := size()
	postgresOrdeal(t, byRow, seed).run(killed, asked).require(t)
}

func TestTrialOnSQLite(t *testing.T) {
	t.Parallel()
	killed, asked, seed := size()
	sqliteOrdeal(t, seed).run(killed, asked).require(t)
}

// postgresOrdeal has three workers.
func postgresOrdeal(t *testing.T, how way, seed uint64) *ordeal {
	o := newOrdeal(t, how, seed)
	o.config.Postgres, o.cluster = postgres(t)
	o.store, o.many = onPostgres(t, o.config.Postgres, o.clock, how), 3
	return o
}

// sqliteOrdeal has one, whose file it is.
func sqliteOrdeal(t *testing.T, seed uint64) *ordeal {
	o := newOrdeal(t, byRow, seed)
	o.config.SQLite = filepath.Join(t.TempDir(), "shop.db")
	o.store, o.many = onSQLite(t, o.config.SQLite, o.clock), 1
	return o
}

// require is what the trial is about.
func (t tally) require(test *testing.T) {
	test.Logf("%s", t)
	for _, wrong := range t.wrong {
		test.Log(wrong)
	}
	require.Zero(test, t.twice, "refunded twice")
	require.Zero(test, t.lost, "lost")
	require.Zero(test, t.different, "a row says something else than Stripe")
	require.Zero(test, t.undoneRefunded, "refunded what was rolled back")
	require.Equal(test, t.orders, t.once+t.givenUp)
}

// TestNaiveWorkers shows what the row is for, and that the ordeal is one: without
// the row, the same faults and kills refund customers twice.
func TestNaiveWorkers(t *testing.T) {
	for _, how := range []way{byNewKey, byJobID} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			killed, asked, seed := size()
			result := postgresOrdeal(t, how, seed).run(killed, asked)
			t.Logf("%s", result)
			require.Positive(t, result.twice, "the ordeal is too easy")
		})
	}
}
