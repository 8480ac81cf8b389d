package refundkit_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
)

// Frames of HTTP/2, as RFC 9113 numbers them.
const (
	frameData      = 0
	frameHeaders   = 1
	frameReset     = 3
	frameSettings  = 4
	framePing      = 6
	frameGoAway    = 7
	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
	errorInternal  = 2
	errorRefused   = 7
)

// h2Connection is the server's side of one connection, frame by frame.
type h2Connection struct {
	conn   net.Conn
	worked *atomic.Int32
}

func (c h2Connection) write(kind, flags byte, stream uint32, payload []byte) {
	frame := make([]byte, 9, 9+len(payload))
	binary.BigEndian.PutUint32(frame, uint32(len(payload))<<8)
	frame[3], frame[4] = kind, flags
	binary.BigEndian.PutUint32(frame[5:], stream)
	_, _ = c.conn.Write(append(frame, payload...))
}

func (c h2Connection) reset(stream, code uint32) {
	c.write(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

func (c h2Connection) goAway(last, code uint32) {
	c.write(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code))
}

// answerOK sends the head of a success, as the static table of HPACK has it.
func (c h2Connection) answerOK(stream uint32) {
	c.write(frameHeaders, flagEndHeaders, stream, []byte{0x88})
}

// serve reads requests and lets the script answer: onHead when a request's head is
// there, onWhole when all of it is, which counts as the work.
func (c h2Connection) serve(onHead, onWhole func(h2Connection, uint32)) {
	defer c.conn.Close()
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(c.conn, preface); err != nil {
		return
	}
	c.write(frameSettings, 0, 0, nil)
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c.conn, head); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		if _, err := io.ReadFull(c.conn, payload); err != nil {
			return
		}
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		switch {
		case kind == frameSettings && flags&flagAck == 0:
			c.write(frameSettings, flagAck, 0, nil)
		case kind == framePing && flags&flagAck == 0:
			c.write(framePing, flagAck, 0, payload)
		case kind == frameHeaders && flags&flagEndStream == 0 && onHead != nil:
			onHead(c, stream)
		case (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0:
			c.worked.Add(1)
			onWhole(c, stream)
		}
	}
}

// h2Server speaks HTTP/2 over TLS by a script, and returns a client that trusts it.
// hangUp closes the client's connections and waits until the server has read all
// that was sent.
func h2Server(t *testing.T, onHead, onWhole func(h2Connection, uint32)) (client *refundkit.Client, worked *atomic.Int32, hangUp func()) {
	t.Helper()
	certificates := httptest.NewUnstartedServer(nil)
	certificates.StartTLS() // for its certificate
	t.Cleanup(certificates.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates.TLS.Certificates, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	worked = new(atomic.Int32)
	var serving sync.WaitGroup
	var lock sync.Mutex
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			serving.Go(func() { h2Connection{conn, worked}.serve(onHead, onWhole) })
		}
	}()
	roots := x509.NewCertPool()
	roots.AddCert(certificates.Certificate())
	var dialed []net.Conn
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			lock.Lock()
			defer lock.Unlock()
			dialed = append(dialed, conn)
		}
		return conn, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	client, err = refundkit.New(apiKey, refundkit.WithBaseURL("https://"+listener.Addr().String()), refundkit.WithMaxRetries(0),
		refundkit.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	return client, worked, func() {
		lock.Lock()
		defer lock.Unlock()
		for _, conn := range dialed {
			conn.Close()
		}
		serving.Wait()
	}
}

func TestHostileHTTP2(t *testing.T) {
	made := []byte(`{"id":"re_1","object":"refund"}`)
	for name, row := range map[string]struct {
		onHead, onWhole func(h2Connection, uint32)
		want            outcome
	}{
		"answered":                 {onWhole: func(c h2Connection, s uint32) { c.answerOK(s); c.write(frameData, flagEndStream, s, made) }, want: mustSucceed},
		"reset after the work":     {onWhole: func(c h2Connection, s uint32) { c.reset(s, errorInternal) }, want: mustBeOpen},
		"refused after the work":   {onWhole: func(c h2Connection, s uint32) { c.reset(s, errorRefused) }, want: mustBeOpen},
		"gone away after the work": {onWhole: func(c h2Connection, s uint32) { c.goAway(s, errorInternal); c.conn.Close() }, want: mustBeOpen},
		"gone away and denied it":  {onWhole: func(c h2Connection, _ uint32) { c.goAway(0, 0); c.conn.Close() }, want: mayBeOpen},
		"closed after the work":    {onWhole: func(c h2Connection, _ uint32) { c.conn.Close() }, want: mustBeOpen},
		"cut in its answer": {onWhole: func(c h2Connection, s uint32) {
			c.answerOK(s)
			c.write(frameData, 0, s, made[:9])
			c.reset(s, errorInternal)
		}, want: mustBeOpen},
		"ended early":     {onWhole: func(c h2Connection, s uint32) { c.answerOK(s); c.write(frameData, flagEndStream, s, made[:9]) }, want: mustBeOpen},
		"no frame at all": {onWhole: func(c h2Connection, _ uint32) { _, _ = io.WriteString(c.conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }, want: mustBeOpen},
		"reset at its head": {
			onHead:  func(c h2Connection, s uint32) { c.reset(s, errorInternal) },
			onWhole: func(c h2Connection, s uint32) { c.reset(s, errorInternal) }, want: mayBeOpen},
	} {
		for kind, call := range calls {
			t.Run(name+"/"+kind, func(t *testing.T) {
				client, worked, _ := h2Server(t, row.onHead, row.onWhole)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // net/http repeats what was refused for longer
				defer cancel()
				refund, err := call(ctx, client)
				checkOutcome(t, row.want, worked.Load(), refund, err)
			})
		}
	}
	assertNoGoroutines(t)
}

// TestHostileHTTP2Context ends the call at any moment of an exchange that does its
// work at once: whether the request was reported as sent by then must not matter.
func TestHostileHTTP2Context(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 40
	}
	made := []byte(`{"id":"re_1","object":"refund"}`)
	for kind, call := range calls {
		t.Run(kind, func(t *testing.T) {
			for i := range rounds {
				client, worked, hangUp := h2Server(t, nil, func(c h2Connection, s uint32) {
					if c.worked.Load() == 1 {
						c.answerOK(s)
						c.write(frameData, flagEndStream, s, made)
					}
				})
				_, err := call(t.Context(), client) // the connection stands
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%40)*10*time.Microsecond)
				refund, err := call(ctx, client)
				cancel()
				hangUp()
				checkOutcome(t, mayBeOpen, worked.Load()-1, refund, err)
			}
		})
	}
}
