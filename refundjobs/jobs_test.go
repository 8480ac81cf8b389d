package refundjobs_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

var _ http.Handler
var _ = webhook.New

func TestFirst(t *testing.T) {
	ctx := t.Context()
	server := refundtest.New(refundtest.WithClock(time.Now))
	defer server.Close()
	client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithRateLimiter(refundjobs.Pace{}))
	require.NoError(t, err)
	db, err := sqlitejobs.Open(ctx, ":memory:")
	require.NoError(t, err)
	defer db.Close()
	jobs, err := sqlitejobs.New(db, client.Refunds, refundjobs.WithRate(0))
	require.NoError(t, err)
	require.NoError(t, jobs.Migrate(ctx))
	require.NoError(t, jobs.Migrate(ctx))
	first(t, jobs, server, func(work func(tx *sql.Tx) error) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := work(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
	require.Error(t, jobs.MigrateDown(ctx))
}

func first[TTx any](t *testing.T, jobs *refundjobs.Jobs[TTx], server *refundtest.Server, in func(func(tx TTx) error) error) {
	ctx := t.Context()
	charge := server.AddCharge(refundtest.Charge{Amount: 5000})
	for i := range 3 {
		require.NoError(t, in(func(tx TTx) error {
			_, err := jobs.RequestTx(ctx, tx, refundjobs.Request{Name: fmt.Sprintf("order-%d-%s", i, charge.ID), Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 1000}, By: "ann"})
			return err
		}))
	}
	n, err := jobs.WorkDue(ctx)
	require.NoError(t, err)
	fmt.Println(n)
	job, err := jobs.Job(ctx, "order-0-"+charge.ID)
	require.NoError(t, err)
	fmt.Printf("%+v\n", job)
	require.NotEmpty(t, job.ID)
	ctx2, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- jobs.Start(ctx2) }()
	require.NoError(t, in(func(tx TTx) error {
		_, err := jobs.RequestTx(ctx, tx, refundjobs.Request{Name: "last-" + charge.ID, Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 1000}, By: "ann"})
		return err
	}))
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		job, err = jobs.Job(ctx, "last-"+charge.ID)
		require.NoError(t, err)
		if job.Shown == refundjobs.StateSucceeded {
			break
		}
	}
	fmt.Printf("%+v\n", job)
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, refundjobs.StateSucceeded, job.Shown)
}

func TestPostgres(t *testing.T) {
	ctx := t.Context()
	server := refundtest.New(refundtest.WithClock(time.Now))
	defer server.Close()
	client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithRateLimiter(refundjobs.Pace{}))
	require.NoError(t, err)
	pool, err := pgxpool.New(ctx, "postgres://postgres@127.0.0.1:5432/test")
	require.NoError(t, err)
	defer pool.Close()
	jobs, err := pgxjobs.New(pool, client.Refunds, refundjobs.WithRate(0))
	require.NoError(t, err)
	require.NoError(t, jobs.Migrate(ctx))
	first(t, jobs, server, func(work func(tx pgx.Tx) error) error { return pgx.BeginFunc(ctx, pool, work) })
}
