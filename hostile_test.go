package refundkit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What must hold of every row in this file and in hostile_h2_test.go: no error
// denies what was done, a success was done, and none is open where Stripe itself
// refused. A row says more only where more must hold.

// outcome is what a row wants of the error.
type outcome int

const (
	mayBeOpen outcome = iota // whatever does not deny what was done
	mustBeOpen
	mustNotBeOpen
	mustSucceed
)

// checkOutcome holds an error against what the server did.
func checkOutcome(t *testing.T, want outcome, worked int32, refund *refundkit.Refund, err error) {
	t.Helper()
	open := errors.Is(err, refundkit.ErrOutcomeUnknown)
	switch {
	case err == nil:
		require.NotNil(t, refund)
		require.Positive(t, worked, "a success that nobody worked for")
	default:
		require.Nil(t, refund)
		require.True(t, open || worked == 0 || want == mustNotBeOpen, "denied what was done: %v", err)
	}
	switch want {
	case mustBeOpen:
		require.True(t, open, "%v", err)
		require.Contains(t, []refundkit.Step{refundkit.StepRepeat, refundkit.StepLookUp, refundkit.StepFixCredentials}, refundkit.NextStep(err))
		require.NotEmpty(t, refundkit.KeyOf(err))
	case mustNotBeOpen:
		require.Error(t, err)
		require.False(t, open, "%v", err)
	case mustSucceed:
		require.NoError(t, err)
	}
}

// hostile is a transport that does the work, or not, and answers as it likes.
type hostile func(r *http.Request, work func()) (*http.Response, error)

// calls are one POST with a body and one without.
var calls = map[string]func(context.Context, *refundkit.Client) (*refundkit.Refund, error){
	"create": func(ctx context.Context, c *refundkit.Client) (*refundkit.Refund, error) {
		return c.Refunds.Create(ctx, someRefund, refundkit.IdempotencyKey("k"))
	},
	"cancel": func(ctx context.Context, c *refundkit.Client) (*refundkit.Refund, error) {
		return c.Refunds.Cancel(ctx, "re_1", refundkit.IdempotencyKey("k"))
	},
}

const stripesRefusal = `{"error":{"type":"invalid_request_error","code":"charge_disputed","message":"m"}}`

func TestHostileTransports(t *testing.T) {
	answered := func(status int, body string, header ...string) hostile {
		return func(_ *http.Request, work func()) (*http.Response, error) {
			work()
			return answer(status, body, header...), nil
		}
	}
	refused := func(status int, body string, header ...string) hostile {
		return func(*http.Request, func()) (*http.Response, error) { return answer(status, body, header...), nil }
	}
	sendings := func(r *http.Request, n int) {
		if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
			trace.GetConn("stripe.test:443")
			for range n {
				trace.WroteHeaders()
			}
		}
	}
	another := &refundkit.Error{StatusCode: 400, IdempotencyKey: "another"}
	rows := map[string]struct {
		transport hostile
		want      outcome
	}{
		"a firewall's 403 on the answer":    {answered(403, "<html>blocked</html>"), mustBeOpen},
		"a gateway's 408":                   {answered(408, "stream timeout"), mustBeOpen},
		"a proxy's 404":                     {answered(404, "<html>", "Request-Id", "req_of_the_proxy"), mustBeOpen},
		"a proxy's 407":                     {answered(407, ""), mustBeOpen},
		"a proxy's 429":                     {answered(429, "slow down", "Retry-After", "1"), mustBeOpen},
		"a gateway's 401":                   {answered(401, `{"error":"invalid_token","error_description":"expired"}`), mustBeOpen},
		"another vendor's error":            {answered(400, `{"error":{"code":404,"status":"NOT_FOUND"}}`, "Request-Id", "x"), mustBeOpen},
		"an empty error":                    {answered(402, `{"error":{}}`, "Request-Id", "req_1"), mustBeOpen},
		"a type that is none of Stripe's":   {answered(400, `{"error":{"type":"bad_request"}}`, "Request-Id", "req_1"), mustBeOpen},
		"Stripe's shape without its id":     {answered(400, stripesRefusal), mustBeOpen},
		"a refusal in an array":             {answered(400, "["+stripesRefusal+"]", "Request-Id", "req_1"), mustBeOpen},
		"a refusal and more":                {answered(400, stripesRefusal+"<!-- proxy -->", "Request-Id", "req_1"), mustBeOpen},
		"a redirect to a login page":        {answered(302, "", "Location", "https://login.test/"), mustBeOpen},
		"a redirect that keeps the method":  {answered(307, "", "Location", "https://evil.test/v1/refunds"), mustBeOpen},
		"not modified":                      {answered(304, ""), mustBeOpen},
		"a 200 of a captive portal":         {answered(200, "<html>Welcome"), mustBeOpen},
		"a 200 of a health check":           {answered(200, `{"status":"ok"}`), mustBeOpen},
		"another's refund":                  {answered(200, `{"id":"re_2","object":"refund","charge":"ch_2","amount":500}`), mustBeOpen},
		"an answer to another key":          {answered(200, refundBody, "Idempotency-Key", "another"), mustBeOpen},
		"an answer on another account":      {answered(200, refundBody, "Stripe-Account", "acct_2"), mustBeOpen},
		"a server error that is not stored": {answered(500, `{"error":{"type":"api_error"}}`, "Request-Id", "req_1"), mustBeOpen},
		"a server error that is stored":     {answered(500, `{"error":{"type":"api_error"}}`, "Request-Id", "req_1", "Idempotent-Replayed", "true"), mustBeOpen},
		"a status that does not exist":      {answered(799, ""), mustBeOpen},
		"an answer and an error": {func(_ *http.Request, work func()) (*http.Response, error) {
			work()
			return answer(400, stripesRefusal), io.EOF
		}, mustBeOpen},
		"neither an answer nor an error": {func(_ *http.Request, work func()) (*http.Response, error) { work(); return nil, nil }, mustBeOpen},
		"another call's error":           {func(_ *http.Request, work func()) (*http.Response, error) { work(); return nil, another }, mustBeOpen},
		"another call's error among others": {func(_ *http.Request, work func()) (*http.Response, error) {
			work()
			return nil, errors.Join(io.EOF, another)
		}, mustBeOpen},
		"a body that never comes": {func(_ *http.Request, work func()) (*http.Response, error) {
			work()
			r := answer(200, "")
			r.Body = nil
			return r, nil
		}, mustBeOpen},
		"Stripe refuses":                     {refused(400, stripesRefusal, "Request-Id", "req_1"), mustNotBeOpen},
		"Stripe refuses what it does not do": {refused(404, stripeError(invalidRequest, "resource_missing", "id"), "Request-Id", "req_1"), mustNotBeOpen},
		"Stripe knows no such key":           {refused(401, stripeError(invalidRequest, "", "")), mustNotBeOpen},
		"Stripe knows no such account":       {refused(403, stripeError(invalidRequest, "account_invalid", "")), mustNotBeOpen},
		"Stripe limits":                      {refused(429, stripeError(invalidRequest, "rate_limit", ""), "Request-Id", "req_1"), mustNotBeOpen},
		"sent twice, then no such key": {func(r *http.Request, work func()) (*http.Response, error) {
			work()
			sendings(r, 2)
			return answer(401, stripeError(invalidRequest, "", "")), nil
		}, mustBeOpen},
		"sent twice, then no such charge": {func(r *http.Request, work func()) (*http.Response, error) {
			work()
			sendings(r, 2)
			return answer(404, stripeError(invalidRequest, "resource_missing", "id"), "Request-Id", "req_1"), nil
		}, mustBeOpen},
		"sent once, then refused by a dial": {func(r *http.Request, work func()) (*http.Response, error) {
			work()
			sendings(r, 1)
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}, mustBeOpen},
		"never sent": {func(r *http.Request, _ func()) (*http.Response, error) {
			sendings(r, 0)
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}, mustNotBeOpen},
		"a wrapper that hides the trace": {func(_ *http.Request, work func()) (*http.Response, error) { work(); return nil, io.ErrUnexpectedEOF }, mustBeOpen},
	}
	for name, row := range rows {
		for kind, call := range calls {
			for _, retries := range []int{0, 2} {
				t.Run(fmt.Sprintf("%s/%s/%d retries", name, kind, retries), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var worked atomic.Int32
						transport := roundTrip(func(r *http.Request) (*http.Response, error) { return row.transport(r, func() { worked.Add(1) }) })
						client, err := refundkit.New(apiKey, refundkit.WithBaseURL(base), refundkit.WithHTTPClient(&http.Client{Transport: transport}), refundkit.WithMaxRetries(retries))
						require.NoError(t, err)
						refund, err := call(t.Context(), client)
						checkOutcome(t, row.want, worked.Load(), refund, err)
						assert.NotEqual(t, refundkit.IdempotencyKey("another"), refundkit.KeyOf(err))
						assert.LessOrEqual(t, worked.Load(), int32(retries+1))
					})
				})
			}
		}
	}
}

// roundTrip is a transport of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestHostileCallers: contexts that end at any moment, with any cause, limiters that
// err or lie, hooks that end the call.
func TestHostileCallers(t *testing.T) {
	another := &refundkit.Error{StatusCode: 400, Type: refundkit.ErrorTypeInvalidRequest, IdempotencyKey: "another", RequestID: "req_another"}
	type world struct {
		cancel context.CancelCauseFunc
		worked *atomic.Int32
	}
	lost := func(w world) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			w.worked.Add(1)
			w.cancel(another)
			return nil, context.Cause(r.Context())
		}
	}
	works := func(w world) roundTrip {
		return func(*http.Request) (*http.Response, error) {
			w.worked.Add(1)
			return answer(503, "", "Request-Id", "req_first"), nil
		}
	}
	unreached := func(world) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GetConn("stripe.test:443")
			return nil, context.Cause(r.Context())
		}
	}
	for name, row := range map[string]struct {
		transport func(world) roundTrip
		options   func(world) []refundkit.Option
		before    bool // the context has ended before the call
		want      outcome
		requestID string
	}{
		"ended by another call after the work": {transport: lost, want: mustBeOpen},
		"ended by another call before":         {transport: unreached, before: true, want: mustNotBeOpen},
		"ended in the wait for a retry":        {transport: works, options: func(w world) []refundkit.Option { return []refundkit.Option{onAttempt(func() { w.cancel(another) })} }, want: mustBeOpen},
		"a limiter with another call's error":  {transport: works, options: func(world) []refundkit.Option { return []refundkit.Option{limited(another, 0)} }, want: mustNotBeOpen},
		"a limiter that refuses the second":    {transport: works, options: func(world) []refundkit.Option { return []refundkit.Option{limited(errors.New("none left"), 1)} }, want: mustBeOpen, requestID: "req_first"},
		"a limiter that lets the dead through": {transport: works, options: func(w world) []refundkit.Option {
			return []refundkit.Option{limiting(func() error { w.cancel(nil); return nil })}
		}, want: mustNotBeOpen},
	} {
		for kind, call := range calls {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					w := world{cancel, new(atomic.Int32)}
					if row.before {
						cancel(another)
					}
					opts := []refundkit.Option{refundkit.WithBaseURL(base), refundkit.WithHTTPClient(&http.Client{Transport: row.transport(w)})}
					if row.options != nil {
						opts = append(opts, row.options(w)...)
					}
					client, err := refundkit.New(apiKey, opts...)
					require.NoError(t, err)
					refund, err := call(ctx, client)
					checkOutcome(t, row.want, w.worked.Load(), refund, err)
					assert.Equal(t, refundkit.IdempotencyKey("k"), refundkit.KeyOf(err))
					var answered *refundkit.Error
					if errors.As(err, &answered) {
						assert.NotEqual(t, "req_another", answered.RequestID)
					}
					if row.requestID != "" {
						require.NotNil(t, answered, "what was answered before is lost")
						assert.Equal(t, row.requestID, answered.RequestID)
					}
				})
			})
		}
	}
}

// limiting is a limiter of one function.
func limiting(wait func() error) refundkit.Option {
	return refundkit.WithRateLimiter(limiterFunc(func(context.Context) error { return wait() }))
}

// limited lets some attempts through and then errs.
func limited(err error, through int) refundkit.Option {
	return limiting(func() error {
		if through--; through >= 0 {
			return nil
		}
		return err
	})
}

func onAttempt(do func()) refundkit.Option {
	return refundkit.WithAttemptHook(func(context.Context, refundkit.Attempt) { do() })
}

// cutServer reads up to read bytes of each request (all of it, if negative), counts
// the work if that was all of it, writes answer, and closes the connection.
func cutServer(t *testing.T, read int, answer string) (url string, worked *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	worked = new(atomic.Int32)
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			source := io.Reader(conn)
			if read >= 0 {
				source = io.LimitReader(conn, int64(read))
			}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			request, err := http.ReadRequest(bufio.NewReader(source))
			if err == nil {
				if _, err = io.ReadAll(request.Body); err == nil {
					worked.Add(1)
				}
			}
			_, _ = io.WriteString(conn, answer)
			conn.Close()
		}
	}()
	return "http://" + listener.Addr().String(), worked
}

func socketClient(t *testing.T, url string) *refundkit.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(url), refundkit.WithMaxRetries(0), refundkit.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	return client
}

// TestHostileCuts closes the connection after every byte of an answer, and after
// every few bytes of the request.
func TestHostileCuts(t *testing.T) {
	plain := func(status, body string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\nRequest-Id: req_1\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
	}
	chunked := func(status, body string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\nRequest-Id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", status, len(body), body)
	}
	made := `{"id":"re_1","object":"refund"}`
	for name, row := range map[string]struct {
		answer string
		whole  outcome
	}{
		"success":          {plain("200 OK", made), mustSucceed},
		"chunked success":  {chunked("200 OK", made), mustSucceed},
		"refusal":          {plain("400 Bad Request", stripesRefusal), mustNotBeOpen},
		"chunked refusal":  {chunked("400 Bad Request", stripesRefusal), mustNotBeOpen},
		"two answers":      {plain("200 OK", made) + plain("200 OK", `{"id":"re_2","object":"refund","charge":"ch_2"}`), mustSucceed},
		"without a length": {"HTTP/1.1 200 OK\r\n\r\n" + made, mustSucceed},
	} {
		t.Run(name, func(t *testing.T) {
			step := 1
			if testing.Short() {
				step = 5
			}
			end := len(row.answer)
			if second := strings.LastIndex(row.answer, "HTTP/1.1"); second > 0 {
				end = second
			}
			for cut := 0; cut <= len(row.answer); cut += step {
				url, worked := cutServer(t, -1, row.answer[:cut])
				for kind, call := range calls {
					before := worked.Load()
					refund, err := call(t.Context(), socketClient(t, url))
					want := mustBeOpen
					if cut >= end {
						want = row.whole
					}
					if name == "chunked success" || name == "chunked refusal" {
						want = min(want, mayBeOpen) // what is missing at the end may be the chunks' own frame
						if cut == end {
							want = row.whole
						}
					}
					t.Log(kind, cut)
					checkOutcome(t, want, worked.Load()-before, refund, err)
				}
			}
		})
	}
	t.Run("request", func(t *testing.T) {
		for read := 0; read < 400; read += 7 {
			url, worked := cutServer(t, read, "")
			for _, call := range calls {
				before := worked.Load()
				refund, err := call(t.Context(), socketClient(t, url))
				checkOutcome(t, mayBeOpen, worked.Load()-before, refund, err)
			}
		}
	})
	t.Run("answered before the request is read", func(t *testing.T) {
		url, worked := cutServer(t, 1, plain("413 Content Too Large", "<html>"))
		refund, err := calls["create"](t.Context(), socketClient(t, url))
		checkOutcome(t, mustBeOpen, worked.Load(), refund, err)
	})
	assertNoGoroutines(t)
}
