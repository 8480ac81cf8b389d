package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// ChargeRefundService reaches refunds through their charge. It does what
// [RefundService] does; some old kinds of charge can be refunded only here.
type ChargeRefundService struct{ client *Client }

// ChargeRefundCreateParams says how much of the charge to refund: Amount in the
// currency's smallest unit, or Remaining for all that is left. Exactly one of
// the two is required.
type ChargeRefundCreateParams struct {
	_                    [0]func()
	PaymentIntent        string       `url:"payment_intent,omitempty"`
	Amount               int64        `url:"amount,omitempty"`
	Remaining            bool         `url:"-"` // refund whatever is left; instead of Amount
	Reason               RefundReason `url:"reason,omitempty"`
	Metadata             Metadata     `url:"metadata,omitempty"`
	InstructionsEmail    string       `url:"instructions_email,omitempty"`
	RefundApplicationFee bool         `url:"refund_application_fee,omitempty"`
	ReverseTransfer      bool         `url:"reverse_transfer,omitempty"`
	Origin               RefundOrigin `url:"origin,omitempty"`
	Customer             string       `url:"customer,omitempty"`
	Currency             string       `url:"currency,omitempty"`
}

func (p ChargeRefundCreateParams) validate() error {
	return firstError(howMuch(p.Amount, p.Remaining), sendableReason(p.Reason), p.Metadata.validate())
}

func (p ChargeRefundCreateParams) withReference(ref string) (params, error) {
	metadata, err := p.Metadata.withReference(ref)
	p.Metadata = metadata
	return p, err
}

// ChargeRefundListParams chooses a page of a charge's refunds. Limit is the
// page size, 1 to 100; 0 is Stripe's 10 for List and 100 for All. At most one
// cursor may be given.
type ChargeRefundListParams struct {
	_             [0]func()
	Limit         int    `url:"limit,omitempty"`
	StartingAfter string `url:"starting_after,omitempty"`
	EndingBefore  string `url:"ending_before,omitempty"`
}

func (p ChargeRefundListParams) validate() error {
	return validatePage(p.Limit, p.StartingAfter, p.EndingBefore)
}

// Create refunds the charge, in whole or in part. All that is said at
// [RefundService.Create] holds here.
//
// https://docs.stripe.com/api/refunds/create
func (s *ChargeRefundService) Create(ctx context.Context, chargeID string, params ChargeRefundCreateParams, opts ...CallOption) (*Refund, error) {
	c := call{op: "ChargeRefunds.Create", method: http.MethodPost, route: "/v1/charges/{charge}/refunds", ids: []string{chargeID}, params: params}
	return do[Refund](ctx, s.client, c, opts)
}

// Retrieve returns the charge's refund as it is now; the refund of another
// charge is not found. It is safe to repeat.
//
// https://docs.stripe.com/api/refunds/retrieve
func (s *ChargeRefundService) Retrieve(ctx context.Context, chargeID, refundID string, opts ...CallOption) (*Refund, error) {
	c := call{op: "ChargeRefunds.Retrieve", method: http.MethodGet, route: "/v1/charges/{charge}/refunds/{refund}", ids: []string{chargeID, refundID}}
	return do[Refund](ctx, s.client, c, opts)
}

// Update changes the metadata of the charge's refund, as [RefundService.Update]
// does.
//
// https://docs.stripe.com/api/refunds/update
func (s *ChargeRefundService) Update(ctx context.Context, chargeID, refundID string, params RefundUpdateParams, opts ...CallOption) (*Refund, error) {
	c := call{op: "ChargeRefunds.Update", method: http.MethodPost, route: "/v1/charges/{charge}/refunds/{refund}", ids: []string{chargeID, refundID}, params: params}
	return do[Refund](ctx, s.client, c, opts)
}

// List returns one page of the charge's refunds, newest first. It is safe to
// repeat.
//
// https://docs.stripe.com/api/refunds/list
func (s *ChargeRefundService) List(ctx context.Context, chargeID string, params ChargeRefundListParams, opts ...CallOption) (*RefundList, error) {
	c := call{op: "ChargeRefunds.List", method: http.MethodGet, route: "/v1/charges/{charge}/refunds", ids: []string{chargeID}, params: params}
	return do[RefundList](ctx, s.client, c, opts)
}

// All walks every refund of the charge, as [RefundService.All] does.
//
// https://docs.stripe.com/api/refunds/list
func (s *ChargeRefundService) All(ctx context.Context, chargeID string, params ChargeRefundListParams, opts ...CallOption) iter.Seq2[*Refund, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, refundID, func(at cursor) ([]*Refund, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*Refund](s.List(ctx, chargeID, page, opts...))
	})
}
