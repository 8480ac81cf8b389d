package histories

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

const (
	jobName      = "order-6735/refund-1"
	apiKey       = "sk_test_worker"
	revokedKey   = "sk_test_revoked"
	readlessKey  = "rk_test_nothing"
	personKey    = "sk_test_person"
	otherAccount = "acct_other"
)

// Setup is what a history starts from.
type Setup struct {
	Name    string
	Skew    time.Duration // of the second worker's clock; the first one's is right
	Offset  time.Duration // what the second worker's ClockOffset says
	Account string        // connected
	build   func(*World) refundkit.RefundCreateParams
}

// World is one history so far.
type World struct {
	setup   Setup
	server  *refundtest.Server
	stripe  *refundtest.World // of the job's account
	charge  string
	shared  string // a refund that others made with the job's name
	older   string // a refund that was there before, and has nothing to do with the job
	knows   bool   // that there is such a refund, which then counts as its own
	table   table
	workers [2]*worker
	road    []onItsWay
	keys    map[string]*keyUse

	revoked, lookForbidden, wrongAccount bool          // until it is mended
	ailment                              *ailment      // never mended
	held                                 refundkit.Job // what the second worker has read
	holds                                bool
	delivered                            map[string]bool
	cached                               []refundtest.Event
	told                                 int             // how many events there were
	accepted                             map[string]bool // by a person
	unheard                              string          // a refund whose failure no row could know as its own
	serves                               string          // what a person accepted last
	excused                              string          // what a person did that can refund twice
	namesake                             bool            // another payment has a refund of the job's name
	disputed, poor                       bool            // it was at some time
	refused                              bool            // Stripe itself refused a request at some time
	reached                              map[string]bool // keys of sends that may have been executed
	paused                               bool            // the last choice was to let time pass

	call   *call
	story  []string
	broken error // the first invariant that does not hold
}

// worker is a process with a clock of its own.
type worker struct {
	name   string
	skew   time.Duration
	client *refundkit.Client
	opts   []refundkit.CallOption
}

// call is one use of Advance.
type call struct {
	worker      *worker
	sends       []fault // of each request in turn; the rest goes well
	looks       []fault
	saves       []saveMode
	beforeSend  func()
	afterAnswer func()
	saved       int
	cancel      context.CancelFunc
}

// keyUse is what the fake has for a key, as seen from outside.
type keyUse struct {
	number int
	first  time.Time
	answer string // that every repetition gets; empty: nothing was executed
	kept   time.Time
}

// onItsWay is what Stripe will still execute.
type onItsWay struct {
	key string
	at  time.Time
	do  func() // nil: the fake does it by itself
}

// newWorld makes the world of a setup before anything has happened.
func newWorld(setup Setup) *World {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	w := &World{setup: setup, keys: map[string]*keyUse{}, reached: map[string]bool{}, delivered: map[string]bool{}, accepted: map[string]bool{}}
	w.server = refundtest.New(refundtest.WithSeed(1), refundtest.WithClock(func() time.Time { return start }))
	w.server.RevokeKey(revokedKey)
	w.server.RestrictKey(readlessKey)
	w.server.Account(otherAccount)
	w.stripe = w.server.World
	if setup.Account != "" {
		w.stripe = w.server.Account(setup.Account)
	}
	params := setup.build(w)
	w.workers[0] = w.newWorker("A", 0, 0)
	w.workers[1] = w.newWorker("B", setup.Skew, setup.Offset)
	job, err := refundkit.NewJob(jobName, params)
	if err != nil {
		panic(err) // a mistake in a setup
	}
	job.Account = setup.Account
	w.table.put(job)
	return w
}

func (w *World) newWorker(name string, skew, offset time.Duration) *worker {
	made := &worker{name: name, skew: skew + offset}
	client, err := refundkit.New(apiKey, refundkit.WithHTTPClient(&http.Client{Transport: &road{w}}), refundkit.WithMaxRetries(0),
		refundkit.WithClock(func() time.Time { return w.server.Now().Add(skew) }))
	if err != nil {
		panic(err)
	}
	made.client = client
	if offset != 0 {
		made.opts = append(made.opts, refundkit.ClockOffset(offset))
	}
	return made
}

// now is the true time, which is Stripe's.
func (w *World) now() time.Time { return w.server.Now() }

// pass lets time pass, and what is on its way arrive at its time.
func (w *World) pass(d time.Duration) {
	end := w.now().Add(d)
	for {
		next := -1
		for i, waiting := range w.road {
			if !waiting.at.After(end) && (next < 0 || waiting.at.Before(w.road[next].at)) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		arriving := w.road[next]
		w.road = slices.Delete(w.road, next, next+1)
		w.server.Advance(arriving.at.Sub(w.now()))
		if arriving.do != nil {
			arriving.do()
		}
	}
	w.server.Advance(end.Sub(w.now()))
}

// waitUntilDue lets time pass until a worker's clock says that the job is due.
func (w *World) waitUntilDue(by *worker) {
	if wait := w.table.row.Due.Sub(w.now().Add(by.skew)); wait > 0 {
		w.tellf("%s later", short(wait))
		w.pass(wait)
	}
}

// goesOn reports whether a worker has something to do, now or later.
func goesOn(job refundkit.Job) bool {
	return job.State == refundkit.JobStateWaiting || job.State == refundkit.JobStateOpen
}

// advance lets a worker call Advance on the job as it has it.
func (w *World) advance(job refundkit.Job, c call) {
	outer := w.call
	defer func() { w.call = outer }()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.cancel = cancel
	w.call = &c
	opts := c.worker.opts
	if attempts := max(len(c.sends), len(c.looks)); attempts > 1 {
		opts = append(slices.Clone(opts), refundkit.MaxRetries(attempts-1))
	}
	_, _, err := c.worker.client.Refunds.Advance(ctx, job, w.save, opts...)
	if refused := (*refundkit.ParamError)(nil); errors.As(err, &refused) {
		w.breakf("Advance refused the job: %v", err)
	}
}

// save is the database of the job.
func (w *World) save(ctx context.Context, job refundkit.Job) error {
	c := w.call
	mode := saveWell
	if c.saved < len(c.saves) {
		mode = c.saves[c.saved]
	}
	c.saved++
	sending := c.saved == 1 && job.State == refundkit.JobStateOpen && job.LastSent.Equal(w.now().Add(c.worker.skew)) && !job.LookUp
	if !sending && c.afterAnswer != nil {
		then := c.afterAnswer
		c.afterAnswer = nil
		then()
	}
	if sending && !job.Due.After(w.now().Add(c.worker.skew)) {
		w.breakf("a send was stored that is due at once: two workers would send")
	}
	if ctx.Err() != nil {
		w.breakf("save was called with a context that has ended")
	}
	if mode == saveFails {
		w.tellf("the save failed")
		return errors.New("the database is down")
	}
	if err := w.store(job); err != nil {
		w.tellf("somebody else had changed the row")
		return err
	}
	if mode == saveThenDie {
		return errors.New("the process died")
	}
	if sending && c.beforeSend != nil {
		c.beforeSend()
	}
	return nil
}

// store writes the job over the version before it.
func (w *World) store(job refundkit.Job) error {
	before := w.table.row
	if before.Version != job.Version-1 {
		return refundkit.ErrJobChanged
	}
	w.table.put(job)
	w.checkChange(before, job)
	return nil
}

type saveMode int

const (
	saveWell    saveMode = iota
	saveFails            // nothing is stored
	saveThenDie          // it is stored, and the process learns nothing of it
)

// table is a database with one row.
type table struct {
	row   refundkit.Job
	sends []refundkit.Job // each row that was stored as open, whose key may be sent
}

func (t *table) put(job refundkit.Job) {
	t.row = job
	if job.Open {
		t.sends = append(t.sends, job)
	}
}

func (w *World) tellf(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// short writes a duration as people do.
func short(d time.Duration) string {
	text := d.Round(time.Second).String()
	if rest, whole := strings.CutSuffix(text, "m0s"); whole {
		text = rest + "m"
	}
	if rest, whole := strings.CutSuffix(text, "h0m"); whole {
		text = rest + "h"
	}
	return text
}
