// Command opentelemetry shows a refund that takes three attempts as a trace: a
// span for the call, and below it one for each attempt.
//
//	go run .
//
// tracing.go is what a program needs, on top of refundkit.WithAttemptHook. Here
// the spans are kept in memory and printed as a tree; a real program gives its
// TracerProvider an exporter. The server is a fake in this process (refundtest),
// which was told what goes wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	tracer := provider.Tracer("github.com/refundkit/refundkit/examples/opentelemetry")
	err := refunds(ctx, tracer)
	printTree(os.Stdout, spans.GetSpans())
	return errors.Join(err, provider.Shutdown(ctx))
}

// refunds makes a refund that succeeds at the third attempt, and asks for one
// that does not exist.
func refunds(ctx context.Context, tracer trace.Tracer) error {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client, err := refundkit.New("sk_test_opentelemetry", refundkit.WithHTTPClient(server.HTTPClient()), traceAttempts(tracer))
	if err != nil {
		return err
	}
	// The refund is made and the answer is lost; then the account is too busy;
	// then the stored answer comes.
	server.Inject(refundtest.DropConnection().AfterWork(), refundtest.RateLimit("endpoint-rate"))
	_, err = traced(ctx, tracer, "Refunds.Create", func(ctx context.Context) (*refundkit.Refund, error) {
		return client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500},
			refundkit.KeyFrom("order-6735", "refund-1"))
	})
	if err != nil {
		return err
	}
	_, err = traced(ctx, tracer, "Refunds.Retrieve", func(ctx context.Context) (*refundkit.Refund, error) {
		return client.Refunds.Retrieve(ctx, "re_unknown")
	})
	if !errors.Is(err, refundkit.ErrNotFound) {
		return fmt.Errorf("it should not be there: %w", err)
	}
	return nil
}
