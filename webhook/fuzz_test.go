package webhook_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
)

var headerTimestamp = regexp.MustCompile(`(?:^|,)t=([0-9]+)`)

// FuzzWebhookHeader: no header is accepted that does not hold the signature of
// its own time, and everything else is refused as not signed.
func FuzzWebhookHeader(f *testing.F) {
	good := signedHeader(firstSecret, sentAt, smallEvent)
	for _, seed := range []string{
		good, "", "t=1790000000", good + ",v1=potato", "v0=a," + good, good + "," + good, strings.ToUpper(good),
		"t=-1,v1=00", "t=١,v1=٢", good[:70], "=,=,=", "t==,v1==",
	} {
		f.Add(seed)
	}
	hook := setup(f)
	stranger, err := webhook.New([]string{"whsec_stranger"}, webhook.WithClock(clock))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if _, err := stranger.Parse([]byte(smallEvent), header); !errors.Is(err, webhook.ErrSignature) {
			t.Fatalf("accepted without the secret: %v", err)
		}
		event, err := hook.Parse([]byte(smallEvent), header)
		if err != nil {
			if event != nil || !errors.Is(err, webhook.ErrSignature) {
				t.Fatalf("event %v with error %v", event, err)
			}
			return
		}
		timestamp := headerTimestamp.FindStringSubmatch(header)
		if timestamp == nil {
			t.Fatal("accepted without a time")
		}
		first := sign(firstSecret, timestamp[1], smallEvent)
		second := sign(secondSecret, timestamp[1], smallEvent)
		if lower := strings.ToLower(header); !strings.Contains(lower, "v1="+first) && !strings.Contains(lower, "v1="+second) {
			t.Fatal("accepted without a signature")
		}
	})
}

// FuzzWebhookPayload: no payload is accepted without the secret, and with it
// whatever is no event is refused as such.
func FuzzWebhookPayload(f *testing.F) {
	for _, seed := range []string{
		smallEvent, ``, `null`, `{}`, `[]`, eventBody("refund.updated", refundBody, `"request":"req_1"`),
		eventBody("charge.refunded", `{"id":"ch_1","object":"charge","refunds":{"data":[]}}`, `"request":null`),
		eventBody("x", `null`, `"account":"acct_1","created":null`), eventBody("x", `[{}]`, `"request":{"id":5}`),
	} {
		f.Add([]byte(seed))
	}
	hook := setup(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		if _, err := hook.Parse(payload, signedHeader("whsec_stranger", sentAt, string(payload))); err == nil || errors.Is(err, refundkit.ErrPayload) {
			t.Fatalf("accepted without the secret: %v", err)
		}
		event, err := hook.Parse(payload, signedHeader(firstSecret, sentAt, string(payload)))
		if err != nil {
			if event != nil || !errors.Is(err, refundkit.ErrPayload) && !errors.Is(err, webhook.ErrPayloadTooLarge) {
				t.Fatalf("event %v with error %v", event, err)
			}
			return
		}
		if event.ID == "" || event.Object != "event" || event.Type == "" || string(event.Raw) != string(payload) {
			t.Fatalf("accepted %+v", event)
		}
		refund, err := event.Refund()
		if err == nil && (refund.Object != "refund" || refund.ID == "") || err != nil && refund != nil {
			t.Fatalf("refund %+v with error %v", refund, err)
		}
		if refund != nil {
			refund.Trace()
		}
		charge, err := event.Charge()
		if err == nil && (charge.Object != "charge" || charge.ID == "") || err != nil && charge != nil {
			t.Fatalf("charge %+v with error %v", charge, err)
		}
		event.CallOptions()
	})
}
