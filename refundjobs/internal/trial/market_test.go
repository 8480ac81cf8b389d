//go:build unix

package trial

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

var accounts = []string{"acct_1Bakery", "acct_1Florist", "acct_1Courier"}

// market is a platform whose payments are those of connected accounts: its own, most of
// which it sent on to some of them, and theirs, of which it has a fee.
type market struct {
	*ordeal
	client *refundkit.Client // reads without a fault
	sales  []*sale
}

// sale is an order that was paid. Parts of it are refunded.
type sale struct {
	name, charge string
	account, fee string // of a direct charge
	amount, left int64  // left: what nobody has asked to refund
	parts        int
	turn         int  // in which a part was asked for last
	overlaps     bool // a part was asked for while another was on its way
	fails        bool // its refunds fail after they succeeded
}

func TestTrialOfUnwindOnPostgres(t *testing.T) {
	t.Parallel()
	killed, asked, seed := unwindSize()
	newMarket(postgresOrdeal(t, byRow, seed)).trial(killed, asked)
}

func TestTrialOfUnwindOnSQLite(t *testing.T) {
	t.Parallel()
	killed, asked, seed := unwindSize()
	newMarket(sqliteOrdeal(t, seed)).trial(killed, asked)
}

func newMarket(o *ordeal) *market {
	for _, account := range accounts {
		o.server.Account(account)
	}
	client, err := refundkit.New("sk_test_trial", refundkit.WithHTTPClient(o.server.HTTPClient()), refundkit.WithClock(o.clock.now))
	require.NoError(o.t, err)
	o.market = &market{ordeal: o, client: client}
	return o.market
}

// trial kills, repairs what failed, and compares everybody's books.
func (m *market) trial(killed, asked int) {
	m.run(killed, asked).require(m.t)
	b := m.newBooks()
	b.addSales()
	b.addRows()
	b.repair()
	b.require()
}

// newOrder is a part of a sale to be refunded, of a new one half of the time.
func (m *market) newOrder() order {
	s := m.partlyRefunded()
	if s == nil {
		s = m.sell()
	}
	s.parts++
	s.turn = m.killed
	amount := 1 + m.random.Int64N(s.left)
	if s.parts == 3 || m.random.IntN(5) == 0 {
		amount = s.left
	}
	s.left -= amount
	m.numbered++
	unwind := m.unwind(s, amount)
	return order{name: fmt.Sprintf("%s/refund-%d", s.name, s.parts), charge: s.charge, account: s.account, amount: amount, unwind: &unwind}
}

// partlyRefunded is a sale of which something is left; nil if another is to be made. One
// is not taken twice in a turn: its parts may come into one transaction.
func (m *market) partlyRefunded() *sale {
	if 2*len(m.sales) <= m.numbered {
		return nil
	}
	for range 20 {
		if s := m.sales[m.random.IntN(len(m.sales))]; s.left > 0 && s.turn != m.killed {
			return s
		}
	}
	return nil
}

// sell charges a customer: the platform, which sends parts of it on, or one time in
// three an account, which pays a fee.
func (m *market) sell() *sale {
	s := &sale{name: fmt.Sprintf("sale-%05d", len(m.sales)), amount: 100 + m.random.Int64N(20_000)}
	charge := refundtest.Charge{Amount: s.amount, TransferGroup: s.name, OnRefund: refundtest.Succeeds}
	switch m.random.IntN(10) {
	case 0:
		charge.OnRefund, s.fails = refundtest.SucceedsThenFails, true
	case 1, 2:
		charge.OnRefund = refundtest.PendsThenSucceeds
	}
	m.sales, s.left = append(m.sales, s), s.amount
	if m.random.IntN(3) == 0 {
		s.account = accounts[m.random.IntN(len(accounts))]
		charge.ApplicationFeeAmount = s.amount / 10
		s.charge = m.world(s.account).AddCharge(charge).ID
		for _, fee := range m.server.ApplicationFees(s.account) {
			if fee.Charge == s.charge {
				s.fee = fee.ID
			}
		}
		return s
	}
	s.charge = m.server.AddCharge(charge).ID
	left := s.amount
	for _, account := range accounts[m.random.IntN(len(accounts)):] {
		part := 1 + m.random.Int64N(left/2)
		_, err := m.server.AddTransfer(refundtest.Transfer{Amount: part, Destination: account, SourceTransaction: s.charge})
		require.NoError(m.t, err)
		left -= part
	}
	return s
}

// unwind divides a refund, by what there is now and what other rows are about to take.
func (m *market) unwind(s *sale, amount int64) refundkit.Unwind {
	ctx := m.t.Context()
	in := refundkit.UnwindInput{Amount: amount, Claimed: m.claimed(s)} // read before what it claims
	var err error
	if s.account != "" {
		in.Charge, err = m.client.Charges.Retrieve(ctx, s.charge, refundkit.OnAccount(s.account))
		require.NoError(m.t, err)
		fee, err := m.client.ApplicationFees.Retrieve(ctx, s.fee)
		require.NoError(m.t, err)
		in.Fees = append(in.Fees, fee)
	} else {
		in.Charge, err = m.client.Charges.Retrieve(ctx, s.charge)
		require.NoError(m.t, err)
		for transfer, err := range m.client.Transfers.All(ctx, refundkit.TransferListParams{TransferGroup: s.name}) {
			require.NoError(m.t, err)
			in.Transfers = append(in.Transfers, transfer)
		}
	}
	unwind, err := refundkit.NewUnwind(in)
	require.NoError(m.t, err)
	return unwind
}

// claimed is what rows of a sale that have not ended take, by the transfer or the fee.
func (m *market) claimed(s *sale) (claimed map[string]int64) {
	require.NoError(m.t, patiently(m.t.Context(), func(ctx context.Context) error {
		claimed = map[string]int64{}
		return each(ctx, m.store.database(), `SELECT source, amount FROM refundjobs WHERE unwind LIKE '`+s.name+`/%' AND job_state NOT IN ('made', 'canceled')`, func(scan func(...any) error) error {
			var source string
			var amount int64
			err := scan(&source, &amount)
			claimed[source] += amount
			s.overlaps = true
			return err
		})
	}))
	return claimed
}
