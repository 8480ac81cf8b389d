package refundkit

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/refundkit/refundkit/internal/text"
)

// Response is how a call went, whether it succeeded or failed; see
// [CaptureResponse]. StatusCode is 0 when there was no answer. What Header and Body
// return is in no format, log, JSON or XML, and no printer finds it; Account is what
// only those show that look past methods, such as spew or gob.
type Response struct {
	StatusCode     int
	Attempts       int
	RequestID      string // what Stripe's support asks for
	IdempotencyKey string
	Account        string
	Replayed       bool // the answer was stored from an earlier request with the same key
	// Unread names the members of the answer that had an unforeseen shape and were
	// left empty, such as metadata.size or charge.refunds.
	Unread []string

	raw func() (http.Header, []byte) // a function, so that no printer reaches them
}

// Header returns the header of the last answer; nil if there was none.
func (r *Response) Header() http.Header {
	header, _ := rawAnswer(r.raw)
	return header
}

// Body returns the body of the last answer; nil if there was none.
func (r *Response) Body() []byte {
	_, body := rawAnswer(r.raw)
	return body
}

// rawAnswer looks into what an Error or a Response keeps, if it keeps anything.
func rawAnswer(raw func() (http.Header, []byte)) (http.Header, []byte) {
	if raw == nil {
		return nil, nil
	}
	return raw()
}

// keep hides an answer in a function.
func keep(header http.Header, body []byte) func() (http.Header, []byte) {
	return func() (http.Header, []byte) { return header, body }
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
		slog.String("request_id", text.Masked(a.RequestID)), slog.String("idempotency_key", text.Masked(a.IdempotencyKey)),
	}
	if a.Err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", a.Err.Error()))
	}
	logger.LogAttrs(ctx, level, "refundkit attempt", attrs...)
}
