package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// BalanceTransactionList is one page of balance transactions, newest first.
// HasMore says whether the walk goes on beyond this page.
//
// https://docs.stripe.com/api/pagination
type BalanceTransactionList struct {
	Object  string                `json:"object"`
	Data    []*BalanceTransaction `json:"data"`
	HasMore bool                  `json:"has_more"`
	URL     string                `json:"url"`
}

func (l *BalanceTransactionList) check() error { return checkList(l.Object, l.Data) }

func (*BalanceTransactionList) decides(member string) bool { return decidesList(member) }

func (l *BalanceTransactionList) page() ([]*BalanceTransaction, bool) { return l.Data, l.HasMore }

// BalanceTransactionListParams chooses balance transactions. Limit is the page
// size, 1 to 100; 0 is Stripe's 10 for List and 100 for All. At most one cursor may
// be given.
//
// https://docs.stripe.com/api/balance_transactions/list
type BalanceTransactionListParams struct {
	_             [0]func()
	Currency      string                 `url:"currency,omitempty"` // of the balance, three letters, lower case
	Payout        string                 `url:"payout,omitempty"`   // what an automatic payout paid out
	Source        string                 `url:"source,omitempty"`   // what moved the balance: a refund or a charge, say
	Type          BalanceTransactionType `url:"type,omitempty"`
	Created       CreatedRange           `url:"created"`
	Limit         int                    `url:"limit,omitempty"`
	StartingAfter string                 `url:"starting_after,omitempty"` // only transactions older than this one
	EndingBefore  string                 `url:"ending_before,omitempty"`  // only transactions newer than this one
}

func (p BalanceTransactionListParams) validate() error {
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// BalanceTransactionService reads what moved the account's balance.
//
// https://docs.stripe.com/api/balance_transactions
type BalanceTransactionService struct{ client *Client }

// Retrieve returns the balance transaction. It is safe to repeat.
//
// https://docs.stripe.com/api/balance_transactions/retrieve
func (s *BalanceTransactionService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*BalanceTransaction, error) {
	c := call{op: "BalanceTransactions.Retrieve", method: http.MethodGet, route: "/v1/balance_transactions/{id}", ids: []string{id}}
	return do[BalanceTransaction](ctx, s.client, c, opts)
}

// List returns one page of balance transactions, newest first. It is safe to
// repeat. What is expanded in a list is named from data on: Expand("data.source").
//
// https://docs.stripe.com/api/balance_transactions/list
func (s *BalanceTransactionService) List(ctx context.Context, params BalanceTransactionListParams, opts ...CallOption) (*BalanceTransactionList, error) {
	c := call{op: "BalanceTransactions.List", method: http.MethodGet, route: "/v1/balance_transactions", params: params}
	return do[BalanceTransactionList](ctx, s.client, c, opts)
}

// All walks every balance transaction that List would find, as [RefundService.All]
// does.
//
// https://docs.stripe.com/api/pagination
func (s *BalanceTransactionService) All(ctx context.Context, params BalanceTransactionListParams, opts ...CallOption) iter.Seq2[*BalanceTransaction, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, transactionID, func(at cursor) ([]*BalanceTransaction, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*BalanceTransaction](s.List(ctx, page, opts...))
	})
}

func transactionID(t *BalanceTransaction) string { return t.ID }
