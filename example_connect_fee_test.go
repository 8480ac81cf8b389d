package refundkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// exampleFee is a platform that earned 2.00 of a destination charge of 20.00.
func exampleFee() (*refundtest.Server, *refundkit.Client, string) {
	server := refundtest.New(refundtest.WithSeed(1))
	server.AddCharge(refundtest.Charge{ID: "ch_1", Amount: 2000, Destination: "acct_shop", ApplicationFeeAmount: 200})
	return server, exampleClient(server, refundkit.WithClock(server.Now)), server.ApplicationFees("acct_shop")[0].ID
}

func ExampleApplicationFeeService_Retrieve() {
	_, client, id := exampleFee()
	fee, err := client.ApplicationFees.Retrieve(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fee.Account.ID, fee.Amount, fee.OriginatingTransaction.ID)
	// Output: acct_shop 200 ch_1
}

func ExampleApplicationFeeService_List() {
	_, client, _ := exampleFee()
	page, err := client.ApplicationFees.List(context.Background(), refundkit.ApplicationFeeListParams{Charge: "ch_1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.HasMore)
	// Output: 1 false
}

func ExampleApplicationFeeService_All() {
	_, client, _ := exampleFee()
	for fee, err := range client.ApplicationFees.All(context.Background(), refundkit.ApplicationFeeListParams{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(fee.Account.ID, fee.Amount)
	}
	// Output: acct_shop 200
}

func ExampleApplicationFee_Left() {
	fee := refundkit.ApplicationFee{Amount: 200, AmountRefunded: 50}
	fmt.Println(fee.Left())
	// Output: 150
}

// A key that you stored before makes the fee go back once, whatever is lost.
func ExampleApplicationFeeRefundService_Create() {
	server, client, fee := exampleFee()
	server.Inject(refundtest.DropConnection().AfterWork().On("POST"))
	refund, err := client.ApplicationFeeRefunds.Create(context.Background(), fee, refundkit.ApplicationFeeRefundCreateParams{Amount: 50},
		refundkit.IdempotencyKey("order-6735-fee-1"), refundkit.Reference("order-6735/fee-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, len(server.ApplicationFeeRefunds(fee)))
	// Output: 50 1
}

// exampleFeeRefund gives 0.50 of a fee back.
func exampleFeeRefund(client *refundkit.Client, fee string) *refundkit.ApplicationFeeRefund {
	refund, err := client.ApplicationFeeRefunds.Create(context.Background(), fee, refundkit.ApplicationFeeRefundCreateParams{Amount: 50}, refundkit.Reference("order-6735/fee-1"))
	if err != nil {
		log.Fatal(err)
	}
	return refund
}

func ExampleApplicationFeeRefundService_Retrieve() {
	_, client, fee := exampleFee()
	refund, err := client.ApplicationFeeRefunds.Retrieve(context.Background(), fee, exampleFeeRefund(client, fee).ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, refund.Currency)
	// Output: 50 usd
}

func ExampleApplicationFeeRefundService_Update() {
	_, client, fee := exampleFee()
	refund, err := client.ApplicationFeeRefunds.Update(context.Background(), fee, exampleFeeRefund(client, fee).ID,
		refundkit.ApplicationFeeRefundUpdateParams{Metadata: refundkit.Metadata{"case": "17"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Metadata["case"], refund.Reference())
	// Output: 17 order-6735/fee-1
}

func ExampleApplicationFeeRefundService_List() {
	_, client, fee := exampleFee()
	exampleFeeRefund(client, fee)
	page, err := client.ApplicationFeeRefunds.List(context.Background(), fee, refundkit.ApplicationFeeRefundListParams{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.HasMore)
	// Output: 1 false
}

func ExampleApplicationFeeRefundService_All() {
	_, client, fee := exampleFee()
	exampleFeeRefund(client, fee)
	for refund, err := range client.ApplicationFeeRefunds.All(context.Background(), fee, refundkit.ApplicationFeeRefundListParams{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(refund.Amount)
	}
	// Output: 50
}

func ExampleApplicationFeeRefund_Reference() {
	_, client, fee := exampleFee()
	fmt.Println(exampleFeeRefund(client, fee).Reference())
	// Output: order-6735/fee-1
}

func ExampleApplicationFeeRefundService_Resolve() {
	server, client, fee := exampleFee()
	exampleFeeRefund(client, fee)
	found, err := client.ApplicationFeeRefunds.Resolve(context.Background(), refundkit.ApplicationFeeRefundResolveParams{
		Reference: "order-6735/fee-1", Fee: fee, Amount: 50, FirstSent: server.Now(), LastSent: server.Now()})
	fmt.Println(found.Amount, err)
	// Output: 50 <nil>
}

// exampleFeeJob is a job for 0.50 of a fee.
func exampleFeeJob(fee string) refundkit.ApplicationFeeRefundJob {
	job, err := refundkit.NewApplicationFeeRefundJob("order-6735/fee-1", fee, refundkit.ApplicationFeeRefundCreateParams{Amount: 50})
	if err != nil {
		log.Fatal(err)
	}
	return job
}

// A worker moves it on as it does a refund's job.
func ExampleApplicationFeeRefundService_Advance() {
	server, client, fee := exampleFee()
	save := func(context.Context, refundkit.ApplicationFeeRefundJob) error { return nil } // into the database
	job, refund, err := client.ApplicationFeeRefunds.Advance(context.Background(), exampleFeeJob(fee), save)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.State, refund.Amount, len(server.ApplicationFeeRefunds(fee)))
	// Output: made 50 1
}

func ExampleNewApplicationFeeRefundJob() {
	_, err := refundkit.NewApplicationFeeRefundJob("order-6735/fee-1", "", refundkit.ApplicationFeeRefundCreateParams{Amount: 50})
	fmt.Println(err)
	// Output: refundkit: NewApplicationFeeRefundJob: fee: say which application fee to give back
}

// It is never the key of a reversal of the same name.
func ExampleApplicationFeeRefundJob_Key() {
	job, reversal := exampleFeeJob("fee_1"), exampleReversalJob()
	reversal.Name = job.Name
	fmt.Println(job.Key() == reversal.Key())
	// Output: false
}

func ExampleApplicationFeeRefundJob_Observe() {
	server, client, fee := exampleFee()
	exampleFeeRefund(client, fee)
	events := server.Events()
	var event refundkit.Event
	if err := json.Unmarshal(events[len(events)-1].Body, &event); err != nil {
		log.Fatal(err)
	}
	job, err := exampleFeeJob(fee).Observe(&event)
	fmt.Println(event.Type, job.State, err)
	// Output: application_fee.refunded made <nil>
}

func ExampleApplicationFeeRefundJob_Resume() {
	job, err := exampleFeeJob("fee_1").Resume()
	fmt.Println(job.State, err)
	// Output: waiting <nil>
}

func ExampleApplicationFeeRefundJob_Accept() {
	job, err := exampleFeeJob("fee_1").Accept("fr_1")
	fmt.Println(job.State, job.ID, err)
	// Output: made fr_1 <nil>
}

func ExampleApplicationFeeRefundJob_Judge() {
	job, err := exampleFeeJob("fee_1").Judge("fr_1")
	fmt.Println(job.State, job.Judged, err)
	// Output: waiting [fr_1] <nil>
}

func ExampleApplicationFeeRefundJob_Cancel() {
	job, err := exampleFeeJob("fee_1").Cancel()
	fmt.Println(job.State, err)
	// Output: canceled <nil>
}

func ExampleEvent_ApplicationFee() {
	server, client, id := exampleFee()
	exampleFeeRefund(client, id)
	events := server.Events()
	var event refundkit.Event
	if err := json.Unmarshal(events[len(events)-1].Body, &event); err != nil {
		log.Fatal(err)
	}
	fee, err := event.ApplicationFee()
	fmt.Println(fee.AmountRefunded, err)
	// Output: 50 <nil>
}
