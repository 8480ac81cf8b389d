package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

type world = refundtest.World

// operations is the list that --help shows.
func operations() []operation {
	return []operation{
		{"GET", "", "", "lists what there is", alone(list)},
		{"POST", "/reset", "", "begins again as the flags say: seed, webhook and chaos are back, all else is gone", alone(reset)},
		{"GET", "/clock", "", "shows the server's time", alone(showClock)},
		{"POST", "/clock", `{"seconds": 86400}`, "moves the clock forward, and does what has come due", alone(forward)},
		{"POST", "/charges", `{"id": "ch_1", "amount": 2000, "on_refund": "succeeds_then_fails"}`, "adds a charge, as an element of -seed has it", alone(addCharge)},
		{"POST", "/charges/{id}/settle", "", "a pending charge succeeds", onCharge((*world).SettleCharge)},
		{"POST", "/charges/{id}/fail", "", "a pending charge fails", onCharge((*world).FailCharge)},
		{"POST", "/charges/{id}/dispute", "", "the customer disputes it (a chargeback)", onCharge((*world).Dispute)},
		{"POST", "/charges/{id}/inquire", "", "the customer's bank inquires about it", onCharge((*world).Inquire)},
		{"POST", "/charges/{id}/answer_dispute", "", "the merchant sends evidence for a dispute or inquiry", onCharge((*world).AnswerDispute)},
		{"POST", "/charges/{id}/win_dispute", "", "the dispute or inquiry ends well", onCharge((*world).WinDispute)},
		{"POST", "/charges/{id}/lose_dispute", "", "the dispute is lost", onCharge((*world).LoseDispute)},
		{"POST", "/charges/{id}/refund", `{"amount": 500}`, "a person refunds in the Dashboard, all that is left without an amount", given(refundCharge)},
		{"POST", "/refunds/{id}/settle", "", "a pending refund succeeds", onRefund((*world).Settle)},
		{"POST", "/refunds/{id}/fail", `{"reason": "lost_or_stolen_card"}`, "a refund fails, also one that has succeeded", failRefund},
		{"POST", "/refunds/{id}/require_action", "", "the customer is asked for bank details", onRefund((*world).RequireAction)},
		{"POST", "/refunds/{id}/submit_details", "", "the customer gives them", onRefund((*world).SubmitDetails)},
		{"POST", "/refunds/{id}/expire", "", "the customer never does", onRefund((*world).Expire)},
		{"POST", "/refunds/{id}/cancel", "", "a person cancels it in the Dashboard", onRefund((*world).CancelInDashboard)},
		{"POST", "/refunds/{id}/reference", `{"reference": "74000000000000000000001"}`, "the acquirer's reference arrives", setReference},
		{"POST", "/payment_intents/{id}/authenticate", "", "the customer passes 3D Secure", onIntent((*world).Authenticate)},
		{"POST", "/payment_intents/{id}/fail_authentication", "", "the customer fails it", onIntent((*world).FailAuthentication)},
		{"POST", "/checkout_sessions/{id}/complete", `{"payment_method": "pm_card_visa"}`, "the customer pays", given(completeCheckout)},
		{"POST", "/checkout_sessions/{id}/expire", "", "the customer never does", onIntent((*world).ExpireCheckout)},
		{"GET", "/balance", "", "shows the balance that refunds are paid from: ?currency=usd", showBalance},
		{"POST", "/balance", `{"currency": "usd", "amount": 0}`, "limits it", changeBalance((*world).SetBalance)},
		{"POST", "/balance/top_up", `{"currency": "usd", "amount": 5000}`, "adds to it, and pays what waits", changeBalance((*world).TopUp)},
		{"POST", "/cash_balance", `{"customer": "cus_1", "currency": "eur", "amount": 5000}`, "sets a customer's cash balance", given(setCash)},
		{"GET", "/accounts", "", "lists the connected accounts", alone(listAccounts)},
		{"POST", "/accounts", `{"id": "acct_1Shop"}`, "adds one that Stripe-Account can name", alone(addAccount)},
		{"GET", "/faults", "", "lists what was injected", alone(listFaults)},
		{"POST", "/faults", `{"kind": "drop_connection", "after_work": true, "on": "POST /v1/refunds"}`, "makes something go wrong with later requests", alone(injectFault)},
		{"DELETE", "/faults", "", "ends all of it, -chaos too", alone(clearFaults)},
		{"GET", "/webhooks", "", "lists the endpoints", alone(listHooks)},
		{"POST", "/webhooks", `{"url": "http://127.0.0.1:3000/hook", "secret": "whsec_test", "enabled_events": ["refund.*"]}`, "sends later events to a URL, signed", alone(addHook)},
		{"POST", "/webhooks/{id}/retry", "", "repeats at once what it has not accepted", alone(retryHook)},
		{"DELETE", "/webhooks/{id}", "", "ends an endpoint", alone(removeHook)},
		{"GET", "/requests", "", "what was requested, oldest first: ?limit=10 for the newest ten", listRequests},
	}
}

// alone is for what concerns no world: it takes nothing from the query.
func alone(do func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if len(c.args) > 0 {
			return nil, errors.New("there is nothing to say in the query")
		}
		return do(c)
	}
}

func list(*call) (any, error) {
	var lines []string
	for _, o := range operations() {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s%s %s", o.method, controlPath, o.path, o.input))+" - "+o.does)
	}
	return map[string]any{"operations": lines,
		"worlds": "?account=acct_1Shop&livemode=true chooses an account and its mode; without them it is the platform's own account in test mode"}, nil
}

func reset(c *call) (any, error) {
	if err := c.reset(); err != nil {
		return nil, err
	}
	return map[string]bool{"reset": true}, nil
}

func showClock(c *call) (any, error) {
	now := c.now.server.Now().UTC()
	return map[string]any{"now": now.Unix(), "time": now.Format(time.RFC3339)}, nil
}

const mostSeconds = 10 * 365 * 24 * 60 * 60

func forward(c *call) (any, error) {
	in, err := read[struct {
		Seconds int64 `json:"seconds"`
	}](c)
	if err != nil {
		return nil, err
	}
	if in.Seconds < 0 || in.Seconds > mostSeconds {
		return nil, &fieldError{"seconds", fmt.Sprintf("it must be from 0 to %d, which is ten years", mostSeconds)}
	}
	c.now.server.Advance(time.Duration(in.Seconds) * time.Second)
	return showClock(c)
}

func addCharge(c *call) (any, error) {
	given, err := readCharge(c.body)
	if err != nil {
		return nil, describe(err)
	}
	if _, err := given.add(refundtest.New(), map[string]bool{}); err != nil {
		return nil, err // before anything is changed
	}
	c.now.adding.Lock()
	defer c.now.adding.Unlock()
	added, err := given.add(c.now.server, c.now.taken)
	if err != nil {
		return nil, err
	}
	return viewCharge(c.open(c.now, given.Account, given.Livemode), added), nil
}

// on does something to what the path names, and shows it.
func on(do func(*world, string) error, show func(*world, string) any) func(*call) (any, error) {
	return func(c *call) (any, error) {
		w, err := c.world()
		if err != nil {
			return nil, err
		}
		id := c.path("id")
		if err := do(w, id); err != nil {
			return nil, err
		}
		return show(w, id), nil
	}
}

func onCharge(do func(*world, string) error) func(*call) (any, error) {
	return on(do, func(w *world, id string) any {
		charge, _ := w.Charge(id)
		return viewCharge(w, charge)
	})
}

func onRefund(do func(*world, string) error) func(*call) (any, error) {
	return on(do, func(w *world, id string) any {
		refund, _ := w.Refund(id)
		return viewRefund(refund)
	})
}

// onIntent is for a PaymentIntent or Checkout Session.
func onIntent(do func(*world, string) error) func(*call) (any, error) {
	return on(do, func(_ *world, id string) any { return map[string]string{"id": id} })
}

// given is for what a body says to do in a world.
func given[In any](do func(c *call, w *world, in In) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		in, err := read[In](c)
		if err != nil {
			return nil, err
		}
		w, err := c.world()
		if err != nil {
			return nil, err
		}
		return do(c, w, in)
	}
}

func refundCharge(c *call, w *world, in struct {
	Amount int64 `json:"amount"`
}) (any, error) {
	refund, err := w.RefundInDashboard(c.path("id"), in.Amount)
	if err != nil {
		return nil, err
	}
	return viewRefund(refund), nil
}

func failRefund(c *call) (any, error) {
	in, err := read[struct {
		Reason string `json:"reason"`
	}](c)
	if err != nil {
		return nil, err
	}
	if in.Reason != "" && !slices.Contains(failureReasons, in.Reason) {
		return nil, &fieldError{"reason", "it must be one of " + strings.Join(failureReasons, ", ")}
	}
	return onRefund(func(w *world, id string) error { return w.Fail(id, in.Reason) })(c)
}

func setReference(c *call) (any, error) {
	in, err := read[struct {
		Reference string `json:"reference"`
	}](c)
	if err != nil {
		return nil, err
	}
	if in.Reference == "" {
		return nil, &fieldError{"reference", "it must be there"}
	}
	return onRefund(func(w *world, id string) error { return w.SetReference(id, in.Reference) })(c)
}

func completeCheckout(c *call, w *world, in struct {
	PaymentMethod string `json:"payment_method"`
}) (any, error) {
	charge, err := w.CompleteCheckout(c.path("id"), in.PaymentMethod)
	if err != nil {
		return nil, err
	}
	return viewCharge(w, charge), nil
}

func showBalance(c *call) (any, error) {
	w, err := c.world("currency")
	if err != nil {
		return nil, err
	}
	currency := c.args.Get("currency")
	if err := checkCurrency(currency); err != nil {
		return nil, err
	}
	return balanceOf(w, currency), nil
}

func balanceOf(w *world, currency string) any {
	amount, limited := w.Balance(currency)
	return map[string]any{"currency": currency, "amount": amount, "limited": limited}
}

func changeBalance(do func(w *world, currency string, amount int64)) func(*call) (any, error) {
	return given(func(_ *call, w *world, in struct {
		Currency string `json:"currency"`
		Amount   *int64 `json:"amount"`
	}) (any, error) {
		if in.Amount == nil {
			return nil, &fieldError{"amount", "it must be there, in the currency's smallest unit"}
		}
		if err := checkCurrency(in.Currency); err != nil {
			return nil, err
		}
		do(w, in.Currency, *in.Amount)
		return balanceOf(w, in.Currency), nil
	})
}

func setCash(_ *call, w *world, in struct {
	Customer string `json:"customer"`
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
}) (any, error) {
	if err := checkID("customer", in.Customer, "cus_"); err != nil || in.Customer == "" {
		return nil, &fieldError{"customer", "it must be the id of a customer, cus_..."}
	}
	if err := checkCurrency(in.Currency); err != nil {
		return nil, err
	}
	if in.Amount < 0 {
		return nil, &fieldError{"amount", "it must be at least 0, in the currency's smallest unit"}
	}
	w.SetCashBalance(in.Customer, in.Currency, in.Amount)
	return map[string]any{"customer": in.Customer, "currency": in.Currency, "amount": w.CashBalance(in.Customer, in.Currency)}, nil
}

func listRequests(c *call) (any, error) {
	if err := c.only("limit"); err != nil {
		return nil, err
	}
	requests := c.now.server.Requests()
	if text := c.args.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 {
			return nil, errors.New("limit: it must be at least 1")
		}
		requests = requests[max(len(requests)-limit, 0):]
	}
	shown := make([]requestView, len(requests))
	for i, r := range requests {
		shown[i] = viewRequest(r)
	}
	return map[string]any{"requests": shown}, nil
}
