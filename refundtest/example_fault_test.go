package refundtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/refundkit/refundkit/refundtest"
)

// refundOnce sends a refund under a key and says how it went.
func refundOnce(client *http.Client, charge, key string) string {
	body := url.Values{"charge": {charge}, "amount": {"500"}}.Encode()
	request, err := http.NewRequest("POST", "https://api.stripe.com/v1/refunds", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Authorization", "Bearer sk_test_123")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Idempotency-Key", key)
	response, err := client.Do(request)
	if err != nil {
		return "no answer"
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return "half an answer"
	}
	return fmt.Sprint(response.StatusCode)
}

// The answer is lost after the refund was made. With the same key the second
// request gets the answer of the first.
func ExampleServer_Inject() {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.DropConnection().AfterWork().On("POST /v1/refunds"))

	client := server.HTTPClient()
	fmt.Println(refundOnce(client, charge.ID, "order-6735/refund-1"))
	fmt.Println(refundOnce(client, charge.ID, "order-6735/refund-1"))
	fmt.Println("refunds:", len(server.Refunds(charge.ID)))
	// Output:
	// no answer
	// 200
	// refunds: 1
}

// A script for three requests.
func ExampleServer_Inject_script() {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(
		refundtest.RefuseConnection(),
		refundtest.AnswerHTML(502),
		refundtest.LockTimeout().WithHeader("Retry-After", "2"),
	)

	for range 4 {
		fmt.Println(refundOnce(server.HTTPClient(), charge.ID, "order-6735/refund-1"))
	}
	// Output:
	// no answer
	// 502
	// 429
	// 200
}

// Faults for one endpoint, by chance: the same requests fail in every run.
func ExampleFault_WithProbability() {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 5000})
	server.Inject(refundtest.AnswerEmpty(503).On("POST /v1/refunds").WithProbability(0.5, 7))

	for order := range 4 {
		fmt.Println(refundOnce(server.HTTPClient(), charge.ID, fmt.Sprint("order-", order)))
	}
	// Output:
	// 503
	// 200
	// 200
	// 503
}

// A worker dies between the work and the answer, and is started again. What it
// stored before it sent the request is all that it knows.
func ExampleEndCaller() {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.EndCaller().AfterWork().On("POST /v1/refunds"))

	stored := map[string]string{}
	worker := func() {
		stored["order-6735"] = "sent"
		answer := refundOnce(server.HTTPClient(), charge.ID, "order-6735/refund-1")
		stored["order-6735"] = "answered " + answer
	}
	for refundtest.Ended(worker) {
		fmt.Println("the worker died;", stored["order-6735"], "is stored; refunds:", len(server.Refunds(charge.ID)))
	}
	fmt.Println(stored["order-6735"])
	fmt.Println("refunds:", len(server.Refunds(charge.ID)))
	// Output:
	// the worker died; sent is stored; refunds: 1
	// answered 200
	// refunds: 1
}

// A charge is disputed while a refund of it is on its way.
func ExampleCallFunc() {
	server := refundtest.New()
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.CallFunc(func() {
		if err := server.Dispute(charge.ID); err != nil {
			fmt.Println(err)
		}
	}).On("POST /v1/refunds"))

	fmt.Println(refundOnce(server.HTTPClient(), charge.ID, "order-6735/refund-1"))
	fmt.Println("refunds:", len(server.Refunds(charge.ID)))
	// Output:
	// 400
	// refunds: 0
}
