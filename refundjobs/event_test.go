package refundjobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// requestsOf counts requests to an endpoint.
func (s *shop) requestsOf(method, path string) (n int) {
	for _, r := range s.server.Requests() {
		if r.Method == method && r.Path == path {
			n++
		}
	}
	return n
}

func TestEventTellsOfALateFailure(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.listen(refundtest.Duplicated(1, 1))
		charge := s.charge()
		s.request("order-1", charge.ID)
		s.work()
		row := s.row("order-1")
		require.Equal(t, refundjobs.StateSucceeded, row.Shown)
		require.Equal(t, []refundkit.BookEntry{refundkit.BookEntryCount}, s.booked())

		s.server.Advance(21 * 24 * time.Hour)
		require.NoError(t, s.server.Fail(row.ID, "expired_or_canceled_card"))
		row = s.row("order-1")
		require.Equal(t, refundjobs.StateNeedsPerson, row.Shown)
		require.Equal(t, refundkit.JobProblemRefundFailed, row.Problem)
		require.Equal(t, refundkit.RefundStatusFailed, row.RefundStatus)
		require.Equal(t, refundkit.RefundFailureReasonExpiredOrCanceledCard, row.Refund.FailureReason)
		require.Equal(t, []refundkit.BookEntry{refundkit.BookEntryCount, refundkit.BookEntryReverse}, s.booked())

		s.must(func(tx txJobs) error { _, err := tx.Resume("order-1", "ann", "new card"); return err })
		s.work()
		s.work()
		again := s.row("order-1")
		require.Equal(t, refundjobs.StateSucceeded, again.Shown)
		require.NotEqual(t, row.ID, again.ID)
		require.Equal(t, []refundkit.BookEntry{refundkit.BookEntryCount, refundkit.BookEntryReverse, refundkit.BookEntryCount}, s.booked())
		s.server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	})
}

// booked is what the hook told the books to do.
func (s *shop) booked() (entries []refundkit.BookEntry) {
	for _, change := range s.told {
		if change.Book != refundkit.BookEntryNone {
			entries = append(entries, change.Book)
		}
	}
	return entries
}

// Events come before the answer, twice and in any order: rows say what Stripe has, and
// the books count each refund once.
func TestEventsInAnyOrder(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		for seed := range uint64(8) {
			s := newShop(t, db)
			s.listen(refundtest.BeforeAnswer(0.5, seed), refundtest.Duplicated(0.5, seed), refundtest.Reordered(seed))
			s.server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds").WithProbability(0.5, seed))
			balance := map[string]int{}
			for i := range 6 {
				name := fmt.Sprintf("order-%d-%d", seed, i)
				s.request(name, s.server.AddCharge(refundtest.Charge{Amount: 10000, Currency: "eur", OnRefund: refundtest.StaysPending}).ID)
				s.work()
				for range 5 { // the answer may be lost some times
					s.server.Advance(2 * time.Hour)
					s.work()
				}
				switch row := s.row(name); i % 3 {
				case 0:
					require.NoError(t, s.server.Settle(row.ID))
				case 1:
					require.NoError(t, s.server.Settle(row.ID))
					require.NoError(t, s.server.Fail(row.ID, "declined"))
				}
			}
			s.server.ClearFaults()
			s.hook.Deliver()
			for _, change := range s.told {
				balance[change.Name] += map[refundkit.BookEntry]int{refundkit.BookEntryCount: 1, refundkit.BookEntryReverse: -1}[change.Book]
			}
			for i := range 6 {
				row := s.row(fmt.Sprintf("order-%d-%d", seed, i))
				refund, found := s.server.Refund(row.ID)
				require.True(t, found)
				require.EqualValues(t, refund.Status, row.RefundStatus)
				require.Equal(t, map[bool]int{true: 0, false: 1}[row.RefundStatus.IsFinal()], balance[row.Name], "%s", row.Name)
			}
		}
	})
}

func TestEventTellsOfALostAnswer(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.listen()
		charge := s.charge()
		s.server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
		s.request("order-1", charge.ID)
		s.work()
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
		require.Zero(t, s.row("order-1").Due)
		s.pass(time.Hour)
		require.Equal(t, 1, s.requestsOf("POST", "/v1/refunds"), "nothing is sent again")
	})
}

// What no row knows goes to the other function; so does a refund of the row's name in
// another account.
func TestEventOfNobody(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		var unknown []refundkit.EventType
		fails := false
		s.server.AddWebhook(s.handler(func(_ context.Context, event *refundkit.Event) error {
			unknown = append(unknown, event.Type)
			if fails {
				return errors.New("the other function fails")
			}
			return nil
		}), hookSecret, refundtest.EventTypes("refund.created", "charge.dispute.created"), refundtest.MayMissEvents())
		charge := s.charge()
		_, err := s.server.RefundInDashboard(charge.ID, 100)
		require.NoError(t, err)
		require.NoError(t, s.server.Dispute(charge.ID))
		require.Equal(t, []refundkit.EventType{"refund.created", "charge.dispute.created"}, unknown)

		s.request("order-1", s.charge().ID)
		before := s.row("order-1")
		world := s.server.Account("acct_other")
		foreign := world.AddCharge(refundtest.Charge{Amount: 1000})
		_, err = s.newClient(refundkit.WithAccount("acct_other")).Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: foreign.ID, Amount: 100}, refundkit.Reference("order-1"))
		require.NoError(t, err)
		require.Len(t, unknown, 3)
		require.Equal(t, before, s.row("order-1"))
		fails = true
		_, err = s.server.RefundInDashboard(s.charge().ID, 100)
		require.NoError(t, err)
		require.Len(t, unknown, 4)
	})
}

// Somebody cleared the metadata before the answer was lost: the event still names the key.
func TestEventIsFoundByItsKey(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.listen(refundtest.HeldUntilDeliver())
		charge := s.charge()
		s.server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
		s.request("order-1", charge.ID)
		s.work()
		require.Equal(t, refundjobs.StateSending, s.row("order-1").Shown)
		event := s.hook.Waiting()[0]
		var body map[string]any
		require.NoError(t, json.Unmarshal(event.Body, &body))
		refund := body["data"].(map[string]any)["object"].(map[string]any)
		refund["metadata"] = map[string]any{}
		data, err := json.Marshal(refund)
		require.NoError(t, err)
		made := &refundkit.Event{ID: event.ID, Type: "refund.created", Request: refundkit.EventRequest{IdempotencyKey: event.IdempotencyKey}, Data: refundkit.EventData{Object: data}}
		require.NoError(t, s.HandleEvent(func(context.Context, *refundkit.Event) error { return errors.New("unknown") })(t.Context(), made))
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
		s.hook.Remove()
	})
}

// Two snapshots that don't tell which is newer: the refund is read, and that is stored.
func TestEventReadsTheRefundWhereOrderIsUnknown(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.listen(refundtest.HeldUntilDeliver())
		charge := s.server.AddCharge(refundtest.Charge{Amount: 10000, Currency: "eur", OnRefund: refundtest.StaysPending})
		s.request("order-1", charge.ID)
		s.work()
		row := s.row("order-1")
		path := "/v1/refunds/" + row.ID
		require.Equal(t, refundjobs.StateSent, row.Shown)
		s.hook.Deliver()
		require.Zero(t, s.requestsOf("GET", path), "the same once more needs no request: what is stored says the same as what arrived")
		require.Equal(t, row, s.row("order-1"))

		require.NoError(t, s.server.Settle(row.ID))
		s.hook.Deliver()
		require.Equal(t, 1, s.requestsOf("GET", path))
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
		for _, event := range s.server.Events() { // old ones, again
			require.NoError(t, s.hook.Resend(event.ID))
		}
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
	})
}

// A refund that can't be read makes Stripe send the event again.
func TestEventFailsWhereTheRefundCannotBeRead(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		s.listen()
		charge := s.server.AddCharge(refundtest.Charge{Amount: 10000, Currency: "eur", OnRefund: refundtest.StaysPending})
		s.request("order-1", charge.ID)
		s.work()
		s.server.Inject(refundtest.AnswerHTML(502).On("GET /v1/refunds/{refund}").Always())
		require.NoError(t, s.server.Settle(s.row("order-1").ID))
		require.Equal(t, refundjobs.StateSent, s.row("order-1").Shown)
		s.server.ClearFaults()
		require.NotZero(t, s.hook.Retry())
		require.Equal(t, refundjobs.StateSucceeded, s.row("order-1").Shown)
	})
}

func TestOnceHandlesAnEventOnce(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		once, calls := s.Once(), 0
		failure := errors.New("not now")
		for _, result := range []error{failure, nil, nil} {
			err := once(t.Context(), "evt_1", func(context.Context) error { calls++; return result })
			require.ErrorIs(t, err, result)
		}
		require.Equal(t, 2, calls, "what failed comes again, what was handled does not")
	})
}
