package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/webhook"
)

const exampleSecret = "whsec_example"

const exampleEvent = `{"id":"evt_1","object":"event","type":"refund.failed","created":1790000000,"livemode":false,"data":{"object":
	{"id":"re_1","object":"refund","amount":500,"currency":"usd","status":"failed","failure_reason":"expired_or_canceled_card"}}}`

// exampleSign is what Stripe does before it sends an event.
func exampleSign(payload string) string {
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(exampleSecret))
	mac.Write([]byte(timestamp + "." + payload))
	return "t=" + timestamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// exampleDeliver sends an event as Stripe does, and prints the answer.
func exampleDeliver(handler http.Handler, payload string) {
	request := httptest.NewRequest(http.MethodPost, "/stripe", strings.NewReader(payload))
	request.Header.Set("Stripe-Signature", exampleSign(payload))
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	fmt.Println("answered", recorder.Code)
}

// Parse is for those who have a router of their own; Handler does all of this.
func ExampleWebhook_Parse() {
	hook, err := webhook.New([]string{exampleSecret})
	if err != nil {
		fmt.Println(err)
		return
	}

	event, err := hook.Parse([]byte(exampleEvent), exampleSign(exampleEvent))
	if err != nil {
		fmt.Println(err)
		return
	}
	refund, err := event.Refund()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(event.Type, refund.ID, refund.Status, refund.FailureReason)

	_, err = hook.Parse([]byte(exampleEvent), "t=1790000000,v0=5257a869")
	fmt.Println(errors.Is(err, webhook.ErrSignature))
	// Output:
	// refund.failed re_1 failed expired_or_canceled_card
	// true
}

// An event whose function failed comes again, and one that was handled does
// not count twice. With a database, handle runs in a transaction: the event is
// recorded there, last, and committed together with what handle did.
func ExampleWebhook_Handler() {
	handled := map[string]bool{}
	var mutex sync.Mutex
	once := func(ctx context.Context, eventID string, handle func(context.Context) error) error {
		mutex.Lock()
		defer mutex.Unlock()
		if handled[eventID] {
			return nil
		}
		if err := handle(ctx); err != nil {
			return err
		}
		handled[eventID] = true
		return nil
	}
	hook, err := webhook.New([]string{exampleSecret}, webhook.WithOnce(once), webhook.WithoutChargeRefundUpdated())
	if err != nil {
		fmt.Println(err)
		return
	}
	databaseIsDown := true
	handler := hook.Handler(func(_ context.Context, event *refundkit.Event) error {
		if databaseIsDown {
			return errors.New("the database is down")
		}
		refund, err := event.Refund()
		if errors.Is(err, refundkit.ErrEventObject) {
			return nil // about something else
		}
		if err != nil {
			return err
		}
		fmt.Println("stored", refund.ID, refund.Status)
		return nil
	})

	exampleDeliver(handler, exampleEvent)
	databaseIsDown = false
	exampleDeliver(handler, exampleEvent)
	exampleDeliver(handler, exampleEvent)
	// Output:
	// answered 500
	// stored re_1 failed
	// answered 200
	// answered 200
}
