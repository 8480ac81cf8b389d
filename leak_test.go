package refundkit_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each secret is planted where nothing may carry it out of.
const (
	secretKey     = "sk_test_PLANTEDapikey"
	secretHook    = "whsec_PLANTEDhooksecret"
	secretAccount = "acct_PLANTEDaccount"
	secretMeta    = "PLANTEDmetadata"
	secretCharge  = "ch_PLANTEDbody"
	secretID      = "re_PLANTEDpath"
	secretCursor  = "re_PLANTEDquery"
	secretHeader  = "PLANTEDheader"
	secretMail    = "jenny.PLANTED@example.com"
)

var plantedBody = `{"error":{"type":"invalid_request_error","code":"pi_1_secret_PLANTEDcode","param":"metadata[acct_PLANTEDother]",
	"message":"Key ` + secretKey + ` on '` + secretAccount + `' of acct_PLANTEDother said pi_3_secret_PLANTEDclient to ` + secretMail + ` and rk_live_PLANTEDother\nwhsec_PLANTEDhook ek_test_PLANTEDephemeral jenny%2EPLANTED%40example.com sk%5Flive%5FPLANTEDencoded",
	"doc_url":"https://stripe.example/?key=` + secretKey + `","request_log_url":"https://stripe.example/logs?mail=` + secretMail + `","decline_code":"` + secretKey + `",
	"charge":"` + secretMail + `","payment_method_type":"` + secretMail + `","payment_intent":{"client_secret":"pi_3_secret_PLANTEDraw"}}}`

// plantedAnswers are what a server, or what stands between, may do with secrets.
func plantedAnswers() map[string]httpmock.Responder {
	planted := func(status int, body string) httpmock.Responder {
		return httpmock.ResponderFromResponse(answer(status, body, "X-Secret", secretHeader, "Request-Id", "req_"+secretMail, "Stripe-Rate-Limited-Reason", secretKey))
	}
	return map[string]httpmock.Responder{
		"refusal":    planted(400, plantedBody),
		"html":       planted(502, "<html>"+secretHeader+secretKey),
		"unreadable": planted(200, `{"object":"`+secretHeader+`"}`),
		"wrong kind": planted(200, `{"object":"refund","id":"re_1","amount":"`+secretHeader+`"}`),
		"no JSON":    planted(200, `{"object":`+secretHeader+`}`),
		"success":    planted(200, refundBody),
		"list":       planted(200, `{"object":"list","data":[],"has_more":true,"url":""}`),
		"silence": func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf(`malformed HTTP response "%s %s"`, secretHeader, secretKey)
		},
		"a body with an error": func(*http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(plantedBody), &talkative{Text: secretHeader})
			return &http.Response{StatusCode: 400, Header: http.Header{"Request-Id": {"req_1"}}, Body: io.NopCloser(body)}, nil
		},
		"an error with fields": func(r *http.Request) (*http.Response, error) {
			return nil, &talkative{Request: r, Text: secretHeader}
		},
	}
}

// talkative is an error that a transport of somebody else may return.
type talkative struct {
	Request *http.Request
	Text    string
}

func (e *talkative) Error() string            { return e.Text }
func (e *talkative) Read([]byte) (int, error) { return 0, e }

func TestNothingLeaks(t *testing.T) {
	for name, responder := range plantedAnswers() {
		t.Run(name, func(t *testing.T) {
			for _, suspect := range suspects(t, responder, secretAccount) {
				assertNoSecret(t, suspect)
			}
			for _, suspect := range suspects(t, responder, "acct_1") { // which is in an exported field
				assertNoSecretPastMethods(t, suspect)
			}
		})
	}
}

// suspects is everything that a call leaves behind, once with each kind of method.
func suspects(t *testing.T, responder httpmock.Responder, account string) []any {
	var logs bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var attempts []refundkit.Attempt
	hook := refundkit.WithAttemptHook(func(_ context.Context, a refundkit.Attempt) { attempts = append(attempts, a) })
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(responder)
	onAccount := refundkit.WithAccount(account)
	client, err := refundkit.New(secretKey, refundkit.WithHTTPClient(&http.Client{Transport: mock}), onAccount, hook, refundkit.WithLogger(logger), refundkit.WithMaxRetries(0))
	require.NoError(t, err)
	var response refundkit.Response
	opts := []refundkit.CallOption{refundkit.CaptureResponse(&response), refundkit.OnAccount(account)}

	_, createErr := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: secretCharge, Amount: 5, Metadata: refundkit.Metadata{"note": secretMeta}}, opts...)
	_, retrieveErr := client.Refunds.Retrieve(t.Context(), secretID, opts...)
	_, listErr := client.Refunds.List(t.Context(), refundkit.RefundListParams{StartingAfter: secretCursor}, opts...)
	var allErr error
	for _, allErr = range client.Refunds.All(t.Context(), refundkit.RefundListParams{StartingAfter: secretCursor}) {
	}
	assert.Contains(t, logs.String(), "/v1/refunds/{refund}")
	assert.NotContains(t, logs.String(), "PLANTED")
	all := []any{client, *client, client.Refunds, onAccount, opts[0], opts[1], response, &response, createErr, retrieveErr, listErr, allErr, attempts}
	return slices.DeleteFunc(all, func(v any) bool { return v == nil })
}

func TestNothingOfARefundLeaksFromErrors(t *testing.T) {
	refund := &refundkit.Refund{ID: "re_1", InstructionsEmail: secretMail} // without metadata, which XML refuses
	assertNoSecret(t, &refundkit.AwaitError{Refund: refund, Err: refundkit.ErrPersonNeeded})
	assertNoSecret(t, &refundkit.UnresolvedError{Matches: []*refundkit.Refund{refund, refund}, Others: []*refundkit.Refund{refund}})

	shown, err := json.Marshal(&refundkit.UnresolvedError{Others: []*refundkit.Refund{refund}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"message":"refundkit: Refunds.Resolve: no refund has this reference (1 others on the payment); next: remove the cause, then call with a new key","next_step":"new_key"}`, string(shown))
	shown, err = xml.Marshal(&refundkit.UnresolvedError{Others: []*refundkit.Refund{refund}})
	require.NoError(t, err)
	assert.Contains(t, string(shown), "no refund has this reference")
}

func TestNothingLeaksFromAWebhook(t *testing.T) {
	hook, err := webhook.New([]string{secretHook})
	require.NoError(t, err)
	_, parseErr := hook.Parse([]byte(plantedBody), "t=1,v1="+secretHook)
	for _, suspect := range []any{hook, *hook, parseErr} {
		assertNoSecret(t, suspect)
		assertNoSecretPastMethods(t, suspect)
	}
}

// assertNoSecret looks at v in every way that a log could show it.
func assertNoSecret(t *testing.T, v any) {
	t.Helper()
	var shown strings.Builder
	shapes := []any{v, &v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}, &struct{ V any }{v}}
	for _, shape := range shapes {
		printEveryVerb(&shown, "bcdefgoqstvxEFGOTUX", shape)
	}
	if err, ok := v.(error); ok {
		joined := errors.Join(err, io.EOF)
		shapes = append(shapes, joined, fmt.Errorf("job 7: %w", err), struct{ Err error }{joined})
		printEveryVerb(&shown, "qsvxX", joined)
	}
	for _, shape := range shapes {
		if data, err := json.Marshal(shape); err == nil {
			shown.Write(data)
		}
		if data, err := xml.Marshal(shape); err == nil {
			shown.Write(data)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
			slog.New(handler).Info("suspect", "value", shape, slog.Group("group", "value", shape))
		}
	}
	assertNotPlanted(t, shown.String(), v)
}

// assertNoSecretPastMethods looks at v as those do that ask no method: a field
// that is not exported, a wrong verb, gob, and what testify prints of a difference.
func assertNoSecretPastMethods(t *testing.T, v any) {
	t.Helper()
	var shown strings.Builder
	shapes := []any{v, struct{ v any }{v}, &struct{ v any }{v}, struct{ v []any }{[]any{v}}}
	switch e := v.(type) {
	case *refundkit.Error:
		shapes = append(shapes, struct{ e refundkit.Error }{*e}, struct{ err error }{e}, errors.Join(e, io.EOF))
	case *refundkit.TransportError:
		shapes = append(shapes, struct{ e refundkit.TransportError }{*e}, struct{ err error }{e}, errors.Join(e, io.EOF))
	}
	for _, shape := range shapes {
		printEveryVerb(&shown, "bcdefgopqstvwxzEFGOTUX!", shape)
		_ = gob.NewEncoder(&shown).Encode(shape)
	}
	zero := reflect.New(reflect.TypeOf(v)).Elem()
	if zero.Kind() == reflect.Pointer {
		zero = reflect.New(zero.Type().Elem())
	}
	assert.Equal(&diffReader{&shown}, zero.Interface(), v)
	assertNotPlanted(t, shown.String(), v)
}

// diffReader is a test whose failures are read.
type diffReader struct{ shown *strings.Builder }

func (d *diffReader) Errorf(format string, args ...any) { fmt.Fprintf(d.shown, format, args...) }

func printEveryVerb(shown *strings.Builder, verbs string, v any) {
	for _, verb := range verbs {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# ", "40", ".3", "+-#012.5"} {
			fmt.Fprintf(shown, "%"+flags+string(verb)+"\n", v)
		}
	}
}

// assertNotPlanted looks for the word in text, also as numbers of its letters.
func assertNotPlanted(t *testing.T, shown string, v any) {
	t.Helper()
	for _, verb := range []string{"%s", "%x", "%X", "% x", "% X", "%d", "%o", "%b", "%U"} {
		word := strings.Trim(fmt.Sprintf(verb, []byte("PLANTED")), "[]")
		if at := strings.Index(shown, word); at >= 0 {
			t.Errorf("%T shows it: %.300s", v, shown[max(0, at-150):])
		}
	}
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
