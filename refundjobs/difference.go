package refundjobs

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs/internal/money"
)

// DifferenceKind is what differs between the rows, Stripe's refunds and Stripe's balance,
// as a short word.
type DifferenceKind string

// What can differ between the rows and Stripe's refunds.
const (
	DifferenceNoRow       DifferenceKind = "no_row"       // made at the Dashboard, or by another program
	DifferenceMissing     DifferenceKind = "missing"      // the refund is not at Stripe: another key or mode, or a row of a copied database
	DifferenceNotRecorded DifferenceKind = "not_recorded" // a refund of the row's name is in force, and the row does not know it
	DifferenceTwice       DifferenceKind = "twice"        // another refund of the row's name is in force beside the row's own
	DifferencePayment     DifferenceKind = "payment"      // the refund is of another payment than the row asks for
	DifferenceAmount      DifferenceKind = "amount"
	DifferenceCurrency    DifferenceKind = "currency"
	DifferenceStatus      DifferenceKind = "status" // an event may be on its way
	// DifferenceFailedButBooked: the refund failed or was canceled, and the row, and so your
	// books, still count it as given back.
	DifferenceFailedButBooked DifferenceKind = "failed_but_booked"
)

// What can differ between Stripe's refunds and Stripe's balance.
const (
	DifferenceFee          DifferenceKind = "fee"           // the refund cost a fee, or gave one back
	DifferenceNotBooked    DifferenceKind = "not_booked"    // it succeeded, and the balance has not paid it
	DifferenceNotReturned  DifferenceKind = "not_returned"  // it failed or was canceled, and the money has not come back
	DifferenceBookedAmount DifferenceKind = "booked_amount" // the balance has moved by another amount, in the same currency
	DifferenceBookedTwice  DifferenceKind = "booked_twice"  // the balance has moved for this refund before
)

// Difference is one thing that the rows and Stripe say differently.
type Difference struct {
	Kind    DifferenceKind
	Account string            // the connected account; empty is the API key's own
	Job     Job               // its Name is empty where there is no row
	Refund  *refundkit.Refund // nil where Stripe has none
	// BalanceTransaction is what moved the balance, where that is what differs.
	BalanceTransaction *refundkit.BalanceTransaction
}

// WriteDifferences writes a line of CSV for each difference, as they come, and returns how
// many there were. Amounts are decimals of their currency; a cell that a spreadsheet would
// take for a formula begins with an apostrophe.
func WriteDifferences(w io.Writer, differences iter.Seq2[Difference, error]) (count int, err error) {
	lines := csv.NewWriter(w)
	_ = lines.Write([]string{"difference", "account", "name", "refund", "created", "row_amount", "row_currency", "row_status", "amount", "currency", "status",
		"balance_transaction", "booked_at", "booked_amount", "booked_fee", "booked_currency"}) // Error tells it
	for d, failure := range differences {
		if failure != nil {
			err = failure
			break
		}
		_ = lines.Write(d.cells())
		if count++; lines.Error() != nil {
			break
		}
	}
	lines.Flush()
	if failure := lines.Error(); failure != nil {
		err = fmt.Errorf("refundjobs: WriteDifferences: %w", failure)
	}
	return count, err
}

func (d Difference) cells() []string {
	cells := make([]string, 16)
	copy(cells, []string{string(d.Kind), safe(d.Account), safe(d.Job.Name), safe(d.Job.ID), iso(d.Job.RefundCreated)})
	if d.Job.Name != "" {
		copy(cells[5:], []string{d.Job.amountText(), d.Job.Currency, string(d.Job.RefundStatus)})
	}
	if r := d.Refund; r != nil {
		cells[3], cells[4] = r.ID, iso(r.Created.Time)
		copy(cells[8:], []string{money.Decimal(r.Amount, r.Currency), r.Currency, string(r.Status)})
	}
	if t := d.BalanceTransaction; t != nil {
		if d.Refund == nil {
			cells[3] = t.Source.ID
		}
		copy(cells[11:], []string{t.ID, t.Created.UTC().Format(time.RFC3339), money.Decimal(t.Amount, t.Currency), money.Decimal(t.Fee, t.Currency), t.Currency})
	}
	return cells
}
