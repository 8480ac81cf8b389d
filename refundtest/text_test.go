package refundtest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
)

func TestTextOnOneLine(t *testing.T) {
	event := refundtest.Event{ID: "evt_1", Type: "refund.created", ObjectID: "re_1", Body: []byte(`{"id":"evt_1"}`)}
	for want, value := range map[string]fmt.Stringer{
		"POST /v1/refunds 200 key=order-1 replayed amount=500 metadata[a]=b": refundtest.Request{Method: "POST", Path: "/v1/refunds", Status: 200,
			IdempotencyKey: "order-1", Replayed: true, Form: url.Values{"metadata[a]": {"b"}, "amount": {"500"}}},
		`POST /v1/refunds no answer key="order 1" account=acct_1 fault="connection dropped"`: refundtest.Request{Method: "POST", Path: "/v1/refunds",
			IdempotencyKey: "order 1", Account: "acct_1", Fault: "connection dropped"},
		`GET "/v1/\nx" 404 x=""`: refundtest.Request{Method: "GET", Path: "/v1/\nx", Status: 404, Form: url.Values{"x": {""}}},
		"POST /v1/x 200 note=sk_live_*******xyz1 secret=whsec_***": refundtest.Request{Method: "POST", Path: "/v1/x", Status: 200,
			Form: url.Values{"note": {"sk_live_abcdefgxyz1"}, "secret": {"whsec_abc"}}},
		"refund.created evt_1 of re_1":                                        event,
		"refund.created evt_1 of re_1, attempt 2: 404 Not Found":              refundtest.Delivery{Event: event, Attempt: 2, Status: 404},
		`refund.created evt_1 of re_1, attempt 1: no answer, "dial\nrefused"`: refundtest.Delivery{Event: event, Attempt: 1, Err: errors.New("dial\nrefused")},
	} {
		assert.Equal(t, want, value.String())
		for _, verb := range []string{"%v", "%s"} {
			assert.Equal(t, want, fmt.Sprintf(verb, value))
		}
		assert.Equal(t, fmt.Sprintf("%q", want), fmt.Sprintf("%q", value))
		assert.Equal(t, "["+want+"]", fmt.Sprint([]fmt.Stringer{value}))
	}
}

func TestTextInDetail(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	form := url.Values{"amount": {"500"}, "metadata[a]": {"b"}}
	request := refundtest.Request{Method: "POST", Path: "/v1/refunds", Endpoint: "/v1/refunds", Status: 200, IdempotencyKey: "order-1", RequestID: "req_1",
		Time: at, Form: form, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode())}
	assert.Equal(t, `POST /v1/refunds 200 key=order-1
	endpoint /v1/refunds
	request id req_1
	time 2026-11-21T12:00:00Z
	headers
		Content-Type: application/x-www-form-urlencoded
	form
		amount=500
		metadata[a]=b
	body
		amount=500&metadata%5Ba%5D=b`, fmt.Sprintf("%+v", request))

	event := refundtest.Event{ID: "evt_1", Type: "refund.created", ObjectID: "re_1", Created: at, RequestID: "req_1", IdempotencyKey: "order-1",
		Account: "acct_1", Body: []byte("{\n  \"id\": \"evt_1\",\n  \"note\": \"sk_live_abcdefgxyz1\"\n}\n")}
	const body = `
	live false
	account acct_1
	request id req_1
	idempotency key order-1
	body
		{
		  "id": "evt_1",
		  "note": "sk_live_*******xyz1"
		}`
	assert.Equal(t, "refund.created evt_1 of re_1\n\tcreated 2026-11-21T12:00:00Z"+body, fmt.Sprintf("%+v", event))
	assert.Equal(t, "refund.created evt_1 of re_1, attempt 1: 200 OK\n\ttime 2026-11-21T12:00:00Z\n\tcreated 2026-11-21T12:00:00Z"+body,
		fmt.Sprintf("%#v", refundtest.Delivery{Event: event, Attempt: 1, Status: 200, Time: at}))
}

// TestTextShowsNoNumbers prints what a server has seen with every verb and flag.
func TestTextShowsNoNumbers(t *testing.T) {
	c, _, hook := listening(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.post("/v1/refunds", "charge", charge, "metadata[key]", "sk_live_planted4eC39Hq").ok(t)
	c.send("POST", "/v1/refunds", "\xff\x00\xfe")
	for _, value := range []any{c.server.Requests(), &c.server.Requests()[0], hook.Deliveries(), &hook.Deliveries()[0], c.server.Events(), c.server.Requests()[1]} {
		for _, flags := range []string{"", "+", "#", " ", "0", "-", "+#", "40", ".3"} {
			for verb := 'A'; verb <= 'z'; verb++ {
				if strings.ContainsRune("Twp", verb) {
					continue // fmt asks no method: types, errors and pointers
				}
				printed := fmt.Sprintf("%"+flags+string(verb), value)
				assert.NotContains(t, printed, "planted", "%%%s%c", flags, verb)
				assert.NotRegexp(t, `\d+ \d+ \d+ \d+|0x[0-9a-f]+, 0x`, printed, "%%%s%c", flags, verb)
			}
		}
	}
	assert.Contains(t, fmt.Sprintf("%+v", hook.Deliveries()[0]), `"object": "event"`)
	assert.Contains(t, fmt.Sprintf("%d", hook.Deliveries()[0]), "%!d(refundtest.Delivery=refund.created")
	assert.Equal(t, "<nil>", fmt.Sprint((*refundtest.Request)(nil)))
	assert.Less(t, len(refundtest.Request{Form: url.Values{"a": {strings.Repeat("b", 5000)}}}.String()), 300)
}
