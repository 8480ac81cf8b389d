package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

const testKey = "sk_test_conformance"

// sent is what a request carried, and what came back. The parameters are those
// of the body or, of a GET, those of the URL.
type sent struct {
	method, path string
	form         url.Values
	status       int
	answer       []byte
}

// inProcess hands requests to a handler, without a socket, and remembers them.
type inProcess struct {
	handler http.Handler
	sent    []sent
}

func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		read, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(read)
	}
	encoded := body
	if r.Method == http.MethodGet {
		encoded = r.URL.RawQuery
	}
	form, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, err
	}
	arrived := r.Clone(r.Context())
	arrived.Body = io.NopCloser(strings.NewReader(body))
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, arrived)
	p.sent = append(p.sent, sent{r.Method, r.URL.Path, form, recorder.Code, recorder.Body.Bytes()})
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// startStripeMock makes stripe-mock once. It refuses another API version than
// its own.
var startStripeMock = sync.OnceValues(func() (*server.StubServer, error) {
	official, err := loadSpec()
	if err != nil {
		return nil, err
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, err
	}
	return server.NewStubServer(fixtures, official, true, false)
})

func stripeMock(t *testing.T) http.Handler {
	t.Helper()
	stub, err := startStripeMock()
	require.NoError(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		stub.HandleRequest(recorder, r)
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorder.Code)
		_, err := w.Write(answering(r, recorder.Body.Bytes()))
		require.NoError(t, err)
	})
}

// answering makes stripe-mock's fixture the answer to the request: it names other
// objects than were asked for, and an answer that does is refused.
func answering(r *http.Request, body []byte) []byte {
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return body
	}
	items, _ := answer["data"].([]any)
	for _, item := range append(items, answer) {
		object, _ := item.(map[string]any)
		nameOwner(object, r.URL.Path)
		for _, name := range []string{"charge", "payment_intent", "customer", "destination", "transfer_group"} {
			link, isID := object[name].(string)
			if asked := r.URL.Query().Get(name); asked != "" && isID && link != asked {
				object[name] = asked
			} else if linked, isObject := object[name].(map[string]any); asked != "" && isObject {
				linked["id"] = asked
			}
		}
	}
	for segment := range strings.SplitSeq(r.URL.Path, "/") {
		if answer["object"] == kindOfID(segment) {
			answer["id"] = segment
		}
	}
	changed, err := json.Marshal(answer)
	if err != nil {
		return body
	}
	return changed
}

// kindOfID tells what the calls name by an ID, or nothing for what is none.
func kindOfID(segment string) string {
	return map[string]string{
		chargeID: "charge", refundID: "refund", recordID: "payment_record", intentID: "payment_intent", disputeID: "dispute",
		transactionID: "balance_transaction", eventID: "event", transferID: "transfer", reversalID: "transfer_reversal",
		feeID: "application_fee", feeRefundID: "fee_refund",
	}[segment]
}

// setup returns our client in front of handler, and what it sends. A call is
// sent once, so that a refusal is seen as it is.
func setup(t *testing.T, handler http.Handler) (*refundkit.Client, *inProcess) {
	t.Helper()
	transport := &inProcess{handler: handler}
	client, err := refundkit.New(testKey, refundkit.WithHTTPClient(&http.Client{Transport: transport}), refundkit.WithMaxRetries(0))
	require.NoError(t, err)
	return client, transport
}
