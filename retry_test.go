package refundkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestDecideByError(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"refused dial":             {dial, true},
		"reset":                    {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		"broken pipe":              {&net.OpError{Op: "write", Err: syscall.EPIPE}, true},
		"closed early":             {io.EOF, true},
		"closed within the answer": {io.ErrUnexpectedEOF, true},
		"idle connection closed":   {errors.New("http: server closed idle connection"), true},
		"HTTP/2 goaway":            {errors.New("http2: server sent GOAWAY and closed the connection"), true},
		"HTTP/2 stream error":      {errors.New("stream error: stream ID 1; INTERNAL_ERROR"), true},
		"attempt timed out":        {fmt.Errorf("net/http: %w", context.DeadlineExceeded), true},
		"DNS timed out":            {&net.DNSError{IsTimeout: true}, true},
		"DNS server failed":        {&net.DNSError{IsTemporary: true}, true},
		"no such host":             {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, false},
		"caller canceled":          {fmt.Errorf("net/http: %w", context.Canceled), false},
		"unknown CA":               {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, false},
		"wrong host name":          {&tls.CertificateVerificationError{Err: x509.HostnameError{}}, false},
		"no TLS there":             {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, false},
		"plain http answer":        {fmt.Errorf("net/http: %w", http.ErrSchemeMismatch), false},
		"limiter refused":          {&clientSideError{errors.New("burst exceeded")}, false},
		"body too large":           {errBodyTooLarge, false},
		"another request's answer": {mismatch("id"), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, again := decide(result{err: c.err}, 1, 2, 0.5, noon)
			assert.Equal(t, c.want, again)
			_, again = decide(result{status: 200, err: c.err}, 1, 2, 0.5, noon)
			assert.Equal(t, c.want, again, "while a 200 was read")
		})
	}
}

func TestDecideByStatus(t *testing.T) {
	should := func(value string) http.Header { return http.Header{"Stripe-Should-Retry": {value}} }
	replayed := http.Header{"Idempotent-Replayed": {"true"}}
	for name, c := range map[string]struct {
		header http.Header
		want   func(status int, again bool) bool
	}{
		"no header":          {nil, func(_ int, again bool) bool { return again }},
		"told to retry":      {should("true"), func(status int, _ bool) bool { return status >= 300 }},
		"told not to retry":  {should("false"), func(int, bool) bool { return false }},
		"told something odd": {should("maybe"), func(_ int, again bool) bool { return again }},
		"stored answer":      {replayed, func(status int, _ bool) bool { return status == 409 || status == 429 }},
	} {
		t.Run(name, func(t *testing.T) {
			for status := 200; status < 600; status++ {
				want := c.want(status, status == 409 || status == 429 || status >= 500)
				for _, body := range []string{"", `{"error":{}}`, "<html>"} {
					_, got := decide(result{status: status, header: c.header, body: []byte(body)}, 1, 2, 0.5, noon)
					assert.Equal(t, want, got, "%d %q", status, body)
				}
			}
		})
	}
}

func TestDecideCountsAttempts(t *testing.T) {
	for attempt, want := range map[int]bool{1: true, 2: true, 3: false, 4: false} {
		t.Run(strconv.Itoa(attempt), func(t *testing.T) {
			_, again := decide(result{status: 503}, attempt, 2, 0, noon)
			assert.Equal(t, want, again)
		})
	}
	_, again := decide(result{status: 503}, 1, 0, 0, noon)
	assert.False(t, again, "no retries asked for")
}

func TestDecideWaits(t *testing.T) {
	after := func(value string) http.Header { return http.Header{"Retry-After": {value}} }
	for name, c := range map[string]struct {
		attempt int
		jitter  float64
		header  http.Header
		want    time.Duration
		again   bool
	}{
		"full jitter may be nothing": {1, 0, nil, 0, true},
		"from the first retry":       {1, 0.5, nil, 250 * time.Millisecond, true},
		"doubles":                    {3, 0.5, nil, time.Second, true},
		"up to the longest":          {60, 0.5, nil, 4 * time.Second, true},
		"far beyond overflow":        {5000, 0.5, nil, 4 * time.Second, true},
		"server asks for seconds":    {1, 0.5, after("3"), 3 * time.Second, true},
		"server asks for a fraction": {1, 0, after("0.5"), 500 * time.Millisecond, true},
		"server asks for less":       {1, 0.9, after("0"), 450 * time.Millisecond, true},
		"server asks for a date":     {1, 0, after("Sat, 21 Nov 2026 12:00:07 GMT"), 7 * time.Second, true},
		"date in the past":           {1, 0.5, after("Sat, 21 Nov 2026 11:00:00 GMT"), 250 * time.Millisecond, true},
		"at the cap":                 {1, 0, after("30"), 30 * time.Second, true},
		"stop above the cap":         {1, 0, after("31"), 0, false},
		"stop at a day":              {1, 0, after("86400"), 0, false},
		"stop at a date far ahead":   {1, 0, after("Sat, 21 Nov 2065 12:00:00 GMT"), 0, false},
		"stop at an overflow":        {1, 0, after("99999999999999999999999"), 0, false},
		"stop at infinity":           {1, 0, after("Inf"), 0, false},
		"stop out of range":          {1, 0, after("1e999"), 0, false},
		"ignore not a number":        {1, 0.5, after("NaN"), 250 * time.Millisecond, true},
		"ignore negative":            {1, 0.5, after("-5"), 250 * time.Millisecond, true},
		"ignore minus infinite":      {1, 0.5, after("-Inf"), 250 * time.Millisecond, true},
		"ignore words":               {1, 0.5, after("soon"), 250 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			delay, again := decide(result{status: 503, header: c.header}, c.attempt, math.MaxInt, c.jitter, noon)
			assert.Equal(t, c.again, again)
			if c.again {
				assert.Equal(t, c.want, delay)
			}
		})
	}
}

func TestWait(t *testing.T) {
	for name, c := range map[string]struct {
		delay, cancelAfter, deadline, want time.Duration
		done                               bool
	}{
		"to the end":               {delay: 3 * time.Second, want: 3 * time.Second, done: true},
		"canceled meanwhile":       {delay: 3 * time.Second, cancelAfter: time.Second, want: time.Second},
		"deadline before the end":  {delay: 3 * time.Second, deadline: 2 * time.Second, want: 0},
		"deadline just at the end": {delay: 3 * time.Second, deadline: 3 * time.Second, want: 0},
		"deadline after the end":   {delay: 3 * time.Second, deadline: 4 * time.Second, want: 3 * time.Second, done: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.cancelAfter > 0 {
					time.AfterFunc(c.cancelAfter, cancel)
				}
				if c.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				start := time.Now()
				assert.Equal(t, c.done, wait(ctx, c.delay))
				assert.Equal(t, c.want, time.Since(start))
			})
		})
	}
}

func TestWaitNotAtAllWhenCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		assert.False(t, wait(ctx, 0))
	}
}
