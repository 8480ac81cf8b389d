package histories

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// road is what is between the workers and Stripe.
type road struct{ world *World }

// passage is one request on the road.
type passage struct {
	world   *World
	request *http.Request
	body    []byte
	astray  bool // it goes to the wrong account
}

// fault is what happens to a request.
type fault struct {
	name string
	tell string
	act  func(p *passage) (*http.Response, error)
}

// RoundTrip lets happen to a request what was chosen for it.
func (r *road) RoundTrip(request *http.Request) (*http.Response, error) {
	p := &passage{world: r.world, request: request}
	if request.Body != nil {
		p.body, _ = io.ReadAll(request.Body)
		request.Body.Close()
	}
	w := r.world
	p.astray = w.wrongAccount
	if w.ailment != nil {
		if f := w.ailment.of(request); f != nil {
			return f.act(p)
		}
		return p.pass()
	}
	queue := &w.call.looks
	if p.isSend() {
		queue = &w.call.sends
	}
	if len(*queue) == 0 {
		w.tellAnswer(p, "well")
		return p.pass()
	}
	f := (*queue)[0]
	*queue = (*queue)[1:]
	w.tellAnswer(p, f.tell)
	return f.act(p)
}

func (w *World) tellAnswer(p *passage, how string) {
	if p.isSend() {
		w.tellf("%s sent with key %d: %s", w.call.worker.name, w.keyNumber(p.key()), how)
		return
	}
	w.tellf("%s looked up: %s", w.call.worker.name, how)
}

func (p *passage) isSend() bool { return p.request.Method == http.MethodPost }
func (p *passage) key() string  { return p.request.Header.Get("Idempotency-Key") }

// pass lets the fake answer, as the world is now.
func (p *passage) pass() (*http.Response, error) {
	w := p.world
	p.astray = p.astray || w.wrongAccount
	if p.isSend() {
		w.checkSend(p)
	}
	return p.arrive()
}

// arrive is the request at Stripe.
func (p *passage) arrive() (*http.Response, error) {
	w := p.world
	if p.astray && p.isSend() && w.charge == "" {
		// The fake knows no customers, and another account does not have this one.
		w.refused = true
		return foreign(http.StatusBadRequest, stripesAsIs, notFound, false, requestID, "req_1")(p)
	}
	sent := p.request.Clone(p.request.Context())
	sent.Body = io.NopCloser(bytes.NewReader(p.body))
	sent.ContentLength = int64(len(p.body))
	switch {
	case w.revoked:
		sent.Header.Set("Authorization", "Bearer "+revokedKey)
	case w.lookForbidden && !p.isSend():
		sent.Header.Set("Authorization", "Bearer "+readlessKey)
	case p.astray:
		sent.Header.Set("Stripe-Account", otherAccount)
	}
	response, err := w.server.HTTPClient().Transport.RoundTrip(sent)
	if err == nil && p.astray {
		response.Header.Del("Stripe-Account")
	}
	if err == nil && p.isSend() && !p.astray {
		w.noteAnswer(p.key(), response)
	}
	if err == nil {
		w.noteRefusal(p, response)
	}
	return response, err
}

// noteRefusal remembers what can be a reason to ask a person.
func (w *World) noteRefusal(p *passage, response *http.Response) {
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusPaymentRequired, http.StatusNotFound:
		w.refused = true
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return
	}
	w.reached[p.key()] = true
}

// noteAnswer remembers what the fake now keeps for a key.
func (w *World) noteAnswer(key string, response *http.Response) {
	use := w.keys[key]
	if use == nil || response.Header.Get("Stripe-Should-Retry") == "" && response.StatusCode < 500 || response.Header.Get("Stripe-Should-Retry") == "true" {
		return
	}
	if response.Header.Get("Idempotent-Replayed") != "" {
		return
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	var told struct {
		Error struct{ Code string }
	}
	_ = json.Unmarshal(body, &told)
	use.answer, use.kept = fmt.Sprint(response.StatusCode, told.Error.Code), w.now()
}

// inject lets the fake itself fail this one request.
func inject(f refundtest.Fault) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		p.world.server.Inject(f)
		defer p.world.server.ClearFaults() // what is answered by its key meets no fault
		return p.pass()
	}
}

// lost lets Stripe do the work, and nothing come back.
func lost(p *passage) (*http.Response, error) {
	if response, err := p.pass(); err == nil {
		response.Body.Close()
	}
	return nil, io.EOF
}

// written tells the client's trace that the request was sent.
func (p *passage) written() {
	trace := httptrace.ContextClientTrace(p.request.Context())
	trace.GetConn(p.request.URL.Host)
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteHeaders()
	p.world.reached[p.key()] = true
}

func dropped(p *passage) (*http.Response, error) {
	p.written()
	return nil, io.EOF
}

func refusedDial(p *passage) (*http.Response, error) {
	httptrace.ContextClientTrace(p.request.Context()).GetConn(p.request.URL.Host)
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// late lets the request arrive later, when nobody waits for the answer.
func late(after time.Duration) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		w := p.world
		w.checkSend(p)
		p.written()
		later := &passage{world: w, request: p.request.WithContext(context.Background()), body: p.body, astray: p.astray}
		if p.astray {
			return nil, io.EOF // there is nothing to refund
		}
		w.road = append(w.road, onItsWay{p.key(), w.now().Add(after), func() {
			if response, err := later.arrive(); err == nil {
				response.Body.Close()
			}
		}})
		return nil, io.EOF
	}
}

// doneLater is a stored 500 after which the work is done all the same.
func doneLater(after time.Duration) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		w := p.world
		response, err := inject(refundtest.ServerErrorDoneLater(after))(p)
		if err == nil && !p.astray && response.StatusCode == http.StatusInternalServerError && response.Header.Get("Idempotent-Replayed") == "" {
			w.road = append(w.road, onItsWay{key: p.key(), at: w.now().Add(after)})
		}
		return response, err
	}
}

// foreign is an answer that Stripe did not write, before the work or after it.
func foreign(status int, kind, body string, afterWork bool, header ...string) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		if afterWork {
			if response, err := p.pass(); err == nil {
				response.Body.Close()
			}
		} else {
			p.written()
		}
		h := http.Header{"Content-Type": {kind}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{
			Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: p.request,
		}, nil
	}
}

// twice is a request that something below the client sends again: the first
// answer is lost, and the second request meets what then tells.
func twice(then func(*passage) (*http.Response, error)) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		if response, err := p.pass(); err == nil {
			response.Body.Close()
		}
		return then(p)
	}
}

// while lets a request pass while the world is as change makes it.
func while(change func(w *World, on bool)) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		change(p.world, true)
		defer change(p.world, false)
		return p.pass()
	}
}

// otherwise lets a request pass that a mistaken deploy has changed.
func otherwise(change func(*passage)) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		changed := &passage{world: p.world, request: p.request.Clone(p.request.Context()), body: bytes.Clone(p.body), astray: p.astray}
		change(changed)
		return changed.pass()
	}
}

// givenUp is a caller who ends the call; afterWork: when Stripe has done the work.
func givenUp(afterWork bool) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		if afterWork {
			if response, err := p.pass(); err == nil {
				response.Body.Close()
			}
		} else {
			p.written()
		}
		p.world.call.cancel()
		return nil, p.request.Context().Err()
	}
}

// asleep lets the machine sleep when the answer has come, or was lost.
func asleep(d time.Duration, then func(*passage) (*http.Response, error)) func(*passage) (*http.Response, error) {
	return func(p *passage) (*http.Response, error) {
		response, err := then(p)
		p.world.pass(d)
		return response, err
	}
}
