package river051

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// TestMade asks for a refund in a transaction, and a worker on this version of River
// makes it. Another transaction is rolled back, and nothing comes of it.
func TestMade(t *testing.T) {
	require.Equal(t, "v0.51.1", version(t, "github.com/riverqueue/river"))
	require.Equal(t, "v0.51.1", version(t, "github.com/riverqueue/river/riverdriver/riverpgxv5"))
	pool := database(t)
	server := refundtest.New(refundtest.WithClock(time.Now), refundtest.WithReporter(t))
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithRateLimiter(refundjobs.Pace{}))
	require.NoError(t, err)
	changes := make(chan refundjobs.Change, 100)
	jobs, err := pgxjobs.New(pool, client.Refunds, refundjobs.WithChangeHook(func(_ context.Context, change refundjobs.Change) { changes <- change }))
	require.NoError(t, err)
	require.NoError(t, jobs.Migrate(t.Context()))

	kept, dropped := server.AddCharge(refundtest.Charge{Amount: 2000}), server.AddCharge(refundtest.Charge{Amount: 2000})
	request := func(charge string) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			_, err := jobs.RequestTx(t.Context(), tx, refundjobs.Request{Name: "order-" + charge, Params: refundkit.RefundCreateParams{Charge: charge, Amount: 500}})
			return err
		}
	}
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, request(dropped.ID)(tx))
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, request(kept.ID)))

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- jobs.Start(ctx) }()
	for change := range changes {
		if change.Shown == refundjobs.StateSucceeded {
			break
		}
	}
	stop()
	require.NoError(t, <-ended)
	server.AssertRefundedOnce(t, refundtest.Refund{Charge: kept.ID, Amount: 500})
	server.AssertNotRefunded(t, dropped.ID)
}

// version is the one that this module is built with.
func version(t *testing.T, path string) string {
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", path).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(output))
}

// database returns a schema of the test's own.
func database(t *testing.T) *pgxpool.Pool {
	url := os.Getenv("REFUNDJOBS_POSTGRES")
	if url == "" {
		t.Skip("set REFUNDJOBS_POSTGRES to a database in which schemas may be made: postgres://user@host:5432/database")
	}
	schema := "river051_" + strings.ToLower(rand.Text())
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	config.ConnConfig.RuntimeParams["search_path"] = schema
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		pool.Close()
		require.NoError(t, err)
	})
	_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	return pool
}
