package refundkit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eventBody is an event about object; extra is more fields of the event.
func eventBody(kind, object, extra string) string {
	body := `{"id":"evt_1","object":"event","api_version":"2020-03-02","created":1789999990,"livemode":true,"pending_webhooks":2,` +
		`"type":"` + kind + `","data":{"object":` + object + `,"previous_attributes":{"status":"pending","metadata":{"order":null}}}`
	if extra != "" {
		body += "," + extra
	}
	return body + "}"
}

func eventParse(t *testing.T, body string) *refundkit.Event {
	t.Helper()
	event := new(refundkit.Event)
	require.NoError(t, json.Unmarshal([]byte(body), event))
	return event
}

func TestEventFields(t *testing.T) {
	body := eventBody("refund.updated", refundBody, `"account":"acct_1","context":"acct_1/x","request":{"id":"req_1","idempotency_key":"key_1"}`)

	event := eventParse(t, body)

	assert.Equal(t, &refundkit.Event{
		ID: "evt_1", Object: "event", Account: "acct_1", APIVersion: "2020-03-02", Context: "acct_1/x",
		Created: refundkit.NewTimestamp(time.Unix(1789999990, 0)), Livemode: true, PendingWebhooks: 2, Type: refundkit.EventTypeRefundUpdated,
		Request: refundkit.EventRequest{ID: "req_1", IdempotencyKey: "key_1"},
		Data: refundkit.EventData{
			Object:             json.RawMessage(refundBody),
			PreviousAttributes: map[string]json.RawMessage{"status": json.RawMessage(`"pending"`), "metadata": json.RawMessage(`{"order":null}`)},
		},
		Raw: json.RawMessage(body),
	}, event)
}

func TestEventRequest(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		want  refundkit.EventRequest
	}{
		"absent":                  {`"x":1`, refundkit.EventRequest{}},
		"null":                    {`"request":null`, refundkit.EventRequest{}},
		"a bare ID":               {`"request":"req_1"`, refundkit.EventRequest{ID: "req_1"}},
		"an object":               {`"request": {"id":"req_1","idempotency_key":"k"}`, refundkit.EventRequest{ID: "req_1", IdempotencyKey: "k"}},
		"an object of nulls":      {`"request":{"id":null,"idempotency_key":null}`, refundkit.EventRequest{}},
		"from the dashboard":      {`"request":{"id":"req_1","idempotency_key":null}`, refundkit.EventRequest{ID: "req_1"}},
		"an object, then nothing": {`"request":{"id":"req_1"},"request":null`, refundkit.EventRequest{}},
	} {
		assert.Equal(t, c.want, eventParse(t, eventBody("refund.updated", refundBody, c.field)).Request, name)
	}
}

// TestEventOddShapes leaves out what has an unforeseen shape, unless a consumer
// would act on the wrong account, in the wrong mode or on nothing.
func TestEventOddShapes(t *testing.T) {
	for _, odd := range []string{
		`"request":7`, `"request":{"id":7}`, `"pending_webhooks":"two"`, `"pending_webhooks":1.5`, `"context":{"id":"x"}`, `"api_version":20200302`,
		`"created":"today"`, `"data":{"object":` + refundBody + `,"previous_attributes":"status"}`,
	} {
		event := eventParse(t, eventBody("refund.updated", refundBody, odd+`,"account":"acct_1"`))
		assert.Equal(t, "acct_1", event.Account, odd)
		assert.Equal(t, "evt_1", event.ID, odd)
		assert.True(t, event.Livemode, odd)
		refund, err := event.Refund()
		require.NoError(t, err, odd)
		assert.Equal(t, "re_1", refund.ID, odd)
	}
	for _, wrong := range []string{`"account":7`, `"account":{"id":"acct_4242"}`, `"livemode":"4242"`, `"id":4242`, `"type":["4242"]`, `"data":"4242"`, `"request":7,"account":4242`} {
		err := json.Unmarshal([]byte(eventBody("refund.updated", refundBody, wrong)), new(refundkit.Event))
		require.ErrorIs(t, err, refundkit.ErrPayload, wrong)
		assert.NotContains(t, err.Error(), "4242")
	}
}

func TestEventOddRefund(t *testing.T) {
	odd := strings.Replace(refundBody, `"metadata":{}`, `"metadata":{"size":5,"order":"6735"},"receipt_number":7`, 1)
	refund, err := eventParse(t, eventBody("refund.updated", odd, "")).Refund()
	require.NoError(t, err)
	assert.Equal(t, refundkit.Metadata{"order": "6735"}, refund.Metadata)
	assert.Equal(t, int64(500), refund.Amount)
	_, err = eventParse(t, eventBody("refund.updated", strings.Replace(odd, "500", `"4242"`, 1), "")).Refund()
	require.ErrorIs(t, err, refundkit.ErrPayload)
	assert.ErrorContains(t, err, `field amount is not a whole number`)
	assert.NotContains(t, err.Error(), "4242")
}

func TestEventObject(t *testing.T) {
	const charge = `{"id":"ch_1","object":"charge","amount":700}`
	for name, c := range map[string]struct {
		kind, object string
		refund       error
		charge       error
	}{
		"a refund":                          {"refund.updated", refundBody, nil, refundkit.ErrEventObject},
		"a refund under an unknown type":    {"refund.teleported", refundBody, nil, refundkit.ErrEventObject},
		"a refund under a charge's type":    {"charge.refunded", refundBody, nil, refundkit.ErrEventObject},
		"a charge":                          {"charge.refunded", charge, refundkit.ErrEventObject, nil},
		"a charge under a refund's type":    {"refund.created", charge, refundkit.ErrEventObject, nil},
		"something else":                    {"payout.paid", `{"id":"po_1","object":"payout","charge":{}}`, refundkit.ErrEventObject, refundkit.ErrEventObject},
		"null":                              {"refund.created", `null`, refundkit.ErrEventObject, refundkit.ErrEventObject},
		"a string":                          {"refund.created", `"re_1"`, refundkit.ErrEventObject, refundkit.ErrEventObject},
		"a refund without an id":            {"refund.created", `{"object":"refund"}`, refundkit.ErrPayload, refundkit.ErrEventObject},
		"a refund of the wrong shape":       {"refund.created", `{"id":"re_1","object":"refund","amount":"5"}`, refundkit.ErrPayload, refundkit.ErrEventObject},
		"a charge of the wrong shape":       {"charge.refunded", `{"id":"ch_1","object":"charge","amount":"5"}`, refundkit.ErrEventObject, refundkit.ErrPayload},
		"an object whose kind is no string": {"refund.created", `{"id":"re_1","object":5}`, refundkit.ErrEventObject, refundkit.ErrEventObject},
	} {
		event := eventParse(t, eventBody(c.kind, c.object, ""))
		refund, err := event.Refund()
		assert.ErrorIs(t, err, c.refund, name)
		if assert.Equal(t, c.refund == nil, refund != nil, name) && refund != nil {
			assert.Equal(t, int64(500), refund.Amount, name)
		}
		found, err := event.Charge()
		assert.ErrorIs(t, err, c.charge, name)
		if assert.Equal(t, c.charge == nil, found != nil, name) && found != nil {
			assert.Equal(t, int64(700), found.Amount, name)
		}
	}
}

func TestEventCallOptions(t *testing.T) {
	own := eventParse(t, eventBody("refund.updated", refundBody, ""))
	assert.Empty(t, own.CallOptions())
	connected := eventParse(t, eventBody("refund.updated", refundBody, `"account":"acct_1"`))
	assert.Equal(t, []refundkit.CallOption{refundkit.OnAccount("acct_1")}, connected.CallOptions())
}

// TestEventBuiltByHand: a consumer's test needs neither signature nor JSON of a
// whole event.
func TestEventBuiltByHand(t *testing.T) {
	event := &refundkit.Event{Type: refundkit.EventTypeRefundFailed, Data: refundkit.EventData{Object: json.RawMessage(refundBody)}}
	refund, err := event.Refund()
	require.NoError(t, err)
	assert.Equal(t, "re_1", refund.ID)
	_, err = new(refundkit.Event).Refund()
	assert.ErrorIs(t, err, refundkit.ErrEventObject)
}

// TestEventSurvivesAQueue: an event that is encoded for a worker says the same there.
func TestEventSurvivesAQueue(t *testing.T) {
	event := eventParse(t, eventBody("refund.updated", refundBody, `"account":"acct_1","request":{"id":"req_1","idempotency_key":null}`))
	text, err := json.Marshal(event)
	require.NoError(t, err)
	var received refundkit.Event
	require.NoError(t, json.Unmarshal(text, &received))
	event.Raw, received.Raw = nil, nil // the bytes differ: one is Stripe's, one the queue's
	assert.Equal(t, *event, received)
}

// TestEventKeepsNothingOfTheCaller: the caller may use its buffer again.
func TestEventKeepsNothingOfTheCaller(t *testing.T) {
	body := []byte(eventBody("refund.updated", refundBody, ""))
	event := new(refundkit.Event)
	require.NoError(t, event.UnmarshalJSON(body))
	want := string(body)
	clear(body)
	assert.Equal(t, want, string(event.Raw))
	assert.JSONEq(t, refundBody, string(event.Data.Object))
}

func TestEventRecorded(t *testing.T) {
	folder := os.Getenv("REFUNDKIT_RECORDED")
	if folder == "" {
		t.Skip("REFUNDKIT_RECORDED names no folder with recorded bodies")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "event_*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	seen := map[string]int{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		require.NoError(t, err)
		event := eventParse(t, string(body))
		var plain struct {
			ID, Type   string
			APIVersion string `json:"api_version"`
			Created    int64
			Data       struct {
				Object             struct{ ID, Object, Currency, Status string }
				PreviousAttributes map[string]any `json:"previous_attributes"`
			}
			Request struct {
				ID  string
				Key string `json:"idempotency_key"`
			}
		}
		require.NoError(t, json.Unmarshal(body, &plain))
		assert.Equal(t, plain.ID, event.ID, path)
		assert.Equal(t, plain.Type, string(event.Type), path)
		assert.Equal(t, plain.APIVersion, event.APIVersion, path)
		assert.Equal(t, plain.Created, event.Created.Unix(), path)
		assert.Equal(t, refundkit.EventRequest{ID: plain.Request.ID, IdempotencyKey: plain.Request.Key}, event.Request, path)
		assert.Len(t, event.Data.PreviousAttributes, len(plain.Data.PreviousAttributes), path)
		want := []string{plain.Data.Object.ID, plain.Data.Object.Currency, plain.Data.Object.Status}
		if seen[plain.Data.Object.Object]++; event.Type == refundkit.EventTypeChargeRefunded {
			charge, err := event.Charge()
			require.NoError(t, err, path)
			assert.Equal(t, want, []string{charge.ID, charge.Currency, string(charge.Status)}, path)
			continue
		}
		refund, err := event.Refund()
		require.NoError(t, err, path)
		assert.Equal(t, want, []string{refund.ID, refund.Currency, string(refund.Status)}, path)
		assertKept[refundkit.Refund](t, event.Data.Object)
	}
	assert.Positive(t, seen["refund"])
	assert.Positive(t, seen["charge"])
}
