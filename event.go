package refundkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/refundkit/refundkit/internal/text"
)

// EventType is what happened. New values may appear; an event of a type that
// this package does not name is an event like any other.
//
// https://docs.stripe.com/api/events/types
type EventType string

// The event types that tell of refunds. EventTypeChargeRefundUpdated is deprecated:
// it comes beside EventTypeRefundUpdated and EventTypeRefundFailed with the same
// refund, under an ID of its own, and only for refunds that have a charge;
// webhook.WithoutChargeRefundUpdated drops it.
const (
	EventTypeRefundCreated       EventType = "refund.created"
	EventTypeRefundUpdated       EventType = "refund.updated"
	EventTypeRefundFailed        EventType = "refund.failed"
	EventTypeChargeRefunded      EventType = "charge.refunded" // its object is the charge
	EventTypeChargeRefundUpdated EventType = "charge.refund.updated"

	EventTypeTransferReversed            EventType = "transfer.reversed"              // Connect, on the platform: the transfer, with its 10 newest reversals
	EventTypeApplicationFeeRefunded      EventType = "application_fee.refunded"       // the fee, with its 10 newest refunds
	EventTypeApplicationFeeRefundUpdated EventType = "application_fee.refund.updated" // its object is the fee's refund
)

// What can be wrong with an event, for errors.Is.
var (
	// ErrPayload: it can't be read as an event, or its object not as what it says it is.
	ErrPayload = errors.New("refundkit: the event can't be read")
	// ErrEventObject: the event's object is of another kind than was asked for.
	ErrEventObject = errors.New("refundkit: the event is about another kind of object")
)

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
	Raw             json.RawMessage `json:"-"` // the whole event as it was read, byte for byte
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

// Transfer returns the event's object, whatever the event's type, if it is a transfer;
// if not, errors.Is(err, [ErrEventObject]) holds.
func (e *Event) Transfer() (*Transfer, error) {
	return eventObject[Transfer](e.Data.Object, "transfer")
}

// ApplicationFee returns the event's object, whatever the event's type, if it is an
// application fee; if not, errors.Is(err, [ErrEventObject]) holds.
func (e *Event) ApplicationFee() (*ApplicationFee, error) {
	return eventObject[ApplicationFee](e.Data.Object, "application_fee")
}

// CallOptions returns what a call needs to act on the account that the event
// came from. It is nil for an event of your own account.
func (e *Event) CallOptions() []CallOption {
	if e.Account == "" {
		return nil
	}
	return []CallOption{OnAccount(e.Account)}
}

// plainEvent is an Event that is read by its fields.
type plainEvent Event

// decides includes the account and the mode: on them depends where a call acts.
func (*plainEvent) decides(member string) bool {
	switch member {
	case "id", "object", "type", "data", "account", "livemode":
		return true
	}
	return false
}

// UnmarshalJSON reads an event, and keeps a copy of data in Raw. What is not an
// event with an ID and a type is refused: errors.Is(err, [ErrPayload]) holds. Of
// the rest, what has an unforeseen shape is left empty.
func (e *Event) UnmarshalJSON(data []byte) error {
	var read plainEvent
	err := unmarshal(data, &read)
	if err != nil {
		_, err = readWhatFits(data, &read)
	}
	switch {
	case err == nil && read.Object == "event" && read.ID != "" && read.Type != "":
		*e = Event(read)
		e.Raw = bytes.Clone(data)
		return nil
	case err == nil && read.Object == "event":
		return fmt.Errorf("%w: the event has no id or no type", ErrPayload)
	}
	if kind := kindOf(data); kind != "" && kind != "event" {
		return fmt.Errorf("%w: it is a %s, not an event", ErrPayload, text.Masked(kind))
	}
	return fmt.Errorf("%w: %s", ErrPayload, describeJSON(err))
}

// eventObject decodes raw once; only when that fails does it look why.
func eventObject[T any, P interface {
	*T
	checker
}](raw json.RawMessage, kind string) (*T, error) {
	value := new(T)
	_, err := decode(raw, P(value))
	if err == nil {
		return value, nil
	}
	if found := kindOf(raw); found != kind {
		return nil, fmt.Errorf("%w: %q instead of %q", ErrEventObject, text.Masked(found), kind)
	}
	return nil, fmt.Errorf("%w: the %s: %s", ErrPayload, kind, describeJSON(err))
}

// kindOf returns the object member of a JSON object, or "".
func kindOf(raw []byte) string {
	var named struct {
		Object string `json:"object"`
	}
	_ = json.Unmarshal(raw, &named) // what can't be read has no kind
	return named.Object
}

// describeJSON tells what is wrong, without the text that encoding/json quotes.
func describeJSON(err error) string {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is not JSON, from byte %d on", syntax.Offset)
	case err == nil:
		return "it is not a JSON object with its kind and an id"
	}
	return text.Masked(err.Error())
}
