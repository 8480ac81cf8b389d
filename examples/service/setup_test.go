package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
)

const (
	order  = "order-6735/refund-1"
	secret = "whsec_test"
)

// bench is the service, a database of its own, and a Stripe of its own.
type bench struct {
	*shop
	t       *testing.T
	server  *refundtest.Server
	hook    *refundtest.Webhook
	handler http.Handler
}

func setup(t *testing.T, options ...refundtest.WebhookOption) *bench {
	db, err := openDB(t.Context(), filepath.Join(t.TempDir(), "refunds.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	b := &bench{t: t, server: refundtest.New(refundtest.WithReporter(t)), shop: &shop{db: db}}
	b.now = b.server.Now
	b.start(b.server.HTTPClient())
	events, err := webhook.New([]string{secret}, webhook.WithClock(b.server.Now))
	require.NoError(t, err)
	b.handler = b.shop.handler(events)
	b.hook = b.server.AddWebhook(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.handler.ServeHTTP(w, r)
	}), secret, append(options, refundtest.AtPath("/stripe"), refundtest.MayMissEvents())...) // what the shop misses, it must do without
	return b
}

// start is what a new process does: it has nothing but the database.
func (b *bench) start(httpClient *http.Client) {
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(httpClient), refundkit.WithMaxRetries(0), refundkit.WithClock(b.server.Now))
	require.NoError(b.t, err)
	b.stripe = client.Refunds
}

// post sends JSON to the service, and returns the status and the body.
func (b *bench) post(path, body string) (int, string) {
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, path, strings.NewReader(body)))
	return recorder.Code, recorder.Body.String()
}

// order asks for 5.00 of a charge, as the shop's checkout does.
func (b *bench) order(charge refundtest.Charge) {
	status, body := b.post("/refunds", `{"name":"`+order+`","params":{"charge":"`+charge.ID+`","amount":500}}`)
	require.Equal(b.t, http.StatusAccepted, status, body)
}

// after lets time pass, then works once.
func (b *bench) after(d time.Duration) refundkit.Job {
	b.server.Advance(d)
	require.NoError(b.t, b.work(b.t.Context()))
	return b.row()
}

func (b *bench) row() refundkit.Job {
	jobs, err := b.read(b.t.Context(), `SELECT job FROM refunds WHERE name = $1`, order)
	require.NoError(b.t, err)
	require.Len(b.t, jobs, 1)
	return jobs[0]
}

// posts counts the refunds that were asked for, and lists how often was looked.
func (b *bench) posts() (posts, lists int) {
	for _, request := range b.server.Requests() {
		if request.Method == http.MethodPost {
			posts++
		} else {
			lists++
		}
	}
	return posts, lists
}

// kill runs the worker, and ends it as a kill ends a process: in the call, before or
// after Stripe has done its work. Then a new process starts.
func (b *bench) kill(afterWork bool) {
	b.start(&http.Client{Transport: deadly{b.server.HTTPClient().Transport, afterWork}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = b.work(b.t.Context())
		b.t.Error("the worker lives")
	}()
	<-ended
	b.start(b.server.HTTPClient())
}

type deadly struct {
	next      http.RoundTripper
	afterWork bool
}

func (d deadly) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.afterWork {
		if response, err := d.next.RoundTrip(r); err == nil {
			response.Body.Close()
		}
	}
	runtime.Goexit()
	return nil, nil
}
