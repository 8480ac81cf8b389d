package refundjobs_test

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

// The report's sums are what the fake has, also of a refund that failed later.
func TestWriteReport(t *testing.T) {
	f := setupFestival(t)
	var err error
	f.Jobs, err = reopen(f, refundjobs.WithBalanceTransactions(f.client.BalanceTransactions))
	require.NoError(t, err)
	requests := f.tickets(12)
	for i := range requests {
		requests[i].Labels = map[string]string{"gate": string(rune('A' + i%2))}
	}
	requests[0].Note = "=cmd|' /C calc'!A0"
	require.NoError(t, f.stripe.Dispute(requests[3].Params.Charge))
	f.approved(t, requests)
	f.run(t)
	failed, err := f.Job(t.Context(), "festival/5")
	require.NoError(t, err)
	require.NoError(t, f.stripe.Fail(failed.ID, "lost_or_stolen_card"))

	var text bytes.Buffer
	totals, err := f.WriteReport(t.Context(), &text, refundjobs.Filter{Plan: "festival"})
	require.NoError(t, err)
	lines, err := csv.NewReader(&text).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 13)
	at := map[string]int{}
	for i, name := range lines[0] {
		at[name] = i
	}
	assert.Equal(t, "'=cmd|' /C calc'!A0", lines[1][at["note"]])
	assert.Equal(t, []string{"5.00", "usd", "-5.00", "bob", "A"}, []string{lines[1][at["amount"]], lines[1][at["currency"]], lines[1][at["net"]], lines[1][at["approved_by"]], lines[1][at["label.gate"]]})
	assert.Equal(t, []string{"needs_person", "disputed", ""}, []string{lines[4][at["state"]], lines[4][at["problem"]], lines[4][at["net"]]})
	assert.Equal(t, "0.00", lines[6][at["net"]], "what failed gave its money back")

	var net int64
	for _, total := range totals {
		if total.Label == "" {
			net += total.Net
		}
	}
	assert.Equal(t, int64(-5000), net, "ten of twelve went out")
	var out bytes.Buffer
	require.NoError(t, refundjobs.WriteTotals(&out, totals))
	assert.Contains(t, out.String(), "refund,gate,A,usd,succeeded,6,30.00,0.00,-30.00,usd\n")
	assert.Contains(t, out.String(), "refund,,,usd,needs_person,1,5.00,,,\n")
}

// No cell is a formula, wherever it came from.
func TestReportHoldsNoFormula(t *testing.T) {
	f := setupFestival(t)
	f.in(t, func(tx *sql.Tx) error {
		_, err := f.RequestTx(t.Context(), tx, refundjobs.Request{Name: "\uff1d1+1", By: "\n=1", Account: "=1+1", Note: "@SUM(A1)", Labels: map[string]string{"=x": "-1"},
			Params: refundkit.RefundCreateParams{Charge: "=1+1", Amount: 500}})
		require.NoError(t, err)
		_, err = f.AcceptTx(t.Context(), tx, "\uff1d1+1", "+1", "ann", "-")
		return err
	})
	var text bytes.Buffer
	_, err := f.WriteReport(t.Context(), &text, refundjobs.Filter{})
	require.NoError(t, err)
	lines, err := csv.NewReader(&text).ReadAll()
	require.NoError(t, err)
	for _, line := range lines {
		for _, cell := range line {
			assert.NotRegexp(t, "^[=+@\uff1d\n-]", cell)
		}
	}
}
