package refundtest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeys(t *testing.T) {
	c := setup(t, refundtest.WithAPIKeys("sk_test_good", "sk_test_bad", "sk_test_old"))
	c.server.RevokeKey("sk_test_bad")
	c.server.ExpireKey("sk_test_old")
	as := func(authorization string) reply { return c.with("Authorization", authorization).get("/v1/refunds") }
	as("Bearer sk_test_good").ok(t)
	as("Basic c2tfdGVzdF9nb29kOg==").ok(t)
	for authorization, code := range map[string]string{
		"Bearer sk_test_bad": "", "Bearer sk_test_other": "", "Bearer pk_test_good": "", "Bearer sk_test_old": "api_key_expired",
		"Token sk_test_good": "", "Bearer": "",
	} {
		got := as(authorization)
		assert.Equal(t, http.StatusUnauthorized, got.Status, authorization)
		assert.Equal(t, code, got.text("error", "code"), authorization)
		assert.Equal(t, `Bearer realm="Stripe"`, got.Header.Get("Www-Authenticate"), authorization)
	}
}

func TestKeyFormat(t *testing.T) {
	c := setup(t)
	live, err := c.server.Live().RefundInDashboard(c.server.Live().AddCharge(refundtest.Charge{}).ID, 0)
	require.NoError(t, err)
	for key, want := range map[string]struct {
		status int
		refund []string
	}{
		"sk_test_1":             {200, nil},
		"rk_test_a":             {200, nil},
		"sk_live_1":             {200, []string{live.ID}},
		"rk_live_1":             {200, []string{live.ID}},
		"sk_test_my_live_order": {200, nil},
		"sk_live_my_test_order": {200, []string{live.ID}},
		"sk_test_":              {401, nil},
		"sk_test":               {401, nil},
		"pk_test_1":             {401, nil},
		"whsec_test_1":          {401, nil},
		"Sk_test_1":             {401, nil},
		"sk_test_1!":            {401, nil},
		"sk_test_1 2":           {401, nil},
	} {
		t.Run(key, func(t *testing.T) {
			got := c.with("Authorization", "Bearer "+key).get("/v1/refunds")
			assert.Equal(t, want.status, got.Status, got.Raw)
			if got.Status == http.StatusOK {
				assert.Equal(t, want.refund, got.ids())
			}
		})
	}
}

func TestKeysAreNeverShown(t *testing.T) {
	c := setup(t)
	const secret = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
	got := c.with("Authorization", "Bearer "+secret+"!").get("/v1/refunds")
	assert.NotContains(t, got.Raw, "4eC39HqLyj")
	assert.Contains(t, got.Raw, "7dc!", "the end is shown, so that one knows which key it was")
	assert.NotContains(t, fmt.Sprintf("%+v", c.server.Requests()), "4eC39HqLyj")
}

func TestRestrictedKeys(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	c.server.RestrictKey("rk_test_reader", "rak_charge_read")
	c.server.RestrictKey("rk_test_writer", "rak_charge_write")
	reader, writer := c.with("Authorization", "Bearer rk_test_reader"), c.with("Authorization", "Bearer rk_test_writer")
	reader.get("/v1/refunds").ok(t)
	denied := reader.post("/v1/refunds", "charge", charge.ID)
	assert.Equal(t, http.StatusForbidden, denied.Status)
	assert.Empty(t, denied.text("error", "code"))
	assert.NotEmpty(t, denied.Header.Get("Request-Id"))
	assert.Equal(t, http.StatusForbidden, writer.get("/v1/events").Status)
	writer.get("/v1/refunds").ok(t)
	writer.post("/v1/refunds", "charge", charge.ID).ok(t)
}

func TestWorldsAreSeparate(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	made := c.post("/v1/refunds", "charge", charge.ID).ok(t).text("id")
	c.server.Account("acct_1")
	for name, other := range map[string]*caller{
		"live": c.with("Authorization", "Bearer sk_live_abc"), "connected": c.with("Stripe-Account", "acct_1"),
	} {
		got := other.get("/v1/refunds/" + made)
		assert.Equal(t, http.StatusNotFound, got.Status, name)
		assert.Equal(t, "resource_missing", got.text("error", "code"), name)
		assert.Empty(t, other.get("/v1/refunds").ok(t).ids(), name)
	}
	assert.Equal(t, "acct_1", c.with("Stripe-Account", "acct_1").get("/v1/refunds").Header.Get("Stripe-Account"))
	c.with("Stripe-Account", refundtest.PlatformAccount).get("/v1/refunds/" + made).ok(t)
}

func TestRateLimits(t *testing.T) {
	c := setup(t, refundtest.WithRateLimits())
	live := c.with("Authorization", "Bearer sk_live_abc")
	for range 25 {
		c.get("/v1/refunds").ok(t)
		live.get("/v1/refunds").ok(t)
	}
	over := c.get("/v1/refunds")
	assert.Equal(t, http.StatusTooManyRequests, over.Status)
	assert.Equal(t, "rate_limit", over.text("error", "code"))
	assert.Equal(t, "invalid_request_error", over.text("error", "type"))
	assert.Equal(t, "endpoint-rate", over.Header.Get("Stripe-Rate-Limited-Reason"))
	assert.Empty(t, over.Header.Get("Stripe-Should-Retry"))
	assert.Equal(t, "global-rate", c.get("/v1/events").Header.Get("Stripe-Rate-Limited-Reason"))
	live.get("/v1/events").ok(t)
	c.server.Advance(time.Second)
	c.get("/v1/refunds").ok(t)
}

func TestHeaders(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	made := c.with("Stripe-Version", "2023-10-16; beta=v1").post("/v1/refunds", "charge", charge.ID).ok(t)
	assert.Equal(t, "2023-10-16; beta=v1", made.Header.Get("Stripe-Version"))
	assert.Equal(t, "false", made.Header.Get("Stripe-Should-Retry"))
	assert.Equal(t, "application/json", made.Header.Get("Content-Type"))
	assert.Equal(t, fmt.Sprint(len(made.Raw)), made.Header.Get("Content-Length"))
	assert.Equal(t, "api-testmode", made.Header.Get("X-Stripe-Routing-Context-Priority-Tier"))
	_, err := time.Parse(http.TimeFormat, made.Header.Get("Date"))
	require.NoError(t, err)
	read := c.get("/v1/refunds").ok(t)
	assert.Equal(t, refundtest.APIVersion, read.Header.Get("Stripe-Version"))
	assert.Empty(t, read.Header.Get("Stripe-Should-Retry"))
	assert.Empty(t, read.Header.Get("Original-Request"))
}
