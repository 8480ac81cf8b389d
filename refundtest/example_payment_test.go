package refundtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/refundkit/refundkit/refundtest"
)

// post sends a request as any client would, and returns what was answered.
func post(client *http.Client, path string, form url.Values) (answer struct {
	ID, Status    string
	PaymentIntent string `json:"payment_intent"`
}) {
	r, _ := http.NewRequest("POST", "https://api.stripe.com"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Authorization", "Bearer sk_test_example")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(r)
	if err != nil {
		return answer
	}
	defer response.Body.Close()
	_ = json.NewDecoder(response.Body).Decode(&answer)
	return answer
}

// A customer pays on the page of a Checkout Session, and is refunded.
func ExampleWorld_CompleteCheckout() {
	var t printer // your *testing.T
	server := refundtest.New()
	session := post(server.HTTPClient(), "/v1/checkout/sessions", url.Values{
		"mode": {"payment"}, "success_url": {"https://example.com/thanks"},
		"line_items[0][price_data][currency]":           {"usd"},
		"line_items[0][price_data][unit_amount]":        {"1500"},
		"line_items[0][price_data][product_data][name]": {"Hat"},
	})
	_, err := server.CompleteCheckout(session.ID, "pm_card_visa_chargeDeclined")
	fmt.Println(err)
	charge, _ := server.CompleteCheckout(session.ID, "pm_card_visa")
	post(server.HTTPClient(), "/v1/refunds", url.Values{"payment_intent": {charge.PaymentIntent}})
	refund := server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID})
	fmt.Println(refund.Amount, refund.Status)
	// Output:
	// refundtest: the payment was declined: generic_decline
	// 1500 succeeded
}

// A card that wants 3D Secure: no money moves before the customer has passed.
func ExampleWorld_Authenticate() {
	server := refundtest.New()
	payment := post(server.HTTPClient(), "/v1/payment_intents", url.Values{
		"amount": {"2000"}, "currency": {"usd"}, "confirm": {"true"}, "payment_method": {"pm_card_authenticationRequired"},
	})
	fmt.Println(payment.Status, len(server.Recent(1).Charges))
	if err := server.Authenticate(payment.ID); err != nil {
		fmt.Println(err)
	}
	fmt.Println(server.Recent(1).Charges[0].Status)
	// Output:
	// requires_action 0
	// succeeded
}
