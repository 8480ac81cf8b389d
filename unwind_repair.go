package refundkit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// UnwindRepair is what a refund that failed leaves to be put right, by account: the
// customer has no money, yours is back, and the connected accounts have paid for nothing.
// It is plain data, for a person to read before anything is sent.
type UnwindRepair struct {
	Refund    string           `json:"refund"`
	Currency  string           `json:"currency"`
	Transfers []UnwindTransfer `json:"transfers"`
}

// UnwindTransfer is what one account is to get again: what was taken back from it, less
// what it got of your fee. A negative amount is what it owes you, which no transfer
// collects.
type UnwindTransfer struct {
	Account       string `json:"account"`
	Amount        int64  `json:"amount"` // in the currency's smallest unit
	TransferGroup string `json:"transfer_group,omitzero"`
	// Key is for the transfer that you make of it, always the same for this refund and this
	// account. It is good for 24 hours after the first send, as any other.
	Key IdempotencyKey `json:"key"`
}

// Repair says what to transfer again when the refund of the plan has failed or was
// canceled. It counts what was really taken back and given back: the reversals and
// fee refunds that the plan's jobs have made, and no others. Where a job is still open,
// wait for it, and where none was sent yet, cancel it first: what it makes later is not
// in here. It refuses a refund of another amount, and more than the plan takes of a
// transfer or gives back of a fee, which other jobs must have done. It sends nothing.
//
// A refund that was never made, because it was refused or you gave it up, has failed too:
// give a Refund with your name for it as the ID, and [RefundStatusCanceled]. Repair, or
// refund once more: who does both pays the part of the accounts. And repair once for a
// plan: another refund of it that fails later has other keys, and took nothing back.
func (u Unwind) Repair(failed *Refund, reversals []*TransferReversal, fees []*ApplicationFeeRefund) (UnwindRepair, error) {
	switch {
	case failed == nil || failed.ID == "" || !failed.Status.IsFinal():
		return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "failed", Reason: "the refund has neither failed nor been canceled, or has no ID: there is nothing to repair"}
	case !same(u.Charge, failed.Charge.ID):
		return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "failed", Reason: "it is a refund of another charge"}
	case failed.Amount != 0 && failed.Amount != u.Amount:
		return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "failed", Reason: "it is a refund of another amount"}
	}
	left := u.parts()
	again, seen := map[string]int64{}, map[string]bool{}
	for _, r := range reversals {
		account := ""
		if r != nil && !seen[r.ID] {
			account = u.paidBy(r.Transfer.ID)
		}
		if account == "" {
			return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "reversals", Reason: "one of them is nil, comes twice, or is of a transfer that the plan does not have"}
		}
		if left[r.Transfer.ID] -= r.Amount; left[r.Transfer.ID] < 0 {
			return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "reversals", Reason: "they are more than the plan takes of a transfer: give only those that its own jobs made"}
		}
		seen[r.ID] = true
		again[account] += r.Amount
	}
	for _, f := range fees {
		account := ""
		if f != nil && !seen[f.ID] {
			account = u.givenTo(f.Fee.ID)
		}
		if account == "" {
			return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "fees", Reason: "one of them is nil, comes twice, or is of a fee that the plan does not have"}
		}
		if left[f.Fee.ID] -= f.Amount; left[f.Fee.ID] < 0 {
			return UnwindRepair{}, &ParamError{Op: "Unwind.Repair", Param: "fees", Reason: "they are more than the plan gives back of a fee: give only those that its own jobs made"}
		}
		seen[f.ID] = true
		again[account] -= f.Amount
	}
	repair := UnwindRepair{Refund: failed.ID, Currency: u.Currency, Transfers: []UnwindTransfer{}}
	for account, amount := range again {
		if amount != 0 {
			repair.Transfers = append(repair.Transfers, UnwindTransfer{Account: account, Amount: amount, TransferGroup: u.TransferGroup,
				Key: KeyFrom("transfer_again", failed.ID, account)})
		}
	}
	slices.SortFunc(repair.Transfers, func(a, b UnwindTransfer) int { return cmp.Compare(a.Account, b.Account) })
	return repair, nil
}

// parts is what the plan takes of each transfer and gives back of each fee, by its ID.
func (u Unwind) parts() map[string]int64 {
	amounts := map[string]int64{}
	for _, r := range u.Reversals {
		amounts[r.Transfer] = r.Amount
	}
	for _, f := range u.FeeRefunds {
		amounts[f.Fee] = f.Amount
	}
	return amounts
}

// paidBy is the account that a transfer of the plan went to, empty if there is none.
func (u Unwind) paidBy(transfer string) string {
	for _, r := range u.Reversals {
		if r.Transfer == transfer {
			return r.Account
		}
	}
	return ""
}

// givenTo is the account that paid a fee of the plan, empty if there is none.
func (u Unwind) givenTo(fee string) string {
	for _, f := range u.FeeRefunds {
		if f.Fee == fee {
			return f.Account
		}
	}
	return ""
}

// String returns the repair as a table.
func (r UnwindRepair) String() string {
	var b strings.Builder
	currency, _ := CurrencyOf(r.Currency) // of one that is not known, Format writes the number
	fmt.Fprintf(&b, "%s has failed\n", r.Refund)
	for _, t := range r.Transfers {
		amount, what := t.Amount, "transfer %s %s to %s again\n"
		if amount < 0 {
			amount, what = -amount, "%s %s are owed by %s\n"
		}
		fmt.Fprintf(&b, "  "+what, currency.Format(amount), r.Currency, t.Account)
	}
	return b.String()
}
