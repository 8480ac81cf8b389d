package refundkit

import (
	"fmt"
	"slices"
	"strings"
)

// UnwindInput is a refund of separate charges and transfers, and what the charge's money
// became. Give all transfers of the charge: [TransferService.All] finds them by their
// TransferGroup. If several charges share the group, give those of this charge alone:
// else their accounts pay your part of the refund too. One whose SourceTransaction is
// another charge is refused. Or it is a refund of a direct charge without RefundApplicationFee, and
// the fee of that charge. Amounts are in the smallest unit of the charge's currency.
type UnwindInput struct {
	_      [0]func()
	Charge *Charge // as it is before the refund is made, unless Made says otherwise
	Amount int64   // of the refund
	Made   bool    // the charge was read after the refund was made

	Transfers []*Transfer
	Fees      []*ApplicationFee // to be given back in proportion; none to keep them

	// Claimed is what your own jobs that are still open take from a transfer or a fee, and
	// from the charge, by its ID. Without the charge's, the parts of a second refund are
	// smaller than they should be, and you pay the difference.
	Claimed map[string]int64
}

// Unwind is a plan of what to take back from whom for one refund. It is plain data, for a
// person to read before anything is sent, and for JSON; its String is a table. What it
// says holds for the input that it was made from: make it again when something else
// was refunded or reversed meanwhile.
type Unwind struct {
	Charge        string           `json:"charge"`
	Currency      string           `json:"currency"`
	TransferGroup string           `json:"transfer_group,omitzero"`
	Amount        int64            `json:"amount"`           // of the refund
	Account       string           `json:"account,omitzero"` // that the refund is made on, of a direct charge; empty is you
	Reversals     []UnwindReversal `json:"reversals"`
	FeeRefunds    []UnwindFee      `json:"fee_refunds,omitzero"`
	Platform      int64            `json:"platform"` // what is left for you to pay: your refund, less the reversals, plus the fees
}

// UnwindReversal is what an [Unwind] takes back of one transfer.
type UnwindReversal struct {
	Transfer string `json:"transfer"`
	Account  string `json:"account"`
	Amount   int64  `json:"amount"` // may be 0
	Left     int64  `json:"left"`   // of the transfer, before that
}

// UnwindFee is what an [Unwind] gives back of one application fee.
type UnwindFee struct {
	Fee     string `json:"fee"`
	Account string `json:"account"` // who paid the fee, and gets it back
	Amount  int64  `json:"amount"`  // may be 0
	Left    int64  `json:"left"`    // of the fee, before that
}

// NewUnwind divides a refund among those who got the charge's money, in proportion to
// what is left of their transfers and of your own part, by the largest remainder (see
// [Currency.Split]). The parts are whole units that add up to the refund, no part is
// more than what is left of its transfer, and refunds in parts of which each was unwound
// take back, all together, exactly what one refund of everything would. Where earlier
// refunds were not unwound, nobody pays for those now: the parts go by what the
// transfers were. The same holds for the fees. It sends nothing.
//
// It refuses what it can't divide: more than is left of the charge, another currency, a
// transfer or a fee of another payment, and the transfer and the fee of a destination
// charge, which go back by ReverseTransfer and RefundApplicationFee.
func NewUnwind(in UnwindInput) (Unwind, error) {
	left, err := in.left()
	if err != nil {
		return Unwind{}, naming("NewUnwind", err)
	}
	currency, err := CurrencyOf(in.Charge.Currency)
	if err != nil {
		return Unwind{}, naming("NewUnwind", err)
	}
	u := Unwind{Charge: in.Charge.ID, Currency: currency.String(), TransferGroup: in.Charge.TransferGroup, Amount: in.Amount,
		Reversals: []UnwindReversal{}, Platform: in.Amount}
	for _, t := range in.Transfers {
		u.Reversals = append(u.Reversals, UnwindReversal{Transfer: t.ID, Account: t.Destination.ID, Left: max(t.Left()-in.Claimed[t.ID], 0)})
	}
	for _, f := range in.Fees {
		if f.Charge.ID == in.Charge.ID {
			u.Account, u.Platform = f.Account.ID, 0 // its balance pays
		}
		u.FeeRefunds = append(u.FeeRefunds, UnwindFee{Fee: f.ID, Account: f.Account.ID, Left: max(f.Left()-in.Claimed[f.ID], 0)})
	}
	if err := u.divide(currency, left, in); err != nil {
		return Unwind{}, naming("NewUnwind", err)
	}
	return u, nil
}

// left is what can be refunded of the charge, this refund included.
func (in UnwindInput) left() (int64, error) {
	c := in.Charge
	if c == nil {
		return 0, &ParamError{Param: "Charge", Reason: "it is nil"}
	}
	left := c.refundable() - c.AmountRefunded - in.Claimed[c.ID]
	if in.Made && c.AmountRefunded < in.Amount {
		return 0, &ParamError{Param: "Made", Reason: "the charge does not count the refund yet: it was read before"}
	}
	if in.Made {
		left += in.Amount
	}
	if in.Amount < 1 || in.Amount > left {
		return 0, &ParamError{Param: "Amount", Reason: "it must be at least 1, and no more than what is left of the charge"}
	}
	seen := map[string]bool{}
	paid := map[string]bool{c.ID: true} // whose fees are of this payment
	for _, t := range in.Transfers {
		if t == nil || t.ID == "" || seen[t.ID] {
			return 0, &ParamError{Param: "Transfers", Reason: "one of them is nil, has no ID, or comes twice"}
		}
		if err := t.isOf(c); err != nil {
			return 0, err
		}
		seen[t.ID], paid[t.DestinationPayment.ID] = true, t.DestinationPayment.ID != ""
	}
	for _, f := range in.Fees {
		switch {
		case f == nil || f.ID == "" || seen[f.ID]:
			return 0, &ParamError{Param: "Fees", Reason: "one of them is nil, has no ID, or comes twice"}
		case !strings.EqualFold(f.Currency, c.Currency):
			return 0, &ParamError{Param: "Fees", Reason: "one of them is in another currency than the charge"}
		case f.OriginatingTransaction.ID == c.ID:
			return 0, &ParamError{Param: "Fees", Reason: "one of them is that of a destination charge: refund with RefundApplicationFee"}
		case !paid[f.Charge.ID]:
			return 0, &ParamError{Param: "Fees", Reason: "one of them is of another payment"}
		}
		seen[f.ID] = true
	}
	return left, nil
}

// isOf refuses a transfer that has nothing to do with the charge, or goes back with it.
func (t *Transfer) isOf(c *Charge) error {
	of := t.SourceTransaction.ID == c.ID || t.SourceTransaction.ID == "" && t.TransferGroup != "" && t.TransferGroup == c.TransferGroup
	switch {
	case c.Transfer.ID == t.ID:
		return &ParamError{Param: "Transfers", Reason: "one of them is that of a destination charge: refund with ReverseTransfer"}
	case !of:
		return &ParamError{Param: "Transfers", Reason: "one of them is of another payment: its source transaction, or without one its transfer group, is not that of the charge"}
	case !strings.EqualFold(t.Currency, c.Currency):
		return &ParamError{Param: "Transfers", Reason: "one of them is in another currency than the charge"}
	}
	return nil
}

// part is what somebody got of a charge, and what is left of it.
type part struct{ whole, left int64 }

// divide fills in the amounts.
func (u *Unwind) divide(currency Currency, left int64, in UnwindInput) error {
	charge := part{in.Charge.refundable(), left}
	var transfers, fees []part
	for i, r := range u.Reversals {
		transfers = append(transfers, part{in.Transfers[i].Amount, r.Left})
	}
	for i, f := range u.FeeRefunds {
		fees = append(fees, part{in.Fees[i].Amount, f.Left})
	}
	reversed, err := shares(currency, u.Amount, charge, transfers)
	if err != nil {
		return err
	}
	returned, err := shares(currency, u.Amount, charge, fees)
	if err != nil {
		return err
	}
	for i := range reversed {
		u.Reversals[i].Amount = reversed[i]
		u.Platform -= reversed[i]
	}
	for i := range returned {
		u.FeeRefunds[i].Amount = returned[i]
		u.Platform += returned[i]
	}
	return nil
}

// shares splits an amount of a charge among parts of it; what they leave of the charge has
// its share too, which is not returned.
func shares(currency Currency, amount int64, charge part, parts []part) ([]int64, error) {
	weights, wholes := make([]int64, len(parts)), make([]int64, len(parts))
	for i, p := range parts {
		weights[i], wholes[i] = p.left, p.whole
	}
	rest := remainder(charge.left, weights)
	if own := remainder(charge.whole, wholes); rest < 0 && own > 0 {
		weights, rest = wholes, own // an earlier refund was not unwound
	}
	split, err := currency.Split(amount, append(slices.Clone(weights), max(rest, 0)))
	if err != nil {
		return nil, err
	}
	for i, p := range parts {
		split[i] = min(split[i], p.left-p.left%currency.Step())
	}
	return split[:len(parts)], nil
}

// remainder is what parts leave of a whole, negative if they are more.
func remainder(whole int64, parts []int64) int64 {
	for _, part := range parts {
		whole -= part
	}
	return whole
}

// String returns the plan as a table.
func (u Unwind) String() string {
	var b strings.Builder
	currency, _ := CurrencyOf(u.Currency) // of one that is not known, Format writes the number
	money := currency.Format
	fmt.Fprintf(&b, "refund %s %s of %s\n", money(u.Amount), u.Currency, u.Charge)
	for _, r := range u.Reversals {
		fmt.Fprintf(&b, "  take back %s of the %s left of %s from %s\n", money(r.Amount), money(r.Left), r.Transfer, r.Account)
	}
	for _, f := range u.FeeRefunds {
		fmt.Fprintf(&b, "  give back %s of the %s left of %s to %s\n", money(f.Amount), money(f.Left), f.Fee, f.Account)
	}
	if u.Account != "" {
		fmt.Fprintf(&b, "  %s pays %s\n", u.Account, money(u.Amount-u.Platform))
	}
	fmt.Fprintf(&b, "  the platform pays %s\n", money(u.Platform))
	return b.String()
}

// Jobs returns a job for each amount of the plan that is not 0. Each has the name, a
// slash and the ID of its transfer or fee; so name the plan as you name its refund, and
// store all of them before the first is sent.
func (u Unwind) Jobs(name string) (reversals []TransferReversalJob, fees []ApplicationFeeRefundJob, err error) {
	for _, r := range u.Reversals {
		if r.Amount == 0 {
			continue
		}
		job, err := NewTransferReversalJob(name+"/"+r.Transfer, r.Transfer, TransferReversalCreateParams{Amount: r.Amount})
		if err != nil {
			return nil, nil, err
		}
		reversals = append(reversals, job)
	}
	for _, f := range u.FeeRefunds {
		if f.Amount == 0 {
			continue
		}
		job, err := NewApplicationFeeRefundJob(name+"/"+f.Fee, f.Fee, ApplicationFeeRefundCreateParams{Amount: f.Amount})
		if err != nil {
			return nil, nil, err
		}
		fees = append(fees, job)
	}
	return reversals, fees, nil
}
