package refundkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

// conclude turns the result of an attempt into value, or into the error that the
// caller would get if it was the last.
func (c *Client) conclude(r *request, got result, value checker) error {
	r.fill(got)
	if got.status >= 200 && got.status < 300 && got.err == nil {
		var unread []string
		if unread, got.err = decode(got.body, value); got.err == nil {
			r.noteUnread(unread)
			return nil
		}
	}
	post := r.method == http.MethodPost
	if got.status == 0 {
		r.outcome.observe(got, false, &Error{})
		return &TransportError{
			Op: r.op, IdempotencyKey: r.key, Account: r.account, Attempts: r.attempts,
			OutcomeUnknown: post && r.outcome.open, Err: got.err,
		}
	}
	e, isJSON := parseError(got.status, got.header, got.body, time.Now())
	r.outcome.observe(got, isJSON, e)
	e.Op, e.IdempotencyKey, e.Account, e.Attempts = r.op, r.key, r.account, r.attempts
	e.Err, e.OutcomeUnknown = got.err, post && r.outcome.open
	e.Message, e.Param = c.redact(e.Message), c.redact(e.Param)
	if r.account != "" {
		e.Message = strings.ReplaceAll(e.Message, r.account, lastFour(r.account))
	}
	return e
}

// fill tells the caller who asked for it how the call went so far.
func (r *request) fill(got result) {
	if r.response == nil {
		return
	}
	*r.response = Response{
		StatusCode: got.status, Attempts: r.attempts, RequestID: got.header.Get("Request-Id"), IdempotencyKey: r.key,
		Account: r.account, Replayed: isReplay(got.header), raw: keep(got.header, got.body),
	}
}

// noteUnread tells the caller who asked for it what of the answer was left out.
func (r *request) noteUnread(members []string) {
	if r.response != nil {
		r.response.Unread = members
	}
}

// report calls the hooks, unless nothing was tried.
func (c *Client) report(ctx context.Context, r *request, got result, start time.Time, err error) {
	if !got.tried {
		return
	}
	for _, hook := range c.config().hooks {
		hook(ctx, Attempt{
			Op: r.op, Method: r.method, Route: r.route, Number: r.attempts, Start: start, Duration: time.Since(start),
			StatusCode: got.status, RequestID: got.header.Get("Request-Id"), IdempotencyKey: r.key, Err: err,
		})
	}
}

// because adds the end of the context to the error of the last attempt.
func because(err, end error) error {
	if end == nil {
		return err
	}
	switch e := err.(type) {
	case *Error:
		e.Err = errors.Join(e.Err, end)
	case *TransportError:
		e.Err = errors.Join(e.Err, end)
	}
	return err
}

// wireError is the error object in the body of an answer.
type wireError struct {
	Type               ErrorType `json:"type"`
	Code               ErrorCode `json:"code"`
	Param              string    `json:"param"`
	Message            string    `json:"message"`
	AdviceCode         string    `json:"advice_code"`
	Charge             string    `json:"charge"`
	DeclineCode        string    `json:"decline_code"`
	NetworkAdviceCode  string    `json:"network_advice_code"`
	NetworkDeclineCode string    `json:"network_decline_code"`
	PaymentMethodType  string    `json:"payment_method_type"`
	DocURL             string    `json:"doc_url"`
	RequestLogURL      string    `json:"request_log_url"`
}

// parseError turns any HTTP answer into an error. isJSON tells whether Stripe
// itself can have written it: a JSON object with an error object in it.
func parseError(status int, header http.Header, body []byte, now time.Time) (e *Error, isJSON bool) {
	e = &Error{
		StatusCode:        status,
		RequestID:         header.Get("Request-Id"),
		RateLimitedReason: header.Get("Stripe-Rate-Limited-Reason"),
		RetryAfter:        retryAfter(header, now),
		Replayed:          isReplay(header),
		raw:               keep(header, body),
	}
	told := member(bytes.TrimSpace(body), "error")
	if !json.Valid(body) || len(told) == 0 || told[0] != '{' {
		return e, false
	}
	var wire wireError
	// A field of a wrong kind is left out; the others still tell something.
	_ = json.Unmarshal(told, &wire)
	e.Type, e.Code, e.Param = wire.Type, wire.Code, wire.Param
	e.AdviceCode, e.Charge, e.DeclineCode = wire.AdviceCode, wire.Charge, wire.DeclineCode
	e.NetworkAdviceCode, e.NetworkDeclineCode, e.PaymentMethodType = wire.NetworkAdviceCode, wire.NetworkDeclineCode, wire.PaymentMethodType
	e.Message, e.DocURL, e.RequestLogURL = text.Masked(wire.Message), wire.DocURL, wire.RequestLogURL
	return e, true
}

func isReplay(header http.Header) bool { return header.Get("Idempotent-Replayed") == "true" }

// outcome follows what the attempts of one POST may have done. An open attempt
// is closed only by a success or by Stripe's own 400, 402 or 404 for the key.
type outcome struct{ open bool }

func (o *outcome) observe(r result, isJSON bool, answer *Error) {
	switch {
	case r.status == 0:
		o.open = o.open || r.sent
	case r.status < 400, r.status >= 500, answer.Is(ErrIdempotencyInUse):
		o.open = true
	case isJSON && (r.status == http.StatusBadRequest || r.status == http.StatusPaymentRequired || r.status == http.StatusNotFound):
		o.open = false
	}
}
