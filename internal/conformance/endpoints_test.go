package conformance

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
)

// TestEndpoints drives every method against stripe-mock, which refuses unknown
// parameters, wrong kinds and another API version. What it answers is decoded,
// and found whole in our type.
func TestEndpoints(t *testing.T) {
	for _, endpoint := range endpoints() {
		for _, call := range append(endpoint.calls, expandEverything(t, endpoint)) {
			t.Run(endpoint.op+"/"+call.name, func(t *testing.T) {
				client, transport := setup(t, stripeMock(t))
				var response refundkit.Response
				answer, err := call.send(t.Context(), client, refundkit.CaptureResponse(&response))
				require.NoError(t, err)
				require.NotNil(t, answer)

				require.Len(t, transport.sent, 1)
				require.Equal(t, endpoint.route, routeOf(transport.sent[0]))
				require.Equal(t, http.StatusOK, response.StatusCode)
				compareAnswer(t, endpoint.answer, response.Body(), answer)
			})
		}
	}
}

// routeOf writes a request as the specification names its endpoint.
func routeOf(request sent) string {
	var segments []string
	for segment := range strings.SplitSeq(request.path, "/") {
		switch segment {
		case chargeID:
			segment = "{charge}"
		case refundID:
			segment = "{refund}"
		case intentID:
			segment = "{intent}"
		case disputeID:
			segment = "{dispute}"
		case recordID, transactionID, eventID, reversalID, feeRefundID:
			segment = "{id}"
		case transferID, feeID:
			segment = ofConnect(request.path, segment)
		}
		segments = append(segments, segment)
	}
	return strings.ToLower(request.method) + " " + strings.Join(segments, "/")
}

// expandEverything is a call that asks for all that can be expanded.
func expandEverything(t *testing.T, endpoint endpoint) call {
	t.Helper()
	prefix, answer := "", endpoint.answer
	if item := itemOf(answer); item != "" {
		prefix, answer = "data.", item
	}
	var expandable []string
	for _, name := range *component(t, answer).schema.XExpandableFields {
		expandable = append(expandable, prefix+name)
	}
	first := endpoint.calls[0]
	return call{"expand everything", first.params, func(ctx context.Context, c *refundkit.Client, opts ...refundkit.CallOption) (any, error) {
		return first.send(ctx, c, append(opts, refundkit.Expand(expandable...))...)
	}}
}

// TestWrongParameter proves that TestEndpoints can fail.
func TestWrongParameter(t *testing.T) {
	for name, wrong := range map[string]string{"unknown": "wat=1", "nested": "metadata[a][b]=1", "of another kind": "amount=abc", "not in the list": "reason=bored"} {
		t.Run(name, func(t *testing.T) {
			client, _ := setup(t, adding(stripeMock(t), wrong))
			_, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: "ch_2", Remaining: true})
			requireRefused(t, err)
		})
	}
	t.Run("in a query", func(t *testing.T) {
		client, _ := setup(t, adding(stripeMock(t), "wat=1"))
		_, err := client.Refunds.List(t.Context(), refundkit.RefundListParams{Limit: 3})
		requireRefused(t, err)
	})
	t.Run("another API version", func(t *testing.T) {
		client, err := refundkit.New(testKey, refundkit.WithAPIVersion("2020-08-27"),
			refundkit.WithHTTPClient(&http.Client{Transport: &inProcess{handler: stripeMock(t)}}))
		require.NoError(t, err)
		_, err = client.Refunds.Retrieve(t.Context(), refundID)
		requireRefused(t, err)
	})
}

func requireRefused(t *testing.T, err error) {
	t.Helper()
	var refused *refundkit.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusBadRequest, refused.StatusCode)
	require.Equal(t, refundkit.ErrorTypeInvalidRequest, refused.Type)
}

// adding puts one more parameter into each request.
func adding(handler http.Handler, parameter string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			r.URL.RawQuery += "&" + parameter
		}
		r.Body = io.NopCloser(io.MultiReader(r.Body, strings.NewReader("&"+parameter)))
		handler.ServeHTTP(w, r)
	})
}

// TestIDs checks that each ID stands in its place in the path: where a path ends
// with an ID, stripe-mock answers an object that has it. After report_refund and
// expire it makes one up, and its payment records are called obj_123.
func TestIDs(t *testing.T) {
	client, _ := setup(t, stripeMock(t))
	refund, err := client.ChargeRefunds.Retrieve(t.Context(), chargeID, refundID)
	require.NoError(t, err)
	require.Equal(t, refundID, refund.ID)
	require.Equal(t, chargeID, refund.Charge.ID)
	record, err := client.PaymentRecords.Retrieve(t.Context(), recordID)
	require.NoError(t, err)
	require.Equal(t, recordID, record.ID)
}

// TestAll walks the lists: stripe-mock has one page of them.
func TestAll(t *testing.T) {
	client, transport := setup(t, stripeMock(t))
	for name, refunds := range map[string]func(func(*refundkit.Refund, error) bool){
		"Refunds.All":       client.Refunds.All(t.Context(), refundkit.RefundListParams{}),
		"ChargeRefunds.All": client.ChargeRefunds.All(t.Context(), chargeID, refundkit.ChargeRefundListParams{}),
	} {
		t.Run(name, func(t *testing.T) {
			transport.sent = nil
			count := 0
			for refund, err := range refunds {
				require.NoError(t, err)
				require.NotEmpty(t, refund.ID)
				count++
			}
			require.Positive(t, count)
			require.Len(t, transport.sent, 1)
			require.Equal(t, "100", transport.sent[0].form.Get("limit"))
		})
	}
}

// TestRefundEndpointsAreKnown fails when the specification has an endpoint about
// refunds or payment records that nobody has looked at yet, and when one is gone.
func TestRefundEndpointsAreKnown(t *testing.T) {
	official := make(map[string]bool)
	for path, operations := range officialSpec(t).Paths {
		if !strings.Contains(string(path), "refund") && !strings.Contains(string(path), "payment_record") {
			continue
		}
		for verb := range operations {
			official[string(verb)+" "+string(path)] = true
		}
	}
	known := make(map[string]bool)
	for _, endpoint := range slices.Concat(refundEndpoints(), connectEndpoints()) {
		if strings.Contains(endpoint.route, "refund") || strings.Contains(endpoint.route, "payment_record") {
			known[endpoint.route] = true
		}
	}
	for route := range endpointsLeftOut {
		require.False(t, known[route], "%s is ours and left out", route)
		known[route] = true
	}
	for _, route := range sortedNames(official) {
		t.Run(route, func(t *testing.T) {
			require.True(t, known[route], "the specification has %s: write its method, or name it in endpointsLeftOut with the reason", route)
		})
	}
	for _, route := range sortedNames(known) {
		require.True(t, official[route], "the specification has no %s any more", route)
	}
}

// TestNoNetwork proves that nothing here can leave the process unnoticed.
func TestNoNetwork(t *testing.T) {
	client, transport := setup(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	_, err := client.Refunds.Retrieve(t.Context(), refundID)
	var answered *refundkit.Error
	require.True(t, errors.As(err, &answered))
	require.Equal(t, http.StatusTeapot, answered.StatusCode)
	require.Len(t, transport.sent, 1)
}
