package service_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/examples/service"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "whsec_test"

func handler(t *testing.T, server *refundtest.Server, shop *service.Service) http.Handler {
	hook, err := webhook.New([]string{secret}, webhook.WithClock(server.Now), webhook.WithoutChargeRefundUpdated())
	require.NoError(t, err)
	return hook.Handler(shop.HandleEvent)
}

// TestTheBankSendsTheMoneyBack hears of it by webhook alone. Some events come
// twice, some before the call is answered, and none in order.
func TestTheBankSendsTheMoneyBack(t *testing.T) {
	server, stored := refundtest.New(refundtest.WithReporter(t)), jobs{}
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, OnRefund: refundtest.SucceedsThenFails})
	shop := newProcess(t, server, stored)
	hook := server.AddWebhook(handler(t, server, shop), secret,
		refundtest.BeforeAnswer(0.5, 1), refundtest.Duplicated(0.5, 2), refundtest.Reordered(3))

	require.NoError(t, shop.Plan(t.Context(), order, charge.PaymentIntent, 500))
	require.NoError(t, shop.Run(t.Context(), order))
	assert.Equal(t, refundkit.RefundStatusSucceeded, stored[order].Refund.Status)

	server.Advance(time.Minute)
	hook.Deliver()
	assert.Equal(t, refundkit.RefundStatusFailed, stored[order].Refund.Status)
	for _, delivery := range hook.Deliveries() {
		assert.Equal(t, http.StatusOK, delivery.Status, delivery.Event.Type)
	}
}

// TestAnOldEventChangesNothing sends the first event again and again: at a time
// when it may be the truth, and when it can't be any more.
func TestAnOldEventChangesNothing(t *testing.T) {
	server, stored := refundtest.New(refundtest.WithReporter(t)), jobs{}
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, OnRefund: refundtest.PendsThenSucceeds})
	shop := newProcess(t, server, stored)
	hook := server.AddWebhook(handler(t, server, shop), secret, refundtest.EventTypes("refund.*"))
	require.NoError(t, shop.Plan(t.Context(), order, charge.PaymentIntent, 500))
	require.NoError(t, shop.Run(t.Context(), order))
	first := hook.Deliveries()[0].Event.ID

	server.Advance(time.Minute)
	require.NoError(t, hook.Resend(first))
	assert.Equal(t, refundkit.RefundStatusSucceeded, stored[order].Refund.Status)

	require.NoError(t, server.Fail(stored[order].Refund.ID, "expired_or_canceled_card"))
	require.NoError(t, hook.Resend(first))
	assert.Equal(t, refundkit.RefundStatusFailed, stored[order].Refund.Status)
}

// TestARefundOfSomebodyElse is made at the Dashboard: it is acknowledged.
func TestARefundOfSomebodyElse(t *testing.T) {
	server, stored := refundtest.New(refundtest.WithReporter(t)), jobs{}
	hook := server.AddWebhook(handler(t, server, newProcess(t, server, stored)), secret)
	_, err := server.RefundInDashboard(server.AddCharge(refundtest.Charge{}).ID, 0)
	require.NoError(t, err)

	require.NotEmpty(t, hook.Deliveries())
	for _, delivery := range hook.Deliveries() {
		assert.Equal(t, http.StatusOK, delivery.Status, delivery.Event.Type)
	}
	assert.Empty(t, stored)
}

// TestAForgedEvent is signed by somebody who doesn't have the secret.
func TestAForgedEvent(t *testing.T) {
	server, stored := refundtest.New(), jobs{}
	shop := newProcess(t, server, stored)
	payload := []byte(`{"id":"evt_1","object":"event","type":"refund.failed","data":{"object":
		{"id":"re_1","object":"refund","status":"failed","metadata":{"refundkit_reference":"` + order + `"}}}}`)

	recorder := httptest.NewRecorder()
	handler(t, server, shop).ServeHTTP(recorder, refundtest.EventRequest(payload, server.Now(), "whsec_of_somebody_else"))
	assert.Equal(t, http.StatusBadRequest, recorder.Code)
	assert.Empty(t, stored)
}
