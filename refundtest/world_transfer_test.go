package refundtest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// books adds up what an account's balance transactions say, and checks that its balance
// says the same.
func (c *caller) books(account string) int64 {
	c.t.Helper()
	if account != "" {
		c = c.with("Stripe-Account", account)
	}
	var sum int64
	after := []string{"limit", "100"}
	for {
		page := c.get("/v1/balance_transactions", after...).ok(c.t)
		items := page.Body["data"].([]any)
		for _, item := range items {
			line := item.(map[string]any)
			var fees float64
			for _, fee := range line["fee_details"].([]any) {
				fees += fee.(map[string]any)["amount"].(float64)
			}
			require.InDelta(c.t, line["fee"], fees, 0)
			require.InDelta(c.t, line["net"], line["amount"].(float64)-fees, 0)
			sum += int64(line["net"].(float64))
		}
		if page.Body["has_more"] != true {
			break
		}
		after = []string{"limit", "100", "starting_after", page.ids()[len(items)-1]}
	}
	balance := c.get("/v1/balance").ok(c.t)
	shown := balance.Body["available"].([]any)[0].(map[string]any)["amount"].(float64)
	assert.InDelta(c.t, sum, shown, 0, "the balance of %q", account)
	return sum
}

// types are the balance transactions of an account, oldest first.
func (c *caller) types(account string) (types []string) {
	c.t.Helper()
	if account != "" {
		c = c.with("Stripe-Account", account)
	}
	for _, item := range c.get("/v1/balance_transactions", "limit", "100").ok(c.t).Body["data"].([]any) {
		line := item.(map[string]any)
		types = append([]string{fmt.Sprintf("%v %v", line["type"], line["net"])}, types...)
	}
	return types
}

func TestDestinationCharge(t *testing.T) {
	c := setup(t, refundtest.WithStripeFees(func(amount int64, _ string) int64 { return 30 + amount/50 }))
	paid := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa",
		"transfer_data[destination]", "acct_1", "application_fee_amount", "101", "capture_method", "automatic", "expand[]", "latest_charge").ok(t)
	charge := paid.text("latest_charge", "id")
	assert.Equal(t, []string{"charge 950", "transfer -1000", "application_fee 101"}, c.types(""))
	assert.Equal(t, []string{"payment 899"}, c.types("acct_1"))

	transfer := c.get("/v1/transfers/" + paid.text("latest_charge", "transfer")).ok(t)
	assert.Equal(t, charge, transfer.text("source_transaction"))
	payment := c.with("Stripe-Account", "acct_1").get("/v1/charges/" + transfer.text("destination_payment")).ok(t)
	assert.Equal(t, transfer.text("id"), payment.text("source_transfer"))
	fee := c.get("/v1/application_fees/" + paid.text("latest_charge", "application_fee")).ok(t)
	assert.Equal(t, []any{"acct_1", charge, payment.text("id"), payment.text("application_fee")},
		[]any{fee.at("account"), fee.at("originating_transaction"), fee.at("charge"), fee.at("id")})

	part := c.post("/v1/refunds", "charge", charge, "amount", "333", "reverse_transfer", "true", "refund_application_fee", "true",
		"expand[]", "transfer_reversal").ok(t)
	assert.Equal(t, part.text("id"), part.text("transfer_reversal", "source_refund"))
	back := c.with("Stripe-Account", "acct_1").get("/v1/refunds/" + part.text("transfer_reversal", "destination_payment_refund")).ok(t)
	assert.Equal(t, part.text("transfer_reversal", "id"), back.text("source_transfer_reversal"))
	assert.Equal(t, []string{"charge 950", "transfer -1000", "application_fee 101", "transfer_refund 333", "application_fee_refund -33", "refund -333"}, c.types(""))
	assert.Equal(t, []string{"payment 899", "payment_refund -333", "adjustment 33"}, c.types("acct_1"))
	assert.Equal(t, int64(950-1000+101-33), c.books(""))
	assert.Equal(t, int64(899-333+33), c.books("acct_1"))

	require.NoError(t, c.server.Fail(part.text("id"), ""))
	assert.Equal(t, int64(950-1000+101-33+333), c.books(""), "what a refund that failed gives back is the platform's")
}

func TestDirectCharge(t *testing.T) {
	c := setup(t, refundtest.WithStripeFees(func(int64, string) int64 { return 59 }))
	c.server.Account("acct_1")
	shop := c.with("Stripe-Account", "acct_1")
	charge := shop.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "application_fee_amount", "100").ok(t)
	assert.Equal(t, []string{"charge 841"}, c.types("acct_1"))
	assert.Equal(t, []string{"application_fee 100"}, c.types(""))
	fees := c.get("/v1/application_fees", "charge", charge.text("id")).ok(t)
	assert.Equal(t, []string{charge.text("application_fee")}, fees.ids())
	assert.Empty(t, c.get("/v1/application_fees", "charge", "ch_other").ok(t).ids())

	shop.post("/v1/refunds", "charge", charge.text("id"), "refund_application_fee", "true").ok(t)
	assert.Equal(t, []string{"charge 841", "adjustment 100", "refund -1000"}, c.types("acct_1"))
	assert.Equal(t, int64(-59), c.books("acct_1"), "Stripe keeps its fee")
	assert.Zero(t, c.books(""))
}

func TestSeparateTransfers(t *testing.T) {
	c := setup(t)
	charge := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "transfer_group", "order-1").ok(t).text("id")
	first := c.post("/v1/transfers", "amount", "600", "currency", "usd", "destination", "acct_1", "source_transaction", charge, "metadata[a]", "b").ok(t)
	assert.Equal(t, "order-1", first.text("transfer_group"))
	tooMuch := c.post("/v1/transfers", "amount", "401", "currency", "usd", "destination", "acct_2", "source_transaction", charge)
	assert.Equal(t, http.StatusBadRequest, tooMuch.Status)
	second := c.post("/v1/transfers", "amount", "300", "currency", "usd", "destination", "acct_2", "transfer_group", "order-1").ok(t)
	assert.Equal(t, []string{second.text("id"), first.text("id")}, c.get("/v1/transfers", "transfer_group", "order-1").ok(t).ids())
	assert.Equal(t, []string{first.text("id")}, c.get("/v1/transfers", "destination", "acct_1").ok(t).ids())

	c.post("/v1/refunds", "charge", charge, "amount", "500").ok(t)
	assert.Equal(t, int64(600), c.books("acct_1"), "a refund has no effect on transfers")
	back := c.post("/v1/transfers/"+first.text("id")+"/reversals", "amount", "250", "metadata[x]", "y").ok(t)
	assert.Equal(t, []int64{1000 - 900 - 500 + 250, 350, 300}, []int64{c.books(""), c.books("acct_1"), c.books("acct_2")})
	assert.Equal(t, "y", c.get("/v1/transfers/"+first.text("id")+"/reversals/"+back.text("id")).ok(t).text("metadata", "x"))
	assert.Equal(t, http.StatusNotFound, c.get("/v1/transfers/"+second.text("id")+"/reversals/"+back.text("id")).Status)
	assert.Equal(t, "z", c.post("/v1/transfers/"+first.text("id")+"/reversals/"+back.text("id"), "metadata[x]", "z").ok(t).text("metadata", "x"))

	more := c.post("/v1/transfers/"+first.text("id")+"/reversals", "amount", "351")
	assert.Equal(t, []any{http.StatusBadRequest, "amount", "", "false"}, []any{more.Status, more.text("error", "param"), more.text("error", "code"), more.Header.Get("Stripe-Should-Retry")})
	c.post("/v1/transfers/" + first.text("id") + "/reversals").ok(t)
	whole := c.get("/v1/transfers/" + first.text("id")).ok(t)
	assert.Equal(t, []any{true, int64(600)}, []any{whole.at("reversed"), whole.number("amount_reversed")})
	none := c.post("/v1/transfers/" + first.text("id") + "/reversals")
	assert.Equal(t, []any{http.StatusBadRequest, "", ""}, []any{none.Status, none.text("error", "param"), none.text("error", "code")})
	assert.Len(t, c.get("/v1/transfers/"+first.text("id")+"/reversals").ok(t).ids(), 2)
}

// TestReversalOnce repeats a reversal and a refund of a fee whose answers are lost.
func TestReversalOnce(t *testing.T) {
	c := setup(t)
	paid := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "application_fee_amount", "90",
		"transfer_data[destination]", "acct_1").ok(t)
	for path, made := range map[string]func() int{
		"/v1/transfers/" + paid.text("transfer") + "/reversals":             func() int { return len(c.server.TransferReversals(paid.text("transfer"))) },
		"/v1/application_fees/" + paid.text("application_fee") + "/refunds": func() int { return len(c.server.ApplicationFeeRefunds(paid.text("application_fee"))) },
	} {
		keyed := c.with("Idempotency-Key", "once "+path)
		c.server.Inject(refundtest.ServerError().AfterWork().On("POST " + path))
		assert.Equal(t, http.StatusInternalServerError, keyed.post(path, "amount", "10").Status)
		again := keyed.post(path, "amount", "10")
		assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		assert.Equal(t, 1, made())
		first, second := c.with("Idempotency-Key", "other "+path), c.with("Idempotency-Key", "other "+path)
		assert.Equal(t, first.post(path, "amount", "20").ok(t).text("id"), second.post(path, "amount", "20").ok(t).text("id"))
		assert.Equal(t, http.StatusBadRequest, first.post(path, "amount", "21").Status)
		assert.Equal(t, 2, made())
	}
	assert.Equal(t, "once /v1/transfers/"+paid.text("transfer")+"/reversals", c.server.TransferReversals("")[0].IdempotencyKey)
	fee := c.server.ApplicationFees("acct_1")[0]
	assert.Equal(t, []any{int64(30), false}, []any{fee.AmountRefunded, fee.Refunded})
}

func TestShortConnectedBalance(t *testing.T) {
	c := setup(t)
	made, err := c.server.AddTransfer(refundtest.Transfer{Amount: 500, Destination: "acct_1"})
	require.NoError(t, err)
	shop := c.server.Account("acct_1")
	shop.SetBalance("usd", 300)
	short := c.post("/v1/transfers/"+made.ID+"/reversals", "amount", "301")
	assert.Equal(t, "balance_insufficient", short.text("error", "code"))
	c.post("/v1/transfers/"+made.ID+"/reversals", "amount", "300").ok(t)
	left, _ := shop.Balance("usd")
	assert.Zero(t, left)
	_, err = c.server.AddTransfer(refundtest.Transfer{Amount: 50, Destination: "acct_1"})
	require.NoError(t, err)
	left, _ = shop.Balance("usd")
	assert.Equal(t, int64(50), left)

	c.server.SetBalance("usd", 10)
	assert.Equal(t, "balance_insufficient", c.post("/v1/transfers", "amount", "11", "currency", "usd", "destination", "acct_1").text("error", "code"))
	refused := c.post("/v1/transfers", "amount", "1", "currency", "usd", "destination", refundtest.PlatformAccount)
	assert.Equal(t, "destination", refused.text("error", "param"))
	_, err = c.server.AddTransfer(refundtest.Transfer{Amount: 50, Destination: "acct_1", SourceTransaction: "ch_unknown"})
	require.Error(t, err)
	_, err = c.server.AddTransfer(refundtest.Transfer{Destination: "acct_1"})
	require.Error(t, err)
}

// TestReadyMoneyOfACharge gives each account its share of a payment that is available
// at once.
func TestReadyMoneyOfACharge(t *testing.T) {
	c := setup(t)
	c.server.SetBalance("usd", 0)
	c.server.Account("acct_1").SetBalance("usd", 0)
	for _, card := range []string{"tok_visa", "tok_bypassPending"} {
		c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", card, "application_fee_amount", "90", "transfer_data[destination]", "acct_1").ok(t)
		want := map[string]int64{"tok_visa": 0, "tok_bypassPending": 1}[card]
		platform, _ := c.server.Balance("usd")
		shop, _ := c.server.Account("acct_1").Balance("usd")
		assert.Equal(t, []int64{90 * want, 910 * want}, []int64{platform, shop}, card)
	}
}

func TestEventsOfConnect(t *testing.T) {
	c := setup(t)
	paid := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "application_fee_amount", "90",
		"transfer_data[destination]", "acct_1").ok(t)
	c.post("/v1/transfers/"+paid.text("transfer")+"/reversals", "amount", "100", "refund_application_fee", "true").ok(t)
	fee := c.server.ApplicationFeeRefunds("")[0]
	c.post("/v1/application_fees/"+fee.Fee+"/refunds/"+fee.ID, "metadata[a]", "b").ok(t)
	c.post("/v1/transfers/"+paid.text("transfer"), "metadata[a]", "b").ok(t)
	c.post("/v1/transfers/"+paid.text("transfer"), "metadata[a]", "b").ok(t)
	var kinds []string
	for _, event := range c.server.Events() {
		kinds = append(kinds, event.Type)
	}
	assert.Equal(t, []string{"charge.succeeded", "transfer.created", "application_fee.created", "transfer.reversed", "application_fee.refunded",
		"application_fee.refund.updated", "transfer.updated"}, kinds)
	reversed := c.get("/v1/events", "type", "transfer.reversed").ok(t).Body["data"].([]any)[0].(map[string]any)["data"].(map[string]any)
	assert.InDelta(t, 0, reversed["previous_attributes"].(map[string]any)["amount_reversed"], 0)
	assert.Len(t, reversed["object"].(map[string]any)["reversals"].(map[string]any)["data"], 1)

	c.server.AddCharge(refundtest.Charge{Amount: 500, Destination: "acct_1", ApplicationFeeAmount: 50})
	assert.Len(t, c.server.Events(), len(kinds), "what a test adds publishes nothing")
	assert.Len(t, c.server.ApplicationFees(""), 2)
}

// TestNoMoneyAppears does many things between a platform and three accounts: whatever
// happens, their books together are what customers paid and Stripe did not take.
func TestNoMoneyAppears(t *testing.T) {
	const stripe = 7
	c := setup(t, refundtest.WithStripeFees(func(int64, string) int64 { return stripe }))
	random := rand.New(rand.NewPCG(1, 2))
	var paid, refunded int64
	var transfers, fees, charges []string
	for range 400 {
		account := fmt.Sprintf("acct_%d", random.IntN(3))
		amount := fmt.Sprint(1 + random.IntN(900))
		switch random.IntN(6) {
		case 0:
			made := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", "tok_visa", "application_fee_amount", "90",
				"transfer_data[destination]", account, "transfer_data[amount]", amount).ok(t)
			charges, transfers, fees = append(charges, made.text("id")), append(transfers, made.text("transfer")), append(fees, made.text("application_fee"))
			paid += 1000 - stripe
		case 1:
			made := c.post("/v1/transfers", "amount", amount, "currency", "usd", "destination", account).ok(t)
			transfers = append(transfers, made.text("id"))
		case 2:
			if len(transfers) > 0 {
				c.post("/v1/transfers/"+transfers[random.IntN(len(transfers))]+"/reversals", "amount", amount)
			}
		case 3:
			if len(fees) > 0 {
				c.post("/v1/application_fees/"+fees[random.IntN(len(fees))]+"/refunds", "amount", fmt.Sprint(1+random.IntN(20)))
			}
		default:
			if len(charges) > 0 {
				back := c.post("/v1/refunds", "charge", charges[random.IntN(len(charges))], "amount", amount, "reverse_transfer", "true", "refund_application_fee", "true")
				refunded += back.number("amount")
			}
		}
	}
	var sum int64
	for _, account := range []string{"", "acct_0", "acct_1", "acct_2"} {
		sum += c.books(account)
	}
	assert.Equal(t, paid-refunded, sum)
	for _, transfer := range c.server.Transfers("") {
		var reversed int64
		for _, r := range c.server.TransferReversals(transfer.ID) {
			reversed += r.Amount
		}
		assert.Equal(t, transfer.AmountReversed, reversed)
		assert.LessOrEqual(t, reversed, transfer.Amount)
	}
	for _, fee := range c.server.ApplicationFees("") {
		assert.LessOrEqual(t, fee.AmountRefunded, fee.Amount)
	}
}

func TestReverseInDashboard(t *testing.T) {
	c := setup(t)
	made, err := c.server.AddTransfer(refundtest.Transfer{Amount: 500, Destination: "acct_1"})
	require.NoError(t, err)
	back, err := c.server.ReverseInDashboard(made.ID, 200)
	require.NoError(t, err)
	assert.Equal(t, int64(200), back.Amount)
	assert.Empty(t, back.IdempotencyKey)
	now, found := c.server.Transfer(made.ID)
	assert.Equal(t, []any{true, int64(200)}, []any{found, now.AmountReversed})
	_, err = c.server.ReverseInDashboard(made.ID, 301)
	require.Error(t, err)
	_, err = c.server.ReverseInDashboard("tr_unknown", 1)
	require.Error(t, err)
}

// TestSameIDsOnTwoAccounts keeps apart what two accounts call the same.
func TestSameIDsOnTwoAccounts(t *testing.T) {
	c := setup(t)
	for _, account := range []string{"acct_1", "acct_2"} {
		c.server.Account(account).AddCharge(refundtest.Charge{ID: "ch_1", Amount: 1000, ApplicationFeeAmount: 100})
		c.server.AddCharge(refundtest.Charge{Amount: 1000, Destination: account, Transfer: "tr_1"})
	}
	assert.Len(t, c.server.ApplicationFees("acct_1"), 1)
	assert.Len(t, c.server.ApplicationFees("acct_2"), 1)
	assert.NotEqual(t, c.server.ApplicationFees("acct_1")[0].ID, c.server.ApplicationFees("acct_2")[0].ID)
	assert.Len(t, c.server.Transfers(""), 2)
	assert.Equal(t, int64(200), c.books(""))
	assert.Equal(t, int64(1900), c.books("acct_1"))
}
