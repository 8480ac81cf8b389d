package refundkit_test

import (
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnwindBesideAnOpenOne plans a second refund while the first is on its way: what is
// left of the charge is claimed like what is left of its transfers.
func TestUnwindBesideAnOpenOne(t *testing.T) {
	for name, reversed := range map[string]bool{"nothing is made": false, "its reversals are made": true} {
		t.Run(name, func(t *testing.T) {
			in := unwinding(1000, 600, 300)
			in.Amount = 500
			in.Claimed = map[string]int64{"ch_1": 500}
			if reversed {
				in.Transfers[0].AmountReversed, in.Transfers[1].AmountReversed = 300, 150
			} else {
				in.Claimed["tr_0"], in.Claimed["tr_1"] = 300, 150
			}
			u, err := refundkit.NewUnwind(in)
			require.NoError(t, err)
			assert.Equal(t, []int64{300, 150}, parts(u))
			assert.Equal(t, int64(50), u.Platform)
			in.Amount = 501
			_, err = refundkit.NewUnwind(in)
			require.ErrorIs(t, err, refundkit.ErrInvalidParams)
		})
	}
}

// TestUnwindOfOneChargeOfAGroup leaves alone what is surely another charge's money.
func TestUnwindOfOneChargeOfAGroup(t *testing.T) {
	in := unwinding(1000, 600, 300)
	in.Amount = 500
	in.Transfers[0].SourceTransaction.ID, in.Transfers[1].SourceTransaction.ID = "ch_1", "ch_2"
	_, err := refundkit.NewUnwind(in)
	require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	assert.Contains(t, err.Error(), "another")
	in.Transfers = in.Transfers[:1]
	_, err = refundkit.NewUnwind(in)
	require.NoError(t, err)
}

// TestUnwindRepairOfAnother refuses what would send money that this plan did not take.
func TestUnwindRepairOfAnother(t *testing.T) {
	in := unwinding(1000, 600, 400)
	in.Amount = 500
	u, err := refundkit.NewUnwind(in)
	require.NoError(t, err)
	failed := refundkit.Refund{ID: "re_1", Amount: 500, Charge: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}, Status: refundkit.RefundStatusFailed}
	back := refundkit.TransferReversal{ID: "trr_0", Amount: 300, Transfer: refundkit.Expandable[refundkit.Transfer]{ID: "tr_0"}}
	u.FeeRefunds = []refundkit.UnwindFee{{Fee: "fee_0", Account: "acct_0", Amount: 30}}
	fee := refundkit.ApplicationFeeRefund{ID: "fr_0", Amount: 31, Fee: refundkit.Expandable[refundkit.ApplicationFee]{ID: "fee_0"}}
	earlier := back
	earlier.ID, earlier.Amount = "trr_9", 100
	smaller, unnamed := failed, failed
	smaller.Amount, unnamed.ID = 200, ""
	_, err = u.Repair(&failed, []*refundkit.TransferReversal{&back}, nil)
	require.NoError(t, err)
	for name, repair := range map[string]func() error{
		"a fee refund of another":    func() error { _, err := u.Repair(&failed, nil, []*refundkit.ApplicationFeeRefund{&fee}); return err },
		"a refund of another amount": func() error { _, err := u.Repair(&smaller, nil, nil); return err },
		"a refund without an ID":     func() error { _, err := u.Repair(&unnamed, nil, nil); return err },
		"a reversal of an earlier refund": func() error {
			_, err := u.Repair(&failed, []*refundkit.TransferReversal{&back, &earlier}, nil)
			return err
		},
	} {
		require.ErrorIs(t, repair(), refundkit.ErrInvalidParams, name)
	}
}
