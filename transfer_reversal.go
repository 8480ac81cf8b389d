package refundkit

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// TransferReversal is money taken back from a connected account. Amount is in the
// smallest unit of Currency. It has no status: once made, it stays. (Reversals that
// wait for a balance, and can fail, are a private preview of Stripe's.)
//
// https://docs.stripe.com/api/transfer_reversals/object
type TransferReversal struct {
	ID                       string                         `json:"id"`
	Object                   string                         `json:"object"` // transfer_reversal
	Amount                   int64                          `json:"amount"`
	BalanceTransaction       Expandable[BalanceTransaction] `json:"balance_transaction"` // gives the money to your balance
	Created                  Timestamp                      `json:"created"`
	Currency                 string                         `json:"currency"`
	DestinationPaymentRefund Expandable[Refund]             `json:"destination_payment_refund"` // takes it from the connected account's
	Metadata                 Metadata                       `json:"metadata"`                   // yours, and the [Reference]
	SourceRefund             Expandable[Refund]             `json:"source_refund"`              // the refund that made it, by ReverseTransfer
	Transfer                 Expandable[Transfer]           `json:"transfer"`
}

// TransferReversalCreateParams says how much of a transfer to take back: Amount in the
// currency's smallest unit, or Remaining for all that is left. Exactly one of the two
// is required. As JSON it has Stripe's names, and remaining.
//
// https://docs.stripe.com/api/transfer_reversals/create
type TransferReversalCreateParams struct {
	_           [0]func()
	Amount      int64    `url:"amount,omitempty" json:"amount,omitzero"` // at least 1, in the currency's smallest unit
	Remaining   bool     `url:"-" json:"remaining,omitzero"`             // reverse whatever is left; instead of Amount
	Description string   `url:"description,omitempty" json:"description,omitzero"`
	Metadata    Metadata `url:"metadata,omitempty" json:"metadata,omitzero"`
	// RefundApplicationFee gives the platform's fee back too, in proportion to the amount.
	RefundApplicationFee bool `url:"refund_application_fee,omitempty" json:"refund_application_fee,omitzero"`
}

func (p TransferReversalCreateParams) validate() error {
	return firstError(howMuch(p.Amount, p.Remaining), p.Metadata.validate())
}

func (p TransferReversalCreateParams) withReference(ref string) (params, error) {
	metadata, err := p.Metadata.withReference(ref)
	p.Metadata = metadata
	return p, err
}

// TransferReversalUpdateParams changes what can be changed of a reversal: its metadata,
// as [RefundUpdateParams] does.
//
// https://docs.stripe.com/api/transfer_reversals/update
type TransferReversalUpdateParams struct {
	_               [0]func()
	Metadata        Metadata `url:"metadata,omitempty"`
	ClearMetadata   bool     `url:"-"` // remove every key; not together with Metadata
	ForgetReference bool     `url:"-"` // the reference may go: the reversal will never be looked up by it
}

func (p TransferReversalUpdateParams) validate() error { return RefundUpdateParams(p).validate() }

func (p TransferReversalUpdateParams) clears() []string { return clearedMetadata(p.ClearMetadata) }

// TransferReversalList is one page of a transfer's reversals, newest first. HasMore says
// whether the walk goes on beyond this page. TotalCount is filled only on the
// reversals that come with a [Transfer].
//
// https://docs.stripe.com/api/pagination
type TransferReversalList struct {
	Object     string              `json:"object"`
	Data       []*TransferReversal `json:"data"`
	HasMore    bool                `json:"has_more"`
	TotalCount int64               `json:"total_count,omitzero"`
	URL        string              `json:"url"`
}

// TransferReversalListParams chooses a page of a transfer's reversals. Limit is the page
// size, 1 to 100; 0 is Stripe's 10 for List and 100 for All. At most one cursor may be
// given.
//
// https://docs.stripe.com/api/transfer_reversals/list
type TransferReversalListParams struct {
	_             [0]func()
	Limit         int    `url:"limit,omitempty"`
	StartingAfter string `url:"starting_after,omitempty"`
	EndingBefore  string `url:"ending_before,omitempty"`
}

func (p TransferReversalListParams) validate() error {
	return validatePage(p.Limit, p.StartingAfter, p.EndingBefore)
}

// TransferReversalService takes transfers back from connected accounts. A refund of
// separate charges and transfers has no effect on the transfers: [NewUnwind] says what
// to take back from whom.
//
// https://docs.stripe.com/api/transfer_reversals
type TransferReversalService struct{ client *Client }

// Create reverses a transfer, in whole or in part. If the connected account does not
// have the money, it is refused with [ErrInsufficientBalance]. All that is said of keys
// and lost answers at [RefundService.Create] holds here.
//
// https://docs.stripe.com/api/transfer_reversals/create
func (s *TransferReversalService) Create(ctx context.Context, transferID string, params TransferReversalCreateParams, opts ...CallOption) (*TransferReversal, error) {
	c := call{op: "TransferReversals.Create", method: http.MethodPost, route: "/v1/transfers/{id}/reversals", ids: []string{transferID}, params: params}
	return do[TransferReversal](ctx, s.client, c, opts)
}

// Retrieve returns the transfer's reversal; that of another transfer is not found. It
// is safe to repeat.
//
// https://docs.stripe.com/api/transfer_reversals/retrieve
func (s *TransferReversalService) Retrieve(ctx context.Context, transferID, reversalID string, opts ...CallOption) (*TransferReversal, error) {
	c := call{op: "TransferReversals.Retrieve", method: http.MethodGet, route: "/v1/transfers/{transfer}/reversals/{id}", ids: []string{transferID, reversalID}}
	return do[TransferReversal](ctx, s.client, c, opts)
}

// Update changes a reversal's metadata, as [RefundService.Update] does.
//
// https://docs.stripe.com/api/transfer_reversals/update
func (s *TransferReversalService) Update(ctx context.Context, transferID, reversalID string, params TransferReversalUpdateParams, opts ...CallOption) (*TransferReversal, error) {
	c := call{op: "TransferReversals.Update", method: http.MethodPost, route: "/v1/transfers/{transfer}/reversals/{id}", ids: []string{transferID, reversalID}, params: params}
	return do[TransferReversal](ctx, s.client, c, opts)
}

// List returns one page of the transfer's reversals, newest first. It is safe to repeat.
//
// https://docs.stripe.com/api/transfer_reversals/list
func (s *TransferReversalService) List(ctx context.Context, transferID string, params TransferReversalListParams, opts ...CallOption) (*TransferReversalList, error) {
	c := call{op: "TransferReversals.List", method: http.MethodGet, route: "/v1/transfers/{id}/reversals", ids: []string{transferID}, params: params}
	return do[TransferReversalList](ctx, s.client, c, opts)
}

// All walks every reversal of the transfer, as [RefundService.All] does.
//
// https://docs.stripe.com/api/pagination
func (s *TransferReversalService) All(ctx context.Context, transferID string, params TransferReversalListParams, opts ...CallOption) iter.Seq2[*TransferReversal, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, (*TransferReversal).identity, func(at cursor) ([]*TransferReversal, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*TransferReversal](s.List(ctx, transferID, page, opts...))
	})
}

// Reference returns the caller's own name that the reversal was made with by the
// [Reference] option, or "" if it has none.
func (r *TransferReversal) Reference() string { return r.Metadata[ReferenceMetadataKey] }

func (r *TransferReversal) identity() string  { return r.ID }
func (r *TransferReversal) madeAt() time.Time { return r.Created.Time }
func (r *TransferReversal) isOver() bool      { return false }

func (r *TransferReversal) check() error { return checkIdentity(r.Object, "transfer_reversal", r.ID) }

// agree holds the reversal against the transfer, the ID and the amount of the call.
func (r *TransferReversal) agree(c call) error {
	asked, creates := c.params.(TransferReversalCreateParams)
	switch {
	case !same(c.ids[0], r.Transfer.ID):
		return mismatch("transfer")
	case creates && asked.Amount != 0 && r.Amount != 0 && asked.Amount != r.Amount:
		return mismatch("amount")
	case !creates:
		return agreeID(c, r.ID)
	}
	return nil
}

// decides includes all metadata that is no object: the reference could be in it.
func (*TransferReversal) decides(member string) bool {
	switch member {
	case "transfer", "created", "metadata", "source_refund":
		return true
	}
	return decidesAmount(member)
}

func (l *TransferReversalList) check() error { return checkList(l.Object, l.Data) }

// agree refuses a list that holds reversals of another transfer than was asked for.
func (l *TransferReversalList) agree(c call) error {
	for _, reversal := range l.Data {
		if !same(c.ids[0], reversal.Transfer.ID) {
			return mismatch("transfer")
		}
	}
	return nil
}

func (*TransferReversalList) decides(member string) bool { return decidesList(member) }

func (l *TransferReversalList) page() ([]*TransferReversal, bool) { return l.Data, l.HasMore }
