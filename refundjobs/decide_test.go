package refundjobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

func TestAcceptedRefundIsRead(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.server.SetBalance("eur", 0)
		byHand, err := s.server.RefundInDashboard(charge.ID, charge.Amount)
		require.NoError(t, err)
		s.request("order-1", charge.ID)
		s.work()
		require.Equal(t, refundkit.JobProblemAlreadyRefunded, s.row("order-1").Problem)

		s.must(func(tx txJobs) error {
			_, err := tx.Accept("order-1", byHand.ID, "bob", "made at the Dashboard")
			return err
		})
		require.Equal(t, refundjobs.StateSent, s.row("order-1").Shown)
		db.exec(t, "DELETE FROM river_job") // its alarm is lost
		s.work()
		row := s.row("order-1")
		require.EqualValues(t, byHand.Status, row.RefundStatus)
		require.EqualValues(t, byHand.Amount, row.RefundAmount)
		require.Equal(t, []refundkit.BookEntry{refundkit.BookEntryCount}, s.booked())
		require.Equal(t, []refundjobs.What{"requested", "sending", "answered", "accepted", "fetched"}, s.log("order-1")[:5])
	})
}

// An ID that is none is read again now and then, and keeps no other row.
func TestAcceptedRefundThatIsNone(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.request("order-1", "ch_none")
		s.request("order-2", charge.ID)
		s.must(func(tx txJobs) error { _, err := tx.Accept("order-1", "re_none", "bob", ""); return err })
		s.work()
		require.Equal(t, refundjobs.StateSent, s.row("order-1").Shown)
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-2").Shown)
		wait, err := s.Step(t.Context(), "order-1")
		require.NoError(t, err)
		require.Equal(t, time.Hour, wait)
	})
}

func TestDecisionsThatTheRulesForbid(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.request("made", charge.ID)
		s.work()
		s.server.Inject(refundtest.DropConnection().On("POST /v1/refunds").Always())
		s.request("open", s.charge().ID)
		s.work()
		madeID := s.row("made").ID
		for why, decide := range map[string]func(tx txJobs) (refundjobs.Job, error){
			"was or may have been made":               func(tx txJobs) (refundjobs.Job, error) { return tx.Cancel("open", "bob", "") },
			`refundjobs: CancelTx "made"`:             func(tx txJobs) (refundjobs.Job, error) { return tx.Cancel("made", "bob", "") },
			"the job has ended":                       func(tx txJobs) (refundjobs.Job, error) { return tx.Resume("made", "bob", "") },
			"made as another refund":                  func(tx txJobs) (refundjobs.Job, error) { return tx.Accept("made", "re_2", "bob", "") },
			`refundjobs: JudgeTx "made"`:              func(tx txJobs) (refundjobs.Job, error) { return tx.Judge("made", madeID, "bob", "") },
			`there is no refund of this name: "none"`: func(tx txJobs) (refundjobs.Job, error) { return tx.Cancel("none", "bob", "") },
		} {
			before := s.log("open")
			require.ErrorContains(t, s.in(func(tx txJobs) error { _, err := decide(tx); return err }), why)
			require.Equal(t, before, s.log("open"), "nothing is written")
		}
	})
}

// A decision is somebody's, also of a row that it would leave as it is.
func TestDecisionsOfNobody(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.request("order-1", s.charge().ID)
		before := s.row("order-1")
		for name, decide := range map[string]func(tx txJobs, by string) (refundjobs.Job, error){
			"approve": func(tx txJobs, by string) (refundjobs.Job, error) { return tx.Approve("order-1", by, "why") },
			"cancel":  func(tx txJobs, by string) (refundjobs.Job, error) { return tx.Cancel("order-1", by, "why") },
			"resume":  func(tx txJobs, by string) (refundjobs.Job, error) { return tx.Resume("order-1", by, "why") },
			"accept":  func(tx txJobs, by string) (refundjobs.Job, error) { return tx.Accept("order-1", "re_1", by, "why") },
			"judge":   func(tx txJobs, by string) (refundjobs.Job, error) { return tx.Judge("order-1", "re_1", by, "why") },
		} {
			for _, nobody := range []string{"", " ", "\u00a0", "\u200b", "\u3164"} {
				err := s.in(func(tx txJobs) error { _, err := decide(tx, nobody); return err })
				require.ErrorIs(t, err, refundkit.ErrInvalidParams, "%s %q", name, nobody)
			}
		}
		require.Equal(t, before, s.row("order-1"))
	})
}

// A decision that is rolled back has not happened, nor has its alarm.
func TestDecisionWithTheTransaction(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.request("order-1", s.charge().ID)
		alarms := db.count(t, "SELECT count(*) FROM river_job")
		require.ErrorIs(t, s.in(func(tx txJobs) error {
			row, err := tx.Cancel("order-1", "bob", "")
			require.NoError(t, err)
			require.Equal(t, refundjobs.StateCanceled, row.Shown)
			_, err = tx.Resume("order-1", "bob", "")
			require.Error(t, err)
			return context.Canceled
		}), context.Canceled)
		require.Equal(t, refundjobs.StateApproved, s.row("order-1").Shown)
		require.Equal(t, alarms, db.count(t, "SELECT count(*) FROM river_job"))
		s.must(func(tx txJobs) error { _, err := tx.Cancel("order-1", "bob", "not wanted"); return err })
		s.work()
		require.Empty(t, s.server.Requests())
		require.Zero(t, db.count(t, "SELECT count(*) FROM refundjobs WHERE due_at IS NOT NULL"))
	})
}

// Whoever resumes does not wait until the row would have been due: an alarm is set beside
// the one for later.
func TestResumeAtOnce(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.server.Inject(refundtest.DropConnection().On("POST /v1/refunds"))
		s.request("order-1", charge.ID)
		s.work()
		alarms := db.count(t, liveJobs)
		s.must(func(tx txJobs) error { _, err := tx.Resume("order-1", "bob", "it is back"); return err })
		require.Equal(t, alarms+1, db.count(t, liveJobs))
		s.work()
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// A refund that failed and was given up is shown as failed, also where no event told.
func TestGivenUpAfterAFailure(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.server.Inject(refundtest.ServerError().AfterWork().On("POST /v1/refunds"))
		s.request("order-1", charge.ID)
		s.server.Inject(refundtest.CallFunc(func() {
			require.NoError(t, s.server.Fail(s.server.Refunds(charge.ID)[0].ID, "declined"))
		}).On("GET /v1/refunds"))
		s.pass(time.Hour)
		row := s.row("order-1")
		require.Equal(t, refundkit.JobProblemRefundFailed, row.Problem, "%+v", row)
		require.Equal(t, refundkit.RefundStatusFailed, row.RefundStatus)
		s.must(func(tx txJobs) error { _, err := tx.Cancel("order-1", "bob", "paid in cash"); return err })
		require.Equal(t, refundjobs.StateFailed, s.row("order-1").Shown)
		require.Empty(t, s.booked(), "it was never counted")
	})
}

// One refund is not two: the books would count it twice.
func TestAcceptRefusesTheRefundOfAnotherRow(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		s.request("order-1", charge.ID)
		s.work()
		refund := s.row("order-1").ID
		s.requestAs(refundjobs.Request{Name: "order-2", By: "ann", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 10000}})
		s.work()
		require.Equal(t, refundkit.JobProblemExceedsRemaining, s.row("order-2").Problem)
		err := s.in(func(tx txJobs) error { _, err := tx.Accept("order-2", refund, "bob", "it serves"); return err })
		require.ErrorIs(t, err, refundjobs.ErrDifferent)
		require.ErrorContains(t, err, `"order-1"`)
		require.Empty(t, s.row("order-2").ID)
		s.must(func(tx txJobs) error { _, err := tx.Accept("order-1", refund, "bob", "once more"); return err })
	})
}

// An ID is taken as people paste it, and refused if it can't be one.
func TestAcceptAndJudgePastedIDs(t *testing.T) {
	s := newShop(t, newSQLite(t))
	charge := s.charge()
	require.NoError(t, s.server.Dispute(charge.ID))
	s.request("order-1", charge.ID)
	s.work()
	for _, id := range []string{"re_1 re_2", "re_\u200b1", "re_1\n2"} {
		require.ErrorIs(t, s.in(func(tx txJobs) error { _, err := tx.Accept("order-1", id, "ann", ""); return err }), refundkit.ErrInvalidParams)
		require.ErrorIs(t, s.in(func(tx txJobs) error { _, err := tx.Judge("order-1", id, "ann", ""); return err }), refundkit.ErrInvalidParams)
	}
	s.must(func(tx txJobs) error { _, err := tx.Judge("order-1", "\tre_1\n", "ann", ""); return err })
	require.Equal(t, []string{"re_1"}, s.row("order-1").Judged)
	s.must(func(tx txJobs) error { _, err := tx.Accept("order-1", " re_2 ", "ann", ""); return err })
	require.Equal(t, "re_2", s.row("order-1").ID)
}
