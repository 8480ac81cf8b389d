package refundtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

// A refund succeeds, and the bank sends the money back later.
func ExampleServer_AddWebhook() {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, OnRefund: refundtest.SucceedsThenFails})
	server.AddWebhook(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct {
			Type string
			Data struct {
				Object struct{ Status string }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			fmt.Println(err)
		}
		fmt.Println(event.Type, event.Data.Object.Status)
	}), "whsec_test", refundtest.EventTypes("refund.created", "refund.failed"))

	fmt.Println(refundOnce(server.HTTPClient(), charge.ID, "order-6735/refund-1"))
	server.Advance(time.Hour)
	// Output:
	// refund.created succeeded
	// 200
	// refund.failed failed
}

// A service has more paths than one. Without AtPath the mux would answer 404, and
// WithReporter would fail the test.
func ExampleAtPath() {
	server := refundtest.New()
	defer server.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webhooks/stripe", func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("an event at", r.URL.Path)
	})
	hook := server.AddWebhook(mux, "whsec_test", refundtest.AtPath("/webhooks/stripe"), refundtest.EventTypes("refund.created"))

	if _, err := server.RefundInDashboard(server.AddCharge(refundtest.Charge{}).ID, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Println("answered", hook.Deliveries()[0].Status)
	// Output:
	// an event at /webhooks/stripe
	// answered 200
}

// The test decides when a handler learns of what happened, and that it fails at
// first.
func ExampleWebhook_Retry() {
	server := refundtest.New()
	defer server.Close()
	ready := false
	hook := server.AddWebhook(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}), "whsec_test", refundtest.HeldUntilDeliver(), refundtest.EventTypes("refund.created"))
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	if _, err := server.RefundInDashboard(charge.ID, 0); err != nil {
		fmt.Println(err)
	}

	fmt.Println("waiting:", len(hook.Waiting()))
	hook.Deliver()
	ready = true
	hook.Retry()
	for _, d := range hook.Deliveries() {
		fmt.Println(d.Event.Type, "attempt", d.Attempt, "answered", d.Status)
	}
	// Output:
	// waiting: 1
	// refund.created attempt 1 answered 503
	// refund.created attempt 2 answered 200
}

// A handler is tested with a payload of one's own, without a server.
func ExampleEventRequest() {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	hook, err := webhook.New([]string{"whsec_test"}, webhook.WithClock(func() time.Time { return now }))
	if err != nil {
		fmt.Println(err)
		return
	}
	payload := []byte(`{"id":"evt_1","object":"event","type":"refund.failed","data":{"object":{"id":"re_1","object":"refund"}}}`)

	for _, secret := range []string{"whsec_test", "whsec_of_somebody_else"} {
		r := refundtest.EventRequest(payload, now, secret)
		event, err := hook.Parse(payload, r.Header.Get("Stripe-Signature"))
		if err != nil {
			fmt.Println("refused")
			continue
		}
		fmt.Println(event.Type)
	}
	// Output:
	// refund.failed
	// refused
}
