package refundjobs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

const day = 24 * time.Hour

// pruneRequest has everything that is personal.
func pruneRequest(charge string) refundjobs.Request {
	return refundjobs.Request{Name: "order-1", By: "secret-ann", Note: "secret-note", Currency: "eur", Labels: map[string]string{"k": "secret-label"},
		Params: refundkit.RefundCreateParams{Charge: charge, Amount: 500, Reason: refundkit.RefundReasonRequestedByCustomer, InstructionsEmail: "secret@example.com", Metadata: refundkit.Metadata{"k": "secret-metadata"}}}
}

func TestPruneTakesDetailsAndLeavesNames(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(1000, 1000))
		s.server.AddWebhook(s.handler(nil), hookSecret)
		charge := s.charge()
		request := pruneRequest(charge.ID)
		s.requestAs(request)
		s.work()
		s.server.Advance(time.Minute) // until the last event of it has come
		made := s.row("order-1")
		require.NoError(t, s.Once()(t.Context(), "evt_old", func(context.Context) error { return nil }))
		s.requestAs(refundjobs.Request{Name: "waits", By: "bob", Note: "stays", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 5000}})
		s.server.Advance(70 * day)
		s.request("late", s.charge().ID)
		s.work()

		for _, early := range []time.Time{{}, s.server.Now(), s.server.Now().Add(-59 * day)} {
			_, err := s.Prune(t.Context(), early)
			require.ErrorContains(t, err, "60 days")
		}
		n, err := s.Prune(t.Context(), s.server.Now().Add(-65*day))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Zero(t, db.count(t, "SELECT count(*) FROM refundjobs_events"))
		require.Equal(t, 1, db.count(t, "SELECT count(*) FROM refundjobs_sums"), "late's")
		for _, table := range []string{"refundjobs", "refundjobs_changes", "refundjobs_events", "refundjobs_sums"} {
			require.Zero(t, db.count(t, "SELECT count(*) FROM "+table+" AS r WHERE "+wholeRow(db, table)+" LIKE '%secret%'"), table)
		}
		row := s.row("order-1")
		require.Nil(t, row.Refund)
		require.False(t, row.PrunedAt.IsZero())
		require.Equal(t, made.ID, row.ID)
		require.Equal(t, made.RefundAmount, row.RefundAmount)
		require.Equal(t, made.RefundCreated, row.RefundCreated)
		require.Equal(t, made.UpdatedAt, row.UpdatedAt)
		require.Equal(t, refundjobs.StateSucceeded, row.Shown)
		require.Equal(t, charge.ID, row.Params.Charge)
		require.Equal(t, "stays", s.row("waits").Note, "what waits is not ended")
		require.NotNil(t, s.row("late").Refund, "what changed since is kept")
		require.Equal(t, []refundjobs.What{refundjobs.WhatPruned}, s.log("order-1"))

		n, err = s.Prune(t.Context(), s.server.Now().Add(-65*day))
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, row, s.row("order-1"))

		// The name is taken for ever.
		require.Equal(t, row, s.requestAs(request))
		request.Params.Amount++
		require.ErrorIs(t, s.in(func(tx txJobs) error { _, err := tx.Request(request); return err }), refundjobs.ErrDifferent)
		s.work()
		require.Len(t, s.server.Refunds(charge.ID), 1)
	})
}

// wholeRow is an expression for all that a row holds, as text.
func wholeRow(db *database, table string) string {
	if db.name == "postgres" {
		return "CAST(r AS text)"
	}
	columns := map[string]string{
		"refundjobs":         "name, params, detail, requested_by, approved_by, note, labels, coalesce(refund,'')",
		"refundjobs_changes": "who, why, detail",
		"refundjobs_events":  "id",
		"refundjobs_sums":    "who",
	}[table]
	return strings.ReplaceAll(columns, ", ", " || ")
}

// A bank returns the money after the details are gone.
func TestPrunedRefundFails(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.listen()
		charge := s.charge()
		s.requestAs(pruneRequest(charge.ID))
		s.work()
		s.server.Advance(time.Minute) // until the last event of it has come
		id := s.row("order-1").ID
		s.server.Advance(100 * day)
		n, err := s.Prune(t.Context(), s.server.Now().Add(-61*day))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		s.told = nil
		require.NoError(t, s.server.SetReference(id, "123"))
		require.Empty(t, s.told, "an event that says nothing new brings no detail back")

		require.NoError(t, s.server.Fail(id, "expired_or_canceled_card"))
		row := s.row("order-1")
		require.Equal(t, refundjobs.StateNeedsPerson, row.Shown)
		require.Equal(t, refundkit.RefundStatusFailed, row.RefundStatus)
		require.Nil(t, row.Refund)
		require.Equal(t, []refundkit.BookEntry{refundkit.BookEntryReverse}, s.booked())
		for what, decide := range map[string]func(tx txJobs) (refundjobs.Job, error){
			"resume": func(tx txJobs) (refundjobs.Job, error) { return tx.Resume("order-1", "bob", "") },
			"judge":  func(tx txJobs) (refundjobs.Job, error) { return tx.Judge("order-1", id, "bob", "") },
		} {
			require.ErrorContains(t, s.in(func(tx txJobs) error { _, err := decide(tx); return err }), "were pruned", what)
		}
		s.must(func(tx txJobs) error { _, err := tx.Cancel("order-1", "secret-bob", "as order-1/refund-2"); return err })
		s.work()
		require.Equal(t, refundjobs.StateFailed, s.row("order-1").Shown)
		require.Equal(t, 1, s.requestsOf("POST", "/v1/refunds"))

		s.server.Advance(100 * day)
		n, err = s.Prune(t.Context(), s.server.Now().Add(-61*day))
		require.NoError(t, err)
		require.Equal(t, 1, n, "what came since is pruned in its time")
		require.Equal(t, []refundjobs.What{refundjobs.WhatPruned}, s.log("order-1"))
	})
}

func TestPruneMany(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.must(func(tx txJobs) error {
			for i := range 250 {
				name := fmt.Sprintf("order-%d", i)
				if _, err := tx.Request(refundjobs.Request{Name: name, By: "ann", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 5}}); err != nil {
					return err
				}
				if _, err := tx.Cancel(name, "ann", ""); err != nil {
					return err
				}
			}
			return nil
		})
		s.server.Advance(100 * day)
		n, err := s.Prune(t.Context(), s.server.Now().Add(-90*day))
		require.NoError(t, err)
		require.Equal(t, 250, n)
		require.Equal(t, 250, db.count(t, "SELECT count(*) FROM refundjobs_changes"))
		require.Empty(t, s.nameList(refundjobs.Filter{RequestedBy: "ann"}))
	})
}
