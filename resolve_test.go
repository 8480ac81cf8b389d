package refundkit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
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
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		page     string
		lastSent time.Duration // ago; 0 is not known
		settle   time.Duration
		found    string
		is       []error
		matches  int
		others   int
		next     refundkit.Step
	}{
		"found":                            {page: pageOf("re_2 succeeded other", "re_1 succeeded mine"), found: "re_1"},
		"found pending":                    {page: pageOf("re_1 pending mine"), found: "re_1"},
		"found failed":                     {page: pageOf("re_1 failed mine"), found: "re_1"},
		"the one in force before a failed": {page: pageOf("re_2 failed mine", "re_1 succeeded mine"), found: "re_1"},
		"twice in force":                   {page: pageOf("re_2 pending mine", "re_1 succeeded mine"), matches: 2, next: refundkit.StepStop},
		"nothing and nobody knows when":    {page: pageOf(), is: []error{refundkit.ErrOutcomeUnknown}, next: refundkit.StepLookUp},
		"nothing but sent just now":        {page: pageOf(), lastSent: time.Minute, is: []error{refundkit.ErrOutcomeUnknown}, next: refundkit.StepLookUp},
		"nothing just before a day":        {page: pageOf(), lastSent: day - 1, is: []error{refundkit.ErrOutcomeUnknown}, next: refundkit.StepLookUp},
		"nothing after a day":              {page: pageOf(), lastSent: day, is: []error{refundkit.ErrNotFound}, next: refundkit.StepNewKey},
		"nothing after a shorter time":     {page: pageOf(), lastSent: time.Hour, settle: time.Hour, is: []error{refundkit.ErrNotFound}, next: refundkit.StepNewKey},
		"somebody else refunded":           {page: pageOf("re_1 succeeded other", "re_0 failed x"), lastSent: day, is: []error{refundkit.ErrNotFound}, others: 2, next: refundkit.StepNewKey},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, mock := setup(t)
				mock.RegisterResponder("GET", base+"/v1/refunds?charge=ch_1&limit=100", httpmock.NewStringResponder(200, c.page))
				params := refundkit.ResolveParams{Reference: "mine", Charge: "ch_1", SettleTime: c.settle}
				if c.lastSent > 0 {
					params.LastSent = time.Now().Add(-c.lastSent)
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
				assert.Len(t, unresolved.Others, c.others)
				for _, sentinel := range []error{refundkit.ErrOutcomeUnknown, refundkit.ErrNotFound} {
					assert.Equal(t, len(c.is) > 0 && c.is[0] == sentinel, errors.Is(err, sentinel), sentinel)
				}
				assert.Equal(t, c.next, refundkit.NextStep(err))
				assert.Contains(t, err.Error(), c.next.String())
			})
		})
	}
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
	now := time.Now()
	for name, c := range map[string]struct {
		params refundkit.ResolveParams
		param  string
	}{
		"no reference":      {refundkit.ResolveParams{Charge: "ch_1"}, "Reference"},
		"nowhere to look":   {refundkit.ResolveParams{Reference: "r"}, "charge"},
		"no lower bound":    {refundkit.ResolveParams{Reference: "r", Created: refundkit.CreatedRange{Before: now}}, "charge"},
		"two places":        {refundkit.ResolveParams{Reference: "r", Charge: "ch_1", PaymentIntent: "pi_1"}, "payment_intent"},
		"negative time":     {refundkit.ResolveParams{Reference: "r", Charge: "ch_1", SettleTime: -1}, "SettleTime"},
		"contrary creation": {refundkit.ResolveParams{Reference: "r", Created: refundkit.CreatedRange{At: now, From: now}}, "created"},
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
