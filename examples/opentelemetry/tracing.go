package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/refundkit/refundkit"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// What Stripe's support and the person on duty ask for; the rest of the
// attributes have the names of OpenTelemetry's conventions for HTTP.
const (
	requestIDKey         = attribute.Key("stripe.request_id")
	idempotencyKeyKey    = attribute.Key("stripe.idempotency_key")
	rateLimitedReasonKey = attribute.Key("stripe.rate_limited_reason")
	outcomeUnknownKey    = attribute.Key("refundkit.outcome_unknown")
	nextStepKey          = attribute.Key("refundkit.next_step")
)

// traceAttempts makes a client add a span for every attempt to the span in the
// context of the call. The hook comes when the attempt has ended, so the span is
// given both of its times.
func traceAttempts(tracer trace.Tracer) refundkit.Option {
	return refundkit.WithAttemptHook(func(ctx context.Context, a refundkit.Attempt) {
		_, span := tracer.Start(ctx, a.Method+" "+a.Route,
			trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.Start),
			trace.WithAttributes(
				semconv.HTTPRequestMethodKey.String(a.Method),
				semconv.URLTemplate(a.Route),
			))
		if a.Number > 1 {
			span.SetAttributes(semconv.HTTPRequestResendCount(a.Number - 1))
		}
		if a.StatusCode != 0 {
			span.SetAttributes(semconv.HTTPResponseStatusCode(a.StatusCode))
		}
		if a.RequestID != "" {
			span.SetAttributes(requestIDKey.String(a.RequestID))
		}
		if a.IdempotencyKey != "" {
			span.SetAttributes(idempotencyKeyKey.String(a.IdempotencyKey))
		}
		if a.Err != nil {
			fail(span, a.Err)
		}
		span.End(trace.WithTimestamp(a.Start.Add(a.Duration)))
	})
}

// traced makes a call under a span of its own, which is the parent of the spans
// of its attempts: op is the method's name, such as Refunds.Create.
func traced[T any](ctx context.Context, tracer trace.Tracer, op string, call func(context.Context) (T, error)) (T, error) {
	ctx, span := tracer.Start(ctx, op)
	defer span.End()
	result, err := call(ctx)
	if err != nil {
		fail(span, err)
		span.SetAttributes(nextStepKey.String(string(refundkit.NextStep(err))))
	}
	return result, err
}

// fail marks a span. The messages of refundkit's errors hold no secret.
func fail(span trace.Span, err error) {
	kind := semconv.ErrorType(err)
	var answer *refundkit.Error
	if errors.As(err, &answer) {
		kind = semconv.ErrorTypeKey.String(strconv.Itoa(answer.StatusCode))
		if answer.RateLimitedReason != "" {
			span.SetAttributes(rateLimitedReasonKey.String(answer.RateLimitedReason))
		}
	}
	span.SetStatus(codes.Error, err.Error())
	span.SetAttributes(kind, outcomeUnknownKey.Bool(errors.Is(err, refundkit.ErrOutcomeUnknown)))
}
