package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/internal/text"
)

// errNotReturned stands for a function that panicked, when a Once recovered the panic.
var errNotReturned = errors.New("refundkit: the function did not return")

// Handler returns an http.Handler that passes each event to handle. Stripe
// sends an event again, for up to three days, until it is answered with a
// success, so handle returns an error for whatever is not done for good.
//
// The answers have no body: 200 when handle returned nil and for events that
// are dropped by an option, 400 for what is not signed by Stripe or can't be
// read, 405 for another method than POST, 413 for a body above the limit, and
// 500 when handle returned an error or panicked. Only [WithLogger] tells
// why.
//
// The context that handle gets ends when Stripe hangs up, which it does after
// some seconds. The same event can come twice, even at the same time: see
// [Once].
//
// https://docs.stripe.com/webhooks#best-practices
func (w *Webhook) Handler(handle func(context.Context, *refundkit.Event) error) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		response.WriteHeader(w.serve(response, request, handle))
	})
}

// serve does everything but the answer, and returns its status.
func (w *Webhook) serve(response http.ResponseWriter, request *http.Request, handle func(context.Context, *refundkit.Event) error) int {
	if request.Method != http.MethodPost {
		response.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed
	}
	event, err := w.receive(response, request)
	if err != nil {
		status := refusal(err)
		w.log(request.Context(), slog.LevelWarn, "refundkit webhook refused", nil, slog.Int("status", status), slog.String("error", text.Masked(err.Error())))
		return status
	}
	if w.config.drops(event) {
		w.log(request.Context(), slog.LevelDebug, "refundkit webhook dropped", event)
		return http.StatusOK
	}
	if err := w.run(request.Context(), event, handle); err != nil {
		w.log(request.Context(), slog.LevelError, "refundkit webhook failed", event, describeFailure(err)...)
		return http.StatusInternalServerError
	}
	w.log(request.Context(), slog.LevelDebug, "refundkit webhook handled", event)
	return http.StatusOK
}

// receive reads the body under the limit and parses it.
func (w *Webhook) receive(response http.ResponseWriter, request *http.Request) (*refundkit.Event, error) {
	if err := w.ready(); err != nil {
		return nil, err
	}
	var payload []byte
	if request.Body != nil { // a request that never saw a server may have none
		var err error
		var large *http.MaxBytesError
		payload, err = io.ReadAll(http.MaxBytesReader(response, request.Body, w.config.bodyLimit))
		switch {
		case errors.As(err, &large):
			return nil, ErrPayloadTooLarge
		case err != nil:
			return nil, fmt.Errorf("%w: the body ended early", refundkit.ErrPayload)
		}
	}
	signatures := request.Header.Values("Stripe-Signature")
	switch len(signatures) {
	case 0:
		return w.Parse(payload, "")
	case 1:
		return w.Parse(payload, signatures[0])
	}
	return nil, &SignatureError{Part: "header", Reason: "there is more than one Stripe-Signature"}
}

func refusal(err error) int {
	switch {
	case errors.Is(err, ErrPayloadTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrSignature), errors.Is(err, refundkit.ErrPayload):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// run calls handle, through Once if there is one. A panic passes through Once,
// so that a deferred rollback there happens, and ends here. An event whose
// handle failed is never acknowledged, whatever Once makes of it.
func (w *Webhook) run(ctx context.Context, event *refundkit.Event, handle func(context.Context, *refundkit.Event) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	if w.config.once == nil {
		return handle(ctx, event)
	}
	var failure error
	err = w.config.once(ctx, event.ID, func(ctx context.Context) error {
		failure = errNotReturned
		failure = handle(ctx, event)
		return failure
	})
	if err == nil {
		err = failure
	}
	return err
}

// panicError is a panic of the function that handles events.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return "panic: " + e.words() }

// words is what the panic says for itself. Of a value that says nothing, such as
// an event, the fields would be the payload, so it is the type.
func (e *panicError) words() string {
	switch e.value.(type) {
	case error, string, fmt.Stringer:
		return fmt.Sprint(e.value) // which survives a method that panics
	}
	return fmt.Sprintf("%T", e.value)
}

// describeFailure says why an event was not handled. A panic comes with its
// stack, unless it is the one that asks to be kept quiet.
func describeFailure(err error) []slog.Attr {
	var panicked *panicError
	if !errors.As(err, &panicked) {
		return []slog.Attr{slog.String("error", text.Masked(err.Error()))}
	}
	attrs := []slog.Attr{slog.String("panic", text.Masked(panicked.words()))}
	if panicked.value != http.ErrAbortHandler {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	return attrs
}

// log writes a line with the event's name, but not its contents or account.
func (w *Webhook) log(ctx context.Context, level slog.Level, message string, event *refundkit.Event, attrs ...slog.Attr) {
	if w == nil || w.config.logger == nil {
		return
	}
	if event != nil {
		attrs = append(attrs, slog.String("event", text.Masked(event.ID)), slog.String("type", text.Masked(string(event.Type))), slog.Bool("livemode", event.Livemode))
	}
	w.config.logger.LogAttrs(ctx, level, message, attrs...)
}
