package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type handleFunc = func(context.Context, *refundkit.Event) error

// signedRequest is a delivery of body as Stripe makes it.
func signedRequest(body string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	request.Header.Set("Stripe-Signature", signedHeader(firstSecret, sentAt, body))
	return request
}

func deliver(handler http.Handler, request *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// textLogger writes what the handler logs, without the time.
func textLogger() (*slog.Logger, *bytes.Buffer) {
	var lines bytes.Buffer
	return slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})), &lines
}

func TestWebhookHandlerAnswers(t *testing.T) {
	good := eventBody("refund.updated", refundBody, "")
	signed := func(change func(*http.Request)) *http.Request {
		request := signedRequest(good)
		change(request)
		return request
	}
	for name, c := range map[string]struct {
		request *http.Request
		result  error
		want    int
		calls   int
	}{
		"handled":                  {signedRequest(good), nil, 200, 1},
		"an unknown type":          {signedRequest(eventBody("refund.teleported", `{}`, "")), nil, 200, 1},
		"the function fails":       {signedRequest(good), errors.New("database is down"), 500, 1},
		"unsigned":                 {signed(func(r *http.Request) { r.Header.Del("Stripe-Signature") }), nil, 400, 0},
		"two signature headers":    {signed(func(r *http.Request) { r.Header.Add("Stripe-Signature", r.Header.Get("Stripe-Signature")) }), nil, 400, 0},
		"another secret":           {signed(func(r *http.Request) { r.Header.Set("Stripe-Signature", signedHeader("whsec_x", sentAt, good)) }), nil, 400, 0},
		"another body":             {signed(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(good + " ")) }), nil, 400, 0},
		"no body at all":           {signed(func(r *http.Request) { r.Body = nil }), nil, 400, 0},
		"a body that breaks off":   {signed(func(r *http.Request) { r.Body = io.NopCloser(brokenReader{}) }), nil, 400, 0},
		"no event":                 {signedRequest(`{"object":"v2.core.event"}`), nil, 400, 0},
		"as large as allowed":      {signedRequest(good + strings.Repeat(" ", 1<<20-len(good))), nil, 200, 1},
		"too large":                {signedRequest(good + strings.Repeat(" ", 1<<20-len(good)+1)), nil, 413, 0},
		"too large and unsigned":   {httptest.NewRequest("POST", "/", io.LimitReader(endless{}, 1<<30)), nil, 413, 0},
		"GET":                      {signed(func(r *http.Request) { r.Method = "GET" }), nil, 405, 0},
		"PUT":                      {signed(func(r *http.Request) { r.Method = "PUT" }), nil, 405, 0},
		"OPTIONS with a long body": {httptest.NewRequest("OPTIONS", "/", io.LimitReader(endless{}, 1<<30)), nil, 405, 0},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			handler := setup(t).Handler(func(context.Context, *refundkit.Event) error { calls++; return c.result })

			answer := deliver(handler, c.request)

			assert.Equal(t, c.want, answer.Code)
			assert.Equal(t, c.calls, calls)
			assert.Empty(t, answer.Body.String(), "the answer tells nothing")
			if c.want == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST", answer.Header().Get("Allow"))
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWebhookHandlerReadsNoMoreThanItMay(t *testing.T) {
	body := &countingBody{Reader: io.LimitReader(endless{}, 1<<30)}
	request := signedRequest("")
	request.Body = body
	answer := deliver(setup(t, webhook.WithBodyLimit(1000)).Handler(nil), request)
	assert.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
	assert.LessOrEqual(t, body.read, 1001)
}

func TestWebhookHandlerSurvivesPanics(t *testing.T) {
	for name, c := range map[string]struct {
		panics    func()
		shown     string
		withStack bool
	}{
		"a string":                  {func() { panic("boom at sk_live_4eC39HqLyjWDarjtT1zdp7dc") }, "boom at sk_live_***", true},
		"an error":                  {func() { panic(io.ErrClosedPipe) }, "closed pipe", true},
		"a value without words":     {func() { panic([]byte("4eC39HqLyjWDarjtT1zdp7dc")) }, "[]uint8", true},
		"an event":                  {func() { panic(&refundkit.Event{ID: "4eC39HqLyjWDarjtT1zdp7dc"}) }, "*refundkit.Event", true},
		"an error that panics":      {func() { panic((*refundkit.ParamError)(nil)) }, "nil", true},
		"nil":                       {func() { panic(nil) }, "nil", true},
		"nothing to be called":      {func() { var f func(); f() }, "nil pointer", true},
		"one that wants to be mute": {func() { panic(http.ErrAbortHandler) }, "abort", false},
	} {
		for how, opts := range map[string][]webhook.Option{
			"alone":         nil,
			"within a Once": {webhook.WithOnce(func(ctx context.Context, _ string, handle func(context.Context) error) error { return handle(ctx) })},
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				logger, lines := textLogger()
				handler := setup(t, append(opts, webhook.WithLogger(logger))...).
					Handler(func(context.Context, *refundkit.Event) error { c.panics(); return nil })

				answer := deliver(handler, signedRequest(eventBody("refund.updated", refundBody, "")))

				assert.Equal(t, http.StatusInternalServerError, answer.Code)
				assert.Empty(t, answer.Body.String())
				assert.Contains(t, lines.String(), "level=ERROR")
				assert.Contains(t, lines.String(), c.shown)
				assert.Equal(t, c.withStack, strings.Contains(lines.String(), "handler_test.go"))
				assert.NotContains(t, lines.String(), "4eC39HqLyjWDarjtT1zdp7dc")
				assert.NotContains(t, lines.String(), fmt.Sprint([]byte("4eC39H"))[1:15])
			})
		}
	}
}

func TestWebhookHandlerLogs(t *testing.T) {
	const planted = "PLANTED0123456789"
	good := eventBody("refund.updated", strings.Replace(refundBody, "re_1", "re_"+planted, 1), `"account":"acct_`+planted+`"`)
	fails := func(context.Context, *refundkit.Event) error {
		return errors.New("no room for whsec_" + planted + " of jenny." + planted + "@example.com and sk%5Flive%5F" + planted + "\nlevel=INFO msg=forged")
	}
	works := func(context.Context, *refundkit.Event) error { return nil }
	forged := signedRequest(good)
	forged.Header.Set("Stripe-Signature", "t=1790000000,v1="+planted)
	for name, c := range map[string]struct {
		request *http.Request
		handle  handleFunc
		words   []string
	}{
		"handled":                     {signedRequest(good), works, []string{"level=DEBUG", "handled", "event=evt_1", "type=refund.updated", "livemode=true"}},
		"failed":                      {signedRequest(good), fails, []string{"level=ERROR", "failed", "event=evt_1", "no room for whsec_***"}},
		"refused":                     {forged, works, []string{"level=WARN", "refused", "status=400", "64 hex digits"}},
		"dropped":                     {signedRequest(strings.Replace(good, `"livemode":true`, `"livemode":false`, 1)), works, []string{"level=DEBUG", "dropped", "livemode=false"}},
		"a type that breaks the line": {signedRequest(strings.Replace(good, "refund.updated", `x\nlevel=INFO `, 1)), works, []string{"handled"}},
	} {
		t.Run(name, func(t *testing.T) {
			logger, lines := textLogger()
			deliver(setup(t, webhook.WithLogger(logger), webhook.WithMode(webhook.ModeLive)).Handler(c.handle), c.request)
			assert.Equal(t, 1, strings.Count(lines.String(), "\n"), "%s", lines)
			for _, word := range c.words {
				assert.Contains(t, lines.String(), word)
			}
			for _, secret := range []string{planted, firstSecret, "re_PLANTED", "acct_"} {
				assert.NotContains(t, lines.String(), secret)
			}
		})
	}
}

func TestWebhookHandlerDrops(t *testing.T) {
	live := eventBody("refund.updated", refundBody, "")
	test := strings.Replace(live, `"livemode":true`, `"livemode":false`, 1)
	twin := strings.Replace(live, "refund.updated", "charge.refund.updated", 1)
	for name, c := range map[string]struct {
		body   string
		option webhook.Option
		calls  int
	}{
		"test event for live":    {test, webhook.WithMode(webhook.ModeLive), 0},
		"live event for live":    {live, webhook.WithMode(webhook.ModeLive), 1},
		"live event for test":    {live, webhook.WithMode(webhook.ModeTest), 0},
		"test event for test":    {test, webhook.WithMode(webhook.ModeTest), 1},
		"test event for both":    {test, webhook.WithBodyLimit(1 << 20), 1},
		"the twin unwanted":      {twin, webhook.WithoutChargeRefundUpdated(), 0},
		"the original":           {live, webhook.WithoutChargeRefundUpdated(), 1},
		"the twin not forbidden": {twin, webhook.WithMode(webhook.ModeLive), 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls, once := 0, 0
			handler := setup(t, c.option, webhook.WithOnce(func(ctx context.Context, _ string, handle func(context.Context) error) error {
				once++
				return handle(ctx)
			})).Handler(func(context.Context, *refundkit.Event) error { calls++; return nil })
			assert.Equal(t, http.StatusOK, deliver(handler, signedRequest(c.body)).Code)
			assert.Equal(t, c.calls, calls)
			assert.Equal(t, c.calls, once, "what is dropped is not recorded")
		})
	}
}

// eventStore is a database: what handled events did, and which they were, both
// or neither.
type eventStore struct {
	mutex   sync.Mutex
	handled map[string]bool
	effects []string
}

type pendingEffects struct{}

// recordLast is an Once as it should be.
func (s *eventStore) recordLast(ctx context.Context, eventID string, handle func(context.Context) error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.handled[eventID] {
		return nil
	}
	var pending []string
	if err := handle(context.WithValue(ctx, pendingEffects{}, &pending)); err != nil {
		return err // rolled back: pending is forgotten
	}
	s.handled[eventID], s.effects = true, append(s.effects, pending...)
	return nil
}

// recordFirst is the mistake that many make.
func (s *eventStore) recordFirst(ctx context.Context, eventID string, handle func(context.Context) error) error {
	s.mutex.Lock()
	seen := s.handled[eventID]
	s.handled[eventID] = true
	s.mutex.Unlock()
	if seen {
		return nil
	}
	var pending []string
	err := handle(context.WithValue(ctx, pendingEffects{}, &pending))
	s.effects = append(s.effects, pending...)
	return err
}

func (s *eventStore) handle(ctx context.Context, event *refundkit.Event) error {
	pending := ctx.Value(pendingEffects{}).(*[]string)
	*pending = append(*pending, event.ID)
	return nil
}

func TestWebhookOnceSecondDeliveryHandlesWhatTheFirstDidNot(t *testing.T) {
	for name, fail := range map[string]func() error{
		"an error": func() error { return errors.New("database is down") },
		"a panic":  func() error { panic("boom") },
	} {
		for order, c := range map[string]struct {
			once   func(*eventStore) webhook.Once
			handed []string
		}{
			"recorded last":  {func(s *eventStore) webhook.Once { return s.recordLast }, []string{"evt_1"}},
			"recorded first": {func(s *eventStore) webhook.Once { return s.recordFirst }, nil}, // lost
		} {
			t.Run(name+"/"+order, func(t *testing.T) {
				store, deliveries := &eventStore{handled: map[string]bool{}}, 0
				handler := setup(t, webhook.WithOnce(c.once(store))).Handler(func(ctx context.Context, event *refundkit.Event) error {
					if deliveries++; deliveries == 1 {
						return fail()
					}
					return store.handle(ctx, event)
				})
				body := eventBody("refund.failed", refundBody, "")
				assert.Equal(t, 500, deliver(handler, signedRequest(body)).Code)
				for range 3 {
					assert.Equal(t, 200, deliver(handler, signedRequest(body)).Code)
				}
				assert.Equal(t, c.handed, store.effects)
			})
		}
	}
}

// TestWebhookOnceThatHidesAFailure: the event comes again all the same.
func TestWebhookOnceThatHidesAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		fn   handleFunc
		once webhook.Once
	}{
		"an error": {
			func(context.Context, *refundkit.Event) error { return errors.New("database is down") },
			func(ctx context.Context, _ string, handle func(context.Context) error) error {
				_ = handle(ctx)
				return nil
			},
		},
		"a panic": {
			func(context.Context, *refundkit.Event) error { panic("boom") },
			func(ctx context.Context, _ string, handle func(context.Context) error) error {
				defer func() { _ = recover() }()
				return handle(ctx)
			},
		},
		"its own": {
			func(context.Context, *refundkit.Event) error { return nil },
			func(ctx context.Context, _ string, handle func(context.Context) error) error {
				return errors.Join(handle(ctx), errors.New("commit failed"))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			handler := setup(t, webhook.WithOnce(c.once)).Handler(c.fn)
			assert.Equal(t, 500, deliver(handler, signedRequest(eventBody("refund.updated", refundBody, ""))).Code)
		})
	}
}

// TestWebhookOnceGoesByTheEvent: two updates of one refund, and of one type, are two.
func TestWebhookOnceGoesByTheEvent(t *testing.T) {
	store := &eventStore{handled: map[string]bool{}}
	server := httptest.NewServer(setup(t, webhook.WithOnce(store.recordLast)).Handler(store.handle))
	defer server.Close()
	var want []string
	var group sync.WaitGroup
	for i := range 20 {
		id := "evt_" + strconv.Itoa(i)
		want = append(want, id)
		body := strings.Replace(eventBody("refund.updated", refundBody, ""), "evt_1", id, 1)
		for range 5 {
			group.Go(func() {
				request, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(body))
				if !assert.NoError(t, err) {
					return
				}
				request.Header.Set("Stripe-Signature", signedHeader(firstSecret, sentAt, body))
				answer, err := server.Client().Do(request)
				if assert.NoError(t, err) {
					assert.Equal(t, 200, answer.StatusCode)
					assert.NoError(t, answer.Body.Close())
				}
			})
		}
	}
	group.Wait()
	assert.ElementsMatch(t, want, store.effects)
}

func TestWebhookHandlerOfAZeroWebhook(t *testing.T) {
	for name, hook := range map[string]*webhook.Webhook{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			answer := deliver(hook.Handler(func(context.Context, *refundkit.Event) error { return nil }), signedRequest(smallEvent))
			assert.Equal(t, http.StatusInternalServerError, answer.Code)
		})
	}
}

// TestWebhookHandlerContext: the function's context is the request's, so that it
// ends when Stripe hangs up.
func TestWebhookHandlerContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	handler := setup(t).Handler(func(ctx context.Context, _ *refundkit.Event) error {
		cancel()
		return ctx.Err()
	})
	answer := deliver(handler, signedRequest(eventBody("refund.updated", refundBody, "")).WithContext(ctx))
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// countingBody counts what is read of it.
type countingBody struct {
	io.Reader
	read int
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *countingBody) Close() error { return nil }
