package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

// exampleTell prints the type of every event that a Webhook with the options lets
// through.
func exampleTell(opts ...webhook.Option) http.Handler {
	hook, err := webhook.New([]string{exampleSecret}, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return hook.Handler(func(_ context.Context, event *refundkit.Event) error {
		fmt.Println(event.Type)
		return nil
	})
}

// While a secret is rolled, events signed with the old or the new one count. A
// variable that was not set is refused, not trusted.
func ExampleNew() {
	hook, err := webhook.New([]string{"whsec_old", "whsec_new"})
	if err != nil {
		log.Fatal(err)
	}
	for _, secret := range []string{"whsec_old", "whsec_new", "whsec_of_somebody_else"} {
		_, err := hook.Parse([]byte(exampleEvent), refundtest.SignEvent([]byte(exampleEvent), time.Now(), secret))
		fmt.Println(err == nil, errors.Is(err, webhook.ErrSignature))
	}

	_, err = webhook.New([]string{""})
	fmt.Println(err != nil)
	// Output:
	// true false
	// true false
	// false true
	// true
}

// In a test, the clock is that of the server that signs.
func ExampleWithClock() {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	hook, err := webhook.New([]string{exampleSecret}, webhook.WithClock(func() time.Time { return noon }))
	if err != nil {
		log.Fatal(err)
	}

	event, err := hook.Parse([]byte(exampleEvent), refundtest.SignEvent([]byte(exampleEvent), noon, exampleSecret))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event.Type)
	// Output: refund.failed
}

// What was signed long ago, or will be, is refused.
func ExampleWithTolerance() {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	hook, err := webhook.New([]string{exampleSecret}, webhook.WithTolerance(time.Minute), webhook.WithClock(func() time.Time { return noon }))
	if err != nil {
		log.Fatal(err)
	}

	for _, away := range []time.Duration{-2 * time.Minute, 0, 2 * time.Minute} {
		_, err := hook.Parse([]byte(exampleEvent), refundtest.SignEvent([]byte(exampleEvent), noon.Add(away), exampleSecret))
		fmt.Println(away, err == nil)
	}
	// Output:
	// -2m0s false
	// 0s true
	// 2m0s false
}

func ExampleWithBodyLimit() {
	exampleDeliver(exampleTell(webhook.WithBodyLimit(100)), exampleEvent)
	// Output: answered 413
}

// A Connect endpoint in live mode gets events of test mode too. They are
// acknowledged, so that Stripe does not send them again.
func ExampleWithMode() {
	exampleDeliver(exampleTell(webhook.WithMode(webhook.ModeTest)), exampleEvent)
	exampleDeliver(exampleTell(webhook.WithMode(webhook.ModeLive)), exampleEvent)
	// Output:
	// refund.failed
	// answered 200
	// answered 200
}

// Stripe sends an event again until it is answered with a success, and sometimes
// after that. See the example of Webhook.Handler for what once must promise.
func ExampleWithOnce() {
	handled := map[string]bool{}
	handler := exampleTell(webhook.WithOnce(func(ctx context.Context, eventID string, handle func(context.Context) error) error {
		if handled[eventID] {
			return nil
		}
		if err := handle(ctx); err != nil {
			return err
		}
		handled[eventID] = true
		return nil
	}))

	exampleDeliver(handler, exampleEvent)
	exampleDeliver(handler, exampleEvent)
	// Output:
	// refund.failed
	// answered 200
	// answered 200
}

// charge.refund.updated tells the same as refund.updated and refund.failed, under
// an id of its own.
func ExampleWithoutChargeRefundUpdated() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, OnRefund: refundtest.SucceedsThenFails})
	server.AddWebhook(exampleTell(webhook.WithoutChargeRefundUpdated(), webhook.WithClock(server.Now)), exampleSecret)

	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(server.HTTPClient()))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}, refundkit.IdempotencyKey("order-6735")); err != nil {
		log.Fatal(err)
	}
	server.Advance(time.Hour)
	// Output:
	// refund.created
	// charge.refunded
	// refund.failed
	// refund.updated
}

// The answers to Stripe have no body. This says why.
func ExampleWithLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	hook, err := webhook.New([]string{exampleSecret}, webhook.WithLogger(logger))
	if err != nil {
		log.Fatal(err)
	}

	exampleDeliver(hook.Handler(func(context.Context, *refundkit.Event) error { return errors.New("the database is down") }), exampleEvent)
	// Output:
	// level=ERROR msg="refundkit webhook failed" error="the database is down" event=evt_1 type=refund.failed livemode=false
	// answered 500
}
