package refundkit_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pageOf is a list body of refunds, each given as "id status reference".
func pageOf(refunds ...string) string {
	var items []string
	for _, refund := range refunds {
		var id, status, ref string
		_, _ = fmt.Sscan(refund, &id, &status, &ref)
		items = append(items, fmt.Sprintf(`{"id":%q,"object":"refund","amount":5,"status":%q,"metadata":{"refundkit_reference":%q}}`, id, status, ref))
	}
	return `{"object":"list","has_more":false,"url":"/v1/refunds","data":[` + strings.Join(items, ",") + `]}`
}

func TestResolve(t *testing.T) {
	const day, settled = 24 * time.Hour, 25 * time.Hour
	for name, c := range map[string]struct {
		page     string
		lastSent time.Duration // ago; 0 is not known
		settle   time.Duration
		amount   int64
		found    string
		is       error
		matches  int
		alike    int
		others   int
		next     refundkit.Step
	}{
		"found":                            {page: pageOf("re_2 succeeded other", "re_1 succeeded mine"), found: "re_1"},
		"found pending":                    {page: pageOf("re_1 pending mine"), found: "re_1"},
		"found failed":                     {page: pageOf("re_1 failed mine"), found: "re_1"},
		"the one in force before a failed": {page: pageOf("re_2 failed mine", "re_1 succeeded mine"), found: "re_1"},
		"twice in force":                   {page: pageOf("re_2 pending mine", "re_1 succeeded mine"), matches: 2, next: refundkit.StepStop},
		"nothing, and nobody knows when":   {page: pageOf(), is: refundkit.ErrOutcomeUnknown, next: refundkit.StepLookUp},
		"nothing, sent just now":           {page: pageOf(), lastSent: time.Minute, is: refundkit.ErrOutcomeUnknown, next: refundkit.StepLookUp},
		"nothing after a day":              {page: pageOf(), lastSent: day, is: refundkit.ErrOutcomeUnknown, next: refundkit.StepLookUp},
		"nothing, just before it settles":  {page: pageOf(), lastSent: settled - 1, is: refundkit.ErrOutcomeUnknown, next: refundkit.StepLookUp},
		"nothing, settled":                 {page: pageOf(), lastSent: settled, is: refundkit.ErrAbsent, next: refundkit.StepNewKey},
		"nothing after a shorter time":     {page: pageOf(), lastSent: time.Hour, settle: time.Hour, is: refundkit.ErrAbsent, next: refundkit.StepNewKey},
		"somebody else refunded":           {page: pageOf("re_1 succeeded other", "re_0 failed x"), lastSent: settled, is: refundkit.ErrAbsent, others: 2, next: refundkit.StepNewKey},
		"one without a reference":          {page: pageOf("re_1 succeeded"), lastSent: settled, is: refundkit.ErrOutcomeUnknown, alike: 1, next: refundkit.StepStop},
		"one of that amount":               {page: pageOf("re_1 failed"), lastSent: settled, amount: 5, is: refundkit.ErrOutcomeUnknown, alike: 1, next: refundkit.StepStop},
		"one of another amount":            {page: pageOf("re_1 succeeded"), lastSent: settled, amount: 6, is: refundkit.ErrAbsent, others: 1, next: refundkit.StepNewKey},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1790000000, 0)
			client, mock := setup(t, refundkit.WithClock(func() time.Time { return now }))
			mock.RegisterResponder("GET", base+"/v1/refunds?charge=ch_1&limit=100", httpmock.NewStringResponder(200, c.page))
			params := refundkit.ResolveParams{Reference: "mine", Charge: "ch_1", Amount: c.amount, SettleTime: c.settle}
			if c.lastSent > 0 {
				params.LastSent = now.Add(-c.lastSent)
			}

			refund, err := client.Refunds.Resolve(t.Context(), params)

			if c.found != "" {
				require.NoError(t, err)
				assert.Equal(t, c.found, refund.ID)
				return
			}
			assert.Nil(t, refund)
			var unresolved *refundkit.UnresolvedError
			require.ErrorAs(t, err, &unresolved)
			assert.Len(t, unresolved.Matches, c.matches)
			assert.Len(t, unresolved.LookAlikes, c.alike)
			assert.Len(t, unresolved.Others, c.others)
			for _, sentinel := range []error{refundkit.ErrOutcomeUnknown, refundkit.ErrAbsent, refundkit.ErrNotFound} {
				assert.Equal(t, c.is == sentinel, errors.Is(err, sentinel), sentinel)
			}
			assert.Equal(t, c.next, refundkit.NextStep(err))
			assert.Contains(t, err.Error(), c.next.String())
		})
	}
}

// TestResolveNeverTakesAFailedListForAbsence: no answer of a server is ErrAbsent,
// whoever wrote it.
func TestResolveNeverTakesAFailedListForAbsence(t *testing.T) {
	for name, response := range map[string]*http.Response{
		"a proxy's 404":        answer(404, "<html>not here</html>"),
		"another account":      answer(404, stripeError(invalidRequest, "resource_missing", "charge"), "Request-Id", "req_1"),
		"no such charge":       answer(400, stripeError(invalidRequest, "resource_missing", "charge"), "Request-Id", "req_1"),
		"another charge's":     answer(200, `{"object":"list","data":[{"id":"re_1","object":"refund","charge":"ch_2"}],"has_more":false,"url":"/v1/refunds"}`),
		"another account's":    answer(200, pageOf(), "Stripe-Account", "acct_2"),
		"a page that is empty": answer(200, `{"object":"list","data":[],"has_more":true,"url":"/v1/refunds"}`),
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			mock.RegisterNoResponder(httpmock.ResponderFromResponse(response))
			_, err := client.Refunds.Resolve(t.Context(), refundkit.ResolveParams{Reference: "mine", Charge: "ch_1", LastSent: time.Unix(1, 0)})
			require.Error(t, err)
			assert.NotErrorIs(t, err, refundkit.ErrAbsent)
			assert.NotEqual(t, refundkit.StepNewKey, refundkit.NextStep(err))
		})
	}
}

// TestResolveOfACashBalance has no payment to look at: it walks what was made since
// an hour before the first send, which Stripe counts in whole seconds.
func TestResolveOfACashBalance(t *testing.T) {
	client, mock := setup(t)
	page := `{"object":"list","has_more":false,"url":"/v1/refunds","data":[
		{"id":"re_4","object":"refund","amount":5,"currency":"eur","customer":"cus_1","charge":null,"created":1789999999,"metadata":{}},
		{"id":"re_3","object":"refund","amount":5,"currency":"eur","customer":"cus_1","charge":"ch_1","created":1789999999,"metadata":{}},
		{"id":"re_2","object":"refund","amount":5,"currency":"usd","customer":"cus_1","charge":null,"created":1789999999,"metadata":{}},
		{"id":"re_1","object":"refund","amount":5,"currency":"eur","customer":"cus_2","charge":null,"created":1789999999,"metadata":{}}]}`
	sent := record(mock, page)

	_, err := client.Refunds.Resolve(t.Context(), refundkit.ResolveParams{
		Reference: "mine", Customer: "cus_1", Currency: "eur", Amount: 5, FirstSent: time.Unix(1790000000, 999e6), LastSent: time.Unix(1790000000, 999e6)})

	require.Len(t, sent.all(), 1)
	assert.Contains(t, sent.all()[0].uri, "created%5Bgte%5D=1789996400&")
	var unresolved *refundkit.UnresolvedError
	require.ErrorAs(t, err, &unresolved)
	require.Len(t, unresolved.LookAlikes, 1)
	assert.Equal(t, "re_4", unresolved.LookAlikes[0].ID)
}

func TestResolveLooksAtEveryPage(t *testing.T) {
	client, mock := setup(t)
	first := strings.Replace(pageOf("re_9 succeeded other"), `"has_more":false`, `"has_more":true`, 1)
	mock.RegisterResponder("GET", base+"/v1/refunds?limit=100&payment_intent=pi_1", httpmock.NewStringResponder(200, first))
	mock.RegisterResponder("GET", base+"/v1/refunds?limit=100&payment_intent=pi_1&starting_after=re_9", httpmock.NewStringResponder(200, pageOf("re_1 succeeded mine")))

	refund, err := client.Refunds.Resolve(t.Context(), refundkit.ResolveParams{Reference: "mine", PaymentIntent: "pi_1"})

	require.NoError(t, err)
	assert.Equal(t, "re_1", refund.ID)
}

func TestResolveFailsAsTheListFails(t *testing.T) {
	client, mock := setup(t)
	mock.RegisterNoResponder(httpmock.NewStringResponder(401, stripeError(invalidRequest, "", "")))
	_, err := client.Refunds.Resolve(t.Context(), refundkit.ResolveParams{Reference: "mine", Charge: "ch_1"})
	assert.ErrorIs(t, err, refundkit.ErrAuthentication)
}

func TestResolveRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		params refundkit.ResolveParams
		param  string
	}{
		"no reference":       {refundkit.ResolveParams{Charge: "ch_1"}, "Reference"},
		"nowhere to look":    {refundkit.ResolveParams{Reference: "r"}, "charge"},
		"no first send":      {refundkit.ResolveParams{Reference: "r", Customer: "cus_1", Currency: "eur"}, "charge"},
		"two places":         {refundkit.ResolveParams{Reference: "r", Charge: "ch_1", PaymentIntent: "pi_1"}, "payment_intent"},
		"negative time":      {refundkit.ResolveParams{Reference: "r", Charge: "ch_1", SettleTime: -1}, "SettleTime"},
		"amount and the all": {refundkit.ResolveParams{Reference: "r", Charge: "ch_1", Amount: 1, Remaining: true}, "amount"},
	} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			_, err := client.Refunds.Resolve(t.Context(), c.params)
			var refused *refundkit.ParamError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.param, refused.Param)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}

func TestKeyFrom(t *testing.T) {
	keys := map[refundkit.IdempotencyKey][]string{}
	for _, parts := range [][]string{
		{"order-6735", "refund-1"}, {"order-6735", "refund-2"}, {"order-6735refund-1"}, {"order-6735re", "fund-1"}, {"refund-1", "order-6735"},
		{"order-6735", "refund-1", "try-2"}, {"a", "1:b"}, {"a1:b"}, {"1:a", "b"}, {"a", "b"}, {"a1", ":b"}, {strings.Repeat("x", 10_000)}, {"ключ"},
	} {
		key := refundkit.KeyFrom(parts...)
		assert.Equal(t, key, refundkit.KeyFrom(parts...), "the same parts make the same key")
		assert.NotContains(t, keys, key, "%q and %q make one key", parts, keys[key])
		assert.LessOrEqual(t, len(key), 255)
		keys[key] = parts
		client, mock := setup(t)
		sent := record(mock, refundBody)
		_, err := client.Refunds.Create(t.Context(), someRefund, key)
		require.NoError(t, err)
		assert.Equal(t, string(key), sent.all()[0].header.Get("Idempotency-Key"))
	}
	// Keys outlive versions of this package: jobs have them stored.
	assert.Equal(t, refundkit.IdempotencyKey("refund_70dd9522bdfc72ccf475de90f01bfb7ab465ad58fc7a9d08135da3a78de6e126"), refundkit.KeyFrom("order-6735", "refund-1"))
}

func TestKeyFromTooLittle(t *testing.T) {
	for name, parts := range map[string][]string{"nothing": nil, "an empty part": {""}, "an empty part at the end": {"order-6735", ""}} {
		t.Run(name, func(t *testing.T) {
			client, mock := setup(t)
			_, err := client.Refunds.Create(t.Context(), someRefund, refundkit.KeyFrom(parts...))
			assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
			assert.Zero(t, mock.GetTotalCallCount())
		})
	}
}
