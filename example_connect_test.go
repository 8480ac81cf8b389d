package refundkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// exampleMarket is a platform with one order of 20.00, of which 12.00 and 6.00 went to
// two accounts.
func exampleMarket() (*refundtest.Server, *refundkit.Client, refundtest.Charge, []refundtest.Transfer) {
	server := refundtest.New(refundtest.WithSeed(1))
	charge := server.AddCharge(refundtest.Charge{ID: "ch_1", Amount: 2000})
	for _, t := range []refundtest.Transfer{
		{ID: "tr_1", Amount: 1200, Destination: "acct_shop", SourceTransaction: charge.ID, TransferGroup: "order-6735"},
		{ID: "tr_2", Amount: 600, Destination: "acct_courier", SourceTransaction: charge.ID, TransferGroup: "order-6735"},
	} {
		if _, err := server.AddTransfer(t); err != nil {
			log.Fatal(err)
		}
	}
	return server, exampleClient(server, refundkit.WithClock(server.Now)), charge, server.Transfers("")
}

func ExampleTransferService_Retrieve() {
	_, client, _, _ := exampleMarket()
	transfer, err := client.Transfers.Retrieve(context.Background(), "tr_1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(transfer.Destination.ID, transfer.Amount, transfer.SourceTransaction.ID)
	// Output: acct_shop 1200 ch_1
}

func ExampleTransferService_List() {
	_, client, _, _ := exampleMarket()
	page, err := client.Transfers.List(context.Background(), refundkit.TransferListParams{TransferGroup: "order-6735", Limit: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Data[0].ID, page.HasMore)
	// Output: tr_2 true
}

// All finds the transfers of a payment by their group.
func ExampleTransferService_All() {
	_, client, _, _ := exampleMarket()
	for transfer, err := range client.Transfers.All(context.Background(), refundkit.TransferListParams{TransferGroup: "order-6735"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(transfer.ID, transfer.Destination.ID, transfer.Amount)
	}
	// Output:
	// tr_2 acct_courier 600
	// tr_1 acct_shop 1200
}

func ExampleTransfer_Left() {
	transfer := refundkit.Transfer{Amount: 1200, AmountReversed: 500}
	fmt.Println(transfer.Left())
	// Output: 700
}

// A key that you stored before makes the reversal happen once, whatever is lost.
func ExampleTransferReversalService_Create() {
	server, client, _, _ := exampleMarket()
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/transfers/tr_1/reversals"))
	reversal, err := client.TransferReversals.Create(context.Background(), "tr_1", refundkit.TransferReversalCreateParams{Amount: 500},
		refundkit.IdempotencyKey("order-6735-back-1"), refundkit.Reference("order-6735/back-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reversal.Amount, reversal.Transfer.ID, len(server.TransferReversals("tr_1")))
	// Output: 500 tr_1 1
}

// exampleReversal takes 5.00 of tr_1 back.
func exampleReversal(client *refundkit.Client) *refundkit.TransferReversal {
	reversal, err := client.TransferReversals.Create(context.Background(), "tr_1", refundkit.TransferReversalCreateParams{Amount: 500}, refundkit.Reference("order-6735/back-1"))
	if err != nil {
		log.Fatal(err)
	}
	return reversal
}

func ExampleTransferReversalService_Retrieve() {
	_, client, _, _ := exampleMarket()
	reversal, err := client.TransferReversals.Retrieve(context.Background(), "tr_1", exampleReversal(client).ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reversal.Amount, reversal.Currency)
	// Output: 500 usd
}

func ExampleTransferReversalService_Update() {
	_, client, _, _ := exampleMarket()
	reversal, err := client.TransferReversals.Update(context.Background(), "tr_1", exampleReversal(client).ID,
		refundkit.TransferReversalUpdateParams{Metadata: refundkit.Metadata{"case": "17"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reversal.Metadata["case"], reversal.Reference())
	// Output: 17 order-6735/back-1
}

func ExampleTransferReversalService_List() {
	_, client, _, _ := exampleMarket()
	exampleReversal(client)
	page, err := client.TransferReversals.List(context.Background(), "tr_1", refundkit.TransferReversalListParams{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), page.HasMore)
	// Output: 1 false
}

func ExampleTransferReversalService_All() {
	_, client, _, _ := exampleMarket()
	exampleReversal(client)
	for reversal, err := range client.TransferReversals.All(context.Background(), "tr_1", refundkit.TransferReversalListParams{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(reversal.Amount)
	}
	// Output: 500
}

func ExampleTransferReversal_Reference() {
	_, client, _, _ := exampleMarket()
	fmt.Println(exampleReversal(client).Reference())
	// Output: order-6735/back-1
}

// The reversal is found by its reference when its key can't help any more.
func ExampleTransferReversalService_Resolve() {
	server, client, _, _ := exampleMarket()
	exampleReversal(client)
	found, err := client.TransferReversals.Resolve(context.Background(), refundkit.TransferReversalResolveParams{
		Reference: "order-6735/back-1", Transfer: "tr_1", Amount: 500, FirstSent: server.Now(), LastSent: server.Now()})
	fmt.Println(found.Amount, err)
	_, err = client.TransferReversals.Resolve(context.Background(), refundkit.TransferReversalResolveParams{
		Reference: "order-6735/back-2", Transfer: "tr_1", Amount: 500, FirstSent: server.Now(), LastSent: server.Now()})
	fmt.Println(err)
	// Output:
	// 500 <nil>
	// refundkit: TransferReversals.Resolve: no reversal has this reference yet, but a request may still be running (1 others on the transfer); next: look up the payment's refunds before anything else
}

// exampleReversalJob is a job for 5.00 of tr_1.
func exampleReversalJob() refundkit.TransferReversalJob {
	job, err := refundkit.NewTransferReversalJob("order-6735/back-1", "tr_1", refundkit.TransferReversalCreateParams{Amount: 500})
	if err != nil {
		log.Fatal(err)
	}
	return job
}

// A worker moves it on as it does a refund's job.
func ExampleTransferReversalService_Advance() {
	server, client, _, _ := exampleMarket()
	save := func(context.Context, refundkit.TransferReversalJob) error { return nil } // into the database
	job, reversal, err := client.TransferReversals.Advance(context.Background(), exampleReversalJob(), save)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.State, reversal.Amount, len(server.TransferReversals("tr_1")))
	// Output: made 500 1
}

func ExampleNewTransferReversalJob() {
	_, err := refundkit.NewTransferReversalJob("order-6735/back-1", "tr_1", refundkit.TransferReversalCreateParams{Amount: 500, Remaining: true})
	fmt.Println(err)
	// Output: refundkit: NewTransferReversalJob: amount: set Amount or Remaining, not both
}

// It is never the key of a refund's job of the same name.
func ExampleTransferReversalJob_Key() {
	refund, _ := exampleJob(refundtest.Charge{ID: "ch_1"})
	job := exampleReversalJob()
	job.Name = refund.Name
	fmt.Println(job.Key() == refund.Key())
	// Output: false
}

func ExampleTransferReversalJob_Observe() {
	server, client, _, _ := exampleMarket()
	exampleReversal(client)
	events := server.Events()
	var event refundkit.Event
	if err := json.Unmarshal(events[len(events)-1].Body, &event); err != nil {
		log.Fatal(err)
	}
	job, err := exampleReversalJob().Observe(&event)
	fmt.Println(event.Type, job.State, err)
	// Output: transfer.reversed made <nil>
}

func ExampleTransferReversalJob_Resume() {
	job, err := exampleReversalJob().Resume()
	fmt.Println(job.State, err)
	// Output: waiting <nil>
}

func ExampleTransferReversalJob_Accept() {
	job, err := exampleReversalJob().Accept("trr_1")
	fmt.Println(job.State, job.ID, err)
	// Output: made trr_1 <nil>
}

func ExampleTransferReversalJob_Judge() {
	job, err := exampleReversalJob().Judge("trr_1")
	fmt.Println(job.State, job.Judged, err)
	// Output: waiting [trr_1] <nil>
}

func ExampleTransferReversalJob_Cancel() {
	job, err := exampleReversalJob().Cancel()
	fmt.Println(job.State, err)
	// Output: canceled <nil>
}

func ExampleEvent_Transfer() {
	server, client, _, _ := exampleMarket()
	exampleReversal(client)
	events := server.Events()
	var event refundkit.Event
	if err := json.Unmarshal(events[len(events)-1].Body, &event); err != nil {
		log.Fatal(err)
	}
	transfer, err := event.Transfer()
	fmt.Println(transfer.ID, transfer.AmountReversed, err)
	// Output: tr_1 500 <nil>
}

// The plan of a refund of 5.00: nothing is sent before somebody has read it.
func ExampleNewUnwind() {
	_, client, charge, _ := exampleMarket()
	u, err := examplePlan(client, charge)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(u)
	// Output:
	// refund 5.00 usd of ch_1
	//   take back 1.50 of the 6.00 left of tr_2 from acct_courier
	//   take back 3.00 of the 12.00 left of tr_1 from acct_shop
	//   the platform pays 0.50
}

// examplePlan reads what it needs, and divides 5.00.
func examplePlan(client *refundkit.Client, made refundtest.Charge) (refundkit.Unwind, error) {
	charge, err := client.Charges.Retrieve(context.Background(), made.ID)
	if err != nil {
		return refundkit.Unwind{}, err
	}
	in := refundkit.UnwindInput{Charge: charge, Amount: 500}
	for transfer, err := range client.Transfers.All(context.Background(), refundkit.TransferListParams{TransferGroup: "order-6735"}) {
		if err != nil {
			return refundkit.Unwind{}, err
		}
		in.Transfers = append(in.Transfers, transfer)
	}
	return refundkit.NewUnwind(in)
}

// A job for each part, to be stored together with that of the refund.
func ExampleUnwind_Jobs() {
	_, client, charge, _ := exampleMarket()
	u, err := examplePlan(client, charge)
	if err != nil {
		log.Fatal(err)
	}
	reversals, _, err := u.Jobs("order-6735/refund-1")
	for _, job := range reversals {
		fmt.Println(job.Name, job.Params.Amount)
	}
	fmt.Println(err)
	// Output:
	// order-6735/refund-1/tr_2 150
	// order-6735/refund-1/tr_1 300
	// <nil>
}

// The customer's bank sends the refund back, after 3.00 were taken from the shop.
func ExampleUnwind_Repair() {
	_, client, charge, _ := exampleMarket()
	u, err := examplePlan(client, charge)
	if err != nil {
		log.Fatal(err)
	}
	failed := refundkit.Refund{ID: "re_1", Charge: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}, Status: refundkit.RefundStatusFailed}
	taken := []*refundkit.TransferReversal{{ID: "trr_1", Amount: 300, Transfer: refundkit.Expandable[refundkit.Transfer]{ID: "tr_1"}}}
	repair, err := u.Repair(&failed, taken, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(repair)
	// Output:
	// re_1 has failed
	//   transfer 3.00 usd to acct_shop again
}
