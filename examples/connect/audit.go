package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/refundkit/refundkit"
)

// book is what an account has, added up from its objects, from its balance transactions
// and as its balance says. Amounts are in cents; what leaves the account is negative.
type book struct {
	account                                                             string
	charges, refunds, transfers, reversals, fees, feesBack, stripesFees int64
	lines, balance                                                      int64
	problems                                                            []string
}

func (b *book) sum() int64 {
	return b.charges + b.refunds + b.transfers + b.reversals + b.fees + b.feesBack + b.stripesFees
}

// audit reads everything that there is of the platform and its accounts.
func (m *market) audit(ctx context.Context) ([]*book, error) {
	platform := &book{account: "platform"}
	books := []*book{platform}
	of := map[string]*book{}
	for _, account := range accounts {
		of[account] = &book{account: account}
		books = append(books, of[account])
	}
	if err := errors.Join(m.addTransfers(ctx, platform, of), m.addFees(ctx, platform, of), m.addPayments(ctx, platform)); err != nil {
		return nil, err
	}
	for account, b := range of {
		if err := m.addPayments(ctx, b, refundkit.OnAccount(account)); err != nil {
			return nil, err
		}
	}
	m.once(platform)
	return books, nil
}

// each walks a list, and ends at an error.
func each[T any](list iter.Seq2[T, error], do func(T)) error {
	for item, err := range list {
		if err != nil {
			return err
		}
		do(item)
	}
	return nil
}

// addTransfers adds what went from the platform to the accounts, and came back.
func (m *market) addTransfers(ctx context.Context, platform *book, of map[string]*book) error {
	return each(m.client.Transfers.All(ctx, refundkit.TransferListParams{}), func(t *refundkit.Transfer) {
		b := of[t.Destination.ID]
		platform.transfers -= t.Amount
		b.transfers += t.Amount
		var reversed int64
		err := each(m.client.TransferReversals.All(ctx, t.ID, refundkit.TransferReversalListParams{}), func(r *refundkit.TransferReversal) { reversed += r.Amount })
		if err != nil || reversed != t.AmountReversed || reversed > t.Amount {
			platform.problems = append(platform.problems, fmt.Sprintf("of %s %d of %d are reversed, by reversals of %d: %v", t.ID, t.AmountReversed, t.Amount, reversed, err))
		}
		platform.reversals += reversed
		b.reversals -= reversed
	})
}

// addFees adds what the platform earned, and gave back.
func (m *market) addFees(ctx context.Context, platform *book, of map[string]*book) error {
	return each(m.client.ApplicationFees.All(ctx, refundkit.ApplicationFeeListParams{}), func(f *refundkit.ApplicationFee) {
		b := of[f.Account.ID]
		platform.fees, b.fees = platform.fees+f.Amount, b.fees-f.Amount
		platform.feesBack, b.feesBack = platform.feesBack-f.AmountRefunded, b.feesBack+f.AmountRefunded
		if f.AmountRefunded > f.Amount {
			platform.problems = append(platform.problems, f.ID+" was given back more than once")
		}
	})
}

// addPayments adds the account's own charges and refunds, leaving out those by which
// transfers and reversals show there, and what its books and its balance say.
func (m *market) addPayments(ctx context.Context, b *book, opts ...refundkit.CallOption) error {
	charges := each(m.client.Charges.All(ctx, refundkit.ChargeListParams{}, opts...), func(c *refundkit.Charge) {
		if c.SourceTransfer.ID == "" {
			b.charges += c.AmountCaptured
		}
	})
	refunds := each(m.client.Refunds.All(ctx, refundkit.RefundListParams{}, opts...), func(r *refundkit.Refund) {
		if r.SourceTransferReversal.ID == "" && !r.Status.IsFinal() {
			b.refunds -= r.Amount
		}
	})
	lines := each(m.client.BalanceTransactions.All(ctx, refundkit.BalanceTransactionListParams{}, opts...), func(t *refundkit.BalanceTransaction) {
		b.lines += t.Net
		for _, fee := range t.FeeDetails {
			if fee.Type == "stripe_fee" {
				b.stripesFees -= fee.Amount
			}
		}
	})
	balance, err := m.client.Balance.Retrieve(ctx, opts...)
	if err := errors.Join(charges, refunds, lines, err); err != nil {
		return err
	}
	for _, money := range balance.Available {
		b.balance += money.Amount
	}
	return nil
}

// once holds what the rows asked for against what was made: each row's refund, reversal
// or fee refund exists, once and with its amount.
func (m *market) once(b *book) {
	refunds, reversals, fees := map[string]int64{}, map[string]int64{}, map[string]int64{}
	add := func(to map[string]int64, reference string, amount int64) {
		if _, twice := to[reference]; twice && reference != "" {
			b.problems = append(b.problems, reference+" was made twice")
		}
		to[reference] += amount
	}
	worlds := append([]string{m.server.AccountID()}, accounts...)
	for _, account := range worlds {
		for _, r := range m.server.Account(account).Refunds("") {
			add(refunds, r.Metadata[refundkit.ReferenceMetadataKey], r.Amount)
		}
	}
	for _, r := range m.server.TransferReversals("") {
		add(reversals, r.Metadata[refundkit.ReferenceMetadataKey], r.Amount)
	}
	for _, r := range m.server.ApplicationFeeRefunds("") {
		add(fees, r.Metadata[refundkit.ReferenceMetadataKey], r.Amount)
	}
	for name, job := range m.refunds.byName {
		b.want(name, refunds[name], job.Params.Amount)
	}
	for name, job := range m.reversals.byName {
		b.want(name, reversals[name], job.Params.Amount)
	}
	for name, job := range m.fees.byName {
		b.want(name, fees[name], job.Params.Amount)
	}
}

func (b *book) want(name string, got, wanted int64) {
	if got != wanted {
		b.problems = append(b.problems, fmt.Sprintf("%s asked for %d, and got %d", name, wanted, got))
	}
}

// check says what does not agree.
func check(books []*book) error {
	var problems []string
	for _, b := range books {
		problems = append(problems, b.problems...)
		if b.sum() != b.lines || b.lines != b.balance {
			problems = append(problems, fmt.Sprintf("%s: its objects say %d, its balance transactions %d, its balance %d", b.account, b.sum(), b.lines, b.balance))
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}

// table shows the books in dollars.
func table(books []*book) string {
	usd, err := refundkit.CurrencyOf("usd")
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	row := func(cells ...string) {
		for i, cell := range cells {
			width := 12
			if i == 0 {
				width = -14
			}
			fmt.Fprintf(&text, "%*s", width, cell)
		}
		text.WriteByte('\n')
	}
	row("", "charges", "refunds", "transfers", "reversals", "fees", "fees back", "Stripe", "together", "balance")
	for _, b := range books {
		row(b.account, usd.Format(b.charges), usd.Format(b.refunds), usd.Format(b.transfers), usd.Format(b.reversals), usd.Format(b.fees),
			usd.Format(b.feesBack), usd.Format(b.stripesFees), usd.Format(b.sum()), usd.Format(b.balance))
	}
	return text.String()
}
