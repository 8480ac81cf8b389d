package service_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/examples/service"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// payments returns Stripe's own client in front of the fake.
func payments(httpClient *http.Client) *stripe.Client {
	return stripe.NewClient("sk_test_123", stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		HTTPClient:      httpClient,
		EnableTelemetry: stripe.Bool(false),
	})))
}

// newProcess returns the service as a process starts it, with nothing but what
// is stored.
func newProcess(t *testing.T, server *refundtest.Server, stored jobs) *service.Service {
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithMaxRetries(0))
	require.NoError(t, err)
	return &service.Service{
		Refunds:  client.Refunds,
		Payments: payments(server.HTTPClient()).V1PaymentIntents,
		Jobs:     stored,
		Now:      server.Now,
	}
}

// TestALostAnswer makes the refund happen and its answer vanish. Another process
// finds the key, and gets the answer.
func TestALostAnswer(t *testing.T) {
	server, stored := refundtest.New(refundtest.WithReporter(t)), jobs{}
	payment, err := payments(server.HTTPClient()).V1PaymentIntents.Create(t.Context(), &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(2000), Currency: stripe.String(stripe.CurrencyUSD), PaymentMethod: stripe.String("pm_card_visa"), Confirm: stripe.Bool(true),
	})
	require.NoError(t, err)
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))

	shop := newProcess(t, server, stored)
	require.NoError(t, shop.Plan(t.Context(), order, payment.ID, 500))
	require.ErrorIs(t, shop.Run(t.Context(), order), refundkit.ErrOutcomeUnknown)
	assert.Nil(t, stored[order].Refund)

	server.Advance(time.Hour)
	require.NoError(t, newProcess(t, server, stored).Run(t.Context(), order))

	made := server.AssertRefundedOnce(t, refundtest.Refund{PaymentIntent: payment.ID, Amount: 500, Reason: "requested_by_customer"})
	assert.Equal(t, made.ID, stored[order].Refund.ID)
	assert.Equal(t, order, made.IdempotencyKey)
}

// TestARefusal needs no fault: the fake knows what is left of a payment.
func TestARefusal(t *testing.T) {
	server, stored := refundtest.New(refundtest.WithReporter(t)), jobs{}
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	shop := newProcess(t, server, stored)
	require.NoError(t, shop.Plan(t.Context(), order, charge.PaymentIntent, 500))
	_, err := server.RefundInDashboard(charge.ID, 1800)
	require.NoError(t, err)

	require.ErrorIs(t, shop.Run(t.Context(), order), refundkit.ErrAmountExceedsRemaining)
	assert.NotEmpty(t, stored[order].SetAside)
}
