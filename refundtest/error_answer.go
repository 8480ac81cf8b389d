package refundtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// mockRequestID is of the form of Stripe's, and the same every time.
const mockRequestID = "req_RefundtestMock"

// executedCodes are the codes of refusals that come from trying to do the work.
var executedCodes = []string{
	"charge_already_refunded", "charge_disputed", "balance_insufficient", "charge_not_refundable", "refund_disputed_payment",
	"charge_already_captured", "payment_intent_unexpected_state",
}

// ErrorAnswer returns an error answer with the headers that Stripe sends, for a
// transport that answers by itself, such as httpmock's. The code and the param
// are left out if they are empty. The body can be read once, so make an answer
// for each request:
//
//	mock.RegisterResponder("POST", "https://api.stripe.com/v1/refunds", func(*http.Request) (*http.Response, error) {
//		return refundtest.ErrorAnswer(400, "invalid_request_error", "charge_disputed", ""), nil
//	})
//
// It has a Request-Id, always the same, without which it would not be taken as
// Stripe's; only a 401 and a 403 account_invalid have none, as at Stripe. It has
// Stripe-Should-Retry: false if Stripe refuses so after it has tried to do the
// work: a 402, codes such as charge_already_refunded, charge_disputed and
// balance_insufficient, and a 400 for the param amount without a code. A 400
// without code and param has none, because it can mean either; set the header
// where the test is about a payment that can't be refunded.
//
// https://docs.stripe.com/api/errors
func ErrorAnswer(status int, errorType, code, param string) *http.Response {
	refused := refusalLike(status, errorType, code, param)
	body := render(refused.object("https://dashboard.stripe.com/" + PlatformAccount + "/test/workbench/logs?object=" + mockRequestID))
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if !refused.anonymous {
		h.Set("Request-Id", mockRequestID)
	}
	if refused.shouldRetry != "" {
		h.Set("Stripe-Should-Retry", refused.shouldRetry)
	}
	if status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", `Bearer realm="Stripe"`)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// refusalLike is a refusal with everything that goes with its status, code and
// param.
func refusalLike(status int, errorType, code, param string) *refusal {
	refused := invalid(param, code, "The test has this request refused: %d %s.", status, http.StatusText(status))
	refused.status, refused.kind = status, errorType
	refused.anonymous = status == http.StatusUnauthorized || status == http.StatusForbidden && code == "account_invalid"
	aboutAmount := status == http.StatusBadRequest && code == "" && param == "amount"
	switch {
	case code == "lock_timeout":
		refused.shouldRetry = "true"
	case status == http.StatusPaymentRequired, slices.Contains(executedCodes, code), aboutAmount:
		refused.shouldRetry = "false"
	}
	return refused
}
