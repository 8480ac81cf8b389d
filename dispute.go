package refundkit

import (
	"context"
	"iter"
	"net/http"
)

// DisputeStatus is how far a dispute has come. New values may appear.
//
// https://docs.stripe.com/api/disputes/object#dispute_object-status
type DisputeStatus string

// The statuses of a dispute. Those that start with DisputeStatusWarning are of
// inquiries, which take no money yet. DisputeStatusPrevented was ended before it
// became a dispute.
const (
	DisputeStatusLost                 DisputeStatus = "lost"
	DisputeStatusNeedsResponse        DisputeStatus = "needs_response"
	DisputeStatusPrevented            DisputeStatus = "prevented"
	DisputeStatusUnderReview          DisputeStatus = "under_review"
	DisputeStatusWarningClosed        DisputeStatus = "warning_closed"
	DisputeStatusWarningNeedsResponse DisputeStatus = "warning_needs_response"
	DisputeStatusWarningUnderReview   DisputeStatus = "warning_under_review"
	DisputeStatusWon                  DisputeStatus = "won"
)

// DisputeReason is why the customer disputes the payment, as the bank tells it.
//
// https://docs.stripe.com/disputes/categories
type DisputeReason string

// The reasons that Stripe lists. DisputeReasonCreditNotProcessed says that a refund
// was promised and did not come.
const (
	DisputeReasonBankCannotProcess       DisputeReason = "bank_cannot_process"
	DisputeReasonCheckReturned           DisputeReason = "check_returned"
	DisputeReasonCreditNotProcessed      DisputeReason = "credit_not_processed"
	DisputeReasonCustomerInitiated       DisputeReason = "customer_initiated"
	DisputeReasonDebitNotAuthorized      DisputeReason = "debit_not_authorized"
	DisputeReasonDuplicate               DisputeReason = "duplicate"
	DisputeReasonFraudulent              DisputeReason = "fraudulent"
	DisputeReasonGeneral                 DisputeReason = "general"
	DisputeReasonIncorrectAccountDetails DisputeReason = "incorrect_account_details"
	DisputeReasonInsufficientFunds       DisputeReason = "insufficient_funds"
	DisputeReasonNoncompliant            DisputeReason = "noncompliant"
	DisputeReasonProductNotReceived      DisputeReason = "product_not_received"
	DisputeReasonProductUnacceptable     DisputeReason = "product_unacceptable"
	DisputeReasonSubscriptionCanceled    DisputeReason = "subscription_canceled"
	DisputeReasonUnrecognized            DisputeReason = "unrecognized"
)

// Dispute is what someone handling a refund reads of a dispute: a payment that the
// customer asks the bank to take back. Amount is in the smallest unit of Currency,
// and need not be that of the charge. Whether the charge can still be refunded
// says IsChargeRefundable, never the status.
//
// https://docs.stripe.com/api/disputes/object
type Dispute struct {
	ID                   string                      `json:"id"`
	Object               string                      `json:"object"` // dispute
	Amount               int64                       `json:"amount"`
	BalanceTransactions  []BalanceTransaction        `json:"balance_transactions"` // none, what took the money, and what gave it back
	Charge               Expandable[Charge]          `json:"charge"`
	Created              Timestamp                   `json:"created"`
	Currency             string                      `json:"currency"` // three letters, lower case
	EvidenceDetails      DisputeEvidenceDetails      `json:"evidence_details"`
	IsChargeRefundable   bool                        `json:"is_charge_refundable"` // true in an inquiry: a full refund ends it
	Livemode             bool                        `json:"livemode"`
	Metadata             Metadata                    `json:"metadata"`
	PaymentIntent        Expandable[PaymentIntent]   `json:"payment_intent"`
	PaymentMethodDetails DisputePaymentMethodDetails `json:"payment_method_details,omitzero"`
	Reason               DisputeReason               `json:"reason"`
	Status               DisputeStatus               `json:"status"`
}

// DisputeEvidenceDetails says until when the bank takes evidence, and what it has.
// DueBy is zero, or 1970-01-01, where the bank takes none.
type DisputeEvidenceDetails struct {
	DueBy           Timestamp `json:"due_by"`
	HasEvidence     bool      `json:"has_evidence"`
	PastDue         bool      `json:"past_due"`
	SubmissionCount int64     `json:"submission_count"`
}

// DisputePaymentMethodDetails tells how the disputed charge was paid. Type is the
// kind of payment method; Card is filled when that is card.
type DisputePaymentMethodDetails struct {
	Card DisputePaymentMethodDetailsCard `json:"card,omitzero"`
	Type string                          `json:"type"`
}

// DisputePaymentMethodDetailsCard is what the card network says of the dispute.
// CaseType is chargeback, inquiry, compliance, block or resolution.
type DisputePaymentMethodDetailsCard struct {
	Brand             string `json:"brand"`
	CaseType          string `json:"case_type"`
	Network           string `json:"network"`
	NetworkReasonCode string `json:"network_reason_code"`
}

func (d *Dispute) check() error { return checkIdentity(d.Object, "dispute", d.ID) }

func (d *Dispute) agree(c call) error { return agreeID(c, d.ID) }

// decides includes whether a refund would work.
func (*Dispute) decides(member string) bool {
	switch member {
	case "charge", "is_charge_refundable", "status":
		return true
	}
	return decidesAmount(member)
}

// DisputeList is one page of disputes, newest first. HasMore says whether the walk
// goes on beyond this page.
//
// https://docs.stripe.com/api/pagination
type DisputeList struct {
	Object  string     `json:"object"`
	Data    []*Dispute `json:"data"`
	HasMore bool       `json:"has_more"`
	URL     string     `json:"url"`
}

func (l *DisputeList) check() error { return checkList(l.Object, l.Data) }

// agree refuses disputes of another payment than was asked for.
func (l *DisputeList) agree(c call) error {
	asked, _ := c.params.(DisputeListParams)
	for _, dispute := range l.Data {
		switch {
		case !same(asked.Charge, dispute.Charge.ID):
			return mismatch("charge")
		case !same(asked.PaymentIntent, dispute.PaymentIntent.ID):
			return mismatch("payment_intent")
		}
	}
	return nil
}

func (*DisputeList) decides(member string) bool { return decidesList(member) }

func (l *DisputeList) page() ([]*Dispute, bool) { return l.Data, l.HasMore }

// DisputeListParams chooses disputes. Limit is the page size, 1 to 100; 0 is
// Stripe's 10 for List and 100 for All. At most one cursor may be given.
//
// https://docs.stripe.com/api/disputes/list
type DisputeListParams struct {
	_             [0]func()
	Charge        string       `url:"charge,omitempty"`
	PaymentIntent string       `url:"payment_intent,omitempty"`
	Created       CreatedRange `url:"created"`
	Limit         int          `url:"limit,omitempty"`
	StartingAfter string       `url:"starting_after,omitempty"` // only disputes older than this one
	EndingBefore  string       `url:"ending_before,omitempty"`  // only disputes newer than this one
}

func (p DisputeListParams) validate() error {
	return firstError(p.Created.validate(), validatePage(p.Limit, p.StartingAfter, p.EndingBefore))
}

// DisputeService reads disputes. It answers none: evidence is submitted at the
// Dashboard, or with another client.
//
// https://docs.stripe.com/api/disputes
type DisputeService struct{ client *Client }

// Retrieve returns the dispute as it is now. It is safe to repeat.
//
// https://docs.stripe.com/api/disputes/retrieve
func (s *DisputeService) Retrieve(ctx context.Context, id string, opts ...CallOption) (*Dispute, error) {
	c := call{op: "Disputes.Retrieve", method: http.MethodGet, route: "/v1/disputes/{dispute}", ids: []string{id}}
	return do[Dispute](ctx, s.client, c, opts)
}

// List returns one page of disputes, newest first. It is safe to repeat. What is
// expanded in a list is named from data on: Expand("data.charge").
//
// https://docs.stripe.com/api/disputes/list
func (s *DisputeService) List(ctx context.Context, params DisputeListParams, opts ...CallOption) (*DisputeList, error) {
	c := call{op: "Disputes.List", method: http.MethodGet, route: "/v1/disputes", params: params}
	return do[DisputeList](ctx, s.client, c, opts)
}

// All walks every dispute that List would find, as [RefundService.All] does.
//
// https://docs.stripe.com/api/pagination
func (s *DisputeService) All(ctx context.Context, params DisputeListParams, opts ...CallOption) iter.Seq2[*Dispute, error] {
	start := cursor{limit: params.Limit, after: params.StartingAfter, before: params.EndingBefore}
	return paginate(start, disputeID, func(at cursor) ([]*Dispute, bool, error) {
		page := params // a copy for each page, so that ranges may run side by side
		page.Limit, page.StartingAfter, page.EndingBefore = at.limit, at.after, at.before
		return pageOf[*Dispute](s.List(ctx, page, opts...))
	})
}

func disputeID(d *Dispute) string { return d.ID }
