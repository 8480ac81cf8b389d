package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// logger writes lines for people.
type logger struct {
	mu  sync.Mutex
	out io.Writer
	now func() time.Time
}

func (l *logger) line(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.now().Format("15:04:05") + " " + fmt.Sprintf(format, args...) + "\n"
	_, _ = io.WriteString(l.out, text) // there is nowhere to report it
}

// delivery writes how an endpoint answered an event.
func (l *logger) delivery(d refundtest.Delivery) {
	result := strconv.Itoa(d.Status)
	if d.Err != nil {
		result = d.Err.Error()
	}
	l.line("     webhook %s %s %s, attempt %d: %s", d.Event.Type, d.Event.ObjectID, d.Event.ID, d.Attempt, result)
}

// around writes a line for every request. It never holds an API key.
func (l *logger) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && r.URL.Path == "/" {
			next.ServeHTTP(w, r) // -health asks every few seconds
			return
		}
		begin := l.now()
		watch := &watcher{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), watcherName{}, watch))
		defer func() {
			l.line("%s", watch.summary(r, l.now().Sub(begin)))
		}()
		next.ServeHTTP(watch, r)
	})
}

// fault marks the line of a request that something was made to go wrong with.
func (l *logger) fault(ctx context.Context, r refundtest.Request) {
	if watch, ok := ctx.Value(watcherName{}).(*watcher); ok {
		watch.fault = r.Fault
	}
}

type watcherName struct{}

const keptBody = 8 << 10

// watcher remembers what a line needs of an answer.
type watcher struct {
	http.ResponseWriter
	status int
	fault  string       // empty for none
	body   bytes.Buffer // the beginning
}

// Unwrap lets the server flush and take over the connection.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watcher) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if room := keptBody - w.body.Len(); room > 0 {
		w.body.Write(p[:min(room, len(p))])
	}
	return w.ResponseWriter.Write(p)
}

// summary is a line such as
// POST /v1/refunds 200 re_1... 1000 usd succeeded key=order-1 (2ms).
func (w *watcher) summary(r *http.Request, took time.Duration) string {
	parts := []string{fmt.Sprintf("%-4s", r.Method), plain(r.URL.EscapedPath())}
	if w.status == 0 {
		parts = append(parts, "connection dropped")
	} else {
		parts = append(parts, strconv.Itoa(w.status))
	}
	parts = append(parts, w.details()...)
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		parts = append(parts, "key="+plain(key))
	}
	if account := r.Header.Get("Stripe-Account"); account != "" {
		parts = append(parts, "account="+plain(account))
	}
	if w.Header().Get("Idempotent-Replayed") == "true" {
		parts = append(parts, "replayed")
	}
	if w.fault != "" {
		parts = append(parts, "chaos="+strconv.Quote(w.fault))
	}
	return strings.Join(parts, " ") + " (" + took.Round(10*time.Microsecond).String() + ")"
}

// details is what the answer is about.
func (w *watcher) details() []string {
	var shown struct {
		ID, Object, Status, Currency string
		Amount                       int64
		Error                        struct{ Code, Param, Message string }
	}
	if json.Unmarshal(w.body.Bytes(), &shown) != nil {
		return nil
	}
	var parts []string
	for _, part := range []string{shown.ID, shown.Error.Code, shown.Error.Param} {
		if part != "" {
			parts = append(parts, plain(part))
		}
	}
	if shown.Amount > 0 {
		parts = append(parts, money(shown.Amount, shown.Currency))
	}
	if shown.Status != "" {
		parts = append(parts, plain(shown.Status))
	}
	if shown.Error.Message != "" {
		parts = append(parts, strconv.Quote(shown.Error.Message))
	}
	return parts
}

// plain quotes what could confuse a reader of the log, and shortens it.
func plain(s string) string {
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	if quoted := strconv.QuoteToASCII(s); strings.ContainsAny(s, " \t") || quoted != `"`+s+`"` {
		return quoted
	}
	return s
}
