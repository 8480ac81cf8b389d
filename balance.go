package refundkit

import (
	"context"
	"fmt"
	"net/http"
)

// Balance is the money that an account has at Stripe, by currency. Only what is
// available pays refunds, not what is pending. An amount may be negative.
//
// https://docs.stripe.com/api/balance/balance_object
type Balance struct {
	Object          string          `json:"object"` // balance
	Available       []BalanceAmount `json:"available"`
	ConnectReserved []BalanceAmount `json:"connect_reserved,omitzero"` // Connect: held for the negative balances of connected accounts
	Livemode        bool            `json:"livemode"`
	Pending         []BalanceAmount `json:"pending"` // not available yet
	// RefundAndDisputePrefunding is set aside for refunds and disputes, where the
	// account has such a balance.
	RefundAndDisputePrefunding BalancePrefunding `json:"refund_and_dispute_prefunding,omitzero"`
}

// BalanceAmount is an amount in the smallest unit of Currency, and what of it came
// from which kind of payment.
type BalanceAmount struct {
	Amount      int64              `json:"amount"`
	Currency    string             `json:"currency"` // three letters, lower case
	SourceTypes BalanceSourceTypes `json:"source_types,omitzero"`
}

// BalanceSourceTypes splits an amount by the kind of payment it came from.
type BalanceSourceTypes struct {
	BankAccount int64 `json:"bank_account,omitzero"`
	Card        int64 `json:"card,omitzero"`
	FPX         int64 `json:"fpx,omitzero"`
}

// BalancePrefunding is money set aside for refunds and disputes.
type BalancePrefunding struct {
	Available []BalanceAmount `json:"available"`
	Pending   []BalanceAmount `json:"pending"`
}

func (b *Balance) check() error {
	if b.Object != "balance" || b.Available == nil {
		return fmt.Errorf("the body is not a balance")
	}
	return nil
}

func (*Balance) decides(member string) bool {
	switch member {
	case "object", "available", "pending":
		return true
	}
	return false
}

func (*BalanceAmount) decides(member string) bool { return decidesAmount(member) }

// BalanceService reads the account's balance.
//
// https://docs.stripe.com/api/balance
type BalanceService struct{ client *Client }

// Retrieve returns the balance as it is now: your own, or with [OnAccount] that of
// a connected account. It is safe to repeat.
//
// https://docs.stripe.com/api/balance/balance_retrieve
func (s *BalanceService) Retrieve(ctx context.Context, opts ...CallOption) (*Balance, error) {
	c := call{op: "Balance.Retrieve", method: http.MethodGet, route: "/v1/balance"}
	return do[Balance](ctx, s.client, c, opts)
}
