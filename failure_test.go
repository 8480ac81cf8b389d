package refundkit_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rawServer answers every request with the same bytes, which need not be HTTP.
func rawServer(t *testing.T, bytes string) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
				_, _ = io.WriteString(conn, bytes)
			}
			conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

// TestMalformedAnswerIsNotQuoted has a server put secrets where net/http quotes
// them: with quotes of its own, escaped ones and none.
func TestMalformedAnswerIsNotQuoted(t *testing.T) {
	for quoting, secret := range map[string]string{
		"compact JSON": `{"account":"` + secretAccount + `","name":"Jenny PLANTED","key":"` + secretKey + `"}`,
		"escaped":      `\"` + secretHeader + `\"`,
		"one quote":    `" ` + secretHeader,
		"bare":         secretHeader,
	} {
		for name, c := range map[string]struct{ answer, want string }{
			"status line":     {secret + "\r\n\r\n", "malformed answer"},
			"status code":     {"HTTP/1.1 " + secret + "\r\n\r\n", "malformed answer"},
			"version":         {"HTTP/" + secret + " 200 OK\r\n\r\n", "malformed answer"},
			"header line":     {"HTTP/1.1 200 OK\r\n" + strings.ReplaceAll(secret, ":", "") + "\r\n\r\n", "malformed answer"},
			"header name":     {"HTTP/1.1 200 OK\r\n " + secret + ": 1\r\n\r\n", "malformed answer"},
			"Content-Length":  {"HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n", "malformed answer"},
			"two lengths":     {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + secret + "\r\n\r\n", "malformed answer"},
			"encoding":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n", "malformed answer"},
			"Location":        {"HTTP/1.1 302 Found\r\nLocation: http://[" + secret + "\r\nContent-Length: 0\r\n\r\n", ""},
			"chunk":           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n", "malformed answer"},
			"trailer":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.ReplaceAll(secret, ":", "") + "\r\n\r\n", ""},
			"nothing":         {"", "EOF"},
			"half an answer":  {"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + secret, "unexpected EOF"},
			"a wrong reading": {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + secret, "malformed answer"},
		} {
			t.Run(name+", "+quoting, func(t *testing.T) {
				client, err := refundkit.New(secretKey, refundkit.WithBaseURL(rawServer(t, c.answer)), refundkit.WithMaxRetries(0), refundkit.WithAccount(secretAccount))
				require.NoError(t, err)

				_, err = client.Refunds.Create(t.Context(), someRefund)

				require.Error(t, err)
				assert.Contains(t, err.Error(), c.want)
				assertNoSecret(t, err)
			})
		}
	}
}

// timesOut is an error of a transport of somebody else.
type timesOut struct{}

func (timesOut) Error() string   { return secretHeader }
func (timesOut) Timeout() bool   { return true }
func (timesOut) Temporary() bool { return true }

func TestFailureIsNamed(t *testing.T) {
	planted := errors.New(secretHeader)
	refused := &net.OpError{
		Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443},
		Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"deadline":             {context.DeadlineExceeded, "context deadline exceeded"},
		"canceled":             {fmt.Errorf("%s: %w", secretHeader, context.Canceled), "context canceled"},
		"no such host":         {&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: secretHeader, Name: "api.stripe.com", IsNotFound: true}}, "dial tcp: lookup api.stripe.com: no such host"},
		"the resolver's time":  {&net.DNSError{Err: secretHeader, Name: "api.stripe.com", IsTimeout: true}, "lookup api.stripe.com: timeout"},
		"the resolver":         {&net.DNSError{Err: secretHeader, Name: "api.stripe.com"}, "lookup api.stripe.com: the name server failed"},
		"refused":              {refused, "dial tcp 192.0.2.1:443: connect: connection refused"},
		"refused, with a URL":  {&url.Error{Op: "Post", URL: secretID, Err: refused}, "dial tcp 192.0.2.1:443: connect: connection refused"},
		"refused by the proxy": {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}, "proxyconnect tcp: dial tcp 192.0.2.1:443: connect: connection refused"},
		"a proxy's answer":     {errors.New("Proxy Authentication Required"), "the proxy answered CONNECT with Proxy Authentication Required"},
		"reset":                {&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "read tcp: read: connection reset by peer"},
		"timeout":              {timesOut{}, "timeout"},
		"dial timeout":         {&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}, "dial tcp: i/o timeout"},
		"authority":            {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "the certificate is signed by an unknown authority"},
		"another host":         {x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{secretHeader}}, Host: "api.stripe.com"}, "the certificate is not for api.stripe.com"},
		"expired":              {x509.CertificateInvalidError{Reason: x509.Expired, Detail: secretHeader}, "the certificate has expired or is not yet valid"},
		"another certificate":  {x509.CertificateInvalidError{Reason: x509.TooManyIntermediates, Detail: secretHeader}, "the certificate is not valid (x509 reason 3)"},
		"no certificate":       {&tls.CertificateVerificationError{Err: planted}, "the certificate can't be verified"},
		"no TLS":               {tls.RecordHeaderError{Msg: secretHeader}, "the server does not speak TLS"},
		"plain HTTP":           {http.ErrSchemeMismatch, "http: server gave HTTP response to HTTPS client"},
		"a transport's own":    {&talkative{Text: secretHeader}, "*refundkit_test.talkative, whose text is withheld"},
		"wrapped":              {fmt.Errorf("%s %w", secretHeader, &talkative{Text: secretHeader}), "*refundkit_test.talkative, whose text is withheld"},
		"a text":               {planted, "*errors.errorString, whose text is withheld"},
		"several":              {errors.Join(io.EOF, planted, io.EOF), "EOF; *errors.errorString, whose text is withheld"},
		"of this package":      {refundkit.ErrNotFound, "refundkit: not found"},
		"no responder":         {errors.New("no responder found"), "no responder found"},
	} {
		t.Run(name, func(t *testing.T) {
			failure := &refundkit.TransportError{Op: "Refunds.Create", Attempts: 1, OutcomeUnknown: true, Err: c.err}
			assert.EqualError(t, failure, "refundkit: Refunds.Create: no answer: "+c.want+" (attempts 1); next: repeat the call")
		})
	}
}

// TestFailureOfHTTP2IsNamed has a real server give up, because the errors of
// HTTP/2 have types that nothing exports.
func TestFailureOfHTTP2IsNamed(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client, err := refundkit.New(apiKey, refundkit.WithBaseURL(server.URL), refundkit.WithHTTPClient(server.Client()), refundkit.WithMaxRetries(0))
	require.NoError(t, err)
	_, err = client.Refunds.Create(t.Context(), someRefund)
	assert.ErrorContains(t, err, "no answer: HTTP/2 stream error (INTERNAL_ERROR)")
}

// TestCauseIsFound holds that what is in no message is still there to be asked
// for.
func TestCauseIsFound(t *testing.T) {
	raw := &talkative{Text: secretHeader}
	client, mock := setup(t)
	mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) { return nil, raw })

	_, err := client.Refunds.Create(t.Context(), someRefund)

	var silence *refundkit.TransportError
	require.ErrorAs(t, err, &silence)
	var found *talkative
	require.ErrorAs(t, err, &found)
	assert.Same(t, raw, found)
	assert.Same(t, raw, errors.Unwrap(silence.Err))
	assert.Equal(t, "*refundkit_test.talkative, whose text is withheld", silence.Err.Error())
}

// TestLimiterIsQuoted: its text is the caller's own, and says why nothing was sent.
func TestLimiterIsQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"nothing is left for " + secretKey + " today": "client-side rate limiter: nothing is left for sk_test_*** today",
		"rate: Wait(n=1) would exceed":                "client-side rate limiter: rate: Wait(n=1) would exceed",
	} {
		client, err := refundkit.New(secretKey, refundkit.WithRateLimiter(limiterThatFails{errors.New(text)}))
		require.NoError(t, err)
		_, err = client.Refunds.List(t.Context(), refundkit.RefundListParams{})
		assert.ErrorContains(t, err, "no answer: "+want+" (attempts 0)")
	}
	client, err := refundkit.New("!", refundkit.WithBaseURL("http://localhost"), refundkit.WithRateLimiter(limiterThatFails{&url.Error{Op: "Get", URL: secretID, Err: context.DeadlineExceeded}}))
	require.NoError(t, err)
	_, err = client.Refunds.List(t.Context(), refundkit.RefundListParams{})
	assert.ErrorContains(t, err, "client-side rate limiter: context deadline exceeded")
	assertNoSecret(t, err)
}

type limiterThatFails struct{ err error }

func (l limiterThatFails) Wait(context.Context) error { return l.err }

// TestUnreadableAnswerRepeatsNothing: encoding/json repeats numbers.
func TestUnreadableAnswerRepeatsNothing(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"re_1","object":"refund","amount":12345.67}`: `the body can't be decoded: field amount is not a whole number of 64 bits, but a number`,
		`{"id":"re_1","object":"refund","amount":1e99}`:     `the body can't be decoded: field amount is not a whole number of 64 bits, but a number`,
		`{"id":"re_1","object":"refund","amount":12345`:     "the body can't be decoded: it is not JSON, from byte ",
		`[]`:                                     "the body is not a JSON object",
		`{"object":"refund"}`:                    "the refund has no id",
		`{"object":"` + secretHeader + `"}`:      "the body is not a refund",
		`{"object":"refund","id":"re_1"} {"a":}`: "the body can't be decoded: it is not JSON, from byte ",
	} {
		client, mock := setup(t, refundkit.WithMaxRetries(0))
		mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) { return answer(200, body), nil })
		_, err := client.Refunds.Create(t.Context(), someRefund)
		require.ErrorContains(t, err, "status 200 with a body that is not the answer: "+want)
		for _, number := range []string{"12345", "1e99"} {
			assert.NotContains(t, err.Error(), number)
		}
	}
}
