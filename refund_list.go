package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// RefundList is one page of refunds, newest first. HasMore says whether the
// walk goes on beyond this page. TotalCount is filled only on the refunds of an
// expanded [Charge].
//
// https://docs.stripe.com/api/pagination
type RefundList struct {
	Object     string    `json:"object"`
	Data       []*Refund `json:"data"`
	HasMore    bool      `json:"has_more"`
	TotalCount int64     `json:"total_count,omitzero"`
	URL        string    `json:"url"`
}

func (l *RefundList) check() error { return checkList(l.Object, l.Data) }

// agree refuses a list that holds refunds of another payment than was asked for:
// what is not on it could be anywhere.
func (l *RefundList) agree(c call) error {
	asked := RefundListParams{}
	switch p := c.params.(type) {
	case RefundListParams:
		asked = p
	case ChargeRefundListParams:
		asked.Charge = c.ids[0]
	}
	for _, refund := range l.Data {
		switch {
		case !same(asked.Charge, refund.Charge.ID):
			return mismatch("charge")
		case !same(asked.PaymentIntent, refund.PaymentIntent.ID):
			return mismatch("payment_intent")
		}
	}
	return nil
}

func (*RefundList) decides(member string) bool { return decidesList(member) }

func (l *RefundList) page() ([]*Refund, bool) { return l.Data, l.HasMore }

// RefundListParams chooses refunds. Limit is the page size, 1 to 100; 0 is
// Stripe's 10 for List and 100 for All. At most one cursor may be given.
//
// https://docs.stripe.com/api/refunds/list
type RefundListParams struct {
	_             [0]func()
	Charge        string       `url:"charge,omitempty"`
	PaymentIntent string       `url:"payment_intent,omitempty"`
	Created       CreatedRange `url:"created"`
	Limit         int          `url:"limit,omitempty"`
	StartingAfter string       `url:"starting_after,omitempty"` // only refunds older than this one
	EndingBefore  string       `url:"ending_before,omitempty"`  // only refunds newer than this one
}

func (p RefundListParams) validate() error {
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// List returns one page of refunds, newest first. It is safe to repeat. What is
// expanded in a list is named from data on: Expand("data.charge").
//
// https://docs.stripe.com/api/refunds/list
func (s *RefundService) List(ctx context.Context, params RefundListParams, opts ...CallOption) (*RefundList, error) {
	c := call{op: "Refunds.List", method: http.MethodGet, route: "/v1/refunds", params: params}
	return do[RefundList](ctx, s.client, c, opts)
}

// All walks every refund that List would find, page by page, newest first.
// Nothing is sent before it is ranged over, each range starts from the first
// page, and a page is fetched only when it is asked for. An error is yielded
// once, with a nil refund, and ends the walk. With EndingBefore it walks
// towards the newest refund, each page still newest first.
//
// https://docs.stripe.com/api/pagination
func (s *RefundService) All(ctx context.Context, params RefundListParams, opts ...CallOption) iter.Seq2[*Refund, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, refundID, func(at cursor) ([]*Refund, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*Refund](s.List(ctx, page, opts...))
	})
}

func refundID(r *Refund) string { return r.ID }
