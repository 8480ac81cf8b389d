package refundkit

import (
	"context"
	"net/http"
	"time"
)

// RefundStatus is how far a refund has come. New values may appear.
//
// https://docs.stripe.com/refunds#refund-statuses
type RefundStatus string

// The statuses of a refund. They have no order: Stripe may move a refund from
// succeeded to failed weeks later, or back to requires_action.
const (
	RefundStatusPending        RefundStatus = "pending"
	RefundStatusRequiresAction RefundStatus = "requires_action"
	RefundStatusSucceeded      RefundStatus = "succeeded"
	RefundStatusFailed         RefundStatus = "failed"
	RefundStatusCanceled       RefundStatus = "canceled"
)

// InProgress reports whether the refund is still on its way: pending, waiting
// for the customer, or in a status that this version does not know.
func (s RefundStatus) InProgress() bool { return s != RefundStatusSucceeded && !s.IsFinal() }

// IsFinal reports whether nothing will happen any more: failed or canceled. A
// succeeded refund is not final, since it can still fail.
func (s RefundStatus) IsFinal() bool { return s == RefundStatusFailed || s == RefundStatusCanceled }

// RefundReason is why the money goes back.
type RefundReason string

// The reasons of a refund. Sending RefundReasonFraudulent also puts the payer's card
// and e-mail on Stripe's block lists. RefundReasonExpiredUncapturedCharge is only
// set by Stripe, on refunds of API versions before 2025-03-31.basil: since then an
// authorization that expires makes no refund.
const (
	RefundReasonDuplicate               RefundReason = "duplicate"
	RefundReasonFraudulent              RefundReason = "fraudulent"
	RefundReasonRequestedByCustomer     RefundReason = "requested_by_customer"
	RefundReasonExpiredUncapturedCharge RefundReason = "expired_uncaptured_charge"
)

// RefundFailureReason is why a refund failed. For a refund that Stripe canceled
// because its bank debit failed, none is documented.
type RefundFailureReason string

// The failure reasons that Stripe lists.
const (
	RefundFailureReasonChargeForPendingRefundDisputed RefundFailureReason = "charge_for_pending_refund_disputed"
	RefundFailureReasonDeclined                       RefundFailureReason = "declined"
	RefundFailureReasonExpiredOrCanceledCard          RefundFailureReason = "expired_or_canceled_card"
	RefundFailureReasonInsufficientFunds              RefundFailureReason = "insufficient_funds"
	RefundFailureReasonLostOrStolenCard               RefundFailureReason = "lost_or_stolen_card"
	RefundFailureReasonMerchantRequest                RefundFailureReason = "merchant_request"
	RefundFailureReasonUnknown                        RefundFailureReason = "unknown"
)

// RefundPendingReason is what a pending refund waits for.
type RefundPendingReason string

// The pending reasons that Stripe lists. RefundPendingReasonInsufficientFunds needs a
// person: the Stripe balance must be topped up.
const (
	RefundPendingReasonProcessing        RefundPendingReason = "processing"
	RefundPendingReasonInsufficientFunds RefundPendingReason = "insufficient_funds"
	RefundPendingReasonChargePending     RefundPendingReason = "charge_pending"
)

// RefundOrigin says where the money of a refund comes from, when it is not the
// payment itself.
type RefundOrigin string

// RefundOriginCustomerBalance pays the refund out of a customer's cash balance.
const RefundOriginCustomerBalance RefundOrigin = "customer_balance"

// Refund is money on its way back to a customer. Amount is in the smallest unit
// of Currency. Strings are empty, links have an empty ID and times are zero
// where Stripe sent null or nothing.
//
// https://docs.stripe.com/api/refunds/object
type Refund struct {
	ID     string `json:"id"`
	Object string `json:"object"` // refund
	Amount int64  `json:"amount"` // in the smallest unit of Currency
	// BalanceTransaction takes the money from your balance; empty while the refund
	// waits for money or for its charge.
	BalanceTransaction Expandable[BalanceTransaction] `json:"balance_transaction"`
	Charge             Expandable[Charge]             `json:"charge"` // empty for a refund out of a cash balance
	Created            Timestamp                      `json:"created"`
	Currency           string                         `json:"currency"`         // three letters, lower case
	Customer           Expandable[Customer]           `json:"customer"`         // set for a refund out of a cash balance
	CustomerAccount    string                         `json:"customer_account"` // the same, as an account
	Description        string                         `json:"description,omitzero"`
	// DestinationDetails tells where the money went, and how the customer's bank finds
	// it: see [Refund.Trace].
	DestinationDetails        DestinationDetails             `json:"destination_details,omitzero"`
	FailureBalanceTransaction Expandable[BalanceTransaction] `json:"failure_balance_transaction,omitzero"` // gives the money back to your balance
	FailureReason             RefundFailureReason            `json:"failure_reason,omitzero"`              // empty unless Status is failed or canceled
	InstructionsEmail         string                         `json:"instructions_email,omitzero"`          // where Stripe asked for bank details
	Metadata                  Metadata                       `json:"metadata"`                             // yours, and the [Reference]
	NextAction                RefundNextAction               `json:"next_action,omitzero"`                 // while Status is requires_action
	PaymentIntent             Expandable[PaymentIntent]      `json:"payment_intent"`                       // empty for a charge without one
	PaymentMethod             Expandable[PaymentMethod]      `json:"payment_method"`                       // where the money goes back to
	PendingReason             RefundPendingReason            `json:"pending_reason,omitzero"`              // while Status is pending
	PresentmentDetails        PresentmentDetails             `json:"presentment_details,omitzero"`         // what the customer saw, in their currency
	Reason                    RefundReason                   `json:"reason"`                               // as it was given; empty if it was not
	ReceiptNumber             string                         `json:"receipt_number"`                       // on the mail to the customer, once one was sent
	SourceTransferReversal    Expandable[TransferReversal]   `json:"source_transfer_reversal"`             // Connect: what was taken back for this refund, seen from the connected account
	Status                    RefundStatus                   `json:"status"`                               // a succeeded refund can still fail, weeks later
	TransferReversal          Expandable[TransferReversal]   `json:"transfer_reversal"`                    // Connect: made by ReverseTransfer
}

// RefundNextAction is what a refund in requires_action waits for.
type RefundNextAction struct {
	DisplayDetails RefundDisplayDetails `json:"display_details,omitzero"`
	Type           string               `json:"type"`
}

// RefundDisplayDetails tells how the customer was asked for bank details, and
// until when an answer is awaited. At ExpiresAt, 45 days later, the refund fails or
// is canceled: Stripe's pages differ, so handle both. When the refund of a bank
// transfer is canceled, the money goes to the customer's cash balance.
//
// https://docs.stripe.com/payments/customer-balance/refunding
type RefundDisplayDetails struct {
	EmailSent RefundEmailSent `json:"email_sent"`
	ExpiresAt Timestamp       `json:"expires_at"`
}

// RefundEmailSent is when and where Stripe wrote to the customer.
type RefundEmailSent struct {
	EmailSentAt Timestamp `json:"email_sent_at"`
	EmailSentTo string    `json:"email_sent_to"`
}

// PresentmentDetails is what the customer saw, where that was another currency.
// PresentmentAmount is in the smallest unit of PresentmentCurrency.
type PresentmentDetails struct {
	PresentmentAmount   int64  `json:"presentment_amount"`
	PresentmentCurrency string `json:"presentment_currency"`
}

// RefundCreateParams says what to refund. How much is always said: Amount in
// the currency's smallest unit, or Remaining for all that is left. What is
// refunded is one of Charge and PaymentIntent; or, out of a customer's cash
// balance, neither, with Origin, Customer, Currency and Amount. As JSON it has
// Stripe's names, and remaining.
//
// https://docs.stripe.com/api/refunds/create
type RefundCreateParams struct {
	_             [0]func()
	Charge        string `url:"charge,omitempty" json:"charge,omitzero"`
	PaymentIntent string `url:"payment_intent,omitempty" json:"payment_intent,omitzero"` // refunds its successful charge
	Amount        int64  `url:"amount,omitempty" json:"amount,omitzero"`                 // at least 1, in the currency's smallest unit
	Remaining     bool   `url:"-" json:"remaining,omitzero"`                             // refund whatever is left; instead of Amount
	// Reason is for your records; RefundReasonFraudulent also puts the payer's card and
	// e-mail on Stripe's block lists.
	Reason            RefundReason `url:"reason,omitempty" json:"reason,omitzero"`
	Metadata          Metadata     `url:"metadata,omitempty" json:"metadata,omitzero"`
	InstructionsEmail string       `url:"instructions_email,omitempty" json:"instructions_email,omitzero"` // the customer's address, for methods whose refunds need bank details
	// RefundApplicationFee gives the platform's fee back, in proportion to the amount.
	// Without it the platform keeps its fee. Connect only.
	RefundApplicationFee bool `url:"refund_application_fee,omitempty" json:"refund_application_fee,omitzero"`
	// ReverseTransfer takes the money back from the destination account, in proportion
	// to the amount; if its balance is too low, the call is an error and no refund is
	// made. Without it the platform pays. Connect only.
	ReverseTransfer bool         `url:"reverse_transfer,omitempty" json:"reverse_transfer,omitzero"`
	Origin          RefundOrigin `url:"origin,omitempty" json:"origin,omitzero"`     // a cash balance; empty for a payment
	Customer        string       `url:"customer,omitempty" json:"customer,omitzero"` // whose cash balance pays
	Currency        string       `url:"currency,omitempty" json:"currency,omitzero"` // of that balance
}

func (p RefundCreateParams) validate() error {
	if p.Origin == "" {
		if err := exactlyOne("charge", p.Charge, "payment_intent", p.PaymentIntent); err != nil {
			return err
		}
	} else if err := p.validateCashBalance(); err != nil {
		return err
	}
	return firstError(howMuch(p.Amount, p.Remaining), sendableReason(p.Reason), p.Metadata.validate())
}

func (p RefundCreateParams) validateCashBalance() error {
	switch {
	case p.Charge != "" || p.PaymentIntent != "":
		return &ParamError{Param: "origin", Reason: "a refund with an Origin names neither Charge nor PaymentIntent"}
	case p.Customer == "":
		return &ParamError{Param: "customer", Reason: "a refund with an Origin needs the Customer whose cash balance pays it"}
	case p.Currency == "":
		return &ParamError{Param: "currency", Reason: "a refund with an Origin needs its Currency"}
	case p.Remaining:
		return &ParamError{Param: "amount", Reason: "a refund with an Origin has no remainder: set Amount instead of Remaining"}
	}
	return nil
}

func (p RefundCreateParams) withReference(ref string) (params, error) {
	metadata, err := p.Metadata.withReference(ref)
	p.Metadata = metadata
	return p, err
}

// RefundUpdateParams changes what can be changed of a refund: its metadata. The
// [Reference] that the refund was made with is kept there too: an update that would
// remove it is refused unless ForgetReference is set, because a look-up can't find
// the refund without it.
//
// https://docs.stripe.com/api/refunds/update
type RefundUpdateParams struct {
	_               [0]func()
	Metadata        Metadata `url:"metadata,omitempty"`
	ClearMetadata   bool     `url:"-"` // remove every key; not together with Metadata
	ForgetReference bool     `url:"-"` // the reference may go: the refund will never be looked up by it
}

func (p RefundUpdateParams) validate() error {
	reference, named := p.Metadata[ReferenceMetadataKey]
	switch {
	case !p.ClearMetadata && len(p.Metadata) == 0:
		return &ParamError{Param: "metadata", Reason: "this update would change nothing: set Metadata, or ClearMetadata to remove all of it"}
	case (p.ClearMetadata || named && reference == "") && !p.ForgetReference:
		return &ParamError{Param: "metadata", Reason: "this would remove the refund's Reference, by which it is found again: name the keys to remove instead, or set ForgetReference"}
	}
	return p.Metadata.validateChange(p.ClearMetadata)
}

func (p RefundUpdateParams) clears() []string { return clearedMetadata(p.ClearMetadata) }

// RefundService makes refunds and looks after them.
//
// https://docs.stripe.com/api/refunds
type RefundService struct{ client *Client }

// Create refunds a payment, in whole or in part. Give it an [IdempotencyKey]
// that you stored before the call: repeated with that key, within 24 hours, it
// refunds once, whatever was lost in between. Without one a key is made for
// this call alone, and is in the error if the call fails. An error for which
// errors.Is(err, [ErrOutcomeUnknown]) holds may have refunded; [NextStep] says
// what to do.
//
// https://docs.stripe.com/api/refunds/create
func (s *RefundService) Create(ctx context.Context, params RefundCreateParams, opts ...CallOption) (*Refund, error) {
	c := call{op: "Refunds.Create", method: http.MethodPost, route: "/v1/refunds", params: params}
	return do[Refund](ctx, s.client, c, opts)
}

// Retrieve returns the refund as it is now. It is safe to repeat.
//
// https://docs.stripe.com/api/refunds/retrieve
func (s *RefundService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*Refund, error) {
	c := call{op: "Refunds.Retrieve", method: http.MethodGet, route: "/v1/refunds/{refund}", ids: []string{id}}
	return do[Refund](ctx, s.client, c, opts)
}

// Update changes a refund's metadata: keys that are not named stay as they are.
// Repeating it is safe, unless something else changed the same keys meanwhile.
//
// https://docs.stripe.com/api/refunds/update
func (s *RefundService) Update(ctx context.Context, id string, params RefundUpdateParams, opts ...CallOption) (*Refund, error) {
	c := call{op: "Refunds.Update", method: http.MethodPost, route: "/v1/refunds/{refund}", ids: []string{id}, params: params}
	return do[Refund](ctx, s.client, c, opts)
}

// Cancel stops a refund that waits in requires_action; Stripe refuses any
// other. Repeated with the same key it answers the same. Repeated with another
// key it is refused, because the refund is canceled already: no money moves. Card
// refunds can't be canceled here: the Dashboard can cancel some for a short time,
// none that is a reversal.
//
// https://docs.stripe.com/api/refunds/cancel
func (s *RefundService) Cancel(ctx context.Context, id string, opts ...CallOption) (*Refund, error) {
	c := call{op: "Refunds.Cancel", method: http.MethodPost, route: "/v1/refunds/{refund}/cancel", ids: []string{id}}
	return do[Refund](ctx, s.client, c, opts)
}

// TestHelperService does what only Stripe's test mode can.
type TestHelperService struct{ client *Client }

// ExpireRefund lets a refund in requires_action run out of time, so that it
// fails. It works with test keys only.
//
// https://docs.stripe.com/api/refunds/expire
func (s *TestHelperService) ExpireRefund(ctx context.Context, refundID string, opts ...CallOption) (*Refund, error) {
	c := call{op: "TestHelpers.ExpireRefund", method: http.MethodPost, route: "/v1/test_helpers/refunds/{refund}/expire", ids: []string{refundID}}
	return do[Refund](ctx, s.client, c, opts)
}

func (r *Refund) check() error { return checkIdentity(r.Object, "refund", r.ID) }

// agree holds the refund against what the call named: the refund, or the payment
// and the amount. What the call did not name may be anything.
func (r *Refund) agree(c call) error {
	asked := RefundCreateParams{}
	switch p := c.params.(type) {
	case RefundCreateParams:
		asked = p
	case ChargeRefundCreateParams:
		asked = RefundCreateParams{Charge: c.ids[0], Amount: p.Amount}
	default:
		if !same(c.ids[len(c.ids)-1], r.ID) {
			return mismatch("id")
		}
		return nil
	}
	switch {
	case !same(asked.Charge, r.Charge.ID):
		return mismatch("charge")
	case !same(asked.PaymentIntent, r.PaymentIntent.ID):
		return mismatch("payment_intent")
	case asked.Amount != 0 && r.Amount != 0 && asked.Amount != r.Amount:
		return mismatch("amount")
	}
	return nil
}

// decides includes all metadata that is no object: the reference could be in it.
func (*Refund) decides(member string) bool {
	switch member {
	case "status", "charge", "payment_intent", "created", "metadata":
		return true
	}
	return decidesAmount(member)
}

func exactlyOne(first, a, second, b string) error {
	switch {
	case a == "" && b == "":
		return &ParamError{Param: first, Reason: "say what to refund: one of " + first + " and " + second}
	case a != "" && b != "":
		return &ParamError{Param: second, Reason: "give only one of " + first + " and " + second}
	}
	return nil
}

// howMuch makes the amount explicit: a forgotten field or a computed 0 must
// never become a full refund.
func howMuch(amount int64, remaining bool) error {
	switch {
	case amount < 0:
		return &ParamError{Param: "amount", Reason: "it must be at least 1, in the currency's smallest unit"}
	case amount == 0 && !remaining:
		return &ParamError{Param: "amount", Reason: "say how much: set Amount, at least 1 in the currency's smallest unit, or Remaining: true for all that is left"}
	case amount > 0 && remaining:
		return &ParamError{Param: "amount", Reason: "set Amount or Remaining, not both"}
	}
	return nil
}

func sendableReason(reason RefundReason) error {
	if reason == RefundReasonExpiredUncapturedCharge {
		return &ParamError{Param: "reason", Reason: "only Stripe sets expired_uncaptured_charge"}
	}
	return nil
}

// Reference returns the caller's own name that the refund was made with by the
// [Reference] option, or "" if it has none: which job an event belongs to.
func (r *Refund) Reference() string { return r.Metadata[ReferenceMetadataKey] }

func (r *Refund) identity() string  { return r.ID }
func (r *Refund) madeAt() time.Time { return r.Created.Time }
func (r *Refund) isOver() bool      { return r.Status.IsFinal() }
