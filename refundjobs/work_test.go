package refundjobs_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

func TestTwoRowsOfAPaymentAreSentOneAfterTheOther(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		for by, params := range map[string]func(refundtest.Charge) refundkit.RefundCreateParams{
			"charge": func(c refundtest.Charge) refundkit.RefundCreateParams {
				return refundkit.RefundCreateParams{Charge: c.ID, Amount: 500}
			},
			"payment intent": func(c refundtest.Charge) refundkit.RefundCreateParams {
				return refundkit.RefundCreateParams{PaymentIntent: c.PaymentIntent, Amount: 500}
			},
		} {
			s := newShop(t, db)
			charge := s.charge()
			first, second, other := by+"/1", by+"/2", by+"/3"
			s.requestAs(refundjobs.Request{Name: first, Params: params(charge)})
			s.requestAs(refundjobs.Request{Name: second, Params: params(charge)})
			s.requestAs(refundjobs.Request{Name: other, Params: params(s.charge())})
			s.server.Inject(refundtest.CallFunc(func() {
				wait, err := s.Step(t.Context(), second)
				require.NoError(t, err)
				require.Equal(t, time.Second, wait, "it waits for the first one")
				wait, err = s.Step(t.Context(), other)
				require.NoError(t, err)
				require.Equal(t, refundjobs.NoStep, wait)
			}).On("POST /v1/refunds"))
			_, err := s.Step(t.Context(), first)
			require.NoError(t, err)
			require.Equal(t, refundjobs.StateSucceeded, s.row(first).Shown)
			require.Equal(t, refundjobs.StateApproved, s.row(second).Shown)
			require.Equal(t, refundjobs.StateSucceeded, s.row(other).Shown)
			s.work()
			require.Equal(t, refundjobs.StateSucceeded, s.row(second).Shown)
		}
	})
}

// Two workers take two rows of a payment at the same moment: one of them waits.
func TestTwoRowsOfAPaymentAtOnce(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var s *shop
		sending, release := make(chan struct{}), make(chan struct{})
		other := make(chan error, 1)
		s = newShopWith(t, db, func(service *refundkit.RefundService) refundjobs.Refunder {
			return advanceFunc(func(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error, opts ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error) {
				if job.Name == "order-1" { // it was read when nothing was sent
					go func() { _, err := s.Step(t.Context(), "order-2"); other <- err }()
					<-sending
				}
				return service.Advance(ctx, job, save, opts...)
			})
		})
		charge := s.charge()
		s.request("order-1", charge.ID)
		s.request("order-2", charge.ID)
		s.server.Inject(refundtest.CallFunc(func() { close(sending); <-release }).On("POST /v1/refunds"))
		wait, err := s.Step(t.Context(), "order-1")
		require.NoError(t, err)
		require.Equal(t, time.Second, wait)
		require.Equal(t, 1, s.requestsOf("POST", "/v1/refunds"))
		require.Equal(t, []refundjobs.What{"requested"}, s.log("order-1"))
		close(release)
		require.NoError(t, <-other)
	})
}

// advanceFunc is a Refunder.
type advanceFunc func(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error, opts ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error)

// Advance implements refundjobs.Refunder.
func (f advanceFunc) Advance(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error, opts ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error) {
	return f(ctx, job, save, opts...)
}

// A worker died while it sent. WorkDue ends, and does the other row once the time of
// that send is over.
func TestWorkDueEndsWhereARowWaits(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.request("order-1", charge.ID)
		s.request("order-2", charge.ID)
		s.server.Inject(refundtest.EndCaller().On("POST /v1/refunds"))
		require.True(t, refundtest.Ended(func() { _, _ = s.WorkDue(t.Context()) }))
		row := s.row("order-1")
		if row.Sends == 0 {
			row = s.row("order-2") // the two are due at the same moment
		}
		require.Equal(t, refundjobs.StateSending, row.Shown)
		steps, err := s.WorkDue(t.Context())
		require.NoError(t, err)
		require.Zero(t, steps)
		s.pass(5 * time.Minute)
		for _, name := range []string{"order-1", "order-2"} {
			require.Equal(t, refundjobs.StateSucceeded, s.row(name).Shown)
		}
		require.Len(t, s.server.Refunds(charge.ID), 2)
	})
}

// Somebody changes the row while it is being sent: what came back is put over that.
func TestRowIsChangedDuringTheSend(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.request("order-1", charge.ID)
		s.server.Inject(refundtest.CallFunc(func() {
			s.must(func(tx txJobs) error { _, err := tx.Resume("order-1", "bob", "hurry"); return err })
			require.Error(t, s.in(func(tx txJobs) error { _, err := tx.Cancel("order-1", "bob", "no"); return err }), "it may have been refunded")
		}).AfterWork().On("POST /v1/refunds"))
		s.work()
		row := s.row("order-1")
		require.Equal(t, refundjobs.StateSucceeded, row.Shown)
		require.EqualValues(t, 500, row.RefundAmount)
		require.Equal(t, []refundjobs.What{"requested", "sending", "resumed", "answered"}, s.log("order-1"))
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// Workers die at every moment, answers are lost, events come: each row is one refund.
func TestWorkUnderChaos(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		for seed := range uint64(3) {
			s := newShop(t, db)
			s.server.Inject(refundtest.Chaos(seed, 0.3, refundtest.ForeignRefusals()...).On("POST /v1/refunds"))
			s.listen(refundtest.Duplicated(0.3, seed), refundtest.BeforeAnswer(0.5, seed), refundtest.MayMissEvents())
			var charges []string
			for i := range 10 {
				charges = append(charges, s.charge().ID)
				s.request(fmt.Sprintf("order-%d-%d", seed, i), charges[i])
			}
			for range 60 {
				_, _ = s.WorkDue(t.Context())
				s.server.Advance(time.Hour)
			}
			s.server.ClearFaults()
			s.work()
			for i, charge := range charges {
				row := s.row(fmt.Sprintf("order-%d-%d", seed, i))
				require.LessOrEqual(t, len(s.server.Refunds(charge)), 1)
				require.Equal(t, row.Shown == refundjobs.StateSucceeded, len(s.server.Refunds(charge)) == 1, "%s: %s", row.Name, row.Shown)
			}
		}
	})
}

// A row that a person wrote into the table is worked as any other: its key is the one of
// its name. One that can't be read whole is told, and keeps no other.
func TestRowByHand(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		insert := `INSERT INTO refundjobs (name, version, params, state, job_state, idempotency_key, due_at, request_digest, created_at, approved_at, updated_at)
			VALUES ($1, 7, $2, 'approved', 'waiting', 'by hand', '2026-01-01 00:00:00.000000', '', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')`
		db.exec(t, insert, "a-wrong", `{"charge": "ch_1", "amount": -1}`)
		db.exec(t, insert, "order-1", fmt.Sprintf(`{"charge": %q, "amount": 500}`, charge.ID))
		_, err := s.WorkDue(t.Context())
		require.ErrorContains(t, err, `WorkDue "a-wrong"`)
		refund := s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
		require.Equal(t, string(refundkit.KeyFrom("order-1", "0")), refund.IdempotencyKey)
		row := s.row("order-1")
		require.Equal(t, refundjobs.StateSucceeded, row.Shown)
		require.EqualValues(t, 9, row.Version)
		err = s.in(func(tx txJobs) error {
			_, err := tx.Request(refundjobs.Request{Name: "order-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			return err
		})
		require.ErrorIs(t, err, refundjobs.ErrDifferent, "without a digest nobody can tell that it is the same")
	})
}

// Rows go by the database's clock, and a machine that is off says so.
func TestDatabaseClock(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var log bytes.Buffer
		s := newShop(t, db)
		client, err := refundkit.New("sk_test_1", refundkit.WithHTTPClient(s.server.HTTPClient()), refundkit.WithMaxRetries(0))
		require.NoError(t, err)
		worker := db.open(t, client.Refunds, refundjobs.WithRate(0), refundjobs.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		worker.SetDatabaseClock(map[string]string{
			"sqlite":   `(strftime('%Y-%m-%d %H:%M:%f', 'now', '+2 hours') || '000')`,
			"postgres": `(clock_timestamp() + interval '2 hours')`,
		}[db.name])
		charge := s.charge()
		require.NoError(t, worker.in(func(tx txJobs) error {
			_, err := tx.Request(refundjobs.Request{Name: "order-1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			return err
		}))
		_, err = worker.WorkDue(t.Context())
		require.NoError(t, err)
		row := s.row("order-1")
		require.Equal(t, refundjobs.StateSucceeded, row.Shown)
		require.Greater(t, time.Until(row.CreatedAt), time.Hour)
		require.Less(t, row.FirstSent.Sub(row.CreatedAt).Abs(), time.Hour, "the send is stored by the same clock")
		require.Contains(t, log.String(), "clock differs from the database's")
		require.NotContains(t, log.String(), charge.ID)
	})
}
