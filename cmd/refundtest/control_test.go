package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asked sends JSON to an operation, and returns what it says.
func asked(t *testing.T, base, what, body string) (int, map[string]any) {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, base+"/_refundtest"+path, strings.NewReader(body))
	require.NoError(t, err)
	status, text := send(t, r)
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
	return status, answer
}

// done is asked for what succeeds.
func done(t *testing.T, base, what, body string) map[string]any {
	t.Helper()
	status, answer := asked(t, base, what, body)
	require.Equal(t, http.StatusOK, status, answer)
	return answer
}

// made posts a form to the API, and returns what was made.
func made(t *testing.T, base, path string, pairs ...string) map[string]any {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	status, text := post(t, base+path, form)
	require.Equal(t, 200, status, text)
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &object))
	return object
}

func TestControlMovesRefundsAndCharges(t *testing.T) {
	base, _, _ := program(t)
	charge := done(t, base, "POST /charges", `{"id": "ch_1", "amount": 2000, "receipt_email": "a@example.com", "on_refund": "stays_pending"}`)
	assert.EqualValues(t, 2000, charge["amount"])
	refund := func() string { return made(t, base, "/v1/refunds", "charge", "ch_1", "amount", "100")["id"].(string) }
	for _, c := range []struct{ action, body, want string }{
		{"settle", "", "succeeded"}, {"fail", `{"reason": "lost_or_stolen_card"}`, "failed"}, {"cancel", "{}", "canceled"},
		{"require_action", "", "requires_action"},
	} {
		moved := done(t, base, "POST /refunds/"+refund()+"/"+c.action, c.body)
		assert.Equal(t, c.want, moved["status"], c.action)
	}
	id := refund()
	done(t, base, "POST /refunds/"+id+"/require_action", "")
	assert.Equal(t, "pending", done(t, base, "POST /refunds/"+id+"/submit_details", "")["status"])
	done(t, base, "POST /refunds/"+id+"/settle", "")
	assert.Equal(t, "ref1", done(t, base, "POST /refunds/"+id+"/reference", `{"reference": "ref1"}`)["reference"])
	id = refund()
	done(t, base, "POST /refunds/"+id+"/require_action", "")
	assert.Equal(t, "failed", done(t, base, "POST /refunds/"+id+"/expire", "")["status"])

	byHand := done(t, base, "POST /charges/ch_1/refund", `{"amount": 7}`)
	assert.EqualValues(t, 7, byHand["amount"])
	assert.Equal(t, true, done(t, base, "POST /charges/ch_1/inquire", "")["disputed"])
	done(t, base, "POST /charges/ch_1/dispute", "")
	status, body := post(t, base+"/v1/refunds", url.Values{"charge": {"ch_1"}})
	assert.Contains(t, body, "charge_disputed", status)
	done(t, base, "POST /charges/ch_1/win_dispute", "")
	refund()
	done(t, base, "POST /charges/ch_1/lose_dispute", "")
	for _, action := range []string{"settle", "fail"} {
		pending := done(t, base, "POST /charges", `{"amount": 5, "status": "pending"}`)["id"].(string)
		assert.NotEqual(t, "pending", done(t, base, "POST /charges/"+pending+"/"+action, "")["status"])
	}
}

func TestControlIsTheCustomer(t *testing.T) {
	base, _, _ := program(t)
	pay := func() string {
		return made(t, base, "/v1/payment_intents", "amount", "500", "currency", "usd", "payment_method", "pm_card_threeDSecureRequired",
			"confirm", "true", "return_url", "https://example.com")["id"].(string)
	}
	intent := func(id string) string {
		r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/v1/payment_intents/"+id, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer sk_test_1")
		_, text := send(t, r)
		return text
	}
	passed, failed := pay(), pay()
	done(t, base, "POST /payment_intents/"+passed+"/authenticate", "")
	assert.Contains(t, intent(passed), `"status": "succeeded"`)
	done(t, base, "POST /payment_intents/"+failed+"/fail_authentication", "")
	assert.Contains(t, intent(failed), `payment_intent_authentication_failure`)

	session := func() string {
		return made(t, base, "/v1/checkout/sessions", "mode", "payment", "success_url", "https://example.com/", "line_items[0][quantity]", "1",
			"line_items[0][price_data][currency]", "usd", "line_items[0][price_data][unit_amount]", "700",
			"line_items[0][price_data][product_data][name]", "Coffee")["id"].(string)
	}
	assert.EqualValues(t, 700, done(t, base, "POST /checkout_sessions/"+session()+"/complete", `{"payment_method": "pm_card_visa"}`)["amount"])
	expired := session()
	done(t, base, "POST /checkout_sessions/"+expired+"/expire", "")
	status, answer := asked(t, base, "POST /checkout_sessions/"+expired+"/complete", "")
	assert.Equal(t, 400, status)
	assert.Contains(t, answer["error"], "is expired")
}

func TestControlResets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "charges.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"id": "ch_1Coffee", "amount": 2000}]`), 0o600))
	base, out, stop := program(t, "-seed", file)
	for range 2 {
		before := done(t, base, "GET /clock", "")["now"].(float64)
		after := done(t, base, "POST /clock", `{"seconds": 86400}`)["now"].(float64)
		assert.GreaterOrEqual(t, after-before, 86400.0)
		made(t, base, "/v1/refunds", "charge", "ch_1Coffee", "amount", "1500") // twice would be too much
		done(t, base, "POST /accounts", `{"id": "acct_1Shop"}`)
		done(t, base, "POST /faults", `{"kind": "server_error", "always": true}`)
		status, _ := post(t, base+"/v1/refunds", url.Values{"charge": {"ch_1Coffee"}})
		assert.Equal(t, 500, status)
		require.Len(t, done(t, base, "GET /requests", "")["requests"], 2)
		done(t, base, "POST /reset", "")
		assert.Less(t, done(t, base, "GET /clock", "")["now"].(float64), after)
	}
	for what, list := range map[string]string{"/requests": "requests", "/faults": "faults", "/accounts": "accounts", "/webhooks": "webhooks"} {
		assert.Empty(t, done(t, base, "GET "+what, "")[list])
	}
	require.NoError(t, stop())
	out.waitFor(t, `stopped after 4 requests: 3 charges, 2 refunds; 2 faults\n`)
}

func TestControlOfMoneyAndAccounts(t *testing.T) {
	base, _, _ := program(t)
	assert.Equal(t, false, done(t, base, "GET /balance?currency=usd", "")["limited"])
	done(t, base, "POST /balance", `{"currency": "usd", "amount": 0}`)
	done(t, base, "POST /charges", `{"id": "ch_1", "amount": 100}`)
	refund := made(t, base, "/v1/refunds", "charge", "ch_1")
	assert.Equal(t, "pending", refund["status"])
	assert.EqualValues(t, 400, done(t, base, "POST /balance/top_up", `{"currency": "usd", "amount": 500}`)["amount"])
	assert.EqualValues(t, 5, done(t, base, "POST /cash_balance", `{"customer": "cus_1", "currency": "eur", "amount": 5}`)["amount"])

	done(t, base, "POST /accounts", `{"id": "acct_1Shop"}`)
	assert.Equal(t, []any{"acct_1Shop"}, done(t, base, "GET /accounts", "")["accounts"])
	done(t, base, "POST /balance?account=acct_1Shop&livemode=true", `{"currency": "usd", "amount": 7}`)
	assert.EqualValues(t, 7, done(t, base, "GET /balance?account=acct_1Shop&livemode=true&currency=usd", "")["amount"])
	assert.Equal(t, false, done(t, base, "GET /balance?account=acct_1Shop&currency=usd", "")["limited"], "test mode is another world")
	status, answer := asked(t, base, "GET /balance?account=acct_2Shop&currency=usd", "")
	assert.Equal(t, 400, status)
	assert.Contains(t, answer["error"], "acct_2Shop")
	status, body := post(t, base+"/v1/refunds", url.Values{"charge": {"ch_1"}}, "Stripe-Account", "acct_1Shop")
	assert.Equal(t, 404, status, body)
}

func TestControlOfWebhooks(t *testing.T) {
	events := make(chan string, 100)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		events <- string(body)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer endpoint.Close()
	base, out, _ := program(t)
	hook := done(t, base, "POST /webhooks", `{"url": "`+endpoint.URL+`", "secret": "whsec_topsecret", "enabled_events": ["refund.created"], "api_version": "2023-10-16"}`)
	assert.Equal(t, "we_1", hook["id"])
	done(t, base, "POST /charges", `{"id": "ch_1", "amount": 100}`)
	done(t, base, "POST /charges/ch_1/refund", "")
	first := <-events
	assert.Contains(t, first, `"refund.created"`)
	assert.Contains(t, first, `"2023-10-16"`)
	assert.EqualValues(t, 1, done(t, base, "POST /webhooks/we_1/retry", "")["deliveries"])
	assert.Equal(t, first, <-events)
	assert.Len(t, done(t, base, "GET /webhooks", "")["webhooks"], 1)
	done(t, base, "DELETE /webhooks/we_1", "")
	done(t, base, "POST /clock", `{"seconds": 86400}`)
	done(t, base, "POST /charges", `{"id": "ch_2", "amount": 100}`)
	done(t, base, "POST /charges/ch_2/refund", "")
	assert.Empty(t, events)
	status, _ := asked(t, base, "DELETE /webhooks/we_1", "")
	assert.Equal(t, 400, status)
	assert.NotContains(t, out.text.String(), "topsecret")
}

func TestControlShowsRequests(t *testing.T) {
	base, _, _ := program(t, "-journal", "2")
	done(t, base, "POST /charges", `{"id": "ch_1", "amount": 100}`)
	for _, amount := range []string{"1", "2", "3"} {
		post(t, base+"/v1/refunds", url.Values{"charge": {"ch_1"}, "amount": {amount}}, "Idempotency-Key", "order-"+amount)
	}
	requests := done(t, base, "GET /requests", "")["requests"].([]any)
	require.Len(t, requests, 2)
	last := done(t, base, "GET /requests?limit=1", "")["requests"].([]any)
	assert.Equal(t, requests[1:], last)
	shown, _ := last[0].(map[string]any)
	for name, want := range map[string]any{"method": "POST", "path": "/v1/refunds", "endpoint": "/v1/refunds", "idempotency_key": "order-3",
		"status": 200.0, "body": "amount=3&charge=ch_1", "replayed": false, "fault": ""} {
		assert.Equal(t, want, shown[name], name)
	}
	assert.Equal(t, []any{"3"}, shown["form"].(map[string]any)["amount"])
	text, err := json.Marshal(shown)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "topsecret")
}

// TestControlExamplesAreRight reads the body that each operation shows.
func TestControlExamplesAreRight(t *testing.T) {
	base, _, _ := program(t)
	for _, o := range operations() {
		path := strings.NewReplacer("{id}", "re_none").Replace(o.path)
		if o.path == "/balance" && o.method == "GET" {
			path += "?currency=usd"
		}
		status, answer := asked(t, base, o.method+" "+path, o.input)
		if text, failed := answer["error"].(string); failed {
			assert.Equal(t, 400, status)
			assert.Contains(t, text, "re_none", "%s %s", o.method, o.path) // is all that was wrong
		}
	}
	help := done(t, base, "GET ", "")
	assert.Len(t, help["operations"], len(operations()))
}

func TestControlSwitchedOff(t *testing.T) {
	base, _, _ := program(t, "-control=false")
	status, body := get(t, base+"/_refundtest/clock")
	assert.Equal(t, 401, status, "as every path of the API without a key")
	assert.NotContains(t, body, "now")
}

func TestControlKeepsWebPagesOut(t *testing.T) {
	server := &service{config: &config{addr: "127.0.0.1:12111", control: true}, log: &logger{out: io.Discard}}
	require.NoError(t, server.reset())
	try := func(host string, header ...string) int {
		r := httptest.NewRequest("POST", "http://"+host+"/_refundtest/clock", strings.NewReader(`{"seconds": 1}`))
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 200, try("127.0.0.1:12111"))
	assert.Equal(t, 200, try("localhost:12111"))
	assert.Equal(t, 200, try("[::1]:12111"))
	assert.Equal(t, 403, try("evil.example:12111"))
	assert.Equal(t, 403, try("127.0.0.1:12111", "Origin", "https://evil.example"))
	server.config.addr = "0.0.0.0:12111"
	assert.Equal(t, 200, try("refundtest:12111"), "a container's name")
	assert.Equal(t, 403, try("refundtest:12111", "Sec-Fetch-Site", "cross-site"))
}
