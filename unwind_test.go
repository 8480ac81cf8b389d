package refundkit_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unwinding is a charge of usd whose money went to accounts, and what they owe.
func unwinding(charge int64, amounts ...int64) refundkit.UnwindInput {
	in := refundkit.UnwindInput{Charge: &refundkit.Charge{ID: "ch_1", Status: refundkit.ChargeStatusSucceeded, Captured: true,
		Amount: charge, AmountCaptured: charge, Currency: "usd", TransferGroup: "order-1"}}
	for i, amount := range amounts {
		in.Transfers = append(in.Transfers, &refundkit.Transfer{ID: fmt.Sprintf("tr_%d", i), Amount: amount, Currency: "usd",
			TransferGroup: "order-1", Destination: refundkit.Expandable[refundkit.Account]{ID: fmt.Sprintf("acct_%d", i)},
			DestinationPayment: refundkit.Expandable[refundkit.Charge]{ID: fmt.Sprintf("py_%d", i)}})
	}
	return in
}

func parts(u refundkit.Unwind) (amounts []int64) {
	for _, r := range u.Reversals {
		amounts = append(amounts, r.Amount)
	}
	return amounts
}

func TestUnwind(t *testing.T) {
	for _, tc := range []struct {
		name     string
		in       refundkit.UnwindInput
		refunded int64
		reversed []int64
		amount   int64
		want     []int64
		platform int64
	}{
		{"everything", unwinding(1000, 600, 300), 0, nil, 1000, []int64{600, 300}, 100},
		{"a part", unwinding(1000, 600, 300), 0, nil, 500, []int64{300, 150}, 50},
		{"the largest remainder", unwinding(1000, 333, 333, 334), 0, nil, 100, []int64{33, 33, 34}, 0},
		{"one unit", unwinding(1000, 333, 333, 334), 0, nil, 1, []int64{0, 0, 1}, 0},
		{"nothing was sent on", unwinding(1000), 0, nil, 500, nil, 500},
		{"more was sent on than was paid", unwinding(1000, 900, 300), 0, nil, 400, []int64{300, 100}, 0},
		{"one is reversed already", unwinding(1000, 600, 300), 0, []int64{600, 0}, 1000, []int64{0, 300}, 700},
		{"the rest after a part", unwinding(1000, 600, 300), 500, []int64{300, 150}, 500, []int64{300, 150}, 50},
		{"an earlier refund was not unwound", unwinding(1000, 600, 300), 500, nil, 500, []int64{300, 150}, 50},
		{"never more than is left", unwinding(1000, 600, 300), 500, []int64{590, 0}, 500, []int64{10, 300}, 190},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.in.Amount, tc.in.Charge.AmountRefunded = tc.amount, tc.refunded
			for i, reversed := range tc.reversed {
				tc.in.Transfers[i].AmountReversed = reversed
			}
			u, err := refundkit.NewUnwind(tc.in)
			require.NoError(t, err)
			assert.Equal(t, tc.want, parts(u))
			assert.Equal(t, tc.platform, u.Platform)
			tc.in.Made, tc.in.Charge.AmountRefunded = true, tc.refunded+tc.amount
			after, err := refundkit.NewUnwind(tc.in)
			require.NoError(t, err)
			assert.Equal(t, u, after, "the plan is the same after the refund was made")
		})
	}
}

// TestUnwindFees gives fees back, and counts what open jobs claim.
func TestUnwindFees(t *testing.T) {
	in := unwinding(1000, 600, 400)
	in.Amount = 500
	for i, amount := range []int64{61, 41} {
		in.Fees = append(in.Fees, &refundkit.ApplicationFee{ID: fmt.Sprintf("fee_%d", i), Amount: amount, Currency: "usd",
			Account: refundkit.Expandable[refundkit.Account]{ID: fmt.Sprintf("acct_%d", i)}, Charge: refundkit.Expandable[refundkit.Charge]{ID: fmt.Sprintf("py_%d", i)}})
	}
	u, err := refundkit.NewUnwind(in)
	require.NoError(t, err)
	assert.Equal(t, []int64{31, 20}, []int64{u.FeeRefunds[0].Amount, u.FeeRefunds[1].Amount}, "51 of 102, in whole units")
	assert.Equal(t, int64(51), u.Platform)
	reversals, fees, err := u.Jobs("order-1/refund-1")
	require.NoError(t, err)
	assert.Equal(t, []string{"order-1/refund-1/tr_0", "order-1/refund-1/tr_1", "order-1/refund-1/fee_0", "order-1/refund-1/fee_1"},
		[]string{reversals[0].Name, reversals[1].Name, fees[0].Name, fees[1].Name})
	assert.Equal(t, []int64{300, 200, 31, 20}, []int64{reversals[0].Params.Amount, reversals[1].Params.Amount, fees[0].Params.Amount, fees[1].Params.Amount})

	in.Claimed = map[string]int64{"tr_0": 600, "fee_1": 41}
	u, err = refundkit.NewUnwind(in)
	require.NoError(t, err)
	assert.Equal(t, []int64{0, 200}, parts(u))
	assert.Zero(t, u.FeeRefunds[1].Amount)
	reversals, fees, err = u.Jobs("order-1/refund-2")
	require.NoError(t, err)
	assert.Len(t, reversals, 1)
	assert.Len(t, fees, 1)
	_, _, err = u.Jobs("")
	require.NoError(t, err, "the name of a job is never empty, because it has the transfer's ID")
}

func TestUnwindRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*refundkit.UnwindInput){
		"no charge":                 func(in *refundkit.UnwindInput) { in.Charge = nil },
		"no amount":                 func(in *refundkit.UnwindInput) { in.Amount = 0 },
		"more than is left":         func(in *refundkit.UnwindInput) { in.Charge.AmountRefunded = 501 },
		"a transfer twice":          func(in *refundkit.UnwindInput) { in.Transfers[1] = in.Transfers[0] },
		"made, and not counted":     func(in *refundkit.UnwindInput) { in.Made = true },
		"a transfer without an ID":  func(in *refundkit.UnwindInput) { in.Transfers[1].ID = "" },
		"no transfer":               func(in *refundkit.UnwindInput) { in.Transfers[1] = nil },
		"another group":             func(in *refundkit.UnwindInput) { in.Transfers[1].TransferGroup = "order-2" },
		"no group at all":           func(in *refundkit.UnwindInput) { in.Transfers[1].TransferGroup, in.Charge.TransferGroup = "", "" },
		"another currency":          func(in *refundkit.UnwindInput) { in.Transfers[1].Currency = "eur" },
		"of the destination charge": func(in *refundkit.UnwindInput) { in.Charge.Transfer.ID = "tr_1" },
		"an unknown currency":       func(in *refundkit.UnwindInput) { in.Charge.Currency, in.Transfers = "xxx", nil },
		"a fee of another payment":  func(in *refundkit.UnwindInput) { in.Fees = []*refundkit.ApplicationFee{{ID: "fee_1", Currency: "usd"}} },
		"a destination charge's fee": func(in *refundkit.UnwindInput) {
			in.Fees = []*refundkit.ApplicationFee{{ID: "fee_1", Currency: "usd", OriginatingTransaction: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}}}
		},
		"a fee in another currency":  func(in *refundkit.UnwindInput) { in.Fees = []*refundkit.ApplicationFee{{ID: "fee_1", Currency: "eur"}} },
		"no fee":                     func(in *refundkit.UnwindInput) { in.Fees = []*refundkit.ApplicationFee{nil} },
		"what Stripe would not take": func(in *refundkit.UnwindInput) { in.Charge.Currency, in.Transfers, in.Amount = "kwd", nil, 15 },
	} {
		t.Run(name, func(t *testing.T) {
			in := unwinding(1000, 600, 300)
			in.Amount = 500
			spoil(&in)
			_, err := refundkit.NewUnwind(in)
			require.ErrorIs(t, err, refundkit.ErrInvalidParams)
			assert.Contains(t, err.Error(), "NewUnwind")
		})
	}
}

// TestUnwindAddsUp refunds random charges in random parts, each unwound: the parts of
// each refund add up, and in the end everybody has given back what there was to give.
func TestUnwindAddsUp(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 7))
	for range 3000 {
		charge := 1 + random.Int64N(5000)
		var amounts []int64
		left := charge
		for range random.IntN(5) {
			amount := random.Int64N(left + 1)
			amounts, left = append(amounts, amount), left-amount
		}
		in := unwinding(charge, amounts...)
		for in.Charge.AmountRefunded < charge {
			in.Amount = 1 + random.Int64N(charge-in.Charge.AmountRefunded)
			if random.IntN(4) == 0 {
				in.Amount = charge - in.Charge.AmountRefunded
			}
			u, err := refundkit.NewUnwind(in)
			require.NoError(t, err)
			sum := u.Platform
			require.GreaterOrEqual(t, u.Platform, int64(0))
			for i, r := range u.Reversals {
				sum += r.Amount
				in.Transfers[i].AmountReversed += r.Amount
				require.LessOrEqual(t, in.Transfers[i].AmountReversed, in.Transfers[i].Amount)
			}
			require.Equal(t, in.Amount, sum)
			in.Charge.AmountRefunded += in.Amount
		}
		for _, transfer := range in.Transfers {
			require.Zero(t, transfer.Left())
		}
	}
}

func TestUnwindRepair(t *testing.T) {
	in := unwinding(1000, 600, 400)
	in.Amount = 500
	in.Fees = []*refundkit.ApplicationFee{{ID: "fee_0", Amount: 60, Currency: "usd", Account: refundkit.Expandable[refundkit.Account]{ID: "acct_0"},
		Charge: refundkit.Expandable[refundkit.Charge]{ID: "py_0"}}}
	u, err := refundkit.NewUnwind(in)
	require.NoError(t, err)
	failed := &refundkit.Refund{ID: "re_1", Charge: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}, Status: refundkit.RefundStatusFailed}
	back := &refundkit.TransferReversal{ID: "trr_0", Amount: 300, Transfer: refundkit.Expandable[refundkit.Transfer]{ID: "tr_0"}}
	fee := &refundkit.ApplicationFeeRefund{ID: "fr_0", Amount: 30, Fee: refundkit.Expandable[refundkit.ApplicationFee]{ID: "fee_0"}}
	repair, err := u.Repair(failed, []*refundkit.TransferReversal{back}, []*refundkit.ApplicationFeeRefund{fee})
	require.NoError(t, err)
	require.Len(t, repair.Transfers, 1, "what was not taken back is not given again")
	assert.Equal(t, []any{"acct_0", int64(270), "order-1"}, []any{repair.Transfers[0].Account, repair.Transfers[0].Amount, repair.Transfers[0].TransferGroup})
	again, err := u.Repair(failed, []*refundkit.TransferReversal{back}, []*refundkit.ApplicationFeeRefund{fee})
	require.NoError(t, err)
	assert.Equal(t, repair, again, "with the same key")
	owed, err := u.Repair(failed, nil, []*refundkit.ApplicationFeeRefund{fee})
	require.NoError(t, err)
	assert.Equal(t, "re_1 has failed\n  0.30 usd are owed by acct_0\n", owed.String())
	text, err := json.Marshal(repair)
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`{"refund":"re_1","currency":"usd","transfers":[{"account":"acct_0","amount":270,"transfer_group":"order-1","key":%q}]}`, repair.Transfers[0].Key), string(text))

	alive := *failed
	alive.Status = refundkit.RefundStatusSucceeded
	other := *failed
	other.Charge.ID = "ch_2"
	foreign := *back
	foreign.Transfer.ID = "tr_9"
	for _, wrong := range []*refundkit.Refund{nil, &alive, &other} {
		_, err := u.Repair(wrong, nil, nil)
		require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	}
	for _, wrong := range [][]*refundkit.TransferReversal{{nil}, {back, back}, {&foreign}} {
		_, err := u.Repair(failed, wrong, nil)
		require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	}
	_, err = u.Repair(failed, nil, []*refundkit.ApplicationFeeRefund{fee, fee})
	require.ErrorIs(t, err, refundkit.ErrInvalidParams)
}

// TestUnwindDirectCharge gives the fee of a charge back whose account pays the refund.
func TestUnwindDirectCharge(t *testing.T) {
	in := unwinding(1000)
	in.Amount = 250
	in.Fees = []*refundkit.ApplicationFee{{ID: "fee_1", Amount: 100, AmountRefunded: 20, Currency: "usd",
		Account: refundkit.Expandable[refundkit.Account]{ID: "acct_1"}, Charge: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}}}
	u, err := refundkit.NewUnwind(in)
	require.NoError(t, err)
	assert.Equal(t, []any{"acct_1", int64(20)}, []any{u.Account, u.Platform})
	assert.Equal(t, "refund 2.50 usd of ch_1\n  give back 0.20 of the 0.80 left of fee_1 to acct_1\n  acct_1 pays 2.30\n  the platform pays 0.20\n", u.String())
}
