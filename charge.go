package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// ChargeStatus is how far a payment has come. New values may appear.
//
// https://docs.stripe.com/api/charges/object#charge_object-status
type ChargeStatus string

// The statuses of a charge. A hold is succeeded too: see [Charge.Captured].
const (
	ChargeStatusFailed    ChargeStatus = "failed"
	ChargeStatusPending   ChargeStatus = "pending" // a bank debit on its way, say
	ChargeStatusSucceeded ChargeStatus = "succeeded"
)

// Charge is what someone handling a refund reads of a charge. Amounts are in
// the smallest unit of Currency. Never derive the state of a refund from a
// charge: whether AmountRefunded counts pending refunds, or falls again when a
// refund fails, is not documented.
//
// https://docs.stripe.com/api/charges/object
type Charge struct {
	ID                            string                         `json:"id"`
	Object                        string                         `json:"object"`                 // charge
	Amount                        int64                          `json:"amount"`                 // authorized; what can be refunded at most is AmountCaptured
	AmountCaptured                int64                          `json:"amount_captured"`        // 0 while it is a hold
	AmountRefunded                int64                          `json:"amount_refunded"`        // see the type's comment
	ApplicationFee                Expandable[ApplicationFee]     `json:"application_fee"`        // Connect: what the platform earned; empty if nothing
	ApplicationFeeAmount          int64                          `json:"application_fee_amount"` // Connect: what the platform asked for
	BalanceTransaction            Expandable[BalanceTransaction] `json:"balance_transaction"`    // empty until it is captured, and some seconds more
	BillingDetails                BillingDetails                 `json:"billing_details"`
	CalculatedStatementDescriptor string                         `json:"calculated_statement_descriptor"` // what a card's statement says in full
	Captured                      bool                           `json:"captured"`                        // false: cancel the hold instead of refunding it
	Created                       Timestamp                      `json:"created"`
	Currency                      string                         `json:"currency"` // three letters, lower case
	Customer                      Expandable[Customer]           `json:"customer"`
	Description                   string                         `json:"description"`
	Dispute                       Expandable[Dispute]            `json:"dispute,omitzero"`            // the newest; Stripe sends it, and its specification does not have it
	Disputed                      bool                           `json:"disputed"`                    // also by an inquiry, and after a dispute was won
	FailureBalanceTransaction     Expandable[BalanceTransaction] `json:"failure_balance_transaction"` // takes the money of a payment that failed later
	FailureCode                   string                         `json:"failure_code"`                // why it failed
	FailureMessage                string                         `json:"failure_message"`             // the same, for people
	Livemode                      bool                           `json:"livemode"`
	Metadata                      Metadata                       `json:"metadata"`
	OnBehalfOf                    Expandable[Account]            `json:"on_behalf_of"` // Connect: whose business it is; refunds still come from where the charge is
	Paid                          bool                           `json:"paid"`         // true for a hold, too
	PaymentIntent                 Expandable[PaymentIntent]      `json:"payment_intent"`
	PaymentMethod                 string                         `json:"payment_method"`
	PaymentMethodDetails          PaymentMethodDetails           `json:"payment_method_details"`
	PresentmentDetails            PresentmentDetails             `json:"presentment_details,omitzero"` // what the customer saw, in their currency
	ReceiptEmail                  string                         `json:"receipt_email"`                // where the receipt went, and the refund's goes
	ReceiptNumber                 string                         `json:"receipt_number"`
	ReceiptURL                    string                         `json:"receipt_url"`
	Refunded                      bool                           `json:"refunded"`             // true only when the whole amount went back
	Refunds                       *RefundList                    `json:"refunds,omitzero"`     // nil unless expanded; then the 10 newest
	SourceTransfer                Expandable[Transfer]           `json:"source_transfer"`      // Connect: what brought the money, seen from the connected account
	StatementDescriptor           string                         `json:"statement_descriptor"` // what the customer's statement says
	Status                        ChargeStatus                   `json:"status"`
	Transfer                      Expandable[Transfer]           `json:"transfer,omitzero"`      // Connect: what a destination charge sent on; ReverseTransfer takes it back
	TransferData                  ChargeTransferData             `json:"transfer_data,omitzero"` // Connect: where a destination charge sends it
	TransferGroup                 string                         `json:"transfer_group"`         // Connect: what belongs together
}

// ChargeTransferData says where the money of a destination charge goes. Amount is
// in the smallest unit of the charge's currency; 0 is the whole charge.
type ChargeTransferData struct {
	Amount      int64               `json:"amount"`
	Destination Expandable[Account] `json:"destination"`
}

// PaymentMethodDetails tells how a charge was paid. Type is the kind of payment
// method; Card is filled when that is card, and CardPresent when a card was at a reader.
type PaymentMethodDetails struct {
	Card        Card   `json:"card,omitzero"`
	CardPresent Card   `json:"card_present,omitzero"`
	Type        string `json:"type"`
}

// BillingDetails is who paid, as they told it when they paid.
type BillingDetails struct {
	Address Address `json:"address,omitzero"`
	Email   string  `json:"email"`
	Name    string  `json:"name"`
	Phone   string  `json:"phone"`
}

// Card is how a card is known to the people who handle it: never its number.
// CaptureBefore is there only on a charge that is a hold: when it ends by itself.
type Card struct {
	Brand         string    `json:"brand"`
	CaptureBefore Timestamp `json:"capture_before,omitzero"`
	Country       string    `json:"country"`
	ExpMonth      int64     `json:"exp_month"`
	ExpYear       int64     `json:"exp_year"`
	Funding       string    `json:"funding"`
	Last4         string    `json:"last4"`
}

// Address is a postal address. Country is a two-letter ISO 3166-1 code.
type Address struct {
	City       string `json:"city"`
	Country    string `json:"country"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	PostalCode string `json:"postal_code"`
	State      string `json:"state"`
}

func (c *Charge) check() error { return checkIdentity(c.Object, "charge", c.ID) }

func (c *Charge) agree(asked call) error { return agreeID(asked, c.ID) }

// decides includes what tells a hold from a payment.
func (*Charge) decides(member string) bool {
	switch member {
	case "amount_captured", "amount_refunded", "captured", "status":
		return true
	}
	return decidesAmount(member)
}

// ChargeList is one page of charges, newest first. HasMore says whether the walk
// goes on beyond this page.
//
// https://docs.stripe.com/api/pagination
type ChargeList struct {
	Object  string    `json:"object"`
	Data    []*Charge `json:"data"`
	HasMore bool      `json:"has_more"`
	URL     string    `json:"url"`
}

func (l *ChargeList) check() error { return checkList(l.Object, l.Data) }

// agree refuses charges of another payment or customer than was asked for.
func (l *ChargeList) agree(c call) error {
	asked, _ := c.params.(ChargeListParams)
	for _, charge := range l.Data {
		switch {
		case !same(asked.PaymentIntent, charge.PaymentIntent.ID):
			return mismatch("payment_intent")
		case !same(asked.Customer, charge.Customer.ID):
			return mismatch("customer")
		}
	}
	return nil
}

func (*ChargeList) decides(member string) bool { return decidesList(member) }

func (l *ChargeList) page() ([]*Charge, bool) { return l.Data, l.HasMore }

// ChargeListParams chooses charges. Limit is the page size, 1 to 100; 0 is
// Stripe's 10 for List and 100 for All. At most one cursor may be given.
//
// https://docs.stripe.com/api/charges/list
type ChargeListParams struct {
	_             [0]func()
	Customer      string       `url:"customer,omitempty"`
	PaymentIntent string       `url:"payment_intent,omitempty"` // its attempts: at most one succeeded
	TransferGroup string       `url:"transfer_group,omitempty"`
	Created       CreatedRange `url:"created"`
	Limit         int          `url:"limit,omitempty"`
	StartingAfter string       `url:"starting_after,omitempty"` // only charges older than this one
	EndingBefore  string       `url:"ending_before,omitempty"`  // only charges newer than this one
}

func (p ChargeListParams) validate() error {
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// ChargeService reads charges. It changes none: a hold is captured or canceled
// where it was made.
//
// https://docs.stripe.com/api/charges
type ChargeService struct{ client *Client }

// Retrieve returns the charge as it is now. It is safe to repeat. Its refunds come
// along with Expand("refunds"), the 10 newest; [ChargeRefundService.All] walks them all.
//
// https://docs.stripe.com/api/charges/retrieve
func (s *ChargeService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*Charge, error) {
	c := call{op: "Charges.Retrieve", method: http.MethodGet, route: "/v1/charges/{charge}", ids: []string{id}}
	return do[Charge](ctx, s.client, c, opts)
}

// List returns one page of charges, newest first. It is safe to repeat. What is
// expanded in a list is named from data on: Expand("data.balance_transaction").
//
// https://docs.stripe.com/api/charges/list
func (s *ChargeService) List(ctx context.Context, params ChargeListParams, opts ...CallOption) (*ChargeList, error) {
	c := call{op: "Charges.List", method: http.MethodGet, route: "/v1/charges", params: params}
	return do[ChargeList](ctx, s.client, c, opts)
}

// All walks every charge that List would find, as [RefundService.All] does.
//
// https://docs.stripe.com/api/pagination
func (s *ChargeService) All(ctx context.Context, params ChargeListParams, opts ...CallOption) iter.Seq2[*Charge, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, chargeID, func(at cursor) ([]*Charge, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*Charge](s.List(ctx, page, opts...))
	})
}

func chargeID(c *Charge) string { return c.ID }
