package webhook_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
)

var deliverySeed = flag.Uint64("delivery.seed", 0, "seed of TestConcurrentDeliveries; 0 chooses one")

// receiver is an application that is told of refunds: what it stored, and how
// often its function did an event's work.
type receiver struct {
	client *refundkit.Client
	chance *rand.Rand // says which events' function fails the first time

	mu      sync.Mutex
	events  map[string]*receivedEvent
	worked  map[string]int
	refunds map[string]*receivedRefund
	given   int64 // by the books
	choices map[refundkit.SnapshotChoice]int
	failed  map[string]bool
}

type receivedEvent struct {
	lock sync.Mutex
	done bool
}

type receivedRefund struct {
	lock   sync.Mutex
	stored *refundkit.Refund
}

func newReceiver(client *refundkit.Client, chance *rand.Rand) *receiver {
	return &receiver{client: client, chance: chance, failed: map[string]bool{}, events: map[string]*receivedEvent{},
		worked: map[string]int{}, refunds: map[string]*receivedRefund{}, choices: map[refundkit.SnapshotChoice]int{}}
}

// once is a [webhook.Once] in memory.
func (r *receiver) once(ctx context.Context, eventID string, handle func(context.Context) error) error {
	event := found(r, r.events, eventID)
	event.lock.Lock()
	defer event.lock.Unlock()
	if event.done {
		return nil
	}
	if err := handle(ctx); err != nil {
		return err
	}
	event.done = true
	return nil
}

func (r *receiver) handle(ctx context.Context, event *refundkit.Event) error {
	arrived, err := event.Refund()
	if errors.Is(err, refundkit.ErrEventObject) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.worked[event.ID]++
		return nil
	}
	if err != nil {
		return err
	}
	refund := found(r, r.refunds, arrived.ID)
	refund.lock.Lock()
	defer refund.lock.Unlock()
	choice := refundkit.ChooseSnapshot(refund.stored, arrived)
	if choice == refundkit.SnapshotChoiceRefetch {
		if arrived, err = r.client.Refunds.Retrieve(ctx, arrived.ID, event.CallOptions()...); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.choices[choice]++
	if !r.failed[event.ID] && r.chance.IntN(10) == 0 { // once, because Stripe gives up after some times
		r.failed[event.ID] = true
		return errors.New("the database is down")
	}
	r.worked[event.ID]++
	if choice == refundkit.SnapshotChoiceKeep {
		return nil
	}
	switch refundkit.EntryBetween(refund.stored, arrived) {
	case refundkit.BookEntryCount:
		r.given += arrived.Amount
	case refundkit.BookEntryReverse:
		r.given -= arrived.Amount
	}
	refund.stored = arrived
	return nil
}

func found[T any](r *receiver, all map[string]*T, id string) *T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all[id] == nil {
		all[id] = new(T)
	}
	return all[id]
}

// gate holds the first count deliveries until all of them are there.
func gate(count int, handler http.Handler, open func()) http.Handler {
	var arrived sync.WaitGroup
	arrived.Add(count)
	var mu sync.Mutex
	left := count
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		mu.Lock()
		waits, last := left > 0, left == 1
		left--
		mu.Unlock()
		if last {
			open()
		}
		if waits {
			arrived.Done()
			arrived.Wait()
		}
		handler.ServeHTTP(w, request)
	})
}

// live lets refunds of every kind be made, and the first part of their life pass.
func live(t *testing.T, client *refundkit.Client, server *refundtest.Server, count int) {
	outcomes := []refundtest.RefundOutcome{refundtest.Succeeds, refundtest.PendsThenSucceeds, refundtest.SucceedsThenFails,
		refundtest.StaysPending, refundtest.NeedsAction}
	for i := range count {
		charge := server.AddCharge(refundtest.Charge{Amount: 1000, OnRefund: outcomes[i%len(outcomes)],
			ReceiptEmail: "jenny@example.com"})
		refund, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 100 + int64(i)})
		require.NoError(t, err)
		switch {
		case refund.Status == refundkit.RefundStatusRequiresAction && i%2 == 0:
			_, err = client.Refunds.Cancel(t.Context(), refund.ID)
		case refund.Status == refundkit.RefundStatusRequiresAction:
			err = server.SubmitDetails(refund.ID)
		case refund.Status == refundkit.RefundStatusPending && i%3 == 0:
			err = server.RequireAction(refund.ID)
		}
		require.NoError(t, err)
	}
	server.Advance(5 * time.Second)
}

// goOn is what happens to the refunds while their events are delivered.
func goOn(server *refundtest.Server, seed uint64) {
	chance := rand.New(rand.NewPCG(seed, 2))
	server.Advance(time.Minute)
	for _, refund := range server.Refunds("") {
		// A refund that is over can't be moved any more; that is not what is tested here.
		switch chance.IntN(4) {
		case 0:
			_ = server.RequireAction(refund.ID)
			_ = server.SubmitDetails(refund.ID)
		case 1:
			_ = server.Fail(refund.ID, "lost_or_stolen_card")
		}
	}
}

// slowly lets others run between an answer and its use, so that the answer may be
// out of date by then.
type slowly struct{ http.RoundTripper }

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.RoundTripper.RoundTrip(r)
	for range 50 {
		runtime.Gosched()
	}
	return response, err
}

// TestConcurrentDeliveries delivers a thousand events at the same time, some
// twice, in any order, to a function that sometimes fails, while the refunds
// live on. In the end each event was handled once, and what the application
// stored is what the server has.
func TestConcurrentDeliveries(t *testing.T) {
	refunds, least := 250, 1000
	if testing.Short() {
		refunds, least = 50, 200
	}
	seed := *deliverySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	const secret = "whsec_delivery"
	server := refundtest.New(refundtest.WithReporter(t), refundtest.WithSeed(seed))
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(&http.Client{Transport: slowly{server.HTTPClient().Transport}}))
	require.NoError(t, err)
	app := newReceiver(client, rand.New(rand.NewPCG(seed, 1)))
	events, err := webhook.New([]string{secret}, webhook.WithOnce(app.once), webhook.WithClock(server.Now))
	require.NoError(t, err)

	var handler http.Handler
	hook := server.AddWebhook(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }),
		secret, refundtest.HeldUntilDeliver(), refundtest.Duplicated(0.3, seed), refundtest.Reordered(seed))
	live(t, client, server, refunds)
	atOnce := len(hook.Waiting())
	require.GreaterOrEqual(t, atOnce, least)

	var group sync.WaitGroup
	handler = gate(atOnce, events.Handler(app.handle), func() { group.Go(func() { goOn(server, seed) }) })
	for range atOnce {
		group.Go(func() { hook.Deliver() })
	}
	group.Wait()
	hook.Deliver()
	require.Positive(t, hook.Retry(), "the function never failed")
	app.check(t, server, hook, seed)
	t.Logf("%d deliveries at once, %d in all, of %d events; %d failed; choices: %v", atOnce, len(hook.Deliveries()), len(server.Events()), len(app.failed), app.choices)
}

// check compares the application with the server.
func (r *receiver) check(t *testing.T, server *refundtest.Server, hook *refundtest.Webhook, seed uint64) {
	deliveries := map[string]int{}
	for _, delivery := range hook.Deliveries() {
		deliveries[delivery.Event.ID]++
	}
	twice := 0
	for _, event := range server.Events() {
		require.Equal(t, 1, r.worked[event.ID], "seed %d: how often %s (%s) was handled", seed, event.ID, event.Type)
		if deliveries[event.ID] > 1 {
			twice++
		}
	}
	require.Positive(t, twice, "nothing came twice")

	var given int64
	for _, refund := range server.Refunds("") {
		require.NotNil(t, r.refunds[refund.ID].stored, "seed %d: refund %s", seed, refund.ID)
		now, err := r.client.Refunds.Retrieve(t.Context(), refund.ID)
		require.NoError(t, err)
		require.Equal(t, now, r.refunds[refund.ID].stored, "seed %d", seed)
		if !now.Status.IsFinal() {
			given += now.Amount
		}
	}
	require.Equal(t, given, r.given, "the books, seed %d", seed)
	for _, choice := range []refundkit.SnapshotChoice{refundkit.SnapshotChoiceReplace, refundkit.SnapshotChoiceKeep, refundkit.SnapshotChoiceRefetch} {
		require.Positive(t, r.choices[choice], "%s: never chosen", choice)
	}
}
