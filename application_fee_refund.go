package refundkit

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// ApplicationFeeRefund is what a platform has given back of its fee. Amount is in the
// smallest unit of Currency. It has no status: once made, it stays. Stripe calls the
// object fee_refund.
//
// https://docs.stripe.com/api/fee_refunds/object
type ApplicationFeeRefund struct {
	ID                 string                         `json:"id"`
	Object             string                         `json:"object"` // fee_refund
	Amount             int64                          `json:"amount"`
	BalanceTransaction Expandable[BalanceTransaction] `json:"balance_transaction"` // takes the money from your balance
	Created            Timestamp                      `json:"created"`
	Currency           string                         `json:"currency"`
	Fee                Expandable[ApplicationFee]     `json:"fee"`
	Metadata           Metadata                       `json:"metadata"` // yours, and the [Reference]
}

// ApplicationFeeRefundCreateParams says how much of an application fee to give back:
// Amount in the currency's smallest unit, or Remaining for all that is left. Exactly
// one of the two is required. As JSON it has Stripe's names, and remaining.
//
// https://docs.stripe.com/api/fee_refunds/create
type ApplicationFeeRefundCreateParams struct {
	_         [0]func()
	Amount    int64    `url:"amount,omitempty" json:"amount,omitzero"` // at least 1, in the currency's smallest unit
	Remaining bool     `url:"-" json:"remaining,omitzero"`             // give back whatever is left; instead of Amount
	Metadata  Metadata `url:"metadata,omitempty" json:"metadata,omitzero"`
}

func (p ApplicationFeeRefundCreateParams) validate() error {
	return firstError(howMuch(p.Amount, p.Remaining), p.Metadata.validate())
}

func (p ApplicationFeeRefundCreateParams) withReference(ref string) (params, error) {
	metadata, err := p.Metadata.withReference(ref)
	p.Metadata = metadata
	return p, err
}

// ApplicationFeeRefundUpdateParams changes what can be changed of a fee refund: its metadata,
// as [RefundUpdateParams] does.
//
// https://docs.stripe.com/api/fee_refunds/update
type ApplicationFeeRefundUpdateParams struct {
	_               [0]func()
	Metadata        Metadata `url:"metadata,omitempty"`
	ClearMetadata   bool     `url:"-"` // remove every key; not together with Metadata
	ForgetReference bool     `url:"-"` // the reference may go: the refund will never be looked up by it
}

func (p ApplicationFeeRefundUpdateParams) validate() error { return RefundUpdateParams(p).validate() }

func (p ApplicationFeeRefundUpdateParams) clears() []string { return clearedMetadata(p.ClearMetadata) }

// ApplicationFeeRefundList is one page of a fee's refunds, newest first. HasMore says
// whether the walk goes on beyond this page. TotalCount is filled only on the
// refunds that come with a [ApplicationFee].
//
// https://docs.stripe.com/api/pagination
type ApplicationFeeRefundList struct {
	Object     string                  `json:"object"`
	Data       []*ApplicationFeeRefund `json:"data"`
	HasMore    bool                    `json:"has_more"`
	TotalCount int64                   `json:"total_count,omitzero"`
	URL        string                  `json:"url"`
}

// ApplicationFeeRefundListParams chooses a page of a fee's refunds. Limit is the page
// size, 1 to 100; 0 is Stripe's 10 for List and 100 for All. At most one cursor may be
// given.
//
// https://docs.stripe.com/api/fee_refunds/list
type ApplicationFeeRefundListParams struct {
	_             [0]func()
	Limit         int    `url:"limit,omitempty"`
	StartingAfter string `url:"starting_after,omitempty"`
	EndingBefore  string `url:"ending_before,omitempty"`
}

func (p ApplicationFeeRefundListParams) validate() error {
	return validatePage(p.Limit, p.StartingAfter, p.EndingBefore)
}

// ApplicationFeeRefundService gives application fees back to the connected accounts that
// paid them. It acts on the platform, without [OnAccount].
//
// https://docs.stripe.com/api/fee_refunds
type ApplicationFeeRefundService struct{ client *Client }

// Create gives an application fee back, in whole or in part. All that is said of keys
// and lost answers at [RefundService.Create] holds here.
//
// https://docs.stripe.com/api/fee_refunds/create
func (s *ApplicationFeeRefundService) Create(ctx context.Context, feeID string, params ApplicationFeeRefundCreateParams, opts ...CallOption) (*ApplicationFeeRefund, error) {
	c := call{op: "ApplicationFeeRefunds.Create", method: http.MethodPost, route: "/v1/application_fees/{id}/refunds", ids: []string{feeID}, params: params}
	return do[ApplicationFeeRefund](ctx, s.client, c, opts)
}

// Retrieve returns the fee's refund; that of another fee is not found. It
// is safe to repeat.
//
// https://docs.stripe.com/api/fee_refunds/retrieve
func (s *ApplicationFeeRefundService) Retrieve(ctx context.Context, feeID, refundID string, opts ...CallOption) (*ApplicationFeeRefund, error) {
	c := call{op: "ApplicationFeeRefunds.Retrieve", method: http.MethodGet, route: "/v1/application_fees/{fee}/refunds/{id}", ids: []string{feeID, refundID}}
	return do[ApplicationFeeRefund](ctx, s.client, c, opts)
}

// Update changes a fee refund's metadata, as [RefundService.Update] does.
//
// https://docs.stripe.com/api/fee_refunds/update
func (s *ApplicationFeeRefundService) Update(ctx context.Context, feeID, refundID string, params ApplicationFeeRefundUpdateParams, opts ...CallOption) (*ApplicationFeeRefund, error) {
	c := call{op: "ApplicationFeeRefunds.Update", method: http.MethodPost, route: "/v1/application_fees/{fee}/refunds/{id}", ids: []string{feeID, refundID}, params: params}
	return do[ApplicationFeeRefund](ctx, s.client, c, opts)
}

// List returns one page of the fee's refunds, newest first. It is safe to repeat.
//
// https://docs.stripe.com/api/fee_refunds/list
func (s *ApplicationFeeRefundService) List(ctx context.Context, feeID string, params ApplicationFeeRefundListParams, opts ...CallOption) (*ApplicationFeeRefundList, error) {
	c := call{op: "ApplicationFeeRefunds.List", method: http.MethodGet, route: "/v1/application_fees/{id}/refunds", ids: []string{feeID}, params: params}
	return do[ApplicationFeeRefundList](ctx, s.client, c, opts)
}

// All walks every refund of the fee, as [RefundService.All] does.
//
// https://docs.stripe.com/api/pagination
func (s *ApplicationFeeRefundService) All(ctx context.Context, feeID string, params ApplicationFeeRefundListParams, opts ...CallOption) iter.Seq2[*ApplicationFeeRefund, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, (*ApplicationFeeRefund).identity, func(at cursor) ([]*ApplicationFeeRefund, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*ApplicationFeeRefund](s.List(ctx, feeID, page, opts...))
	})
}

// Reference returns the caller's own name that the refund was made with by the
// [Reference] option, or "" if it has none.
func (r *ApplicationFeeRefund) Reference() string { return r.Metadata[ReferenceMetadataKey] }

func (r *ApplicationFeeRefund) identity() string  { return r.ID }
func (r *ApplicationFeeRefund) madeAt() time.Time { return r.Created.Time }
func (r *ApplicationFeeRefund) isOver() bool      { return false }

func (r *ApplicationFeeRefund) check() error { return checkIdentity(r.Object, "fee_refund", r.ID) }

// agree holds the refund against the fee, the ID and the amount of the call.
func (r *ApplicationFeeRefund) agree(c call) error {
	asked, creates := c.params.(ApplicationFeeRefundCreateParams)
	switch {
	case !same(c.ids[0], r.Fee.ID):
		return mismatch("fee")
	case creates && asked.Amount != 0 && r.Amount != 0 && asked.Amount != r.Amount:
		return mismatch("amount")
	case !creates:
		return agreeID(c, r.ID)
	}
	return nil
}

// decides includes all metadata that is no object: the reference could be in it.
func (*ApplicationFeeRefund) decides(member string) bool {
	switch member {
	case "fee", "created", "metadata":
		return true
	}
	return decidesAmount(member)
}

func (l *ApplicationFeeRefundList) check() error { return checkList(l.Object, l.Data) }

// agree refuses a list that holds refunds of another fee than was asked for.
func (l *ApplicationFeeRefundList) agree(c call) error {
	for _, refund := range l.Data {
		if !same(c.ids[0], refund.Fee.ID) {
			return mismatch("fee")
		}
	}
	return nil
}

func (*ApplicationFeeRefundList) decides(member string) bool { return decidesList(member) }

func (l *ApplicationFeeRefundList) page() ([]*ApplicationFeeRefund, bool) { return l.Data, l.HasMore }
