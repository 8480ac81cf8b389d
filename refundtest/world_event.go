package refundtest

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Event is something that happened, as the API shows it.
//
// https://docs.stripe.com/api/events/object
type Event struct {
	ID      string
	Type    string
	Created time.Time
	Live    bool

	// Account is the connected account in which it happened, empty for the
	// platform's own.
	Account string

	// ObjectID is the id of the refund, charge or PaymentIntent.
	ObjectID string

	// RequestID and IdempotencyKey are of the request that caused it. Both are
	// empty for what happened by itself; at the Dashboard there is no key.
	RequestID      string
	IdempotencyKey string

	// Body is the whole event as JSON, as it is sent to a webhook endpoint.
	Body []byte
}

// event is an entry of the log, which only grows, unless the journal has a limit.
type event struct {
	id       string
	at       moment
	kind     string
	world    *World
	objectID string
	subject  packed // as it was
	previous packed // empty to leave it out
	older    packed // the subject before 2022-11-15, empty if nobody asks for it
	cause    cause
	accepted sync.Map // by the *Webhook that answered it with a success
}

// cause is the request that changes objects, as far as the objects know it. It
// is empty for what happens by itself.
type cause struct{ requestID, key string }

// causedBy runs do, and has every event that is published meanwhile name c.
func (s *Server) causedBy(c cause, do func()) {
	s.cause = c
	defer func() { s.cause = cause{} }()
	do()
}

func (e *event) when() moment { return e.at }

// publish appends an event to the log, and hands it to the webhooks.
func (w *World) publish(kind string, subject, previous object) {
	e := &event{id: w.server.ids.object("evt_"), at: w.server.stamp(), kind: kind, world: w, objectID: asID(subject),
		subject: w.server.pack(kind, subject), previous: w.server.pack(kind+" previous", previous), cause: w.server.cause}
	w.events[e.id] = e
	w.allEvents.add(e)
	for _, old := range w.allEvents.keep(w.server.journal.limit) {
		delete(w.events, old.id)
	}
	if w.server.showsOlderEvents() {
		e.older = w.server.pack(kind, w.withLists(subject))
	}
	if len(w.server.hooks) > 0 {
		w.server.outbox = append(w.server.outbox, e)
	}
}

// pack keeps what an event shows. It does not change any more, whatever becomes
// of the object.
func (s *Server) pack(kind string, shown object) packed {
	if shown == nil {
		return packed{}
	}
	return s.packer.pack(kind, string(renderValue(shown)))
}

func (e *event) show() object { return e.showIn(APIVersion) }

// showIn shows an event as an endpoint of another API version gets it.
func (e *event) showIn(version string) object {
	data := object{"object": rendered(e.subject.text())}
	if showsLists(version) && e.older.isKept() {
		data["object"] = rendered(e.older.text())
	}
	if e.previous.isKept() {
		data["previous_attributes"] = rendered(e.previous.text())
	}
	o := object{
		"id": e.id, "object": kindEvent, "api_version": version, "created": e.at.second, "data": data,
		"livemode": e.world.name.live, "pending_webhooks": int64(1),
		"request": object{"id": orNull(e.cause.requestID), "idempotency_key": orNull(e.cause.key)},
		"type":    e.kind,
	}
	if account := e.account(); account != "" {
		o["account"] = account
	}
	return o
}

func (e *event) account() string {
	if e.world.name.account == PlatformAccount {
		return ""
	}
	return e.world.name.account
}

func (e *event) public() Event { return e.publicIn(APIVersion) }

func (e *event) publicIn(version string) Event {
	return Event{
		ID: e.id, Type: e.kind, Created: time.Unix(e.at.second, 0).UTC(), Live: e.world.name.live, Account: e.account(),
		ObjectID: e.objectID, RequestID: e.cause.requestID, IdempotencyKey: e.cause.key, Body: render(e.showIn(version)),
	}
}

// Events returns everything that happened in this world, or the newest that a
// [WithJournalLimit] keeps, oldest first.
func (w *World) Events() []Event {
	var happened []Event
	w.server.locked(func() {
		for _, e := range w.allEvents.sorted() {
			happened = append(happened, e.public())
		}
	})
	return happened
}

// isOf reports whether the event's type is among patterns, such as refund.created
// and refund.*.
func (e *event) isOf(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, all := strings.CutSuffix(pattern, "*"); all {
			return strings.HasPrefix(e.kind, prefix)
		}
		return pattern == e.kind
	})
}

// changes returns what after has overwritten, as previous_attributes shows it:
// the old values only, and null for what was not there.
func changes(before, after object) object {
	previous := object{}
	for name, old := range before {
		now, kept := after[name]
		if kept && reflect.DeepEqual(old, now) {
			continue
		}
		oldObject, isObject := asObject(old)
		nowObject, stillObject := asObject(now)
		if isObject && stillObject {
			previous[name] = changes(oldObject, nowObject)
			continue
		}
		previous[name] = old
	}
	for name := range after {
		if _, had := before[name]; !had {
			previous[name] = nil
		}
	}
	return previous
}

func asObject(v any) (object, bool) {
	switch v := v.(type) {
	case object:
		return v, true
	case map[string]string:
		o := make(object, len(v))
		for name, value := range v {
			o[name] = value
		}
		return o, true
	}
	return nil, false
}
