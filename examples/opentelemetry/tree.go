package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// printTree writes every call and its attempts, in the order in which they began.
func printTree(w io.Writer, spans tracetest.SpanStubs) {
	children := map[trace.SpanID][]tracetest.SpanStub{}
	for _, span := range spans {
		children[span.Parent.SpanID()] = append(children[span.Parent.SpanID()], span)
	}
	for _, siblings := range children {
		slices.SortFunc(siblings, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	}
	for _, call := range children[trace.SpanID{}] {
		fmt.Fprintln(w, describe(call, call.StartTime))
		attempts := children[call.SpanContext.SpanID()]
		for i, attempt := range attempts {
			branch := "├─"
			if i == len(attempts)-1 {
				branch = "└─"
			}
			fmt.Fprintln(w, branch, describe(attempt, call.StartTime))
		}
		fmt.Fprintln(w)
	}
}

// describe is a span in one line: its name, when it began after the call did, how
// long it took, and what it knows.
func describe(span tracetest.SpanStub, start time.Time) string {
	parts := []string{
		span.Name,
		fmt.Sprintf("at %d ms", span.StartTime.Sub(start).Milliseconds()),
		fmt.Sprintf("for %d ms", span.EndTime.Sub(span.StartTime).Milliseconds()),
	}
	for _, kv := range span.Attributes {
		switch kv.Key {
		case "http.request.method", "url.template", "error.type", idempotencyKeyKey: // seen already, or too long
		default:
			name := string(kv.Key)
			parts = append(parts, name[strings.LastIndex(name, ".")+1:]+"="+kv.Value.String())
		}
	}
	if span.Status.Code == codes.Error {
		parts = append(parts, "ERROR")
	}
	return strings.Join(parts, "  ")
}
