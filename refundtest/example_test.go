package refundtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// printer is the *testing.T of an example.
type printer struct{}

func (printer) Helper()                        {}
func (printer) Cleanup(func())                 {}
func (printer) Errorf(format string, a ...any) { fmt.Printf(format+"\n", a...) }

// shop stands for the program under test: it knows Stripe, and has not heard of
// refundtest.
type shop struct{ client *http.Client }

func (s shop) refund(key, charge, amount string) (status, code string) {
	form := url.Values{"charge": {charge}, "amount": {amount}}
	r, _ := http.NewRequest("POST", "https://api.stripe.com/v1/refunds", strings.NewReader(form.Encode()))
	r.Header.Set("Authorization", "Bearer sk_test_example")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Idempotency-Key", key)
	response, err := s.client.Do(r)
	if err != nil {
		return "no answer", ""
	}
	defer response.Body.Close()
	var body struct {
		Status string
		Error  struct{ Code string }
	}
	_ = json.NewDecoder(response.Body).Decode(&body)
	return body.Status, body.Error.Code
}

// The question of most tests: was exactly this refund made, once?
func Example_refundedOnce() {
	var t printer // your *testing.T
	server := refundtest.New(refundtest.WithReporter(t))
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})

	app := shop{server.HTTPClient()}
	app.refund("order-1", charge.ID, "500")

	refund := server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	fmt.Println(refund.Status, refund.IdempotencyKey)
	// Output: succeeded order-1
}

// A charge that somebody refunded before.
func Example_alreadyRefunded() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	if _, err := server.RefundInDashboard(charge.ID, 0); err != nil {
		fmt.Println(err)
	}

	app := shop{server.HTTPClient()}
	_, code := app.refund("order-1", charge.ID, "500")
	fmt.Println(code)
	// Output: charge_already_refunded
}

// The answer is lost after the work was done. With the same key the program
// gets it after all, and the customer is refunded once.
func Example_timeoutThenRetry() {
	var t printer // your *testing.T
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))

	app := shop{server.HTTPClient()}
	status, _ := app.refund("order-1", charge.ID, "500")
	fmt.Println(status)
	status, _ = app.refund("order-1", charge.ID, "500")
	fmt.Println(status, server.Requests()[1].Replayed)
	server.AssertRefundedOnce(t, refundtest.Refund{Charge: charge.ID, Amount: 500})
	// Output:
	// no answer
	// succeeded true
}

// A refund succeeds, and fails seconds later: the customer's card is gone. The
// program learns of it from an event.
func Example_failsLater() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, OnRefund: refundtest.SucceedsThenFails})

	app := shop{server.HTTPClient()}
	status, _ := app.refund("order-1", charge.ID, "500")
	fmt.Println(status)

	seen := len(server.Events())
	server.Advance(5 * time.Second)
	for _, event := range server.Events()[seen:] {
		fmt.Println(event.Type)
	}
	fmt.Println(server.Refunds(charge.ID)[0].FailureReason)
	// Output:
	// succeeded
	// refund.failed
	// refund.updated
	// charge.refund.updated
	// expired_or_canceled_card
}

// More refunds than fit on a page, seeded without a request.
func Example_secondPage() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 10_000})
	refunds := make([]refundtest.Refund, 120)
	for i := range refunds {
		refunds[i] = refundtest.Refund{Charge: charge.ID, Amount: 50}
	}
	if _, err := server.AddRefunds(refunds); err != nil {
		fmt.Println(err)
	}

	for cursor := ""; ; {
		r, _ := http.NewRequest("GET", "https://api.stripe.com/v1/refunds?limit=100"+cursor, nil)
		r.Header.Set("Authorization", "Bearer sk_test_example")
		response, err := server.HTTPClient().Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		var page struct {
			Data []struct{ ID string }
			More bool `json:"has_more"`
		}
		_ = json.NewDecoder(response.Body).Decode(&page)
		_ = response.Body.Close()
		fmt.Println(len(page.Data), page.More)
		if !page.More {
			break
		}
		cursor = "&starting_after=" + page.Data[len(page.Data)-1].ID
	}
	// Output:
	// 100 true
	// 20 false
}

// A refund that waits for the customer's bank details can be canceled.
func ExampleWorld_SubmitDetails() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"})

	app := shop{server.HTTPClient()}
	app.refund("order-1", charge.ID, "500")
	id := server.Refunds(charge.ID)[0].ID
	for _, move := range []func(string) error{server.SubmitDetails, server.Settle, server.RequireAction, server.Expire} {
		if err := move(id); err != nil {
			fmt.Println(err)
		}
		now, _ := server.Refund(id)
		fmt.Println(now.Status)
	}
	// Output:
	// pending
	// succeeded
	// requires_action
	// failed
}

// A low balance makes card refunds wait until it is topped up.
func ExampleWorld_TopUp() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.SetBalance("usd", 100)

	app := shop{server.HTTPClient()}
	app.refund("order-1", charge.ID, "500")
	fmt.Println(server.Refunds(charge.ID)[0].PendingReason)
	server.TopUp("usd", 1000)
	fmt.Println(server.Refunds(charge.ID)[0].Status)
	// Output:
	// insufficient_funds
	// succeeded
}
