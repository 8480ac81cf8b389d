package refundkit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// exampleTable is a database in a map: it writes a job only over the version before.
type exampleTable map[string]refundkit.Job

func (t exampleTable) save(_ context.Context, job refundkit.Job) error {
	if stored, found := t[job.Name]; found && stored.Version != job.Version-1 {
		return refundkit.ErrJobChanged
	}
	t[job.Name] = job
	return nil
}

// exampleJob is a job for 5.00 of a charge, in a table.
func exampleJob(charge refundtest.Charge) (refundkit.Job, exampleTable) {
	job, err := refundkit.NewJob("order-6735/refund-1", refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500})
	if err != nil {
		log.Fatal(err)
	}
	return job, exampleTable{job.Name: job}
}

// exampleAdvance moves the job on, as a worker does with each job that is due.
func exampleAdvance(client *refundkit.Client, job refundkit.Job, table exampleTable) refundkit.Job {
	job, _, err := client.Refunds.Advance(context.Background(), job, table.save)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("advanced:", job.State)
	return job
}

// A worker calls Advance for each job that is due. Here the answer of the first send
// is lost; the second gets the stored answer, and nothing is refunded twice.
func ExampleRefundService_Advance() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))
	client := exampleClient(server, refundkit.WithMaxRetries(0), refundkit.WithClock(server.Now))
	job, table := exampleJob(charge)

	for job.State != refundkit.JobStateMade {
		var err error
		job, _, err = client.Refunds.Advance(context.Background(), job, table.save)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.State)
		server.Advance(2 * time.Minute) // until it is due again
	}
	fmt.Println("refunds:", len(server.Refunds(charge.ID)))
	// Output:
	// open
	// made
	// refunds: 1
}

// A mistake shows where the refund is asked for.
func ExampleNewJob() {
	_, err := refundkit.NewJob("order-6735/refund-1", refundkit.RefundCreateParams{Charge: "ch_1"})
	fmt.Println(err)
	// Output: refundkit: NewJob: amount: say how much: set Amount, at least 1 in the currency's smallest unit, or Remaining: true for all that is left
}

// The key is made from the name and the generation alone, so that every process has
// the same one.
func ExampleJob_Key() {
	job, _ := exampleJob(refundtest.Charge{ID: "ch_1"})
	fmt.Println(job.Key() == refundkit.KeyFrom("order-6735/refund-1", "0"))
	// Output: true
}

// The bank sends the money back two weeks later. Nobody asked; only the event tells.
func ExampleJob_Observe() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server, refundkit.WithClock(server.Now))
	job, table := exampleJob(charge)
	job = exampleAdvance(client, job, table)

	server.Advance(14 * 24 * time.Hour)
	if err := server.Fail(job.ID, ""); err != nil {
		log.Fatal(err)
	}
	for _, sent := range server.Events() {
		var event refundkit.Event
		if err := json.Unmarshal(sent.Body, &event); err != nil {
			log.Fatal(err)
		}
		if _, err := event.Refund(); err != nil {
			continue // of the charge
		}
		next, err := job.Observe(&event)
		if err != nil {
			log.Fatal(err)
		}
		job = next
	}
	fmt.Println(job.State, string(job.Problem))
	// Output:
	// advanced: made
	// needs_person refund_failed
}

// The payment was disputed; the dispute is won, and somebody says so.
func ExampleJob_Resume() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	if err := server.Dispute(charge.ID); err != nil {
		log.Fatal(err)
	}
	client := exampleClient(server, refundkit.WithClock(server.Now))
	job, table := exampleJob(charge)
	job = exampleAdvance(client, job, table)
	fmt.Println(job.Problem)

	if err := server.WinDispute(charge.ID); err != nil {
		log.Fatal(err)
	}
	job, err := job.Resume()
	if err != nil {
		log.Fatal(err)
	}
	if err := table.save(context.Background(), job); err != nil {
		log.Fatal(err)
	}
	exampleAdvance(client, job, table)
	// Output:
	// advanced: needs_person
	// the payment is disputed: answer the dispute, then Cancel or Resume
	// advanced: made
}

// A person at the Dashboard was faster, and that refund serves.
func ExampleJob_Accept() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 500})
	byHand, err := server.RefundInDashboard(charge.ID, 500)
	if err != nil {
		log.Fatal(err)
	}
	job, table := exampleJob(charge)
	job = exampleAdvance(exampleClient(server, refundkit.WithClock(server.Now)), job, table)

	job, err = job.Accept(byHand.ID)
	fmt.Println(job.State, job.ID == byHand.ID, err)
	// Output:
	// advanced: needs_person
	// made true <nil>
}

// A refund of the same payment and amount has no reference: a person knows that it
// is another one.
func ExampleJob_Judge() {
	job, _ := exampleJob(refundtest.Charge{ID: "ch_1"})
	job.State, job.Problem, job.Detail = refundkit.JobStateNeedsPerson, refundkit.JobProblemLookAlike, "re_1"

	job, err := job.Judge("re_1")
	fmt.Println(job.State, job.Judged, err)
	// Output: open [re_1] <nil>
}

// What surely was not sent can be given up; what may have been made can't.
func ExampleJob_Cancel() {
	job, _ := exampleJob(refundtest.Charge{ID: "ch_1"})
	canceled, err := job.Cancel()
	fmt.Println(canceled.State, err)

	job.State, job.Open = refundkit.JobStateOpen, true
	_, err = job.Cancel()
	fmt.Println(err)
	// Output:
	// canceled <nil>
	// refundkit: Job.Cancel: State: a refund was or may have been made (state open)
}

// Workers on several machines go by the clock of their database.
func ExampleClockOffset() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server, refundkit.WithClock(server.Now))
	job, table := exampleJob(charge)

	databaseIsAhead := 2 * time.Hour // SELECT now(), less time.Now()
	job, _, err := client.Refunds.Advance(context.Background(), job, table.save, refundkit.ClockOffset(databaseIsAhead))
	fmt.Println(job.FirstSent.Sub(server.Now()).Hours(), err)
	// Output: 2 <nil>
}
