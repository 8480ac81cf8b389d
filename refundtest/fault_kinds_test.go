package refundtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trial is what a plain http.Client sees of one request.
type trial struct {
	err, readErr error
	status       int
	header       http.Header
	body         string
	looked       bool // for a connection
	wrote        bool // the headers
	connections  int
}

// try sends a request with an idempotency key and a body that net/http may send
// again. It reads at most 64 KiB of the answer.
func (c *caller) try(ctx context.Context, method, path, key string, pairs ...string) (seen trial) {
	trace := &httptrace.ClientTrace{
		GetConn:      func(string) { seen.looked = true },
		GotConn:      func(httptrace.GotConnInfo) { seen.connections++ },
		WroteHeaders: func() { seen.wrote = true },
	}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), method, c.base+path, strings.NewReader(form(pairs)))
	require.NoError(c.t, err)
	r.Header = c.header.Clone()
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", key)
	}
	client := *c.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(r)
	if err != nil {
		seen.err = err
		return seen
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	seen.status, seen.header, seen.body, seen.readErr = response.StatusCode, response.Header, string(body), err
	return seen
}

func (c *caller) tryRefund(charge, key string) trial {
	return c.try(c.t.Context(), http.MethodPost, "/v1/refunds", key, "charge", charge, "amount", "100")
}

// overSocket returns a caller that reaches the same server over the loopback
// interface, with connections of its own.
func (c *caller) overSocket() *caller {
	other := *c
	other.base = c.server.Start()
	transport := &http.Transport{}
	c.t.Cleanup(transport.CloseIdleConnections)
	other.client = &http.Client{Transport: transport}
	return &other
}

// faultCase is a fault that hits the creation of a refund, once.
type faultCase struct {
	fault    refundtest.Fault
	err      error  // of the exchange
	readErr  error  // of the body
	status   int    // of the answer
	text     string // in the answer
	header   string // "Name: value" of the answer
	done     int    // refunds after the fault
	retry    int    // status of a repetition with the same key
	replayed bool   // by the idempotency layer
	finally  int    // refunds after the repetition
}

func faultCases() map[string]faultCase {
	return map[string]faultCase{
		"dropped before":      {fault: refundtest.DropConnection(), err: io.EOF, retry: 200, finally: 1},
		"dropped after":       {fault: refundtest.DropConnection().AfterWork(), err: io.EOF, done: 1, retry: 200, replayed: true, finally: 1},
		"HTML":                {fault: refundtest.AnswerHTML(502), status: 502, text: "<h1>502 Bad Gateway", header: "Content-Type: text/html", retry: 200, finally: 1},
		"HTML after":          {fault: refundtest.AnswerHTML(504).AfterWork(), status: 504, text: "<h1>", done: 1, retry: 200, replayed: true, finally: 1},
		"JSON":                {fault: refundtest.AnswerJSON(418, `{"a":1}`), status: 418, text: `{"a":1}`, header: "Content-Type: application/json", retry: 200, finally: 1},
		"empty":               {fault: refundtest.AnswerEmpty(503), status: 503, header: "Content-Length: 0", retry: 200, finally: 1},
		"Retry-After":         {fault: refundtest.AnswerEmpty(503).WithHeader("Retry-After", "3"), status: 503, header: "Retry-After: 3", retry: 200, finally: 1},
		"refused":             {fault: refundtest.AnswerError(400, "invalid_request_error", "charge_disputed", ""), status: 400, text: `"charge_disputed"`, header: "Stripe-Should-Retry: false", retry: 200, finally: 1},
		"refused after":       {fault: refundtest.AnswerError(404, "invalid_request_error", "resource_missing", "id").AfterWork(), status: 404, text: `"param": "id"`, header: "Idempotency-Key: key-1", done: 1, retry: 200, replayed: true, finally: 1},
		"imitated":            {fault: refundtest.AnswerError(400, "invalid_request_error", "", "").AfterWork().WithHeader("Request-Id", ""), status: 400, text: `"type"`, header: "Request-Id: ", done: 1, retry: 200, replayed: true, finally: 1},
		"refusal cut":         {fault: refundtest.AnswerError(400, "invalid_request_error", "", "amount").AfterWork().Truncated(), status: 400, readErr: io.ErrUnexpectedEOF, text: `"error"`, done: 1, retry: 200, replayed: true, finally: 1},
		"HTML cut":            {fault: refundtest.AnswerHTML(408).Truncated(), status: 408, readErr: io.ErrUnexpectedEOF, text: "<html>", retry: 200, finally: 1},
		"other vendor's":      {fault: refundtest.AnswerJSON(404, `{"error":{"code":404}}`).AfterWork(), status: 404, text: `404`, header: "Request-Id: ", done: 1, retry: 200, replayed: true, finally: 1},
		"redirect":            {fault: refundtest.Redirect(307, "https://example.com/x"), status: 307, header: "Location: https://example.com/x", retry: 200, finally: 1},
		"redirect to itself":  {fault: refundtest.Redirect(302, ""), status: 302, header: "Location: /v1/refunds", retry: 200, finally: 1},
		"500, nothing done":   {fault: refundtest.ServerError(), status: 500, text: "api_error", header: "Stripe-Version: 2026-08-26.dahlia", retry: 500, replayed: true},
		"500, done":           {fault: refundtest.ServerError().AfterWork(), status: 500, text: "api_error", done: 1, retry: 500, replayed: true, finally: 1},
		"500, done later":     {fault: refundtest.ServerErrorDoneLater(time.Hour), status: 500, text: "api_error", retry: 500, replayed: true},
		"500, to be retried":  {fault: refundtest.ServerError().WithHeader("Stripe-Should-Retry", "true"), status: 500, header: "Stripe-Should-Retry: true", retry: 500, replayed: true},
		"header taken away":   {fault: refundtest.ServerError().WithHeader("Content-Type", ""), status: 500, header: "Content-Type: ", retry: 500, replayed: true},
		"cut body":            {fault: refundtest.CutBody(), status: 200, readErr: io.ErrUnexpectedEOF, text: `"object": "refund"`, done: 1, retry: 200, replayed: true, finally: 1},
		"broken JSON":         {fault: refundtest.BrokenJSON(), status: 200, text: `"object": "refund"`, done: 1, retry: 200, replayed: true, finally: 1},
		"endless body":        {fault: refundtest.EndlessBody(), status: 200, text: "\n}\n{\n", done: 1, retry: 200, replayed: true, finally: 1},
		"lock timeout":        {fault: refundtest.LockTimeout(), status: 429, text: `"lock_timeout"`, header: "Stripe-Should-Retry: true", retry: 200, finally: 1},
		"rate limit":          {fault: refundtest.RateLimit("endpoint-rate"), status: 429, text: `"rate_limit"`, header: "Stripe-Rate-Limited-Reason: endpoint-rate", retry: 200, finally: 1},
		"rate limit, untold":  {fault: refundtest.RateLimit(""), status: 429, header: "Stripe-Rate-Limited-Reason: ", retry: 200, finally: 1},
		"key in use":          {fault: refundtest.KeyInUse(), status: 409, text: `"idempotency_key_in_use"`, header: "Idempotency-Key: key-1", retry: 200, finally: 1},
		"unauthorized":        {fault: refundtest.Unauthorized(), status: 401, text: "sk_test_******", header: `Www-Authenticate: Bearer realm="Stripe"`, retry: 200, finally: 1},
		"delay before":        {fault: refundtest.Delay(time.Microsecond), status: 200, done: 1, retry: 200, replayed: true, finally: 1},
		"delay after":         {fault: refundtest.Delay(time.Microsecond).AfterWork(), status: 200, done: 1, retry: 200, replayed: true, finally: 1},
		"second fault waits":  {fault: refundtest.DropConnection().Nth(3), status: 200, done: 1, retry: 200, replayed: true, finally: 1},
		"meant for GET":       {fault: refundtest.DropConnection().On("GET"), status: 200, done: 1, retry: 200, replayed: true, finally: 1},
		"meant for elsewhere": {fault: refundtest.DropConnection().On("POST /v1/refunds/{refund}"), status: 200, done: 1, retry: 200, replayed: true, finally: 1},
	}
}

func TestFaultKinds(t *testing.T) {
	for name, want := range faultCases() {
		for _, way := range []string{"in process", "over a socket"} {
			t.Run(name+" "+way, func(t *testing.T) {
				c := setup(t)
				if way == "over a socket" {
					c = c.overSocket()
				}
				charge := c.server.AddCharge(refundtest.Charge{}).ID
				c.server.Inject(want.fault)

				seen := c.tryRefund(charge, "key-1")
				want.check(t, seen)
				assert.Len(t, c.server.Refunds(charge), want.done)
				again := c.tryRefund(charge, "key-1")
				require.NoError(t, again.err)
				assert.Equal(t, want.retry, again.status, again.body)
				assert.Equal(t, want.replayed, again.header.Get("Idempotent-Replayed") == "true")
				assert.Len(t, c.server.Refunds(charge), want.finally)
			})
		}
	}
}

func (want faultCase) check(t *testing.T, seen trial) {
	require.ErrorIs(t, seen.err, want.err)
	assert.ErrorIs(t, seen.readErr, want.readErr)
	assert.Equal(t, want.status, seen.status)
	assert.Contains(t, seen.body, want.text)
	assert.True(t, seen.wrote)
	if name, value, ok := strings.Cut(want.header, ": "); ok {
		if name == "Content-Type" && value == "" {
			assert.NotContains(t, seen.header.Get(name), "json")
		} else {
			assert.Equal(t, value, seen.header.Get(name), name)
		}
	}
	if length := seen.header.Get("Content-Length"); length != "" && seen.readErr == nil {
		assert.Equal(t, length, strconv.Itoa(len(seen.body)))
	}
}

func TestFaultIsInTheJournal(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	c.tryRefund(charge, "key-1")
	c.tryRefund(charge, "key-1")
	requests := c.server.Requests()
	require.Len(t, requests, 2)
	assert.Equal(t, "connection dropped after the work on POST /v1/refunds", requests[0].Fault)
	assert.Zero(t, requests[0].Status)
	assert.Empty(t, requests[1].Fault)
	assert.True(t, requests[1].Replayed)
}

// A fault that comes too late for a request did not make it go wrong.
func TestFaultThatChangedNothingIsNotInTheJournal(t *testing.T) {
	for name, fault := range map[string]refundtest.Fault{
		"stored 500": refundtest.ServerError(), "after the work": refundtest.ServerError().AfterWork(), "later": refundtest.ServerErrorDoneLater(0),
		"lock": refundtest.LockTimeout(), "limit": refundtest.RateLimit(""), "in use": refundtest.KeyInUse(),
		"refused": refundtest.AnswerError(402, "card_error", "card_declined", ""),
	} {
		t.Run(name, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{}).ID
			c.server.Inject(fault.Times(2))
			assert.Equal(t, 401, c.with("Authorization", "").tryRefund(charge, "key-1").status)
			assert.GreaterOrEqual(t, c.tryRefund(charge, "key-1").status, 400)
			requests := c.server.Requests()
			assert.Empty(t, requests[0].Fault)
			assert.NotEmpty(t, requests[1].Fault)
		})
	}
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	assert.Equal(t, 200, c.tryRefund(charge, "key-1").status)
	c.server.Inject(refundtest.ServerError())
	assert.Equal(t, 200, c.tryRefund(charge, "key-1").status)
	assert.Empty(t, c.server.Requests()[1].Fault, "replayed")
}

func TestOnRequest(t *testing.T) {
	type name struct{}
	var seen []refundtest.Request
	var of []any
	c := setup(t, refundtest.OnRequest(func(ctx context.Context, r refundtest.Request) {
		seen, of = append(seen, r), append(of, ctx.Value(name{}))
	}))
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.DropConnection().AfterWork(), refundtest.EndCaller())
	ctx := context.WithValue(t.Context(), name{}, "mine")
	c.try(ctx, "POST", "/v1/refunds", "key-1", "charge", charge, "amount", "100")
	refundtest.Ended(func() { c.tryRefund(charge, "key-1") })
	c.tryRefund(charge, "key-1")
	assert.Equal(t, c.server.Requests(), seen)
	assert.Equal(t, []any{"mine", nil, nil}, of)
	assert.Equal(t, []int{0, 0, 200}, []int{seen[0].Status, seen[1].Status, seen[2].Status})
	seen[2].Form.Set("charge", "changed")
	assert.NotEqual(t, c.server.Requests(), seen, "copies")
}

func TestRefusedConnectionReachesNothing(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.RefuseConnection())
	seen := c.tryRefund(charge, "key-1")
	require.ErrorIs(t, seen.err, syscall.ECONNREFUSED)
	assert.True(t, seen.looked, "a client must be able to tell that a connection was tried")
	assert.False(t, seen.wrote)
	assert.Zero(t, seen.connections)
	assert.Empty(t, c.server.Requests())
	assert.Equal(t, 200, c.tryRefund(charge, "key-1").status)

	c.server.Inject(refundtest.RefuseConnection())
	assert.Equal(t, 200, c.overSocket().tryRefund(charge, "key-2").status, "a socket cannot refuse")
}

// TestReplayByNetHTTP is the trap: on a connection that was used before,
// net/http sends a request again by itself.
func TestReplayByNetHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		fault    refundtest.Fault
		replayed bool
	}{
		"before the work": {refundtest.DropConnection(), false},
		"after the work":  {refundtest.DropConnection().AfterWork(), true},
	} {
		t.Run(name, func(t *testing.T) {
			caller := setup(t).overSocket()
			charge := caller.server.AddCharge(refundtest.Charge{}).ID
			caller.server.Inject(c.fault.OnReusedConnection())
			require.Equal(t, 200, caller.try(t.Context(), "GET", "/v1/charges/"+charge, "").status, "the first on its connection")

			seen := caller.tryRefund(charge, "key-1")
			require.NoError(t, seen.err)
			assert.Equal(t, 200, seen.status)
			assert.Equal(t, 2, seen.connections)
			assert.Equal(t, c.replayed, seen.header.Get("Idempotent-Replayed") == "true")
			requests := caller.server.Requests()
			require.Len(t, requests, 3)
			assert.Equal(t, "key-1", requests[1].IdempotencyKey)
			assert.Equal(t, "key-1", requests[2].IdempotencyKey)
			assert.Len(t, caller.server.Refunds(charge), 1)
		})
	}
}

func TestDelayIsOutlivedOrNot(t *testing.T) {
	for name, c := range map[string]struct {
		fault refundtest.Fault
		done  int
	}{
		"before the work": {refundtest.Delay(time.Hour), 0},
		"after the work":  {refundtest.Delay(time.Hour).AfterWork(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				caller := setup(t)
				charge := caller.server.AddCharge(refundtest.Charge{}).ID
				caller.server.Inject(c.fault.Times(2))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				begin := time.Now()
				seen := caller.try(ctx, "POST", "/v1/refunds", "key-1", "charge", charge)
				require.ErrorIs(t, seen.err, context.DeadlineExceeded)
				assert.Equal(t, time.Minute, time.Since(begin))
				assert.True(t, seen.wrote)
				assert.Len(t, caller.server.Refunds(charge), c.done)

				assert.Equal(t, 200, caller.try(t.Context(), "POST", "/v1/refunds", "key-1", "charge", charge).status)
				assert.Equal(t, time.Hour+time.Minute, time.Since(begin), "the repetition is slow too, even a replayed one")
				assert.Len(t, caller.server.Refunds(charge), 1)
			})
		})
	}
}

func TestKeyIsInUseDuringADelay(t *testing.T) {
	for name, fault := range map[string]refundtest.Fault{
		"before the work": refundtest.Delay(time.Hour), "after the work": refundtest.Delay(time.Hour).AfterWork(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := setup(t)
				charge := c.server.AddCharge(refundtest.Charge{}).ID
				c.server.Inject(fault)
				first := make(chan trial)
				go func() { first <- c.tryRefund(charge, "key-1") }()
				synctest.Wait()
				second := c.tryRefund(charge, "key-1")
				assert.Equal(t, 409, second.status, second.body)
				assert.Equal(t, 200, (<-first).status)
			})
		})
	}
}

func TestDelayEndsWithTheConnection(t *testing.T) {
	c := setup(t).overSocket()
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.Delay(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan trial)
	go func() { first <- c.try(ctx, "POST", "/v1/refunds", "key-1", "charge", charge, "amount", "100") }()
	for len(c.server.Requests()) == 0 {
		assert.NoError(t, ctx.Err())
	}
	cancel()
	require.ErrorIs(t, (<-first).err, context.Canceled)
	second := c.tryRefund(charge, "key-1")
	for second.status == 409 { // until the server has noticed
		second = c.tryRefund(charge, "key-1")
	}
	require.NoError(t, second.err)
	assert.Equal(t, 200, second.status, second.body)
	assert.Len(t, c.server.Refunds(charge), 1)
}

func TestStalledBodyWaitsForTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := setup(t)
		charge := c.server.AddCharge(refundtest.Charge{}).ID
		c.server.Inject(refundtest.StallBody())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		seen := c.try(ctx, "POST", "/v1/refunds", "key-1", "charge", charge)
		require.NoError(t, seen.err)
		assert.ErrorIs(t, seen.readErr, context.DeadlineExceeded)
		assert.Contains(t, seen.body, `"object": "refund"`)
		assert.Len(t, c.server.Refunds(charge), 1)
	})

	c := setup(t).overSocket()
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.StallBody())
	ctx, cancel := context.WithCancelCause(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", c.base+"/v1/charges/"+charge, nil)
	require.NoError(t, err)
	r.Header = c.header
	response, err := c.client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	half := make([]byte, response.ContentLength/2)
	_, err = io.ReadFull(response.Body, half)
	require.NoError(t, err)
	cancel(errors.New("enough"))
	_, err = response.Body.Read(half)
	assert.Error(t, err)
}
