package refundkit

import (
	"context"
	"fmt"
	"iter"
	"net/http"
)

const maxEventTypes = 20

// EventDelivery says whether Stripe has delivered an event to every webhook
// endpoint that asks for it.
type EventDelivery string

// EventDeliverySucceeded chooses events that all endpoints have answered with a
// success; EventDeliveryFailed those that Stripe still tries to deliver, or has
// given up.
const (
	EventDeliverySucceeded EventDelivery = "true"
	EventDeliveryFailed    EventDelivery = "false"
)

// EventList is one page of events, newest first. HasMore says whether the walk
// goes on beyond this page.
//
// https://docs.stripe.com/api/pagination
type EventList struct {
	Object  string   `json:"object"`
	Data    []*Event `json:"data"`
	HasMore bool     `json:"has_more"`
	URL     string   `json:"url"`
}

func (l *EventList) check() error { return checkList(l.Object, l.Data) }

func (*EventList) decides(member string) bool { return decidesList(member) }

func (l *EventList) page() ([]*Event, bool) { return l.Data, l.HasMore }

// EventListParams chooses events of the last 30 days. Limit is the page size, 1 to
// 100; 0 is Stripe's 10 for List and 100 for All. At most one cursor may be given.
//
// https://docs.stripe.com/api/events/list
type EventListParams struct {
	_               [0]func()
	Types           []EventType   `url:"types,omitempty,brackets"` // at most 20; none is all of them
	DeliverySuccess EventDelivery `url:"delivery_success,omitempty"`
	Created         CreatedRange  `url:"created"`
	Limit           int           `url:"limit,omitempty"`
	StartingAfter   string        `url:"starting_after,omitempty"` // only events older than this one
	EndingBefore    string        `url:"ending_before,omitempty"`  // only events newer than this one
}

func (p EventListParams) validate() error {
	if len(p.Types) > maxEventTypes {
		return &ParamError{Param: "types", Reason: fmt.Sprintf("Stripe takes at most %d types of events in one call", maxEventTypes)}
	}
	for _, kind := range p.Types {
		if kind == "" {
			return &ParamError{Param: "types", Reason: "one of the types is empty"}
		}
	}
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// EventService reads what has happened, whether a webhook was told or not.
//
// https://docs.stripe.com/api/events
type EventService struct{ client *Client }

// Retrieve returns an event of the last 30 days, with its object as it was then.
// It is safe to repeat.
//
// https://docs.stripe.com/api/events/retrieve
func (s *EventService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*Event, error) {
	c := call{op: "Events.Retrieve", method: http.MethodGet, route: "/v1/events/{id}", ids: []string{id}}
	return do[Event](ctx, s.client, c, opts)
}

// List returns one page of events, newest first. It is safe to repeat.
//
// https://docs.stripe.com/api/events/list
func (s *EventService) List(ctx context.Context, params EventListParams, opts ...CallOption) (*EventList, error) {
	c := call{op: "Events.List", method: http.MethodGet, route: "/v1/events", params: params}
	return do[EventList](ctx, s.client, c, opts)
}

// All walks every event that List would find, as [RefundService.All] does. After
// webhooks were down it tells what they missed: walk with EndingBefore, from the
// last event that was handled.
//
// https://docs.stripe.com/webhooks/process-undelivered-events
func (s *EventService) All(ctx context.Context, params EventListParams, opts ...CallOption) iter.Seq2[*Event, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, eventID, func(at cursor) ([]*Event, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*Event](s.List(ctx, page, opts...))
	})
}

func eventID(e *Event) string { return e.ID }

func (e *Event) check() error { return checkIdentity(e.Object, "event", e.ID) }

func (e *Event) agree(c call) error { return agreeID(c, e.ID) }

// fit reads an event by its own rules, which say what is wrong with it.
func (e *Event) fit(r *fitReader) error { return e.UnmarshalJSON(r.value()) }
