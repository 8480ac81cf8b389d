package refundkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each secret is planted where nothing may carry it out of.
const (
	secretKey     = "sk_test_PLANTEDapikey"
	secretAccount = "acct_PLANTEDaccount"
	secretMeta    = "PLANTEDmetadata"
	secretCharge  = "ch_PLANTEDbody"
	secretID      = "re_PLANTEDpath"
	secretCursor  = "re_PLANTEDquery"
	secretHeader  = "PLANTEDheader"
)

var plantedBody = `{"error":{"type":"invalid_request_error","code":"pi_1_secret_PLANTEDcode","param":"charge",
	"message":"Key ` + secretKey + ` on '` + secretAccount + `' said pi_3_secret_PLANTEDclient to jenny.PLANTED@example.com and rk_live_PLANTEDother\nwhsec_PLANTEDhook",
	"payment_intent":{"client_secret":"pi_3_secret_PLANTEDraw"}}}`

func TestNothingLeaks(t *testing.T) {
	var logs bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var attempts []refundkit.Attempt
	hook := refundkit.WithAttemptHook(func(_ context.Context, a refundkit.Attempt) { attempts = append(attempts, a) })
	account := refundkit.WithAccount(secretAccount)

	for name, responder := range map[string]httpmock.Responder{
		"refusal":    httpmock.ResponderFromResponse(answer(400, plantedBody, "X-Secret", secretHeader)),
		"html":       httpmock.ResponderFromResponse(answer(502, "<html>"+secretHeader+secretKey, "X-Secret", secretHeader)),
		"unreadable": httpmock.ResponderFromResponse(answer(200, `{"object":"`+secretHeader+`"}`, "X-Secret", secretHeader)),
		"success":    httpmock.ResponderFromResponse(answer(200, refundBody, "X-Secret", secretHeader)),
		"list":       httpmock.ResponderFromResponse(answer(200, `{"object":"list","data":[],"has_more":true,"url":""}`)),
		"silence": func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf(`malformed HTTP response "%s %s"`, secretHeader, secretKey)
		},
	} {
		t.Run(name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterNoResponder(responder)
			client, err := refundkit.New(secretKey, refundkit.WithHTTPClient(&http.Client{Transport: mock}), account, hook, refundkit.WithLogger(logger), refundkit.WithMaxRetries(0))
			require.NoError(t, err)
			var response refundkit.Response
			opts := []refundkit.CallOption{refundkit.OnAccount(secretAccount), refundkit.CaptureResponse(&response)}

			_, createErr := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: secretCharge, Amount: 5, Metadata: refundkit.Metadata{"note": secretMeta}}, opts...)
			_, retrieveErr := client.Refunds.Retrieve(t.Context(), secretID, opts...)
			_, listErr := client.Refunds.List(t.Context(), refundkit.RefundListParams{StartingAfter: secretCursor}, opts...)
			var allErr error
			for _, allErr = range client.Refunds.All(t.Context(), refundkit.RefundListParams{StartingAfter: secretCursor}) {
			}

			for _, suspect := range []any{client, *client, client.Refunds, account, opts[0], opts[1], response, &response, createErr, retrieveErr, listErr, allErr, attempts} {
				assertNoSecret(t, suspect)
			}
		})
	}
	assert.Contains(t, logs.String(), "/v1/refunds/{refund}")
	assert.NotContains(t, logs.String(), "PLANTED")
}

// assertNoSecret looks at v in every way that a log could show it.
func assertNoSecret(t *testing.T, v any) {
	t.Helper()
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, verb+"\n", v)
	}
	if failure, ok := v.(*refundkit.Error); ok {
		fmt.Fprintf(&shown, "%v %+v %#v\n", *failure, *failure, *failure)
	}
	if silence, ok := v.(*refundkit.TransportError); ok {
		fmt.Fprintf(&shown, "%v %+v %#v\n", *silence, *silence, *silence)
	}
	if data, err := json.Marshal(v); err == nil {
		shown.Write(data)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(handler).Info("suspect", "value", v)
	}
	assert.NotContains(t, shown.String(), "PLANTED", "%T", v)
	assert.NotContains(t, shown.String(), fmt.Sprintf("%x", "PLANTED"), "%T", v)
}

func TestErrorKeepsWhatIsNoSecret(t *testing.T) {
	for message, want := range map[string]string{
		"Charge ch_123 has already been refunded.":        "Charge ch_123 has already been refunded.",
		"Invalid API Key provided: sk_test_******7890":    "Invalid API Key provided: sk_test_***",
		"risk_level is high; the task_id is pk":           "risk_level is high; the task_id is pk",
		"write to a@b.example, or see https://stripe.com": "write to ***@***, or see https://stripe.com",
		"two\r\nlines\x00\u202e":                          "two  lines  ",
	} {
		err := &refundkit.Error{Op: "op", StatusCode: 400, Message: message}
		assert.Contains(t, err.Error(), ": "+want+" (attempts", message)
	}
	long := (&refundkit.Error{Message: strings.Repeat("é", 10_000)}).Error()
	assert.Less(t, len(long), 800)
	assert.Contains(t, long, "é...", "cut between characters")
}
