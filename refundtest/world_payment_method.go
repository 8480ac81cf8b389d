package refundtest

import (
	"slices"
	"strings"
)

// A RefundOutcome is what happens to the refunds of a charge.
type RefundOutcome string

// Outcomes of the refunds of a charge. The default depends on the payment method:
// cards succeed, bank debits pend and then succeed, and methods without a way
// back to the customer require action.
const (
	Succeeds          RefundOutcome = "succeeds"            // at once
	PendsThenSucceeds RefundOutcome = "pends_then_succeeds" // pending, and succeeded 10 seconds of the clock later
	SucceedsThenFails RefundOutcome = "succeeds_then_fails" // succeeded, and failed 4 seconds of the clock later
	StaysPending      RefundOutcome = "stays_pending"       // until the test moves it
	NeedsAction       RefundOutcome = "requires_action"     // until the customer gives bank details
)

// paymentMethod is what a test token or test payment method stands for.
type paymentMethod struct {
	id       string
	kind     string
	brand    string
	last4    string
	onRefund RefundOutcome
	decline  string // code of the decline
	reason   string // decline_code
	dispute  string // status of a dispute that comes at once
	ready    bool   // the money is available at once
}

func (m paymentMethod) withDefaults() paymentMethod {
	if m.kind == "" {
		m.kind = "card"
	}
	if m.kind == "card" && m.brand == "" {
		m.brand, m.last4 = "visa", "4242"
	}
	return m
}

// outcome is what happens to a refund when the charge does not say otherwise.
func (m paymentMethod) outcome() RefundOutcome {
	switch {
	case m.onRefund != "":
		return m.onRefund
	case slices.Contains([]string{"customer_balance", "multibanco", "blik", "boleto", "oxxo", "konbini"}, m.kind):
		return NeedsAction
	case m.pends():
		return PendsThenSucceeds
	}
	return Succeeds
}

// pends reports whether a payment itself takes days.
func (m paymentMethod) pends() bool {
	return slices.Contains([]string{"us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "au_becs_debit"}, m.kind)
}

func (m paymentMethod) isCard() bool { return m.kind == "card" }

func (m paymentMethod) chargePrefix() string {
	if m.isCard() {
		return "ch_"
	}
	return "py_"
}

func (m paymentMethod) refundPrefix() string {
	if m.isCard() {
		return "re_"
	}
	return "pyr_"
}

func (m paymentMethod) transactionType() string {
	if m.isCard() {
		return "charge"
	}
	return "payment"
}

func (m paymentMethod) refundType() string {
	if m.isCard() {
		return "refund"
	}
	return "payment_refund"
}

func (m paymentMethod) failureType() string {
	if m.isCard() {
		return "refund_failure"
	}
	return "payment_failure_refund"
}

func (m paymentMethod) details(amount int64) object {
	if !m.isCard() {
		return object{m.kind: object{}, "type": m.kind}
	}
	card := object{
		"amount_authorized": amount, "brand": m.brand,
		"checks":  object{"address_line1_check": nil, "address_postal_code_check": nil, "cvc_check": "pass"},
		"country": "US", "exp_month": int64(12), "exp_year": int64(2034), "funding": "credit", "installments": nil,
		"last4": m.last4, "mandate": nil, "network": m.brand, "three_d_secure": nil, "wallet": nil,
	}
	return object{"card": card, "type": "card"}
}

// namedMethod returns what tok_NAME and pm_card_NAME stand for.
func namedMethod(name string) (paymentMethod, bool) {
	declined := func(code, reason string) (paymentMethod, bool) {
		return paymentMethod{decline: code, reason: reason}, true
	}
	switch name {
	case "pendingRefund":
		return paymentMethod{onRefund: PendsThenSucceeds, last4: "7726", brand: "visa"}, true
	case "refundFail":
		return paymentMethod{onRefund: SucceedsThenFails, last4: "5126", brand: "visa"}, true
	case "chargeDeclined", "visa_chargeDeclined":
		return declined("card_declined", "generic_decline")
	case "chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds":
		return declined("card_declined", "insufficient_funds")
	case "chargeDeclinedLostCard", "visa_chargeDeclinedLostCard":
		return declined("card_declined", "lost_card")
	case "chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard":
		return declined("card_declined", "stolen_card")
	case "chargeDeclinedFraudulent", "radarBlock":
		return declined("card_declined", "fraudulent")
	case "chargeDeclinedExpiredCard":
		return declined("expired_card", "expired_card")
	case "chargeDeclinedIncorrectCvc":
		return declined("incorrect_cvc", "incorrect_cvc")
	case "chargeDeclinedProcessingError":
		return declined("processing_error", "processing_error")
	case "createDispute", "createDisputeProductNotReceived":
		return paymentMethod{dispute: "needs_response"}, true
	case "createDisputeInquiry":
		return paymentMethod{dispute: "warning_needs_response"}, true
	case "bypassPending", "bypassPendingInternational":
		return paymentMethod{ready: true}, true
	}
	return brandOf(name)
}

// brandOf takes the tokens that stand for a brand or a country: tok_visa,
// tok_mastercard_debit, tok_de.
func brandOf(name string) (paymentMethod, bool) {
	brand, _, _ := strings.Cut(name, "_")
	last4 := map[string]string{"visa": "4242", "mastercard": "4444", "amex": "8431", "discover": "9424",
		"diners": "0004", "jcb": "0505", "unionpay": "0005"}[brand]
	if last4 == "" && len(brand) == 2 && brand == strings.ToLower(brand) {
		brand, last4 = "visa", "4242"
	}
	return paymentMethod{brand: brand, last4: last4}, last4 != ""
}

// methodByNumber takes the documented test card numbers.
func methodByNumber(number string) (paymentMethod, bool) {
	name := map[string]string{
		"4242424242424242": "visa", "4000056655665556": "visa", "5555555555554444": "mastercard", "378282246310005": "amex",
		"4000000000007726": "pendingRefund", "4000000000005126": "refundFail",
		"4000000000000002": "chargeDeclined", "4000000000009995": "chargeDeclinedInsufficientFunds",
		"4000000000000259": "createDispute", "4000000000001976": "createDisputeInquiry", "4000000000000077": "bypassPending",
	}[strings.ReplaceAll(number, " ", "")]
	if name == "" {
		return paymentMethod{}, false
	}
	return namedMethod(name)
}
