package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFlagsFromTheEnvironment(t *testing.T) {
	t.Setenv("REFUNDTEST_ADDR", "127.0.0.1:4711")
	t.Setenv("REFUNDTEST_CHAOS_SEED", "7")
	t.Setenv("REFUNDTEST_CONTROL", "false")
	t.Setenv("REFUNDTEST_VERSION", "not a flag's")
	c, err := parseFlags([]string{"-chaos-seed", "8"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:4711", c.addr)
	assert.EqualValues(t, 8, c.chaosSeed, "the command line wins")
	assert.False(t, c.control)
	t.Setenv("REFUNDTEST_JOURNAL", "many")
	_, err = parseFlags(nil, io.Discard)
	assert.EqualError(t, err, "REFUNDTEST_JOURNAL=many: -journal does not take that")
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	_, err := parseFlags([]string{"-help"}, &out)
	require.Error(t, err)
	for _, o := range operations() {
		assert.Contains(t, out.String(), controlPath+o.path)
	}
	assert.Contains(t, out.String(), "REFUNDTEST_ADDR")
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-version"}, &out, io.Discard))
	assert.Contains(t, out.String(), "Stripe API "+refundtest.APIVersion)
}

func TestHealth(t *testing.T) {
	base, out, stop := program(t)
	ask := func(url string) error { return run(t.Context(), []string{"-health", url}, io.Discard, io.Discard) }
	require.NoError(t, ask(base))
	assert.ErrorContains(t, ask(base+"/v1/refunds"), "401")
	require.NoError(t, stop())
	assert.Error(t, ask(base))
	assert.NotContains(t, out.text.String(), "HEAD / ", "it is asked every few seconds")
}

// pipes is a listener whose connections live in memory, and so in a bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	connection, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return connection, nil
}

func (p pipes) Close() error { // once, says net/http
	close(p)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial() net.Conn {
	near, far := net.Pipe()
	p <- far
	return near
}

// TestProgramWaitsForNoBody sends half of a body, and a whole one of which the work
// takes longer than a request may take to arrive.
func TestProgramWaitsForNoBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := make(pipes)
		server := refundtest.New()
		server.AddCharge(refundtest.Charge{ID: "ch_1"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- serve(ctx, listener, server, func() {}) }()
		head := "POST /v1/refunds HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk_test_1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "

		half := listener.dial()
		_, err := io.WriteString(half, head+"100\r\n\r\ncharge=ch_1")
		require.NoError(t, err)
		answer, err := io.ReadAll(half)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 400 "), string(answer))

		server.Inject(refundtest.Delay(3 * longestRead))
		whole := listener.dial()
		_, err = io.WriteString(whole, head+"11\r\nConnection: close\r\n\r\ncharge=ch_1")
		require.NoError(t, err)
		answer, err = io.ReadAll(whole)
		require.NoError(t, err)
		assert.Contains(t, string(answer), `"object": "refund"`)
		cancel()
		require.NoError(t, <-ended)
	})
}
