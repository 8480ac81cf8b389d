package refundkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Response is how a call went, whether it succeeded or failed; see
// [CaptureResponse]. StatusCode is 0 when there was no answer. Header and Body
// are the last answer's; they are in no format, log or JSON.
type Response struct {
	StatusCode     int
	Attempts       int
	RequestID      string // what Stripe's support asks for
	IdempotencyKey string
	Account        string
	Replayed       bool // the answer was stored from an earlier request with the same key
	Header         http.Header
	Body           []byte
}

// Attempt is one try of a call, as a hook sees it after it ended. Route is a
// template such as /v1/refunds/{refund}, fit for a metric's label. Err is nil
// if the attempt succeeded; its message is safe to log.
type Attempt struct {
	Op             string // the method: Refunds.Create
	Method         string
	Route          string
	Number         int // counts from 1
	Start          time.Time
	Duration       time.Duration
	StatusCode     int // 0 when there was no answer
	RequestID      string
	IdempotencyKey string
	Err            error
}

func (a Attempt) log(ctx context.Context, logger *slog.Logger) {
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("op", a.Op), slog.String("method", a.Method), slog.String("route", a.Route), slog.Int("attempt", a.Number),
		slog.Int("status", a.StatusCode), slog.Duration("duration", a.Duration),
		slog.String("request_id", clean(a.RequestID)), slog.String("idempotency_key", clean(a.IdempotencyKey)),
	}
	if a.Err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", a.Err.Error()))
	}
	logger.LogAttrs(ctx, level, "refundkit attempt", attrs...)
}

// conclude turns the result of an attempt into value, or into the error that the
// caller would get if it was the last.
func (c *Client) conclude(r *request, got result, value checker) error {
	r.fill(got)
	if got.status >= 200 && got.status < 300 && got.err == nil {
		if got.err = decode(got.body, value); got.err == nil {
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
		Account: r.account, Replayed: isReplay(got.header), Header: got.header, Body: got.body,
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

// decode reads the whole body as the one JSON object that was asked for.
func decode(body []byte, value checker) error {
	if body = bytes.TrimSpace(body); len(body) == 0 || body[0] != '{' {
		return errors.New("the body is not a JSON object")
	}
	if err := json.Unmarshal(body, value); err != nil {
		return fmt.Errorf("the body can't be decoded: %w", err)
	}
	return value.check()
}

func checkIdentity(object, want, id string) error {
	switch {
	case object != want:
		return fmt.Errorf("the body is not a %s", want)
	case id == "":
		return fmt.Errorf("the %s has no id", want)
	}
	return nil
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
