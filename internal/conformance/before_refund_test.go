package conformance

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// TestFakeBeforeRefunds holds what the fake shows of what stands before a refund
// to the specification.
func TestFakeBeforeRefunds(t *testing.T) {
	server := refundtest.New()
	call := func(method, path string, pairs ...string) map[string]any {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Add(pairs[i], pairs[i+1])
		}
		r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Authorization", "Bearer "+testKey)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		return answer
	}
	id := func(answer map[string]any) string { return answer["id"].(string) }

	customer := id(call("POST", "/v1/customers", "email", "jenny@example.com", "source", "tok_visa", "address[city]", "Berlin",
		"shipping[name]", "Jenny", "shipping[address][line1]", "Ring 1", "balance", "5"))
	card := id(call("POST", "/v1/payment_methods", "type", "card", "card[token]", "tok_visa_cartesBancaires"))
	token := id(call("POST", "/v1/tokens", "card[number]", "4242424242424242", "card[exp_month]", "12", "card[exp_year]", "2034"))
	session := id(call("POST", "/v1/checkout/sessions", "success_url", "https://example.com", "customer_creation", "always",
		"line_items[0][price_data][currency]", "usd", "line_items[0][price_data][unit_amount]", "500"))
	open := call("GET", "/v1/checkout/sessions/"+session)
	_, err := server.CompleteCheckout(session, "")
	require.NoError(t, err)
	for name, answer := range map[string]map[string]any{
		"customer":         call("GET", "/v1/customers/"+customer),
		"deleted_customer": call("DELETE", "/v1/customers/"+id(call("POST", "/v1/customers"))),
		"payment_method":   call("GET", "/v1/payment_methods/"+card),
		"token":            call("GET", "/v1/tokens/"+token),
		"balance":          call("GET", "/v1/balance"),
		"checkout.session": call("GET", "/v1/checkout/sessions/"+session+"?expand[]=line_items"),
	} {
		checkAnswer(t, component(t, name), answer, name)
	}
	checkAnswer(t, component(t, "checkout.session"), open, "checkout.session")
	for _, kind := range []string{"us_bank_account", "sepa_debit", "klarna"} {
		checkAnswer(t, component(t, "payment_method"), call("POST", "/v1/payment_methods", "type", kind), kind)
	}
	waiting := call("POST", "/v1/payment_intents", "amount", "500", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_threeDSecure2Required", "return_url", "https://example.com")
	checkAnswer(t, component(t, "payment_intent_next_action"), waiting["next_action"], "next_action")
}
