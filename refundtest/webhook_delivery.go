package refundtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Delivery is one attempt to deliver an event to an endpoint.
type Delivery struct {
	Event   Event
	Attempt int       // counted from 1
	Status  int       // of the answer; 0 if there was none
	Err     error     // why there was none
	Time    time.Time // of the server's clock
}

// delivery is an event on its way to an endpoint.
type delivery struct {
	event    *event
	attempts int
	due      time.Time // of the next attempt
}

// Waits between the attempts of a delivery.
var (
	testWaits = [...]time.Duration{5 * time.Minute, time.Hour, 3 * time.Hour}
	liveWaits = [...]time.Duration{5 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour}
)

func (d *delivery) waits() []time.Duration {
	if d.event.world.name.live {
		return liveWaits[:]
	}
	return testWaits[:]
}

// take delivers new events, or plans to, and earlier ones that are due again. x
// is the request that caused them, nil if there is none.
func (w *Webhook) take(x *exchange, events []*event) {
	early, late := w.plan(x, events)
	if x == nil {
		w.deliver(append(early, late...))
		return
	}
	if outer, nested := x.request.Context().Value(outerName{}).(*outerDelivery); nested && outer.leave(w, append(early, late...)) {
		return
	}
	w.deliver(early)
	if len(late) == 0 {
		return
	}
	if !overSocket(x) {
		x.afterAnswer = append(x.afterAnswer, func() { w.deliver(late) })
		return
	}
	w.mu.Lock()
	w.unanswered++
	w.mu.Unlock()
	x.afterAnswer = append(x.afterAnswer, func() { w.deliverInBackground(late) })
}

// overSocket reports whether the connection of x stays busy until its handler
// returns: a delivery on the same goroutine could then wait for itself.
func overSocket(x *exchange) bool {
	return !x.inProcess && x.request.Context().Value(http.ServerContextKey) != nil
}

// plan decides what is delivered now: before the answer, and after it.
func (w *Webhook) plan(x *exchange, events []*event) (early, late []*delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	late = w.dueAgain(w.server.Now())
	for _, e := range events {
		if !w.wants(e.kind) {
			continue
		}
		d := &delivery{event: e}
		copies := []*delivery{d}
		if w.again.hit() {
			copies = append(copies, &delivery{event: e})
		}
		switch {
		case w.held || w.shuffle != nil:
			w.waiting = append(w.waiting, copies...)
		case w.early.hit() && x != nil:
			early = append(early, copies...)
		default:
			late = append(late, copies...)
		}
	}
	if w.shuffle == nil || w.held || len(events) == 0 {
		return early, late // a request that changes nothing, perhaps the handler's own, releases nothing
	}
	for range w.shuffle.IntN(len(w.waiting) + 1) {
		next := w.next()
		if w.early.hit() && x != nil {
			early = append(early, next)
		} else {
			late = append(late, next)
		}
	}
	return early, late
}

// next removes one delivery from those that wait.
func (w *Webhook) next() *delivery {
	i := 0
	if w.shuffle != nil {
		i = w.shuffle.IntN(len(w.waiting))
	}
	d := w.waiting[i]
	w.waiting = slices.Delete(w.waiting, i, i+1)
	return d
}

func (w *Webhook) dueAgain(now time.Time) (due []*delivery) {
	w.failed = slices.DeleteFunc(w.failed, func(d *delivery) bool {
		if d.due.After(now) {
			return false
		}
		due = append(due, d)
		return true
	})
	return due
}

// Deliver delivers, one after the other on the caller's goroutine, whatever
// waits to be delivered, and returns how many deliveries it made. Several
// goroutines may call it to deliver concurrently. It first waits for deliveries
// that requests over a socket have caused. It must not be called by the handler.
func (w *Webhook) Deliver() (deliveries int) {
	w.awaitBackground()
	for {
		w.mu.Lock()
		if len(w.waiting) == 0 {
			w.mu.Unlock()
			return deliveries
		}
		d := w.next()
		w.mu.Unlock()
		w.deliver([]*delivery{d})
		deliveries++
	}
}

// Retry repeats every delivery that failed, without waiting for its time, and
// returns how many there were.
func (w *Webhook) Retry() (deliveries int) {
	w.awaitBackground()
	w.mu.Lock()
	failed := w.failed
	w.failed = nil
	w.mu.Unlock()
	w.deliver(failed)
	return len(failed)
}

// Resend delivers an event again, as a person can make Stripe do at the
// Dashboard.
func (w *Webhook) Resend(eventID string) error {
	s := w.server
	s.mu.Lock()
	var found *event
	for _, world := range s.worlds {
		if e := world.events[eventID]; e != nil {
			found = e
		}
	}
	s.mu.Unlock()
	if found == nil {
		return fmt.Errorf("refundtest: there is no event %q", eventID)
	}
	w.deliver([]*delivery{{event: found}})
	return nil
}

// Waiting returns the events that wait for [Webhook.Deliver].
func (w *Webhook) Waiting() []Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var events []Event
	for _, d := range w.waiting {
		events = append(events, d.event.publicIn(w.version))
	}
	return events
}

// Deliveries returns every delivery so far, or the newest that a
// [WithJournalLimit] keeps, in the order in which they ended.
func (w *Webhook) Deliveries() []Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.made)
}

// awaitBackground waits until nothing is delivered in the background.
func (w *Webhook) awaitBackground() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.running || w.unanswered > 0 && w.base().Err() == nil {
		w.quiet.Wait()
	}
}

// deliverInBackground delivers what a request over a socket caused.
func (w *Webhook) deliverInBackground(batch []*delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unanswered--
	if w.base().Err() != nil {
		w.quiet.Broadcast()
		return
	}
	w.inLine = append(w.inLine, batch...)
	if !w.running {
		w.running = true
		go w.drain()
	}
}

func (w *Webhook) drain() {
	for {
		w.mu.Lock()
		batch := w.inLine
		w.inLine = nil
		if len(batch) == 0 || w.base().Err() != nil {
			w.running = false
			w.quiet.Broadcast()
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		w.deliver(batch)
	}
}

// outerDelivery collects what a handler causes by calling the API with the
// context of its request, so that one delivery does not run inside another.
type outerDelivery struct {
	mu      sync.Mutex
	over    bool
	waiting []func()
}

type outerName struct{}

func (o *outerDelivery) leave(w *Webhook, batch []*delivery) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over {
		o.waiting = append(o.waiting, func() { w.deliver(batch) })
	}
	return !o.over
}

func (o *outerDelivery) end() []func() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	return o.waiting
}

// deliver makes one attempt for each delivery.
func (w *Webhook) deliver(batch []*delivery) {
	for _, d := range batch {
		if w.base().Err() != nil {
			return
		}
		outer := &outerDelivery{}
		w.attempt(context.WithValue(w.base(), outerName{}, outer), d)
		for _, next := range outer.end() {
			next()
		}
	}
}

func (w *Webhook) attempt(ctx context.Context, d *delivery) {
	shown, now := d.event.publicIn(w.version), w.server.Now()
	r := eventRequest(shown.Body, w.sign(shown.Body, now), w.target).WithContext(ctx)
	status, err := w.send(r)
	var crash *handlerPanic
	if errors.As(err, &crash) {
		w.server.complain("the webhook's handler panicked at event %s (%s): %v", shown.ID, shown.Type, crash.value)
	}
	made := w.noteAttempt(d, Delivery{Event: shown, Status: status, Err: err, Time: now})
	if w.notify != nil {
		w.notify(made)
	}
}

// noteAttempt writes an attempt down, and plans the next if there is to be one.
func (w *Webhook) noteAttempt(d *delivery, made Delivery) Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.attempts++
	made.Attempt = d.attempts
	limit := w.server.journal.limit
	w.made = newest(append(w.made, made), limit)
	w.noteOutcome(made)
	if made.accepted() {
		d.event.accepted.Store(w, true)
	}
	waits := d.waits()
	if !made.accepted() && d.attempts <= len(waits) {
		d.due = made.Time.Add(waits[d.attempts-1])
		w.failed = newest(append(w.failed, d), limit)
	}
	return made
}

// handlerPanic is a panic that a handler let escape.
type handlerPanic struct{ value any }

func (p *handlerPanic) Error() string { return fmt.Sprintf("the handler panicked: %v", p.value) }

// serve lets a handler answer in process.
func serve(handler http.Handler, r *http.Request) (status int, err error) {
	w := &statusWriter{header: http.Header{}}
	defer func() {
		if value := recover(); value != nil {
			status, err = 0, http.ErrAbortHandler
			if value != http.ErrAbortHandler {
				err = &handlerPanic{value}
			}
		}
	}()
	handler.ServeHTTP(w, r)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.status, nil
}

// statusWriter keeps of an answer what Stripe looks at.
type statusWriter struct {
	header http.Header
	status int
}

func (w *statusWriter) Header() http.Header { return w.header }

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *statusWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(p), nil
}

func post(client *http.Client, r *http.Request) (int, error) {
	r.RequestURI = ""
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
	return response.StatusCode, nil
}
