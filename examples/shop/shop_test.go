package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
)

type (
	tx   = *sql.Tx
	pgTx = pgx.Tx
)

func TestShopOnSQLite(t *testing.T) {
	for name, test := range map[string]func(*testing.T, *bench[tx]){"gives back": givesBack[tx], "all or nothing": allOrNothing[tx]} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlitejobs.Open(t.Context(), ":memory:")
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			test(t, setup(t, sqlite{db}))
		})
	}
}

func TestShopOnPostgres(t *testing.T) {
	for name, test := range map[string]func(*testing.T, *bench[pgTx]){"gives back": givesBack[pgTx], "all or nothing": allOrNothing[pgTx]} {
		t.Run(name, func(t *testing.T) {
			pool, err := pgxpool.New(t.Context(), postgresURL(t))
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			test(t, setup(t, postgres{pool}))
		})
	}
}

// bench is a shop whose clock stands still, and its Stripe.
type bench[TTx any] struct {
	*shop[TTx]
	t      *testing.T
	server *refundtest.Server
}

func setup[TTx any](t *testing.T, db database[TTx]) *bench[TTx] {
	server := refundtest.New(refundtest.WithReporter(t))
	stripe, err := ownStripe(server)
	require.NoError(t, err)
	shop, err := openShop(t.Context(), db, stripe, server.Now, refundjobs.WithClock(server.Now), refundjobs.WithRate(0))
	require.NoError(t, err)
	return &bench[TTx]{shop, t, server}
}

// ask calls the shop over HTTP, and returns the status and the body.
func (b *bench[TTx]) ask(method, path string) (int, string) {
	recorder := httptest.NewRecorder()
	b.handler().ServeHTTP(recorder, httptest.NewRequestWithContext(b.t.Context(), method, path, nil))
	return recorder.Code, recorder.Body.String()
}

func (b *bench[TTx]) work() {
	_, err := b.jobs.WorkDue(b.t.Context())
	require.NoError(b.t, err)
}

// onlyOrder returns the order of a shop that has one.
func (b *bench[TTx]) onlyOrder() order {
	orders, err := b.orders(b.t.Context())
	require.NoError(b.t, err)
	require.Len(b.t, orders, 1)
	return orders[0]
}

// givesBack is an order that is canceled by two clicks, and whose refund comes back from
// the bank after three weeks.
func givesBack[TTx any](t *testing.T, b *bench[TTx]) {
	require.NoError(t, b.sell(t.Context()))
	id, charge := b.onlyOrder().ID, b.onlyOrder().Charge
	for range 2 {
		status, body := b.ask(http.MethodPost, "/orders/"+id+"/cancel")
		require.Equal(t, http.StatusSeeOther, status, body)
	}
	assert.Equal(t, refundjobs.StateApproved, b.onlyOrder().Refund)
	b.server.AssertNotRefunded(t, charge)

	b.work()
	made := b.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge, Amount: 2000})
	assert.Equal(t, refundjobs.StateSucceeded, b.onlyOrder().Refund)

	b.server.Advance(21 * 24 * time.Hour)
	require.NoError(t, b.server.Fail(made.ID, "expired_or_canceled_card"))
	assert.Equal(t, refundjobs.StateNeedsPerson, b.onlyOrder().Refund)
	_, page := b.ask(http.MethodGet, "/")
	assert.Contains(t, page, `action="/orders/`+id+`/refund-again"`)
	_, numbers := b.ask(http.MethodGet, "/metrics")
	assert.Contains(t, numbers, `refunds{state="needs_person",problem="refund_failed",currency="usd",kind="refund"} 1`)
	assert.Contains(t, numbers, `refunds_amount{state="needs_person",problem="refund_failed",currency="usd",kind="refund"} 2000`)
	assert.Contains(t, numbers, `refunds_changes_total{what="sending"} 1`)

	b.work()
	require.Len(t, b.server.Refunds(charge), 1, "nobody has asked for another")
	status, body := b.ask(http.MethodPost, "/orders/"+id+"/refund-again")
	require.Equal(t, http.StatusSeeOther, status, body)
	b.work()
	assert.Equal(t, refundjobs.StateSucceeded, b.onlyOrder().Refund)
	require.Len(t, b.server.Refunds(charge), 2)
	_, story := b.ask(http.MethodGet, "/orders/"+id+"/story")
	assert.Contains(t, story, made.ID)
	assert.Contains(t, story, "the page")
}

// allOrNothing is a transaction that ends before it commits, and orders that can't be
// canceled.
func allOrNothing[TTx any](t *testing.T, b *bench[TTx]) {
	require.NoError(t, b.sell(t.Context()))
	o := b.onlyOrder()
	torn := errors.New("the connection is gone")
	require.ErrorIs(t, b.jobs.InTx(t.Context(), func(tx TTx) error {
		require.NoError(t, b.cancelTx(t.Context(), tx, o.ID, "ann"))
		return torn
	}), torn)
	assert.Equal(t, o, b.onlyOrder(), "paid, and no refund is asked for")
	b.work()
	b.server.AssertNotRefunded(t, o.Charge)

	status, _ := b.ask(http.MethodPost, "/orders/unknown/cancel")
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = b.ask(http.MethodPost, "/orders/"+o.ID+"/refund-again")
	assert.Equal(t, http.StatusNotFound, status)
	require.NoError(t, b.addOrder(t.Context(), order{ID: "free", Charge: "ch_free", Currency: "usd"}))
	status, _ = b.ask(http.MethodPost, "/orders/free/cancel")
	assert.Equal(t, http.StatusConflict, status, "a refund of 0 is refused")
	orders, err := b.orders(t.Context())
	require.NoError(t, err)
	for _, o := range orders {
		assert.Equal(t, "paid", o.State)
	}
}

// postgresURL names a schema of the test's own.
func postgresURL(t *testing.T) string {
	base := os.Getenv("REFUNDJOBS_POSTGRES")
	if base == "" {
		t.Skip("set REFUNDJOBS_POSTGRES to a database in which schemas may be made: postgres://user@host:5432/database")
	}
	schema := "shop_" + strings.ToLower(rand.Text())
	pool, err := pgxpool.New(t.Context(), base)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		pool.Close()
		require.NoError(t, err)
	})
	own, err := url.Parse(base)
	require.NoError(t, err)
	query := own.Query()
	query.Set("search_path", schema)
	own.RawQuery = query.Encode()
	return own.String()
}
