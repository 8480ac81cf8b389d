package refundkit

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Check is what may be done about a payment, and why: the answer of
// [RefundService.Check] and of [CheckRefund]. Amounts are in the smallest unit of
// Currency. It is as old as what it was made from: a refund that someone else makes
// a moment later changes it, and Stripe alone decides.
type Check struct {
	Charge        string `json:"charge,omitzero"` // empty if there is none yet
	PaymentIntent string `json:"payment_intent,omitzero"`
	Currency      string `json:"currency"` // three letters, lower case

	Way      CheckWay       `json:"way"`                // what to do
	Findings []CheckFinding `json:"findings,omitzero"`  // why; the first decided
	Accepted bool           `json:"accepted"`           // Create would not be refused, as far as was read. It may also hold where Way advises to wait
	Until    Timestamp      `json:"until,omitzero"`     // how long the way is open, where Stripe says; see [CheckWay]
	StartsAs RefundStatus   `json:"starts_as,omitzero"` // the first status of a refund, where Stripe documents one; empty mostly

	Amount     int64       `json:"amount"`               // what a refund as asked for would be
	Refundable int64       `json:"refundable"`           // the most that can go back in all: what was captured, or will be once it succeeds
	Refunded   int64       `json:"refunded"`             // what of it went back or is on its way; not what failed or was canceled
	Claimed    int64       `json:"claimed,omitzero"`     // what others ask for, as the input said
	Left       int64       `json:"left"`                 // what can still go back: Refundable less Refunded and Claimed
	InProgress []CheckSent `json:"in_progress,omitzero"` // the refunds among Refunded that are on their way

	Terms    RefundTerms `json:"terms"`             // what Stripe says about refunds to this payment method
	Deadline Timestamp   `json:"deadline,omitzero"` // after that the payment is too old; zero if no deadline is known
	Advised  Timestamp   `json:"advised,omitzero"`  // Stripe advises to wait until then, where it does; Saturdays and Sundays are left out, holidays are not

	Costs CheckCosts `json:"costs"` // who pays
}

// CheckSent is a refund that is on its way, and counted.
type CheckSent struct {
	ID            string              `json:"id"`
	Amount        int64               `json:"amount"`
	Status        RefundStatus        `json:"status"`
	PendingReason RefundPendingReason `json:"pending_reason,omitzero"`
	ExpiresAt     Timestamp           `json:"expires_at,omitzero"` // until when the customer can give bank details, if asked
}

// CheckWay is what to do about a payment: a short word that may be stored. Its
// String is a sentence for people.
type CheckWay string

// The ways. [Check.Until] is the end of CheckWayCancel (then the hold ends by itself),
// of CheckWayAnswerDispute (the bank takes evidence until then) and, where a refund
// already waits for the customer, of CheckWayAskCustomer. For CheckWayWait Stripe names
// no time.
const (
	CheckWayRefund        CheckWay = "refund"         // Create with these params
	CheckWayCancel        CheckWay = "cancel"         // nothing was taken: cancel the PaymentIntent instead
	CheckWayWait          CheckWay = "wait"           // for the payment, a refund or the bank
	CheckWayAnswerDispute CheckWay = "answer_dispute" // or accept it; a refund on top would pay twice
	CheckWayAskCustomer   CheckWay = "ask_customer"   // for an address to send to, or to answer Stripe's e-mail
	CheckWayTopUp         CheckWay = "top_up"         // the balance that pays, or the refund is refused
	CheckWayFixRequest    CheckWay = "fix_request"    // these params are refused; others may not be
	CheckWayNone          CheckWay = "none"           // nothing can be done here
)

// String says the way in a sentence, for messages and pages.
func (w CheckWay) String() string {
	switch w {
	case CheckWayRefund:
		return "refund it"
	case CheckWayCancel:
		return "cancel the PaymentIntent: nothing was taken, so there is nothing to refund"
	case CheckWayWait:
		return "wait"
	case CheckWayAnswerDispute:
		return "answer or accept the dispute"
	case CheckWayAskCustomer:
		return "ask the customer"
	case CheckWayTopUp:
		return "bring up the balance first"
	case CheckWayFixRequest:
		return "ask for something else"
	case CheckWayNone:
		return "nothing can be done"
	}
	return string(w)
}

// Reason says why, in sentences for people: the way, and each finding.
func (c Check) Reason() string {
	sentences := []string{c.Way.String()}
	for _, finding := range c.Findings {
		sentences = append(sentences, finding.String())
	}
	return strings.Join(sentences, "; ")
}

// CheckInput is what [CheckRefund] goes by. Only Params, Charge and Now are needed;
// what is missing is not guessed.
type CheckInput struct {
	// Params are what Create would be called with. Remaining asks what is possible at
	// all. A Currency, if set, must be that of the charge.
	Params RefundCreateParams
	// Charge is the payment, best read with Expand("refunds", "dispute", "customer",
	// "payment_intent"); of a list with Expand("data.refunds", ...). If it is nil, the
	// PaymentIntent's latest is taken, where it was expanded.
	Charge        *Charge
	PaymentIntent *PaymentIntent // nil: the charge's, where it was expanded
	Dispute       *Dispute       // nil: the charge's, where it was expanded
	// Refunds are all refunds of the charge. If it is nil, those that came with the
	// charge are taken, and if there are more than came, the charge's own count.
	Refunds          []*Refund
	Account          string   // the connected account that a direct charge is on; empty for your own
	Balance          *Balance // of the account that the charge is on; nil: nothing is said of it
	ConnectedBalance *Balance // of the account that a destination charge went to
	Claimed          int64    // what other rows ask for of the same charge, and Stripe does not know yet
	Now              time.Time
}

// Check reads a payment and says what may be done about it: what is left of it, with
// pending refunds counted; whether Create with these params would work, and if not,
// which way is open; who would pay, and whether the balance suffices. It changes
// nothing and is safe to repeat. Nothing is promised by it: Stripe decides when the
// refund is made.
//
// It makes two requests, for the payment and for the balance that pays; one where
// nothing can be refunded; one more with ReverseTransfer, for the connected account's
// balance, and one for each hundred refunds of a payment with more than ten. An API key
// that may not read a balance leaves CheckCosts.Balance unknown.
//
// https://docs.stripe.com/refunds
func (s *RefundService) Check(ctx context.Context, params RefundCreateParams, opts ...CallOption) (*Check, error) {
	if s.client == nil || ctx == nil {
		return nil, &ParamError{Op: opCheck, Param: "ctx", Reason: "the context is nil, or the service was not made by New"}
	}
	if params.Origin != "" {
		return nil, &ParamError{Op: opCheck, Param: "origin", Reason: "a refund out of a cash balance is of no payment, so there is none to check"}
	}
	if err := params.validate(); err != nil {
		return nil, naming(opCheck, err)
	}
	in, err := s.readPayment(ctx, params, opts)
	if err != nil {
		return nil, err
	}
	check := CheckRefund(in)
	if !check.Accepted && check.Findings[0] != CheckFindingNoEmail {
		return &check, nil // no balance changes that
	}
	if err := s.readBalances(ctx, &in, check.Costs, opts); err != nil {
		return nil, err
	}
	check = CheckRefund(in)
	return &check, nil
}

const opCheck = "Refunds.Check"

// readPayment reads the charge or the PaymentIntent, with all that came of it.
func (s *RefundService) readPayment(ctx context.Context, params RefundCreateParams, opts []CallOption) (CheckInput, error) {
	in := CheckInput{Params: params, Account: s.accountOf(opts), Now: s.client.config().now()}
	var err error
	if params.Charge != "" {
		c := call{op: opCheck, method: http.MethodGet, route: "/v1/charges/{charge}", ids: []string{params.Charge}}
		in.Charge, err = do[Charge](ctx, s.client, c, append(opts[:len(opts):len(opts)], Expand("refunds", "dispute", "customer", "payment_intent")))
	} else {
		c := call{op: opCheck, method: http.MethodGet, route: "/v1/payment_intents/{intent}", ids: []string{params.PaymentIntent}}
		in.PaymentIntent, err = do[PaymentIntent](ctx, s.client, c, append(opts[:len(opts):len(opts)],
			Expand("latest_charge.refunds", "latest_charge.dispute", "latest_charge.customer")))
	}
	if err != nil {
		return in, err
	}
	in = in.complete()
	if c := in.Charge; c == nil || c.Refunds == nil || !c.Refunds.HasMore {
		return in, nil
	}
	for refund, err := range s.All(ctx, RefundListParams{Charge: in.Charge.ID}, follow(opts)...) {
		if err != nil {
			return in, err
		}
		in.Refunds = append(in.Refunds, refund)
	}
	return in, nil
}

// readBalances reads the balances that would pay.
func (s *RefundService) readBalances(ctx context.Context, in *CheckInput, costs CheckCosts, opts []CallOption) (err error) {
	if k := (&checking{CheckInput: *in}); !k.paid() {
		return nil // no balance pays yet
	}
	if in.Balance, err = s.readBalance(ctx, follow(opts)); err != nil {
		return err
	}
	if costs.TransferReversed > 0 && costs.Account != "" && in.Account == "" {
		in.ConnectedBalance, err = s.readBalance(ctx, append(follow(opts), OnAccount(costs.Account)))
	}
	return err
}

// readBalance returns nil if the key may not read it.
func (s *RefundService) readBalance(ctx context.Context, opts []CallOption) (*Balance, error) {
	c := call{op: opCheck, method: http.MethodGet, route: "/v1/balance"}
	balance, err := do[Balance](ctx, s.client, c, opts)
	if errors.Is(err, ErrPermission) {
		return nil, nil //nolint:nilnil // a balance that may not be read is not known, and that is no error
	}
	return balance, err
}

// follow keeps the options that hold for every request of a call.
func follow(opts []CallOption) (kept []CallOption) {
	for _, option := range opts {
		switch option.(type) {
		case accountOption, maxRetriesOption:
			kept = append(kept, option)
		}
	}
	return kept
}

// accountOf is the connected account that a call with these options acts on.
func (s *RefundService) accountOf(opts []CallOption) string {
	var c callConfig
	if err := c.take(opts); err != nil || c.account == "" {
		return s.client.config().account // a wrong option is reported when it is sent
	}
	return c.account
}
