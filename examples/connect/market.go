package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

var accounts = []string{"acct_1Bakery", "acct_1Florist", "acct_1Courier"}

// market is the platform with its tables, and Stripe.
type market struct {
	options
	server *refundtest.Server
	client *refundkit.Client
	random *rand.Rand

	refunds   *rows[refundkit.Job]
	reversals *rows[refundkit.TransferReversalJob]
	fees      *rows[refundkit.ApplicationFeeRefundJob]

	calls, wrong, deaths, failed int
	shown                        *refundkit.Unwind // one plan, to be printed
}

func newMarket(o options) (*market, error) {
	m := &market{options: o, random: rand.New(rand.NewPCG(o.seed, 18))}
	m.refunds = newRows(m, func(j refundkit.Job) string { return j.Name }, func(j refundkit.Job) refundkit.Progress { return j.Progress })
	m.reversals = newRows(m, func(j refundkit.TransferReversalJob) string { return j.Name }, func(j refundkit.TransferReversalJob) refundkit.Progress { return j.Progress })
	m.fees = newRows(m, func(j refundkit.ApplicationFeeRefundJob) string { return j.Name }, func(j refundkit.ApplicationFeeRefundJob) refundkit.Progress { return j.Progress })
	stripesFee := func(amount int64, _ string) int64 { return amount*29/1000 + 30 }
	m.server = refundtest.New(refundtest.WithSeed(o.seed), refundtest.WithStripeFees(stripesFee), refundtest.WithJournalLimit(100))
	for _, account := range accounts {
		m.server.Account(account)
	}
	if o.faults > 0 {
		m.server.Inject(refundtest.Chaos(o.seed, o.faults, refundtest.ForeignRefusals()...))
	}
	var err error
	m.client, err = refundkit.New("sk_test_connect", refundkit.WithHTTPClient(&http.Client{Transport: m.server.HTTPClient().Transport}),
		refundkit.WithClock(m.server.Now), refundkit.WithMaxRetries(0), refundkit.WithAttemptHook(func(_ context.Context, a refundkit.Attempt) {
			m.calls++
			if a.Err != nil {
				m.wrong++
			}
		}))
	return m, err
}

func (m *market) chance(probability float64) bool { return m.random.Float64() < probability }

// order is paid in one of Connect's three ways, and some of it is refunded. A plan of
// separate charges is returned, if there was one.
func (m *market) order(ctx context.Context, number int) (*refundkit.Unwind, error) {
	name, amount := fmt.Sprintf("order-%d", number), 100+m.random.Int64N(20_000)
	var plan *refundkit.Unwind
	account, fee := accounts[m.random.IntN(len(accounts))], amount/10
	refund := func(int, int64) error { return nil }
	switch m.random.IntN(3) {
	case 0: // a destination charge: Stripe takes the transfer and the fee back
		charge := m.server.AddCharge(refundtest.Charge{Amount: amount, Destination: account, ApplicationFeeAmount: fee})
		refund = func(part int, amount int64) error {
			_, err := m.refund(ctx, name, part, "", refundkit.RefundCreateParams{Charge: charge.ID, Amount: amount, ReverseTransfer: true, RefundApplicationFee: true})
			return err
		}
	case 1: // a direct charge: the fee goes back by a row of its own
		charge := m.server.Account(account).AddCharge(refundtest.Charge{Amount: amount, ApplicationFeeAmount: fee})
		refund = func(part int, amount int64) error { return m.refundDirect(ctx, name, part, account, charge, amount) }
	case 2: // separate charges and transfers
		charge, err := m.sell(name, amount)
		if err != nil {
			return nil, err
		}
		refund = func(part int, amount int64) error {
			made, err := m.refundSeparate(ctx, name, part, charge, amount)
			if plan == nil {
				plan = made
			}
			return err
		}
	}
	for part := range m.random.IntN(4) {
		wanted := 1 + m.random.Int64N(amount)
		if part == 2 || m.chance(0.2) {
			wanted = amount // all that is left
		}
		if err := refund(part, wanted); err != nil {
			return nil, err
		}
		if amount -= wanted; amount == 0 {
			break
		}
	}
	return plan, nil
}

// sell charges a customer, and sends most of the money on to some of the accounts.
func (m *market) sell(name string, amount int64) (refundtest.Charge, error) {
	charge := m.server.AddCharge(refundtest.Charge{Amount: amount, TransferGroup: name})
	left := amount
	for _, account := range accounts[m.random.IntN(len(accounts)):] {
		part := 1 + m.random.Int64N(left/2)
		if _, err := m.server.AddTransfer(refundtest.Transfer{Amount: part, Destination: account, SourceTransaction: charge.ID}); err != nil {
			return charge, err
		}
		left -= part
	}
	return charge, nil
}

// refund stores a row, and works on it until it is made.
func (m *market) refund(ctx context.Context, name string, part int, account string, params refundkit.RefundCreateParams) (refundkit.Job, error) {
	job, err := refundkit.NewJob(fmt.Sprintf("%s/refund-%d", name, part), params)
	if err != nil {
		return job, err
	}
	job.Account = account
	m.refunds.byName[job.Name] = job
	return m.finishRefund(ctx, job.Name)
}

// refundDirect refunds a charge of an account, and gives the platform's fee back.
func (m *market) refundDirect(ctx context.Context, name string, part int, account string, made refundtest.Charge, amount int64) error {
	charge, err := ask(m, func() (*refundkit.Charge, error) {
		return m.client.Charges.Retrieve(ctx, made.ID, refundkit.OnAccount(account), refundkit.Expand("application_fee"))
	})
	if err != nil {
		return err
	}
	fee, err := ask(m, func() (*refundkit.ApplicationFee, error) {
		return m.client.ApplicationFees.Retrieve(ctx, charge.ApplicationFee.ID)
	})
	if err != nil {
		return err
	}
	plan, err := refundkit.NewUnwind(refundkit.UnwindInput{Charge: charge, Amount: amount, Fees: []*refundkit.ApplicationFee{fee}})
	if err != nil {
		return err
	}
	_, fees, err := plan.Jobs(fmt.Sprintf("%s/refund-%d", name, part))
	if err != nil {
		return err
	}
	for _, job := range fees {
		m.fees.byName[job.Name] = job
	}
	if _, err := m.refund(ctx, name, part, account, refundkit.RefundCreateParams{Charge: charge.ID, Amount: amount}); err != nil {
		return err
	}
	for _, job := range fees {
		if _, err := m.finishFee(ctx, job.Name); err != nil {
			return err
		}
	}
	return nil
}

// refundSeparate refunds a charge whose money went to several accounts, by a plan. All
// rows are stored before the first is worked on.
func (m *market) refundSeparate(ctx context.Context, name string, part int, made refundtest.Charge, amount int64) (*refundkit.Unwind, error) {
	plan, err := m.plan(ctx, made.ID, amount)
	if err != nil {
		return nil, err
	}
	reversals, _, err := plan.Jobs(fmt.Sprintf("%s/refund-%d", name, part))
	if err != nil {
		return nil, err
	}
	for _, job := range reversals {
		m.reversals.byName[job.Name] = job
	}
	refund, err := m.refund(ctx, name, part, "", refundkit.RefundCreateParams{Charge: made.ID, Amount: amount})
	if err != nil {
		return nil, err
	}
	var taken []*refundkit.TransferReversal
	for _, job := range reversals {
		done, err := m.finishReversal(ctx, job.Name)
		if err != nil {
			return nil, err
		}
		reversal, err := ask(m, func() (*refundkit.TransferReversal, error) {
			return m.client.TransferReversals.Retrieve(ctx, done.Transfer, done.ID)
		})
		if err != nil {
			return nil, err
		}
		taken = append(taken, reversal)
	}
	if m.chance(0.15) {
		return &plan, m.fail(ctx, plan, refund.ID, taken)
	}
	return &plan, nil
}

// plan reads a charge and its transfers as they are now, and divides the refund.
func (m *market) plan(ctx context.Context, chargeID string, amount int64) (refundkit.Unwind, error) {
	return ask(m, func() (refundkit.Unwind, error) {
		charge, err := m.client.Charges.Retrieve(ctx, chargeID)
		if err != nil {
			return refundkit.Unwind{}, err
		}
		in := refundkit.UnwindInput{Charge: charge, Amount: amount}
		for transfer, err := range m.client.Transfers.All(ctx, refundkit.TransferListParams{TransferGroup: charge.TransferGroup}) {
			if err != nil {
				return refundkit.Unwind{}, err
			}
			in.Transfers = append(in.Transfers, transfer)
		}
		return refundkit.NewUnwind(in)
	})
}

// fail lets the customer's bank send the refund back, and repairs what that leaves.
// refundkit makes no transfers: what adds them here is your own client, with their keys.
func (m *market) fail(ctx context.Context, plan refundkit.Unwind, refundID string, taken []*refundkit.TransferReversal) error {
	m.failed++
	if err := m.server.Fail(refundID, "lost_or_stolen_card"); err != nil {
		return err
	}
	failed, err := ask(m, func() (*refundkit.Refund, error) { return m.client.Refunds.Retrieve(ctx, refundID) })
	if err != nil {
		return err
	}
	repair, err := plan.Repair(failed, taken, nil)
	if err != nil {
		return err
	}
	for _, t := range repair.Transfers {
		if _, err := m.server.AddTransfer(refundtest.Transfer{Amount: t.Amount, Currency: repair.Currency, Destination: t.Account, TransferGroup: t.TransferGroup}); err != nil {
			return err
		}
	}
	return nil
}

// ask repeats what only reads until it is answered. What we refuse ourselves stays refused.
func ask[T any](m *market, read func() (T, error)) (T, error) {
	for range 200 {
		value, err := read()
		if err == nil || errors.As(err, new(*refundkit.ParamError)) {
			return value, err
		}
		m.server.Advance(time.Second)
	}
	return read()
}
