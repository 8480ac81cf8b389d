package refundtest

import "slices"

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
	number   string // of a card or a bank account
	brand    string
	also     string // second network of the card
	last4    string
	country  string
	funding  string
	expMonth int64
	expYear  int64

	onRefund      RefundOutcome
	decline       string // code of the decline
	reason        string // decline_code, empty if the decline has none
	attaches      bool   // to a customer, although its payments are declined
	failsLater    string // failure code of a debit that fails when it is due
	staysPending  bool   // a debit that is never decided
	dispute       string // status of a dispute that comes at once
	disputeReason string // fraudulent if empty
	ready         bool   // the money is available at once
	authenticates authentication
	risk          string // normal if empty
	blocked       bool   // by Radar
	cvcCheck      string // pass if empty, as the next two
	zipCheck      string
	line1Check    string
	authenticated bool // the customer has passed 3D Secure
	billing       *contact
}

// sharedMethod keeps a method, once if it is that of the payment before too.
func (s *Server) sharedMethod(m paymentMethod) *paymentMethod {
	if s.method == nil || *s.method != m {
		s.method = &m
	}
	return s.method
}

func (m paymentMethod) withDefaults() paymentMethod {
	m.kind = orElse(m.kind, "card")
	if m.kind == "card" {
		m.number = orElse(m.number, "4242424242424242")
		m.brand = orElse(m.brand, brandOfNumber(m.number))
		m.country = orElse(m.country, "US")
		m.funding = orElse(m.funding, "credit")
		if m.expMonth == 0 {
			m.expMonth, m.expYear = 12, 2034
		}
	}
	if len(m.number) >= 4 {
		m.last4 = m.number[len(m.number)-4:]
	}
	return m
}

// outcome is what happens to a refund when the charge does not say otherwise.
func (m paymentMethod) outcome() RefundOutcome {
	switch {
	case m.onRefund != "":
		return m.onRefund
	case slices.Contains([]string{"customer_balance", "multibanco", "blik", "boleto", "oxxo", "konbini", "promptpay"}, m.kind):
		return NeedsAction
	case m.pends():
		return PendsThenSucceeds
	}
	return Succeeds
}

// pends reports whether a payment itself takes days.
func (m paymentMethod) pends() bool {
	return slices.Contains([]string{"us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "au_becs_debit", "nz_bank_account"}, m.kind)
}

// refundDays is for how many days after the payment it can be refunded; 0 if Stripe
// documents no end.
func (m paymentMethod) refundDays() int64 {
	switch m.kind {
	case "us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "customer_balance":
		return 180
	case "au_becs_debit", "nz_bank_account":
		return 90
	}
	return 0
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

// riskLevel is Radar's.
func (m paymentMethod) riskLevel() string { return orElse(m.risk, "normal") }

// fingerprint is the same for the same number.
func (m paymentMethod) fingerprint() string { return characters(m.number, 16) }

// details is what a charge shows of the method.
func (m paymentMethod) details(authorized any) object {
	if !m.isCard() {
		return object{m.kind: object{}, "type": m.kind}
	}
	card := object{
		"amount_authorized": authorized, "brand": m.brand,
		"checks": object{"address_line1_check": orNull(m.line1Check), "address_postal_code_check": orNull(m.zipCheck),
			"cvc_check": orElse(m.cvcCheck, "pass")},
		"country": m.country, "exp_month": m.expMonth, "exp_year": m.expYear, "funding": m.funding, "installments": nil,
		"last4": m.last4, "mandate": nil, "network": m.brand, "three_d_secure": nil, "wallet": nil,
	}
	if m.authenticated {
		card["three_d_secure"] = m.authenticationResult()
	}
	return object{"card": card, "type": "card"}
}
