package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// recorded runs calls with a tracer and returns the spans, in the order in which
// they ended.
func recorded(t *testing.T, calls func(trace.Tracer)) tracetest.SpanStubs {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	calls(provider.Tracer("test"))
	require.NoError(t, provider.ForceFlush(t.Context()))
	return spans.GetSpans()
}

// attributes is what a span knows, by name.
func attributes(span tracetest.SpanStub) map[attribute.Key]any {
	found := map[attribute.Key]any{}
	for _, kv := range span.Attributes {
		found[kv.Key] = kv.Value.AsInterface()
	}
	return found
}

func TestSpanOfEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spans := recorded(t, func(tracer trace.Tracer) { require.NoError(t, refunds(t.Context(), tracer)) })
		require.Len(t, spans, 6) // three attempts and their call, one attempt and its call
		call, attempts := spans[3], spans[:3]
		require.Equal(t, "Refunds.Create", call.Name)
		require.False(t, call.Parent.IsValid())
		require.Equal(t, codes.Unset, call.Status.Code, "what failed on the way is not the call's failure")
		ended := call.StartTime
		for i, attempt := range attempts {
			require.Equal(t, "POST /v1/refunds", attempt.Name)
			require.Equal(t, trace.SpanKindClient, attempt.SpanKind)
			require.Equal(t, call.SpanContext.SpanID(), attempt.Parent.SpanID())
			require.Equal(t, call.SpanContext.TraceID(), attempt.SpanContext.TraceID())
			if i > 0 {
				require.True(t, attempt.StartTime.After(ended), "the wait lies between the attempts")
			}
			ended = attempt.EndTime
		}
		require.False(t, call.EndTime.Before(ended))

		key := string(refundkit.KeyFrom("order-6735", "refund-1"))
		common := map[attribute.Key]any{"http.request.method": "POST", "url.template": "/v1/refunds", "stripe.idempotency_key": key}
		lost, busy, done := attributes(attempts[0]), attributes(attempts[1]), attributes(attempts[2])
		for name, value := range common {
			require.Equal(t, value, lost[name])
			require.Equal(t, value, busy[name])
			require.Equal(t, value, done[name])
		}
		require.Equal(t, codes.Error, attempts[0].Status.Code)
		require.Equal(t, true, lost["refundkit.outcome_unknown"])
		require.NotContains(t, lost, attribute.Key("http.response.status_code"))
		require.NotContains(t, lost, attribute.Key("http.request.resend_count"))

		require.Equal(t, codes.Error, attempts[1].Status.Code)
		require.Equal(t, int64(429), busy["http.response.status_code"])
		require.Equal(t, int64(1), busy["http.request.resend_count"])
		require.Equal(t, "429", busy["error.type"])
		require.Equal(t, "endpoint-rate", busy["stripe.rate_limited_reason"])
		require.Equal(t, true, busy["refundkit.outcome_unknown"], "the first attempt is still open")

		require.Equal(t, codes.Unset, attempts[2].Status.Code)
		require.Equal(t, int64(200), done["http.response.status_code"])
		require.Equal(t, int64(2), done["http.request.resend_count"])
		require.Contains(t, done["stripe.request_id"], "req_")
	})
}

func TestSpanOfAFailedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spans := recorded(t, func(tracer trace.Tracer) { require.NoError(t, refunds(t.Context(), tracer)) })
		attempt, call := spans[4], spans[5]
		require.Equal(t, "GET /v1/refunds/{refund}", attempt.Name, "the template, not the ID")
		require.NotContains(t, attributes(attempt), attribute.Key("stripe.idempotency_key"))
		require.Equal(t, "Refunds.Retrieve", call.Name)
		require.Equal(t, codes.Error, call.Status.Code)
		require.Contains(t, call.Status.Description, "resource_missing")
		require.Equal(t, "404", attributes(call)["error.type"])
		require.Equal(t, string(refundkit.StepFixRequest), attributes(call)["refundkit.next_step"])
		require.NotEqual(t, spans[0].SpanContext.TraceID(), call.SpanContext.TraceID())
	})
}

// TestSpanTakesAsLongAsTheAttempt has a server that is slow to answer.
func TestSpanTakesAsLongAsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := refundtest.New(refundtest.WithClock(time.Now))
		defer server.Close()
		server.Inject(refundtest.Delay(3 * time.Second))
		spans := recorded(t, func(tracer trace.Tracer) {
			client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(server.HTTPClient()), traceAttempts(tracer))
			require.NoError(t, err)
			_, err = traced(t.Context(), tracer, "Refunds.List", func(ctx context.Context) (*refundkit.RefundList, error) {
				return client.Refunds.List(ctx, refundkit.RefundListParams{})
			})
			require.NoError(t, err)
		})
		require.Len(t, spans, 2)
		for _, span := range spans {
			require.Equal(t, 3*time.Second, span.EndTime.Sub(span.StartTime), span.Name)
		}
	})
}

func TestTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var printed bytes.Buffer
		printTree(&printed, recorded(t, func(tracer trace.Tracer) { require.NoError(t, refunds(t.Context(), tracer)) }))
		lines := strings.Split(strings.TrimSpace(printed.String()), "\n")
		require.Len(t, lines, 7)
		for i, start := range []string{"Refunds.Create  at 0 ms", "├─ POST /v1/refunds  at 0 ms", "├─ POST", "└─ POST", "", "Refunds.Retrieve", "└─ GET"} {
			require.True(t, strings.HasPrefix(lines[i], start), lines[i])
		}
		require.Contains(t, lines[2], "rate_limited_reason=endpoint-rate")
	})
}
