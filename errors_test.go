package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var sentinels = map[string]error{
	"OutcomeUnknown": refundkit.ErrOutcomeUnknown, "AlreadyRefunded": refundkit.ErrAlreadyRefunded,
	"AmountExceedsRemaining": refundkit.ErrAmountExceedsRemaining, "Disputed": refundkit.ErrDisputed,
	"InsufficientBalance": refundkit.ErrInsufficientBalance, "NotRefundable": refundkit.ErrNotRefundable,
	"NotFound": refundkit.ErrNotFound, "RateLimited": refundkit.ErrRateLimited, "Authentication": refundkit.ErrAuthentication,
	"Permission": refundkit.ErrPermission, "IdempotencyMismatch": refundkit.ErrIdempotencyMismatch,
	"IdempotencyInUse": refundkit.ErrIdempotencyInUse, "InvalidParams": refundkit.ErrInvalidParams,
}

// matches names the sentinels that err is.
func matches(err error) []string {
	var names []string
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryAnswerIsAnError(t *testing.T) {
	type want struct {
		is   []string
		next refundkit.Step
	}
	for name, c := range map[string]struct {
		status int
		body   string
		header []string
		want   want
	}{
		"already refunded":         {400, stripeError(invalidRequest, "charge_already_refunded", ""), nil, want{[]string{"AlreadyRefunded"}, refundkit.StepLookUp}},
		"more than is left":        {400, stripeError(invalidRequest, "", "amount"), nil, want{[]string{"AmountExceedsRemaining"}, refundkit.StepLookUp}},
		"amount not a number":      {400, stripeError(invalidRequest, "parameter_invalid_integer", "amount"), nil, want{[]string{"InvalidParams"}, refundkit.StepFixRequest}},
		"amount too large":         {400, stripeError(invalidRequest, "amount_too_large", "amount"), nil, want{[]string{"InvalidParams"}, refundkit.StepFixRequest}},
		"neither charge nor PI":    {400, stripeError(invalidRequest, "", ""), nil, want{[]string{"NotRefundable"}, refundkit.StepStop}},
		"two that exclude":         {400, stripeError(invalidRequest, "parameters_exclusive", "a"), nil, want{[]string{"InvalidParams"}, refundkit.StepFixRequest}},
		"unknown parameter":        {400, stripeError(invalidRequest, "parameter_unknown", "wat"), nil, want{[]string{"InvalidParams"}, refundkit.StepFixRequest}},
		"invalid reason":           {400, stripeError(invalidRequest, "", "reason"), nil, want{[]string{"InvalidParams"}, refundkit.StepFixRequest}},
		"charged back":             {400, stripeError(invalidRequest, "charge_disputed", ""), nil, want{[]string{"Disputed"}, refundkit.StepStop}},
		"disputed payment":         {400, stripeError(invalidRequest, "refund_disputed_payment", ""), nil, want{[]string{"Disputed"}, refundkit.StepStop}},
		"not refundable":           {400, stripeError(invalidRequest, "charge_not_refundable", ""), nil, want{[]string{"NotRefundable"}, refundkit.StepStop}},
		"balance too low":          {400, stripeError(invalidRequest, "balance_insufficient", ""), nil, want{[]string{"InsufficientBalance"}, refundkit.StepNewKey}},
		"unknown cursor":           {400, stripeError(invalidRequest, "resource_missing", "starting_after"), nil, want{[]string{"NotFound"}, refundkit.StepFixRequest}},
		"key of another request":   {400, stripeError("idempotency_error", "", ""), nil, want{[]string{"IdempotencyMismatch"}, refundkit.StepLookUp}},
		"invalid key":              {401, stripeError(invalidRequest, "", ""), nil, want{[]string{"Authentication"}, refundkit.StepFixCredentials}},
		"card error":               {402, stripeError("card_error", "card_declined", ""), nil, want{nil, refundkit.StepNewKey}},
		"no permission":            {403, stripeError(invalidRequest, "", ""), nil, want{[]string{"Permission"}, refundkit.StepFixCredentials}},
		"no such account":          {403, stripeError(invalidRequest, "account_invalid", ""), nil, want{[]string{"Permission"}, refundkit.StepFixCredentials}},
		"no such charge":           {404, stripeError(invalidRequest, "resource_missing", "id"), nil, want{[]string{"NotFound"}, refundkit.StepFixRequest}},
		"HTML 404":                 {404, "<html>", nil, want{[]string{"NotFound", "OutcomeUnknown"}, refundkit.StepRepeat}},
		"key in use":               {409, stripeError("idempotency_error", "idempotency_key_in_use", ""), nil, want{[]string{"IdempotencyInUse", "OutcomeUnknown"}, refundkit.StepRepeat}},
		"other conflict":           {409, stripeError(invalidRequest, "", ""), nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"dependency failed":        {424, stripeError("api_error", "", ""), nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"rate limit":               {429, stripeError(invalidRequest, "rate_limit", ""), nil, want{[]string{"RateLimited"}, refundkit.StepRepeat}},
		"lock timeout":             {429, stripeError(invalidRequest, "lock_timeout", ""), nil, want{[]string{"RateLimited"}, refundkit.StepRepeat}},
		"redirect":                 {302, "", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"server error":             {500, stripeError("api_error", "", ""), nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"stored server error":      {500, stripeError("api_error", "", ""), []string{"Idempotent-Replayed", "true"}, want{[]string{"OutcomeUnknown"}, refundkit.StepLookUp}},
		"HTML 502":                 {502, "<html>", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"empty 503":                {503, "", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"null":                     {500, "null", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"error is a string":        {400, `{"error":"invalid_grant"}`, nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"error is null":            {400, `{"error":null}`, nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"fields of a wrong kind":   {400, `{"error":{"type":"invalid_request_error","code":7,"param":"reason","message":{}}}`, nil, want{[]string{"InvalidParams"}, refundkit.StepFixRequest}},
		"type in message only":     {400, `{"error":{"message":"charge_already_refunded"}}`, nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"accepted without a body":  {202, "", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"no content":               {204, "", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"a success with an error":  {200, stripeError(invalidRequest, "charge_already_refunded", ""), nil, want{[]string{"AlreadyRefunded", "OutcomeUnknown"}, refundkit.StepRepeat}},
		"informational nonsense":   {199, "", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
		"a status beyond the book": {999, "", nil, want{[]string{"OutcomeUnknown"}, refundkit.StepRepeat}},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			header := append([]string{"Request-Id", "req_1", "Stripe-Rate-Limited-Reason", "endpoint-rate", "Retry-After", "7"}, c.header...)
			mock.RegisterResponder("POST", base+"/v1/refunds", httpmock.ResponderFromResponse(answer(c.status, c.body, header...)))

			refund, err := client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("key-1"), refundkit.OnAccount("acct_1"))

			assert.Nil(t, refund)
			var failure *refundkit.Error
			require.ErrorAs(t, err, &failure)
			assert.ElementsMatch(t, c.want.is, matches(err))
			assert.Equal(t, c.want.next, refundkit.NextStep(err))
			assert.Equal(t, refundkit.IdempotencyKey("key-1"), refundkit.KeyOf(fmt.Errorf("job 7: %w", err)))
			assert.Equal(t, c.status, failure.StatusCode)
			assert.Equal(t, "Refunds.Create", failure.Op)
			assert.Equal(t, "req_1", failure.RequestID)
			assert.Equal(t, "acct_1", failure.Account)
			assert.Equal(t, "endpoint-rate", failure.RateLimitedReason)
			assert.Equal(t, 7*time.Second, failure.RetryAfter)
			assert.Equal(t, 1, failure.Attempts)
			assert.Equal(t, c.body, string(failure.Body()))
			assert.Equal(t, "7", failure.Header().Get("Retry-After"))
		})
	}
}

func TestErrorFieldsComeFromTheBody(t *testing.T) {
	client, mock := setup(t)
	mock.RegisterResponder("POST", base+"/v1/refunds", httpmock.ResponderFromResponse(answer(402, `{"error":{
		"type":"card_error","code":"card_declined","decline_code":"lost_card","param":"charge","message":"Your card was declined.",
		"doc_url":"https://stripe.com/docs/error-codes/card-declined","request_log_url":"https://dashboard.stripe.com/test/logs/req_1?t=1"}}`, "Request-Id", "req_1")))

	_, err := client.Refunds.Create(t.Context(), someRefund)

	var failure *refundkit.Error
	require.ErrorAs(t, err, &failure)
	failure.IdempotencyKey = ""
	assert.Equal(t, fields(refundkit.Error{
		Op: "Refunds.Create", StatusCode: 402, Type: refundkit.ErrorTypeCard, Code: "card_declined", DeclineCode: "lost_card", Param: "charge", Message: "Your card was declined.",
		DocURL: "https://stripe.com/docs/error-codes/card-declined", RequestID: "req_1", RequestLogURL: "https://dashboard.stripe.com/test/logs/req_1?t=1", Attempts: 1,
	}), fields(failure))
}

func TestGetIsNeverOpen(t *testing.T) {
	for name, responder := range map[string]httpmock.Responder{
		"server error": httpmock.NewStringResponder(500, ""),
		"unreadable":   httpmock.NewStringResponder(200, "null"),
		"redirect":     httpmock.NewStringResponder(302, ""),
		"no answer":    httpmock.NewErrorResponder(io.ErrUnexpectedEOF),
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			mock.RegisterResponder("GET", base+"/v1/refunds/re_1", responder)
			_, err := client.Refunds.Retrieve(t.Context(), "re_1")
			require.Error(t, err)
			assert.NotErrorIs(t, err, refundkit.ErrOutcomeUnknown)
			assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
			assert.Empty(t, refundkit.KeyOf(err))
		})
	}
}

func TestErrorsBuiltByHand(t *testing.T) {
	open := &refundkit.TransportError{Op: "Refunds.Create", IdempotencyKey: "k", OutcomeUnknown: true, Err: context.DeadlineExceeded}
	assert.ErrorIs(t, open, refundkit.ErrOutcomeUnknown)
	assert.ErrorIs(t, open, context.DeadlineExceeded)
	assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(open))
	assert.Equal(t, refundkit.IdempotencyKey("k"), refundkit.KeyOf(open))

	refused := &refundkit.ParamError{Param: "amount", Reason: "no"}
	assert.ErrorIs(t, refused, refundkit.ErrInvalidParams)
	assert.EqualError(t, refused, "refundkit: amount: no")
	assert.Equal(t, refundkit.StepFixRequest, refundkit.NextStep(refused))

	for _, bare := range []error{&refundkit.Error{}, &refundkit.TransportError{}} {
		assert.NotEmpty(t, bare.Error())
		assert.Empty(t, refundkit.KeyOf(bare))
	}
	assert.Equal(t, refundkit.StepStop, refundkit.NextStep(nil))
	assert.Equal(t, refundkit.StepStop, refundkit.NextStep(io.EOF))
	assert.Empty(t, refundkit.KeyOf(io.EOF))
}

func TestErrorMessageForThreeInTheMorning(t *testing.T) {
	err := &refundkit.Error{
		Op: "Refunds.Create", StatusCode: 400, Type: refundkit.ErrorTypeInvalidRequest, Code: "parameter_unknown", Param: "wat", Message: "No such\nparameter.",
		RequestID: "req_1", IdempotencyKey: "order-1/refund-1", Attempts: 1,
	}
	assert.EqualError(t, err, "refundkit: Refunds.Create: status 400 parameter_unknown on wat: No such parameter. "+
		"(attempts 1, request req_1, idempotency key order-1/refund-1); next: correct the request")
	limited := &refundkit.Error{Op: "Refunds.List", StatusCode: 429, Code: refundkit.ErrorCodeRateLimit, RateLimitedReason: "endpoint-rate", Attempts: 3}
	assert.EqualError(t, limited, "refundkit: Refunds.List: status 429 rate_limit because of endpoint-rate (attempts 3); next: repeat the call")
	silent := &refundkit.TransportError{Op: "Refunds.Create", IdempotencyKey: "order-1/refund-1", Attempts: 3, OutcomeUnknown: true, Err: io.ErrUnexpectedEOF}
	assert.EqualError(t, silent, "refundkit: Refunds.Create: no answer: unexpected EOF "+
		"(attempts 3, idempotency key order-1/refund-1); next: repeat the call with the same key")
}

func FuzzErrorBody(f *testing.F) {
	f.Add(400, []byte(stripeError(invalidRequest, "charge_already_refunded", "")))
	f.Add(500, []byte(`{"error":{"code":[]}}`))
	f.Add(401, []byte("<html>sk_live_abc"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 300 || status > 999 {
			t.Skip()
		}
		client, mock := setup(t)
		mock.RegisterResponder("POST", base+"/v1/refunds", httpmock.NewBytesResponder(status, body))
		_, err := client.Refunds.Create(t.Context(), someRefund, refundkit.IdempotencyKey("k"))
		var failure *refundkit.Error
		if !errors.As(err, &failure) || failure.StatusCode != status || refundkit.KeyOf(err) != "k" {
			t.Fatalf("lost status or key: %v", err)
		}
		if message := err.Error(); len(message) > 4*maxPart || refundkit.NextStep(err) == "" {
			t.Fatalf("%d bytes of message", len(message))
		}
	})
}

// maxPart is how long one part of a message may be, with some room.
const maxPart = 600

// TestJoinedErrors: of several, one that is open speaks, with its own key.
func TestJoinedErrors(t *testing.T) {
	open := &refundkit.TransportError{Op: "Refunds.Create", IdempotencyKey: "open", OutcomeUnknown: true}
	refused := &refundkit.Error{Op: "Refunds.Create", StatusCode: 400, Type: refundkit.ErrorTypeInvalidRequest, Code: "parameter_unknown", IdempotencyKey: "refused"}
	for name, err := range map[string]error{
		"open first": errors.Join(open, refused), "open last": errors.Join(refused, open), "wrapped": fmt.Errorf("batch: %w", errors.Join(io.EOF, refused, fmt.Errorf("row 7: %w", open))),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
			assert.Equal(t, refundkit.IdempotencyKey("open"), refundkit.KeyOf(err))
		})
	}
	outer := &refundkit.Error{StatusCode: 401, IdempotencyKey: "outer", Err: refused}
	assert.Equal(t, refundkit.StepFixCredentials, refundkit.NextStep(outer), "a cause never speaks for what it caused")
	assert.Equal(t, refundkit.IdempotencyKey("outer"), refundkit.KeyOf(outer))
}
