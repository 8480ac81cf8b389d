package refundtest_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBalanceTransactionList(t *testing.T) {
	c := setup(t)
	dollars := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	c.server.Advance(time.Hour)
	euros := c.server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "eur"})
	refund := c.post("/v1/refunds", "charge", dollars.ID, "amount", "300").ok(t)
	of := func(path, id string) string { return c.get("/v1/" + path + "/" + id).ok(t).text("balance_transaction") }
	first, second, third := of("charges", dollars.ID), of("charges", euros.ID), of("refunds", refund.text("id"))
	for _, tc := range []struct {
		name  string
		query []string
		want  []string
	}{
		{"all", nil, []string{third, second, first}},
		{"source", []string{"source", dollars.ID}, []string{first}},
		{"source is a refund", []string{"source", refund.text("id")}, []string{third}},
		{"unknown source", []string{"source", "ch_nope"}, nil},
		{"type", []string{"type", "charge"}, []string{second, first}},
		{"currency", []string{"currency", "usd"}, []string{third, first}},
		{"created", []string{"created[gt]", at(c, -time.Minute)}, []string{third, second}},
		{"together", []string{"currency", "usd", "type", "refund"}, []string{third}},
		{"cursor", []string{"starting_after", second}, []string{first}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, c.get("/v1/balance_transactions", tc.query...).ok(t).ids())
		})
	}
	expanded := c.get("/v1/balance_transactions", "source", dollars.ID, "expand[]", "data.source").ok(t)
	source := expanded.Body["data"].([]any)[0].(map[string]any)["source"].(map[string]any)
	assert.Equal(t, dollars.ID, source["id"])
	assert.Equal(t, "payout", c.get("/v1/balance_transactions", "payout", "po_1").text("error", "param"))
	assert.Equal(t, "starting_after", c.get("/v1/balance_transactions", "starting_after", "txn_1").text("error", "param"))
}

func at(c *caller, since time.Duration) string {
	return strconv.FormatInt(c.server.Now().Add(since).Unix(), 10)
}

func TestBalance(t *testing.T) {
	c := setup(t)
	amounts := func(name string) map[string]int64 {
		found := map[string]int64{}
		for _, item := range c.get("/v1/balance").ok(t).Body[name].([]any) {
			money := item.(map[string]any)
			found[money["currency"].(string)] = int64(money["amount"].(float64))
		}
		return found
	}
	assert.Equal(t, map[string]int64{"usd": 0}, amounts("available"))
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000})
	c.server.AddCharge(refundtest.Charge{Amount: 500, Currency: "eur"})
	assert.Equal(t, map[string]int64{"usd": 1000, "eur": 500}, amounts("available"), "nothing limits refunds, and the balance says so")
	c.server.SetBalance("usd", 0)
	assert.Equal(t, map[string]int64{"usd": 1000, "eur": 0}, amounts("pending"))
	assert.Equal(t, map[string]int64{"usd": 0, "eur": 500}, amounts("available"))
	c.server.SetBalance("usd", 900)
	c.server.Advance(72 * time.Hour)
	c.post("/v1/refunds", "charge", charge.ID, "amount", "300").ok(t)
	assert.Equal(t, map[string]int64{"usd": 600, "eur": 500}, amounts("available"))
	assert.Equal(t, map[string]int64{"usd": -300, "eur": 0}, amounts("pending"))
	c.server.SetBalance("usd", 70)
	assert.EqualValues(t, 70, amounts("available")["usd"])
	assert.Equal(t, false, c.get("/v1/balance").ok(t).at("livemode"))
	assert.Equal(t, true, c.with("Authorization", "Bearer sk_live_refundtest").get("/v1/balance").ok(t).at("livemode"))
}

// Search must not be taken for an id that is unknown.
func TestSearch(t *testing.T) {
	reporter := &complaints{}
	c := setup(t, refundtest.WithReporter(reporter))
	for _, kind := range []string{"charges", "payment_intents", "customers"} {
		refused := c.get("/v1/"+kind+"/search", "query", "amount>5")
		require.Equal(t, 400, refused.Status)
		assert.Empty(t, refused.text("error", "code"))
	}
	assert.Equal(t, 3, reporter.count)
}

type complaints struct{ count int }

func (*complaints) Helper()                 {}
func (*complaints) Cleanup(func())          {}
func (r *complaints) Errorf(string, ...any) { r.count++ }
