package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMoney(t *testing.T) {
	for want, c := range map[string]struct {
		amount   int64
		currency string
	}{
		"0.00 USD": {0, "usd"}, "0.05 USD": {5, "usd"}, "0.50 EUR": {50, "eur"}, "-1.00 USD": {-100, "usd"},
		"1,234.50 USD": {123450, "usd"}, "999,999.99 USD": {99999999, "usd"}, "-1,000.00 USD": {-100000, "usd"},
		"5,000 JPY": {5000, "jpy"}, "0 JPY": {0, "jpy"}, "1,000,000 KRW": {1000000, "krw"}, "5 VND": {5, "vnd"},
		"12.345 KWD": {12345, "kwd"}, "0.005 BHD": {5, "BHD"}, "10.00 UGX": {1000, "ugx"}, "10.00 ISK": {1000, "isk"},
		"-92,233,720,368,547,758.08 USD": {-1 << 63, "usd"},
	} {
		assert.Equal(t, want, money(c.amount, c.currency))
	}
}

// show returns the page as a browser gets it.
func show(t *testing.T, server *refundtest.Server, target string, worlds ...place) (string, http.Header) {
	t.Helper()
	w := httptest.NewRecorder()
	(&page{server, append([]place{{"test mode", server.World}, {"live mode", server.Live()}}, worlds...)}).
		ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	require.Equal(t, 200, w.Code)
	return w.Body.String(), w.Header()
}

func TestPageShowsWhatThereIs(t *testing.T) {
	server := refundtest.New(refundtest.WithClock(func() time.Time { return time.Unix(1700000000, 0) }))
	page, header := show(t, server, "/")
	assert.Equal(t, 3, strings.Count(page, "None yet."))
	assert.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))
	assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, page, "2023-11-14 22:13:20 UTC")

	charge := server.AddCharge(refundtest.Charge{Amount: 123450, Currency: "usd"})
	yen := server.AddCharge(refundtest.Charge{Amount: 5000, Currency: "jpy"})
	first, err := server.RefundInDashboard(charge.ID, 500)
	require.NoError(t, err)
	second, err := server.RefundInDashboard(yen.ID, 0)
	require.NoError(t, err)
	require.NoError(t, server.Fail(second.ID, "declined"))
	page, _ = show(t, server, "/")
	for _, want := range []string{"1,234.50 USD", "5.00 USD", "5,000 JPY", charge.ID, first.ID, `class="status failed"`, "declined",
		"refund.created", "charge.refunded", "happened by itself"} {
		assert.Contains(t, page, want)
	}
	assert.Less(t, strings.Index(page, second.ID), strings.Index(page, first.ID), "newest first")
	assert.NotContains(t, page, "Only the newest")
	assert.NotContains(t, page, "http-equiv")
	page, _ = show(t, server, "/?refresh")
	assert.Contains(t, page, `http-equiv="refresh"`)
}

func TestPageEscapes(t *testing.T) {
	server := refundtest.New()
	const evil = `<script>alert("1")</script>&'`
	charge := server.AddCharge(refundtest.Charge{ID: "ch_" + evil, Description: evil, Currency: evil, PaymentMethodType: evil,
		PaymentIntent: evil, Status: "succeeded"})
	_, err := server.AddRefund(refundtest.Refund{ID: evil, Charge: charge.ID, Reason: evil, Reference: evil,
		Metadata: map[string]string{evil: evil}})
	require.NoError(t, err)
	_, err = server.RefundInDashboard(server.AddCharge(refundtest.Charge{ID: evil}).ID, 1)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = `evil"><script>`
	(&page{server, []place{{evil, server.World}, {evil, server.Live()}}}).ServeHTTP(w, r)
	page := strings.ToLower(w.Body.String())
	assert.Contains(t, page, "&lt;script&gt;")
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, `"1"`)
	assert.NotContains(t, page, "&'")
}

func TestPageIsBounded(t *testing.T) {
	server := refundtest.New()
	charges := server.AddCharges(make([]refundtest.Charge, 150))
	for _, c := range charges {
		_, err := server.RefundInDashboard(c.ID, 0)
		require.NoError(t, err)
	}
	page, _ := show(t, server, "/")
	assert.Contains(t, page, "Only the newest 100 of 150 are shown.")
	assert.Contains(t, page, "Only the newest 100 of 300 are shown.")
	assert.Equal(t, 303, strings.Count(page, "<tr>"))
	assert.Contains(t, page, charges[149].ID)
	assert.NotContains(t, page, charges[0].ID)
}

func TestPageShowsOtherWorlds(t *testing.T) {
	server := refundtest.New()
	shop := server.Account("acct_1Shop")
	server.AddCharge(refundtest.Charge{ID: "ch_1Platform"})
	server.Live().AddCharge(refundtest.Charge{ID: "ch_1Live"})
	shop.AddCharge(refundtest.Charge{ID: "ch_1Shop"})
	for target, want := range map[string]string{
		"/": "ch_1Platform", "/?world=1": "ch_1Live", "/?world=2": "ch_1Shop",
		"/?world=3": "ch_1Platform", "/?world=-1": "ch_1Platform", "/?world=x": "ch_1Platform",
	} {
		page, _ := show(t, server, target, place{"acct_1Shop", shop})
		for _, id := range []string{"ch_1Platform", "ch_1Live", "ch_1Shop"} {
			assert.Equal(t, id == want, strings.Contains(page, id), "%s %s", target, id)
		}
	}
}

// TestPageLabelsEveryCell holds what a narrow screen shows in place of the heads
// of the tables.
func TestPageLabelsEveryCell(t *testing.T) {
	assert.Equal(t, strings.Count(pageText, "<td"), strings.Count(pageText, ` data-label="`))
}
