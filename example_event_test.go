package refundkit_test

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
)

// exampleTell prints the type of every event that a Webhook with the options lets
// through.
func exampleTell(opts ...refundkit.WebhookOption) http.Handler {
	webhook, err := refundkit.NewWebhook([]string{exampleSecret}, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return webhook.Handler(func(_ context.Context, event *refundkit.Event) error {
		fmt.Println(event.Type)
		return nil
	})
}

// While a secret is rolled, events signed with the old or the new one count. A
// variable that was not set is refused, not trusted.
func ExampleNewWebhook() {
	webhook, err := refundkit.NewWebhook([]string{"whsec_old", "whsec_new"})
	if err != nil {
		log.Fatal(err)
	}
	for _, secret := range []string{"whsec_old", "whsec_new", "whsec_of_somebody_else"} {
		_, err := webhook.Parse([]byte(exampleEvent), refundtest.SignEvent([]byte(exampleEvent), time.Now(), secret))
		fmt.Println(err == nil, errors.Is(err, refundkit.ErrSignature))
	}

	_, err = refundkit.NewWebhook([]string{""})
	fmt.Println(err != nil)
	// Output:
	// true false
	// true false
	// false true
	// true
}

// The refund in an event is a snapshot of the moment that it tells of.
func ExampleEvent_Refund() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	webhook, err := refundkit.NewWebhook([]string{exampleSecret}, refundkit.WithClock(server.Now))
	if err != nil {
		log.Fatal(err)
	}
	server.AddWebhook(webhook.Handler(func(_ context.Context, event *refundkit.Event) error {
		refund, err := event.Refund()
		if errors.Is(err, refundkit.ErrEventObject) {
			return nil // of another kind, such as the charge of charge.refunded
		}
		if err != nil {
			return err
		}
		fmt.Println(event.Type, refund.Amount, refund.Status)
		return nil
	}), exampleSecret)

	if err := exampleCreate(exampleClient(server), charge); err != nil {
		log.Fatal(err)
	}
	// Output: refund.created 500 succeeded
}

// The charge tells what was paid. The state of a refund is in the refund alone.
func ExampleEvent_Charge() {
	event := &refundkit.Event{Type: refundkit.EventChargeRefunded, Data: refundkit.EventData{
		Object: []byte(`{"id":"ch_1","object":"charge","amount":2000,"currency":"usd","description":"two chairs"}`),
	}}

	charge, err := event.Charge()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(charge.Amount, charge.Currency, charge.Description)
	// Output: 2000 usd two chairs
}

// An event of a connected account is followed up on that account.
func ExampleEvent_CallOptions() {
	server := refundtest.New()
	bakery := server.Account("acct_1Bakery")
	charge := bakery.AddCharge(refundtest.Charge{Amount: 2000})
	if _, err := bakery.RefundInDashboard(charge.ID, 500); err != nil {
		log.Fatal(err)
	}
	client := exampleClient(server)

	event := &refundkit.Event{Account: "acct_1Bakery"} // as a Webhook hands it on
	page, err := client.Refunds.List(context.Background(), refundkit.RefundListParams{Charge: charge.ID}, event.CallOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Data[0].Amount)
	// Output: 500
}

// In a test, the clock is that of the server that signs.
func ExampleWithClock() {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	webhook, err := refundkit.NewWebhook([]string{exampleSecret}, refundkit.WithClock(func() time.Time { return noon }))
	if err != nil {
		log.Fatal(err)
	}

	event, err := webhook.Parse([]byte(exampleEvent), refundtest.SignEvent([]byte(exampleEvent), noon, exampleSecret))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event.Type)
	// Output: refund.failed
}

// What was signed long ago, or will be, is refused.
func ExampleWithTolerance() {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	webhook, err := refundkit.NewWebhook([]string{exampleSecret}, refundkit.WithTolerance(time.Minute), refundkit.WithClock(func() time.Time { return noon }))
	if err != nil {
		log.Fatal(err)
	}

	for _, away := range []time.Duration{-2 * time.Minute, 0, 2 * time.Minute} {
		_, err := webhook.Parse([]byte(exampleEvent), refundtest.SignEvent([]byte(exampleEvent), noon.Add(away), exampleSecret))
		fmt.Println(away, err == nil)
	}
	// Output:
	// -2m0s false
	// 0s true
	// 2m0s false
}

func ExampleWithBodyLimit() {
	exampleDeliver(exampleTell(refundkit.WithBodyLimit(100)), exampleEvent)
	// Output: answered 413
}

// A Connect endpoint in live mode gets events of test mode too. They are
// acknowledged, so that Stripe does not send them again.
func ExampleWithMode() {
	exampleDeliver(exampleTell(refundkit.WithMode(refundkit.TestMode)), exampleEvent)
	exampleDeliver(exampleTell(refundkit.WithMode(refundkit.LiveMode)), exampleEvent)
	// Output:
	// refund.failed
	// answered 200
	// answered 200
}

// Stripe sends an event again until it is answered with a success, and sometimes
// after that. See the example of Webhook.Handler for what once must promise.
func ExampleWithOnce() {
	handled := map[string]bool{}
	handler := exampleTell(refundkit.WithOnce(func(ctx context.Context, eventID string, handle func(context.Context) error) error {
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
	server.AddWebhook(exampleTell(refundkit.WithoutChargeRefundUpdated(), refundkit.WithClock(server.Now)), exampleSecret)

	if err := exampleCreate(exampleClient(server), charge); err != nil {
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
func ExampleWithEventLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	webhook, err := refundkit.NewWebhook([]string{exampleSecret}, refundkit.WithEventLogger(logger))
	if err != nil {
		log.Fatal(err)
	}

	exampleDeliver(webhook.Handler(func(context.Context, *refundkit.Event) error { return errors.New("the database is down") }), exampleEvent)
	// Output:
	// level=ERROR msg="refundkit webhook failed" error="the database is down" event=evt_1 type=refund.failed livemode=false
	// answered 500
}
