package refundkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff  = 500 * time.Millisecond
	longestWait   = 8 * time.Second
	maxRetryAfter = 30 * time.Second // beyond that the answer is more use to the caller than the wait
)

// result is how one attempt ended: with an answer, or with err and status 0, or
// with both when the answer's body could not be read to its end.
type result struct {
	status int
	header http.Header
	body   []byte
	err    error
	tried  bool // an attempt was made at all
	sent   bool // the server may have seen the request
	resent bool // it was sent more than once below this package
}

// decide says whether to try again after the given attempt, and when. attempts
// counts from 1; jitter, in [0,1), spreads the waits of many clients. It is an
// allow-list: what is not known to heal is not repeated.
func decide(r result, attempt, maxRetries int, jitter float64, now time.Time) (delay time.Duration, again bool) {
	if attempt > maxRetries || !canHeal(r) {
		return 0, false
	}
	ceiling := math.Min(float64(longestWait), float64(firstBackoff)*math.Pow(2, float64(attempt-1)))
	delay = time.Duration(jitter * ceiling)
	asked := retryAfter(r.header, now)
	return max(delay, asked), asked <= maxRetryAfter
}

func canHeal(r result) bool {
	if r.status == 0 {
		return !isPermanent(r.err)
	}
	if r.status < 300 {
		// Cut off, or not the answer. The same key makes a repetition safe, and what
		// spoiled the answer on its way may spare the next one.
		return r.err != nil && !isPermanent(r.err)
	}
	switch r.header.Get("Stripe-Should-Retry") {
	case "true":
		return true
	case "false":
		return false
	}
	switch {
	case r.status == http.StatusConflict, r.status == http.StatusTooManyRequests:
		return true
	case r.status >= 500:
		return !isReplay(r.header)
	}
	return false
}

// isPermanent tells failures that a repetition would meet again: a canceled
// call, a certificate that is not trusted, a server that doesn't speak TLS, a
// name that doesn't exist, the answer to another request, a refusal of our own.
func isPermanent(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var refused *clientSideError
	return errors.Is(err, context.Canceled) || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errBodyTooLarge) || errors.Is(err, ErrAnswerMismatch) ||
		errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &record) ||
		errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &refused)
}

// errTooLate: the idempotency key is near the end of its life, or too much time has
// passed since the send was stored.
var errTooLate = errors.New("too late to send: the job must be looked up first")

// clientSideError is a refusal that never left the process, such as a rate
// limiter's.
type clientSideError struct{ err error }

func (e *clientSideError) Error() string { return "client-side " + e.err.Error() }
func (e *clientSideError) Unwrap() error { return e.err }

// retryAfter reads the header of that name, in seconds or as a date. What can't
// be read, is negative or is not a number counts as not there.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil && !math.IsInf(seconds, 1) || math.IsNaN(seconds) || seconds < 0 {
		return 0
	}
	return time.Duration(math.Min(seconds, float64(math.MaxInt64/int64(time.Second)-1)) * float64(time.Second))
}

// wait sleeps for delay. It returns false, at once, when the context has ended
// or would end before that.
func wait(ctx context.Context, delay time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		return false
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
