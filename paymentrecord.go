package refundkit

import (
	"context"
	"net/http"
	"time"
)

// PaymentRecord is a payment that another processor made and that was reported
// to Stripe. No money moves through it.
//
// https://docs.stripe.com/api/payment-record/object
type PaymentRecord struct {
	ID                         string                            `json:"id"`
	Object                     string                            `json:"object"`
	Amount                     PaymentRecordAmount               `json:"amount"`
	AmountAuthorized           PaymentRecordAmount               `json:"amount_authorized"`
	AmountCanceled             PaymentRecordAmount               `json:"amount_canceled"`
	AmountFailed               PaymentRecordAmount               `json:"amount_failed"`
	AmountGuaranteed           PaymentRecordAmount               `json:"amount_guaranteed"`
	AmountRefunded             PaymentRecordAmount               `json:"amount_refunded"`
	AmountRequested            PaymentRecordAmount               `json:"amount_requested"`
	Application                string                            `json:"application"`
	Created                    Timestamp                         `json:"created"`
	CustomerDetails            PaymentRecordCustomer             `json:"customer_details"`
	CustomerPresence           string                            `json:"customer_presence"`
	Description                string                            `json:"description"`
	LatestPaymentAttemptRecord string                            `json:"latest_payment_attempt_record"`
	Livemode                   bool                              `json:"livemode"`
	Metadata                   Metadata                          `json:"metadata"`
	PaymentMethodDetails       PaymentRecordPaymentMethodDetails `json:"payment_method_details"`
	ProcessorDetails           PaymentRecordProcessorDetails     `json:"processor_details"`
	ReportedBy                 string                            `json:"reported_by"`
	ShippingDetails            PaymentRecordShipping             `json:"shipping_details"`
}

// PaymentRecordAmount is an amount of a payment record: Value in the smallest
// unit of Currency.
type PaymentRecordAmount struct {
	Currency string `json:"currency" url:"currency"`
	Value    int64  `json:"value" url:"value"`
}

// PaymentRecordCustomer is who paid, as it was reported.
type PaymentRecordCustomer struct {
	Customer string `json:"customer"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Phone    string `json:"phone"`
}

// PaymentRecordPaymentMethodDetails tells how the payment was made. Type is the
// kind; Custom is filled for a kind that Stripe does not know, Card for a card.
type PaymentRecordPaymentMethodDetails struct {
	BillingDetails BillingDetails            `json:"billing_details"`
	Card           Card                      `json:"card,omitzero"`
	Custom         PaymentRecordCustomMethod `json:"custom,omitzero"`
	PaymentMethod  string                    `json:"payment_method"`
	Type           string                    `json:"type"`
}

// PaymentRecordCustomMethod is a kind of payment method of your own.
type PaymentRecordCustomMethod struct {
	DisplayName string `json:"display_name"`
	Type        string `json:"type"`
}

// PaymentRecordProcessorDetails names the payment at the processor that made it.
type PaymentRecordProcessorDetails struct {
	Custom PaymentRecordCustomProcessor `json:"custom,omitzero"`
	Type   string                       `json:"type"`
}

// PaymentRecordCustomProcessor is the payment's name at a processor that Stripe
// does not know.
type PaymentRecordCustomProcessor struct {
	PaymentReference string `json:"payment_reference"`
}

// PaymentRecordShipping is where the goods went.
type PaymentRecordShipping struct {
	Address Address `json:"address,omitzero"`
	Name    string  `json:"name"`
	Phone   string  `json:"phone"`
}

// PaymentRecordRefundOutcome is how a reported refund ended.
type PaymentRecordRefundOutcome string

// PaymentRecordRefundOutcomeRefunded says that the money went back, the only outcome that can be reported.
const PaymentRecordRefundOutcomeRefunded PaymentRecordRefundOutcome = "refunded"

// ProcessorType is the kind of processor that made a payment or its refund.
type ProcessorType string

// ProcessorTypeCustom is a processor that Stripe does not know, the only kind so far.
const ProcessorTypeCustom ProcessorType = "custom"

// PaymentRecordReportRefundParams reports a refund that another processor made.
// Outcome and ProcessorDetails.Type are required. Stripe lets
// ProcessorDetails.Custom be left out, and requires RefundReference inside of it.
// Always give it, the refund's name at that processor: it is unique, so it keeps
// the same refund from being reported twice.
// A zero Amount is not sent and means all that is left.
//
// https://docs.stripe.com/api/payment-record/report-refund/report
type PaymentRecordReportRefundParams struct {
	_                [0]func()
	Outcome          PaymentRecordRefundOutcome   `url:"outcome"`
	ProcessorDetails RefundProcessorDetailsParams `url:"processor_details"`
	Refunded         PaymentRecordRefundedParams  `url:"refunded,omitempty"`
	Amount           PaymentRecordAmount          `url:"amount,omitempty"`
	InitiatedAt      time.Time                    `url:"initiated_at,omitempty,unix"` // when the refund was asked for
	Metadata         Metadata                     `url:"metadata,omitempty"`
	ClearMetadata    bool                         `url:"-"` // remove every key; not together with Metadata
}

// RefundProcessorDetailsParams names the refund at the processor that made it.
type RefundProcessorDetailsParams struct {
	_      [0]func()
	Type   ProcessorType               `url:"type"`
	Custom CustomRefundProcessorParams `url:"custom"`
}

// CustomRefundProcessorParams is the refund's name at a processor that Stripe
// does not know.
type CustomRefundProcessorParams struct {
	_               [0]func()
	RefundReference string `url:"refund_reference,omitempty"`
}

// PaymentRecordRefundedParams says when the money went back.
type PaymentRecordRefundedParams struct {
	_          [0]func()
	RefundedAt time.Time `url:"refunded_at,omitempty,unix"`
}

func (p PaymentRecordReportRefundParams) validate() error {
	switch {
	case p.Outcome == "":
		return &ParamError{Param: "outcome", Reason: "it is required: set PaymentRecordRefundOutcomeRefunded"}
	case p.ProcessorDetails.Type == "":
		return &ParamError{Param: "processor_details[type]", Reason: "it is required: set ProcessorTypeCustom"}
	case !p.Amount.IsZero() && p.Amount.Currency == "":
		return &ParamError{Param: "amount[currency]", Reason: "an Amount needs its Currency"}
	case !p.Amount.IsZero() && p.Amount.Value < 1:
		return &ParamError{Param: "amount[value]", Reason: "an Amount must be at least 1, in the currency's smallest unit"}
	}
	return p.Metadata.validateChange(p.ClearMetadata)
}

func (p PaymentRecordReportRefundParams) clears() []string { return clearedMetadata(p.ClearMetadata) }

// IsZero reports whether there is no amount at all.
func (a PaymentRecordAmount) IsZero() bool { return a == PaymentRecordAmount{} }

// PaymentRecordService reports what other processors did.
//
// https://docs.stripe.com/api/payment-record
type PaymentRecordService struct{ client *Client }

// ReportRefund tells Stripe that another processor refunded a payment, and
// returns the record as it then is. It moves no money. Repeat a failed report
// with the same [IdempotencyKey]; the refund reference guards against a second
// report under another key.
//
// https://docs.stripe.com/api/payment-record/report-refund/report
func (s *PaymentRecordService) ReportRefund(ctx context.Context, id string, params PaymentRecordReportRefundParams, opts ...CallOption) (*PaymentRecord, error) {
	c := call{op: "PaymentRecords.ReportRefund", method: http.MethodPost, route: "/v1/payment_records/{id}/report_refund", ids: []string{id}, params: params}
	return do[PaymentRecord](ctx, s.client, c, opts)
}

// Retrieve returns the payment record as it is now. It is safe to repeat.
//
// https://docs.stripe.com/api/payment-record/retrieve
func (s *PaymentRecordService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*PaymentRecord, error) {
	c := call{op: "PaymentRecords.Retrieve", method: http.MethodGet, route: "/v1/payment_records/{id}", ids: []string{id}}
	return do[PaymentRecord](ctx, s.client, c, opts)
}

func (r *PaymentRecord) check() error { return checkIdentity(r.Object, "payment_record", r.ID) }

func (r *PaymentRecord) agree(c call) error {
	if !same(c.ids[0], r.ID) {
		return mismatch("id")
	}
	return nil
}

func (*PaymentRecord) decides(member string) bool { return decidesAmount(member) }

// decides says that half an amount is none.
func (*PaymentRecordAmount) decides(string) bool { return true }
