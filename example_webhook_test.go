package refundkit_test

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

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
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
	webhook, err := refundkit.NewWebhook([]string{exampleSecret})
	if err != nil {
		fmt.Println(err)
		return
	}

	event, err := webhook.Parse([]byte(exampleEvent), exampleSign(exampleEvent))
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

	_, err = webhook.Parse([]byte(exampleEvent), "t=1790000000,v0=5257a869")
	fmt.Println(errors.Is(err, refundkit.ErrSignature))
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
	webhook, err := refundkit.NewWebhook([]string{exampleSecret}, refundkit.WithOnce(once), refundkit.WithoutChargeRefundUpdated())
	if err != nil {
		fmt.Println(err)
		return
	}
	databaseIsDown := true
	handler := webhook.Handler(func(_ context.Context, event *refundkit.Event) error {
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

// Where two snapshots don't tell which is newer, ask Stripe. Hold a lock on the
// refund from before the stored one is read until the new one is written, such as
// SELECT ... FOR UPDATE: otherwise two answers could be stored in the wrong
// order, or booked twice.
func ExampleChooseSnapshot() {
	mock := httpmock.NewMockTransport()
	mock.RegisterResponder("GET", "https://api.stripe.com/v1/refunds/re_1", httpmock.NewStringResponder(200,
		`{"id":"re_1","object":"refund","amount":500,"currency":"usd","status":"succeeded"}`))
	client, err := refundkit.New("sk_test_example", refundkit.WithHTTPClient(&http.Client{Transport: mock}))
	if err != nil {
		fmt.Println(err)
		return
	}
	var lock sync.Mutex // one for each refund, in the database
	stored := &refundkit.Refund{ID: "re_1", Amount: 500, Status: refundkit.RefundSucceeded}

	store := func(ctx context.Context, event *refundkit.Event) error {
		arrived, err := event.Refund()
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		choice := refundkit.ChooseSnapshot(stored, arrived)
		if choice == refundkit.RefetchRefund {
			if arrived, err = client.Refunds.Retrieve(ctx, arrived.ID, event.CallOptions()...); err != nil {
				return err
			}
		}
		if choice != refundkit.KeepStored {
			fmt.Println("books:", refundkit.EntryBetween(stored, arrived))
			stored = arrived
		}
		fmt.Println(choice+":", stored.Status)
		return nil
	}

	for _, status := range []string{"pending", "failed", "succeeded"} {
		event := &refundkit.Event{Data: refundkit.EventData{Object: []byte(`{"id":"re_1","object":"refund","amount":500,"status":"` + status + `"}`)}}
		if err := store(context.Background(), event); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// books: no entry
	// retrieve the refund: succeeded
	// books: reverse the refund
	// replace the stored refund: failed
	// keep the stored refund: failed
}

func ExampleEntryBetween() {
	var before *refundkit.Refund // nothing is booked yet
	balance := int64(2000)
	for _, status := range []refundkit.RefundStatus{refundkit.RefundPending, refundkit.RefundSucceeded, refundkit.RefundFailed} {
		after := &refundkit.Refund{ID: "re_1", Amount: 500, Status: status}
		switch refundkit.EntryBetween(before, after) {
		case refundkit.CountRefund:
			balance -= after.Amount
		case refundkit.ReverseRefund:
			balance += after.Amount
		}
		before = after
		fmt.Println(status, balance)
	}
	// Output:
	// pending 1500
	// succeeded 1500
	// failed 2000
}

func ExampleRefund_Trace() {
	refund := &refundkit.Refund{Status: refundkit.RefundSucceeded, DestinationDetails: refundkit.DestinationDetails{
		Type: "card", CardType: "refund", Reference: "74271056299", ReferenceStatus: "available", ReferenceType: "acquirer_reference_number",
	}}

	switch trace := refund.Trace(); trace.State {
	case refundkit.TraceAvailable:
		fmt.Printf("Ask your bank for %s (%s).\n", trace.Reference, trace.Kind)
	case refundkit.TracePending:
		fmt.Println("There is no reference yet.")
	case refundkit.TraceReversal:
		fmt.Println("The payment itself will vanish from your statement.")
	case refundkit.TraceUnavailable:
		fmt.Println("Your bank gives no reference.")
	}
	// Output:
	// Ask your bank for 74271056299 (acquirer_reference_number).
}
