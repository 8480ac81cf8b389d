package refundtest

import (
	"slices"
	"strings"
	"time"
)

// An Event is something that happened, as the API tells of it.
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

// event is an entry of the log, which only grows.
type event struct {
	id       string
	at       moment
	kind     string
	world    *World
	subject  object // as it was; never changed
	previous object // nil to leave it out
	request  string
	key      string
}

func (e *event) when() moment { return e.at }

// record appends to the log.
func (w *World) publish(kind string, subject, previous object) {
	e := &event{id: w.server.ids.object("evt_"), at: w.server.stamp(), kind: kind, world: w, subject: subject, previous: previous}
	if x := w.server.current; x != nil {
		e.request, e.key = x.requestID, x.key
	}
	w.events[e.id] = e
	w.allEvents.add(e)
	if len(w.server.hooks) > 0 {
		w.server.outbox = append(w.server.outbox, e)
	}
}

func (e *event) show() object {
	data := object{"object": e.subject}
	if e.previous != nil {
		data["previous_attributes"] = e.previous
	}
	o := object{
		"id": e.id, "object": kindEvent, "api_version": APIVersion, "created": e.at.second, "data": data,
		"livemode": e.world.name.live, "pending_webhooks": int64(1),
		"request": object{"id": orNull(e.request), "idempotency_key": orNull(e.key)},
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

func (e *event) public() Event {
	id, _ := e.subject["id"].(string)
	return Event{
		ID: e.id, Type: e.kind, Created: time.Unix(e.at.second, 0).UTC(), Live: e.world.name.live, Account: e.account(),
		ObjectID: id, RequestID: e.request, IdempotencyKey: e.key, Body: render(e.show()),
	}
}

// Events returns everything that happened in this world, oldest first.
func (w *World) Events() []Event {
	var happened []Event
	w.server.locked(func() {
		for _, e := range w.allEvents.sorted() {
			happened = append(happened, e.public())
		}
	})
	return happened
}

func eventRoutes() []*route {
	return []*route{
		{
			method: "GET", template: "/v1/events", shows: kindEvent, lists: true, handle: listEvents,
			params: listParams(param{name: "created", kind: timeRange}, textParam("type"), param{name: "types", kind: texts},
				param{name: "delivery_success", kind: boolean}),
		},
		{
			method: "GET", template: "/v1/events/{id}", shows: kindEvent, params: []param{expandParam},
			handle: func(x *exchange) (object, *refusal) {
				e := x.world.events[x.args["id"]]
				if e == nil {
					return nil, missing(kindEvent, x.args["id"], "id")
				}
				return e.show(), nil
			},
		},
	}
}

func listEvents(x *exchange) (object, *refusal) {
	wanted := x.params.child("types")
	if x.params.has("type") && wanted != nil {
		return nil, invalid("types", "", "Send either type or types.")
	}
	line := &x.world.allEvents
	if x.params.has("type") || wanted != nil {
		line = &timeline[*event]{}
		for _, e := range x.world.allEvents.sorted() {
			if e.isOf(x.params.text("type"), wanted) {
				line.add(e)
			}
		}
	}
	return listPage(x, line, kindEvent, func(id string) dated {
		if e := x.world.events[id]; e != nil {
			return e
		}
		return nil
	})
}

// isOf matches an event type, where refund.* stands for all that begin so.
func (e *event) isOf(kind string, kinds *node) bool {
	patterns := []string{kind}
	if kinds != nil {
		patterns = patterns[:0]
		for _, name := range kinds.names {
			patterns = append(patterns, kinds.children[name].value)
		}
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, all := strings.CutSuffix(pattern, "*"); all {
			return strings.HasPrefix(e.kind, prefix)
		}
		return pattern == e.kind
	})
}
