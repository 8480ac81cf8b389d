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
	"unicode"
)

const maxMessage = 500

// Error says in one line what was asked, what came back and what is safe to do
// next. It holds no secret.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "refundkit: %s: status %d", clean(e.Op), e.StatusCode)
	if e.StatusCode < 300 {
		b.WriteString(" with a body that is not the answer")
	}
	writeParts(&b, " ", clean(string(e.Code)), " on ", clean(e.Param), " because of ", clean(e.RateLimitedReason), ": ", clean(e.Message), ": ", describe(e.Err))
	b.WriteString(closing(e.Attempts, e.RequestID, e.IdempotencyKey, e.nextStep()))
	return b.String()
}

// Error says in one line what was asked, why there is no answer and what is
// safe to do next. It holds no secret.
func (e *TransportError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "refundkit: %s: no answer", clean(e.Op))
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
	writeParts(&b, ", request ", clean(requestID), ", idempotency key ", clean(key))
	return b.String() + "); next: " + string(next)
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
		Message: e.Error(), Op: clean(e.Op), StatusCode: e.StatusCode, Type: ErrorType(clean(string(e.Type))), Code: ErrorCode(clean(string(e.Code))),
		Param: clean(e.Param), RequestID: clean(e.RequestID), IdempotencyKey: clean(e.IdempotencyKey), RateLimitedReason: clean(e.RateLimitedReason),
		Attempts: e.Attempts, Replayed: e.Replayed, OutcomeUnknown: e.OutcomeUnknown, NextStep: e.nextStep(),
	}
}

func (e *TransportError) record() record {
	return record{
		Message: e.Error(), Op: clean(e.Op), IdempotencyKey: clean(e.IdempotencyKey),
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
	}{r.StatusCode, r.Attempts, clean(r.RequestID), clean(r.IdempotencyKey), r.Replayed})
}

// LogValue gives a log the message and what to search for.
func (e Error) LogValue() slog.Value { return e.record().logValue() }

// LogValue gives a log the message and what to search for.
func (e TransportError) LogValue() slog.Value { return e.record().logValue() }

// LogValue gives a log the status and what to search for.
func (r Response) LogValue() slog.Value {
	return record{StatusCode: r.StatusCode, RequestID: clean(r.RequestID), IdempotencyKey: clean(r.IdempotencyKey)}.logValue()
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
	return clean(b.String())
}

// clean makes a text from outside fit for one line of a log: no control
// characters, no key, client secret or e-mail address, and not too long.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return !isWord(r) })
		switch end {
		case -1:
			end = len(s)
		case 0:
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		b.WriteString(maskWord(s[:end]))
		s = s[end:]
	}
	return b.String()
}

func isWord(r rune) bool {
	return r > unicode.MaxASCII || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.*@+%", r)
}

// maskWord hides a word that is a key, a client secret or an e-mail address.
func maskWord(word string) string {
	if start := strings.Index(word, "_secret_"); start >= 0 {
		return word[:start] + "_secret_***"
	}
	for _, prefix := range []string{"sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_", "whsec_", "sk_", "rk_"} {
		if start := strings.Index(word, prefix); start == 0 || start > 0 && !isAlphanumeric(word[start-1]) {
			return word[:start] + prefix + "***"
		}
	}
	if at := strings.IndexByte(word, '@'); at > 0 && strings.Contains(word[at:], ".") {
		return "***@***"
	}
	return word
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
