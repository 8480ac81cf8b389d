package refundtest

import (
	"fmt"
	"net/http"
	"strings"
)

const (
	invalidRequest   = "invalid_request_error"
	idempotencyError = "idempotency_error"
	cardError        = "card_error"
)

// refusal is what the API answers in place of an object.
type refusal struct {
	status        int
	kind          string
	code          string
	param         string
	message       string
	declineCode   string
	charge        string
	paymentIntent object
	paymentMethod object

	adviceCode, networkDeclineCode string

	executed    bool   // decided by the work itself: kept for the idempotency key
	anonymous   bool   // answered before the request got an id
	unlogged    bool   // has an id, but no request_log_url
	shouldRetry string // Stripe-Should-Retry, empty to leave it out
	limit       string // Stripe-Rate-Limited-Reason
}

// invalid is a refusal found while reading the request. It is not kept.
func invalid(param, code, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, kind: invalidRequest, code: code, param: param,
		message: fmt.Sprintf(format, args...)}
}

// impossible is a refusal found while doing the work. It is kept, and replayed.
func impossible(param, code, format string, args ...any) *refusal {
	refused := invalid(param, code, format, args...)
	refused.executed, refused.shouldRetry = true, "false"
	return refused
}

// missing says that an id in the path names nothing.
func missing(kind, id, param string) *refusal {
	refused := invalid(param, "resource_missing", "No such %s is known here: '%s'.", kind, id)
	refused.status = http.StatusNotFound
	return refused
}

func lockTimeout() *refusal {
	return &refusal{status: http.StatusTooManyRequests, kind: invalidRequest, code: "lock_timeout", shouldRetry: "true",
		message: "Another request is working on this object; send the same request again in a moment."}
}

func rateLimited(reason string, live bool) *refusal {
	mode := "test"
	if live {
		mode = "live"
	}
	return &refusal{status: http.StatusTooManyRequests, kind: invalidRequest, code: "rate_limit", limit: reason,
		message: "Too many requests in " + mode + " mode; slow down."}
}

// object is the body of the answer.
func (r *refusal) object(logURL string) object {
	o := object{"type": r.kind, "message": r.message}
	set := func(name, value string) {
		if value != "" {
			o[name] = value
		}
	}
	set("code", r.code)
	if r.code != "" {
		set("doc_url", "https://stripe.com/docs/error-codes/"+strings.ReplaceAll(r.code, "_", "-"))
	}
	set("param", r.param)
	set("decline_code", r.declineCode)
	set("charge", r.charge)
	set("advice_code", r.adviceCode)
	set("network_decline_code", r.networkDeclineCode)
	if r.paymentMethod != nil {
		o["payment_method"] = r.paymentMethod
	}
	if r.paymentIntent != nil {
		o["payment_intent"] = r.paymentIntent
	}
	if !r.anonymous && !r.unlogged {
		set("request_log_url", logURL)
	}
	return object{"error": o}
}

// declined refuses a payment that the customer's bank declined.
func declined(code, declineCode, charge string) *refusal {
	refused := impossible("", code, "The card was declined.")
	refused.status, refused.kind = http.StatusPaymentRequired, cardError
	refused.declineCode, refused.charge = declineCode, charge
	return refused
}

// internalError is a 500 that is kept for the idempotency key.
func internalError() *refusal {
	return &refusal{status: http.StatusInternalServerError, kind: "api_error", executed: true,
		message: "Something went wrong on our side; whether the request was carried out is not known."}
}

func keyInUse(key string) *refusal {
	return &refusal{status: http.StatusConflict, kind: idempotencyError, code: "idempotency_key_in_use",
		message: "A request with this Idempotency-Key is still being executed: " + printable(key)}
}

// keyMisused refuses an idempotency key that was sent with another request.
func keyMisused(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, kind: idempotencyError, message: fmt.Sprintf(format, args...)}
}
