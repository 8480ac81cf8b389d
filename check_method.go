package refundkit

import "time"

// RefundTerms is what Stripe documents about refunds of one kind of payment
// method. What it does not document is left empty, and nothing is guessed: most
// payment methods have no deadline here, because none is known.
type RefundTerms struct {
	PaymentMethod    string     `json:"payment_method"`              // Stripe's name of the type, such as sepa_debit
	Name             string     `json:"name,omitzero"`               // for people; empty for a type that this version does not know
	WithinDays       int        `json:"within_days,omitzero"`        // a refund is possible for so many days after the payment; 0 is no deadline known
	Takes            string     `json:"takes,omitzero"`              // how long until the customer has the money, in words
	CustomerDisputes string     `json:"customer_disputes,omitzero"`  // how long the customer can dispute the payment, refunded or not, in words
	WaitBusinessDays int        `json:"wait_business_days,omitzero"` // Stripe advises to wait so long after the payment before refunding
	AsksCustomer     RefundAsks `json:"asks_customer,omitzero"`      // whether the customer is asked for bank details
	WaitsForBalance  bool       `json:"waits_for_balance"`           // a refund that the balance does not cover is pending; of other methods it fails or is refused
	Source           string     `json:"source,omitzero"`             // Stripe's page that says so
}

// RefundAsks is whether Stripe asks the customer where the money shall go, by an
// e-mail, before it refunds.
type RefundAsks string

// When a customer is asked for bank details. The empty value is: not, as far as is
// documented.
const (
	RefundAsksAlways    RefundAsks = "always"     // the refund starts in requires_action
	RefundAsksIfMissing RefundAsks = "if_missing" // only if Stripe lacks the bank details, or they are ambiguous
)

// RefundTermsOf returns what Stripe documents about refunds of a type of payment
// method, the Type of [PaymentMethodDetails]. Of a type that this version does not
// know it returns the type alone.
//
// https://docs.stripe.com/refunds
func RefundTermsOf(paymentMethodType string) RefundTerms {
	terms := debitTerms(paymentMethodType)
	switch paymentMethodType {
	case "card", "card_present":
		terms = RefundTerms{Name: "card", Takes: "5 to 10 business days", WaitsForBalance: true, Source: "https://docs.stripe.com/refunds"}
	case "customer_balance":
		terms = RefundTerms{
			Name: "bank transfer", WithinDays: 180, Takes: "the customer has 45 days to answer, if asked", AsksCustomer: RefundAsksIfMissing,
			Source: "https://docs.stripe.com/payments/customer-balance/refunding",
		}
	case "konbini", "promptpay": // the two that Stripe's reference names
		terms = RefundTerms{Name: paymentMethodType, AsksCustomer: RefundAsksAlways, Source: "https://docs.stripe.com/api/refunds/create#create_refund-instructions_email"}
	case "blik", "boleto", "multibanco", "oxxo":
		terms = RefundTerms{Name: paymentMethodType, AsksCustomer: RefundAsksAlways, Source: "https://docs.stripe.com/refunds"}
	}
	terms.PaymentMethod = paymentMethodType
	return terms
}

// debitTerms are those of bank debits. docs/operations.md has the same table.
func debitTerms(paymentMethodType string) RefundTerms {
	switch paymentMethodType {
	case "us_bank_account":
		return RefundTerms{
			Name: "ACH (US)", WithinDays: 180, Takes: "up to 3 business days",
			CustomerDisputes: "60 days; business accounts 2 business days",
			Source:           "https://docs.stripe.com/payments/ach-direct-debit",
		}
	case "sepa_debit":
		return RefundTerms{
			Name: "SEPA", WithinDays: 180, Takes: "3 to 4 business days", WaitBusinessDays: 7,
			CustomerDisputes: "8 weeks for any reason; 13 months if the debit was not authorized",
			Source:           "https://docs.stripe.com/payments/sepa-debit",
		}
	case "bacs_debit":
		return RefundTerms{
			Name: "Bacs (UK)", WithinDays: 180, Takes: "3 to 4 business days", CustomerDisputes: "without limit",
			Source: "https://docs.stripe.com/payments/payment-methods/bacs-debit",
		}
	case "acss_debit":
		return RefundTerms{
			Name: "ACSS (Canada)", WithinDays: 180, Takes: "about 3 business days",
			CustomerDisputes: "90 days; business accounts 10 business days",
			Source:           "https://docs.stripe.com/payments/acss-debit",
		}
	case "au_becs_debit":
		return RefundTerms{
			Name: "BECS (Australia)", WithinDays: 90, Takes: "3 to 5 business days", CustomerDisputes: "7 years, no questions asked",
			Source: "https://docs.stripe.com/payments/au-becs-debit",
		}
	case "nz_bank_account":
		return RefundTerms{
			Name: "BECS (New Zealand)", WithinDays: 90, Takes: "3 to 5 business days",
			CustomerDisputes: "120 days; 9 months if the authority for the debit is in doubt",
			Source:           "https://docs.stripe.com/payments/nz-bank-account",
		}
	}
	return RefundTerms{}
}

// deadline is when a payment is too old for a refund; zero if no such time is known.
func (t RefundTerms) deadline(paid Timestamp) Timestamp {
	if t.WithinDays == 0 || paid.IsZero() {
		return Timestamp{}
	}
	return NewTimestamp(paid.Add(time.Duration(t.WithinDays) * 24 * time.Hour))
}

// advised is until when Stripe advises to wait with a refund; zero if it does not.
// Saturdays and Sundays are no business days; holidays are not known here.
func (t RefundTerms) advised(paid Timestamp) Timestamp {
	if t.WaitBusinessDays == 0 || paid.IsZero() {
		return Timestamp{}
	}
	day := paid.Time
	for left := t.WaitBusinessDays; left > 0; {
		day = day.AddDate(0, 0, 1)
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			left--
		}
	}
	return NewTimestamp(day)
}
