package refundtest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefundLifeOverTheWire(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})

	made := c.post("/v1/refunds", "charge", charge.ID, "amount", "400", "metadata[order]", "6735").ok(t)
	assert.Equal(t, "succeeded", made.text("status"))
	assert.Equal(t, charge.PaymentIntent, made.text("payment_intent"))
	assert.Equal(t, "6735", made.text("metadata", "order"))

	updated := c.post("/v1/refunds/"+made.text("id"), "metadata[order]", "", "metadata[note]", "x").ok(t)
	assert.Equal(t, map[string]any{"note": "x"}, updated.at("metadata"))

	rest := c.post("/v1/charges/" + charge.ID + "/refunds").ok(t)
	assert.EqualValues(t, 600, rest.number("amount"))
	assert.Equal(t, []string{rest.text("id"), made.text("id")}, c.get("/v1/refunds", "charge", charge.ID).ok(t).ids())

	after := c.get("/v1/charges/"+charge.ID, "expand[]", "refunds.data.balance_transaction").ok(t)
	assert.Equal(t, true, after.at("refunded"))
	assert.Contains(t, after.Raw, `"type": "refund"`)
	assert.EqualValues(t, 1000, after.number("amount_refunded"))
}

func TestTransportCallsTraceHooks(t *testing.T) {
	c := setup(t)
	var wroteHeaders, wroteRequest, gotConn bool
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { gotConn = true },
		WroteHeaders: func() { wroteHeaders = true },
		WroteRequest: func(httptrace.WroteRequestInfo) { wroteRequest = true },
	})
	r, err := http.NewRequestWithContext(ctx, "GET", "https://api.stripe.com/v1/refunds", nil)
	require.NoError(t, err)
	response, err := c.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.True(t, gotConn && wroteHeaders && wroteRequest)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
}

func TestTransportHonoursTheContext(t *testing.T) {
	c := setup(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the test ended it")
	cancel(cause)
	r, err := http.NewRequestWithContext(ctx, "POST", "https://api.stripe.com/v1/refunds", strings.NewReader(""))
	require.NoError(t, err)
	_, err = c.client.Do(r)
	require.Error(t, err)
	assert.Empty(t, c.server.Requests(), "a request that was never sent is not seen")
}

func TestServerWorksInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := setup(t, refundtest.WithClock(time.Now))
		charge := c.server.AddCharge(refundtest.Charge{OnRefund: refundtest.PendsThenSucceeds})
		made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
		require.Equal(t, "pending", made.text("status"))
		time.Sleep(time.Minute)
		assert.Equal(t, "succeeded", c.get("/v1/refunds/"+made.text("id")).ok(t).text("status"))
	})
}

func TestServerOverASocket(t *testing.T) {
	c := setup(t)
	c.base, c.client = c.server.Start(), http.DefaultClient
	require.Equal(t, c.base, c.server.Start())
	charge := c.server.AddCharge(refundtest.Charge{})
	made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
	assert.Equal(t, "refund", made.text("object"))
	c.server.Close()
	_, err := http.Get(c.base)
	assert.Error(t, err)
}
