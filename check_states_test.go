package refundkit_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// payWorld makes payments at a fake, as a program, the bank and the customer do.
type payWorld struct {
	*refundtest.Server
	t       *testing.T
	account string
}

// post sends what no method of ours sends.
func (w payWorld) post(path string, pairs ...string) map[string]any {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "https://api.stripe.com"+path, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w.account != "" {
		r.Header.Set("Stripe-Account", w.account)
	}
	response, err := w.HTTPClient().Do(r)
	require.NoError(w.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	var body map[string]any
	require.NoError(w.t, json.Unmarshal(raw, &body))
	return body
}

// intent makes a PaymentIntent of 2000, declined or not.
func (w payWorld) intent(pairs ...string) payment {
	body := w.post("/v1/payment_intents", append([]string{"amount", "2000", "currency", "usd"}, pairs...)...)
	if refused, _ := body["error"].(map[string]any); refused != nil {
		body = refused["payment_intent"].(map[string]any)
	}
	charge, _ := body["latest_charge"].(string)
	return payment{charge, body["id"].(string)}
}

func (w payWorld) paid(pairs ...string) payment {
	if !slices.Contains(pairs, "payment_method") {
		pairs = append(pairs, "payment_method", "pm_card_visa")
	}
	return w.intent(append(pairs, "confirm", "true")...)
}

// hold is authorized and not captured.
func (w payWorld) hold() payment { return w.paid("capture_method", "manual") }

// direct is a charge without a PaymentIntent.
func (w payWorld) direct(pairs ...string) payment {
	body := w.post("/v1/charges", append([]string{"amount", "2000", "currency", "usd", "source", "tok_visa"}, pairs...)...)
	return payment{charge: body["id"].(string)}
}

func (w payWorld) add(c refundtest.Charge) payment {
	c.Amount = 2000
	made := w.AddCharge(c)
	return payment{made.ID, made.PaymentIntent}
}

// refunded is a payment of which an amount was refunded, 0 for all of it.
func (w payWorld) refunded(c refundtest.Charge, amount int64) (payment, refundtest.Refund) {
	p := w.add(c)
	made, err := w.RefundInDashboard(p.charge, amount)
	require.NoError(w.t, err)
	return p, made
}

func (w payWorld) disputed(ends ...func(string) error) payment {
	p := w.add(refundtest.Charge{})
	for _, end := range ends {
		require.NoError(w.t, end(p.charge))
	}
	return p
}

// payment is what is checked: one or both of them.
type payment struct{ charge, intent string }

// state is a payment in a state, and what Check says of it.
type state struct {
	name   string
	make   func(payWorld) payment
	ask    refundkit.RefundCreateParams // Remaining, if it is empty
	on     string                       // a connected account
	way    refundkit.CheckWay
	why    []refundkit.CheckFinding
	starts refundkit.RefundStatus
	alone  bool // of the charge; its PaymentIntent is in another state
}

func why(findings ...refundkit.CheckFinding) []refundkit.CheckFinding { return findings }

const days = 24 * time.Hour

var some = refundkit.RefundCreateParams{Amount: 500}

// states are the payments that the fake can make. Balances, Connect and payment
// methods: moneyStates.
func states() []state {
	return []state{
		{name: "paid by card", make: func(w payWorld) payment { return w.paid() }, way: refundkit.CheckWayRefund},
		{name: "paid without a PaymentIntent", make: func(w payWorld) payment { return w.direct() }, way: refundkit.CheckWayRefund},
		{name: "paid by a card whose refunds pend", make: func(w payWorld) payment { return w.paid("payment_method", "pm_card_pendingRefund") }, way: refundkit.CheckWayRefund},
		{name: "paid by a card whose refunds fail", make: func(w payWorld) payment { return w.paid("payment_method", "pm_card_refundFail") }, way: refundkit.CheckWayRefund},
		{name: "paid by a card that disputes", make: func(w payWorld) payment { return w.paid("payment_method", "pm_card_createDispute") },
			way: refundkit.CheckWayAnswerDispute, why: why(refundkit.CheckFindingDisputed)},
		{name: "paid by a card that inquires", make: func(w payWorld) payment { return w.paid("payment_method", "pm_card_createDisputeInquiry") },
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingInquiry)},
		{name: "paid by a bank account, on its way", make: func(w payWorld) payment {
			return w.paid("payment_method", "pm_usBankAccount_success", "payment_method_types[]", "us_bank_account")
		}, way: refundkit.CheckWayWait, why: why(refundkit.CheckFindingProcessing), starts: refundkit.RefundStatusPending},
		{name: "refunded in part", make: func(w payWorld) payment { p, _ := w.refunded(refundtest.Charge{}, 500); return p }, way: refundkit.CheckWayRefund},
		{name: "refunded in part, and more asked for than is left", make: func(w payWorld) payment { p, _ := w.refunded(refundtest.Charge{}, 500); return p },
			ask: refundkit.RefundCreateParams{Amount: 1501}, way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingExceedsRemaining)},
		{name: "refunded in part, and exactly the rest asked for", make: func(w payWorld) payment { p, _ := w.refunded(refundtest.Charge{}, 500); return p },
			ask: refundkit.RefundCreateParams{Amount: 1500}, way: refundkit.CheckWayRefund},
		{name: "a hold without a PaymentIntent, all of it by its amount", make: func(w payWorld) payment { return w.direct("capture", "false") },
			ask: refundkit.RefundCreateParams{Amount: 2000}, way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingNotCaptured)},
		{name: "more asked for than was paid", make: func(w payWorld) payment { return w.paid() },
			ask: refundkit.RefundCreateParams{Amount: 2001}, way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingExceedsRemaining)},
		{name: "refunded", make: func(w payWorld) payment { p, _ := w.refunded(refundtest.Charge{}, 0); return p },
			way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingAlreadyRefunded)},
		{name: "refunded, and a part asked for", make: func(w payWorld) payment { p, _ := w.refunded(refundtest.Charge{}, 0); return p },
			ask: some, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingAlreadyRefunded)},
		{name: "refunded by twelve refunds", make: func(w payWorld) payment {
			p := w.add(refundtest.Charge{})
			for range 12 {
				_, err := w.RefundInDashboard(p.charge, 100)
				require.NoError(w.t, err)
			}
			return p
		}, ask: refundkit.RefundCreateParams{Amount: 801}, way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingExceedsRemaining)},
		{name: "a refund of all is pending", make: func(w payWorld) payment {
			p, _ := w.refunded(refundtest.Charge{OnRefund: refundtest.StaysPending}, 0)
			return p
		},
			way: refundkit.CheckWayWait, why: why(refundkit.CheckFindingAlreadyRefunded, refundkit.CheckFindingInProgress)},
		{name: "a refund of a part is pending", make: func(w payWorld) payment {
			p, _ := w.refunded(refundtest.Charge{OnRefund: refundtest.StaysPending}, 500)
			return p
		},
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingInProgress)},
		{name: "a refund waits for the customer", make: func(w payWorld) payment {
			p, _ := w.refunded(refundtest.Charge{OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"}, 0)
			return p
		}, way: refundkit.CheckWayAskCustomer, why: why(refundkit.CheckFindingAlreadyRefunded, refundkit.CheckFindingInProgress)},
		{name: "the refund has failed", make: func(w payWorld) payment {
			p, made := w.refunded(refundtest.Charge{}, 0)
			require.NoError(w.t, w.Fail(made.ID, ""))
			return p
		}, way: refundkit.CheckWayRefund},
		{name: "the refund was canceled", make: func(w payWorld) payment {
			p, made := w.refunded(refundtest.Charge{OnRefund: refundtest.StaysPending}, 0)
			require.NoError(w.t, w.CancelInDashboard(made.ID))
			return p
		}, way: refundkit.CheckWayRefund},
		{name: "the refund's customer never answered", make: func(w payWorld) payment {
			p, made := w.refunded(refundtest.Charge{OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"}, 0)
			require.NoError(w.t, w.Expire(made.ID))
			return p
		}, way: refundkit.CheckWayRefund},
		{name: "another currency asked for", make: func(w payWorld) payment { return w.paid() },
			ask: refundkit.RefundCreateParams{Amount: 500, Currency: "eur"}, way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingOtherCurrency)},
		{name: "the same currency asked for", make: func(w payWorld) payment { return w.paid() },
			ask: refundkit.RefundCreateParams{Amount: 500, Currency: "USD"}, way: refundkit.CheckWayRefund},

		{name: "a hold", make: payWorld.hold, way: refundkit.CheckWayCancel, why: why(refundkit.CheckFindingNotCaptured)},
		{name: "a hold, canceled", make: func(w payWorld) payment {
			p := w.hold()
			w.post("/v1/payment_intents/" + p.intent + "/cancel")
			return p
		}, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingReleased)},
		{name: "a hold, expired", make: func(w payWorld) payment { p := w.hold(); w.Advance(7 * days); return p },
			way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingReleased)},
		{name: "a hold, captured in part", make: func(w payWorld) payment {
			p := w.hold()
			w.post("/v1/payment_intents/"+p.intent+"/capture", "amount_to_capture", "700")
			return p
		}, way: refundkit.CheckWayRefund},
		{name: "a hold, captured in part, and more asked for", make: func(w payWorld) payment {
			p := w.hold()
			w.post("/v1/payment_intents/"+p.intent+"/capture", "amount_to_capture", "700")
			return p
		}, ask: refundkit.RefundCreateParams{Amount: 701}, way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingExceedsRemaining)},
		{name: "a hold without a PaymentIntent", make: func(w payWorld) payment { return w.direct("capture", "false") },
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingNotCaptured)},
		{name: "a hold without a PaymentIntent, in part", make: func(w payWorld) payment { return w.direct("capture", "false") },
			ask: some, way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingPartOfHold)},
		{name: "a hold without a PaymentIntent, released", make: func(w payWorld) payment {
			p := w.direct("capture", "false")
			_, err := w.RefundInDashboard(p.charge, 0)
			require.NoError(w.t, err)
			return p
		}, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingAlreadyRefunded)},
		{name: "a hold without a PaymentIntent, expired", make: func(w payWorld) payment { p := w.direct("capture", "false"); w.Advance(7 * days); return p },
			way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingReleased)},

		{name: "never paid", make: func(w payWorld) payment { return w.intent() }, way: refundkit.CheckWayCancel, why: why(refundkit.CheckFindingNotPaid)},
		{name: "not confirmed", make: func(w payWorld) payment { return w.intent("payment_method", "pm_card_visa") },
			way: refundkit.CheckWayCancel, why: why(refundkit.CheckFindingNotPaid)},
		{name: "3D Secure awaited", make: func(w payWorld) payment {
			return w.intent("payment_method", "pm_card_authenticationRequired", "confirm", "true")
		}, way: refundkit.CheckWayCancel, why: why(refundkit.CheckFindingNotPaid)},
		{name: "canceled before it was paid", make: func(w payWorld) payment {
			p := w.intent()
			w.post("/v1/payment_intents/" + p.intent + "/cancel")
			return p
		}, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingNotPaid)},
		{name: "declined", make: func(w payWorld) payment {
			return w.intent("payment_method", "pm_card_chargeDeclined", "confirm", "true")
		},
			way: refundkit.CheckWayCancel, why: why(refundkit.CheckFindingNotPaid)},
		{name: "declined, and canceled", make: func(w payWorld) payment {
			p := w.intent("payment_method", "pm_card_chargeDeclined", "confirm", "true")
			w.post("/v1/payment_intents/" + p.intent + "/cancel")
			return p
		}, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingNotPaid)},
		{name: "declined, and then paid", make: func(w payWorld) payment {
			p := w.intent("payment_method", "pm_card_chargeDeclined", "confirm", "true")
			w.post("/v1/payment_intents/"+p.intent+"/confirm", "payment_method", "pm_card_visa")
			return p
		}, alone: true, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingOtherCharge)},
		{name: "failed, without a PaymentIntent", make: func(w payWorld) payment {
			return payment{charge: w.add(refundtest.Charge{Status: "failed", WithoutPaymentIntent: true}).charge}
		}, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingNotPaid)},

		{name: "disputed", make: func(w payWorld) payment { return w.disputed(w.Dispute) },
			way: refundkit.CheckWayAnswerDispute, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed, and a part asked for", make: func(w payWorld) payment { return w.disputed(w.Dispute) }, ask: some,
			way: refundkit.CheckWayAnswerDispute, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed, too late to answer", make: func(w payWorld) payment { p := w.disputed(w.Dispute); w.Advance(8 * days); return p },
			way: refundkit.CheckWayWait, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed, answered", make: func(w payWorld) payment { return w.disputed(w.Dispute, w.AnswerDispute) },
			way: refundkit.CheckWayWait, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed, lost", make: func(w payWorld) payment { return w.disputed(w.Dispute, w.LoseDispute) },
			way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed, won", make: func(w payWorld) payment { return w.disputed(w.Dispute, w.WinDispute) }, way: refundkit.CheckWayRefund},
		{name: "an inquiry", make: func(w payWorld) payment { return w.disputed(w.Inquire) },
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingInquiry)},
		{name: "an inquiry, answered", make: func(w payWorld) payment { return w.disputed(w.Inquire, w.AnswerDispute) },
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingInquiry)},
		{name: "an inquiry that became a dispute", make: func(w payWorld) payment { return w.disputed(w.Inquire, w.Dispute) },
			way: refundkit.CheckWayAnswerDispute, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed although it was refunded", make: func(w payWorld) payment {
			p, _ := w.refunded(refundtest.Charge{}, 0)
			require.NoError(w.t, w.Dispute(p.charge))
			return p
		}, way: refundkit.CheckWayAnswerDispute, why: why(refundkit.CheckFindingDisputed)},
		{name: "disputed while a refund was pending", make: func(w payWorld) payment {
			p, _ := w.refunded(refundtest.Charge{OnRefund: refundtest.StaysPending}, 0)
			require.NoError(w.t, w.Dispute(p.charge))
			return p
		}, way: refundkit.CheckWayAnswerDispute, why: why(refundkit.CheckFindingDisputed)},
	}
}
