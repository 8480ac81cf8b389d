package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// TestFakeShows holds every object that the fake shows to the specification, in
// the states that an object can be in: presence and kind of every property.
func TestFakeShows(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(w *viewer) // shows objects, directly and as events
	}{
		{"a card payment", func(w *viewer) { w.pay("pm_card_visa") }},
		{"a direct charge", func(w *viewer) {
			w.post("/v1/charges", "amount=1000&currency=usd&source=tok_visa&expand[]=balance_transaction")
		}},
		{"a declined payment", func(w *viewer) { w.post("/v1/payment_intents", payment+"&payment_method=pm_card_chargeDeclined") }},
		{"a declined charge", func(w *viewer) { w.post("/v1/charges", "amount=1000&currency=usd&source=tok_chargeDeclined") }},
		{"a payment with everything", func(w *viewer) {
			w.post("/v1/payment_intents", payment+"&payment_method=pm_card_visa&transfer_group=A&statement_descriptor=A&"+
				"shipping[name]=A&shipping[address][city]=B&transfer_data[destination]=acct_1&transfer_data[amount]=5&on_behalf_of=acct_1&"+
				"application_fee_amount=5&setup_future_usage=off_session&receipt_email=jenny@example.com&expand[]=latest_charge")
		}},
		{"a hold", func(w *viewer) {
			held := w.post("/v1/payment_intents", payment+"&payment_method=pm_card_visa&capture_method=manual&expand[]=latest_charge")
			w.post("/v1/payment_intents/"+held["id"].(string)+"/capture", "amount_to_capture=500&expand[]=latest_charge.balance_transaction")
		}},
		{"a hold that is canceled", func(w *viewer) {
			held := w.post("/v1/payment_intents", payment+"&payment_method=pm_card_visa&capture_method=manual")
			w.post("/v1/payment_intents/"+held["id"].(string)+"/cancel", "cancellation_reason=duplicate&expand[]=latest_charge")
		}},
		{"a hold that expires", func(w *viewer) {
			w.post("/v1/payment_intents", payment+"&payment_method=pm_card_visa&capture_method=manual")
			w.server.Advance(8 * 24 * time.Hour)
		}},
		{"an intent without a payment", func(w *viewer) { w.post("/v1/payment_intents", "amount=1000&currency=usd") }},
		{"a dispute", func(w *viewer) {
			require.NoError(w.t, w.server.Dispute(w.paid("").ID))
			require.NoError(w.t, w.server.WinDispute(w.server.Recent(1).Charges[0].ID))
			w.get("/v1/charges/" + w.server.Recent(1).Charges[0].ID + "?expand[]=dispute")
		}},
		{"a transfer that is reversed", func(w *viewer) {
			charge := w.post("/v1/charges", "amount=1000&currency=usd&source=tok_visa&application_fee_amount=90&transfer_data[destination]=acct_1")
			transfer := "/v1/transfers/" + charge["transfer"].(string)
			back := w.post(transfer+"/reversals", "amount=100&refund_application_fee=true&expand[]=balance_transaction.source&"+
				"expand[]=destination_payment_refund&expand[]=transfer")
			w.get(transfer + "?expand[]=balance_transaction&expand[]=destination_payment&expand[]=source_transaction&expand[]=reversals.data.transfer")
			w.get(transfer + "/reversals/" + back["id"].(string) + "?expand[]=transfer.source_transaction")
			fee := "/v1/application_fees/" + charge["application_fee"].(string)
			given := w.post(fee+"/refunds", "amount=10&expand[]=balance_transaction.source&expand[]=fee.originating_transaction")
			w.get(fee + "?expand[]=charge&expand[]=balance_transaction&expand[]=refunds.data.fee&expand[]=originating_transaction")
			w.get(fee + "/refunds/" + given["id"].(string))
			w.post("/v1/transfers", "amount=10&currency=usd&destination=acct_2&description=A&metadata[a]=b")
			w.post("/v1/refunds", "charge="+charge["id"].(string)+"&reverse_transfer=true&refund_application_fee=true&"+
				"expand[]=transfer_reversal.destination_payment_refund.source_transfer_reversal&expand[]=charge.transfer.reversals")
		}},
		{"an inquiry", func(w *viewer) { require.NoError(w.t, w.server.Inquire(w.paid("").ID)) }},
		{"a payment record", func(w *viewer) {
			record := w.post("/v1/payment_records/report_payment", "amount_requested[value]=1000&amount_requested[currency]=usd&initiated_at=1&"+
				"payment_method_details[type]=custom&outcome=guaranteed&guaranteed[guaranteed_at]=1")
			w.post("/v1/payment_records/"+record["id"].(string)+"/report_refund", "outcome=refunded&processor_details[type]=custom&"+
				"processor_details[custom][refund_reference]=A&refunded[refunded_at]=1")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newViewer(t)
			tc.make(w)
			w.checkEvents()
		})
	}
}

// TestFakeShowsRefunds is TestFakeShows for refunds, by every method and in every
// status.
func TestFakeShowsRefunds(t *testing.T) {
	for _, kind := range []string{"card", "us_bank_account", "sepa_debit", "bacs_debit", "au_becs_debit", "customer_balance",
		"multibanco", "blik", "ideal", "paypal", "klarna"} {
		t.Run(kind, func(t *testing.T) {
			w := newViewer(t)
			for _, status := range []string{"succeeded", "pending", "requires_action", "failed", "canceled"} {
				added, err := w.server.AddRefund(refundtest.Refund{Charge: w.paid(kind).ID, Status: status})
				require.NoError(t, err)
				refund := w.get("/v1/refunds/" + added.ID + "?expand[]=charge.payment_intent&expand[]=balance_transaction&" +
					"expand[]=failure_balance_transaction&expand[]=customer&expand[]=payment_method")
				require.Equal(t, status, refund["status"])
			}
			w.post("/v1/refunds", "charge="+w.paid(kind).ID)
			w.server.Advance(time.Hour)
			w.checkEvents()
		})
	}
}

// TestFakeShowsCustomers is TestFakeShows for customers and payment methods.
func TestFakeShowsCustomers(t *testing.T) {
	w := newViewer(t)
	if status, _ := w.send(http.MethodPost, "/v1/customers", "email=jenny@example.com"); status == http.StatusNotFound {
		t.Skip("the fake has no customers")
	}
	customer := w.post("/v1/customers", "email=jenny@example.com&name=Jenny")["id"].(string)
	method := w.post("/v1/payment_methods", "type=card&card[token]=tok_visa")["id"].(string)
	w.post("/v1/payment_methods/"+method+"/attach", "customer="+customer)
	w.post("/v1/payment_intents", payment+"&payment_method="+method+"&customer="+customer+"&expand[]=customer&expand[]=payment_method")
	w.checkEvents()
}

const payment = "amount=1000&currency=usd&confirm=true"

// viewer sends requests to a fake and checks what it shows.
type viewer struct {
	t      *testing.T
	server *refundtest.Server
}

func newViewer(t *testing.T) *viewer {
	t.Helper()
	server := refundtest.New(refundtest.WithSeed(6735))
	t.Cleanup(server.Close)
	return &viewer{t, server}
}

func (w *viewer) get(path string) map[string]any { return w.show(http.MethodGet, path, "") }

func (w *viewer) post(path, form string) map[string]any { return w.show(http.MethodPost, path, form) }

func (w *viewer) pay(method string) map[string]any {
	return w.post("/v1/payment_intents", payment+"&payment_method="+method+"&expand[]=latest_charge")
}

// paid adds a charge.
func (w *viewer) paid(kind string) refundtest.Charge {
	return w.server.AddCharge(refundtest.Charge{PaymentMethodType: kind, ReceiptEmail: "jenny@example.com", Customer: "cus_1"})
}

func (w *viewer) show(method, path, form string) map[string]any {
	w.t.Helper()
	status, answer := w.send(method, path, form)
	if problem, failed := answer["error"].(map[string]any); failed {
		require.Equal(w.t, http.StatusPaymentRequired, status, "%v", problem)
		checkAnswer(w.t, component(w.t, "error"), answer, "error")
		return answer
	}
	kind := answer["object"].(string)
	checkAnswer(w.t, component(w.t, kind), answer, kind)
	return answer
}

func (w *viewer) send(method, path, form string) (status int, answer map[string]any) {
	w.t.Helper()
	encoded, err := url.ParseQuery(form)
	require.NoError(w.t, err)
	r, err := http.NewRequestWithContext(w.t.Context(), method, "https://api.stripe.com"+path, strings.NewReader(encoded.Encode()))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+testKey)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := w.server.HTTPClient().Do(r)
	require.NoError(w.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, json.Unmarshal(body, &answer))
	return response.StatusCode, answer
}

// checkEvents checks what has happened, and the objects that it happened to.
func (w *viewer) checkEvents() {
	w.t.Helper()
	for _, event := range w.server.Events() {
		var body map[string]any
		require.NoError(w.t, json.Unmarshal(event.Body, &body))
		checkAnswer(w.t, component(w.t, "event"), body, "event")
		about := body["data"].(map[string]any)["object"].(map[string]any)
		kind := about["object"].(string)
		checkAnswer(w.t, component(w.t, kind), about, kind)
	}
}
