package refundjobs

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs/internal/money"
)

// BalanceReader reads what moved the balance: a client's BalanceTransactions is one.
//
// https://docs.stripe.com/api/balance_transactions
type BalanceReader interface {
	All(ctx context.Context, params refundkit.BalanceTransactionListParams, opts ...refundkit.CallOption) iter.Seq2[*refundkit.BalanceTransaction, error]
}

// WithBalanceTransactions lets [Jobs.WriteReport] say fee and net, and [Jobs.Reconcile]
// compare refunds with what they did to the balance. Give it the client's
// BalanceTransactions.
func WithBalanceTransactions(balance BalanceReader) Option {
	return func(o *options) error { o.balance = balance; return nil }
}

// Total is the sum of some rows of a report.
type Total struct {
	Kind         Kind
	Currency     string
	Label, Value string // empty: of all rows in this currency
	Shown        State
	Number       int64
	Amount       int64 // in the currency's smallest unit, as it was made, else as it was asked for
	Fee, Net     int64 // in the smallest unit of NetCurrency; 0 without [WithBalanceTransactions]
	NetCurrency  string
}

// booked is what a refund did to the balance, its failure included.
type booked struct {
	fee, net int64
	currency string
}

// WriteReport writes a line of CSV for each row of a filter: what was asked for, by
// whom, approved by whom, made as, fee, net, status and when; and returns the totals by
// currency and state, and of each label. Amounts are decimals of their currency; where none
// is known, numbers of the smallest unit. Fee
// and net are empty without [WithBalanceTransactions]; it reads those of the time in
// which the refunds were made, and holds them. A cell that a spreadsheet would take for a
// formula begins with an apostrophe.
func (j *Jobs[TTx]) WriteReport(ctx context.Context, w io.Writer, filter Filter) ([]Total, error) {
	r := reporter{lines: csv.NewWriter(w), totals: map[Total]*Total{}}
	if err := j.prepareReport(ctx, filter, &r); err != nil {
		return nil, failed("WriteReport", "", err)
	}
	_ = r.lines.Write(r.header()) // Error tells it
	for row, err := range j.List(ctx, filter) {
		if err != nil {
			return nil, err
		}
		_ = r.lines.Write(r.line(row))
		r.add(row)
		if err := r.lines.Error(); err != nil {
			return nil, failed("WriteReport", row.Name, err)
		}
	}
	r.lines.Flush()
	return r.sorted(), failed("WriteReport", "", r.lines.Error())
}

// reporter writes the lines and adds them up.
type reporter struct {
	lines  *csv.Writer
	labels []string
	booked map[string]booked // by the refund's ID; nil if it is not read
	totals map[Total]*Total  // by what makes them different
}

// prepareReport finds the labels and what was booked.
func (j *Jobs[TTx]) prepareReport(ctx context.Context, filter Filter, r *reporter) error {
	labels, accounts := map[string]bool{}, map[string]bool{}
	var first time.Time
	for row, err := range j.List(ctx, filter) {
		if err != nil {
			return err
		}
		for label := range row.Labels {
			labels[label] = true
		}
		if at := row.RefundCreated; !at.IsZero() {
			accounts[row.Account] = true
			first = earlier(first, at)
		}
	}
	for label := range labels {
		r.labels = append(r.labels, label)
	}
	slices.Sort(r.labels)
	if j.options.balance == nil {
		return nil
	}
	r.booked = map[string]booked{}
	for account := range accounts {
		if err := j.readBooked(ctx, account, first, r.booked); err != nil {
			return err
		}
	}
	return nil
}

// readBooked reads what refunds did to a balance since the first of them: one that fails
// gives its money back weeks later.
func (j *Jobs[TTx]) readBooked(ctx context.Context, account string, first time.Time, into map[string]booked) error {
	params := refundkit.BalanceTransactionListParams{Created: refundkit.CreatedRange{From: first.Add(-time.Hour)}}
	for t, err := range j.options.balance.All(ctx, params, accountOption(account)...) {
		if err != nil {
			return err
		}
		if isRefundID(t.Source.ID) {
			b := into[t.Source.ID]
			into[t.Source.ID] = booked{fee: b.fee + t.Fee, net: b.net + t.Net, currency: t.Currency}
		}
	}
	return nil
}

func (r *reporter) header() []string {
	header := []string{"name", "kind", "plan", "line", "state", "problem", "charge", "payment_intent", "transfer_or_fee", "account", "amount", "currency", "refund", "refund_status", "refunded_at",
		"fee", "net", "net_currency", "asked_at", "asked_by", "approved_at", "approved_by", "note"}
	for _, label := range r.labels {
		header = append(header, safe(labelPrefix+label))
	}
	return header
}

func (r *reporter) line(row Job) []string {
	line := ""
	if row.PlanLine > 0 {
		line = strconv.FormatInt(row.PlanLine, 10)
	}
	fee, net, currency := "", "", ""
	if b, ok := r.booked[row.ID]; ok {
		fee, net, currency = money.Decimal(b.fee, b.currency), money.Decimal(b.net, b.currency), b.currency
	}
	cells := []string{safe(row.Name), string(row.Kind), safe(row.Plan), line, string(row.Shown), string(row.Problem), safe(row.Params.Charge), safe(row.Params.PaymentIntent), safe(row.Source), safe(row.Account), row.amountText(), row.Currency,
		safe(row.ID), string(row.RefundStatus), iso(row.RefundCreated), fee, net, currency, iso(row.CreatedAt), safe(row.RequestedBy), iso(row.ApprovedAt), safe(row.ApprovedBy), safe(row.Note)}
	for _, label := range r.labels {
		cells = append(cells, safe(row.Labels[label]))
	}
	return cells
}

// amountText is what was refunded, else what was asked for.
func (j Job) amountText() string {
	if amount := j.amount(); amount > 0 {
		return money.Decimal(amount, j.Currency)
	}
	return "remaining"
}

func (j Job) amount() int64 {
	if j.RefundAmount > 0 {
		return j.RefundAmount
	}
	return j.Params.Amount
}

func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// safe is a cell that no spreadsheet takes for a formula.
func safe(cell string) string {
	if first, size := utf8.DecodeRuneInString(cell); size > 0 && strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", first) { // also of full width
		return "'" + cell
	}
	return cell
}

func (r *reporter) add(row Job) {
	b := r.booked[row.ID]
	key := Total{Kind: row.Kind, Currency: row.Currency, Shown: row.Shown, NetCurrency: b.currency}
	r.count(key, row, b)
	for label, value := range row.Labels {
		key.Label, key.Value = label, value
		r.count(key, row, b)
	}
}

func (r *reporter) count(key Total, row Job, b booked) {
	t := r.totals[key]
	if t == nil {
		t = &Total{Kind: key.Kind, Currency: key.Currency, Label: key.Label, Value: key.Value, Shown: key.Shown, NetCurrency: key.NetCurrency}
		r.totals[key] = t
	}
	t.Number++
	t.Amount += row.amount()
	t.Fee += b.fee
	t.Net += b.net
}

func (r *reporter) sorted() []Total {
	totals := make([]Total, 0, len(r.totals))
	for _, t := range r.totals {
		totals = append(totals, *t)
	}
	slices.SortFunc(totals, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Shown, b.Shown), cmp.Compare(a.NetCurrency, b.NetCurrency))
	})
	return totals
}

// WriteTotals writes totals as CSV.
func WriteTotals(w io.Writer, totals []Total) error {
	lines := csv.NewWriter(w)
	_ = lines.Write([]string{"kind", "label", "value", "currency", "state", "number", "amount", "fee", "net", "net_currency"})
	for _, t := range totals {
		fee, net := "", ""
		if t.NetCurrency != "" {
			fee, net = money.Decimal(t.Fee, t.NetCurrency), money.Decimal(t.Net, t.NetCurrency)
		}
		_ = lines.Write([]string{string(t.Kind), safe(t.Label), safe(t.Value), t.Currency, string(t.Shown), strconv.FormatInt(t.Number, 10), money.Decimal(t.Amount, t.Currency), fee, net, t.NetCurrency})
	}
	lines.Flush()
	if err := lines.Error(); err != nil {
		return fmt.Errorf("refundjobs: WriteTotals: %w", err)
	}
	return nil
}
