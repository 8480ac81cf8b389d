package refundkit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dyingServer answers the first request on a kept-alive connection. It reads the
// second as well, does its work, and dies without a word.
func dyingServer(t *testing.T) (url string, worked *atomic.Int32) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	worked = new(atomic.Int32)
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for range 2 {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, request.Body)
			if worked.Add(1) == 1 {
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(refundBody), refundBody)
			}
		}
		listener.Close() // a second connection is refused
	}()
	return "http://" + listener.Addr().String(), worked
}

// TestReusedConnectionDiesAfterTheWork and the next one use real connections, and
// the bubble's time for the wait before the repetition: by then none is open.
func TestReusedConnectionDiesAfterTheWork(t *testing.T) {
	cancel := func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Cancel(ctx, "re_1")
		return err
	}
	for name, c := range map[string]struct {
		second  call
		retries int
	}{
		"with a body":             {createRefund(someRefund), 0},
		"with a body and a retry": {createRefund(someRefund), 1},
		// net/http sends a POST without a body again by itself, because of its key: the last error is a refused dial.
		"without a body":             {cancel, 0},
		"without a body and a retry": {cancel, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				url, worked := dyingServer(t)
				client, err := refundkit.New(apiKey, refundkit.WithBaseURL(url), refundkit.WithHTTPClient(&http.Client{Transport: &http.Transport{}}), refundkit.WithMaxRetries(c.retries))
				require.NoError(t, err)
				_, err = client.Refunds.Create(t.Context(), someRefund)
				require.NoError(t, err)

				err = c.second(t.Context(), client)

				require.Equal(t, int32(2), worked.Load())
				assert.ErrorIs(t, err, refundkit.ErrOutcomeUnknown, "the work was done")
				assert.NotEmpty(t, refundkit.KeyOf(err))
			})
		})
	}
}

func TestRefusedDialIsSurelyNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		url := "http://" + listener.Addr().String()
		require.NoError(t, listener.Close())
		client, err := refundkit.New(apiKey, refundkit.WithBaseURL(url), refundkit.WithMaxRetries(1))
		require.NoError(t, err)

		_, err = client.Refunds.Create(t.Context(), someRefund)

		var silence *refundkit.TransportError
		require.ErrorAs(t, err, &silence)
		assert.Equal(t, 2, silence.Attempts)
		assert.NotErrorIs(t, err, refundkit.ErrOutcomeUnknown)
		var dial *net.OpError
		assert.ErrorAs(t, err, &dial)
		assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
	})
}

func TestUntrustedCertificateIsNotRetried(t *testing.T) {
	var served atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(server.URL), refundkit.WithHTTPClient(&http.Client{Transport: &http.Transport{}}))
	require.NoError(t, err)

	_, err = client.Refunds.Create(t.Context(), someRefund)

	var silence *refundkit.TransportError
	require.ErrorAs(t, err, &silence)
	assert.Equal(t, 1, silence.Attempts)
	assert.NotErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	assert.Equal(t, refundkit.StepStop, refundkit.NextStep(err))
	assert.Zero(t, served.Load())
}

// hang never answers; it ends with the request.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTimeAndContext(t *testing.T) {
	unavailable := httpmock.ResponderFromResponse(answer(503, ""))
	asksForTen := httpmock.ResponderFromResponse(answer(503, "", "Retry-After", "10"))
	asksForADay := httpmock.ResponderFromResponse(answer(503, "", "Retry-After", "86400"))
	for name, c := range map[string]struct {
		responder        httpmock.Responder
		deadline, cancel time.Duration
		attempts         int
		atLeast, atMost  time.Duration
		is               error
	}{
		"every attempt times out":               {hang, 0, 0, 3, 30 * time.Second, 32 * time.Second, context.DeadlineExceeded},
		"the deadline ends an attempt":          {hang, 4 * time.Second, 0, 1, 4 * time.Second, 4 * time.Second, context.DeadlineExceeded},
		"canceled within an attempt":            {hang, 0, 3 * time.Second, 1, 3 * time.Second, 3 * time.Second, context.Canceled},
		"server asks to wait":                   {asksForTen, 0, 0, 3, 20 * time.Second, 20 * time.Second, nil},
		"canceled while waiting":                {asksForTen, 0, 3 * time.Second, 1, 3 * time.Second, 3 * time.Second, context.Canceled},
		"the deadline is nearer than the wait":  {asksForTen, 5 * time.Second, 0, 1, 0, 0, nil},
		"the deadline comes in the second wait": {asksForTen, 15 * time.Second, 0, 2, 10 * time.Second, 10 * time.Second, nil},
		"server asks for a day":                 {asksForADay, 0, 0, 1, 0, 0, nil},
		"backoff with jitter":                   {unavailable, 0, 0, 3, 0, 1500 * time.Millisecond, nil},
		"canceled before it began":              {unavailable, 0, -1, 0, 0, 0, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, mock := setup(t, refundkit.WithMaxRetries(2), refundkit.WithAttemptTimeout(10*time.Second))
				mock.RegisterResponder("POST", base+"/v1/refunds", c.responder)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				if c.cancel > 0 {
					time.AfterFunc(c.cancel, cancel)
				} else if c.cancel < 0 {
					cancel()
				}
				start := time.Now()

				_, err := client.Refunds.Create(ctx, someRefund, refundkit.IdempotencyKey("k"))

				took := time.Since(start)
				require.Error(t, err)
				assert.GreaterOrEqual(t, took, c.atLeast)
				assert.LessOrEqual(t, took, c.atMost)
				assert.Equal(t, c.attempts, mock.GetTotalCallCount())
				assert.Equal(t, c.attempts > 0, errors.Is(err, refundkit.ErrOutcomeUnknown))
				assert.Equal(t, refundkit.IdempotencyKey("k"), refundkit.KeyOf(err))
				if c.is != nil {
					assert.ErrorIs(t, err, c.is)
				}
			})
		})
	}
}

// TestTimeoutOfTheHTTPClient: of the two limits of an attempt, the shorter one holds.
func TestTimeoutOfTheHTTPClient(t *testing.T) {
	for name, c := range map[string]struct{ client, attempt, want time.Duration }{
		"the client's":  {3 * time.Second, 10 * time.Second, 3 * time.Second},
		"the attempt's": {20 * time.Second, 10 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mock := httpmock.NewMockTransport()
				mock.RegisterResponder("POST", base+"/v1/refunds", hang)
				client, err := refundkit.New(apiKey, refundkit.WithBaseURL(base), refundkit.WithMaxRetries(0), refundkit.WithAttemptTimeout(c.attempt),
					refundkit.WithHTTPClient(&http.Client{Transport: mock, Timeout: c.client}))
				require.NoError(t, err)
				start := time.Now()
				_, err = client.Refunds.Create(t.Context(), someRefund)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
				assert.Equal(t, c.want, time.Since(start))
			})
		})
	}
}

// TestNoCookies: what a proxy in front of Stripe sets is not sent back.
func TestNoCookies(t *testing.T) {
	var cookies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "proxy", Value: "1"})
	}))
	defer server.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(server.URL), refundkit.WithHTTPClient(&http.Client{Transport: server.Client().Transport, Jar: jar}))
	require.NoError(t, err)
	for range 2 {
		_, err = client.Refunds.Retrieve(t.Context(), "re_1")
		require.Error(t, err)
	}
	assert.Equal(t, []string{"", ""}, cookies[len(cookies)-2:])
}

func TestFirstWaitIsJittered(t *testing.T) {
	waits := map[time.Duration]bool{}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			client, mock := setup(t, refundkit.WithMaxRetries(1))
			mock.RegisterResponder("POST", base+"/v1/refunds", httpmock.NewStringResponder(503, ""))
			start := time.Now()
			_, err := client.Refunds.Create(t.Context(), someRefund)
			require.Error(t, err)
			waits[time.Since(start)] = true
		})
	}
	assert.Greater(t, len(waits), 15)
}

// TestHTTP2StreamIsReset has the server give up on the stream, or on the whole
// connection, after it has seen the request.
func TestHTTP2StreamIsReset(t *testing.T) {
	for name, giveUp := range map[string]func(http.ResponseWriter){
		"stream": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"connection": func(w http.ResponseWriter) {
			w.Header().Set("Connection", "close") // which HTTP/2 says with GOAWAY
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var keys []string
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				keys = append(keys, r.Proto+" "+r.Header.Get("Idempotency-Key"))
				if len(keys) == 1 {
					giveUp(w)
				}
				_, _ = io.WriteString(w, refundBody)
			}))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			client, err := refundkit.New(apiKey, refundkit.WithBaseURL(server.URL), refundkit.WithHTTPClient(server.Client()), refundkit.WithMaxRetries(0))
			require.NoError(t, err)

			_, err = client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("k"))
			require.ErrorIs(t, err, refundkit.ErrOutcomeUnknown)
			_, err = client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("k"))
			require.NoError(t, err)
			assert.Equal(t, []string{"HTTP/2.0 k", "HTTP/2.0 k"}, keys)
		})
	}
}

// writes counts what is written to the connections of a transport.
type writes struct {
	net.Conn
	count *atomic.Int32
}

func (w writes) Write(p []byte) (int, error) {
	w.count.Add(1)
	return w.Conn.Write(p)
}

// TestOneWriteARequest: head and body go out together, which over a real network is
// one packet instead of two.
func TestOneWriteARequest(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, refundBody)
	}))
	defer server.Close()
	var count atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return writes{conn, &count}, err
	}}
	defer transport.CloseIdleConnections()
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(server.URL), refundkit.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	for range 100 {
		_, err := client.Refunds.Create(t.Context(), someRefund)
		require.NoError(t, err)
	}
	assert.Equal(t, int32(100), count.Load())
}
