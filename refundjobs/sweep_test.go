package refundjobs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

// kept lists a client's events of the last 30 days, as Stripe does, and counts.
type kept struct {
	refundjobs.EventReader
	now   func() time.Time
	lists int
}

func (k *kept) List(ctx context.Context, params refundkit.EventListParams, opts ...refundkit.CallOption) (*refundkit.EventList, error) {
	k.lists++
	list, err := k.EventReader.List(ctx, params, opts...)
	if err != nil {
		return nil, err
	}
	list.Data = slices.DeleteFunc(list.Data, func(e *refundkit.Event) bool { return k.now().Sub(e.Created.Time) > 30*24*time.Hour })
	return list, nil
}

// sweepShop is a shop whose jobs can sweep.
func sweepShop(t *testing.T, db *database) (*shop, *kept) {
	s := newShop(t, db)
	events := &kept{EventReader: s.client.Events, now: s.server.Now}
	s.store = db.open(t, s.client.Refunds, refundjobs.WithClock(s.server.Now), refundjobs.WithRate(0), refundjobs.WithEvents(events))
	return s, events
}

// lossy is a webhook that loses some of the events after it said that they had arrived.
func (s *shop) lossy(lose func() bool) {
	hook, err := webhook.New([]string{hookSecret}, webhook.WithClock(s.server.Now), webhook.WithOnce(s.Once()))
	require.NoError(s.t, err)
	handler := hook.Handler(s.HandleEvent(nil))
	s.hook = s.server.AddWebhook(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lose() {
			handler.ServeHTTP(w, r)
		}
	}), hookSecret)
}

func (s *shop) sweep(accounts ...string) refundjobs.SweepResult {
	s.t.Helper()
	result, err := s.Sweep(s.t.Context(), s.HandleEvent(nil), accounts...)
	require.NoError(s.t, err)
	return result
}

// agree holds that every row shows its refund as Stripe does.
func (s *shop) agree() {
	s.t.Helper()
	for row, err := range s.List(s.t.Context(), refundjobs.Filter{}) {
		require.NoError(s.t, err)
		made, ok := s.server.World.Refund(row.ID)
		if row.Account != "" {
			made, ok = s.server.Account(row.Account).Refund(row.ID)
		}
		require.True(s.t, ok, row.Name)
		require.Equal(s.t, made.Status, string(row.RefundStatus), row.Name)
	}
}

// manyChanges makes refunds, and lets some of them fail later.
func (s *shop) manyChanges(count int, random *rand.Rand) {
	for i := range count {
		name := fmt.Sprintf("order-%03d", i)
		s.request(name, s.charge().ID)
		s.work()
		s.server.Advance(time.Duration(random.IntN(900)) * time.Second)
		switch id := s.row(name).ID; random.IntN(3) {
		case 0:
			require.NoError(s.t, s.server.Fail(id, "lost_or_stolen_card"))
		case 1:
			require.NoError(s.t, s.server.CancelInDashboard(s.pending(name+"-slow")))
		}
	}
}

// pending makes a refund that is pending.
func (s *shop) pending(name string) string {
	charge := s.server.AddCharge(refundtest.Charge{Amount: 10000, Currency: "eur", OnRefund: refundtest.StaysPending})
	s.request(name, charge.ID)
	s.work()
	require.Equal(s.t, refundjobs.StateSent, s.row(name).Shown)
	return s.row(name).ID
}

func TestSweepMakesUpForLostWebhooks(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, _ := sweepShop(t, db)
		random := rand.New(rand.NewPCG(1, 2))
		lost := 0
		s.lossy(func() bool {
			if random.Float64() < 0.3 {
				lost++
				return true
			}
			return false
		})
		s.manyChanges(60, random)
		require.Greater(t, lost, 20)
		result := s.sweep()
		require.GreaterOrEqual(t, result.Handled, 20)
		require.Empty(t, result.Gaps)
		s.agree()
		s.server.Advance(time.Hour)
		again := s.sweep()
		require.Zero(t, again.Handled, "all was handled")
		require.Equal(t, 1, again.Requests, "one list")
	})
}

func TestSweepOfConnectedAccounts(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, _ := sweepShop(t, db)
		world := s.server.Account("acct_1")
		charge := world.AddCharge(refundtest.Charge{Amount: 1000, Currency: "eur"})
		s.requestAs(refundjobs.Request{Name: "theirs", Account: "acct_1", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
		s.request("ours", s.charge().ID)
		s.work()
		require.NoError(t, world.Fail(s.row("theirs").ID, ""))
		require.NoError(t, s.server.Fail(s.row("ours").ID, ""))
		s.sweep("acct_1")
		require.Equal(t, refundjobs.StateNeedsPerson, s.row("theirs").Shown)
		require.Equal(t, refundjobs.StateSucceeded, s.row("ours").Shown)
		s.server.Inject(refundtest.AnswerHTML(502).On("GET /v1/events").Always())
		_, err := s.Sweep(t.Context(), s.HandleEvent(nil))
		require.ErrorContains(t, err, "refundjobs: Sweep: refundkit: ")
		require.ErrorContains(t, err, "account acct_1: ", "one account's trouble doesn't hide another's")
		s.server.ClearFaults()
		s.sweep()
		s.agree()
	})
}

// A sweep and webhooks at the same time handle each event once, or both do no harm.
func TestSweepBesideWebhooks(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, _ := sweepShop(t, db)
		s.lossy(func() bool { return false })
		for i := range 20 {
			s.request(fmt.Sprint("order-", i), s.charge().ID)
		}
		s.work()
		var group sync.WaitGroup
		group.Go(func() {
			for i := range 20 {
				row, err := s.Job(t.Context(), fmt.Sprint("order-", i))
				if err == nil {
					err = s.server.Fail(row.ID, "")
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		for range 2 {
			group.Go(func() {
				for range 10 {
					if _, err := s.Sweep(t.Context(), s.HandleEvent(nil)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		s.agree()
		for _, name := range s.nameList(refundjobs.Filter{}) {
			reversed := 0
			for change, err := range s.Changes(t.Context(), name) {
				require.NoError(t, err)
				if change.Book == refundkit.BookEntryReverse {
					reversed++
				}
			}
			require.Equal(t, 1, reversed, "taken back once")
		}
	})
}

// It ends in the middle, by an error and by the death of its process, and the next one
// handles the rest: each event once but the one that was in work.
func TestSweepResumes(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, _ := sweepShop(t, db)
		s.manyChanges(20, rand.New(rand.NewPCG(3, 4)))
		times := map[string]int{}
		var order []time.Time
		count, broken := 0, errors.New("broken")
		handle := func(ctx context.Context, event *refundkit.Event) error {
			if count++; count == 7 {
				return broken
			}
			times[event.ID]++
			order = append(order, event.Created.Time)
			return s.HandleEvent(nil)(ctx, event)
		}
		result, err := s.Sweep(t.Context(), handle)
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "refundjobs: Sweep: event evt_")
		require.Len(t, times, 6)
		require.Equal(t, 7, result.Handled)
		require.Zero(t, db.count(t, "SELECT count(*) FROM refundjobs_cursors WHERE what = 'events'"))

		ctx, die := context.WithCancel(t.Context())
		_, err = s.Sweep(ctx, func(ctx context.Context, event *refundkit.Event) error {
			err := handle(context.WithoutCancel(ctx), event)
			if len(times) == 15 {
				die() // handled, and not written down
			}
			return err
		})
		require.ErrorIs(t, err, context.Canceled)
		_, err = s.Sweep(t.Context(), handle)
		require.NoError(t, err)
		twice := 0
		for _, n := range times {
			twice += n - 1
		}
		require.Equal(t, 1, twice)
		require.True(t, slices.IsSortedFunc(order, time.Time.Compare), "the oldest first")
		for _, event := range s.server.Events() {
			if event.Type == "refund.created" {
				require.Contains(t, times, event.ID)
			}
		}
		s.agree()
	})
}

// What changed while nobody looked for longer than Stripe keeps events is read as it is.
func TestSweepAfterThirtyOneDays(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, _ := sweepShop(t, db)
		for i := range 8 {
			s.request(fmt.Sprint("order-", i), s.charge().ID)
		}
		s.work()
		id := s.pending("slow")
		s.sweep()
		s.server.Advance(2 * time.Hour)
		began := s.server.Now()
		require.NoError(t, s.server.Fail(s.row("order-3").ID, "")) // made before the gap
		require.NoError(t, s.server.Fail(id, ""))
		byHand, err := s.server.RefundInDashboard(s.charge().ID, 100)
		require.NoError(t, err)
		s.server.Advance(31 * 24 * time.Hour)
		require.NoError(t, s.server.Fail(s.row("order-5").ID, ""))

		var unknown []string
		handle := s.HandleEvent(func(_ context.Context, event *refundkit.Event) error {
			refund, err := event.Refund()
			unknown = append(unknown, event.ID, refund.ID)
			require.NotEmpty(t, event.Raw)
			return err
		})
		result, err := s.Sweep(t.Context(), handle)
		require.NoError(t, err)
		require.Len(t, result.Gaps, 1)
		require.WithinDuration(t, began.Add(-3*time.Hour), result.Gaps[0].From, time.Minute)
		require.WithinDuration(t, s.server.Now().Add(-30*24*time.Hour+time.Hour), result.Gaps[0].To, time.Minute)
		require.Equal(t, 4, result.Changed, "its event comes, too")
		require.Equal(t, []string{"sweep_" + byHand.ID + "_succeeded", byHand.ID}, unknown)
		s.agree()
		unknown = nil
		result, err = s.Sweep(t.Context(), handle)
		require.NoError(t, err)
		require.Empty(t, result.Gaps)
		require.Zero(t, result.Changed)
		require.Empty(t, unknown)
	})
}

// Sent refunds are read once a day, some at a time, whether events come or not.
func TestSweepReadsWhatWasSentLongAgo(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, events := sweepShop(t, db)
		s.sweep()
		first, second := s.pending("first"), s.pending("second")
		events.EventReader = noEvents{}
		require.NoError(t, s.server.Settle(first))
		require.Zero(t, s.sweep().Retrieved, "they are young")
		s.server.Advance(25 * time.Hour)
		result := s.sweep()
		require.Equal(t, []int{2, 1}, []int{result.Retrieved, result.Changed})
		require.Equal(t, refundjobs.StateSucceeded, s.row("first").Shown)
		require.Zero(t, s.sweep().Retrieved, "once a day")
		require.NoError(t, s.server.Settle(second))
		s.server.Advance(25 * time.Hour)
		require.Equal(t, 1, s.sweep().Changed)
		s.agree()

		for i := range 130 {
			s.pending(fmt.Sprintf("many-%03d", i))
		}
		db.exec(t, "UPDATE refundjobs SET refund_id = 're_gone' WHERE name = 'many-007'")
		s.server.Advance(25 * time.Hour)
		require.Equal(t, 99, s.sweep().Retrieved, "and one that is not there")
		require.Equal(t, 30, s.sweep().Retrieved)
		require.Zero(t, s.sweep().Retrieved)
	})
}

type noEvents struct{}

func (noEvents) List(context.Context, refundkit.EventListParams, ...refundkit.CallOption) (*refundkit.EventList, error) {
	return &refundkit.EventList{Object: "list"}, nil
}

// A program that sweeps and knows nothing of refunds made at the Dashboard leaves them to
// the webhook, which comes later.
func TestSweepLeavesEventsToTheWebhook(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, _ := sweepShop(t, db)
		charge := s.charge()
		s.request("order-1", charge.ID)
		s.work()
		_, err := s.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 700}, refundkit.KeyFrom("dashboard"))
		require.NoError(t, err)
		result, err := s.Sweep(t.Context(), s.HandleEvent(func(context.Context, *refundkit.Event) error { return refundjobs.ErrNotHandled }))
		require.NoError(t, err)
		require.Less(t, result.Handled, result.Events)
		require.Positive(t, result.Handled)

		heard := map[int64]bool{}
		list, err := s.client.Events.List(t.Context(), refundkit.EventListParams{Types: []refundkit.EventType{refundkit.EventTypeRefundCreated}})
		require.NoError(t, err)
		for _, event := range list.Data {
			require.NoError(t, s.Once()(t.Context(), event.ID, func(context.Context) error {
				refund, err := event.Refund()
				heard[refund.Amount] = true
				return err
			}))
		}
		require.Equal(t, map[int64]bool{700: true}, heard)
	})
}

func TestSweepRefuses(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s := newShop(t, db)
		_, err := s.Sweep(t.Context(), s.HandleEvent(nil))
		require.ErrorIs(t, err, refundjobs.ErrNoEvents)
	})
}
