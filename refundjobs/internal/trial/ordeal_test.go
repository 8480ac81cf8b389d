//go:build unix

package trial

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/refundtest"
)

const (
	faulty   = 0.3
	slow     = 0.05 // of the others: Stripe is done, and takes its time to say so
	byOthers = 100  // of a payment, at the Dashboard
)

// ordeal is a fake Stripe, a shop, and workers that are killed.
type ordeal struct {
	t       *testing.T
	way     way
	seed    uint64
	random  *rand.Rand
	server  *refundtest.Server
	hook    *refundtest.Webhook
	door    *door
	clock   *clock
	store   store
	cluster *cluster // nil: it may not be restarted
	config  worker   // of every worker
	many    int      // workers
	mu      sync.Mutex
	workers []*process
	born    int
	charge  refundtest.Charge // of the orders now
	orders  []order           // that were canceled for good
	undone  []string          // orders whose transaction was rolled back
	menu    []func()          // troubles to come
	plan    *festival         // nil: refunds are asked for one by one
	market  *market           // nil: nothing is unwound
	sharing int               // refunds of one payment
	held    *held             // a worker that is stopped
	counts
}

// newOrdeal starts the fake; the caller sets where the rows are.
func newOrdeal(t *testing.T, how way, seed uint64) *ordeal {
	o := &ordeal{t: t, way: how, seed: seed, sharing: 5, random: rand.New(rand.NewPCG(seed, 0)), counts: counts{decisions: map[string]int{}}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: again with -trial.seed=%d", how, seed)
		}
	})
	path := filepath.Join(t.TempDir(), "clock")
	var err error
	o.clock, err = openClock(path)
	require.NoError(t, err)
	o.server = refundtest.New(refundtest.WithClock(o.clock.now))
	t.Cleanup(o.server.Close)
	o.server.Inject(
		refundtest.StallBody().On("POST /v1/refunds").WithProbability(0.004, seed+2),
		refundtest.Chaos(seed, faulty, refundtest.ForeignRefusals()...).When(func(r refundtest.Request) bool { return r.Header.Get(headerWorker) != "" }),
		refundtest.Delay(100*time.Millisecond).AfterWork().On("POST /v1/refunds").WithProbability(slow, seed+1),
	)
	o.door = newDoor(o.server, o.clock)
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	front := &http.Server{Handler: o.door, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	t.Cleanup(func() { _ = front.Close() })
	go func() { _ = front.Serve(listener) }()
	if how == byRow {
		o.hook = o.server.AddWebhook(http.HandlerFunc(o.forward), hookSecret, refundtest.MayMissEvents(),
			refundtest.Duplicated(0.5, seed+3), refundtest.Reordered(seed+4), refundtest.BeforeAnswer(0.3, seed+5),
			refundtest.EventTypes("refund.*", "charge.refund.updated"), refundtest.OnDelivery(o.delivered))
	}
	o.config = worker{Way: how, Stripe: "http://" + listener.Addr().String(), Clock: path, Rate: 400, Workers: 20}
	t.Cleanup(func() {
		for _, p := range o.workers {
			p.kill()
		}
	})
	return o
}

// run kills so many workers, lets the others finish, and returns the tally.
func (o *ordeal) run(kills, refunds int) tally {
	began := time.Now()
	for turn := range kills {
		o.refill()
		if o.plan == nil {
			o.ask(refunds*(turn+1)/kills - refunds*turn/kills)
		}
		o.trouble()
		if o.plan != nil {
			o.plan.pause()
		}
		o.decideAll()
		o.killOne()
	}
	o.ordealTime = time.Since(began)
	o.finish()
	o.wholeTime = time.Since(began)
	return o.tally()
}

// refill starts a worker for each that is dead.
func (o *ordeal) refill() {
	for i := 0; i < len(o.workers); i++ {
		if !o.workers[i].alive() {
			require.NoError(o.t, o.workers[i].failure())
			if o.workers[i].endedByRiver() {
				o.riverPanics++
			}
			o.remove(o.workers[i])
			i--
		}
	}
	for len(o.workers) < o.many {
		o.born++
		config := o.config
		config.ID = fmt.Sprintf("worker-%d", o.born)
		p, err := startProcess(config)
		require.NoError(o.t, err)
		o.mu.Lock()
		o.workers = append(o.workers, p)
		o.mu.Unlock()
	}
}

func (o *ordeal) remove(p *process) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, other := range o.workers {
		if other == p {
			o.workers = append(o.workers[:i:i], o.workers[i+1:]...)
			return
		}
	}
}

// running are the workers that are alive and not stopped.
func (o *ordeal) running() (found []*process) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.workers {
		if p.alive() && !p.isStopped() {
			found = append(found, p)
		}
	}
	return found
}

// forward takes an event to a worker that lives, as a load balancer does.
func (o *ordeal) forward(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	workers := o.running()
	if err != nil || len(workers) == 0 {
		http.Error(w, "nobody is there", http.StatusBadGateway)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	inner, err := http.NewRequestWithContext(ctx, http.MethodPost, workers[rand.IntN(len(workers))].url, bytes.NewReader(body))
	if err == nil {
		inner.Header = r.Header.Clone()
		var answer *http.Response
		if answer, err = http.DefaultClient.Do(inner); err == nil {
			_ = answer.Body.Close()
			w.WriteHeader(answer.StatusCode)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadGateway)
}

func (o *ordeal) delivered(d refundtest.Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deliveries++
	if d.Status/100 != 2 {
		o.undelivered++
	}
}

// ask cancels so many orders, and for every tenth one more in a transaction that is
// rolled back.
func (o *ordeal) ask(count int) {
	var orders []order
	for range count {
		orders = append(orders, o.newOrder())
	}
	for len(orders) > 0 {
		n := min(len(orders), 1+o.random.IntN(8))
		require.NoError(o.t, patiently(o.t.Context(), func(ctx context.Context) error { return o.store.request(ctx, orders[:n], false) }))
		o.orders = append(o.orders, orders[:n]...)
		orders = orders[n:]
	}
	var undone []order
	for range max(1, count/10) {
		undone = append(undone, o.newOrder())
		o.undone = append(o.undone, undone[len(undone)-1].name)
	}
	require.NoError(o.t, patiently(o.t.Context(), func(ctx context.Context) error { return o.store.request(ctx, undone, true) }))
}

func (o *ordeal) newOrder() order {
	if o.market != nil {
		return o.market.newOrder()
	}
	n := len(o.orders) + len(o.undone)
	if n%o.sharing == 0 || o.charge.ID == "" {
		charge := refundtest.Charge{Amount: 100_000}
		if o.way == byRow {
			charge.OnRefund = refundtest.Succeeds
			switch o.random.IntN(10) {
			case 0:
				charge.OnRefund = refundtest.SucceedsThenFails
			case 1, 2:
				charge.OnRefund = refundtest.PendsThenSucceeds
			}
		}
		o.charge = o.server.AddCharge(charge)
		if o.way == byRow && o.random.IntN(10) == 0 {
			_, err := o.server.RefundInDashboard(o.charge.ID, byOthers)
			require.NoError(o.t, err)
			o.dashboards++
		}
	}
	o.numbered++
	return order{name: fmt.Sprintf("order-%05d", o.numbered), charge: o.charge.ID, amount: 100 + 50*int64(o.random.IntN(3))}
}

// killOne ends a worker by SIGKILL: at a random moment, or when it sends a request,
// before or after the work.
func (o *ordeal) killOne() {
	running := o.running()
	if len(running) == 0 {
		return
	}
	victim := running[o.random.IntN(len(running))]
	limit := time.Duration(o.random.IntN(800)) * time.Millisecond
	if o.random.IntN(2) == 0 {
		fault := refundtest.KillCaller(victim.kill)
		if o.random.IntN(3) > 0 {
			fault = fault.AfterWork()
		}
		o.server.Inject(fault.When(func(r refundtest.Request) bool {
			return r.Method == http.MethodPost && r.Header.Get(headerWorker) == victim.id
		}).Times(1))
		limit = 1500 * time.Millisecond
	}
	select {
	case <-victim.ended:
		o.inRequest++
	case <-time.After(limit):
	}
	victim.kill()
	o.killed++
}

// pass moves the clock. What comes due happens, and is told.
func (o *ordeal) pass(d time.Duration) {
	o.jump(d)
	o.lose()
}

// lose tells River that all running jobs have run for too long: it finds those by the
// machine's clock, whatever clock it is given.
func (o *ordeal) lose() {
	o.exec(`UPDATE river_job SET attempted_at = '2000-01-01 00:00:00' WHERE state = 'running'`)
}

func (o *ordeal) jump(d time.Duration) {
	jumped, err := o.door.jump(d)
	require.NoError(o.t, err)
	if jumped {
		o.jumps++
		o.jumped += d
	}
	o.server.Advance(0)
}

// restart restarts Postgres, as after a crash or in order.
func (o *ordeal) restart() {
	if o.cluster == nil {
		return
	}
	how := syscall.SIGQUIT
	if o.random.IntN(3) == 0 {
		how = syscall.SIGINT
	}
	require.NoError(o.t, o.cluster.stop(how))
	time.Sleep(time.Duration(o.random.IntN(500)) * time.Millisecond)
	require.NoError(o.t, o.cluster.start())
	o.restarts++
}
