package refundkit

import (
	"context"
	"net/http"
)

// PaymentIntentStatus is how far a PaymentIntent has come. New values may appear.
//
// https://docs.stripe.com/payments/paymentintents/lifecycle
type PaymentIntentStatus string

// The statuses of a PaymentIntent. Only a succeeded one can be refunded; one that
// requires capture is a hold, and is canceled instead.
const (
	PaymentIntentStatusCanceled              PaymentIntentStatus = "canceled"
	PaymentIntentStatusProcessing            PaymentIntentStatus = "processing"
	PaymentIntentStatusRequiresAction        PaymentIntentStatus = "requires_action"
	PaymentIntentStatusRequiresCapture       PaymentIntentStatus = "requires_capture"
	PaymentIntentStatusRequiresConfirmation  PaymentIntentStatus = "requires_confirmation"
	PaymentIntentStatusRequiresPaymentMethod PaymentIntentStatus = "requires_payment_method"
	PaymentIntentStatusSucceeded             PaymentIntentStatus = "succeeded"
)

// PaymentIntent is what someone handling a refund reads of a PaymentIntent. Its
// client secret is left out on purpose. Amounts are in the smallest unit of
// Currency.
//
// https://docs.stripe.com/api/payment_intents/object
type PaymentIntent struct {
	ID                   string                    `json:"id"`
	Object               string                    `json:"object"`
	Amount               int64                     `json:"amount"`
	AmountCapturable     int64                     `json:"amount_capturable"`      // what a hold can still take
	AmountReceived       int64                     `json:"amount_received"`        // what was paid
	ApplicationFeeAmount int64                     `json:"application_fee_amount"` // Connect: what the platform asked for
	CanceledAt           Timestamp                 `json:"canceled_at"`
	CancellationReason   string                    `json:"cancellation_reason"`
	CaptureMethod        string                    `json:"capture_method"`
	Created              Timestamp                 `json:"created"`
	Currency             string                    `json:"currency"`
	Customer             Expandable[Customer]      `json:"customer"`
	CustomerAccount      string                    `json:"customer_account"` // the same, as an account
	Description          string                    `json:"description"`
	LatestCharge         Expandable[Charge]        `json:"latest_charge"` // what a refund of the PaymentIntent refunds, once it succeeded
	Livemode             bool                      `json:"livemode"`
	Metadata             Metadata                  `json:"metadata"`
	OnBehalfOf           Expandable[Account]       `json:"on_behalf_of"` // Connect: whose business it is
	PaymentMethod        Expandable[PaymentMethod] `json:"payment_method"`
	PaymentMethodTypes   []string                  `json:"payment_method_types"`
	PresentmentDetails   PresentmentDetails        `json:"presentment_details,omitzero"` // what the customer saw, in their currency
	ReceiptEmail         string                    `json:"receipt_email"`
	Status               PaymentIntentStatus       `json:"status"`
	TransferData         PaymentIntentTransferData `json:"transfer_data,omitzero"` // Connect: where a destination charge sends it
	TransferGroup        string                    `json:"transfer_group"`
}

// PaymentIntentTransferData says where the money of a destination charge goes.
// Amount is in the smallest unit of the payment's currency; 0 is all of it.
type PaymentIntentTransferData struct {
	Amount      int64               `json:"amount,omitzero"`
	Destination Expandable[Account] `json:"destination"`
}

func (p *PaymentIntent) check() error { return checkIdentity(p.Object, "payment_intent", p.ID) }

func (p *PaymentIntent) agree(c call) error { return agreeID(c, p.ID) }

// decides includes what tells a hold from a payment.
func (*PaymentIntent) decides(member string) bool {
	switch member {
	case "amount_capturable", "amount_received", "status":
		return true
	}
	return decidesAmount(member)
}

// PaymentIntentService reads PaymentIntents. It changes none: a hold is captured
// or canceled where it was made.
//
// https://docs.stripe.com/api/payment_intents
type PaymentIntentService struct{ client *Client }

// Retrieve returns the PaymentIntent as it is now. It is safe to repeat. Its charge
// comes along with Expand("latest_charge").
//
// https://docs.stripe.com/api/payment_intents/retrieve
func (s *PaymentIntentService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*PaymentIntent, error) {
	c := call{op: "PaymentIntents.Retrieve", method: http.MethodGet, route: "/v1/payment_intents/{intent}", ids: []string{id}}
	return do[PaymentIntent](ctx, s.client, c, opts)
}
