package service_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/examples/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

const order = "order-6735/refund-1"

// What New makes fits as it is.
var _ service.Refunds = (*refundkit.RefundService)(nil)

// fakeRefunds answers as it is told, and keeps what it was asked for.
type fakeRefunds struct {
	refund *refundkit.Refund
	err    error

	created refundkit.RefundCreateParams
	options []refundkit.CallOption
	calls   int
}

func (f *fakeRefunds) Create(_ context.Context, params refundkit.RefundCreateParams, opts ...refundkit.CallOption) (*refundkit.Refund, error) {
	f.created, f.options = params, opts
	f.calls++
	return f.refund, f.err
}

func (f *fakeRefunds) Retrieve(context.Context, string, ...refundkit.CallOption) (*refundkit.Refund, error) {
	f.calls++
	return f.refund, f.err
}

// fakePayments knows one payment, of 2000.
type fakePayments struct{ status stripe.PaymentIntentStatus }

func (f fakePayments) Retrieve(_ context.Context, id string, _ *stripe.PaymentIntentRetrieveParams) (*stripe.PaymentIntent, error) {
	return &stripe.PaymentIntent{ID: id, Status: f.status, AmountReceived: 2000}, nil
}

// jobs are Jobs in memory.
type jobs map[string]service.Job

func (j jobs) Change(_ context.Context, id string, change func(*service.Job) error) error {
	job := j[id]
	if err := change(&job); err != nil {
		return err
	}
	j[id] = job
	return nil
}

func setup(t *testing.T, refunds service.Refunds) (*service.Service, jobs) {
	stored := jobs{}
	shop := &service.Service{Refunds: refunds, Payments: fakePayments{stripe.PaymentIntentStatusSucceeded}, Jobs: stored, Now: time.Now}
	require.NoError(t, shop.Plan(t.Context(), order, "pi_1", 500))
	return shop, stored
}

func TestRunAsksForTheRefund(t *testing.T) {
	fake := &fakeRefunds{refund: &refundkit.Refund{ID: "re_1", Status: refundkit.RefundStatusSucceeded}}
	shop, stored := setup(t, fake)

	require.NoError(t, shop.Run(t.Context(), order))

	want := refundkit.RefundCreateParams{PaymentIntent: "pi_1", Amount: 500, Reason: refundkit.RefundReasonRequestedByCustomer}
	assert.Equal(t, want, fake.created)
	assert.Equal(t, "re_1", stored[order].Refund.ID)

	// The options of a call are values that compare: all of them, or with == the one
	// that matters.
	assert.Equal(t, []refundkit.CallOption{refundkit.IdempotencyKey(order), refundkit.Reference(order)}, fake.options)
	assert.True(t, slices.ContainsFunc(fake.options, func(option refundkit.CallOption) bool { return option == refundkit.IdempotencyKey(order) }))
}

func TestRunAfterAFailure(t *testing.T) {
	for name, test := range map[string]struct {
		err      error
		setAside bool
	}{
		"no answer":          {err: &refundkit.TransportError{OutcomeUnknown: true, Err: errors.New("connection reset")}},
		"a server error":     {err: &refundkit.Error{StatusCode: 503, OutcomeUnknown: true}},
		"too many requests":  {err: &refundkit.Error{StatusCode: 429, Code: refundkit.ErrorCodeRateLimit}},
		"a stored error":     {err: &refundkit.Error{StatusCode: 500, OutcomeUnknown: true, Replayed: true}, setAside: true},
		"a disputed payment": {err: &refundkit.Error{StatusCode: 400, Code: refundkit.ErrorCodeChargeDisputed}, setAside: true},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeRefunds{err: test.err}
			shop, stored := setup(t, fake)

			require.ErrorIs(t, shop.Run(t.Context(), order), test.err)
			assert.Equal(t, test.setAside, stored[order].SetAside != "")

			_ = shop.Run(t.Context(), order)
			assert.Equal(t, test.setAside, fake.calls == 1, "a job that was set aside is not sent again, any other is")
		})
	}
}

func TestAnOldJobIsNotRepeated(t *testing.T) {
	fake := &fakeRefunds{err: &refundkit.TransportError{OutcomeUnknown: true, Err: errors.New("connection reset")}}
	shop, stored := setup(t, fake)
	require.Error(t, shop.Run(t.Context(), order))

	shop.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	require.NoError(t, shop.Run(t.Context(), order))
	assert.Equal(t, 1, fake.calls)
	assert.NotEmpty(t, stored[order].SetAside)
}

func TestPlanRefuses(t *testing.T) {
	shop, _ := setup(t, &fakeRefunds{})
	require.Error(t, shop.Plan(t.Context(), order, "pi_1", 500), "a job that exists")
	require.Error(t, shop.Plan(t.Context(), "order-2", "pi_1", 2001), "more than was received")
	shop.Payments = fakePayments{stripe.PaymentIntentStatusRequiresCapture}
	require.Error(t, shop.Plan(t.Context(), "order-2", "pi_1", 500), "a payment that is only authorized")
}
