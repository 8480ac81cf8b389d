package refundkit

import "strings"

// CheckCosts says who would pay for a refund, in the smallest unit of the charge's
// currency, and whether the balance suffices. Platform and Connected are what their
// balances lose in the end, after what goes from one to the other. A part goes in
// proportion; how Stripe rounds it is not documented, so that it may differ by one.
//
// https://docs.stripe.com/connect/charges
type CheckCosts struct {
	Kind             CheckKind `json:"kind"`
	Account          string    `json:"account,omitzero"`           // the connected account of a direct or destination charge
	Platform         int64     `json:"platform"`                   // what you pay; without Connect, all of it
	Connected        int64     `json:"connected"`                  // what the connected account pays
	TransferReversed int64     `json:"transfer_reversed,omitzero"` // what ReverseTransfer takes back from it
	FeeReturned      int64     `json:"fee_returned,omitzero"`      // what RefundApplicationFee gives it

	// Balance is the available balance of the account that the charge is on: the
	// connected account's for a direct charge, else yours. A card refund that it does not
	// cover is pending; one of another method is refused or fails.
	Balance   CheckBalance `json:"balance"`
	Available int64        `json:"available,omitzero"` // how much that is, if Balance is not unknown
	// ConnectedBalance is that of a destination charge's account, with ReverseTransfer. If
	// it does not cover the reversal, no refund is made.
	ConnectedBalance CheckBalance `json:"connected_balance,omitzero"`
}

// CheckKind is on which account a charge is, and where its money went.
//
// https://docs.stripe.com/connect/charges
type CheckKind string

// The kinds of charges. Without a transfer group, separate charges and transfers look
// like charges of your own.
const (
	CheckKindOwn         CheckKind = "own"         // on your account; nothing else is known
	CheckKindDirect      CheckKind = "direct"      // on the connected account, which pays
	CheckKindDestination CheckKind = "destination" // on the platform, which pays; a transfer has taken the money on
	CheckKindSeparate    CheckKind = "separate"    // on the platform, which pays; a refund has no effect on transfers
)

// CheckBalance is whether an available balance pays a refund. The pending balance does
// not count.
type CheckBalance string

// What a balance can do. It is unknown where it was not read, and where it has nothing
// in the charge's currency, so that Stripe would convert.
const (
	CheckBalanceCovers  CheckBalance = "covers"
	CheckBalanceShort   CheckBalance = "short"
	CheckBalanceUnknown CheckBalance = "unknown"
)

// add adds up what of the charge is left.
func (k *checking) add() {
	if p := k.PaymentIntent; p != nil {
		k.check.PaymentIntent, k.check.Currency = p.ID, p.Currency
	}
	c := k.Charge
	if c == nil {
		return
	}
	k.check.Charge, k.check.Currency = c.ID, c.Currency
	if c.PaymentIntent.ID != "" {
		k.check.PaymentIntent = c.PaymentIntent.ID
	}
	k.check.Terms = RefundTermsOf(c.PaymentMethodDetails.Type)
	k.check.Deadline, k.check.Advised = k.check.Terms.deadline(c.Created), k.check.Terms.advised(c.Created)
	k.check.Refundable = c.refundable()
	k.check.Refunded = k.count()
	k.check.Claimed = max(k.Claimed, 0)
	k.free = max(k.check.Refundable-k.check.Refunded, 0)
	k.check.Left = max(k.free-k.check.Claimed, 0)
	k.check.Amount = k.Params.Amount
	if k.Params.Remaining {
		k.check.Amount = k.check.Left
	}
}

// refundable is the most that can go back. Before 2020 charges did not say how much
// was captured, and pending ones don't.
func (c *Charge) refundable() int64 {
	switch {
	case c.Status == ChargeStatusFailed, !c.Captured && c.Status == ChargeStatusSucceeded && c.PaymentIntent.ID != "":
		return 0
	case c.AmountCaptured > 0:
		return c.AmountCaptured
	}
	return c.Amount
}

// count adds up the refunds in force, and names those on their way.
func (k *checking) count() int64 {
	refunds := k.refunds()
	released := k.Charge.uncaptured()
	var sum int64
	for i := len(refunds) - 1; i >= 0; i-- { // oldest first
		r := refunds[i]
		if r == nil || r.Status.IsFinal() {
			continue
		}
		if released > 0 && r.Amount == released && r.DestinationDetails.CardType == "reversal" {
			released = 0 // before 2025-03-31.basil, a capture in part made a refund of the rest
			continue
		}
		sum += r.Amount
		if r.Status.InProgress() && r.Status != "" { // refunds of 2014 have no status
			k.check.InProgress = append(k.check.InProgress, CheckSent{
				ID: r.ID, Amount: r.Amount, Status: r.Status, PendingReason: r.PendingReason, ExpiresAt: r.NextAction.DisplayDetails.ExpiresAt,
			})
		}
	}
	if k.countAll {
		return sum
	}
	counted := k.Charge.AmountRefunded
	if counted > k.Charge.AmountCaptured && k.Charge.uncaptured() > 0 {
		counted -= k.Charge.uncaptured() // that refund of the rest again
	}
	return max(sum, counted)
}

// uncaptured is what a capture in part has left out.
func (c *Charge) uncaptured() int64 {
	if !c.Captured || c.AmountCaptured <= 0 {
		return 0
	}
	return max(c.Amount-c.AmountCaptured, 0)
}

// refunds are those that are known, newest first.
func (k *checking) refunds() []*Refund {
	switch {
	case k.Refunds != nil:
		k.countAll = true
		return k.Refunds
	case k.Charge.Refunds != nil:
		k.countAll = !k.Charge.Refunds.HasMore
		return k.Charge.Refunds.Data
	}
	k.countAll = k.Charge.Status == ChargeStatusFailed
	return nil
}

// countsDiffer reports whether the charge counts more than its refunds in force, or
// less than those that are not on their way: whether it counts the others is not
// documented.
func (k *checking) countsDiffer() bool {
	var moving int64
	for _, r := range k.check.InProgress {
		moving += r.Amount
	}
	counted := k.Charge.AmountRefunded
	if rest := k.Charge.uncaptured(); rest > 0 && counted == k.check.Refunded+rest {
		return false
	}
	return counted > k.check.Refunded || counted < k.check.Refunded-moving
}

// costs says who pays what.
func (k *checking) costs() {
	costs := &k.check.Costs
	costs.Balance, costs.Kind = CheckBalanceUnknown, CheckKindOwn
	c, amount := k.Charge, k.check.Amount
	if c == nil {
		return
	}
	costs.Platform = amount
	switch {
	case k.Account != "":
		costs.Kind, costs.Account = CheckKindDirect, k.Account
		costs.Platform, costs.Connected = 0, amount
	case c.Transfer.ID != "" || c.TransferData.Destination.ID != "":
		costs.Kind, costs.Account = CheckKindDestination, c.TransferData.Destination.ID
		if k.Params.ReverseTransfer {
			costs.TransferReversed = k.share(c.transferred())
			costs.ConnectedBalance, _ = k.covers(k.ConnectedBalance, costs.TransferReversed)
		}
	case c.TransferGroup != "":
		costs.Kind = CheckKindSeparate
	}
	if k.Params.RefundApplicationFee {
		costs.FeeReturned = k.share(c.ApplicationFeeAmount)
	}
	costs.Platform += costs.FeeReturned - costs.TransferReversed
	costs.Connected += costs.TransferReversed - costs.FeeReturned
	if k.paid() {
		costs.Balance, costs.Available = k.covers(k.Balance, amount)
	}
}

// transferred is what a destination charge has sent on: all of it unless it said
// otherwise.
func (c *Charge) transferred() int64 {
	if c.TransferData.Amount > 0 {
		return c.TransferData.Amount
	}
	return c.refundable()
}

// share is the part of a fee or a transfer that goes back with the amount.
func (k *checking) share(of int64) int64 {
	amount, whole := k.check.Amount, k.check.Refundable
	if of <= 0 || amount <= 0 || amount > whole {
		return 0
	}
	part, _ := proportion(uint64(of), uint64(amount), uint64(whole))
	return int64(part)
}

// covers looks into a balance.
func (k *checking) covers(b *Balance, amount int64) (CheckBalance, int64) {
	if b == nil {
		return CheckBalanceUnknown, 0
	}
	for _, money := range b.Available {
		switch {
		case !strings.EqualFold(money.Currency, k.check.Currency):
		case money.Amount < amount:
			return CheckBalanceShort, money.Amount
		default:
			return CheckBalanceCovers, money.Amount
		}
	}
	return CheckBalanceUnknown, 0
}
