package pgxjobs

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// A machine that stops in the middle of a transaction does not keep its locks, and what
// the pool's connections are used for beside that is as it was.
func TestInTxEndsByItself(t *testing.T) {
	url := os.Getenv("REFUNDJOBS_POSTGRES")
	if url == "" {
		t.Skip("set REFUNDJOBS_POSTGRES=postgres://user:password@host:5432/database to a Postgres")
	}
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	const question = "SELECT current_setting('idle_in_transaction_session_timeout')"
	var before, inside, after string
	require.NoError(t, pool.QueryRow(t.Context(), question).Scan(&before))
	require.NoError(t, driver{pool}.InTx(t.Context(), func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), question).Scan(&inside) }))
	require.NoError(t, pool.QueryRow(t.Context(), question).Scan(&after))
	require.Equal(t, "1min", inside)
	require.Equal(t, before, after)
}
