package refundtest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefundOfAnUncapturedChargeReleasesTheHold(t *testing.T) {
	c := setup(t)
	held := c.post("/v1/charges", "amount", "500", "currency", "usd", "source", "tok_visa", "capture", "false").ok(t)
	made := c.post("/v1/refunds", "charge", held.text("id")).ok(t)
	assert.EqualValues(t, 500, made.number("amount"))
	assert.Nil(t, made.at("balance_transaction"), "no money was taken")
	assert.Equal(t, http.StatusBadRequest, c.post("/v1/charges/"+held.text("id")+"/capture").Status)
}

func TestFailedChargeHasNothingToRefund(t *testing.T) {
	c := setup(t)
	for _, charge := range []refundtest.Charge{{Status: "failed"}, {Status: "failed", WithoutPaymentIntent: true}} {
		id := c.server.AddCharge(charge).ID
		assert.Equal(t, http.StatusBadRequest, c.post("/v1/refunds", "charge", id).Status)
		c.server.AssertNotRefunded(t, id)
	}
}

func TestZeroDecimalCurrency(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 1000, Currency: "JPY"})
	made := c.post("/v1/refunds", "charge", charge.ID, "amount", "999", "expand[]", "balance_transaction").ok(t)
	assert.Equal(t, "jpy", made.text("currency"))
	assert.EqualValues(t, -999, made.number("balance_transaction", "amount"))
	assert.EqualValues(t, 1, c.post("/v1/refunds", "charge", charge.ID).ok(t).number("amount"))
}

func TestFailedRefundCanBeMadeAgain(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
	require.NoError(t, c.server.Fail(made.text("id"), "lost_or_stolen_card"))
	now, _ := c.server.Charge(charge.ID)
	assert.Zero(t, now.AmountRefunded)
	c.post("/v1/refunds", "charge", charge.ID).ok(t)
}

func TestLowBalanceMakesCardRefundsWait(t *testing.T) {
	c := setup(t)
	c.server.SetBalance("usd", 700)
	charge := c.server.AddCharge(refundtest.Charge{Amount: 5000})
	first := c.post("/v1/refunds", "charge", charge.ID, "amount", "600").ok(t)
	assert.Equal(t, "succeeded", first.text("status"))
	waiting := c.post("/v1/refunds", "charge", charge.ID, "amount", "400").ok(t)
	assert.Equal(t, "insufficient_funds", waiting.text("pending_reason"))
	assert.Nil(t, waiting.at("balance_transaction"))
	assert.Error(t, c.server.Settle(waiting.text("id")), "there is no money to settle it with")

	c.server.TopUp("usd", 299)
	assert.Equal(t, "pending", c.get("/v1/refunds/"+waiting.text("id")).text("status"))
	c.server.TopUp("usd", 1)
	paid := c.get("/v1/refunds/" + waiting.text("id")).ok(t)
	assert.Equal(t, "succeeded", paid.text("status"))
	assert.NotContains(t, paid.Body, "pending_reason")
	left, limited := c.server.Balance("usd")
	assert.Zero(t, left)
	assert.True(t, limited)
}

func TestDisputes(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{OnRefund: refundtest.StaysPending})
	made := c.post("/v1/refunds", "charge", charge.ID, "amount", "100").ok(t)
	require.NoError(t, c.server.Inquire(charge.ID))
	c.post("/v1/refunds", "charge", charge.ID, "amount", "100").ok(t)
	require.NoError(t, c.server.Dispute(charge.ID))
	failed := c.get("/v1/refunds/" + made.text("id")).ok(t)
	assert.Equal(t, "failed", failed.text("status"))
	assert.Equal(t, "charge_for_pending_refund_disputed", failed.text("failure_reason"))
	assert.Equal(t, "charge_disputed", c.post("/v1/refunds", "charge", charge.ID).text("error", "code"))
	require.NoError(t, c.server.WinDispute(charge.ID))
	c.post("/v1/refunds", "charge", charge.ID).ok(t)
}

func TestPendingChargeHoldsItsRefunds(t *testing.T) {
	for _, outcome := range []struct {
		name string
		end  func(*refundtest.Server, string) error
		want string
	}{
		{"settles", func(s *refundtest.Server, id string) error { return s.SettleCharge(id) }, "succeeded"},
		{"fails", func(s *refundtest.Server, id string) error { return s.FailCharge(id) }, "canceled"},
	} {
		t.Run(outcome.name, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{Status: "pending"})
			made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
			assert.Equal(t, "charge_pending", made.text("pending_reason"))
			require.NoError(t, outcome.end(c.server, charge.ID))
			assert.Equal(t, outcome.want, c.get("/v1/refunds/"+made.text("id")).text("status"))
		})
	}
}

func TestCashBalanceRefund(t *testing.T) {
	c := setup(t)
	c.server.SetCashBalance("cus_1", "eur", 800)
	pay := []string{"origin", "customer_balance", "customer", "cus_1", "currency", "eur", "amount", "500",
		"instructions_email", "jenny@example.com"}
	made := c.post("/v1/refunds", pay...).ok(t)
	assert.Equal(t, "requires_action", made.text("status"))
	assert.Nil(t, made.at("charge"))
	assert.EqualValues(t, 300, c.server.CashBalance("cus_1", "eur"))
	assert.Equal(t, http.StatusBadRequest, c.post("/v1/refunds", pay...).Status)
	c.post("/v1/refunds/" + made.text("id") + "/cancel").ok(t)
	assert.EqualValues(t, 800, c.server.CashBalance("cus_1", "eur"))
	missing := c.post("/v1/refunds", "origin", "customer_balance", "customer", "cus_1", "currency", "eur")
	assert.Equal(t, "amount", missing.text("error", "param"))
}

func TestReverseTransfer(t *testing.T) {
	c := setup(t)
	paid := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_visa", "transfer_data[destination]", "acct_1", "application_fee_amount", "30").ok(t)
	refused := c.post("/v1/refunds", "payment_intent", paid.text("id"), "refund_application_fee", "true")
	assert.Equal(t, http.StatusBadRequest, refused.Status, "the fee goes back only with the transfer")
	made := c.post("/v1/refunds", "payment_intent", paid.text("id"), "reverse_transfer", "true",
		"refund_application_fee", "true").ok(t)
	assert.Regexp(t, "^trr_", made.text("transfer_reversal"))
}

// A destination charge that sent on a part takes that part back, in proportion.
func TestReverseTransferOfAPart(t *testing.T) {
	c := setup(t)
	seller := c.server.Account("acct_1")
	paid := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_visa", "transfer_data[destination]", "acct_1", "transfer_data[amount]", "600").ok(t)
	seller.SetBalance("usd", 299)
	short := c.post("/v1/refunds", "payment_intent", paid.text("id"), "reverse_transfer", "true", "amount", "500")
	assert.Equal(t, "balance_insufficient", short.text("error", "code"))
	seller.SetBalance("usd", 300)
	c.post("/v1/refunds", "payment_intent", paid.text("id"), "reverse_transfer", "true", "amount", "500").ok(t)
}

func TestTooOldForItsMethod(t *testing.T) {
	for kind, days := range map[string]int{"us_bank_account": 180, "sepa_debit": 180, "bacs_debit": 180, "acss_debit": 180, "customer_balance": 180,
		"au_becs_debit": 90, "nz_bank_account": 90, "card": 0} {
		t.Run(kind, func(t *testing.T) {
			c := setup(t)
			charge := c.server.AddCharge(refundtest.Charge{PaymentMethodType: kind, ReceiptEmail: "jenny@example.com"})
			c.server.Advance(time.Duration(days) * 24 * time.Hour)
			c.post("/v1/refunds", "charge", charge.ID, "amount", "100").ok(t)
			c.server.Advance(time.Second)
			late := c.post("/v1/refunds", "charge", charge.ID, "amount", "100")
			assert.Equal(t, days > 0, late.Status == http.StatusBadRequest, late.Raw)
		})
	}
}
