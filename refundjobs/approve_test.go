package refundjobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

func fourEyes(alone, perDay int64) refundjobs.Option {
	return refundjobs.WithPolicy(refundjobs.FourEyes(map[string]refundjobs.Limit{"eur": {Alone: alone, PerDay: perDay}}))
}

func TestFourEyesLimits(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(1000, 2500))
		charge := s.charge()
		for i, step := range []struct {
			amount int64 // 0: all that is left
			by     string
			want   refundjobs.State
		}{
			{1001, "ann", refundjobs.StateRequested}, // above one refund's limit, and not counted
			{0, "ann", refundjobs.StateRequested},    // nobody knows how much
			{1000, "ann", refundjobs.StateApproved},
			{1000, " ANN ", refundjobs.StateApproved},
			{501, "ann", refundjobs.StateRequested}, // above the day's
			{500, "ann", refundjobs.StateApproved},  // just the day's
			{1, "Ann", refundjobs.StateRequested},
			{1000, "bob", refundjobs.StateApproved}, // another person
		} {
			name := fmt.Sprintf("order-%d", i)
			row := s.requestAs(refundjobs.Request{Name: name, By: step.by, Currency: "eur",
				Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: step.amount, Remaining: step.amount == 0}})
			require.Equal(t, step.want, row.Shown, "%+v", step)
			require.Equal(t, step.want == refundjobs.StateApproved, row.ApprovedBy != "")
		}
		s.work()
		require.Len(t, s.server.Refunds(charge.ID), 4, "what waits for an approval is not sent")
		s.server.Advance(24 * time.Hour)
		row := s.requestAs(refundjobs.Request{Name: "next day", By: "ann", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 1000}})
		require.Equal(t, refundjobs.StateApproved, row.Shown)
	})
}

func TestFourEyesRefuses(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(1000, 2500))
		params := refundkit.RefundCreateParams{Charge: "ch_1", Amount: 5}
		for why, request := range map[string]refundjobs.Request{
			`no limit for the currency "usd"`: {Name: "a", By: "ann", Currency: "usd", Params: params},
			`no limit for the currency ""`:    {Name: "a", By: "ann", Params: params},
			"who does this":                   {Name: "a", By: "\u200b", Currency: "eur", Params: params},
		} {
			require.ErrorContains(t, s.in(func(tx txJobs) error { _, err := tx.Request(request); return err }), why)
		}
		require.Zero(t, db.rows(t))
	})
}

// Many at once: the sum of what was approved alone never exceeds the day's limit.
func TestFourEyesConcurrently(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(1000, 2500))
		var all sync.WaitGroup
		errs := make([]error, 12)
		for i := range errs {
			all.Go(func() {
				errs[i] = s.in(func(tx txJobs) error {
					_, err := tx.Request(refundjobs.Request{Name: fmt.Sprint("order-", i), By: "ann", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500}})
					return err
				})
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		counts, err := s.Counts(t.Context(), refundjobs.Filter{States: []refundjobs.State{refundjobs.StateApproved}})
		require.NoError(t, err)
		require.EqualValues(t, 5, counts.Rows)
		require.EqualValues(t, 2500, counts.Parts[0].Amount)
	})
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(0, 0))
		charge := s.charge()
		s.requestAs(refundjobs.Request{Name: "order-1", By: "Zoë Straße", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		for _, by := range []string{
			"Zoë Straße", "zoë straße", "ZOË STRASSE", "  Zoë   Straße ", "Zoë\u00a0Straße", "Zoe\u0308 Straße", "Zoe\u200d\u0308 Straße", // spelled otherwise
			"Ｚｏë Straße", "Zoë\t\nStraße", "Zo\u200bë Straße", "\ufeffZoë Straße", "Zoë \u2060Straße", "Zoë\u00ad Straße", // width, and what shows nothing
			"Zoë Straße\ufe0f", "Zoë\u3164 Straße", "Zoë \u034fStraße", "Zoë\u2800 Straße", "\u202eZoë Straße\u202c", "Zoë Straße\U000e0041", "Zoë\x00 Straße",
		} {
			err := s.in(func(tx txJobs) error { _, err := tx.Approve("order-1", by, ""); return err })
			require.ErrorIs(t, err, refundjobs.ErrOwnRequest, "%q", by)
		}
		for _, nobody := range []string{"", "  ", "\u00a0", "\u200b", "\u3164"} {
			require.ErrorIs(t, s.in(func(tx txJobs) error { _, err := tx.Approve("order-1", nobody, ""); return err }), refundkit.ErrInvalidParams, "%q", nobody)
		}
		for _, other := range []func(tx txJobs) (refundjobs.Job, error){ // none of these is an approval
			func(tx txJobs) (refundjobs.Job, error) { return tx.Resume("order-1", "zoë straße", "") },
			func(tx txJobs) (refundjobs.Job, error) { return tx.Judge("order-1", "re_1", "bob", "") },
			func(tx txJobs) (refundjobs.Job, error) {
				return tx.Request(refundjobs.Request{Name: "order-1", By: "bob", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
			},
		} {
			s.must(func(tx txJobs) error { _, err := other(tx); return err })
			s.work()
			require.Equal(t, refundjobs.StateRequested, s.row("order-1").Shown)
		}
		s.server.AssertNotRefunded(t, charge.ID)

		s.must(func(tx txJobs) error { _, err := tx.Approve("order-1", "Zoë Stroß", "seen"); return err })
		approved := s.row("order-1")
		require.Equal(t, "Zoë Stroß", approved.ApprovedBy)
		s.must(func(tx txJobs) error {
			again, err := tx.Approve("order-1", "carl", "")
			require.Equal(t, approved, again, "an approved one stays as it is")
			return err
		})
		s.work()
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// An approval and a cancellation of one row, at once: one of them is told.
func TestApproveAndCancelAtOnce(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(0, 0))
		for i := range 20 {
			name := fmt.Sprint("order-", i)
			s.requestAs(refundjobs.Request{Name: name, By: "ann", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: s.charge().ID, Amount: 500}})
			var all sync.WaitGroup
			for _, decide := range []func(tx txJobs) (refundjobs.Job, error){
				func(tx txJobs) (refundjobs.Job, error) { return tx.Approve(name, "bob", "") },
				func(tx txJobs) (refundjobs.Job, error) { return tx.Cancel(name, "carl", "") },
				func(tx txJobs) (refundjobs.Job, error) { return tx.Approve(name, "dora", "") },
			} {
				all.Go(func() { _ = s.in(func(tx txJobs) error { _, err := decide(tx); return err }) })
			}
			all.Wait()
			require.Equal(t, refundjobs.StateCanceled, s.row(name).Shown, "canceling is allowed before and after the approval")
			versions := map[int64]bool{}
			for change, err := range s.Changes(t.Context(), name) {
				require.NoError(t, err)
				require.False(t, versions[change.Version])
				versions[change.Version] = true
			}
		}
		s.work()
		require.Empty(t, s.server.Requests())
	})
}

// A policy of the team's own that refuses leaves nothing behind.
func TestPolicyOfTheTeam(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var asked []refundjobs.Approval
		var verdict error
		s := newShop(t, db, refundjobs.WithPolicy(func(_ context.Context, a refundjobs.Approval) error { asked = append(asked, a); return verdict }))
		verdict = errors.New("not on Sundays")
		require.ErrorIs(t, s.in(func(tx txJobs) error {
			_, err := tx.Request(refundjobs.Request{Name: "a", By: "ann", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 5}})
			return err
		}), verdict)
		require.Zero(t, db.rows(t))

		refusal := verdict
		verdict = fmt.Errorf("it is large: %w", refundjobs.ErrNeedsApproval)
		require.Equal(t, refundjobs.StateRequested, s.request("a", "ch_1").Shown)
		verdict = refusal
		require.ErrorIs(t, s.in(func(tx txJobs) error { _, err := tx.Approve("a", "bob", ""); return err }), refusal)
		require.Equal(t, refundjobs.StateRequested, s.row("a").Shown)
		verdict = nil
		s.must(func(tx txJobs) error { _, err := tx.Approve("a", "bob", ""); return err })
		require.Equal(t, refundjobs.StateApproved, s.row("a").Shown)
		require.Equal(t, []bool{true, true, false, false}, []bool{asked[0].AtRequest, asked[1].AtRequest, asked[2].AtRequest, asked[3].AtRequest})
	})
}

// A policy of two rules may ask twice.
func TestAloneCountsARefundOnce(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		var sums []int64
		s := newShop(t, db, refundjobs.WithPolicy(func(_ context.Context, a refundjobs.Approval) error {
			for range 2 {
				sum, err := a.Alone()
				if err != nil {
					return err
				}
				sums = append(sums, sum)
			}
			return nil
		}))
		s.request("order-1", "ch_1")
		s.request("order-1", "ch_1") // a second click counts nothing
		s.request("order-2", "ch_1")
		require.Equal(t, []int64{500, 500, 1000, 1000, 1000, 1000}, sums)
	})
}
