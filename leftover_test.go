package refundkit_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
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

// TestFaultyCallsLeaveNothingBehind makes calls over real connections while
// everything goes wrong, and counts what is still open afterwards.
func TestFaultyCallsLeaveNothingBehind(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 1_000
	}
	before := runtime.NumGoroutine()
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: int64(count)})
	server.Inject(refundtest.Chaos(1, 0.5))
	const pool = 4
	open := new(counter)
	transport := &http.Transport{DialContext: open.dial, MaxIdleConnsPerHost: pool}
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(server.Start()), refundkit.WithMaxRetries(0),
		refundkit.WithHTTPClient(&http.Client{Transport: countingTransport{transport, open}}))
	require.NoError(t, err)

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
	assert.Zero(t, open.bodies.Load(), "open bodies")
	assert.Eventually(t, func() bool { return open.connections.Load() <= pool }, 10*time.Second, time.Millisecond, "connections beyond the pool")
	transport.CloseIdleConnections()
	server.Close()
	assert.Eventually(t, func() bool { return open.connections.Load() == 0 }, 10*time.Second, time.Millisecond, "open connections")
	// One more is the goroutine that asks.
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, time.Millisecond, "goroutines")
}
