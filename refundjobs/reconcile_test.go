package refundjobs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// differences are kind and name of what Reconcile yields.
func (s *shop) differences(from, to time.Time, accounts ...string) (all []string) {
	s.t.Helper()
	for d, err := range s.Reconcile(s.t.Context(), from, to, accounts...) {
		require.NoError(s.t, err)
		of := d.Job.Name
		switch {
		case of == "" && d.Refund != nil:
			of = d.Refund.ID
		case of == "":
			of = d.BalanceTransaction.Source.ID
		}
		all = append(all, string(d.Kind)+" "+d.Account+" "+of)
	}
	return all
}

func TestReconcile(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		from := s.server.Now()
		var want []string
		ids := map[string]string{}
		for _, name := range []string{"good", "amount", "currency", "status", "payment", "gone"} {
			s.server.Advance(time.Second)
			s.request(name, s.charge().ID)
			s.work()
			ids[name] = s.row(name).ID
		}
		failedLater := "failed later"
		s.request(failedLater, s.charge().ID)
		s.work()
		s.listen()
		require.NoError(t, s.server.Fail(s.row(failedLater).ID, "declined"))
		s.must(func(tx txJobs) error { _, err := tx.Resume(failedLater, "bob", ""); return err })
		s.work()
		s.hook.Remove()
		s.server.Advance(time.Second)
		for sql, kind := range map[string]string{
			"UPDATE refundjobs SET refund_amount = 499 WHERE name = 'amount'": "amount  amount",
			"UPDATE refundjobs SET currency = 'usd' WHERE name = 'currency'":  "currency  currency",
			`UPDATE refundjobs SET refund_id = 're_gone' WHERE name = 'gone'`: "missing  gone",
		} {
			db.exec(t, sql)
			want = append(want, kind)
		}
		want = append(want, "twice  gone") // the refund of its name that the row no longer has
		db.exec(t, fmt.Sprintf(`UPDATE refundjobs SET params = '{"charge": %q, "amount": 500}' WHERE name = 'payment'`, s.charge().ID))
		want = append(want, "payment  payment")
		require.NoError(t, s.server.Fail(ids["status"], "declined"))
		want = append(want, "failed_but_booked  status")
		byHand, err := s.server.RefundInDashboard(s.charge().ID, 100)
		require.NoError(t, err)
		want = append(want, "no_row  "+byHand.ID)

		charge := s.charge()
		s.request("lost", charge.ID)
		_, err = s.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}, refundkit.Reference("lost"))
		require.NoError(t, err)
		want = append(want, "not_recorded  lost")

		world := s.server.Account("acct_1")
		connected := world.AddCharge(refundtest.Charge{Amount: 1000, Currency: "eur"})
		s.requestAs(refundjobs.Request{Name: "connected", Account: "acct_1", Params: refundkit.RefundCreateParams{Charge: connected.ID, Amount: 500}})
		_, err = s.Step(t.Context(), "connected")
		require.NoError(t, err)
		foreign, err := world.RefundInDashboard(connected.ID, 100)
		require.NoError(t, err)
		s.server.Advance(time.Second)
		to := s.server.Now()
		require.ElementsMatch(t, append([]string{"no_row acct_1 " + foreign.ID}, want...), s.differences(from, to))
		require.ElementsMatch(t, want, s.differences(from, to, ""))
		require.Equal(t, []string{"no_row acct_1 " + foreign.ID}, s.differences(from, to, "acct_1"))
		require.Empty(t, s.differences(from.Add(-time.Hour), from))
		require.Empty(t, s.differences(to, to.Add(time.Hour)))
	})
}

// More than a batch, and many of one second: nothing at the seams.
func TestReconcileManyBatches(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.server.Account("acct_other")
		from := s.server.Now()
		var known []refundtest.Refund
		for i, n := range []int{450, 1, 199, 200, 1} { // of one second each
			s.server.Advance(time.Second)
			for j := range n {
				charge := s.server.AddCharge(refundtest.Charge{Amount: 1000})
				refund, err := s.server.AddRefund(refundtest.Refund{Charge: charge.ID, Amount: 100, Metadata: map[string]string{"refundkit_reference": fmt.Sprint(i, "-", j)}})
				require.NoError(t, err)
				known = append(known, refund)
			}
		}
		s.must(func(tx txJobs) error {
			for i, refund := range known {
				row, err := tx.Request(refundjobs.Request{Name: fmt.Sprintf("order-%04d", i), Params: refundkit.RefundCreateParams{Charge: refund.Charge, Amount: 100}})
				if err != nil {
					return err
				}
				row.Job, err = row.Accept(refund.ID)
				if err != nil {
					return err
				}
				row.RefundStatus, row.RefundAmount, row.RefundCreated = refundkit.RefundStatus(refund.Status), 100, refund.Created.Truncate(time.Second)
				if err := tx.Rewrite(row); err != nil {
					return err
				}
			}
			return nil
		})
		s.server.Advance(time.Second)
		to := s.server.Now()
		require.Empty(t, s.differences(from, to))
		require.Len(t, s.differences(from.Add(-time.Hour), to, "acct_other"), 0)
		db.exec(t, "UPDATE refundjobs SET refund_id = 'gone-' || name WHERE name LIKE '%7'")
		differ := s.differences(from, to)
		missing, noRow := 0, 0
		for _, d := range differ {
			if d[:7] == "missing" {
				missing++
			} else {
				noRow++
			}
		}
		require.Equal(t, []int{85, 85}, []int{missing, noRow})
		for range s.Reconcile(t.Context(), from, to) {
			break
		}
	})
}

// What was made in this second is not listed yet, and not missing.
func TestReconcileUntilNow(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		from := s.server.Now()
		s.request("order-1", s.charge().ID)
		s.work()
		db.exec(t, "UPDATE refundjobs SET refund_created = $1", map[string]any{"sqlite": refundjobs.InstantText(s.server.Now().Add(time.Hour)), "postgres": s.server.Now().Add(time.Hour)}[db.name])
		require.Empty(t, s.differences(from, s.server.Now().Add(2*time.Hour)))
	})
}

func TestReconcileRefuses(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		now := s.server.Now()
		for _, times := range [][2]time.Time{{{}, now}, {now, {}}, {now, now}, {now, now.Add(-time.Hour)}} {
			for _, err := range s.Reconcile(t.Context(), times[0], times[1]) {
				require.ErrorContains(t, err, "refundjobs: Reconcile: say from when on")
			}
		}
		mock := db.open(t, lateRefunder{&s})
		for _, err := range mock.Reconcile(t.Context(), now.Add(-time.Hour), now) {
			require.ErrorIs(t, err, refundjobs.ErrNoExport)
		}
		s.server.Inject(refundtest.AnswerHTML(502).On("GET /v1/refunds").Always())
		last := error(nil)
		for _, err := range s.Reconcile(t.Context(), now.Add(-time.Hour), now) {
			last = err
		}
		require.ErrorContains(t, last, "refundjobs: Reconcile: refundkit: ")
	})
}

// A mistyped ID was accepted: nothing was refunded, and no time of a refund says when.
func TestReconcileFindsAnAcceptedRefundThatIsNone(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		require.NoError(t, s.server.Dispute(charge.ID))
		s.request("order-1", charge.ID)
		s.work()
		s.must(func(tx txJobs) error { _, err := tx.Accept("order-1", "re_mistyped", "ann", "it is there"); return err })
		s.pass(2 * time.Hour)
		require.Equal(t, refundjobs.StateSent, s.row("order-1").Shown)
		var kinds []refundjobs.DifferenceKind
		for d, err := range s.Reconcile(t.Context(), s.server.Now().Add(-24*time.Hour), s.server.Now()) {
			require.NoError(t, err)
			require.Equal(t, "order-1", d.Job.Name)
			kinds = append(kinds, d.Kind)
		}
		require.Equal(t, []refundjobs.DifferenceKind{refundjobs.DifferenceMissing}, kinds)
	})
}
