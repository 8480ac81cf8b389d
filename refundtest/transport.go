package refundtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
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

// traceRefused calls the hooks of the caller's trace for a connection that was
// refused.
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

// traceSent calls the hooks of the caller's trace for a request that was sent.
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
