package refundkit

import (
	"slices"
	"strings"
)

// CheckRefund says what may be done about a payment that was read before: the rules
// of [RefundService.Check], without a request. It reads no clock and changes nothing
// of what it is given.
//
// https://docs.stripe.com/refunds
func CheckRefund(in CheckInput) Check {
	in = in.complete()
	k := checking{CheckInput: in}
	k.add()
	k.costs()
	k.decide()
	return k.check
}

// complete fills in what came along with something else.
func (in CheckInput) complete() CheckInput {
	if in.Charge == nil && in.PaymentIntent != nil {
		in.Charge = in.PaymentIntent.LatestCharge.Value
	}
	if in.PaymentIntent == nil && in.Charge != nil {
		in.PaymentIntent = in.Charge.PaymentIntent.Value
	}
	if in.Dispute == nil && in.Charge != nil {
		in.Dispute = in.Charge.Dispute.Value
	}
	return in
}

// checking is a check in the making.
type checking struct {
	CheckInput
	check    Check
	countAll bool  // all refunds are known
	free     int64 // what Stripe would still refund: it knows of no claims
}

// verdict is what a rule says; without a way, the next rule is asked.
type verdict struct {
	way      CheckWay
	findings []CheckFinding
	until    Timestamp
}

func instead(way CheckWay, findings ...CheckFinding) verdict {
	return verdict{way: way, findings: findings}
}

func (v verdict) by(until Timestamp) verdict {
	v.until = until
	return v
}

// decide asks the rules in the order in which Stripe refuses. What all of them let
// pass is accepted.
func (k *checking) decide() {
	for _, rule := range []func() verdict{k.payment, k.dispute, k.left, k.flags, k.money, k.customer} {
		if said := rule(); said.way != "" {
			k.check.Way, k.check.Until = said.way, said.until
			k.check.Findings = append(said.findings, k.notes()...)
			return
		}
	}
	k.check.Accepted = true
	k.check.Way, k.check.Findings = CheckWayRefund, k.notes()
	switch {
	case k.isPending():
		k.check.Way, k.check.StartsAs = CheckWayWait, RefundStatusPending
	case k.isHold():
		k.check.Findings = append([]CheckFinding{CheckFindingNotCaptured}, k.check.Findings...)
	case k.check.Costs.Balance == CheckBalanceShort:
		k.check.StartsAs = RefundStatusPending
	case k.check.Terms.AsksCustomer == RefundAsksAlways:
		k.check.StartsAs = RefundStatusRequiresAction
	}
}

// notes are what is good to know, whatever the way.
func (k *checking) notes() (notes []CheckFinding) {
	note := func(holds bool, finding CheckFinding) {
		if holds {
			notes = append(notes, finding)
		}
	}
	if k.Charge == nil {
		return nil
	}
	paid := k.paid()
	note(k.isPending(), CheckFindingProcessing)
	note(k.check.Costs.Balance == CheckBalanceShort && k.check.Terms.WaitsForBalance, CheckFindingShortBalance)
	note(len(k.check.InProgress) > 0, CheckFindingInProgress)
	note(k.Charge.Disputed && k.Dispute != nil && k.Dispute.IsChargeRefundable && k.Dispute.isInquiry(), CheckFindingInquiry)
	note(paid && k.free > 0 && k.check.Terms.AsksCustomer != "", CheckFindingNeedsCustomer)
	note(paid && !k.Now.IsZero() && k.Now.Before(k.check.Advised.Time), CheckFindingTooEarly)
	note(k.countAll && k.countsDiffer(), CheckFindingCountsDiffer)
	note((paid || k.isPending()) && !k.countAll, CheckFindingCountOnly)
	return notes
}

func (k *checking) paid() bool {
	return k.Charge != nil && k.Charge.Status == ChargeStatusSucceeded && k.Charge.Captured
}

func (k *checking) isPending() bool { return k.Charge != nil && k.Charge.Status == ChargeStatusPending }

func (k *checking) isHold() bool {
	return k.Charge != nil && k.Charge.Status == ChargeStatusSucceeded && !k.Charge.Captured
}

// payment is the rule for what has not taken the money.
func (k *checking) payment() verdict {
	switch {
	case k.Charge == nil:
		return k.withoutCharge()
	case k.Params.Currency != "" && !strings.EqualFold(k.Params.Currency, k.Charge.Currency):
		return instead(CheckWayFixRequest, CheckFindingOtherCurrency)
	case k.isPending() || k.paid():
		return verdict{}
	case k.isHold():
		return k.hold()
	}
	return k.failed() // or in a status that this version does not know
}

func (k *checking) withoutCharge() verdict {
	if k.PaymentIntent == nil || k.PaymentIntent.LatestCharge.ID != "" {
		return instead(CheckWayNone, CheckFindingNotRead)
	}
	return k.unpaid(CheckFindingNotPaid)
}

// unpaid says what can be done about a PaymentIntent that took no money.
func (k *checking) unpaid(why CheckFinding) verdict {
	switch k.PaymentIntent.Status {
	case PaymentIntentStatusRequiresPaymentMethod, PaymentIntentStatusRequiresConfirmation, PaymentIntentStatusRequiresAction, PaymentIntentStatusRequiresCapture:
		return instead(CheckWayCancel, why)
	case PaymentIntentStatusProcessing:
		return instead(CheckWayWait, why)
	}
	return instead(CheckWayNone, why)
}

func (k *checking) failed() verdict {
	switch {
	case k.PaymentIntent == nil:
		return instead(CheckWayNone, CheckFindingNotPaid)
	case k.PaymentIntent.LatestCharge.ID != "" && k.PaymentIntent.LatestCharge.ID != k.Charge.ID:
		return instead(CheckWayNone, CheckFindingOtherCharge)
	}
	return k.unpaid(CheckFindingNotPaid)
}

// hold is the rule for an authorization that was not captured.
func (k *checking) hold() verdict {
	details := k.Charge.PaymentMethodDetails
	end := details.Card.CaptureBefore
	if end.IsZero() {
		end = details.CardPresent.CaptureBefore
	}
	over := !end.IsZero() && !k.Now.IsZero() && !k.Now.Before(end.Time)
	switch {
	case k.PaymentIntent != nil && k.PaymentIntent.Status == PaymentIntentStatusRequiresCapture:
		return instead(CheckWayCancel, CheckFindingNotCaptured).by(end)
	case k.PaymentIntent != nil:
		return instead(CheckWayNone, CheckFindingReleased)
	case k.Charge.PaymentIntent.ID != "" && over:
		return instead(CheckWayNone, CheckFindingReleased)
	case k.Charge.PaymentIntent.ID != "":
		return instead(CheckWayCancel, CheckFindingNotCaptured).by(end)
	case k.free <= 0:
		return verdict{} // a refund has released it
	case over || end.IsZero() && details.Type == "card": // every hold of a card has an end
		return instead(CheckWayNone, CheckFindingReleased)
	case k.check.Amount < k.free:
		return instead(CheckWayFixRequest, CheckFindingPartOfHold)
	}
	return verdict{}
}

func (k *checking) dispute() verdict {
	d := k.Dispute
	switch {
	case !k.Charge.Disputed:
		return verdict{}
	case d == nil:
		return instead(CheckWayAnswerDispute, CheckFindingDisputed, CheckFindingDisputeNotRead)
	case d.IsChargeRefundable:
		return verdict{}
	}
	due := d.EvidenceDetails.DueBy
	if due.Unix() <= 0 {
		due = Timestamp{} // the bank takes none
	}
	switch d.Status {
	case DisputeStatusNeedsResponse, DisputeStatusWarningNeedsResponse:
		if !d.EvidenceDetails.PastDue {
			return instead(CheckWayAnswerDispute, CheckFindingDisputed).by(due)
		}
		return instead(CheckWayWait, CheckFindingDisputed)
	case DisputeStatusUnderReview, DisputeStatusWarningUnderReview:
		return instead(CheckWayWait, CheckFindingDisputed)
	}
	return instead(CheckWayNone, CheckFindingDisputed)
}

func (d *Dispute) isInquiry() bool {
	switch d.Status {
	case DisputeStatusWarningNeedsResponse, DisputeStatusWarningUnderReview:
		return true
	}
	return false
}

// left is the rule for how much can go back, and until when.
func (k *checking) left() verdict {
	deadline := k.check.Deadline
	switch {
	case k.free <= 0:
		return k.refunded()
	case k.Params.Amount > k.free:
		return instead(CheckWayFixRequest, CheckFindingExceedsRemaining)
	case !deadline.IsZero() && !k.Now.IsZero() && k.Now.Unix() > deadline.Unix():
		return instead(CheckWayNone, CheckFindingTooOld)
	case k.check.Amount > k.check.Left || k.check.Left == 0:
		return instead(CheckWayFixRequest, CheckFindingClaimed)
	}
	return verdict{}
}

// refunded is the rule for a payment of which nothing is left: what is on its way may
// still need somebody.
func (k *checking) refunded() verdict {
	waits := slices.IndexFunc(k.check.InProgress, func(r CheckSent) bool { return r.Status == RefundStatusRequiresAction })
	switch {
	case waits >= 0:
		return instead(CheckWayAskCustomer, CheckFindingAlreadyRefunded).by(k.check.InProgress[waits].ExpiresAt)
	case len(k.check.InProgress) > 0:
		return instead(CheckWayWait, CheckFindingAlreadyRefunded)
	}
	return instead(CheckWayNone, CheckFindingAlreadyRefunded)
}

// flags is the rule for what platforms ask for.
func (k *checking) flags() verdict {
	switch destination := k.check.Costs.Kind == CheckKindDestination; {
	case k.Params.ReverseTransfer && !destination:
		return instead(CheckWayFixRequest, CheckFindingNoTransfer)
	case k.Params.RefundApplicationFee && !k.Params.ReverseTransfer && destination:
		return instead(CheckWayFixRequest, CheckFindingFeeNeedsReversal)
	}
	return verdict{}
}

// money is the rule for balances that can't pay.
func (k *checking) money() verdict {
	switch {
	case k.check.Costs.ConnectedBalance == CheckBalanceShort:
		return instead(CheckWayTopUp, CheckFindingShortConnected)
	case k.check.Costs.Balance == CheckBalanceShort && !k.check.Terms.WaitsForBalance:
		return instead(CheckWayTopUp, CheckFindingShortBalance)
	}
	return verdict{}
}

// customer is the rule for refunds that may need the customer's bank details.
func (k *checking) customer() verdict {
	if k.check.Terms.AsksCustomer == "" || k.Params.InstructionsEmail != "" || k.Charge.ReceiptEmail != "" {
		return verdict{}
	}
	if c := k.Charge.Customer; c.ID != "" && (c.Value == nil || c.Value.Email != "") {
		return verdict{} // known, or not read
	}
	return instead(CheckWayAskCustomer, CheckFindingNoEmail)
}
