package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestControlInjects(t *testing.T) {
	base, _, _ := program(t)
	done(t, base, "POST /charges", `{"id": "ch_1", "amount": 100}`)
	done(t, base, "POST /faults", `{"kind": "answer_html", "status": 502, "after_work": true, "on": "POST /v1/refunds", "headers": {"Retry-After": "7"}}`)
	done(t, base, "POST /faults", `{"kind": "answer_error", "status": 400, "type": "invalid_request_error", "code": "charge_disputed", "on": "POST /v1/refunds", "skip": 1}`)
	form := url.Values{"charge": {"ch_1"}, "amount": {"60"}}
	want := []struct {
		status int
		body   string
	}{{502, "502 Bad Gateway"}, {200, `"amount": 60`}, {400, "charge_disputed"}, {400, "greater than unrefunded amount"}}
	for i, w := range want {
		key := "order-1"
		if i > 1 {
			key = string(rune('a' + i))
		}
		status, body := post(t, base+"/v1/refunds", form, "Idempotency-Key", key)
		assert.Equal(t, w.status, status, i)
		assert.Contains(t, body, w.body)
	}
	assert.Len(t, done(t, base, "GET /faults", "")["faults"], 2)
	requests := done(t, base, "GET /requests", "")["requests"].([]any)
	assert.Equal(t, "answer 502 text/html after the work on POST /v1/refunds", requests[0].(map[string]any)["fault"])

	done(t, base, "POST /faults", `{"kind": "drop_connection", "times": 100}`)
	_, err := http.Get(base + "/v1/refunds")
	require.Error(t, err)
	done(t, base, "DELETE /faults", "")
	status, _ := get(t, base+"/v1/refunds")
	assert.Equal(t, 401, status)
}

func TestControlInjectsEveryKind(t *testing.T) {
	for name, kind := range faultKinds() {
		half := 0.5
		in := &faultInput{Kind: name, On: "/v1/refunds", Probability: &half}
		if strings.Contains(kind.takes, "status") {
			in.Status = 500
		}
		fault, err := in.fault()
		require.NoError(t, err, name)
		assert.NoError(t, fault.Err(), name)
	}
}

func TestControlSaysWhatIsWrong(t *testing.T) {
	base, _, _ := program(t)
	done(t, base, "POST /charges", `{"id": "ch_1", "amount": 100, "payment_intent": "pi_1"}`)
	for _, c := range []struct{ what, body, want string }{
		{"POST /clock", `{"seconds": -1}`, `field "seconds": it must be from 0`},
		{"POST /clock", `{"seconds": 99999999999}`, `field "seconds": it must be from 0`},
		{"POST /clock", `{"second": 5}`, `field "second": there is no such field`},
		{"POST /clock", `{"seconds": 5, "seconds": 6}`, `field "seconds": it is there twice`},
		{"POST /clock", `{"seconds": "5"}`, `field "seconds": it must be a whole number, not string`},
		{"POST /clock", `{"seconds": 5} {}`, `something after the JSON value`},
		{"POST /clock", `seconds=5`, `invalid character`},
		{"POST /reset", `{"all": true}`, `nothing to say in the body`},
		{"POST /reset?hard=1", ``, `nothing to say in the query`},
		{"POST /charges", `{"amount": 5, "currency": "zzz"}`, `"zzz" is not a currency`},
		{"POST /charges", `{"amount": 5, "id": "ch_1"}`, `there already is a charge ch_1`},
		{"POST /charges", `{"amount": 5, "payment_intent": "pi_1"}`, `another charge has pi_1`},
		{"POST /charges", `{"id": "ch_2", "amount": 5, "refunds": [{"amount": 6}]}`, `has 5 left, not 6`},
		{"POST /charges/ch_2/settle", ``, `"ch_2"`},
		{"POST /charges/ch_1/refund", `{"amount": 500}`, `100`},
		{"POST /charges/ch_1/win_dispute", ``, `not disputed`},
		{"DELETE /faults?kind=delay", ``, `nothing to say in the query`},
		{"GET /requests?path=x", ``, `the query has path; it can have limit`},
		{"POST /refunds/re_1/settle", ``, `re_1`},
		{"POST /refunds/re_1/settle?livemode=maybe", ``, `true or false`},
		{"POST /refunds/re_1/fail", `{"reason": "bored"}`, `field "reason": it must be one of charge_for`},
		{"POST /refunds/re_1/reference", `{}`, `field "reference"`},
		{"GET /balance", ``, `field "currency"`},
		{"POST /balance", `{"currency": "usd"}`, `field "amount": it must be there`},
		{"POST /cash_balance", `{"currency": "usd", "amount": 1}`, `field "customer"`},
		{"POST /accounts", `{"id": "shop"}`, `acct_...`},
		{"POST /webhooks", `{"url": "/hook", "secret": "s"}`, `absolute URL`},
		{"POST /webhooks", `{"url": "http://127.0.0.1:1/"}`, `field "secret"`},
		{"POST /webhooks", `{"url": "http://127.0.0.1:1/", "secret": "s", "api_version": "latest"}`, `2023-10-16`},
		{"POST /faults", `{"kind": "refuse_connection"}`, `answer_empty, answer_error`},
		{"POST /faults", `{"kind": "drop_connection", "status": 500}`, `drop_connection does not take it`},
		{"POST /faults", `{"kind": "lock_timeout", "after_work": true}`, `cannot happen after the work`},
		{"POST /faults", `{"kind": "answer_html"}`, `no such status`},
		{"POST /faults", `{"kind": "chaos"}`, `field "probability"`},
		{"POST /faults", `{"kind": "chaos", "probability": 2}`, `its probability is 2`},
		{"POST /faults", `{"kind": "server_error", "on": "post /v1/refunds"}`, `field "on"`},
		{"POST /faults", `{"kind": "server_error", "times": 0}`, `0 times`},
		{"POST /faults", `{"kind": "server_error", "seed": 7}`, `field "seed"`},
		{"GET /requests?limit=0", ``, `limit`},
	} {
		status, answer := asked(t, base, c.what, c.body)
		assert.Equal(t, 400, status, "%s %s", c.what, c.body)
		assert.Contains(t, answer["error"], c.want, "%s %s", c.what, c.body)
	}
	status, answer := asked(t, base, "PUT /clock", "")
	assert.Equal(t, 404, status)
	assert.Contains(t, answer["error"], "there is no PUT /_refundtest/clock")
	status, text := get(t, base+"/v1/charges/ch_2")
	assert.Equal(t, 401, status, text)
	_, answer = asked(t, base, "POST /charges", `{"id": "ch_2", "amount": 5}`)
	assert.Equal(t, "ch_2", answer["id"], "what was refused has left nothing")
}
