package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
	stripewebhook "github.com/stripe/stripe-go/v86/webhook"
)

const webhookSecret = "whsec_bench"

// wantEvent is wantRefund with the event's type before it.
func wantEvent(i int) string { return "refund.updated " + wantRefund(i) }

// ofEvent is what came of a delivery.
type ofEvent[T any] struct {
	kind   string
	refund T
}

// webhookSubjects verify a delivery of 4 KB and decode its event and refund.
func webhookSubjects(tb testing.TB) []subject {
	payloads, headers, called := many(manyEvents, eventAnswer), make([]string, manyEvents), new(turns)
	for i, payload := range payloads {
		headers[i] = stripewebhook.GenerateTestSignedPayload(&stripewebhook.UnsignedPayload{Payload: payload, Secret: webhookSecret, Timestamp: time.Now()}).Header
	}
	delivery := func() ([]byte, string) { i := called.next(manyEvents); return payloads[i], headers[i] }
	our, err := webhook.New([]string{webhookSecret})
	require.NoError(tb, err)
	ourKind := func(v any) string { e := v.(ofEvent[*refundkit.Refund]); return e.kind + " " + ourWords(e.refund) }
	return []subject{
		{"refundkit", func(context.Context) (any, error) {
			event, err := our.Parse(delivery())
			if err != nil {
				return nil, err
			}
			refund, err := event.Refund()
			return ofEvent[*refundkit.Refund]{string(event.Type), refund}, err
		}, ourKind},
		{"stripe-go", func(context.Context) (any, error) {
			payload, header := delivery()
			event, err := stripewebhook.ConstructEvent(payload, header, webhookSecret)
			if err != nil {
				return nil, err
			}
			refund := new(stripe.Refund)
			err = json.Unmarshal(event.Data.Raw, refund)
			return ofEvent[*stripe.Refund]{string(event.Type), refund}, err
		}, func(v any) string { e := v.(ofEvent[*stripe.Refund]); return e.kind + " " + theirWords(e.refund) }},
		{"floor", func(context.Context) (any, error) {
			payload, header := delivery()
			if err := verify(payload, header); err != nil {
				return nil, err
			}
			var event refundkit.Event
			if err := json.Unmarshal(payload, &event); err != nil {
				return nil, err
			}
			refund := new(refundkit.Refund)
			err := json.Unmarshal(event.Data.Object, refund)
			return ofEvent[*refundkit.Refund]{string(event.Type), refund}, err
		}, ourKind},
	}
}

// verify is Stripe's recipe and no more: one signature, one secret.
func verify(payload []byte, header string) error {
	at, signature, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)) > 5*time.Minute {
		return errors.New("too old")
	}
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write([]byte(at + "."))
	mac.Write(payload)
	given, err := hex.DecodeString(signature)
	if err != nil || subtle.ConstantTimeCompare(mac.Sum(nil), given) != 1 {
		return errors.New("not signed")
	}
	return nil
}

func BenchmarkWebhook(b *testing.B) { compare(b, wantEvent, webhookSubjects(b)) }
