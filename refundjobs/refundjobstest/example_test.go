package refundjobstest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/refundjobstest"
	"github.com/refundkit/refundkit/refundtest"
)

// exampleT stands in for a *testing.T, which an example does not have.
type exampleT struct{ cleanups []func() }

func (*exampleT) Helper()                           {}
func (*exampleT) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (t *exampleT) Cleanup(f func())                { t.cleanups = append(t.cleanups, f) }

func (t *exampleT) end() {
	for _, f := range t.cleanups {
		defer f()
	}
}

// The answer of the first send is lost. A minute later the same key is sent again, and
// it is one refund. Three weeks later the bank returns the money.
func Example() {
	t := new(exampleT)
	defer t.end()
	shop := refundjobstest.New(t)
	charge := shop.Server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "eur"})
	shop.Server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	shop.Webhook.Remove() // or it would tell of the refund at once

	shop.Request(refundjobs.Request{Name: "order-6735/refund-1", By: "ann", Currency: "eur",
		Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
	shop.Work()
	fmt.Println(shop.Job("order-6735/refund-1").Shown)
	shop.Pass(2 * time.Minute)
	fmt.Println(shop.Job("order-6735/refund-1").Shown)
	fmt.Println("refunds:", len(shop.Server.Refunds(charge.ID)))
	// Output:
	// sending
	// succeeded
	// refunds: 1
}

// Whoever cancels orders needs one method. A mock of it is a few lines, and the layers
// above are tested with that.
type refundRequester interface {
	RequestTx(ctx context.Context, tx *sql.Tx, request refundjobs.Request) (refundjobs.Job, error)
}

var _ refundRequester = (*refundjobs.Jobs[*sql.Tx])(nil)

// orders are of a shop.
type orders struct {
	db      *sql.DB
	refunds refundRequester
}

// cancel cancels an order and asks for its refund: both or neither.
func (o orders) cancel(ctx context.Context, order string, params refundkit.RefundCreateParams) error {
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `UPDATE orders SET state = 'canceled' WHERE id = $1`, order); err != nil {
		return err
	}
	if _, err := o.refunds.RequestTx(ctx, tx, refundjobs.Request{Name: order + "/refund-1", Params: params}); err != nil {
		return err
	}
	return tx.Commit()
}

// mockRequester refuses, or keeps what it was asked for.
type mockRequester struct {
	refuse   error
	requests []refundjobs.Request
}

func (m *mockRequester) RequestTx(_ context.Context, _ *sql.Tx, request refundjobs.Request) (refundjobs.Job, error) {
	m.requests = append(m.requests, request)
	return refundjobs.Job{}, m.refuse
}

// A refund that is refused leaves the order as it was.
func ExampleSetup_mock() {
	t := new(exampleT)
	defer t.end()
	shop := refundjobstest.New(t) // for its database
	if _, err := shop.DB.Exec(`CREATE TABLE orders (id text, state text); INSERT INTO orders VALUES ('order-1', 'paid')`); err != nil {
		log.Fatal(err)
	}
	mock := &mockRequester{refuse: errors.New("refused")}

	err := orders{shop.DB, mock}.cancel(context.Background(), "order-1", refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500})
	var state string
	if err := shop.DB.QueryRow(`SELECT state FROM orders`).Scan(&state); err != nil {
		log.Fatal(err)
	}
	fmt.Println(err, mock.requests[0].Name, state)
	// Output: refused order-1/refund-1 paid
}

// Stripe is asked with the same key for 23 hours and a look is taken until a day after
// that; with New's clock the day passes at once.
func ExampleSetup_Pass() {
	t := new(exampleT)
	defer t.end()
	shop := refundjobstest.New(t)
	charge := shop.Server.AddCharge(refundtest.Charge{Amount: 2000})
	shop.Server.Inject(refundtest.AnswerHTML(502).On("POST /v1/refunds").Always())

	shop.Request(refundjobs.Request{Name: "order-1/refund-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
	shop.Pass(24 * time.Hour)
	job := shop.Job("order-1/refund-1")
	fmt.Println(job.Shown, "refunds:", len(shop.Server.Refunds(charge.ID)))
	shop.Server.ClearFaults()
	shop.Pass(26 * time.Hour)
	fmt.Println(shop.Job("order-1/refund-1").Shown, "refunds:", len(shop.Server.Refunds(charge.ID)))
	// Output:
	// sending refunds: 0
	// succeeded refunds: 1
}

// A day inside a bubble of testing/synctest, with a program that works what is due each
// minute: its sleeps take no time.
func TestDayUnderSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := refundjobstest.NewWithClock(t, time.Now)
		shop.Webhook.Remove()
		charge := shop.Server.AddCharge(refundtest.Charge{Amount: 2000})
		shop.Server.Inject(refundtest.AnswerHTML(502).AfterWork().On("POST /v1/refunds").Always())
		shop.Request(refundjobs.Request{Name: "order-1/refund-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		for range 24 * 60 {
			shop.Work()
			time.Sleep(time.Minute)
		}
		require.Equal(t, refundjobs.StateSucceeded, shop.Job("order-1/refund-1").Shown, "no answer was to be had, and it was found")
		shop.Server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// With River's workers in the bubble, in a client of the team's own. An hour takes a
// second, because River looks after itself all the time; PollOnly spares most of that.
func TestRiverUnderSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := refundjobstest.NewWithClock(t, time.Now, refundjobs.WithRate(20))
		charge := shop.Server.AddCharge(refundtest.Charge{Amount: 2000})
		shop.Server.Inject(refundtest.AnswerHTML(502).On("POST /v1/refunds").Times(3))
		config := &river.Config{PollOnly: true, FetchPollInterval: 10 * time.Second, RescueStuckJobsAfter: 90 * time.Second, JobTimeout: time.Minute}
		require.NoError(t, shop.Jobs.Register(config))
		client, err := river.NewClient(riversqlite.New(shop.DB), config)
		require.NoError(t, err)
		require.NoError(t, client.Start(t.Context()))

		shop.Request(refundjobs.Request{Name: "order-1/refund-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		time.Sleep(30 * time.Minute)
		require.NoError(t, client.Stop(t.Context()))
		require.Equal(t, refundjobs.StateSucceeded, shop.Job("order-1/refund-1").Shown)
		shop.Server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}
