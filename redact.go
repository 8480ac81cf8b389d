package refundkit

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/refundkit/refundkit/internal/text"
)

// Error says in one line what was asked, what came back and what is safe to do
// next. It holds no secret.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "refundkit: %s: status %d", text.Masked(e.Op), e.StatusCode)
	if e.StatusCode < 300 {
		b.WriteString(" with a body that is not the answer")
	}
	writeParts(&b, " ", text.Masked(string(e.Code)), " on ", text.Masked(e.Param), " because of ", text.Masked(e.RateLimitedReason), ": ", text.Masked(e.Message), ": ", describe(e.Err))
	return b.String() + closing(e.Attempts, e.RequestID, e.IdempotencyKey) + "; next: " + advice(e.nextStep(), e.IdempotencyKey)
}

// Error says in one line what was asked, why there is no answer and what is
// safe to do next. It holds no secret.
func (e *TransportError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "refundkit: %s: no answer", text.Masked(e.Op))
	writeParts(&b, ": ", describe(e.Err))
	return b.String() + closing(e.Attempts, "", e.IdempotencyKey) + "; next: " + advice(e.nextStep(), e.IdempotencyKey)
}

// writeParts writes pairs of a lead and a text, leaving out those without text.
func writeParts(b *strings.Builder, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			b.WriteString(pairs[i] + pairs[i+1])
		}
	}
}

func closing(attempts int, requestID, key string) string {
	var b strings.Builder
	fmt.Fprintf(&b, " (attempts %d", attempts)
	writeParts(&b, ", request ", text.Masked(requestID), ", idempotency key ", text.Masked(key))
	return b.String() + ")"
}

// advice is the sentence of a step, for a call that may have had no key.
func advice(next Step, key string) string {
	switch {
	case next == StepRepeat && key == "":
		return "repeat the call"
	case next == StepFixCredentials && key == "":
		return "correct the API key or the account, then repeat the call"
	}
	return next.String()
}

// Format writes the message, whatever the verb, so that no field leaks.
func (e Error) Format(f fmt.State, verb rune) { formatSafely(f, verb, e.Error()) }

// Format writes the message, whatever the verb, so that no field leaks.
func (e TransportError) Format(f fmt.State, verb rune) { formatSafely(f, verb, e.Error()) }

// Format writes status, attempts, request id and key, whatever the verb.
func (r Response) Format(f fmt.State, verb rune) { formatSafely(f, verb, r.message()) }

func (r Response) message() string {
	return fmt.Sprintf("status %d", r.StatusCode) + closing(r.Attempts, r.RequestID, r.IdempotencyKey)
}

func formatSafely(f fmt.State, verb rune, message string) {
	if verb == 'q' {
		message = strconv.Quote(message)
	}
	_, _ = io.WriteString(f, message)
}

// record is what logs and JSON may show of a call: no body, header or account.
type record struct {
	Message           string    `json:"message,omitzero"`
	Op                string    `json:"op,omitzero"`
	StatusCode        int       `json:"status_code,omitzero"`
	Type              ErrorType `json:"type,omitzero"`
	Code              ErrorCode `json:"code,omitzero"`
	Param             string    `json:"param,omitzero"`
	RequestID         string    `json:"request_id,omitzero"`
	IdempotencyKey    string    `json:"idempotency_key,omitzero"`
	RateLimitedReason string    `json:"rate_limited_reason,omitzero"`
	Attempts          int       `json:"attempts"`
	Replayed          bool      `json:"replayed,omitzero"`
	OutcomeUnknown    bool      `json:"outcome_unknown"`
	NextStep          Step      `json:"next_step,omitzero"`
}

func (e *Error) record() record {
	return record{
		Message: e.Error(), Op: text.Masked(e.Op), StatusCode: e.StatusCode, Type: ErrorType(text.Masked(string(e.Type))), Code: ErrorCode(text.Masked(string(e.Code))),
		Param: text.Masked(e.Param), RequestID: text.Masked(e.RequestID), IdempotencyKey: text.Masked(e.IdempotencyKey), RateLimitedReason: text.Masked(e.RateLimitedReason),
		Attempts: e.Attempts, Replayed: e.Replayed, OutcomeUnknown: e.OutcomeUnknown, NextStep: e.nextStep(),
	}
}

func (e *TransportError) record() record {
	return record{
		Message: e.Error(), Op: text.Masked(e.Op), IdempotencyKey: text.Masked(e.IdempotencyKey),
		Attempts: e.Attempts, OutcomeUnknown: e.OutcomeUnknown, NextStep: e.nextStep(),
	}
}

// messageJSON is the JSON of an error that has nothing but its message to show.
func messageJSON(message string, next Step) ([]byte, error) {
	return json.Marshal(struct {
		Message  string `json:"message"`
		NextStep Step   `json:"next_step"`
	}{message, next})
}

// MarshalText writes the message, for XML and whatever else takes texts.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// MarshalText writes the message, for XML and whatever else takes texts.
func (e TransportError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// MarshalText writes what Format writes, for XML and whatever else takes texts.
func (r Response) MarshalText() ([]byte, error) { return []byte(r.message()), nil }

// MarshalJSON writes what a log may hold: no body, header or account.
func (e Error) MarshalJSON() ([]byte, error) { return json.Marshal(e.record()) }

// MarshalJSON writes what a log may hold: no account.
func (e TransportError) MarshalJSON() ([]byte, error) { return json.Marshal(e.record()) }

// MarshalJSON writes what a log may hold: no body, header or account.
func (r Response) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		StatusCode     int    `json:"status_code"`
		Attempts       int    `json:"attempts"`
		RequestID      string `json:"request_id,omitzero"`
		IdempotencyKey string `json:"idempotency_key,omitzero"`
		Replayed       bool   `json:"replayed,omitzero"`
	}{r.StatusCode, r.Attempts, text.Masked(r.RequestID), text.Masked(r.IdempotencyKey), r.Replayed})
}

// LogValue gives a log the message and what to search for.
func (e Error) LogValue() slog.Value { return e.record().logValue() }

// LogValue gives a log the message and what to search for.
func (e TransportError) LogValue() slog.Value { return e.record().logValue() }

// LogValue gives a log the status and what to search for.
func (r Response) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.StatusCode), slog.Int("attempts", r.Attempts), slog.String("request_id", text.Masked(r.RequestID)),
		slog.String("idempotency_key", text.Masked(r.IdempotencyKey)), slog.Bool("replayed", r.Replayed))
}

func (r record) logValue() slog.Value {
	return slog.GroupValue(slog.String("message", r.Message), slog.Int("status", r.StatusCode), slog.String("request_id", r.RequestID),
		slog.String("idempotency_key", r.IdempotencyKey), slog.Bool("outcome_unknown", r.OutcomeUnknown))
}

// without returns a function that takes a secret out of a text. The kind of the
// secret stays, so that a longer one that starts alike is still seen as one.
func without(secret string) func(string) string {
	masked := text.Masked(secret)
	if masked == secret {
		masked = "***"
	}
	return func(message string) string { return strings.ReplaceAll(message, secret, masked) }
}

// redactor takes what is secret out of texts that a server wrote: the API key and
// the account of the call, whatever they look like, and what looks like a secret.
func (c *Client) redactor(account string) func(string) string {
	if account == "" {
		return func(message string) string { return text.Masked(c.redact(message)) }
	}
	withoutAccount := without(account)
	return func(message string) string { return text.Masked(withoutAccount(c.redact(message))) }
}

// mask goes over everything in e that a server wrote.
func (e *Error) mask(redact func(string) string) {
	for _, field := range []*string{
		(*string)(&e.Type), (*string)(&e.Code), &e.Param, &e.Message, &e.AdviceCode, &e.Charge, &e.DeclineCode, &e.NetworkAdviceCode,
		&e.NetworkDeclineCode, &e.PaymentMethodType, &e.DocURL, &e.RequestID, &e.RateLimitedReason,
	} {
		if *field != "" {
			*field = redact(*field)
		}
	}
	e.RequestLogURL = maskLink(e.RequestLogURL, redact)
}

// maskLink keeps an account that is a part of the path: without it, a link to
// the account's log leads nowhere.
func maskLink(link string, redact func(string) string) string {
	if !strings.Contains(link, "acct_") {
		return redact(link)
	}
	var b strings.Builder
	for part := range strings.SplitAfterSeq(link, "/") {
		id, isAccount := strings.CutPrefix(strings.TrimSuffix(part, "/"), "acct_")
		if !isAccount || strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			part = redact(part)
		}
		b.WriteString(part)
	}
	return b.String()
}
