package refundkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
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
	b.WriteString(closing(e.Attempts, e.RequestID, e.IdempotencyKey, e.nextStep()))
	return b.String()
}

// Error says in one line what was asked, why there is no answer and what is
// safe to do next. It holds no secret.
func (e *TransportError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "refundkit: %s: no answer", text.Masked(e.Op))
	writeParts(&b, ": ", describe(e.Err))
	b.WriteString(closing(e.Attempts, "", e.IdempotencyKey, e.nextStep()))
	return b.String()
}

// writeParts writes pairs of a lead and a text, leaving out those without text.
func writeParts(b *strings.Builder, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			b.WriteString(pairs[i] + pairs[i+1])
		}
	}
}

func closing(attempts int, requestID, key string, next Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, " (attempts %d", attempts)
	writeParts(&b, ", request ", text.Masked(requestID), ", idempotency key ", text.Masked(key))
	return b.String() + "); next: " + next.String()
}

// Format writes the message, whatever the verb, so that no field leaks.
func (e Error) Format(f fmt.State, verb rune) { formatSafely(f, verb, e.Error()) }

// Format writes the message, whatever the verb, so that no field leaks.
func (e TransportError) Format(f fmt.State, verb rune) { formatSafely(f, verb, e.Error()) }

// Format writes status, attempts, request id and key, whatever the verb.
func (r Response) Format(f fmt.State, verb rune) {
	formatSafely(f, verb, fmt.Sprintf("status %d", r.StatusCode)+closing(r.Attempts, r.RequestID, r.IdempotencyKey, ""))
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
	return record{StatusCode: r.StatusCode, RequestID: text.Masked(r.RequestID), IdempotencyKey: text.Masked(r.IdempotencyKey)}.logValue()
}

func (r record) logValue() slog.Value {
	return slog.GroupValue(slog.String("message", r.Message), slog.Int("status", r.StatusCode), slog.String("request_id", r.RequestID),
		slog.String("idempotency_key", r.IdempotencyKey), slog.Bool("outcome_unknown", r.OutcomeUnknown))
}

// describe tells what an error of net/http says, without the URL and without
// what it quotes: an answer that can't be parsed is quoted in the error.
func describe(err error) string {
	if err == nil {
		return ""
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var b strings.Builder
	for i, part := range strings.Split(err.Error(), `"`) {
		if i%2 == 0 {
			b.WriteString(part)
		} else {
			b.WriteString(`"..."`)
		}
	}
	return text.Masked(b.String())
}
