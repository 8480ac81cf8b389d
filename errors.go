package refundkit

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// ErrorType is the coarse kind of error that Stripe sends. It says little: a
// rate limit and a bad key both come as invalid_request_error.
//
// https://docs.stripe.com/api/errors
type ErrorType string

// The error types that Stripe sends.
const (
	ErrorTypeAPI            ErrorType = "api_error"
	ErrorTypeCard           ErrorType = "card_error"
	ErrorTypeIdempotency    ErrorType = "idempotency_error"
	ErrorTypeInvalidRequest ErrorType = "invalid_request_error"
)

// ErrorCode is Stripe's short name for what went wrong; many refund errors have
// none. New values may appear.
//
// https://docs.stripe.com/error-codes
type ErrorCode string

// The error codes that a refund can meet.
const (
	ErrorCodeAccountInvalid          ErrorCode = "account_invalid"
	ErrorCodeAmountTooLarge          ErrorCode = "amount_too_large"
	ErrorCodeAPIKeyExpired           ErrorCode = "api_key_expired"
	ErrorCodeBalanceInsufficient     ErrorCode = "balance_insufficient"
	ErrorCodeChargeAlreadyRefunded   ErrorCode = "charge_already_refunded"
	ErrorCodeChargeDisputed          ErrorCode = "charge_disputed"
	ErrorCodeChargeNotRefundable     ErrorCode = "charge_not_refundable"
	ErrorCodeIdempotencyKeyInUse     ErrorCode = "idempotency_key_in_use"
	ErrorCodeLockTimeout             ErrorCode = "lock_timeout"
	ErrorCodeParameterInvalidEmpty   ErrorCode = "parameter_invalid_empty"
	ErrorCodeParameterInvalidInteger ErrorCode = "parameter_invalid_integer"
	ErrorCodeParameterMissing        ErrorCode = "parameter_missing"
	ErrorCodeParameterUnknown        ErrorCode = "parameter_unknown"
	ErrorCodeRateLimit               ErrorCode = "rate_limit"
	ErrorCodeRefundDisputedPayment   ErrorCode = "refund_disputed_payment"
	ErrorCodeResourceMissing         ErrorCode = "resource_missing"
)

// Error is every HTTP answer that is not a success, whatever its body, and a
// success whose body can't be read. Match it with errors.Is and the Err values
// of this package rather than by its fields. What Header and Body return is for you
// to look at on purpose: it is in no message, format, log, JSON or XML, and no
// printer finds it. Account and RequestLogURL name the account, which is no
// credential: they are in no message, but what looks past methods, such as spew
// or gob, shows them.
type Error struct {
	Op                 string // the method: Refunds.Create
	StatusCode         int
	Type               ErrorType
	Code               ErrorCode
	Param              string
	Message            string // Stripe's, with keys, client secrets, accounts and e-mail addresses masked
	AdviceCode         string // this and the next five: of a declined payment, never seen on a refund
	Charge             string
	DeclineCode        string
	NetworkAdviceCode  string
	NetworkDeclineCode string
	PaymentMethodType  string
	DocURL             string
	RequestID          string // what Stripe's support asks for
	RequestLogURL      string
	IdempotencyKey     string // repeat the call with it, if the outcome is unknown
	Account            string
	RateLimitedReason  string
	Attempts           int
	RetryAfter         time.Duration // what the server asked for; 0 if it did not
	Replayed           bool          // a stored answer to an earlier request with this key
	OutcomeUnknown     bool          // one of the attempts may have worked
	Err                error         // what kept the body from being read, or ended the wait for another attempt

	origin origin
	raw    func() (http.Header, []byte) // a function, so that no printer reaches them
}

// origin is who wrote an error, and when in the life of the request.
type origin int

const (
	originByHand   origin = iota // not from an answer: its fields are believed
	originForeign                // not Stripe's own, or not whole: it says nothing of the work
	originBefore                 // Stripe's own, found before the work
	originExecuted               // Stripe's own, found by the work
)

// Header returns the header of the answer; nil for an Error that was built by hand.
func (e *Error) Header() http.Header {
	header, _ := rawAnswer(e.raw)
	return header
}

// Body returns the body of the answer; nil for an Error that was built by hand.
func (e *Error) Body() []byte {
	_, body := rawAnswer(e.raw)
	return body
}

// TransportError is a call that got no answer at all. It unwraps to the cause, for
// errors.Is and errors.As. The message of Err names the kind of failure alone; that
// of errors.Unwrap(Err) is net/http's own, which can quote what a server sent.
// Account is in no message, but what looks past methods, such as spew or gob,
// shows it.
type TransportError struct {
	Op             string // the method: Refunds.Create
	IdempotencyKey string // repeat the call with it, if the outcome is unknown
	Account        string
	Attempts       int
	OutcomeUnknown bool // one of the attempts may have worked
	Err            error
}

// ParamError is a call that was refused before anything was sent. Param is
// Stripe's name for the parameter, or the name of the option.
type ParamError struct {
	Op     string // the method: Refunds.Create; empty for a constructor
	Param  string
	Reason string
}

// What a failed call can mean, for errors.Is. They go by status, type, code and
// param, never by the message.
var (
	// ErrOutcomeUnknown: an attempt of this call may have worked. See [NextStep].
	ErrOutcomeUnknown = errors.New("refundkit: the outcome is unknown")
	// ErrAnswerMismatch: a success that answers another request, so that nothing is
	// known of this one. A POST's is ErrOutcomeUnknown too; it is not repeated.
	ErrAnswerMismatch = errors.New("refundkit: the answer is to another request")
	// ErrAbsent: the refund was surely not made; [RefundService.Resolve] alone says
	// so, and no answer of a server can.
	ErrAbsent = errors.New("refundkit: the refund was surely not made")
	// ErrAlreadyRefunded: nothing is left to refund; code charge_already_refunded.
	ErrAlreadyRefunded = errors.New("refundkit: the payment is already refunded")
	// ErrAmountExceedsRemaining: more than what is left; status 400 with param
	// amount and no code, as Stripe also answers a partial refund of an uncaptured charge.
	ErrAmountExceedsRemaining = errors.New("refundkit: the amount is more than what is left to refund")
	// ErrDisputed: the money is held by a dispute; code charge_disputed or
	// refund_disputed_payment. An inquiry can still be refunded while the dispute's
	// is_charge_refundable is true.
	ErrDisputed = errors.New("refundkit: the payment is disputed")
	// ErrInsufficientBalance: the available Stripe balance can't pay the refund; code
	// balance_insufficient. A card refund becomes pending instead, unless it has
	// ReverseTransfer: then a short balance of the connected account is an error.
	ErrInsufficientBalance = errors.New("refundkit: the Stripe balance is too low")
	// ErrNotRefundable: the payment was not captured, did not succeed, or the
	// refund can't be canceled; code charge_not_refundable, or status 400 with
	// neither code nor param. For a transfer or an application fee it mostly says that
	// nothing is left.
	ErrNotRefundable = errors.New("refundkit: this can't be refunded or canceled as it is")
	// ErrNotFound: no such object for this API key and account; status 404 or code
	// resource_missing. It never says that a refund was not made: see ErrAbsent.
	ErrNotFound = errors.New("refundkit: not found")
	// ErrRateLimited: too many requests, or too many at once for one object; status 429.
	ErrRateLimited = errors.New("refundkit: too many requests")
	// ErrAuthentication: the API key is missing, wrong, expired or revoked; status 401.
	ErrAuthentication = errors.New("refundkit: the API key was not accepted")
	// ErrPermission: the API key may not do this, or not on this account; status 403.
	ErrPermission = errors.New("refundkit: the API key has no permission")
	// ErrIdempotencyMismatch: the key was used before for something else; status 400 with type idempotency_error.
	ErrIdempotencyMismatch = errors.New("refundkit: the idempotency key was used for another request")
	// ErrIdempotencyInUse: a request with the same key is running; code
	// idempotency_key_in_use, or status 409 with type idempotency_error.
	ErrIdempotencyInUse = errors.New("refundkit: a request with the same idempotency key is running")
	// ErrInvalidParams: a parameter is wrong; every [ParamError], and status 400
	// with a code that starts with parameter or is amount_too_large, or with
	// a param and neither an amount nor a missing object to blame.
	ErrInvalidParams = errors.New("refundkit: a parameter is wrong")
)

// Is matches the Err values of this package.
func (e *Error) Is(target error) bool {
	bad := e.StatusCode == http.StatusBadRequest && e.Type == ErrorTypeInvalidRequest
	switch target {
	case ErrOutcomeUnknown:
		return e.OutcomeUnknown
	case ErrAlreadyRefunded:
		return e.Code == ErrorCodeChargeAlreadyRefunded
	case ErrAmountExceedsRemaining:
		return bad && e.Code == "" && e.Param == "amount"
	case ErrDisputed:
		return e.Code == ErrorCodeChargeDisputed || e.Code == ErrorCodeRefundDisputedPayment
	case ErrInsufficientBalance:
		return e.Code == ErrorCodeBalanceInsufficient
	case ErrNotRefundable:
		return e.Code == ErrorCodeChargeNotRefundable || bad && e.Code == "" && e.Param == ""
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound || e.Code == ErrorCodeResourceMissing
	case ErrRateLimited:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrAuthentication:
		return e.StatusCode == http.StatusUnauthorized
	case ErrPermission:
		return e.StatusCode == http.StatusForbidden
	case ErrIdempotencyMismatch:
		return e.StatusCode == http.StatusBadRequest && e.Type == ErrorTypeIdempotency
	case ErrIdempotencyInUse:
		return e.Code == ErrorCodeIdempotencyKeyInUse || e.StatusCode == http.StatusConflict && e.Type == ErrorTypeIdempotency
	case ErrInvalidParams:
		return bad && (strings.HasPrefix(string(e.Code), "parameter") || e.Code == ErrorCodeAmountTooLarge ||
			e.Code == "" && e.Param != "" && e.Param != "amount")
	}
	return false
}

// Is matches ErrOutcomeUnknown.
func (e *TransportError) Is(target error) bool {
	return target == ErrOutcomeUnknown && e.OutcomeUnknown
}

// Is matches ErrInvalidParams.
func (e *ParamError) Is(target error) bool { return target == ErrInvalidParams }

// Unwrap returns what kept the body from being read, if anything did.
func (e *Error) Unwrap() error { return e.Err }

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Error says which parameter of which method is wrong and why. It never holds the
// value.
func (e *ParamError) Error() string {
	if e.Op != "" {
		return "refundkit: " + e.Op + ": " + e.Param + ": " + e.Reason
	}
	return "refundkit: " + e.Param + ": " + e.Reason
}
