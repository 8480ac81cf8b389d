package refundjobs_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
)

// interrupted is a Refunder during whose first call somebody else changes the row.
type interrupted struct {
	change func()
	calls  int
	late   error // of the save after that
}

func (i *interrupted) Advance(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error, _ ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error) {
	i.calls++
	if i.calls == 1 {
		job.Version, job.State, job.Open, job.Sends = job.Version+1, refundkit.JobStateOpen, true, 1
		if err := save(ctx, job); err != nil {
			return job, nil, err
		}
		i.change()
	}
	job.Version, job.State, job.ID, job.Due = job.Version+1, refundkit.JobStateMade, fmt.Sprintf("re_%d", i.calls), time.Time{}
	err := save(ctx, job)
	if i.calls == 1 {
		i.late = err
	}
	return job, nil, err
}

// TestLateWrite: a worker that read the row before somebody else wrote it writes
// neither the row nor the log, and the row is read again.
func TestLateWrite(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		refunder := &interrupted{}
		db, err := sqlitejobs.Open(t.Context(), ":memory:")
		require.NoError(t, err)
		defer db.Close()
		jobs, err := sqlitejobs.New(db, refunder)
		require.NoError(t, err)
		lateWrite(t, refunder, jobs, func(query string, into ...any) error { return db.QueryRowContext(t.Context(), query).Scan(into...) })
	})
	t.Run("Postgres", func(t *testing.T) {
		base := os.Getenv("REFUNDJOBS_POSTGRES")
		if base == "" {
			t.Skip("set REFUNDJOBS_POSTGRES to the URL of a database")
		}
		refunder := &interrupted{}
		schema := fmt.Sprintf("t_%d_%d", os.Getpid(), time.Now().UnixNano())
		with, err := url.Parse(base)
		require.NoError(t, err)
		query := with.Query()
		query.Set("search_path", schema)
		with.RawQuery = query.Encode()
		pool, err := pgxpool.New(t.Context(), with.String())
		require.NoError(t, err)
		defer pool.Close()
		_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+schema)
		require.NoError(t, err)
		defer func() {
			_, err := pool.Exec(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE")
			require.NoError(t, err)
		}()
		jobs, err := pgxjobs.New(pool, refunder)
		require.NoError(t, err)
		lateWrite(t, refunder, jobs, func(query string, into ...any) error { return pool.QueryRow(t.Context(), query).Scan(into...) })
	})
}

func lateWrite[TTx any](t *testing.T, refunder *interrupted, jobs *refundjobs.Jobs[TTx], scan func(string, ...any) error) {
	ctx := t.Context()
	require.NoError(t, jobs.Migrate(ctx))
	require.NoError(t, jobs.InTx(ctx, func(tx TTx) error {
		_, err := jobs.RequestTx(ctx, tx, refundjobs.Request{Name: "order-1", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 100}})
		return err
	}))
	refunder.change = func() {
		require.NoError(t, jobs.InTx(ctx, func(tx TTx) error {
			_, err := jobs.ResumeTx(ctx, tx, "order-1", "ann", "at once")
			return err
		}))
	}
	_, err := jobs.WorkDue(ctx)
	require.NoError(t, err)
	require.ErrorIs(t, refunder.late, refundkit.ErrJobChanged)

	var version, last, entries int
	var refund string
	require.NoError(t, scan(`SELECT version, refund_id FROM refundjobs`, &version, &refund))
	require.Equal(t, "re_2", refund)
	require.NoError(t, scan(`SELECT max(version), count(*) FROM refundjobs_changes WHERE refund_id <> 're_1'`, &last, &entries))
	require.Equal(t, []int{version, version + 1}, []int{last, entries}, "one entry for each version, and none for what was not written")
}
