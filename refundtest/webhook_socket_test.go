package refundtest_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDeliveryOverSockets(t *testing.T) {
	c := setup(t)
	box := newInbox(t, c.server)
	endpoint := httptest.NewServer(box)
	defer endpoint.Close()
	hook, err := c.server.AddWebhookURL(endpoint.URL+"/hooks", hookSecret)
	require.NoError(t, err)
	other := c.overSocket()
	other.client.Transport.(*http.Transport).MaxConnsPerHost = 1
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	box.during = func(*http.Request) { // on the only connection: it must be free by now
		assert.Equal(t, 200, other.try(t.Context(), "GET", "/v1/charges/"+charge, "").status)
	}
	for range 3 {
		other.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	}
	hook.Deliver() // waits
	assert.Len(t, box.seen(), 6)
	assert.Len(t, hook.Deliveries(), 6)
	c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	assert.Len(t, box.seen(), 8, "nothing to wait for")

	endpoint.Close()
	other.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
	hook.Deliver()
	assert.Error(t, hook.Deliveries()[8].Err)
	c.server.Close()
	assert.Len(t, hook.Deliveries(), 10)
}

func TestWebhookURLIsChecked(t *testing.T) {
	for _, endpoint := range []string{"", "localhost:80/x", "/hooks", "ftp://localhost/", "http://%zz"} {
		_, err := refundtest.New().AddWebhookURL(endpoint, hookSecret)
		assert.Error(t, err, endpoint)
	}
}

// slowToReturn hands on an answer, but does not let the handler end.
type slowToReturn struct {
	http.ResponseWriter
	gate chan struct{}
}

func (w slowToReturn) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	<-w.gate
	return err
}

func TestDeliverWaitsForWhatIsAnswered(t *testing.T) {
	c, box, hook := listening(t)
	gate := make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.server.ServeHTTP(slowToReturn{w, gate}, r)
	}))
	defer front.Close()
	c.base, c.client = front.URL, front.Client()
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.post("/v1/refunds", "charge", charge).ok(t)
	go func() {
		for range 1000 {
			runtime.Gosched()
		}
		close(gate)
	}()
	hook.Deliver()
	assert.Len(t, box.seen(), 2)
}

func TestServedEventsComeAfterTheAnswer(t *testing.T) {
	c, box, _ := listening(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	answer := httptest.NewRecorder()
	box.during = func(*http.Request) { assert.Contains(t, answer.Body.String(), charge) }
	r := httptest.NewRequest("POST", "/v1/refunds?charge="+charge, nil)
	r.Header = c.header
	c.server.ServeHTTP(answer, r)
	assert.Len(t, box.seen(), 2, "without a connection there is nothing to wait for")
}
