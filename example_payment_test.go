package refundkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// Some old kinds of charge can be refunded only through the charge.
func ExampleChargeRefundService_Create() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	client := exampleClient(server)

	refund, err := client.ChargeRefunds.Create(context.Background(), charge.ID, refundkit.ChargeRefundCreateParams{Amount: 500},
		refundkit.KeyFrom("order-6735", "refund-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, refund.Currency, refund.Status)
	// Output: 500 usd succeeded
}

// The refund of another charge is not found.
func ExampleChargeRefundService_Retrieve() {
	server := refundtest.New()
	charge, other := server.AddCharge(refundtest.Charge{}), server.AddCharge(refundtest.Charge{})
	client := exampleClient(server)
	refund := exampleRefund(client, charge)

	for _, id := range []string{charge.ID, other.ID} {
		found, err := client.ChargeRefunds.Retrieve(context.Background(), id, refund.ID)
		if err != nil {
			fmt.Println("not found:", errors.Is(err, refundkit.ErrNotFound))
			continue
		}
		fmt.Println(found.Status)
	}
	// Output:
	// succeeded
	// not found: true
}

func ExampleChargeRefundService_Update() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{})
	client := exampleClient(server)
	refund := exampleRefund(client, charge)

	refund, err := client.ChargeRefunds.Update(context.Background(), charge.ID, refund.ID,
		refundkit.RefundUpdateParams{Metadata: refundkit.Metadata{"ticket": "4711"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Metadata)
	// Output: map[ticket:4711]
}

func ExampleChargeRefundService_List() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)
	exampleRefund(client, charge)

	page, err := client.ChargeRefunds.List(context.Background(), charge.ID, refundkit.ChargeRefundListParams{Limit: 100})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.HasMore)
	// Output: 1 false
}

func ExampleChargeRefundService_All() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)
	exampleRefund(client, charge)

	for refund, err := range client.ChargeRefunds.All(context.Background(), charge.ID, refundkit.ChargeRefundListParams{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(refund.Amount, refund.Status)
	}
	// Output: 2000 succeeded
}

// examplePaymentRecord reports a payment of 10.00 USD that another processor
// made, which is not what this package is for.
func examplePaymentRecord(server *refundtest.Server) (id string) {
	form := url.Values{
		"amount_requested[value]": {"1000"}, "amount_requested[currency]": {"usd"}, "initiated_at": {"1790000000"},
		"payment_method_details[type]": {"custom"}, "outcome": {"guaranteed"},
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://api.stripe.com/v1/payment_records/report_payment", strings.NewReader(form.Encode()))
	if err != nil {
		log.Fatal(err)
	}
	request.SetBasicAuth("sk_test_123", "")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := server.HTTPClient().Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var record struct{ ID string }
	_ = json.NewDecoder(response.Body).Decode(&record)
	return record.ID
}

// Another processor gave the money back: Stripe is told, and moves none. The
// reference is unique, so the same refund can't be reported twice.
func ExamplePaymentRecordService_ReportRefund() {
	server := refundtest.New()
	client := exampleClient(server)
	id := examplePaymentRecord(server)

	record, err := client.PaymentRecords.ReportRefund(context.Background(), id, refundkit.PaymentRecordReportRefundParams{
		Outcome: refundkit.PaymentRecordRefundOutcomeRefunded,
		ProcessorDetails: refundkit.RefundProcessorDetailsParams{
			Type:   refundkit.ProcessorTypeCustom,
			Custom: refundkit.CustomRefundProcessorParams{RefundReference: "acquirer-5566"},
		},
		Refunded: refundkit.PaymentRecordRefundedParams{RefundedAt: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)},
		Amount:   refundkit.PaymentRecordAmount{Value: 400, Currency: "usd"},
	}, refundkit.KeyFrom("order-6735", "report-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(record.AmountRefunded.Value, record.AmountRefunded.Currency)
	// Output: 400 usd
}

func ExamplePaymentRecordService_Retrieve() {
	server := refundtest.New()
	client := exampleClient(server)
	id := examplePaymentRecord(server)

	record, err := client.PaymentRecords.Retrieve(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(record.AmountRequested.Value, record.AmountRefunded.Value)
	// Output: 1000 0
}

// In test mode nobody has to wait until a customer did not answer.
func ExampleTestHelperService_ExpireRefund() {
	server := refundtest.New()
	client := exampleClient(server)
	refund := exampleRefund(client, server.AddCharge(refundtest.Charge{OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"}))
	fmt.Println(refund.Status)

	refund, err := client.TestHelpers.ExpireRefund(context.Background(), refund.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Status)
	// Output:
	// requires_action
	// failed
}
