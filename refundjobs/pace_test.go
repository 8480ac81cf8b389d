package refundjobs_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
)

// sentTimes are those of the server's requests, in order.
func sentTimes(server *refundtest.Server) (times []time.Time) {
	for _, r := range server.Requests() {
		times = append(times, r.Time)
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// paceRows makes rows, and works them by several programs on one database at once.
func paceRows(t *testing.T, db *database, server *refundtest.Server, rows, programs int, accounts []string, opts ...refundjobs.Option) {
	client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithRateLimiter(refundjobs.Pace{}))
	require.NoError(t, err)
	stores := make([]*store, programs)
	for i := range stores {
		stores[i] = db.open(t, client.Refunds, opts...)
	}
	require.NoError(t, stores[0].Migrate(t.Context()))
	require.NoError(t, stores[0].in(func(tx txJobs) error {
		for i := range rows {
			account := accounts[i%len(accounts)]
			world := server.World
			if account != "" {
				world = server.Account(account)
			}
			charge := world.AddCharge(refundtest.Charge{Amount: 1000})
			if _, err := tx.Request(refundjobs.Request{Name: fmt.Sprintf("order-%03d", i), Account: account, Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}}); err != nil {
				return err
			}
		}
		return nil
	}))
	var all sync.WaitGroup
	for i, store := range stores { // each its rows, as River gives them out
		all.Go(func() {
			for row := i; row < rows; row += programs {
				for wait := time.Duration(0); wait >= 0; {
					time.Sleep(wait)
					var err error
					wait, err = store.Step(t.Context(), fmt.Sprintf("order-%03d", row))
					assert.NoError(t, err)
				}
			}
		})
	}
	all.Wait()
}

// Two programs hold one rate together; the client's retries take a turn each, too.
func TestPaceIsOfAllTogether(t *testing.T) {
	for name, test := range map[string]struct {
		accounts []string
		opts     []refundjobs.Option
		gap      time.Duration // between two requests
	}{
		"one account":      {[]string{""}, nil, 40 * time.Millisecond},
		"all accounts":     {[]string{"", "acct_1"}, nil, 40 * time.Millisecond},
		"each its own":     {[]string{"", "acct_1"}, []refundjobs.Option{refundjobs.WithRatePerAccount()}, 20 * time.Millisecond},
		"without a limit":  {[]string{""}, []refundjobs.Option{refundjobs.WithRate(0)}, 0},
		"one in 3 seconds": {[]string{""}, []refundjobs.Option{refundjobs.WithRate(1.0 / 3)}, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := refundtest.New(refundtest.WithClock(time.Now))
				defer server.Close()
				server.Inject(refundtest.AnswerError(429, "invalid_request_error", "rate_limit", "").On("POST /v1/refunds").Times(3))
				paceRows(t, newSQLite(t), server, 50, 2, test.accounts, append([]refundjobs.Option{refundjobs.WithRate(25)}, test.opts...)...)
				times := sentTimes(server)
				require.GreaterOrEqual(t, len(times), 50)
				took := times[len(times)-1].Sub(times[0])
				require.GreaterOrEqual(t, took, time.Duration(len(times)-2)*test.gap)
				if test.gap > 0 {
					require.LessOrEqual(t, took, time.Duration(len(times)+5)*test.gap+2*time.Second, "nor does it wait for more")
				}
				for from := range times { // in no second are there more
					in := 0
					for _, at := range times[from:] {
						if at.Sub(times[from]) < time.Second {
							in++
						}
					}
					if test.gap > 0 {
						require.LessOrEqual(t, in, int(time.Second/test.gap)+1)
					}
				}
			})
		})
	}
}

// A refund after a quiet time is sent at once.
func TestPaceDoesNotDelayTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := refundtest.New(refundtest.WithClock(time.Now))
		defer server.Close()
		db := newSQLite(t)
		paceRows(t, db, server, 1, 1, []string{""}, refundjobs.WithRate(0.1))
		time.Sleep(time.Minute)
		client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(server.HTTPClient()))
		require.NoError(t, err)
		store := db.open(t, client.Refunds, refundjobs.WithRate(0.1))
		charge := server.AddCharge(refundtest.Charge{Amount: 1000})
		require.NoError(t, store.in(func(tx txJobs) error {
			_, err := tx.Request(refundjobs.Request{Name: "late", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			return err
		}))
		before := time.Now()
		_, err = store.WorkDue(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, time.Now())
	})
}

// On Postgres time is real: no more than the rate, whatever the machine does.
func TestPaceOnPostgres(t *testing.T) {
	server := refundtest.New(refundtest.WithClock(time.Now))
	defer server.Close()
	started := time.Now()
	paceRows(t, newPostgres(t), server, 20, 3, []string{""}, refundjobs.WithRate(100))
	require.GreaterOrEqual(t, time.Since(started), 19*10*time.Millisecond)
	require.Len(t, server.Requests(), 20)
}

// At a slow pace many workers wait for turns for longer than River gives a step. What
// such a step has taken is lost, and if each took one, no refund would ever be sent.
func TestPaceOfManyWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows, workers = 150, 60
		server := refundtest.New(refundtest.WithClock(time.Now))
		defer server.Close()
		client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithRateLimiter(refundjobs.Pace{}))
		require.NoError(t, err)
		store := newSQLite(t).open(t, client.Refunds, refundjobs.WithRate(0.5))
		require.NoError(t, store.Migrate(t.Context()))
		queue := make(chan string, rows)
		require.NoError(t, store.in(func(tx txJobs) error {
			for i := range rows {
				queue <- fmt.Sprintf("order-%03d", i)
				charge := server.AddCharge(refundtest.Charge{Amount: 1000})
				if _, err := tx.Request(refundjobs.Request{Name: fmt.Sprintf("order-%03d", i), Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}}); err != nil {
					return err
				}
			}
			return nil
		}))
		end := time.Now().Add(rows * 2 * time.Second * 5 / 4)
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for time.Now().Before(end) && len(server.Refunds("")) < rows {
					select {
					case name := <-queue:
						ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
						wait, err := store.Step(ctx, name)
						cancel()
						if err != nil {
							wait = 15 * time.Second
						}
						if wait != refundjobs.NoStep {
							all.Go(func() {
								time.Sleep(wait)
								queue <- name
							})
						}
					case <-time.After(time.Second):
					}
				}
			})
		}
		all.Wait()
		require.Len(t, server.Refunds(""), rows)
	})
}

// With a rate of almost nothing the time between two requests overflowed, and was none.
func TestWithRateRefuses(t *testing.T) {
	db, err := sqlitejobs.Open(t.Context(), ":memory:")
	require.NoError(t, err)
	defer db.Close()
	client, err := refundkit.New("sk_test_1")
	require.NoError(t, err)
	for _, rate := range []float64{-1, math.NaN(), 1e-12} {
		_, err := sqlitejobs.New(db, client.Refunds, refundjobs.WithRate(rate))
		require.ErrorContains(t, err, "WithRate: it is a number")
	}
}

// A clock that was a year ahead for a moment does not stop everything for a year.
func TestPaceForgetsAWrongClock(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, refundjobs.WithRate(100))
		charge := s.charge()
		s.request("order-1", charge.ID)
		db.exec(t, `INSERT INTO refundjobs_pace (account, next_us) VALUES ('', $1)`, time.Now().AddDate(1, 0, 0).UnixMicro())
		s.work()
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
		require.Less(t, db.count(t, `SELECT next_us FROM refundjobs_pace`), int(time.Now().Add(time.Hour).UnixMicro()))
	})
}
