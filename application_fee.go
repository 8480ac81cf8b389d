package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// ApplicationFee is what a platform earned from a charge. It keeps its fee when the
// charge is refunded, unless RefundApplicationFee says otherwise. Amounts are in the
// smallest unit of Currency; Amount less AmountRefunded can still be given back.
//
// https://docs.stripe.com/api/application_fees/object
type ApplicationFee struct {
	ID                     string                         `json:"id"`
	Object                 string                         `json:"object"`  // application_fee
	Account                Expandable[Account]            `json:"account"` // who paid it
	Amount                 int64                          `json:"amount"`
	AmountRefunded         int64                          `json:"amount_refunded"`
	BalanceTransaction     Expandable[BalanceTransaction] `json:"balance_transaction"`
	Charge                 Expandable[Charge]             `json:"charge"` // on that account
	Created                Timestamp                      `json:"created"`
	Currency               string                         `json:"currency"`
	Livemode               bool                           `json:"livemode"`
	OriginatingTransaction Expandable[Charge]             `json:"originating_transaction"` // your charge, of a destination charge
	Refunded               bool                           `json:"refunded"`                // true only when the whole fee went back
	Refunds                *ApplicationFeeRefundList      `json:"refunds,omitzero"`        // the 10 newest
}

// Left returns what can still be given back.
func (f *ApplicationFee) Left() int64 { return max(f.Amount-f.AmountRefunded, 0) }

func (f *ApplicationFee) check() error { return checkIdentity(f.Object, "application_fee", f.ID) }

func (f *ApplicationFee) agree(asked call) error { return agreeID(asked, f.ID) }

func (*ApplicationFee) decides(member string) bool {
	return member == "amount_refunded" || decidesAmount(member)
}

func (f *ApplicationFee) identity() string { return f.ID }

// ApplicationFeeList is one page of application fees, newest first. HasMore says whether
// the walk goes on beyond this page.
//
// https://docs.stripe.com/api/pagination
type ApplicationFeeList struct {
	Object  string            `json:"object"`
	Data    []*ApplicationFee `json:"data"`
	HasMore bool              `json:"has_more"`
	URL     string            `json:"url"`
}

func (l *ApplicationFeeList) check() error { return checkList(l.Object, l.Data) }

func (*ApplicationFeeList) decides(member string) bool { return decidesList(member) }

func (l *ApplicationFeeList) page() ([]*ApplicationFee, bool) { return l.Data, l.HasMore }

// ApplicationFeeListParams chooses application fees. Limit is the page size, 1 to 100; 0
// is Stripe's 10 for List and 100 for All. At most one cursor may be given.
//
// https://docs.stripe.com/api/application_fees/list
type ApplicationFeeListParams struct {
	_             [0]func()
	Charge        string       `url:"charge,omitempty"` // the fee of this charge alone
	Created       CreatedRange `url:"created"`
	Limit         int          `url:"limit,omitempty"`
	StartingAfter string       `url:"starting_after,omitempty"` // only fees older than this one
	EndingBefore  string       `url:"ending_before,omitempty"`  // only fees newer than this one
}

func (p ApplicationFeeListParams) validate() error {
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// ApplicationFeeService reads application fees, on the platform, without [OnAccount].
// [ApplicationFeeRefundService] gives them back.
//
// https://docs.stripe.com/api/application_fees
type ApplicationFeeService struct{ client *Client }

// Retrieve returns the fee as it is now, with its 10 newest refunds. It is safe to
// repeat.
//
// https://docs.stripe.com/api/application_fees/retrieve
func (s *ApplicationFeeService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*ApplicationFee, error) {
	c := call{op: "ApplicationFees.Retrieve", method: http.MethodGet, route: "/v1/application_fees/{id}", ids: []string{id}}
	return do[ApplicationFee](ctx, s.client, c, opts)
}

// List returns one page of application fees, newest first. It is safe to repeat.
//
// https://docs.stripe.com/api/application_fees/list
func (s *ApplicationFeeService) List(ctx context.Context, params ApplicationFeeListParams, opts ...CallOption) (*ApplicationFeeList, error) {
	c := call{op: "ApplicationFees.List", method: http.MethodGet, route: "/v1/application_fees", params: params}
	return do[ApplicationFeeList](ctx, s.client, c, opts)
}

// All walks every fee that List would find, as [RefundService.All] does.
//
// https://docs.stripe.com/api/pagination
func (s *ApplicationFeeService) All(ctx context.Context, params ApplicationFeeListParams, opts ...CallOption) iter.Seq2[*ApplicationFee, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, (*ApplicationFee).identity, func(at cursor) ([]*ApplicationFee, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*ApplicationFee](s.List(ctx, page, opts...))
	})
}
