package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// Transfer is money that a platform has sent on to a connected account. Amounts are in
// the smallest unit of Currency; Amount less AmountReversed can still be reversed.
//
// https://docs.stripe.com/api/transfers/object
type Transfer struct {
	ID                 string                         `json:"id"`
	Object             string                         `json:"object"` // transfer
	Amount             int64                          `json:"amount"`
	AmountReversed     int64                          `json:"amount_reversed"`
	BalanceTransaction Expandable[BalanceTransaction] `json:"balance_transaction"`
	Created            Timestamp                      `json:"created"`
	Currency           string                         `json:"currency"`
	Description        string                         `json:"description"`
	Destination        Expandable[Account]            `json:"destination"`         // the connected account
	DestinationPayment Expandable[Charge]             `json:"destination_payment"` // what it got, a charge there
	Livemode           bool                           `json:"livemode"`
	Metadata           Metadata                       `json:"metadata"`
	Reversals          *TransferReversalList          `json:"reversals,omitzero"` // the 10 newest
	Reversed           bool                           `json:"reversed"`           // true only when nothing is left
	SourceTransaction  Expandable[Charge]             `json:"source_transaction"` // the charge whose money it is; empty for the available balance
	SourceType         string                         `json:"source_type"`
	TransferGroup      string                         `json:"transfer_group"`
}

// Left returns what can still be reversed.
func (t *Transfer) Left() int64 { return max(t.Amount-t.AmountReversed, 0) }

func (t *Transfer) check() error { return checkIdentity(t.Object, "transfer", t.ID) }

func (t *Transfer) agree(asked call) error { return agreeID(asked, t.ID) }

func (*Transfer) decides(member string) bool {
	return member == "amount_reversed" || decidesAmount(member)
}

func (t *Transfer) identity() string { return t.ID }

// TransferList is one page of transfers, newest first. HasMore says whether the walk
// goes on beyond this page.
//
// https://docs.stripe.com/api/pagination
type TransferList struct {
	Object  string      `json:"object"`
	Data    []*Transfer `json:"data"`
	HasMore bool        `json:"has_more"`
	URL     string      `json:"url"`
}

func (l *TransferList) check() error { return checkList(l.Object, l.Data) }

// agree refuses transfers of another group or account than was asked for.
func (l *TransferList) agree(c call) error {
	asked, _ := c.params.(TransferListParams)
	for _, transfer := range l.Data {
		switch {
		case !same(asked.TransferGroup, transfer.TransferGroup):
			return mismatch("transfer_group")
		case !same(asked.Destination, transfer.Destination.ID):
			return mismatch("destination")
		}
	}
	return nil
}

func (*TransferList) decides(member string) bool { return decidesList(member) }

func (l *TransferList) page() ([]*Transfer, bool) { return l.Data, l.HasMore }

// TransferListParams chooses transfers. Limit is the page size, 1 to 100; 0 is Stripe's
// 10 for List and 100 for All. At most one cursor may be given.
//
// https://docs.stripe.com/api/transfers/list
type TransferListParams struct {
	_             [0]func()
	Created       CreatedRange `url:"created"`
	Destination   string       `url:"destination,omitempty"`    // a connected account
	TransferGroup string       `url:"transfer_group,omitempty"` // what belongs to one payment
	Limit         int          `url:"limit,omitempty"`
	StartingAfter string       `url:"starting_after,omitempty"` // only transfers older than this one
	EndingBefore  string       `url:"ending_before,omitempty"`  // only transfers newer than this one
}

func (p TransferListParams) validate() error {
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// TransferService reads transfers. It makes none: [TransferReversalService] takes them
// back.
//
// https://docs.stripe.com/api/transfers
type TransferService struct{ client *Client }

// Retrieve returns the transfer as it is now, with its 10 newest reversals. It is safe
// to repeat.
//
// https://docs.stripe.com/api/transfers/retrieve
func (s *TransferService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*Transfer, error) {
	c := call{op: "Transfers.Retrieve", method: http.MethodGet, route: "/v1/transfers/{transfer}", ids: []string{id}}
	return do[Transfer](ctx, s.client, c, opts)
}

// List returns one page of transfers, newest first. It is safe to repeat.
//
// https://docs.stripe.com/api/transfers/list
func (s *TransferService) List(ctx context.Context, params TransferListParams, opts ...CallOption) (*TransferList, error) {
	c := call{op: "Transfers.List", method: http.MethodGet, route: "/v1/transfers", params: params}
	return do[TransferList](ctx, s.client, c, opts)
}

// All walks every transfer that List would find, as [RefundService.All] does.
//
// https://docs.stripe.com/api/pagination
func (s *TransferService) All(ctx context.Context, params TransferListParams, opts ...CallOption) iter.Seq2[*Transfer, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, (*Transfer).identity, func(at cursor) ([]*Transfer, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*Transfer](s.List(ctx, page, opts...))
	})
}
