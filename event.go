package refundkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// EventType is what happened. New values may appear; an event of a type that
// this package does not name is an event like any other.
//
// https://docs.stripe.com/api/events/types
type EventType string

// The event types that tell of refunds. EventChargeRefundUpdated is deprecated:
// it comes beside EventRefundUpdated and EventRefundFailed with the same
// refund, under an ID of its own; see [WithoutChargeRefundUpdated].
const (
	EventRefundCreated       EventType = "refund.created"
	EventRefundUpdated       EventType = "refund.updated"
	EventRefundFailed        EventType = "refund.failed"
	EventChargeRefunded      EventType = "charge.refunded" // its object is the charge
	EventChargeRefundUpdated EventType = "charge.refund.updated"
)

// ErrEventObject: the event's object is of another kind than was asked for.
var ErrEventObject = errors.New("refundkit: the event is about another kind of object")

// Event is what Stripe tells a webhook. An event may come more than once, always
// with the same ID, and events come in any order: Created does not order them,
// and the object is a snapshot that may be out of date; see [ChooseSnapshot].
//
// https://docs.stripe.com/api/events/object
type Event struct {
	ID              string          `json:"id"`
	Object          string          `json:"object"`
	Account         string          `json:"account,omitzero"` // Connect: the account that it happened on
	APIVersion      string          `json:"api_version"`      // the endpoint's, not that of the request that caused it
	Context         string          `json:"context,omitzero"`
	Created         Timestamp       `json:"created"`
	Data            EventData       `json:"data"`
	Livemode        bool            `json:"livemode"`
	PendingWebhooks int64           `json:"pending_webhooks"`
	Request         EventRequest    `json:"request"`
	Type            EventType       `json:"type"`
	Raw             json.RawMessage `json:"-"` // the whole payload; nil unless the event comes from a [Webhook]
}

// EventData is what an event is about: the object as it was at that moment, and
// the old values of what the event changed, by the name of the field.
// PreviousAttributes is nil for events that change nothing.
type EventData struct {
	Object             json.RawMessage            `json:"object"`
	PreviousAttributes map[string]json.RawMessage `json:"previous_attributes,omitzero"`
}

// EventRequest is the API call that caused the event. Both are empty when Stripe
// caused it itself; IdempotencyKey is also empty for a call without one.
type EventRequest struct {
	ID             string `json:"id"`
	IdempotencyKey string `json:"idempotency_key"`
}

// UnmarshalJSON reads null, the bare ID that API versions before 2017-05-25
// send, or an object.
func (r *EventRequest) UnmarshalJSON(data []byte) error {
	*r = EventRequest{}
	if len(data) > 0 && data[0] == '{' {
		type plain EventRequest
		return json.Unmarshal(data, (*plain)(r))
	}
	return json.Unmarshal(data, &r.ID)
}

// Refund returns the event's object, whatever the event's type, if it is a
// refund; if not, errors.Is(err, [ErrEventObject]) holds.
func (e *Event) Refund() (*Refund, error) { return eventObject[Refund](e.Data.Object, "refund") }

// Charge returns the event's object, whatever the event's type, if it is a
// charge; if not, errors.Is(err, [ErrEventObject]) holds. Never derive the state
// of a refund from it.
func (e *Event) Charge() (*Charge, error) { return eventObject[Charge](e.Data.Object, "charge") }

// CallOptions returns what a call needs to act on the account that the event
// came from. It is nil for an event of your own account.
func (e *Event) CallOptions() []CallOption {
	if e.Account == "" {
		return nil
	}
	return []CallOption{OnAccount(e.Account)}
}

// parseEvent reads a payload that is known to come from Stripe.
func parseEvent(payload []byte) (*Event, error) {
	event := new(Event)
	err := json.Unmarshal(payload, event)
	switch {
	case err == nil && event.Object == "event" && event.ID != "" && event.Type != "":
		event.Raw = bytes.Clone(payload)
		return event, nil
	case err == nil && event.Object == "event":
		return nil, fmt.Errorf("%w: the event has no id or no type", ErrPayload)
	}
	if kind := kindOf(payload); kind != "" && kind != "event" {
		return nil, fmt.Errorf("%w: it is a %s, not an event", ErrPayload, clean(kind))
	}
	return nil, fmt.Errorf("%w: %s", ErrPayload, describeJSON(err))
}

// eventObject decodes raw once; only when that fails does it look why.
func eventObject[T any, P interface {
	*T
	checker
}](raw json.RawMessage, kind string) (*T, error) {
	value := new(T)
	err := decode(raw, P(value))
	if err == nil {
		return value, nil
	}
	if found := kindOf(raw); found != kind {
		return nil, fmt.Errorf("%w: %q instead of %q", ErrEventObject, clean(found), kind)
	}
	return nil, fmt.Errorf("%w: the %s: %s", ErrPayload, kind, describeJSON(err))
}

func (c *Charge) check() error { return checkIdentity(c.Object, "charge", c.ID) }

// kindOf returns the object member of a JSON object, or "".
func kindOf(raw []byte) string {
	var named struct {
		Object string `json:"object"`
	}
	_ = json.Unmarshal(raw, &named) // what can't be read has no kind
	return named.Object
}

// describeJSON tells what encoding/json found, without the value that it quotes.
func describeJSON(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is not JSON, from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("field %q is not a %s", clean(kind.Field), kind.Type)
	case err == nil:
		return "it is not a JSON object with its kind and an id"
	}
	return clean(err.Error())
}
