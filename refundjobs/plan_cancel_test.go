package refundjobs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// runOne makes a plan of a charge, and lets it run.
func (s *shop) runOne(charge string) {
	s.t.Helper()
	plan, err := s.MakePlan(s.t.Context(), "festival", "ann", sequence([]refundjobs.Request{
		{Name: "a", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge, Amount: 500}}}))
	require.NoError(s.t, err)
	_, err = s.ApprovePlan(s.t.Context(), "festival", "bob", plan.Digest)
	require.NoError(s.t, err)
	_, err = s.RunPlan(s.t.Context(), "festival", "bob")
	require.NoError(s.t, err)
}

// A plan is canceled while a refund of it is being sent, and Stripe refuses that one for
// its rate: nothing was made, and it is not sent again.
func TestCanceledPlanSendsNothingMore(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var s *shop
		cancel := sync.OnceFunc(func() {
			_, err := s.CancelPlan(t.Context(), "festival", "bob", "it takes place")
			require.NoError(t, err)
		})
		s = newShop(t, db, refundjobs.WithChangeHook(func(_ context.Context, c refundjobs.Change) {
			if c.What == refundjobs.WhatSending {
				cancel()
			}
		}))
		charge := s.charge()
		s.server.Inject(refundtest.RateLimit("endpoint-rate").On("POST /v1/refunds"))
		s.runOne(charge.ID)
		s.pass(time.Hour)
		require.Equal(t, refundjobs.StateCanceled, s.row("a").Shown)
		s.server.AssertNotRefunded(t, charge.ID)
		log := s.log("a")
		require.Equal(t, refundjobs.WhatCanceled, log[len(log)-1])
		story, err := s.Story(t.Context(), "a")
		require.NoError(t, err)
		require.Contains(t, story, "its plan is canceled")
	})
}

// What a person lets go on after that is sent, also if Stripe's rate refuses it first.
func TestCanceledPlanKeepsWhatAPersonResumes(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		charge := s.charge()
		require.NoError(t, s.server.Dispute(charge.ID))
		s.runOne(charge.ID)
		s.work()
		require.Equal(t, refundkit.JobProblemDisputed, s.row("a").Problem)
		db.exec(t, `UPDATE refundjobs_plans SET state = 'paused'`) // as if others were left
		_, err := s.CancelPlan(t.Context(), "festival", "bob", "it takes place")
		require.NoError(t, err)
		require.NoError(t, s.server.WinDispute(charge.ID))
		s.server.Inject(refundtest.RateLimit("endpoint-rate").On("POST /v1/refunds"))
		s.must(func(tx txJobs) error { _, err := tx.Resume("a", "bob", "the dispute is won"); return err })
		s.pass(time.Hour)
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// What stops money is not held up by a byte that a database does not take.
func TestPauseAndCancelForAnyReason(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, refundjobs.WithCharges(nil))
		_, err := s.MakePlan(t.Context(), "festival", "ann", sequence([]refundjobs.Request{
			{Name: "a", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: s.charge().ID, Amount: 500}}}))
		require.NoError(t, err)
		db.exec(t, `UPDATE refundjobs_plans SET state = 'running'`)
		plan, err := s.PausePlan(t.Context(), "festival", "ann", "caf\xe9\x00")
		require.NoError(t, err)
		require.Equal(t, "ann: caf\ufffd\ufffd", plan.Why)
		_, err = s.CancelPlan(t.Context(), "festival", "ann", "caf\xe9\x00")
		require.NoError(t, err)
		require.Equal(t, refundjobs.StateCanceled, s.row("a").Shown)
	})
}
