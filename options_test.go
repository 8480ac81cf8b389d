package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewRefuses(t *testing.T) {
	const live = "sk_live_abc"
	for name, c := range map[string]struct {
		key    string
		option refundkit.Option
		param  string
	}{
		"no key":                              {"", nil, "apiKey"},
		"a key with a newline":                {"sk_test_a\n", nil, "apiKey"},
		"a key with a space":                  {" sk_test_a", nil, "apiKey"},
		"a key beyond ASCII":                  {"sk_test_é", nil, "apiKey"},
		"nil option":                          {apiKey, nil, "opts"},
		"no URL":                              {apiKey, refundkit.WithBaseURL("http://[::1"), "WithBaseURL"},
		"empty URL":                           {apiKey, refundkit.WithBaseURL(""), "WithBaseURL"},
		"no scheme":                           {apiKey, refundkit.WithBaseURL("api.stripe.com"), "WithBaseURL"},
		"other scheme":                        {apiKey, refundkit.WithBaseURL("ftp://api.stripe.com"), "WithBaseURL"},
		"no host":                             {apiKey, refundkit.WithBaseURL("https:///v1"), "WithBaseURL"},
		"a user":                              {apiKey, refundkit.WithBaseURL("https://user@api.stripe.com"), "WithBaseURL"},
		"a query":                             {apiKey, refundkit.WithBaseURL("https://api.stripe.com?a=b"), "WithBaseURL"},
		"a fragment":                          {apiKey, refundkit.WithBaseURL("https://api.stripe.com#a"), "WithBaseURL"},
		"live key over http":                  {live, refundkit.WithBaseURL("http://stripe.internal"), "WithBaseURL"},
		"live key over http to a tricky host": {live, refundkit.WithBaseURL("http://localhost.evil.test"), "WithBaseURL"},
		"other key over http":                 {"rk_something", refundkit.WithBaseURL("http://10.0.0.1"), "WithBaseURL"},
		"no client":                           {apiKey, refundkit.WithHTTPClient(nil), "WithHTTPClient"},
		"negative retries":                    {apiKey, refundkit.WithMaxRetries(-1), "WithMaxRetries"},
		"no timeout":                          {apiKey, refundkit.WithAttemptTimeout(0), "WithAttemptTimeout"},
		"no version":                          {apiKey, refundkit.WithAPIVersion(""), "WithAPIVersion"},
		"a version with a newline":            {apiKey, refundkit.WithAPIVersion("2026\r\nX: y"), "WithAPIVersion"},
		"empty account":                       {apiKey, refundkit.WithAccount(""), "WithAccount"},
		"an account with a newline":           {apiKey, refundkit.WithAccount("acct_1\n"), "WithAccount"},
		"no app name":                         {apiKey, refundkit.WithAppInfo("", "1"), "WithAppInfo"},
		"an app version with a return":        {apiKey, refundkit.WithAppInfo("shop", "1\r"), "WithAppInfo"},
		"no limiter":                          {apiKey, refundkit.WithRateLimiter(nil), "WithRateLimiter"},
		"no hook":                             {apiKey, refundkit.WithAttemptHook(nil), "WithAttemptHook"},
		"no logger":                           {apiKey, refundkit.WithLogger(nil), "WithLogger"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := refundkit.New(c.key, c.option)
			var refused *refundkit.ParamError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.param, refused.Param)
			assert.Nil(t, client)
			if c.key != "" {
				assert.NotContains(t, err.Error(), strings.TrimSpace(c.key))
			}
		})
	}
}

func TestNewAccepts(t *testing.T) {
	for name, c := range map[string]struct{ key, url string }{
		"live key over https":       {"sk_live_abc", "https://api.stripe.com/"},
		"live key to 127.0.0.1":     {"sk_live_abc", "http://127.0.0.1:12111"},
		"live key to IPv6 loopback": {"sk_live_abc", "http://[::1]:12111"},
		"live key to localhost":     {"rk_live_abc", "http://localhost"},
		"test key over http":        {"sk_test_abc", "http://stripe-mock:12111"},
		"restricted test key":       {"rk_test_abc", "http://stripe-mock:12111"},
		"a base path":               {"sk_test_abc", "https://proxy.test/stripe/"},
		"live key to mapped IPv4":   {"sk_live_abc", "http://[::ffff:127.0.0.1]"},
		"organization key on https": {"sk_org_live_abc", "https://api.stripe.com"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := refundkit.New(c.key, refundkit.WithBaseURL(c.url))
			assert.NoError(t, err)
		})
	}
}

func TestCallOptionsAreRefused(t *testing.T) {
	get := func(c *refundkit.Client, opts ...refundkit.CallOption) error {
		_, err := c.Refunds.Retrieve(t.Context(), "re_1", opts...)
		return err
	}
	create := func(c *refundkit.Client, opts ...refundkit.CallOption) error {
		_, err := c.Refunds.Create(t.Context(), someRefund, opts...)
		return err
	}
	key := func(s string) []refundkit.CallOption { return []refundkit.CallOption{refundkit.IdempotencyKey(s)} }
	for name, c := range map[string]struct {
		send  func(*refundkit.Client, ...refundkit.CallOption) error
		opts  []refundkit.CallOption
		param string
	}{
		"empty key":            {create, key(""), "IdempotencyKey"},
		"blank key":            {create, key(" "), "IdempotencyKey"},
		"key with a newline":   {create, key("a\nb"), "IdempotencyKey"},
		"key beyond ASCII":     {create, key("ключ"), "IdempotencyKey"},
		"key of 256":           {create, key(strings.Repeat("k", 256)), "IdempotencyKey"},
		"two keys":             {create, append(key("a"), key("b")...), "IdempotencyKey"},
		"key on a GET":         {get, key("a"), "IdempotencyKey"},
		"empty account":        {get, []refundkit.CallOption{refundkit.OnAccount("")}, "OnAccount"},
		"two accounts":         {get, []refundkit.CallOption{refundkit.OnAccount("acct_1"), refundkit.OnAccount("acct_2")}, "OnAccount"},
		"negative retries":     {get, []refundkit.CallOption{refundkit.MaxRetries(-1)}, "MaxRetries"},
		"empty field":          {get, []refundkit.CallOption{refundkit.Expand("")}, "expand"},
		"no field":             {get, []refundkit.CallOption{refundkit.Expand()}, "expand"},
		"nil response":         {get, []refundkit.CallOption{refundkit.CaptureResponse(nil)}, "CaptureResponse"},
		"nil option":           {get, []refundkit.CallOption{nil}, "opts"},
		"empty reference":      {create, []refundkit.CallOption{refundkit.Reference("")}, "Reference"},
		"too long a reference": {create, []refundkit.CallOption{refundkit.Reference(strings.Repeat("r", 501))}, "metadata"},
		"reference on a GET":   {get, []refundkit.CallOption{refundkit.Reference("order-1")}, "Reference"},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			var refused *refundkit.ParamError
			require.ErrorAs(t, c.send(client, c.opts...), &refused)
			assert.Equal(t, c.param, refused.Param)
			assert.Zero(t, mock.GetTotalCallCount(), "nothing may be sent")
		})
	}
}

func TestCallOptionsCompare(t *testing.T) {
	var r, other refundkit.Response
	same := func(a, b refundkit.CallOption) bool { return a == b }
	assert.True(t, same(refundkit.IdempotencyKey("k"), refundkit.IdempotencyKey("k")))
	assert.True(t, same(refundkit.Expand("charge", "payment_intent"), refundkit.Expand("charge", "payment_intent")))
	assert.True(t, same(refundkit.Reference("r"), refundkit.Reference("r")))
	assert.True(t, same(refundkit.CaptureResponse(&r), refundkit.CaptureResponse(&r)))
	assert.False(t, same(refundkit.Expand("charge"), refundkit.Expand("customer")))
	assert.False(t, same(refundkit.CaptureResponse(&r), refundkit.CaptureResponse(&other)))
	assert.False(t, same(refundkit.IdempotencyKey("x"), refundkit.OnAccount("x")))
}

func TestCallOptionsOverrideClientOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, mock := setup(t, refundkit.WithAccount("acct_default"), refundkit.WithMaxRetries(0))
		mock.RegisterResponder("GET", base+"/v1/refunds/re_1", httpmock.NewStringResponder(500, ""))
		var response refundkit.Response

		_, err := client.Refunds.Retrieve(t.Context(), "re_1", refundkit.OnAccount("acct_1"), refundkit.OnAccount("acct_1"), refundkit.MaxRetries(1), refundkit.CaptureResponse(&response))

		require.Error(t, err)
		assert.Equal(t, "acct_1", response.Account)
		assert.Equal(t, 2, response.Attempts)
	})
}

func TestReferenceGoesIntoMetadata(t *testing.T) {
	client, mock := setup(t)
	sent := record(mock, refundBody)
	mine := refundkit.Metadata{"order": "6735"}

	_, err := client.ChargeRefunds.Create(t.Context(), "ch_1", refundkit.ChargeRefundCreateParams{Remaining: true, Metadata: mine}, refundkit.Reference("order-6735/2"))

	require.NoError(t, err)
	require.Len(t, sent.all(), 1)
	assert.Equal(t, base+"/v1/charges/ch_1/refunds", sent.all()[0].uri)
	assert.Equal(t, "metadata%5Border%5D=6735&metadata%5Brefundkit_reference%5D=order-6735%2F2", sent.all()[0].body)
	assert.Equal(t, refundkit.Metadata{"order": "6735"}, mine, "the caller's map is left alone")
}

type refusingLimiter struct{}

func (refusingLimiter) Wait(context.Context) error { return fmt.Errorf("burst exceeded") }

func TestLimiterRefuses(t *testing.T) {
	client, mock := setup(t, refundkit.WithRateLimiter(refusingLimiter{}), refundkit.WithMaxRetries(2))

	_, err := client.Refunds.Create(t.Context(), someRefund)

	var silence *refundkit.TransportError
	require.ErrorAs(t, err, &silence)
	assert.Contains(t, err.Error(), "client-side")
	assert.NotErrorIs(t, err, refundkit.ErrOutcomeUnknown)
	assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
	assert.Zero(t, silence.Attempts)
	assert.Zero(t, mock.GetTotalCallCount())
}

func TestAttemptHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []refundkit.Attempt
		client, mock := setup(t, refundkit.WithMaxRetries(1), refundkit.WithAttemptHook(func(_ context.Context, a refundkit.Attempt) { seen = append(seen, a) }))
		mock.RegisterResponder("GET", base+"/v1/refunds/re_1", httpmock.ResponderFromMultipleResponses([]*http.Response{
			answer(503, "", "Request-Id", "req_1"), answer(200, refundBody, "Request-Id", "req_2")}))

		_, err := client.Refunds.Retrieve(t.Context(), "re_1")

		require.NoError(t, err)
		require.Len(t, seen, 2)
		assert.Error(t, seen[0].Err)
		assert.NoError(t, seen[1].Err)
		for i, want := range []refundkit.Attempt{{Number: 1, StatusCode: 503, RequestID: "req_1"}, {Number: 2, StatusCode: 200, RequestID: "req_2"}} {
			got := seen[i]
			assert.False(t, got.Start.IsZero())
			assert.GreaterOrEqual(t, got.Duration, time.Duration(0))
			want.Op, want.Method, want.Route = "Refunds.Retrieve", "GET", "/v1/refunds/{refund}"
			got.Start, got.Duration, got.Err = time.Time{}, 0, nil
			assert.Equal(t, want, got)
		}
	})
}

func TestKeysOfAnotherKindAreRefused(t *testing.T) {
	for _, key := range []string{"pk_test_123", "pk_live_123", "whsec_123"} {
		t.Run(key[:5], func(t *testing.T) {
			_, err := refundkit.New(key)
			require.ErrorIs(t, err, refundkit.ErrInvalidParams)
			assert.NotContains(t, err.Error(), "123")
		})
	}
}

func TestCallOptionsGivenTwice(t *testing.T) {
	client, mock := setup(t)
	record(mock, refundBody)
	one, other := new(refundkit.Response), new(refundkit.Response)
	for name, c := range map[string]struct {
		first, second refundkit.CallOption
		refused       bool
	}{
		"the same number":    {refundkit.MaxRetries(1), refundkit.MaxRetries(1), false},
		"two numbers":        {refundkit.MaxRetries(1), refundkit.MaxRetries(0), true},
		"the same response":  {refundkit.CaptureResponse(one), refundkit.CaptureResponse(one), false},
		"two responses":      {refundkit.CaptureResponse(one), refundkit.CaptureResponse(other), true},
		"two keys":           {refundkit.IdempotencyKey("a"), refundkit.IdempotencyKey("b"), true},
		"two accounts":       {refundkit.OnAccount("acct_1"), refundkit.OnAccount("acct_2"), true},
		"two references":     {refundkit.Reference("a"), refundkit.Reference("b"), true},
		"the same reference": {refundkit.Reference("a"), refundkit.Reference("a"), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Refunds.Create(t.Context(), someRefund, c.first, c.second)
			assert.Equal(t, c.refused, errors.Is(err, refundkit.ErrInvalidParams), "%v", err)
		})
	}
}

// TestUpdateKeepsTheReference: a look-up could not find the refund without it.
func TestUpdateKeepsTheReference(t *testing.T) {
	client, mock := setup(t)
	record(mock, refundBody)
	for name, c := range map[string]struct {
		params refundkit.RefundUpdateParams
		sent   bool
	}{
		"clear":                   {refundkit.RefundUpdateParams{ClearMetadata: true}, false},
		"remove the reference":    {refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: ""}}, false},
		"clear and forget":        {refundkit.RefundUpdateParams{ClearMetadata: true, ForgetReference: true}, true},
		"remove another key":      {refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"k": ""}}, true},
		"give it a reference now": {refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{refundkit.ReferenceMetadataKey: "r"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Refunds.Update(t.Context(), "re_1", c.params)
			assert.Equal(t, c.sent, err == nil, "%v", err)
		})
	}
}
