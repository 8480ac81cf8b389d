package bench

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
)

// canned answers requests without a socket: about the refund or charge that the
// request names, or else with one answer after the other. It takes one request at
// a time, as benchmarks in process make them.
type canned struct {
	status  int
	answers [][]byte
	next    int
	buffer  [1024]byte
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := c.buffer[:copy(c.buffer[:], r.URL.Path)]
	if r.Method == http.MethodPost {
		read, err := io.ReadFull(r.Body, c.buffer[:])
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.Join(errors.New("a body of 1 to 1,023 bytes was expected"), err)
		}
		r.Body.Close()
		asked = c.buffer[:read]
	}
	i := numberIn(asked)
	if i < 0 {
		i, c.next = c.next, (c.next+1)%len(c.answers)
	}
	body := c.answers[i]
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}, "Request-Id": {"req_TzBench0000000"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

// numberIn is that of the refund or charge of which asked is, a path or a form, and
// otherwise -1.
func numberIn(asked []byte) int {
	_, after, _ := bytes.Cut(asked, []byte("Bench"))
	if len(after) < 4 {
		return -1
	}
	i, err := strconv.Atoi(string(after[:4]))
	if err != nil {
		return -1
	}
	return i
}

// loopback returns a client of a real server on this machine that answers as
// canned does, for up to connections at a time.
func loopback(tb testing.TB, answers [][]byte, connections int) (*http.Client, string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Request-Id", "req_TzBench0000000")
		_, _ = w.Write(answers[numberIn(asked)])
	}))
	tb.Cleanup(server.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, server.URL
}

// turns count up, so that each call is about another refund.
type turns struct{ taken atomic.Int64 }

func (t *turns) next(n int) int { return int((t.taken.Add(1) - 1) % int64(n)) }

// names are made beforehand, as the answers are.
func names(name func(i int) string) []string {
	made := make([]string, manyRefunds)
	for i := range made {
		made[i] = name(i)
	}
	return made
}
