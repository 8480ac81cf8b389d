package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func get(b *bench, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, path, nil))
	return recorder
}

func TestOrdersThatAreRefused(t *testing.T) {
	b := setup(t)
	for name, body := range map[string]string{
		"no amount":        `{"name":"order-1","params":{"charge":"ch_1"}}`,
		"no name":          `{"params":{"charge":"ch_1","amount":500}}`,
		"a mistyped field": `{"name":"order-1","params":{"charge":"ch_1","amount":500,"reverse_transfers":true}}`,
		"not JSON":         `amount=500`,
	} {
		t.Run(name, func(t *testing.T) {
			status, _ := b.post("/refunds", body)
			assert.Equal(t, http.StatusBadRequest, status)
		})
	}
	assert.Equal(t, "[]\n", get(b, "/refunds?state=waiting").Body.String())
}

// TestARefundOfSomebodyElse is made at the Dashboard: it is acknowledged.
func TestARefundOfSomebodyElse(t *testing.T) {
	b := setup(t)
	_, err := b.server.RefundInDashboard(b.server.AddCharge(refundtest.Charge{}).ID, 0)
	require.NoError(t, err)
	require.NotEmpty(t, b.hook.Deliveries())
	for _, delivery := range b.hook.Deliveries() {
		assert.Equal(t, http.StatusOK, delivery.Status, delivery.Event.Type)
	}
}

// TestAForgedEvent is signed by somebody who doesn't have the secret.
func TestAForgedEvent(t *testing.T) {
	b := setup(t)
	b.order(b.server.AddCharge(refundtest.Charge{}))
	payload := []byte(`{"id":"evt_1","object":"event","type":"refund.created","data":{"object":
		{"id":"re_1","object":"refund","status":"succeeded","metadata":{"refundkit_reference":"` + order + `"}}}}`)
	request := refundtest.EventRequest(payload, b.server.Now(), "whsec_of_somebody_else")
	request.URL.Path = "/stripe"
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, request)
	assert.Equal(t, http.StatusBadRequest, recorder.Code)
	assert.Empty(t, b.row().ID)
}
