package refundkit_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// What was captured is the most that can go back. The refunds tell how much did.
func ExampleChargeService_Retrieve() {
	server := refundtest.New()
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client := exampleClient(server)
	exampleRefund(client, made)

	charge, err := client.Charges.Retrieve(context.Background(), made.ID, refundkit.Expand("refunds"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(charge.Status, charge.Captured, charge.AmountCaptured, charge.Currency)
	for _, refund := range charge.Refunds.Data {
		fmt.Println(refund.Amount, refund.Status)
	}
	// Output:
	// succeeded true 2000 usd
	// 2000 succeeded
}

func ExampleChargeService_List() {
	server := refundtest.New()
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client := exampleClient(server)

	page, err := client.Charges.List(context.Background(), refundkit.ChargeListParams{PaymentIntent: made.PaymentIntent})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.HasMore, page.Data[0].Amount)
	// Output: 1 false 2000
}

func ExampleChargeService_All() {
	server := refundtest.New()
	server.AddCharge(refundtest.Charge{Amount: 2000, Customer: "cus_6735"})
	server.AddCharge(refundtest.Charge{Amount: 500, Customer: "cus_6735"})
	server.AddCharge(refundtest.Charge{Amount: 700})
	client := exampleClient(server)

	for charge, err := range client.Charges.All(context.Background(), refundkit.ChargeListParams{Customer: "cus_6735"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(charge.Amount)
	}
	// Output:
	// 500
	// 2000
}

// A hold has taken no money: it is canceled, not refunded.
func ExamplePaymentIntentService_Retrieve() {
	server := refundtest.New()
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd", Uncaptured: true})
	client := exampleClient(server)

	intent, err := client.PaymentIntents.Retrieve(context.Background(), made.PaymentIntent, refundkit.Expand("latest_charge"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(intent.Status, intent.AmountCapturable, intent.AmountReceived)
	fmt.Println(intent.LatestCharge.Value.Captured)
	// Output:
	// requires_capture 2000 0
	// false
}

// What a refund took from the balance. Stripe keeps its fee for the payment.
func ExampleBalanceTransactionService_Retrieve() {
	server := refundtest.New()
	client := exampleClient(server)
	refund := exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"}))

	transaction, err := client.BalanceTransactions.Retrieve(context.Background(), refund.BalanceTransaction.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(transaction.Type, transaction.Net, transaction.Currency)
	// Output: refund -2000 usd
}

func ExampleBalanceTransactionService_List() {
	server := refundtest.New()
	client := exampleClient(server)
	refund := exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"}))

	page, err := client.BalanceTransactions.List(context.Background(), refundkit.BalanceTransactionListParams{Source: refund.ID})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.Data[0].Amount)
	// Output: 1 -2000
}

// A day of refunds, as the balance has them.
func ExampleBalanceTransactionService_All() {
	server := refundtest.New()
	client := exampleClient(server)
	exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"}))
	exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 500, Currency: "usd"}))

	var total int64
	for transaction, err := range client.BalanceTransactions.All(context.Background(), refundkit.BalanceTransactionListParams{
		Type: refundkit.BalanceTransactionTypeRefund, Currency: "usd",
		Created: refundkit.CreatedRange{From: server.Now().Add(-24 * time.Hour)},
	}) {
		if err != nil {
			log.Fatal(err)
		}
		total += transaction.Net
	}
	fmt.Println(total)
	// Output: -2500
}

// Only what is available pays refunds.
func ExampleBalanceService_Retrieve() {
	server := refundtest.New()
	server.SetBalance("usd", 1500)
	client := exampleClient(server)

	balance, err := client.Balance.Retrieve(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, money := range balance.Available {
		fmt.Println(money.Amount, money.Currency)
	}
	// Output: 1500 usd
}

// The event has the refund as it was then, and who caused it.
func ExampleEventService_Retrieve() {
	server := refundtest.New()
	client := exampleClient(server)
	exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"}))
	newest := server.Events()[0]

	event, err := client.Events.Retrieve(context.Background(), newest.ID)
	if err != nil {
		log.Fatal(err)
	}
	refund, err := event.Refund()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event.Type, refund.Amount, event.Request.IdempotencyKey != "")
	// Output: refund.created 2000 true
}

// What an endpoint did not accept while it was down.
func ExampleEventService_List() {
	server := refundtest.New()
	server.AddWebhook(http.NotFoundHandler(), "whsec_test")
	client := exampleClient(server)
	exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 2000}))

	page, err := client.Events.List(context.Background(), refundkit.EventListParams{
		Types:           []refundkit.EventType{refundkit.EventTypeRefundCreated, refundkit.EventTypeRefundFailed},
		DeliverySuccess: refundkit.EventDeliveryFailed,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range page.Data {
		fmt.Println(event.Type)
	}
	// Output: refund.created
}

// What came after the last event that was handled, each page newest first.
func ExampleEventService_All() {
	server := refundtest.New()
	client := exampleClient(server)
	exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 2000}))
	handled := server.Events()[len(server.Events())-1]
	exampleRefund(client, server.AddCharge(refundtest.Charge{Amount: 500}))

	for event, err := range client.Events.All(context.Background(), refundkit.EventListParams{
		Types:        []refundkit.EventType{refundkit.EventTypeRefundCreated},
		EndingBefore: handled.ID,
	}) {
		if err != nil {
			log.Fatal(err)
		}
		refund, err := event.Refund()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(refund.Amount)
	}
	// Output: 500
}

// exampleDispute makes a dispute of a charge, as the customer's bank does, and
// returns its ID.
func exampleDispute(server *refundtest.Server, client *refundkit.Client, dispute func(charge string) error) string {
	made := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	if err := dispute(made.ID); err != nil {
		log.Fatal(err)
	}
	charge, err := client.Charges.Retrieve(context.Background(), made.ID)
	if err != nil {
		log.Fatal(err)
	}
	return charge.Dispute.ID
}

// In an inquiry the charge can still be refunded, and a full refund ends it.
func ExampleDisputeService_Retrieve() {
	server := refundtest.New()
	client := exampleClient(server)
	id := exampleDispute(server, client, server.Inquire)

	dispute, err := client.Disputes.Retrieve(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dispute.Status, dispute.IsChargeRefundable, dispute.Amount, dispute.Currency)
	fmt.Println("answer within", dispute.EvidenceDetails.DueBy.Sub(dispute.Created.Time))
	// Output:
	// warning_needs_response true 2000 usd
	// answer within 168h0m0s
}

func ExampleDisputeService_List() {
	server := refundtest.New()
	client := exampleClient(server)
	exampleDispute(server, client, server.Dispute)
	charge := server.AddCharge(refundtest.Charge{})

	page, err := client.Disputes.List(context.Background(), refundkit.DisputeListParams{Charge: charge.ID})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data))
	// Output: 0
}

func ExampleDisputeService_All() {
	server := refundtest.New()
	client := exampleClient(server)
	exampleDispute(server, client, server.Dispute)
	exampleDispute(server, client, server.Inquire)

	for dispute, err := range client.Disputes.All(context.Background(), refundkit.DisputeListParams{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(dispute.Status, dispute.Reason, dispute.IsChargeRefundable)
	}
	// Output:
	// warning_needs_response fraudulent true
	// needs_response fraudulent false
}
