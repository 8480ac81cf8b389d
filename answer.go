package refundkit

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

// conclude turns the result of an attempt into a fresh value, or into the error
// that the caller would get if it was the last.
func (c *Client) conclude(r *request, got *result, fresh func() checker) error {
	r.fill(*got)
	if got.status >= 200 && got.status < 300 && got.err == nil {
		if got.err = r.read(*got, fresh()); got.err == nil {
			return nil
		}
		got.err = unreadable(got.err)
	}
	redact := c.redactor(r.account)
	if got.status == 0 {
		r.outcome.observe(*got, nil)
		return &TransportError{
			Op: r.op, IdempotencyKey: r.key, Account: r.account, Attempts: r.attempts,
			OutcomeUnknown: r.isPost() && r.outcome.open, Err: hide(got.err, redact),
		}
	}
	e := parseError(*got, c.config().now())
	r.outcome.observe(*got, e)
	e.Op, e.IdempotencyKey, e.Account, e.Attempts = r.op, r.key, r.account, r.attempts
	e.OutcomeUnknown = r.isPost() && r.outcome.open
	if e.Err == nil && r.isPost() && e.origin == originForeign && e.StatusCode >= 400 && e.StatusCode < 500 {
		e.Err = notStripes(e)
	}
	e.Err = hide(e.Err, redact)
	e.mask(redact)
	return e
}

func (r *request) isPost() bool { return r.method == http.MethodPost }

// agreer is what an answer can do that names what the call asked for: say
// whether it is the answer to that call.
type agreer interface{ agree(call) error }

// read decodes an answer, and holds it against the call that it must be for.
func (r *request) read(got result, value checker) error {
	unread, err := decode(got.body, value)
	if err != nil {
		return err
	}
	if key := got.header.Get("Idempotency-Key"); r.isPost() && key != "" && key != r.key {
		return mismatch("Idempotency-Key")
	}
	if account := got.header.Get("Stripe-Account"); account != "" && account != r.account {
		return mismatch("Stripe-Account")
	}
	if answer, ok := value.(agreer); ok {
		if err := answer.agree(r.call); err != nil {
			return err
		}
	}
	r.noteUnread(unread)
	return nil
}

// mismatch names what an answer has of another request.
func mismatch(member string) error {
	return &ownError{ErrAnswerMismatch.Error() + ": it has another " + member + "; is it a fixture?", ErrAnswerMismatch}
}

// same reports whether an answer names what was asked for. A mock's answer may
// name nothing.
func same(asked, answered string) bool { return asked == "" || answered == "" || asked == answered }

// agreeID refuses an object other than the one that the call names last.
func agreeID(c call, id string) error {
	if len(c.ids) > 0 && !same(c.ids[len(c.ids)-1], id) {
		return mismatch("id")
	}
	return nil
}

// fill tells the caller who asked for it how the call went so far.
func (r *request) fill(got result) {
	if r.response == nil {
		return
	}
	*r.response = Response{
		StatusCode: got.status, Attempts: r.attempts, RequestID: text.Masked(got.header.Get("Request-Id")), IdempotencyKey: r.key,
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
			StatusCode: got.status, RequestID: text.Masked(got.header.Get("Request-Id")), IdempotencyKey: r.key, Err: err,
		})
	}
}

// endedBy returns a copy of the last attempt's error that tells what ended the
// call as well. A copy, because a hook may hold the error already.
func endedBy(last, end error) error {
	switch e := last.(type) {
	case *Error:
		ended := *e
		ended.Err = errors.Join(e.Err, end)
		return &ended
	case *TransportError:
		ended := *e
		ended.Err = errors.Join(e.Err, end)
		return &ended
	}
	return last
}

// errOtherCall stands for an error of this package that is another call's: it
// reached this one as the cause of a context or through a transport, and must not
// speak for it.
var errOtherCall = errors.New("an error of another call ended this one")

// ownCause makes what net/http, a transport or a limiter returned fit to be the
// cause of this call's error.
func ownCause(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if outermost(err) != nil {
		err = errOtherCall
	}
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		err = errors.Join(err, end)
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

// parseError turns any HTTP answer into an error.
func parseError(got result, now time.Time) *Error {
	e := &Error{
		StatusCode:        got.status,
		RequestID:         got.header.Get("Request-Id"),
		RateLimitedReason: got.header.Get("Stripe-Rate-Limited-Reason"),
		RetryAfter:        retryAfter(got.header, now),
		Replayed:          isReplay(got.header),
		Err:               got.err,
		origin:            originForeign,
		raw:               keep(got.header, got.body),
	}
	wire, ok := readError(got.body)
	if !ok {
		return e
	}
	e.Type, e.Code, e.Param = wire.Type, wire.Code, wire.Param
	e.AdviceCode, e.Charge, e.DeclineCode = wire.AdviceCode, wire.Charge, wire.DeclineCode
	e.NetworkAdviceCode, e.NetworkDeclineCode, e.PaymentMethodType = wire.NetworkAdviceCode, wire.NetworkDeclineCode, wire.PaymentMethodType
	e.Message, e.DocURL, e.RequestLogURL = wire.Message, wire.DocURL, wire.RequestLogURL
	if got.err == nil && e.isStripes() {
		e.origin = originBefore
		if e.isExecuted(got.header) {
			e.origin = originExecuted
		}
	}
	return e
}

// readError returns the error object of a body, unless that is not JSON. A field of a
// wrong kind is left out; the others still tell something.
func readError(answer []byte) (wireError, bool) {
	var body struct {
		Error wireError `json:"error"`
	}
	if unmarshal(answer, &body) == nil {
		return body.Error, true
	}
	body.Error = wireError{}
	err := json.Unmarshal(answer, &body)
	return body.Error, !errors.As(err, new(*json.SyntaxError))
}

// isStripes reports whether Stripe itself wrote the error, and not a gateway or
// a proxy in front of it: one of Stripe's types and a Request-Id, which only its
// 401 and its 403 for an account come without.
func (e *Error) isStripes() bool {
	switch e.Type {
	case ErrorTypeAPI, ErrorTypeCard, ErrorTypeIdempotency, ErrorTypeInvalidRequest:
	default:
		return false
	}
	return e.RequestID != "" || e.StatusCode == http.StatusUnauthorized ||
		e.StatusCode == http.StatusForbidden && e.Code == ErrorCodeAccountInvalid
}

// isExecuted reports whether a refusal of Stripe's own comes from the work itself,
// and not from reading the request: then nothing was done, and nothing will be.
func (e *Error) isExecuted(header http.Header) bool {
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusFailedDependency, http.StatusTooManyRequests:
		return false
	}
	if e.StatusCode < 400 || e.StatusCode >= 500 || e.Code == ErrorCodeResourceMissing || e.Type == ErrorTypeIdempotency {
		return false
	}
	return header.Get("Stripe-Should-Retry") == "false" || e.Replayed || e.isBusiness()
}

// isBusiness reports a refusal that only the work can find, whatever the headers.
func (e *Error) isBusiness() bool {
	switch e.Code {
	case ErrorCodeChargeAlreadyRefunded, ErrorCodeChargeDisputed, ErrorCodeRefundDisputedPayment,
		ErrorCodeBalanceInsufficient, ErrorCodeChargeNotRefundable:
		return true
	}
	return e.StatusCode == http.StatusPaymentRequired
}

// notStripes says why an answer counts as somebody else's.
func notStripes(e *Error) error {
	withID := *e
	withID.RequestID = "req"
	if e.RequestID == "" && withID.isStripes() {
		return errNoRequestID
	}
	return errNotStripes
}

var (
	errNoRequestID = errors.New("taken as not Stripe's: no Request-Id")
	errNotStripes  = errors.New("taken as not Stripe's: not an error object of its API")
)

func isReplay(header http.Header) bool { return header.Get("Idempotent-Replayed") == "true" }

// outcome follows what the attempts of one POST may have done. An open attempt
// is closed by a success, by a refusal of Stripe's own that comes from the work, or
// by one of a parameter: within a call all attempts send the same bytes.
type outcome struct{ open bool }

// observe takes one attempt into account; answer is nil if there was none.
func (o *outcome) observe(r result, answer *Error) {
	o.open = o.open || r.resent
	switch {
	case answer == nil:
		o.open = o.open || r.sent
	case answer.origin == originExecuted, answer.origin == originBefore && answer.isParameter() && !answer.Replayed:
		o.open = false
	case answer.leavesOpen():
		o.open = true
	}
}

// leavesOpen reports whether the work may have been done although this came back.
func (e *Error) leavesOpen() bool {
	switch {
	case e.StatusCode < 400, e.StatusCode >= 500, e.StatusCode == http.StatusConflict, e.StatusCode == http.StatusFailedDependency:
		return true
	}
	return e.origin == originForeign
}

func (e *Error) isParameter() bool { return strings.HasPrefix(string(e.Code), "parameter_") }
