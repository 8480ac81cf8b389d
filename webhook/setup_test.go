package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
)

const (
	firstSecret  = "whsec_first"
	secondSecret = "whsec_second"
	smallEvent   = `{"id":"evt_1","object":"event","type":"refund.updated"}`
	refundBody   = `{"id":"re_1","object":"refund","status":"succeeded"}`
	// Made by openssl dgst -sha256 -hmac whsec_first over 1790000000.<payload>.
	smallEventSignature = "82574f64ac8f275805cc2facb53a664c37a43493e88ae8cefcf5905d0de6f2a7"
)

// sentAt is when everything in these tests happens.
var sentAt = time.Unix(1790000000, 0)

func clock() time.Time { return sentAt }

// sign signs as Stripe documents it, without a line of this package.
func sign(secret, timestamp, payload string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "." + payload))
	return hex.EncodeToString(mac.Sum(nil))
}

func signedHeader(secret string, at time.Time, payload string) string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return "t=" + timestamp + ",v1=" + sign(secret, timestamp, payload)
}

func setup(t testing.TB, opts ...webhook.Option) *webhook.Webhook {
	t.Helper()
	hook, err := webhook.New([]string{firstSecret, secondSecret}, append([]webhook.Option{webhook.WithClock(clock)}, opts...)...)
	require.NoError(t, err)
	return hook
}

// eventBody is an event about object; extra is one more field of the event.
func eventBody(kind, object, extra string) string {
	if extra != "" {
		extra = "," + extra
	}
	return `{"id":"evt_1","object":"event","livemode":true,"type":"` + kind + `","data":{"object":` + object + `}` + extra + `}`
}
