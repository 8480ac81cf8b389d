package refundkit_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
)

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
	stored := &refundkit.Refund{ID: "re_1", Amount: 500, Status: refundkit.RefundStatusSucceeded}

	store := func(ctx context.Context, event *refundkit.Event) error {
		arrived, err := event.Refund()
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		choice := refundkit.ChooseSnapshot(stored, arrived)
		if choice == refundkit.SnapshotChoiceRefetch {
			if arrived, err = client.Refunds.Retrieve(ctx, arrived.ID, event.CallOptions()...); err != nil {
				return err
			}
		}
		if choice != refundkit.SnapshotChoiceKeep {
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
	// books: none
	// refetch: succeeded
	// books: reverse
	// replace: failed
	// keep: failed
}

func ExampleEntryBetween() {
	var before *refundkit.Refund // nothing is booked yet
	balance := int64(2000)
	for _, status := range []refundkit.RefundStatus{refundkit.RefundStatusPending, refundkit.RefundStatusSucceeded, refundkit.RefundStatusFailed} {
		after := &refundkit.Refund{ID: "re_1", Amount: 500, Status: status}
		switch refundkit.EntryBetween(before, after) {
		case refundkit.BookEntryCount:
			balance -= after.Amount
		case refundkit.BookEntryReverse:
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
	refund := &refundkit.Refund{Status: refundkit.RefundStatusSucceeded, DestinationDetails: refundkit.DestinationDetails{
		Type: "card", CardType: "refund", Reference: "74271056299", ReferenceStatus: "available", ReferenceType: "acquirer_reference_number",
	}}

	switch trace := refund.Trace(); trace.State {
	case refundkit.TraceStateAvailable:
		fmt.Printf("Ask your bank for %s (%s).\n", trace.Reference, trace.Kind)
	case refundkit.TraceStatePending:
		fmt.Println("There is no reference yet.")
	case refundkit.TraceStateReversal:
		fmt.Println("The payment itself will vanish from your statement.")
	case refundkit.TraceStateUnavailable:
		fmt.Println("Your bank gives no reference.")
	}
	// Output:
	// Ask your bank for 74271056299 (acquirer_reference_number).
}
