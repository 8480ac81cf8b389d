package refundjobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// crooked is a balance in which some of what refunds did is not as Stripe had it. Change
// returns what is listed in place of a transaction.
type crooked struct {
	*refundkit.BalanceTransactionService
	change map[string]func(refundkit.BalanceTransaction) []refundkit.BalanceTransaction // by the refund
	reads  int
}

func (c *crooked) All(ctx context.Context, params refundkit.BalanceTransactionListParams, opts ...refundkit.CallOption) iter.Seq2[*refundkit.BalanceTransaction, error] {
	return func(yield func(*refundkit.BalanceTransaction, error) bool) {
		for t, err := range c.BalanceTransactionService.All(ctx, params, opts...) {
			change := c.change[sourceOf(t)]
			if err != nil || change == nil {
				if !yield(t, err) {
					return
				}
				continue
			}
			for _, changed := range change(*t) {
				if !yield(&changed, nil) {
					return
				}
			}
		}
	}
}

func sourceOf(t *refundkit.BalanceTransaction) string {
	if t == nil {
		return ""
	}
	return t.Source.ID
}

// Retrieve knows what All knows.
func (c *crooked) Retrieve(ctx context.Context, id string, opts ...refundkit.CallOption) (*refundkit.BalanceTransaction, error) {
	c.reads++
	t, err := c.BalanceTransactionService.Retrieve(ctx, id, opts...)
	if change := c.change[sourceOf(t)]; change != nil && len(change(*t)) == 0 {
		return nil, fmt.Errorf("gone: %w", refundkit.ErrNotFound)
	}
	return t, err
}

// booksShop is a shop with refunds of two months, all known to rows, and a balance that
// can be made crooked.
func booksShop(t *testing.T, db *database, count int) (s *shop, balance *crooked, from, to time.Time) {
	s = newShop(t, db)
	balance = &crooked{BalanceTransactionService: s.client.BalanceTransactions, change: map[string]func(refundkit.BalanceTransaction) []refundkit.BalanceTransaction{}}
	s.store = db.open(t, s.client.Refunds, refundjobs.WithClock(s.server.Now), refundjobs.WithRate(0), refundjobs.WithBalanceTransactions(balance))
	from = s.server.Now()
	for i := range count {
		s.request(fmt.Sprintf("order-%03d", i), s.charge().ID)
		s.work()
		s.server.Advance(3 * time.Hour)
	}
	return s, balance, from, s.server.Now()
}

func TestReconcileTheBalance(t *testing.T) {
	databases(t, func(t *testing.T, db *database) {
		s, balance, from, to := booksShop(t, db, 30)
		require.Empty(t, s.differences(from, to))
		require.Zero(t, balance.reads, "what was booked at once needs no request of its own")
		id := func(i int) string { return s.row(fmt.Sprintf("order-%03d", i)).ID }
		type transaction = refundkit.BalanceTransaction
		balance.change[id(3)] = func(b transaction) []transaction { b.Fee, b.Net = 25, b.Net-25; return []transaction{b} }
		balance.change[id(5)] = func(transaction) []transaction { return nil }
		balance.change[id(7)] = func(b transaction) []transaction { b.Amount--; return []transaction{b} }
		balance.change[id(9)] = func(b transaction) []transaction { again := b; again.ID = "txn_again"; return []transaction{again, b} }
		balance.change[id(11)] = func(b transaction) []transaction {
			b.Currency, b.Amount, b.ExchangeRate = "usd", -550, 1.1
			return []transaction{b}
		}
		balance.change[id(13)] = func(b transaction) []transaction {
			b.Source.ID = "re_nowhere"
			return []transaction{b}
		}
		want := []string{"fee  order-003", "not_booked  order-005", "booked_amount  order-007", "booked_twice  order-009", "missing  re_nowhere"}
		require.ElementsMatch(t, want, s.differences(from, to))

		require.NoError(t, s.server.Fail(id(17), "declined"))
		s.listen()
		require.NoError(t, s.server.Fail(id(19), "declined"))
		s.hook.Remove()
		want = append(want, "failed_but_booked  order-017")
		require.ElementsMatch(t, want, s.differences(from, s.server.Now().Add(time.Minute)))
		s.server.Advance(time.Hour)
		reads := s.requestsOf("GET", "/v1/refunds/"+id(19))
		require.Empty(t, s.differences(to, s.server.Now()), "failures of older refunds are as they should be")
		require.Equal(t, reads, s.requestsOf("GET", "/v1/refunds/"+id(19)), "the row shows it")
	})
}

// A failure whose money never came back.
func TestReconcileNotReturned(t *testing.T) {
	db := newSQLite(t)
	s, _, from, to := booksShop(t, db, 3)
	require.NoError(t, s.server.Fail(s.row("order-001").ID, "declined"))
	s.store = db.open(t, forgetful{s.client.Refunds}, refundjobs.WithClock(s.server.Now), refundjobs.WithBalanceTransactions(s.client.BalanceTransactions))
	require.Equal(t, []string{"failed_but_booked  order-001", "not_returned  order-001"}, s.differences(from, to))
}

// forgetful shows no failure's balance transaction.
type forgetful struct{ *refundkit.RefundService }

func (f forgetful) Export(ctx context.Context, params refundkit.ExportParams, opts ...refundkit.CallOption) iter.Seq2[*refundkit.Refund, error] {
	return func(yield func(*refundkit.Refund, error) bool) {
		for refund, err := range f.RefundService.Export(ctx, params, opts...) {
			if refund != nil {
				refund.FailureBalanceTransaction = refundkit.Expandable[refundkit.BalanceTransaction]{}
			}
			if !yield(refund, err) {
				return
			}
		}
	}
}

// It ends anywhere and goes on: what came before the last position and what comes after it
// is all, and nothing twice.
func TestReconcileResumes(t *testing.T) {
	db := newSQLite(t)
	s := newShop(t, db)
	s.store = db.open(t, s.client.Refunds, refundjobs.WithClock(s.server.Now), refundjobs.WithBalanceTransactions(s.client.BalanceTransactions))
	from := s.server.Now().AddDate(0, -2, 0)
	var want []string
	seed := make([]refundtest.Refund, 1500)
	for i := range seed {
		seed[i] = refundtest.Refund{Charge: s.server.AddCharge(refundtest.Charge{Amount: 100}).ID, Amount: 50, Created: from.Add(time.Duration(i) * 30 * time.Minute)}
	}
	added, err := s.server.AddRefunds(seed)
	require.NoError(t, err)
	for _, refund := range added {
		want = append(want, "no_row "+refund.ID)
	}
	for _, fails := range []int{0, 2, 5, 9} {
		var kept, fresh []string
		var at refundjobs.ReconcilePosition
		params := refundjobs.ReconcileParams{From: from, To: s.server.Now(), Progress: func(p refundjobs.ReconcileProgress) {
			at, kept, fresh = p.Position, append(kept, fresh...), nil
		}}
		s.server.Inject(refundtest.AnswerHTML(502).On("GET /v1/refunds").Skip(fails))
		failures := 0
		for range 40 {
			params.Resume = at
			var end error
			for d, err := range s.ReconcileWith(t.Context(), params) {
				if end = err; err == nil {
					fresh = append(fresh, string(d.Kind)+" "+d.Refund.ID)
				}
			}
			fresh = nil
			if end == nil {
				break
			}
			failures++
		}
		require.ElementsMatch(t, want, kept)
		require.Equal(t, 1, failures)
		s.server.ClearFaults()
	}
	other := refundjobs.ReconcileParams{From: from, To: s.server.Now(), Resume: refundjobs.ReconcilePosition{Account: "acct_1", Before: s.server.Now()}}
	for _, err := range s.ReconcileWith(t.Context(), other) {
		require.ErrorContains(t, err, "the position to resume from is of a run over other accounts")
	}
}

func TestReconcileFailsWhereTheBalanceCannotBeRead(t *testing.T) {
	s, _, from, to := booksShop(t, newSQLite(t), 3)
	s.server.Inject(refundtest.AnswerHTML(502).On("GET /v1/balance_transactions").Always())
	var last error
	for _, err := range s.Reconcile(t.Context(), from, to) {
		last = err
	}
	require.ErrorContains(t, last, "refundjobs: Reconcile: refundkit: ")
}

func TestWriteDifferences(t *testing.T) {
	created := refundkit.NewTimestamp(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	row := refundjobs.Job{Job: refundkit.Job{Name: "=order", Progress: refundkit.Progress{}}, Currency: "eur", RefundStatus: refundkit.RefundStatusSucceeded, RefundAmount: 500}
	row.ID = "re_1"
	booked := &refundkit.BalanceTransaction{ID: "txn_1", Amount: -500, Fee: 25, Currency: "eur", Created: created}
	booked.Source.ID = "re_2"
	refund := &refundkit.Refund{ID: "re_1", Amount: 5, Currency: "jpy", Status: refundkit.RefundStatusFailed, Created: created}
	var out bytes.Buffer
	count, err := refundjobs.WriteDifferences(&out, func(yield func(refundjobs.Difference, error) bool) {
		_ = yield(refundjobs.Difference{Kind: refundjobs.DifferenceAmount, Job: row, Refund: refund, BalanceTransaction: booked}, nil) &&
			yield(refundjobs.Difference{Kind: refundjobs.DifferenceMissing, Account: "acct_1", BalanceTransaction: booked}, nil)
	})
	require.NoError(t, err)
	require.Equal(t, 2, count)
	require.Equal(t, `difference,account,name,refund,created,row_amount,row_currency,row_status,amount,currency,status,balance_transaction,booked_at,booked_amount,booked_fee,booked_currency
amount,,'=order,re_1,2026-01-02T03:04:05Z,5.00,eur,succeeded,5,jpy,failed,txn_1,2026-01-02T03:04:05Z,-5.00,0.25,eur
missing,acct_1,,re_2,,,,,,,,txn_1,2026-01-02T03:04:05Z,-5.00,0.25,eur
`, out.String())
	broken := errors.New("broken")
	_, err = refundjobs.WriteDifferences(&out, func(yield func(refundjobs.Difference, error) bool) { yield(refundjobs.Difference{}, broken) })
	require.ErrorIs(t, err, broken)
}
