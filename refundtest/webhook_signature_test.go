package refundtest_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What openssl dgst -sha256 -hmac says of 1700000000.{"id":"evt_1"}.
const (
	byNewSecret = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925"
	byOldSecret = "ef1b1b7e4b312671a75ef2a03e10529f7834a6528a49db77ad6568c8c8017843"
)

func TestSignEvent(t *testing.T) {
	at := time.Unix(1700000000, 999)
	payload := []byte(`{"id":"evt_1"}`)
	assert.Equal(t, "t=1700000000,v1="+byNewSecret, refundtest.SignEvent(payload, at, "whsec_test"))
	assert.Equal(t, "t=1700000000,v1="+byNewSecret+",v1="+byOldSecret, refundtest.SignEvent(payload, at, "whsec_test", "whsec_old"))
	assert.Equal(t, "t=1700000000", refundtest.SignEvent(payload, at))
	assert.Equal(t, "t=1700000000,v0="+byNewSecret, refundtest.SignEventV0(payload, at, "whsec_test"))
}

func TestEventRequest(t *testing.T) {
	at := time.Unix(1700000000, 0)
	r := refundtest.EventRequest([]byte(`{"id":"evt_1"}`), at, "whsec_test")
	var served *http.Request
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", func(_ http.ResponseWriter, r *http.Request) { served = r })
	mux.ServeHTTP(nil, r)
	require.NotNil(t, served, "a mux finds its way")
	body, err := io.ReadAll(served.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"id":"evt_1"}`, string(body))
	assert.EqualValues(t, len(body), served.ContentLength)
	assert.Equal(t, "t=1700000000,v1="+byNewSecret, served.Header.Get("Stripe-Signature"))
	assert.Equal(t, "application/json; charset=utf-8", served.Header.Get("Content-Type"))
	assert.NoError(t, served.Context().Err())
}

// TestSignaturesConvince asks the verifier of the client.
func TestSignaturesConvince(t *testing.T) {
	now := time.Unix(1700000000, 0)
	payload := []byte(`{"id":"evt_1","object":"event","type":"refund.updated","data":{"object":{}}}`)
	hook, err := webhook.New([]string{"whsec_test"}, webhook.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		header string
		good   bool
	}{
		"signed":              {refundtest.SignEvent(payload, now, "whsec_test"), true},
		"rolled":              {refundtest.SignEvent(payload, now, "whsec_old", "whsec_test"), true},
		"by somebody else":    {refundtest.SignEvent(payload, now, "whsec_old"), false},
		"old":                 {refundtest.SignEvent(payload, now.Add(-time.Hour), "whsec_test"), false},
		"v0":                  {refundtest.SignEventV0(payload, now, "whsec_test"), false},
		"of another payload":  {refundtest.SignEvent(payload[1:], now, "whsec_test"), false},
		"without a signature": {refundtest.SignEvent(payload, now), false},
	} {
		_, err := hook.Parse(payload, c.header)
		assert.Equal(t, c.good, err == nil, "%s: %v", name, err)
	}
}
