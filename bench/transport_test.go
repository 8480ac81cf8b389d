package bench

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// canned answers every request with the same bytes, without a socket.
type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}, "Request-Id": {"req_TzBench0000000"}},
		ContentLength: int64(len(c.body)), Body: io.NopCloser(bytes.NewReader(c.body)), Request: r,
	}, nil
}

// loopback returns a client of a real server on this machine that answers with
// body, for up to connections at a time.
func loopback(tb testing.TB, body []byte, connections int) (*http.Client, string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Request-Id", "req_TzBench0000000")
		_, _ = w.Write(body)
	}))
	tb.Cleanup(server.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, server.URL
}
