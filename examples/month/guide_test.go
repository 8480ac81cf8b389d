package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

// docs/month.md shows these functions; TestGuide holds that they are the same.

// open gives the jobs what sweeping and reconciling read.
func open(db *sql.DB, client *refundkit.Client) (*refundjobs.Jobs[*sql.Tx], error) {
	return sqlitejobs.New(db, client.Refunds,
		refundjobs.WithEvents(client.Events),
		refundjobs.WithBalanceTransactions(client.BalanceTransactions))
}

// endpoint is the webhook. It shares Once, and the function that handles, with sweep.
func endpoint(jobs *refundjobs.Jobs[*sql.Tx], secret string) (http.Handler, error) {
	hook, err := webhook.New([]string{secret}, webhook.WithOnce(jobs.Once()))
	if err != nil {
		return nil, err
	}
	return hook.Handler(jobs.HandleEvent(nil)), nil
}

// sweep is for every hour, on one machine or on many.
func sweep(ctx context.Context, jobs *refundjobs.Jobs[*sql.Tx]) (refundjobs.SweepResult, error) {
	return jobs.Sweep(ctx, jobs.HandleEvent(nil))
}

// closeMonth writes what differs, and returns how much that is. Where it was interrupted,
// it goes on from the position in the file.
func closeMonth(ctx context.Context, jobs *refundjobs.Jobs[*sql.Tx], from, to time.Time, report io.Writer, positionFile string) (int, error) {
	params := refundjobs.ReconcileParams{From: from, To: to}
	if stored, err := os.ReadFile(positionFile); err == nil {
		if err := json.Unmarshal(stored, &params.Resume); err != nil {
			return 0, err
		}
	}
	var problem error
	params.Progress = func(p refundjobs.ReconcileProgress) {
		stored, err := json.Marshal(p.Position)
		problem = errors.Join(problem, err, os.WriteFile(positionFile, stored, 0o600))
	}
	count, err := refundjobs.WriteDifferences(report, jobs.ReconcileWith(ctx, params))
	return count, errors.Join(err, problem)
}

func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/month.md")
	require.NoError(t, err)
	source, err := os.ReadFile("guide_test.go")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```golang\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		require.Contains(t, string(source), block[1])
	}
	for _, kind := range kinds {
		require.True(t, strings.Contains(string(page), "| `"+string(kind)+"` |"), "the page says what to do about %s", kind)
	}
}

// The pieces of the guide work together: a lost failure is swept, and then nothing differs.
func TestGuideRuns(t *testing.T) {
	server := refundtest.New(refundtest.WithReporter(t), refundtest.WithClock(func() time.Time { return time.Now().Add(-time.Minute) }))
	client, err := refundkit.New("sk_test_month", refundkit.WithHTTPClient(server.HTTPClient()))
	require.NoError(t, err)
	db, err := sqlitejobs.Open(t.Context(), ":memory:")
	require.NoError(t, err)
	defer db.Close()
	jobs, err := open(db, client)
	require.NoError(t, err)
	require.NoError(t, jobs.Migrate(t.Context()))
	_, err = endpoint(jobs, "whsec_1")
	require.NoError(t, err)
	charge := server.AddCharge(refundtest.Charge{Amount: 1000, Currency: "eur"})
	require.NoError(t, jobs.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := jobs.RequestTx(t.Context(), tx, refundjobs.Request{Name: "order-1", By: "ann", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		return err
	}))
	_, err = jobs.WorkDue(t.Context())
	require.NoError(t, err)
	require.NoError(t, server.Fail(server.Refunds("")[0].ID, "declined"))

	from, to := time.Now().Add(-time.Hour), time.Now()
	count := func(file string) int {
		n, err := closeMonth(t.Context(), jobs, from, to, io.Discard, filepath.Join(t.TempDir(), file))
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 1, count("before"))
	result, err := sweep(t.Context(), jobs)
	require.NoError(t, err)
	require.NotZero(t, result.Handled)
	require.Zero(t, count("after"))
}
