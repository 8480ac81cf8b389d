package refundtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const hookSecret = "whsec_test"

// inbox is an endpoint that believes only what is signed.
type inbox struct {
	mu      sync.Mutex
	webhook *webhook.Webhook
	types   []string
	ids     []string
	status  func(n int) int // of the answer to the nth delivery, counted from 1
	during  func(r *http.Request)
}

func newInbox(t *testing.T, server *refundtest.Server) *inbox {
	hook, err := webhook.New([]string{hookSecret}, webhook.WithClock(server.Now))
	require.NoError(t, err)
	return &inbox{webhook: hook}
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	event, err := b.webhook.Parse(body, r.Header.Get("Stripe-Signature"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	b.types, b.ids = append(b.types, string(event.Type)), append(b.ids, event.ID)
	n := len(b.types)
	b.mu.Unlock()
	if b.during != nil {
		b.during(r)
	}
	if b.status != nil {
		w.WriteHeader(b.status(n))
	}
}

func (b *inbox) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.types)
}

// listening returns a caller whose server has an endpoint.
func listening(t *testing.T, opts ...refundtest.WebhookOption) (*caller, *inbox, *refundtest.Webhook) {
	c := setup(t)
	box := newInbox(t, c.server)
	return c, box, c.server.AddWebhook(box, hookSecret, opts...)
}

func TestEventsAreDelivered(t *testing.T) {
	c, box, hook := listening(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	refund := c.post("/v1/refunds", "charge", charge, "amount", "100").ok(t).text("id")
	assert.Equal(t, []string{"refund.created", "charge.refunded"}, box.seen(), "when the client has read its answer")
	require.NoError(t, c.server.Fail(refund, "declined"))
	assert.Equal(t, []string{"refund.failed", "refund.updated", "charge.refund.updated"}, box.seen()[2:], "at once when a test did it")

	made := hook.Deliveries()
	require.Len(t, made, 5)
	for i, event := range c.server.Events() {
		assert.Equal(t, refundtest.Delivery{Event: event, Attempt: 1, Status: 200, Time: c.server.Now()}, made[i])
	}
	assert.NoError(t, made[0].Err)
	assert.NotEmpty(t, made[0].Event.IdempotencyKey)
	assert.Empty(t, made[4].Event.RequestID)
}

func TestEventsComeAfterTheAnswer(t *testing.T) {
	c, box, _ := listening(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	r, err := http.NewRequest("POST", c.base+"/v1/refunds?charge="+charge, nil)
	require.NoError(t, err)
	r.Header = c.header
	response, err := c.client.Do(r)
	require.NoError(t, err)
	assert.Len(t, c.server.Refunds(charge), 1)
	assert.Empty(t, box.seen())
	require.NoError(t, response.Body.Close())
	assert.Len(t, box.seen(), 2)

	r.URL.RawQuery = "amount=1&charge=" + c.server.AddCharge(refundtest.Charge{}).ID
	response, err = c.client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	assert.Len(t, box.seen(), 4, "read to its end, if not closed")
}

func TestEventsComeBeforeTheAnswer(t *testing.T) {
	c, box, _ := listening(t, refundtest.BeforeAnswer(1, 1))
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	r, err := http.NewRequest("POST", c.base+"/v1/refunds?charge="+charge, nil)
	require.NoError(t, err)
	r.Header = c.header
	response, err := c.client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Len(t, box.seen(), 2)

	c, box, _ = listening(t, refundtest.BeforeAnswer(0.5, 1))
	charge = c.server.AddCharge(refundtest.Charge{}).ID
	counts := map[int]bool{}
	for range 20 {
		before := len(box.seen())
		r.URL.RawQuery = "amount=1&charge=" + charge
		response, err := c.client.Do(r)
		require.NoError(t, err)
		counts[len(box.seen())-before] = true
		require.NoError(t, response.Body.Close())
		assert.Len(t, box.seen(), before+2)
	}
	assert.Len(t, counts, 3, "none, one or both events come early")
}

// TestEventsTellOfLostAnswers: the webhook is how a client learns of a refund
// whose answer it lost.
func TestEventsTellOfLostAnswers(t *testing.T) {
	for name, fault := range map[string]refundtest.Fault{
		"dropped": refundtest.DropConnection().AfterWork(), "cut": refundtest.CutBody(),
		"replaced": refundtest.AnswerHTML(504).AfterWork(), "500": refundtest.ServerError().AfterWork(),
	} {
		c, box, hook := listening(t)
		charge := c.server.AddCharge(refundtest.Charge{}).ID
		c.server.Inject(fault)
		c.tryRefund(charge, "key-1")
		assert.Len(t, box.seen(), 2, name)
		assert.Equal(t, "key-1", hook.Deliveries()[0].Event.IdempotencyKey)
	}
	c, box, _ := listening(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.ServerErrorDoneLater(time.Hour))
	c.tryRefund(charge, "key-1")
	assert.Empty(t, box.seen())
	c.server.Advance(time.Hour)
	assert.Equal(t, []string{"refund.created", "charge.refunded"}, box.seen())
}

func TestHeldEventsWait(t *testing.T) {
	c, box, hook := listening(t, refundtest.HeldUntilDeliver(), refundtest.EventTypes("refund.*"))
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	refund := c.post("/v1/refunds", "charge", charge).ok(t).text("id")
	require.NoError(t, c.server.Fail(refund, ""))
	assert.Empty(t, box.seen())
	require.Len(t, hook.Waiting(), 3)
	assert.Equal(t, refund, hook.Waiting()[0].ObjectID)
	assert.Equal(t, 3, hook.Deliver())
	assert.Equal(t, []string{"refund.created", "refund.failed", "refund.updated"}, box.seen())
	assert.Zero(t, hook.Deliver())
}

func TestReorderedEventsAllCome(t *testing.T) {
	run := func(seed uint64) ([]string, []string) {
		c, box, hook := listening(t, refundtest.Reordered(seed))
		charge := c.server.AddCharge(refundtest.Charge{}).ID
		for range 10 {
			c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
		}
		early := len(box.ids)
		hook.Deliver()
		assert.Greater(t, early, 0, "some do not wait for Deliver")
		var inOrder []string
		for _, event := range c.server.Events() {
			inOrder = append(inOrder, event.ID)
		}
		return box.ids, inOrder
	}
	shuffled, inOrder := run(1)
	assert.ElementsMatch(t, inOrder, shuffled)
	assert.NotEqual(t, inOrder, shuffled)
	again, _ := run(1)
	assert.Equal(t, shuffled, again)
	other, _ := run(2)
	assert.NotEqual(t, shuffled, other)
}

func TestDuplicatedEvents(t *testing.T) {
	c, box, _ := listening(t, refundtest.Duplicated(0.5, 1))
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	for range 20 {
		c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	}
	times := map[string]int{}
	for _, id := range box.ids {
		times[id]++
	}
	counts := map[int]int{}
	for _, n := range times {
		counts[n]++
	}
	assert.Equal(t, 40, counts[1]+counts[2])
	assert.InDelta(t, 20, counts[2], 10)
}

func TestSecretsAreRolled(t *testing.T) {
	c := setup(t)
	var header string
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header.Get("Stripe-Signature") })
	hook := c.server.AddWebhook(handler, "whsec_new", refundtest.SignedAlsoBy("whsec_old"), refundtest.SignedAlsoByV0())
	require.NoError(t, ignoreFirst(c.server.RefundInDashboard(c.server.AddCharge(refundtest.Charge{}).ID, 0)))
	made := hook.Deliveries()
	last := made[len(made)-1]
	v0 := refundtest.SignEventV0(last.Event.Body, last.Time, "whsec_new")
	want := refundtest.SignEvent(last.Event.Body, last.Time, "whsec_new", "whsec_old")
	assert.Equal(t, want+v0[len("t=1700000000"):], header)
	assert.NotEmpty(t, last.Event.RequestID, "the Dashboard")
	assert.Empty(t, last.Event.IdempotencyKey, "has no keys")
}

func ignoreFirst[T any](_ T, err error) error { return err }

func TestEventsOfEveryAccountAndMode(t *testing.T) {
	c := setup(t)
	type seen struct {
		Account  string `json:"account"`
		Livemode bool   `json:"livemode"`
	}
	var all []seen
	c.server.AddWebhook(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event seen
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&event))
		all = append(all, event)
	}), hookSecret, refundtest.EventTypes("refund.created"))
	connected := c.server.Account("acct_1Connected")
	for _, world := range []*refundtest.World{c.server.World, c.server.Live(), connected, connected.Live()} {
		require.NoError(t, ignoreFirst(world.RefundInDashboard(world.AddCharge(refundtest.Charge{}).ID, 0)))
	}
	assert.Equal(t, []seen{{"", false}, {"", true}, {"acct_1Connected", false}, {"acct_1Connected", true}}, all)
}

func TestFailedDeliveriesAreRepeated(t *testing.T) {
	c, box, hook := listening(t, refundtest.EventTypes("refund.created"))
	box.status = func(n int) int {
		if n < 3 {
			return 500
		}
		return 204
	}
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.post("/v1/refunds", "charge", charge).ok(t)
	assert.Len(t, box.seen(), 1)
	c.server.Advance(4 * time.Minute)
	assert.Len(t, box.seen(), 1, "not yet")
	c.server.Advance(time.Minute)
	assert.Len(t, box.seen(), 2, "its time has come")
	assert.Equal(t, 1, hook.Retry())
	assert.Len(t, box.seen(), 3, "by Retry")
	assert.Zero(t, hook.Retry())
	c.server.Advance(100 * time.Hour)
	var got []int
	for _, made := range hook.Deliveries() {
		got = append(got, made.Attempt, made.Status)
	}
	assert.Equal(t, []int{1, 500, 2, 500, 3, 204}, got)
	require.NoError(t, hook.Resend(box.ids[0]))
	assert.Len(t, box.seen(), 4)
	assert.ErrorContains(t, hook.Resend("evt_none"), "evt_none")
}

func TestDeliveriesAreGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		world func(*refundtest.Server) *refundtest.World
		want  int
	}{
		"test mode": {func(s *refundtest.Server) *refundtest.World { return s.World }, 4},
		"live mode": {func(s *refundtest.Server) *refundtest.World { return s.Live() }, 8},
	} {
		caller, box, _ := listening(t, refundtest.EventTypes("refund.created"))
		box.status = func(int) int { return 302 }
		world := c.world(caller.server)
		require.NoError(t, ignoreFirst(world.RefundInDashboard(world.AddCharge(refundtest.Charge{}).ID, 0)))
		for range 400 {
			caller.server.Advance(15 * time.Minute)
		}
		assert.Len(t, box.seen(), c.want, name)
	}
}

func TestPanickingHandlerIsReported(t *testing.T) {
	var reporter recorder
	c := setup(t, refundtest.WithReporter(&reporter))
	value := any("boom")
	hook := c.server.AddWebhook(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(value) }), hookSecret,
		refundtest.EventTypes("refund.created"))
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	require.Len(t, reporter.errors, 1)
	assert.Contains(t, reporter.errors[0], "boom")
	assert.ErrorContains(t, hook.Deliveries()[0].Err, "boom")
	assert.Equal(t, 1, hook.Retry(), "it will come again")

	value = http.ErrAbortHandler
	c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	assert.Len(t, reporter.errors, 2, "a handler may drop the connection")
}

// TestHandlerMayCallTheAPI holds a lock around everything, as a handler that
// refetches one refund at a time does.
func TestHandlerMayCallTheAPI(t *testing.T) {
	c, box, hook := listening(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	var lock sync.Mutex
	box.during = func(r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		if len(box.seen()) > 3 {
			return
		}
		request, err := http.NewRequestWithContext(r.Context(), "POST", c.base+"/v1/refunds?amount=1&charge="+charge, nil)
		assert.NoError(t, err)
		request.Header = c.header
		response, err := c.client.Do(request)
		if assert.NoError(t, err) {
			assert.Equal(t, 200, response.StatusCode)
			assert.NoError(t, response.Body.Close())
		}
	}
	c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	assert.Len(t, box.seen(), 8, "the events of the refunds that were made by the handler come too")
	assert.Len(t, hook.Deliveries(), 8)
}

func TestConcurrentDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, box, hook := listening(t, refundtest.HeldUntilDeliver(), refundtest.Reordered(1), refundtest.Duplicated(0.3, 2))
		charge := c.server.AddCharge(refundtest.Charge{}).ID
		for range 50 {
			c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
		}
		meeting := make(chan struct{})
		box.during = func(*http.Request) { <-meeting }
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { hook.Deliver() })
		}
		synctest.Wait()
		assert.Len(t, box.seen(), 10, "ten at once")
		close(meeting)
		group.Wait()
		assert.Greater(t, len(box.seen()), 100)
		slices.Sort(box.ids)
		assert.Len(t, slices.Compact(box.ids), 100)
	})
}
