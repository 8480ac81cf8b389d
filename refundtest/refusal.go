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

// apiError is a refusal as the API words it.
type refusal struct {
	status        int
	kind          string
	code          string
	param         string
	message       string
	declineCode   string
	charge        string
	paymentIntent object

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

// refused is a refusal found while doing the work. It is kept, and replayed.
func impossible(param, code, format string, args ...any) *refusal {
	e := invalid(param, code, format, args...)
	e.executed, e.shouldRetry = true, "false"
	return e
}

// missing says that an id in the path names nothing.
func missing(kind, id, param string) *refusal {
	e := invalid(param, "resource_missing", "There is no %s with the id '%s'.", kind, id)
	e.status = http.StatusNotFound
	return e
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

func (e *refusal) object(logURL string) object {
	o := object{"type": e.kind, "message": e.message}
	set := func(name, value string) {
		if value != "" {
			o[name] = value
		}
	}
	set("code", e.code)
	if e.code != "" {
		set("doc_url", "https://stripe.com/docs/error-codes/"+strings.ReplaceAll(e.code, "_", "-"))
	}
	set("param", e.param)
	set("decline_code", e.declineCode)
	set("charge", e.charge)
	if e.paymentIntent != nil {
		o["payment_intent"] = e.paymentIntent
	}
	if !e.anonymous && !e.unlogged {
		set("request_log_url", logURL)
	}
	return object{"error": o}
}
