package refundtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSeededRefunds(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000, ReceiptEmail: "jenny@example.com"})
	long := time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC)
	var given []refundtest.Refund
	for i, status := range []string{"", "pending", "requires_action", "failed", "canceled"} {
		given = append(given, refundtest.Refund{Charge: charge.ID, Amount: 100, Status: status, Created: long.Add(-time.Duration(i) * time.Hour)})
	}
	added, err := c.server.AddRefunds(given)
	require.NoError(t, err)
	assert.Equal(t, "succeeded", added[0].Status)
	now, _ := c.server.Charge(charge.ID)
	assert.EqualValues(t, 300, now.AmountRefunded)
	assert.Empty(t, c.server.Events())
	var want []string
	for _, r := range added {
		want = append(want, r.ID)
	}
	assert.Equal(t, want, c.get("/v1/refunds").ok(t).ids(), "the newest first, however they were added")
	require.NoError(t, c.server.Settle(added[1].ID))

	_, err = c.server.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 701})
	require.Error(t, err)
	_, err = c.server.AddRefund(refundtest.Refund{Charge: "ch_1"})
	require.Error(t, err)
	_, err = c.server.AddRefund(refundtest.Refund{Charge: charge.ID, ID: added[0].ID, Amount: 1})
	require.Error(t, err)
	_, err = c.server.AddRefund(refundtest.Refund{Charge: charge.ID, Status: "lost"})
	require.Error(t, err)
	rest, err := c.server.AddRefund(refundtest.Refund{Charge: charge.ID})
	require.NoError(t, err)
	assert.EqualValues(t, 700, rest.Amount)
}

// seeded is a server with n refunds, 20 on each charge but the first, which
// has a fixed number whatever n is.
func seeded(tb testing.TB, n int) (server *refundtest.Server, first string, ids []string) {
	tb.Helper()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	server = refundtest.New(refundtest.WithSeed(1))
	charges := make([]refundtest.Charge, max(n/20, 1))
	for i := range charges {
		charges[i] = refundtest.Charge{Amount: 100_000, Created: start.Add(time.Duration(i) * time.Second)}
	}
	charges = server.AddCharges(charges)
	refunds := make([]refundtest.Refund, n)
	for i := range refunds {
		charge := charges[i%len(charges)].ID
		if i < 200 {
			charge = charges[0].ID
		}
		refunds[i] = refundtest.Refund{Charge: charge, Amount: 10, Created: start.Add(time.Duration(i) * time.Minute)}
	}
	added, err := server.AddRefunds(refunds)
	require.NoError(tb, err)
	for _, r := range added {
		ids = append(ids, r.ID)
	}
	return server, charges[0].ID, ids
}

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		seeded(b, 200_000)
	}
}

// BenchmarkPage shows that a page of 100 costs the same however many refunds
// there are.
func BenchmarkPage(b *testing.B) {
	for _, n := range []int{1_000, 200_000} {
		server, charge, ids := seeded(b, n)
		runtime.GC() // what seeding left behind is not the cost of a page
		middle := time.Date(2025, 1, 1, 0, n/2, 0, 0, time.UTC).Unix()
		for name, query := range map[string]string{
			"newest":    "",
			"middle":    "&starting_after=" + ids[len(ids)/2],
			"backwards": "&ending_before=" + ids[len(ids)/2],
			"charge":    "&charge=" + charge,
			"created":   fmt.Sprintf("&created[lte]=%d", middle),
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				r := httptest.NewRequest(http.MethodGet, "/v1/refunds?limit=100"+query, nil)
				r.Header.Set("Authorization", "Bearer "+testKey)
				for b.Loop() {
					w := httptest.NewRecorder()
					server.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						b.Fatal(w.Body)
					}
				}
			})
		}
	}
}

// The balance moves when the refund is made, not when the test adds it.
func TestSeededRefundsAreBookedWhenTheyWereMade(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	long := time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, status := range []string{"succeeded", "failed"} {
		_, err := c.server.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 100, Status: status, Created: long})
		require.NoError(t, err)
	}
	assert.Len(t, c.get("/v1/balance_transactions", "created", fmt.Sprint(long.Unix())).ok(t).ids(), 3)
	assert.Len(t, c.get("/v1/balance_transactions", "created[lt]", fmt.Sprint(long.Unix())).ok(t).ids(), 0)
}
