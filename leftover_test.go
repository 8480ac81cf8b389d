package refundkit_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counter counts connections and bodies that are open.
type counter struct{ connections, bodies atomic.Int64 }

type countedConn struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

type openBody struct {
	io.ReadCloser
	open *atomic.Int64
	once sync.Once
}

func (b *openBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

func (c *counter) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.connections.Add(1)
	return &countedConn{Conn: conn, open: &c.connections}, nil
}

type countingTransport struct {
	*http.Transport
	counter *counter
}

func (t countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(r)
	if err == nil {
		t.counter.bodies.Add(1)
		response.Body = &openBody{ReadCloser: response.Body, open: &t.counter.bodies}
	}
	return response, err
}

// client returns a client over real connections, of which each is counted, as is
// every body, and the pool of idle connections.
func (c *counter) client(t *testing.T, url string) (*refundkit.Client, *http.Transport) {
	t.Helper()
	pool := &http.Transport{DialContext: c.dial, MaxIdleConnsPerHost: idleConnections}
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(url), refundkit.WithMaxRetries(0),
		refundkit.WithHTTPClient(&http.Client{Transport: countingTransport{pool, c}}))
	require.NoError(t, err)
	return client, pool
}

// idleConnections is how many connections stay open between calls.
const idleConnections = 4

// assertNothingLeft looks for what calls can leave behind: bodies that were not
// closed, connections that are neither used nor in the pool, goroutines.
func (c *counter) assertNothingLeft(t *testing.T, pool *http.Transport, closeServer func()) {
	t.Helper()
	assert.Zero(t, c.bodies.Load(), "open bodies")
	assert.Eventually(t, func() bool { return c.connections.Load() <= idleConnections }, 10*time.Second, time.Millisecond, "connections beyond the pool")
	pool.CloseIdleConnections()
	closeServer()
	assert.Eventually(t, func() bool { return c.connections.Load() == 0 }, 10*time.Second, time.Millisecond, "open connections")
	assertNoGoroutines(t)
}

// assertNoGoroutines gives those that are ending the time to end.
func assertNoGoroutines(t *testing.T) {
	t.Helper()
	if !assert.Eventually(t, func() bool { return len(ownGoroutines()) == 0 }, 10*time.Second, time.Millisecond, "goroutines") {
		t.Log(strings.Join(ownGoroutines(), "\n\n"))
	}
}

// ownGoroutines are the stacks of all goroutines that run a function of this
// module, or were started by one. The tests themselves are another package.
func ownGoroutines() (stacks []string) {
	all := make([]byte, 1<<20)
	for n := runtime.Stack(all, true); ; n = runtime.Stack(all, true) {
		if n < len(all) {
			all = all[:n]
			break
		}
		all = make([]byte, 2*len(all))
	}
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if ownFunction.MatchString(stack) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// ownFunction is a line of a stack; lines with files begin with a tab.
var ownFunction = regexp.MustCompile(`(?m)^(created by )?github\.com/refundkit/refundkit[./]`)

// TestFaultyCallsLeaveNothingBehind makes calls over real connections while
// everything goes wrong, and counts what is still open afterwards.
func TestFaultyCallsLeaveNothingBehind(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 1_000
	}
	assertNoGoroutines(t) // of an earlier test
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: int64(count)})
	server.Inject(refundtest.Chaos(1, 0.5))
	open := new(counter)
	client, pool := open.client(t, server.Start())

	var calls, failed atomic.Int64
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for calls.Add(1) <= int64(count) {
				if _, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 1}); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	workers.Wait()

	assert.Greater(t, failed.Load(), int64(count/4), "the faults were real")
	open.assertNothingLeft(t, pool, server.Close)
}

func TestManyGoroutinesLeaveNothingBehind(t *testing.T) {
	assertNoGoroutines(t) // of an earlier test
	var onServer atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, refundBody)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			onServer.Add(1)
		case http.StateClosed, http.StateHijacked:
			onServer.Add(-1)
		}
	}
	server.Start()
	open := new(counter)
	client, pool := open.client(t, server.URL)

	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for range 10 {
				_, err := client.Refunds.Create(t.Context(), someRefund)
				assert.NoError(t, err)
				_, err = client.Refunds.Update(t.Context(), "re_1", refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true})
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()

	open.assertNothingLeft(t, pool, server.Close) // which waits for every connection
	assert.Zero(t, onServer.Load(), "connections of the server")
}
