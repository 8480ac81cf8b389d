package refundkit

// CheckFinding is one thing that a [Check] found: a short word that may be stored. Its
// String is a sentence for people.
type CheckFinding string

// The findings for which Create is refused now, with the error that Stripe gives where
// that is known.
const (
	CheckFindingNotRead          CheckFinding = "not_read"           // the charge was not among what was read
	CheckFindingNotPaid          CheckFinding = "not_paid"           // ErrNotRefundable: it failed, or was not paid yet
	CheckFindingOtherCharge      CheckFinding = "other_charge"       // ErrNotRefundable: this try failed, and a later one is the PaymentIntent's
	CheckFindingNotCaptured      CheckFinding = "not_captured"       // ErrNotRefundable: a hold. Without a PaymentIntent a refund of all of it is accepted, and releases it
	CheckFindingPartOfHold       CheckFinding = "part_of_hold"       // ErrAmountExceedsRemaining: a hold is released as a whole
	CheckFindingReleased         CheckFinding = "released"           // ErrNotRefundable: a hold that was canceled, or has expired
	CheckFindingDisputed         CheckFinding = "disputed"           // ErrDisputed
	CheckFindingDisputeNotRead   CheckFinding = "dispute_not_read"   // it may be an inquiry, during which a refund works
	CheckFindingAlreadyRefunded  CheckFinding = "already_refunded"   // ErrAlreadyRefunded: nothing is left
	CheckFindingExceedsRemaining CheckFinding = "exceeds_remaining"  // ErrAmountExceedsRemaining: more than what is left
	CheckFindingClaimed          CheckFinding = "claimed"            // others claim too much of what is left; Stripe does not know that yet
	CheckFindingTooOld           CheckFinding = "too_old"            // after the deadline of the payment method; the error is not documented
	CheckFindingOtherCurrency    CheckFinding = "other_currency"     // ErrInvalidParams: the payment is in another one
	CheckFindingNoTransfer       CheckFinding = "no_transfer"        // ReverseTransfer, and no transfer of its own; the error is not documented
	CheckFindingFeeNeedsReversal CheckFinding = "fee_needs_reversal" // RefundApplicationFee of a destination charge needs ReverseTransfer; the error is not documented
	CheckFindingShortConnected   CheckFinding = "short_connected"    // ReverseTransfer, and the connected account can't pay; the error's code is not documented
	CheckFindingNoEmail          CheckFinding = "no_email"           // the customer may have to be asked, and no address is known
)

// The findings that are good to know. With CheckFindingShortBalance a card refund is
// pending until the balance suffices, and another method's is refused or fails.
const (
	CheckFindingShortBalance  CheckFinding = "short_balance"
	CheckFindingProcessing    CheckFinding = "processing"     // the payment has not succeeded yet: a refund would wait for it
	CheckFindingInProgress    CheckFinding = "in_progress"    // refunds are on their way, and counted
	CheckFindingInquiry       CheckFinding = "inquiry"        // of the bank: a full refund ends it
	CheckFindingNeedsCustomer CheckFinding = "needs_customer" // Stripe asks the customer for bank details, or may have to
	CheckFindingTooEarly      CheckFinding = "too_early"      // Stripe advises to wait with this payment method
	CheckFindingCountsDiffer  CheckFinding = "counts_differ"  // the charge counts another amount as refunded than its refunds do
	CheckFindingCountOnly     CheckFinding = "count_only"     // not all refunds were read: Refunded is the charge's own count, which need not have pending ones
)

// String says the finding in a sentence, for messages and pages.
func (f CheckFinding) String() string {
	if said := f.refusal(); said != "" {
		return said
	}
	switch f {
	case CheckFindingShortBalance:
		return "the available balance does not cover the refund"
	case CheckFindingProcessing:
		return "the payment has not succeeded yet, and a refund would be pending until it does"
	case CheckFindingInProgress:
		return "refunds are on their way, and counted"
	case CheckFindingInquiry:
		return "the bank has asked about the payment; a full refund ends that"
	case CheckFindingNeedsCustomer:
		return "Stripe asks the customer for bank details by e-mail where it lacks them"
	case CheckFindingTooEarly:
		return "Stripe advises to wait some days before refunding a payment of this method"
	case CheckFindingCountsDiffer:
		return "the charge counts another amount as refunded than its refunds do"
	case CheckFindingCountOnly:
		return "not all refunds of the charge were read, so that pending ones may be missing"
	}
	return string(f)
}

func (f CheckFinding) refusal() string {
	switch f {
	case CheckFindingNotRead:
		return "the charge was not read"
	case CheckFindingNotPaid:
		return "it was not paid"
	case CheckFindingOtherCharge:
		return "this charge failed, and the PaymentIntent has a later one"
	case CheckFindingNotCaptured:
		return "it is authorized and not captured"
	case CheckFindingPartOfHold:
		return "a hold is released as a whole, not in part"
	case CheckFindingReleased:
		return "the authorization was canceled or has expired: no money was taken"
	case CheckFindingDisputed:
		return "the customer disputes the payment at the bank"
	case CheckFindingDisputeNotRead:
		return "the dispute was not read; if it is an inquiry, a refund may work"
	case CheckFindingAlreadyRefunded:
		return "nothing is left of it"
	case CheckFindingExceedsRemaining:
		return "that is more than what is left"
	case CheckFindingClaimed:
		return "others have asked for so much of it that too little is left"
	case CheckFindingTooOld:
		return "the payment is too old for a refund by its payment method"
	case CheckFindingOtherCurrency:
		return "the payment is in another currency"
	case CheckFindingNoTransfer:
		return "the charge has no transfer that could be reversed"
	case CheckFindingFeeNeedsReversal:
		return "the application fee of a destination charge goes back only together with the transfer"
	case CheckFindingShortConnected:
		return "the connected account's available balance does not cover the reversal of the transfer, and no refund would be made"
	case CheckFindingNoEmail:
		return "the customer may have to be asked for bank details, and no e-mail address is known: send InstructionsEmail"
	}
	return ""
}
