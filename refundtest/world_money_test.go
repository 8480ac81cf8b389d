package refundtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// audit recomputes the books of a world from its refunds and transactions
// alone, and compares them with what the world believes. granted is what was
// ever put into the available balance.
func (w *World) audit(granted int64) error {
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	live, booked := map[*charge]int64{}, map[string]int64{}
	for _, r := range w.refunds {
		if r.amount < 1 {
			return fmt.Errorf("refund %s is of %d", r.id, r.amount)
		}
		ended := r.status == "failed" || r.status == "canceled"
		if r.charge != nil && !ended {
			live[r.charge] += r.amount
		}
		if r.txn != "" && !ended {
			booked[r.currency] -= r.amount
		}
		if (r.failureTxn != "") != (ended && r.txn != "") {
			return fmt.Errorf("refund %s is %s, taken by %q and given back by %q", r.id, r.status, r.txn, r.failureTxn)
		}
	}
	for _, c := range w.charges {
		if live[c] != c.AmountRefunded || live[c] > c.refundable() || c.Refunded != (live[c] == c.refundable()) {
			return fmt.Errorf("charge %s of %d: %d live refunds, %d refunded, %t", c.id, c.Amount, live[c], c.AmountRefunded, c.Refunded)
		}
		if c.txn != "" {
			booked[c.Currency] += c.AmountCaptured
		}
	}
	lines, moved := map[string]int64{}, int64(0)
	for _, t := range w.transactions {
		lines[t.currency] += t.amount
		if t.source.kind == kindRefund && t.currency == "usd" {
			moved += t.amount
		}
	}
	for currency := range lines {
		if lines[currency] != booked[currency] || lines[currency] != w.ledger[currency] {
			return fmt.Errorf("%s: %d in transactions, %d in objects, %d in the ledger",
				currency, lines[currency], booked[currency], w.ledger[currency])
		}
	}
	if w.available["usd"] != granted+moved {
		return fmt.Errorf("%d available, of %d granted and %d moved", w.available["usd"], granted, moved)
	}
	return nil
}

// crowd does random things to one world from many goroutines.
type crowd struct {
	t       *testing.T
	server  *Server
	charges []Charge
	mu      sync.Mutex
	granted int64
}

func (c *crowd) post(path string, key string, pairs ...string) int {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest("POST", "https://api.stripe.com"+path, strings.NewReader(values.Encode()))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer sk_test_crowd")
	r.Header.Set("Content-Type", formType)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	response, err := c.server.HTTPClient().Do(r)
	require.NoError(c.t, err)
	require.NoError(c.t, response.Body.Close())
	return response.StatusCode
}

// step does one random thing. Most of them are refused at most times.
func (c *crowd) step(random *rand.Rand) {
	charge := c.charges[random.IntN(len(c.charges))]
	refund := ""
	if all := c.server.Refunds(charge.ID); len(all) > 0 {
		refund = all[random.IntN(len(all))].ID
	}
	amount := fmt.Sprint(1 + random.IntN(400))
	do := []func(){
		func() { c.post("/v1/refunds", fmt.Sprint("k", random.IntN(50)), "charge", charge.ID, "amount", amount) },
		func() { c.post("/v1/refunds", "", "payment_intent", charge.PaymentIntent, "amount", amount) },
		func() { c.post("/v1/charges/"+charge.ID+"/refunds", "", "amount", amount) },
		func() { c.post("/v1/charges/"+charge.ID+"/refund", "") },
		func() { c.post("/v1/refunds/"+refund+"/cancel", "") },
		func() { c.post("/v1/test_helpers/refunds/"+refund+"/expire", "") },
		func() {
			c.post("/v1/payment_intents/"+charge.PaymentIntent+"/capture", "", "amount_to_capture", amount)
		},
		func() { _ = c.server.Settle(refund) },
		func() { _ = c.server.Fail(refund, "declined") },
		func() { _ = c.server.RequireAction(refund) },
		func() { _ = c.server.SubmitDetails(refund) },
		func() { _ = c.server.SetReference(refund, "1234") },
		func() { _ = c.server.CancelInDashboard(refund) },
		func() { _, _ = c.server.RefundInDashboard(charge.ID, 0) },
		func() { _ = c.server.Dispute(charge.ID) },
		func() { _ = c.server.WinDispute(charge.ID) },
		func() { _ = c.server.SettleCharge(charge.ID) },
		func() { _ = c.server.FailCharge(charge.ID) },
		func() { c.server.Advance(time.Second) },
		func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.granted += 300
			c.server.TopUp("usd", 300)
		},
	}
	do[random.IntN(len(do))]()
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{t: t, server: New(WithSeed(7)), granted: 500}
	c.server.SetBalance("usd", 500)
	for i, outcome := range []RefundOutcome{Succeeds, PendsThenSucceeds, SucceedsThenFails, StaysPending, NeedsAction} {
		for _, status := range []string{"succeeded", "pending"} {
			c.charges = append(c.charges, c.server.AddCharge(Charge{Amount: 1000, OnRefund: outcome, Status: status}))
		}
		currency := []string{"usd", "jpy", "eur"}[i%3]
		c.charges = append(c.charges, c.server.AddCharge(Charge{Amount: 997, OnRefund: outcome, Currency: currency}),
			c.server.AddCharge(Charge{Amount: 600, OnRefund: outcome, Uncaptured: true}),
			c.server.AddCharge(Charge{Amount: 300, OnRefund: outcome, PaymentMethodType: "sepa_debit"}))
	}
	return c
}

func TestMoneyIsConserved(t *testing.T) {
	t.Run("after every step", func(t *testing.T) {
		c, random := newCrowd(t), rand.New(rand.NewPCG(1, 2))
		for i := range 6000 {
			c.step(random)
			require.NoError(t, c.server.audit(c.granted), "step %d", i)
		}
		c.requireLife(t)
	})
	t.Run("under concurrency", func(t *testing.T) {
		c := newCrowd(t)
		var group sync.WaitGroup
		for worker := range 8 {
			group.Go(func() {
				random := rand.New(rand.NewPCG(3, uint64(worker)))
				for range 600 {
					c.step(random)
					c.mu.Lock()
					err := c.server.audit(c.granted)
					c.mu.Unlock()
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		c.requireLife(t)
	})
}

// requireLife makes sure that the random steps were not all refused.
func (c *crowd) requireLife(t *testing.T) {
	seen := map[string]int{}
	for _, r := range c.server.Refunds("") {
		seen[r.Status]++
	}
	for _, status := range []string{"succeeded", "failed", "canceled"} {
		require.Positive(t, seen[status], "no refund ended as %s: %v", status, seen)
	}
	disputed := 0
	for _, charge := range c.charges {
		if now, _ := c.server.Charge(charge.ID); now.Disputed {
			disputed++
		}
	}
	require.Positive(t, disputed)
}

func TestOneChargeIsNeverRefundedTwice(t *testing.T) {
	c := &crowd{t: t, server: New()}
	charge := c.server.AddCharge(Charge{Amount: 1000})
	var mu sync.Mutex
	statuses := map[int]int{}
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			status := c.post("/v1/refunds", "", "charge", charge.ID, "amount", "100")
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	group.Wait()
	assert.Equal(t, map[int]int{200: 10, 400: 30}, statuses)
}
