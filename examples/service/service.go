// Package service is a refund service as a team would write it around
// refundkit, with the tests that such a team wants. It uses nothing but the
// public API, and has Stripe's own client beside it for the payments. Copy what
// you need.
//
// A refund that the service is not sure of is repeated with the same key for 23
// hours, and left to a person after that. The program in examples/exactlyonce
// goes further: it looks such refunds up and goes on by itself.
package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stripe/stripe-go/v86"
)

// keyLife is how long a key is repeated. Stripe keeps the answer for at least 24
// hours; the last one is for the call itself and for clocks that disagree.
const keyLife = 23 * time.Hour

// Refunds is what the service needs of refundkit. In production it is
// client.Refunds, in a unit test a fake.
type Refunds interface {
	Create(ctx context.Context, params refundkit.RefundCreateParams, opts ...refundkit.CallOption) (*refundkit.Refund, error)
	Retrieve(ctx context.Context, id string, opts ...refundkit.CallOption) (*refundkit.Refund, error)
}

// Payments is what the service needs of stripe-go: client.V1PaymentIntents.
type Payments interface {
	Retrieve(ctx context.Context, id string, params *stripe.PaymentIntentRetrieveParams) (*stripe.PaymentIntent, error)
}

// Jobs stores jobs. Change calls change with the job of that id, an empty one if
// there is none, and stores the result unless there is an error. It holds a lock
// on the job meanwhile, such as SELECT ... FOR UPDATE.
type Jobs interface {
	Change(ctx context.Context, id string, change func(*Job) error) error
}

// Job is one refund that the shop has decided to make. The ID names it to
// Stripe as well: it is the idempotency key and the reference. A job that was set
// aside is never sent again: once a person has looked at the payment's refunds,
// the next try is a job with another ID.
type Job struct {
	ID            string
	PaymentIntent string
	Amount        int64             // in the currency's smallest unit
	FirstSent     time.Time         // zero until it may have been sent
	Refund        *refundkit.Refund // as it was last seen; nil until then
	SetAside      string            // why a person must look
}

func (j *Job) ended() bool { return j.Refund != nil || j.SetAside != "" }

// Service refunds payments.
type Service struct {
	Refunds  Refunds
	Payments Payments
	Jobs     Jobs
	Now      func() time.Time
}

// Plan stores a job. It sends no refund; Run does.
func (s *Service) Plan(ctx context.Context, id, paymentIntent string, amount int64) error {
	payment, err := s.Payments.Retrieve(ctx, paymentIntent, nil)
	switch {
	case err != nil:
		return err
	case payment.Status != stripe.PaymentIntentStatusSucceeded:
		return fmt.Errorf("payment %s is %s: there is nothing to refund, cancel it instead", paymentIntent, payment.Status)
	case amount > payment.AmountReceived:
		return fmt.Errorf("payment %s received %d, less than %d", paymentIntent, payment.AmountReceived, amount)
	}
	return s.Jobs.Change(ctx, id, func(job *Job) error {
		if job.ID != "" {
			return fmt.Errorf("job %s exists", id)
		}
		*job = Job{ID: id, PaymentIntent: paymentIntent, Amount: amount}
		return nil
	})
}

// Run makes the job's refund. As long as it fails and the job was not set aside,
// run it again, here or in another process: the customer is refunded once.
func (s *Service) Run(ctx context.Context, id string) error {
	job, err := s.start(ctx, id)
	if err != nil || job.ended() {
		return err
	}
	refund, err := s.Refunds.Create(ctx, refundkit.RefundCreateParams{
		PaymentIntent: job.PaymentIntent,
		Amount:        job.Amount,
		Reason:        refundkit.RefundReasonRequestedByCustomer,
	}, refundkit.IdempotencyKey(job.ID), refundkit.Reference(job.ID))
	switch {
	case err == nil:
		return s.seen(ctx, job.ID, refund)
	case refundkit.NextStep(err) == refundkit.StepRepeat:
		return err
	}
	return errors.Join(err, s.Jobs.Change(ctx, id, func(job *Job) error {
		job.SetAside = err.Error()
		return nil
	}))
}

// start stores when the job is sent for the first time, before it is: whoever
// goes on after a crash must know how long its key can be repeated.
func (s *Service) start(ctx context.Context, id string) (started Job, err error) {
	err = s.Jobs.Change(ctx, id, func(job *Job) error {
		switch {
		case job.ID == "":
			return fmt.Errorf("there is no job %s", id)
		case job.FirstSent.IsZero():
			job.FirstSent = s.Now()
		case !job.ended() && s.Now().Sub(job.FirstSent) >= keyLife:
			job.SetAside = "too old to be repeated: look at the payment's refunds"
		}
		started = *job
		return nil
	})
	return started, err
}
