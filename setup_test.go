package refundkit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
)

// base has a path, so that a request to an absolute path misses the mock.
const base = "https://stripe.test/base"

const apiKey = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"

const refundBody = `{"id":"re_1","object":"refund","amount":500,"charge":"ch_1","created":1790000000,"currency":"usd","metadata":{},"reason":null,"status":"succeeded"}`

const invalidRequest = "invalid_request_error"

var someRefund = refundkit.RefundCreateParams{Charge: "ch_1", Amount: 500}

var oneUpdate = refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"case": "1"}}

var someReport = refundkit.PaymentRecordReportRefundParams{
	Outcome:          refundkit.PaymentRecordRefundOutcomeRefunded,
	ProcessorDetails: refundkit.RefundProcessorDetailsParams{Type: refundkit.ProcessorTypeCustom},
}

// setup returns a client whose every call goes to the mock.
func setup(t *testing.T, opts ...refundkit.Option) (*refundkit.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	defaults := []refundkit.Option{refundkit.WithBaseURL(base), refundkit.WithHTTPClient(&http.Client{Transport: mock}), refundkit.WithMaxRetries(0)}
	client, err := refundkit.New(apiKey, append(defaults, opts...)...)
	require.NoError(t, err)
	return client, mock
}

// answer is a response with header pairs.
func answer(status int, body string, header ...string) *http.Response {
	response := httpmock.NewStringResponse(status, body)
	for i := 0; i < len(header); i += 2 {
		response.Header.Set(header[i], header[i+1])
	}
	return response
}

// stripeError is a refusal as Stripe writes it; code and param may be empty.
func stripeError(kind, code, param string) string {
	body := `{"error":{"message":"Some words.","type":"` + kind + `"`
	if code != "" {
		body += `,"code":"` + code + `","doc_url":"https://stripe.com/docs/error-codes/x"`
	}
	if param != "" {
		body += `,"param":"` + param + `"`
	}
	return body + `}}`
}

// fixture reads a body from testdata, written as Stripe sends it.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// decodeRefund reads a refund from testdata.
func decodeRefund(t *testing.T, name string) refundkit.Refund {
	t.Helper()
	var refund refundkit.Refund
	require.NoError(t, json.Unmarshal(fixture(t, name), &refund))
	return refund
}

// at is a moment as Stripe sends it, in seconds since 1970.
func at(seconds int64) refundkit.Timestamp { return refundkit.NewTimestamp(time.Unix(seconds, 0)) }

// sentRequest is what reached the wire: uri is the escaped path with the query.
type sentRequest struct {
	method, uri, body string
	header            http.Header
	repeatable        bool // net/http could send it again by itself, body and all
}

// wire keeps every request of a client, whatever its address.
type wire struct {
	mu       sync.Mutex
	requests []sentRequest
}

func (w *wire) all() []sentRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// serve answers every request with what reply says, and keeps it.
func serve(mock *httpmock.MockTransport, reply func(sentRequest) (*http.Response, error)) *wire {
	w := &wire{}
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		sent := sentRequest{method: r.Method, uri: r.URL.Scheme + "://" + r.URL.Host + r.URL.RequestURI(), header: r.Header, repeatable: r.GetBody != nil}
		if r.Body != nil {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			sent.body = string(body)
		}
		w.mu.Lock()
		w.requests = append(w.requests, sent)
		w.mu.Unlock()
		return reply(sent)
	})
	return w
}

// record answers every request with body, and keeps it.
func record(mock *httpmock.MockTransport, body string) *wire {
	return serve(mock, func(sentRequest) (*http.Response, error) {
		return answer(http.StatusOK, body, "Request-Id", "req_ok"), nil
	})
}

// endpoint is a method of the client and where it must go.
type endpoint struct {
	name, method, path string // path with {braces} for the ids
	params             []string
	reply              string // a file of testdata
	call               func(ctx context.Context, c *refundkit.Client, ids []string, opts ...refundkit.CallOption) (any, error)
}

// filled is the address of the endpoint with ids in it.
func (e endpoint) filled(ids ...string) string {
	path := e.path
	for i := range e.params {
		path = strings.Replace(path, "{"+string(rune('0'+i))+"}", ids[i], 1)
	}
	return base + path
}

// call is a method with its arguments.
type call func(context.Context, *refundkit.Client) error

func createRefund(params refundkit.RefundCreateParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Create(ctx, params, opts...)
		return err
	}
}

func createChargeRefund(params refundkit.ChargeRefundCreateParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.ChargeRefunds.Create(ctx, "ch_1", params, opts...)
		return err
	}
}

func updateRefund(params refundkit.RefundUpdateParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.Update(ctx, "re_1", params, opts...)
		return err
	}
}

func updateChargeRefund(params refundkit.RefundUpdateParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.ChargeRefunds.Update(ctx, "ch_1", "re_1", params, opts...)
		return err
	}
}

func listRefunds(params refundkit.RefundListParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.Refunds.List(ctx, params, opts...)
		return err
	}
}

func listChargeRefunds(params refundkit.ChargeRefundListParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.ChargeRefunds.List(ctx, "ch_1", params, opts...)
		return err
	}
}

func reportRefund(params refundkit.PaymentRecordReportRefundParams, opts ...refundkit.CallOption) call {
	return func(ctx context.Context, c *refundkit.Client) error {
		_, err := c.PaymentRecords.ReportRefund(ctx, "pr_1", params, opts...)
		return err
	}
}

// fields returns the exported fields of a struct that are not zero, for types
// that keep something in a function, which nothing can compare.
func fields(v any) map[string]any {
	set := map[string]any{}
	value := reflect.Indirect(reflect.ValueOf(v))
	for i := range value.NumField() {
		if field := value.Type().Field(i); field.IsExported() && !value.Field(i).IsZero() {
			set[field.Name] = value.Field(i).Interface()
		}
	}
	return set
}

// limiterFunc is a limiter of one function.
type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }
