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

func TestListByFilter(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db, fourEyes(1000, 1000))
		charge, disputed := s.charge(), s.charge()
		require.NoError(t, s.server.Dispute(disputed.ID))
		started := s.server.Now()
		s.requestAs(refundjobs.Request{Name: "made", By: "ann", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 300},
			Labels: map[string]string{"event": "open air", "a.b c": "ü", "n": "1"}})
		s.requestAs(refundjobs.Request{Name: "disputed", By: "bob ", Currency: "eur", Params: refundkit.RefundCreateParams{PaymentIntent: disputed.PaymentIntent, Amount: 400}})
		s.server.Advance(time.Hour)
		s.requestAs(refundjobs.Request{Name: "waits", By: "ann", Currency: "eur", Account: "acct_1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Remaining: true},
			Labels: map[string]string{"event": "indoor", "empty": ""}})
		s.work()
		later := s.server.Now()
		for why, test := range map[string]struct {
			filter refundjobs.Filter
			want   []string
		}{
			"all":              {refundjobs.Filter{}, []string{"disputed", "made", "waits"}},
			"state":            {refundjobs.Filter{States: []refundjobs.State{refundjobs.StateSucceeded}}, []string{"made"}},
			"states":           {refundjobs.Filter{States: []refundjobs.State{refundjobs.StateSucceeded, refundjobs.StateRequested}}, []string{"made", "waits"}},
			"problem":          {refundjobs.Filter{Problems: []refundkit.JobProblem{refundkit.JobProblemDisputed}}, []string{"disputed"}},
			"plan":             {refundjobs.Filter{Plan: "p"}, nil},
			"account":          {refundjobs.Filter{Account: "acct_1"}, []string{"waits"}},
			"currency":         {refundjobs.Filter{Currency: "usd"}, nil},
			"requester":        {refundjobs.Filter{RequestedBy: "bob"}, []string{"disputed"}},
			"label":            {refundjobs.Filter{Label: "event", LabelValue: "open air"}, []string{"made"}},
			"odd label":        {refundjobs.Filter{Label: "a.b c", LabelValue: "ü"}, []string{"made"}},
			"number":           {refundjobs.Filter{Label: "n", LabelValue: "1"}, []string{"made"}},
			"empty value":      {refundjobs.Filter{Label: "empty"}, []string{"waits"}},
			"no such label":    {refundjobs.Filter{Label: "other"}, nil},
			"charge":           {refundjobs.Filter{Charge: charge.ID}, []string{"made", "waits"}},
			"payment intent":   {refundjobs.Filter{PaymentIntent: disputed.PaymentIntent}, []string{"disputed"}},
			"created before":   {refundjobs.Filter{CreatedTo: started.Add(time.Minute)}, []string{"disputed", "made"}},
			"created from":     {refundjobs.Filter{CreatedFrom: started.Add(time.Minute), CreatedTo: later.Add(time.Second)}, []string{"waits"}},
			"updated":          {refundjobs.Filter{UpdatedFrom: later.Truncate(time.Microsecond)}, []string{"disputed", "made", "waits"}},
			"updated before":   {refundjobs.Filter{UpdatedTo: later.Truncate(time.Microsecond)}, nil},
			"two conditions":   {refundjobs.Filter{Charge: charge.ID, States: []refundjobs.State{refundjobs.StateRequested}, Currency: "eur"}, []string{"waits"}},
			"all but the name": {refundjobs.Filter{Label: "event", LabelValue: "indoor", RequestedBy: "bob"}, nil},
		} {
			require.Equal(t, test.want, s.nameList(test.filter), why)
			counts, err := s.Counts(t.Context(), test.filter)
			require.NoError(t, err)
			require.EqualValues(t, len(test.want), counts.Rows, why)
		}
		for _, wrong := range []refundjobs.Filter{{LabelValue: "a"}, {Label: "$.a"}, {Label: "[0]"}, {Label: `a"b`}} {
			for _, err := range s.List(t.Context(), wrong) {
				require.ErrorContains(t, err, "refundjobs: List: ")
			}
			_, err := s.Counts(t.Context(), wrong)
			require.ErrorContains(t, err, "refundjobs: Counts: ")
		}
	})
}

// Many pages; the caller's code asks the database itself meanwhile, and rows change.
func TestListManyPages(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		const rows = 901
		s.must(func(tx txJobs) error {
			for i := range rows {
				if _, err := tx.Request(refundjobs.Request{Name: fmt.Sprintf("order-%04d", i), Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500}}); err != nil {
					return err
				}
			}
			return nil
		})
		db.exec(t, "UPDATE refundjobs SET plan = 'p', plan_line = 2000 - CAST(substr(name, 7) AS integer) WHERE name < 'order-0700'")
		all := s.nameList(refundjobs.Filter{})
		require.Len(t, all, rows)
		require.IsIncreasing(t, all)
		seen := 0
		for job, err := range s.List(t.Context(), refundjobs.Filter{Plan: "p"}) {
			require.NoError(t, err)
			require.EqualValues(t, 1301+seen, job.PlanLine, "a plan's rows come in the order of its lines")
			if seen%100 == 0 {
				require.Equal(t, job.Name, s.row(job.Name).Name)
				s.must(func(tx txJobs) error { _, err := tx.Cancel(job.Name, "ann", ""); return err })
			}
			seen++
		}
		require.Equal(t, 700, seen)
		canceled, approved := refundjobs.StateCanceled, refundjobs.StateApproved
		require.Equal(t, all, s.nameList(refundjobs.Filter{States: []refundjobs.State{canceled, approved, canceled}}))
		require.Len(t, s.nameList(refundjobs.Filter{States: []refundjobs.State{approved}}), rows-7)
		for range s.List(t.Context(), refundjobs.Filter{}) {
			break // the connection is free again
		}
		changes := 0
		last := refundjobs.Change{}
		since := s.ChangesSince(t.Context(), time.Time{})
		for range 2 { // a sequence can be ranged over again
			changes = 0
			for change, err := range since {
				require.NoError(t, err)
				require.NotEqual(t, last, change)
				last = change
				changes++
			}
			require.Equal(t, rows+7, changes)
		}
		s.server.Advance(time.Minute)
		now := s.server.Now()
		s.must(func(tx txJobs) error { _, err := tx.Cancel("order-0800", "ann", ""); return err })
		for change, err := range s.ChangesSince(t.Context(), now) {
			require.NoError(t, err)
			require.Equal(t, refundjobs.WhatCanceled, change.What)
			require.Equal(t, "order-0800", change.Name)
		}
		require.Empty(t, s.log("none"))
	})
}

func TestCounts(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		empty, err := s.Counts(t.Context(), refundjobs.Filter{})
		require.NoError(t, err)
		require.Equal(t, refundjobs.Counts{}, empty)

		charge := s.charge()
		s.request("made-1", charge.ID)
		s.request("made-2", charge.ID)
		s.requestAs(refundjobs.Request{Name: "rest", Currency: "eur", Params: refundkit.RefundCreateParams{Charge: s.charge().ID, Remaining: true}})
		s.work()
		s.server.Inject(refundtest.DropConnection().On("POST /v1/refunds").Always())
		s.request("open", s.charge().ID)
		sent := s.server.Now().Truncate(time.Microsecond)
		s.work()
		s.server.Advance(30 * time.Second)
		s.request("due", s.charge().ID)
		s.requestAs(refundjobs.Request{Name: "due-rest", Params: refundkit.RefundCreateParams{Charge: s.charge().ID, Remaining: true}})
		due := s.server.Now().Truncate(time.Microsecond)
		counts, err := s.Counts(t.Context(), refundjobs.Filter{})
		require.NoError(t, err)
		require.Equal(t, refundjobs.Counts{
			Rows: 6,
			Parts: []refundjobs.Count{
				{State: "approved", Kind: "refund", Rows: 1, Unknown: 1},
				{State: "approved", Currency: "eur", Kind: "refund", Rows: 1, Amount: 500},
				{State: "sending", Currency: "eur", Kind: "refund", Rows: 1, Amount: 500},
				{State: "succeeded", Currency: "eur", Kind: "refund", Rows: 3, Amount: 11000},
			},
			OldestOpen: sent.UTC(), OldestDue: due.UTC(),
		}, counts)
		s.server.ClearFaults()
	})
}
