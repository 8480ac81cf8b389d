package refundtest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefundOfADebitThatFailsIsCanceled(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Status: "pending", PaymentMethodType: "sepa_debit"})
	made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
	before := len(c.kinds())
	require.NoError(t, c.server.FailCharge(charge.ID))
	ended := c.get("/v1/refunds/" + made.text("id")).ok(t)
	assert.Equal(t, "canceled", ended.text("status"))
	assert.NotContains(t, ended.Body, "failure_reason", "none is documented")
	assert.NotContains(t, ended.Body, "failure_balance_transaction", "no money had moved")
	assert.Equal(t, []string{"charge.failed", "payment_intent.payment_failed", "refund.updated", "charge.refund.updated"}, c.kinds()[before:])
}

// A customer who must give bank details has to be reached.
func TestRefundThatAsksTheCustomerNeedsAnAddress(t *testing.T) {
	c := setup(t)
	c.server.SetCashBalance("cus_1", "eur", 800)
	nobody := c.server.AddCharge(refundtest.Charge{PaymentMethodType: "customer_balance"}).ID
	known := c.server.AddCharge(refundtest.Charge{PaymentMethodType: "customer_balance", ReceiptEmail: "jenny@example.com"}).ID
	cash := []string{"origin", "customer_balance", "customer", "cus_1", "currency", "eur", "amount", "500"}
	assert.Equal(t, http.StatusBadRequest, c.post("/v1/refunds", "charge", nobody).Status)
	assert.Equal(t, http.StatusBadRequest, c.post("/v1/refunds", cash...).Status)
	c.server.AssertNotRefunded(t, nobody)
	assert.EqualValues(t, 800, c.server.CashBalance("cus_1", "eur"))

	sentTo := func(r reply) string {
		return r.ok(t).text("next_action", "display_details", "email_sent", "email_sent_to")
	}
	assert.Equal(t, "jenny@example.com", sentTo(c.post("/v1/refunds", "charge", known)))
	assert.Equal(t, "john@example.com", sentTo(c.post("/v1/refunds", "charge", nobody, "instructions_email", "john@example.com")))
	assert.Equal(t, "john@example.com", sentTo(c.post("/v1/refunds", append(cash, "instructions_email", "john@example.com")...)))

	card := c.server.AddCharge(refundtest.Charge{})
	made := c.post("/v1/refunds", "charge", card.ID, "amount", "1").ok(t)
	assert.Error(t, c.server.RequireAction(made.text("id")), "nobody knows whom to ask")
	_, err := c.server.AddRefund(refundtest.Refund{Charge: card.ID, Amount: 1, Status: "requires_action"})
	assert.Error(t, err)
}

func TestRefundThatAsksTheCustomerExpiresAfter45Days(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{PaymentMethodType: "multibanco", ReceiptEmail: "jenny@example.com"})
	made := c.post("/v1/refunds", "charge", charge.ID).ok(t)
	c.server.Advance(45*24*time.Hour - time.Second)
	assert.Equal(t, "requires_action", c.get("/v1/refunds/"+made.text("id")).text("status"))
	c.server.Advance(time.Second)
	assert.Equal(t, "failed", c.get("/v1/refunds/"+made.text("id")).text("status"))
}

// The older refund begins to wait for the balance later, when its charge settles.
func TestWaitingRefundsArePaidInTheOrderOfTheirCreation(t *testing.T) {
	c := setup(t)
	c.server.SetBalance("usd", 0)
	pending := c.server.AddCharge(refundtest.Charge{Status: "pending"})
	older := c.post("/v1/refunds", "charge", pending.ID).ok(t)
	newer := c.post("/v1/refunds", "charge", c.server.AddCharge(refundtest.Charge{}).ID).ok(t)
	require.NoError(t, c.server.SettleCharge(pending.ID))
	c.server.TopUp("usd", 1000)
	assert.Equal(t, "succeeded", c.get("/v1/refunds/"+older.text("id")).text("status"))
	assert.Equal(t, "pending", c.get("/v1/refunds/"+newer.text("id")).text("status"))
}

func TestReverseTransferNeedsTheConnectedBalance(t *testing.T) {
	c := setup(t)
	connected := c.server.Account("acct_1Shop")
	connected.SetBalance("usd", 499)
	paid := c.post("/v1/payment_intents", "amount", "1000", "currency", "usd", "confirm", "true",
		"payment_method", "pm_card_visa", "transfer_data[destination]", "acct_1Shop").ok(t)
	short := c.post("/v1/refunds", "payment_intent", paid.text("id"), "amount", "500", "reverse_transfer", "true")
	assert.Equal(t, http.StatusBadRequest, short.Status)
	c.server.AssertNotRefunded(t, paid.text("id"))
	c.post("/v1/refunds", "payment_intent", paid.text("id"), "amount", "499", "reverse_transfer", "true").ok(t)
	c.post("/v1/refunds", "payment_intent", paid.text("id"), "amount", "500").ok(t)
}

func TestApplicationFeeThatIsNotThereCanBeRefunded(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	made := c.post("/v1/refunds", "charge", charge.ID, "refund_application_fee", "true").ok(t)
	assert.Equal(t, "succeeded", made.text("status"), "recorded, 35 times of 35")
}

func TestReferencesOfOtherDestinations(t *testing.T) {
	c := setup(t)
	refund := func(source string) reply {
		charge := c.post("/v1/charges", "amount", "1000", "currency", "usd", "source", source).ok(t)
		return c.post("/v1/refunds", "charge", charge.text("id")).ok(t)
	}
	visa, union := refund("tok_visa"), refund("tok_unionpay")
	assert.Equal(t, "pending", visa.text("destination_details", "card", "reference_status"))
	assert.Equal(t, "unavailable", union.text("destination_details", "card", "reference_status"))
	bank := c.post("/v1/refunds", "charge", c.server.AddCharge(refundtest.Charge{PaymentMethodType: "us_bank_account"}).ID).ok(t)
	assert.Equal(t, map[string]any{"type": "us_bank_transfer",
		"us_bank_transfer": map[string]any{"reference": nil, "reference_status": "pending"}}, bank.at("destination_details"))

	c.server.Advance(2 * time.Second)
	assert.Equal(t, "available", c.get("/v1/refunds/"+visa.text("id")).text("destination_details", "card", "reference_status"))
	c.server.Advance(time.Hour)
	assert.Equal(t, "unavailable", c.get("/v1/refunds/"+union.text("id")).text("destination_details", "card", "reference_status"))
	bank = c.get("/v1/refunds/" + bank.text("id")).ok(t)
	assert.Equal(t, "available", bank.text("destination_details", "us_bank_transfer", "reference_status"))
	assert.NotEmpty(t, bank.text("destination_details", "us_bank_transfer", "reference"))
}
