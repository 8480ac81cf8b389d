package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
	stripewebhook "github.com/stripe/stripe-go/v86/webhook"
)

// delivery is one request to a webhook, as both clients see it.
type delivery struct {
	payload        []byte
	header, secret string
}

// oursAccepts tells whether our Webhook takes the signature. What the payload
// holds is another matter.
func (d delivery) oursAccepts(t *testing.T) bool {
	t.Helper()
	hook, err := webhook.New([]string{d.secret})
	require.NoError(t, err)
	_, err = hook.Parse(d.payload, d.header)
	require.True(t, err == nil || errors.Is(err, webhook.ErrSignature) || errors.Is(err, refundkit.ErrPayload), "%v", err)
	return !errors.Is(err, webhook.ErrSignature)
}

func (d delivery) theirsAccepts() bool {
	return stripewebhook.ValidatePayload(d.payload, d.header, d.secret) == nil
}

// randomDelivery is signed by Stripe's client.
func randomDelivery(random *rand.Rand, at time.Time) delivery {
	payload := make([]byte, random.IntN(300))
	for i := range payload {
		payload[i] = byte(random.Uint32())
	}
	secret := []byte("whsec_")
	for range 1 + random.IntN(60) {
		secret = append(secret, byte('!'+random.IntN('~'-'!'+1)))
	}
	signed := stripewebhook.GenerateTestSignedPayload(&stripewebhook.UnsignedPayload{Payload: payload, Secret: string(secret), Timestamp: at})
	return delivery{payload, signed.Header, string(secret)}
}

// TestWebhookSignatures lets both clients judge the same deliveries, good and
// bad, at a clock that stands still.
func TestWebhookSignatures(t *testing.T) {
	inBetween := func(header string, extra string) string {
		timestamp, signature, _ := strings.Cut(header, ",")
		return timestamp + "," + extra + "," + signature
	}
	for name, test := range map[string]struct {
		accepted bool
		age      time.Duration
		change   func(*delivery)
	}{
		"as signed":              {accepted: true},
		"just young enough":      {accepted: true, age: 300 * time.Second},
		"too old":                {age: 302 * time.Second},
		"another payload":        {change: func(d *delivery) { d.payload = append(d.payload, ' ') }},
		"another secret":         {change: func(d *delivery) { d.secret += "x" }},
		"another time":           {change: func(d *delivery) { d.header = strings.Replace(d.header, "t=", "t=1", 1) }, age: time.Second},
		"a secret being rolled":  {accepted: true, change: func(d *delivery) { d.header = inBetween(d.header, "v1="+strings.Repeat("0", 64)) }},
		"a broken v1 before it":  {accepted: true, change: func(d *delivery) { d.header = inBetween(d.header, "v1=xyz") }},
		"an unknown scheme":      {accepted: true, change: func(d *delivery) { d.header = inBetween(d.header, "v2=abc") }},
		"only the test scheme":   {change: func(d *delivery) { d.header = strings.Replace(d.header, "v1=", "v0=", 1) }},
		"no header":              {change: func(d *delivery) { d.header = "" }},
		"no signature":           {change: func(d *delivery) { d.header, _, _ = strings.Cut(d.header, ",") }},
		"half a signature":       {change: func(d *delivery) { d.header = d.header[:len(d.header)-32] }},
		"something else":         {change: func(d *delivery) { d.header = "hello" }},
		"upper-case hexadecimal": {accepted: true, change: func(d *delivery) { d.header = upperCaseDigits(d.header) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 2))
				for range 50 {
					delivery := randomDelivery(random, time.Now().Add(-test.age))
					if test.change != nil {
						test.change(&delivery)
					}
					require.Equal(t, test.accepted, delivery.theirsAccepts(), "stripe-go on %+v", delivery)
					require.Equal(t, test.accepted, delivery.oursAccepts(t), "refundkit on %+v", delivery)
				}
			})
		})
	}
}

func upperCaseDigits(header string) string {
	timestamp, signature, _ := strings.Cut(header, ",v1=")
	return timestamp + ",v1=" + strings.ToUpper(signature)
}

// TestWebhookStricter shows the one delivery on which the clients disagree, on
// purpose: one from the future.
func TestWebhookStricter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		future := randomDelivery(rand.New(rand.NewPCG(3, 4)), time.Now().Add(time.Hour))
		require.True(t, future.theirsAccepts())
		require.False(t, future.oursAccepts(t))
	})
}

// TestWebhookEvent lets both clients read one signed event.
func TestWebhookEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		payload := fmt.Appendf(nil, `{"id": "evt_1", "object": "event", "api_version": %q, "created": 1787740215, "livemode": true,
			"pending_webhooks": 2, "account": "acct_1", "type": "refund.updated", "request": {"id": "req_1", "idempotency_key": "key-1"},
			"data": {"object": {"id": "re_1", "object": "refund", "amount": 500, "status": "failed"}, "previous_attributes": {"status": "pending"}}}`,
			refundkit.APIVersion)
		signed := stripewebhook.GenerateTestSignedPayload(&stripewebhook.UnsignedPayload{Payload: payload, Secret: "whsec_1"})
		theirs, err := stripewebhook.ConstructEvent(payload, signed.Header, "whsec_1")
		require.NoError(t, err)
		hook, err := webhook.New([]string{"whsec_1"})
		require.NoError(t, err)
		ours, err := hook.Parse(payload, signed.Header)
		require.NoError(t, err)
		sameEvent(t, theirs, ours)
		refund, err := ours.Refund()
		require.NoError(t, err)
		require.Equal(t, theirs.Data.Object["status"], string(refund.Status))
		require.Equal(t, theirs.Data.Object["id"], refund.ID)
	})
}

func sameEvent(t *testing.T, theirs stripe.Event, ours *refundkit.Event) {
	t.Helper()
	require.Equal(t, theirs.ID, ours.ID)
	require.Equal(t, theirs.Account, ours.Account)
	require.Equal(t, theirs.APIVersion, ours.APIVersion)
	require.Equal(t, theirs.Created, ours.Created.Unix())
	require.Equal(t, theirs.Livemode, ours.Livemode)
	require.Equal(t, theirs.PendingWebhooks, ours.PendingWebhooks)
	require.Equal(t, string(theirs.Type), string(ours.Type))
	require.Equal(t, theirs.Request.ID, ours.Request.ID)
	require.Equal(t, theirs.Request.IdempotencyKey, ours.Request.IdempotencyKey)
	require.JSONEq(t, string(theirs.Data.Raw), string(ours.Data.Object))
	require.Len(t, ours.Data.PreviousAttributes, len(theirs.Data.PreviousAttributes))
}
