package refundtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// answer is what is sent back. A fault may send back something stranger than
// the API would.
type answer struct {
	status int
	header http.Header
	body   []byte

	drop    bool // close the connection without an answer
	cut     bool // declare the whole body, send half of it, close the connection
	stall   bool // send half of the body, and then nothing until the client gives up
	endless bool // repeat the body until the client stops reading
}

func (x *exchange) logURL() string {
	account, mode := PlatformAccount, "test/"
	if x.world != nil {
		account = x.world.name.account
		if x.world.name.live {
			mode = ""
		}
	}
	return fmt.Sprintf("https://dashboard.stripe.com/%s/%sworkbench/logs?object=%s", account, mode, x.requestID)
}

// refuse answers with a refusal found before the work.
func (x *exchange) refuse(refused *refusal) *answer {
	a := x.toAnswer(x.toResult(refused))
	if refused.anonymous {
		for _, name := range []string{"Request-Id", "Stripe-Version", "Stripe-Account", "Idempotency-Key", "Original-Request"} {
			a.header.Del(name)
		}
	}
	if refused.status == http.StatusUnauthorized {
		a.header.Set("Www-Authenticate", `Bearer realm="Stripe"`)
	}
	return a
}

// toAnswer adds the headers of the API to a result.
func (x *exchange) toAnswer(done *result) *answer {
	h := x.commonHeader()
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("Stripe-Should-Retry", done.shouldRetry)
	set("Stripe-Rate-Limited-Reason", done.limit)
	if x.isPost() {
		set("Idempotency-Key", x.key)
		set("Original-Request", x.original)
	}
	if x.replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	h.Set("Content-Length", strconv.Itoa(len(done.body)))
	return &answer{status: done.status, header: h, body: done.body}
}

func (x *exchange) commonHeader() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"Server":                           "nginx",
		"Content-Type":                     "application/json",
		"Cache-Control":                    "no-cache, no-store",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods":     "GET, HEAD, PUT, PATCH, POST, DELETE",
		"Access-Control-Allow-Origin":      "*",
		"Access-Control-Expose-Headers":    "Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required",
		"Access-Control-Max-Age":           "300",
		"Strict-Transport-Security":        "max-age=63072000; includeSubDomains; preload",
		"Vary":                             "Origin",
		"Request-Id":                       x.requestID,
	} {
		h.Set(name, value)
	}
	h.Set("Date", x.server.Now().UTC().Format(http.TimeFormat))
	tier := "api-testmode"
	if x.world != nil && x.world.name.live {
		tier = "livemode-critical"
	}
	h.Set("X-Stripe-Routing-Context-Priority-Tier", tier)
	if x.version != "" {
		h.Set("Stripe-Version", x.version)
	}
	if account := strings.TrimSpace(x.request.Header.Get("Stripe-Account")); account != "" && x.world != nil {
		h.Set("Stripe-Account", account)
	}
	return h
}

// writeTo sends an answer over a real connection.
func (a *answer) writeTo(w http.ResponseWriter, r *http.Request) {
	if a.drop {
		hangUp(w)
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.endless {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(a.status)
	if a.cut || a.stall {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		if a.stall {
			<-r.Context().Done()
		}
		hangUp(w)
		return
	}
	for {
		if _, err := w.Write(a.body); err != nil || !a.endless || len(a.body) == 0 || r.Context().Err() != nil {
			return
		}
	}
}

// hangUp closes the connection of a request.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the documented way to drop a connection that cannot be taken over
	}
	_ = connection.Close()
}

func (a *answer) toResponse(r *http.Request, answered func()) *http.Response {
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	body := &responseBody{request: r, answer: a, unread: a.body, answered: answered, closing: make(chan struct{})}
	length := int64(len(a.body))
	if a.cut || a.stall {
		body.unread = a.body[:len(a.body)/2]
	}
	if a.endless {
		header.Del("Content-Length")
		length = -1
	} else {
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: body, ContentLength: length, Request: r,
	}
}

// responseBody ends with the request's context, as a real one does.
type responseBody struct {
	request   *http.Request
	answer    *answer
	unread    []byte
	answered  func()
	once      sync.Once
	closing   chan struct{}
	closeOnce sync.Once
}

func (b *responseBody) Read(p []byte) (int, error) {
	ctx := b.request.Context()
	if len(b.unread) == 0 && b.answer.stall {
		select {
		case <-ctx.Done():
		case <-b.closing:
		}
	}
	select {
	case <-b.closing:
		return 0, http.ErrBodyReadAfterClose
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	default:
	}
	if len(b.unread) == 0 && b.answer.endless && len(b.answer.body) > 0 {
		b.unread = bytes.Repeat(b.answer.body, 1+4096/len(b.answer.body))
	}
	if len(b.unread) == 0 {
		if b.answer.cut {
			return 0, io.ErrUnexpectedEOF
		}
		b.once.Do(b.answered)
		return 0, io.EOF
	}
	n := copy(p, b.unread)
	b.unread = b.unread[n:]
	return n, nil
}

func (b *responseBody) Close() error {
	b.closeOnce.Do(func() { close(b.closing) })
	b.once.Do(b.answered)
	return nil
}
