package refundtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"syscall"
)

// HTTPClient returns a client whose every request, to whatever host, is
// answered by the server: in process, without a socket and without a
// goroutine, so that it also works inside a testing/synctest bubble.
func (s *Server) HTTPClient() *http.Client {
	return &http.Client{Transport: &transport{server: s}}
}

// transport answers requests in process. It calls the hooks of
// net/http/httptrace that a client may rely on.
type transport struct{ server *Server }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	body, tooLarge, err := takeBody(r)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if t.server.isClosed() {
		return nil, refusedConnection(r)
	}
	x := t.server.receive(serverSide(r), body, tooLarge, true)
	if x.fault != nil && x.fault.noConnection {
		err := refusedConnection(r)
		traceRefused(ctx, r, err)
		return nil, err
	}
	traceSent(ctx, r)
	x.begin()
	a := t.server.answer(x)
	if err := ctx.Err(); err != nil {
		x.answered()
		return nil, context.Cause(ctx)
	}
	if a.drop {
		x.answered()
		return nil, io.EOF
	}
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	return a.toResponse(r, x.answered), nil
}

// takeBody reads and closes the body, as a transport must.
func takeBody(r *http.Request) (body []byte, tooLarge bool, err error) {
	if r.Body == nil {
		return nil, false, nil
	}
	defer r.Body.Close()
	return readBody(r.Body)
}

func refusedConnection(r *http.Request) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("%s: %w", r.URL.Host, syscall.ECONNREFUSED)}
}

// traceRefused tells the caller's trace that nothing could be sent.
func traceRefused(ctx context.Context, r *http.Request, err error) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return
	}
	if trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if trace.ConnectStart != nil {
		trace.ConnectStart("tcp", r.URL.Host)
	}
	if trace.ConnectDone != nil {
		trace.ConnectDone("tcp", r.URL.Host, err)
	}
}

// traceSent tells the caller's trace that the request has gone out.
func traceSent(ctx context.Context, r *http.Request) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return
	}
	if trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// serverSide returns the request as a server would see it.
func serverSide(r *http.Request) *http.Request {
	seen := r.Clone(r.Context())
	seen.Body = http.NoBody
	seen.RequestURI = r.URL.RequestURI()
	if seen.Host == "" {
		seen.Host = r.URL.Host
	}
	seen.RemoteAddr = "127.0.0.1:0"
	if seen.Header == nil {
		seen.Header = http.Header{}
	}
	if user := r.URL.User; user != nil && seen.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		seen.SetBasicAuth(user.Username(), password)
	}
	return seen
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
