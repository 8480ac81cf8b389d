package refundkit_test

import (
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

const seller = "acct_1CheckSeller00"

// debit is a bank debit that was paid weeks ago.
func (w payWorld) debit(kind string) payment {
	return w.add(refundtest.Charge{PaymentMethodType: kind, Created: w.Now().Add(-30 * days)})
}

// destination is a destination charge whose account has an available balance.
func (w payWorld) destination(available int64, pairs ...string) payment {
	w.Account(seller).SetBalance("usd", available)
	return w.paid(append([]string{"transfer_data[destination]", seller, "application_fee_amount", "300"}, pairs...)...)
}

// moneyStates are payments whose refund depends on balances, on who takes part, or
// on the payment method.
func moneyStates() []state {
	all := refundkit.RefundCreateParams{Remaining: true}
	reverse, fee, both := all, all, all
	reverse.ReverseTransfer, fee.RefundApplicationFee, both.ReverseTransfer, both.RefundApplicationFee = true, true, true, true
	partly := reverse
	partly.Remaining, partly.Amount = false, 1000
	mailed := all
	mailed.InstructionsEmail = "jenny@example.com"
	list := []state{
		{name: "card, balance just enough", make: func(w payWorld) payment { w.SetBalance("usd", 2000); return w.paid() }, way: refundkit.CheckWayRefund},
		{name: "card, balance short", make: func(w payWorld) payment { w.SetBalance("usd", 1999); return w.paid() },
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingShortBalance), starts: refundkit.RefundStatusPending},
		{name: "card, balance negative", make: func(w payWorld) payment { w.SetBalance("usd", -5); return w.paid() },
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingShortBalance), starts: refundkit.RefundStatusPending},
		{name: "card, balance short, and a part asked for", make: func(w payWorld) payment { w.SetBalance("usd", 1999); return w.paid() }, ask: some,
			way: refundkit.CheckWayRefund},
		{name: "a refund waits for the balance", make: func(w payWorld) payment {
			w.SetBalance("usd", 0)
			p, _ := w.refunded(refundtest.Charge{}, 500)
			return p
		}, way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingShortBalance, refundkit.CheckFindingInProgress), starts: refundkit.RefundStatusPending},
		{name: "debit, balance just enough", make: func(w payWorld) payment { p := w.debit("us_bank_account"); w.SetBalance("usd", 2000); return p }, way: refundkit.CheckWayRefund},
		{name: "debit, balance short", make: func(w payWorld) payment { p := w.debit("us_bank_account"); w.SetBalance("usd", 1999); return p },
			way: refundkit.CheckWayTopUp, why: why(refundkit.CheckFindingShortBalance)},

		{name: "direct charge", make: func(w payWorld) payment { return w.paid() }, on: seller, way: refundkit.CheckWayRefund},
		{name: "direct charge, the connected account is short", make: func(w payWorld) payment { w.Account(seller).SetBalance("usd", 1999); return w.paid() }, on: seller,
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingShortBalance), starts: refundkit.RefundStatusPending},
		{name: "direct charge, the platform is short", make: func(w payWorld) payment { w.SetBalance("usd", 0); return w.paid() }, on: seller, way: refundkit.CheckWayRefund},
		{name: "direct charge, with its fee", make: func(w payWorld) payment { return w.paid("application_fee_amount", "300") }, on: seller, ask: fee, way: refundkit.CheckWayRefund},
		{name: "destination charge", make: func(w payWorld) payment { return w.destination(0) }, way: refundkit.CheckWayRefund},
		{name: "destination charge, reversed", make: func(w payWorld) payment { return w.destination(2000) }, ask: reverse, way: refundkit.CheckWayRefund},
		{name: "destination charge, reversed with its fee", make: func(w payWorld) payment { return w.destination(2000) }, ask: both, way: refundkit.CheckWayRefund},
		{name: "destination charge, reversed, the account is short", make: func(w payWorld) payment { return w.destination(1999) }, ask: reverse,
			way: refundkit.CheckWayTopUp, why: why(refundkit.CheckFindingShortConnected)},
		{name: "destination charge, a part reversed of a part sent on", make: func(w payWorld) payment {
			w.Account(seller).SetBalance("usd", 800)
			return w.paid("transfer_data[destination]", seller, "transfer_data[amount]", "1600")
		}, ask: partly, way: refundkit.CheckWayRefund},
		{name: "destination charge, a part reversed of a part sent on, short", make: func(w payWorld) payment {
			w.Account(seller).SetBalance("usd", 799)
			return w.paid("transfer_data[destination]", seller, "transfer_data[amount]", "1600")
		}, ask: partly, way: refundkit.CheckWayTopUp, why: why(refundkit.CheckFindingShortConnected)},
		{name: "destination charge, the fee alone", make: func(w payWorld) payment { return w.destination(2000) }, ask: fee,
			way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingFeeNeedsReversal)},
		{name: "destination charge, the platform is short", make: func(w payWorld) payment { w.SetBalance("usd", 0); return w.destination(2000) }, ask: reverse,
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingShortBalance), starts: refundkit.RefundStatusPending},
		{name: "destination charge, reversed, already refunded", make: func(w payWorld) payment {
			p := w.destination(0)
			_, err := w.RefundInDashboard(p.charge, 0)
			require.NoError(w.t, err)
			return p
		}, ask: reverse, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingAlreadyRefunded)},
		{name: "separate charges and transfers", make: func(w payWorld) payment { return w.paid("transfer_group", "order-6735") }, way: refundkit.CheckWayRefund},
		{name: "separate charges and transfers, reversed", make: func(w payWorld) payment { return w.paid("transfer_group", "order-6735") }, ask: reverse,
			way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingNoTransfer)},
		{name: "no fee, and it is asked for", make: func(w payWorld) payment { return w.paid() }, ask: fee, way: refundkit.CheckWayRefund},

		{name: "bank transfer, no address known", make: func(w payWorld) payment { return w.debit("customer_balance") },
			way: refundkit.CheckWayAskCustomer, why: why(refundkit.CheckFindingNoEmail, refundkit.CheckFindingNeedsCustomer)},
		{name: "bank transfer, no address known, balance short", make: func(w payWorld) payment { w.SetBalance("usd", 0); return w.debit("customer_balance") },
			way: refundkit.CheckWayTopUp, why: why(refundkit.CheckFindingShortBalance, refundkit.CheckFindingNeedsCustomer)},
		{name: "debit, reversed without a transfer, balance short", make: func(w payWorld) payment { w.SetBalance("usd", 0); return w.debit("us_bank_account") }, ask: reverse,
			way: refundkit.CheckWayFixRequest, why: why(refundkit.CheckFindingNoTransfer)},
		{name: "bank transfer, an address given", make: func(w payWorld) payment { return w.debit("customer_balance") }, ask: mailed,
			way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingNeedsCustomer)},
		{name: "bank transfer of a customer with an address", make: func(w payWorld) payment {
			customer := w.post("/v1/customers", "email", "jenny@example.com")
			return w.add(refundtest.Charge{PaymentMethodType: "customer_balance", Customer: customer["id"].(string)})
		}, way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingNeedsCustomer)},
		{name: "bank transfer of a customer without an address", make: func(w payWorld) payment {
			return w.add(refundtest.Charge{PaymentMethodType: "customer_balance", Customer: "cus_6735"})
		}, way: refundkit.CheckWayAskCustomer, why: why(refundkit.CheckFindingNoEmail, refundkit.CheckFindingNeedsCustomer)},
		{name: "a type that is not known", make: func(w payWorld) payment {
			return w.add(refundtest.Charge{PaymentMethodType: "banana", Created: w.Now().Add(-5000 * days)})
		}, way: refundkit.CheckWayRefund},
		{name: "an old card payment", make: func(w payWorld) payment { return w.add(refundtest.Charge{Created: w.Now().Add(-5000 * days)}) }, way: refundkit.CheckWayRefund},
	}
	return append(list, methodStates()...)
}

// methodStates has every type of the table, young, old and without an address.
func methodStates() (list []state) {
	for kind, limit := range map[string]int{"us_bank_account": 180, "sepa_debit": 180, "bacs_debit": 180, "acss_debit": 180,
		"au_becs_debit": 90, "nz_bank_account": 90} {
		aged := func(age int, change refundtest.Charge) func(payWorld) payment {
			return func(w payWorld) payment {
				change.PaymentMethodType, change.Created = kind, w.Now().Add(-days*time.Duration(age))
				return w.add(change)
			}
		}
		list = append(list,
			state{name: kind, make: aged(limit, refundtest.Charge{}), way: refundkit.CheckWayRefund},
			state{name: kind + ", too old", make: aged(limit+1, refundtest.Charge{}), way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingTooOld)},
			state{name: kind + ", too old and refunded", make: func(w payWorld) payment {
				p, made := w.refunded(refundtest.Charge{PaymentMethodType: kind}, 0)
				require.NoError(w.t, w.Settle(made.ID))
				w.Advance(days * time.Duration(limit+1))
				return p
			}, way: refundkit.CheckWayNone, why: why(refundkit.CheckFindingAlreadyRefunded)},
			state{name: kind + ", processing", make: aged(0, refundtest.Charge{Status: "pending"}),
				way: refundkit.CheckWayWait, why: why(refundkit.CheckFindingProcessing), starts: refundkit.RefundStatusPending},
			state{name: kind + ", processing, too much asked for", make: aged(0, refundtest.Charge{Status: "pending"}),
				ask: refundkit.RefundCreateParams{Amount: 2001}, way: refundkit.CheckWayFixRequest,
				why: why(refundkit.CheckFindingExceedsRemaining, refundkit.CheckFindingProcessing)},
			state{name: kind + ", processing, refunded", make: func(w payWorld) payment {
				p, _ := w.refunded(refundtest.Charge{PaymentMethodType: kind, Status: "pending"}, 0)
				return p
			}, way: refundkit.CheckWayWait, why: why(refundkit.CheckFindingAlreadyRefunded, refundkit.CheckFindingProcessing, refundkit.CheckFindingInProgress)},
			state{name: kind + ", failed after all", make: func(w payWorld) payment {
				p := w.add(refundtest.Charge{PaymentMethodType: kind, Status: "pending"})
				require.NoError(w.t, w.FailCharge(p.charge))
				return p
			}, way: refundkit.CheckWayCancel, why: why(refundkit.CheckFindingNotPaid)},
		)
	}
	for _, kind := range []string{"blik", "boleto", "konbini", "multibanco", "oxxo", "promptpay"} {
		list = append(list,
			state{name: kind, make: func(w payWorld) payment {
				return w.add(refundtest.Charge{PaymentMethodType: kind, ReceiptEmail: "jenny@example.com"})
			}, way: refundkit.CheckWayRefund, why: why(refundkit.CheckFindingNeedsCustomer), starts: refundkit.RefundStatusRequiresAction},
			state{name: kind + ", no address known", make: func(w payWorld) payment { return w.debit(kind) },
				way: refundkit.CheckWayAskCustomer, why: why(refundkit.CheckFindingNoEmail, refundkit.CheckFindingNeedsCustomer)})
	}
	return list
}
