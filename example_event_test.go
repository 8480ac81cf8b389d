package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

// The refund in an event is a snapshot of the moment that it tells of.
func ExampleEvent_Refund() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	hook, err := webhook.New([]string{"whsec_example"}, webhook.WithClock(server.Now))
	if err != nil {
		log.Fatal(err)
	}
	server.AddWebhook(hook.Handler(func(_ context.Context, event *refundkit.Event) error {
		refund, err := event.Refund()
		if errors.Is(err, refundkit.ErrEventObject) {
			return nil // of another kind, such as the charge of charge.refunded
		}
		if err != nil {
			return err
		}
		fmt.Println(event.Type, refund.Amount, refund.Status)
		return nil
	}), "whsec_example")

	if err := exampleCreate(exampleClient(server), charge); err != nil {
		log.Fatal(err)
	}
	// Output: refund.created 500 succeeded
}

// The charge tells what was paid. The state of a refund is in the refund alone.
func ExampleEvent_Charge() {
	event := &refundkit.Event{Type: refundkit.EventTypeChargeRefunded, Data: refundkit.EventData{
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
