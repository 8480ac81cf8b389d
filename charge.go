package refundkit

// Charge is what someone handling a refund reads of a charge. Amounts are in
// the smallest unit of Currency. Never derive the state of a refund from a
// charge: whether AmountRefunded counts pending refunds, or falls again when a
// refund fails, is not documented.
//
// https://docs.stripe.com/api/charges/object
type Charge struct {
	ID                   string                         `json:"id"`
	Object               string                         `json:"object"`                 // charge
	Amount               int64                          `json:"amount"`                 // authorized; what can be refunded at most is AmountCaptured
	AmountCaptured       int64                          `json:"amount_captured"`        // 0 while it is a hold
	AmountRefunded       int64                          `json:"amount_refunded"`        // see the type's comment
	ApplicationFeeAmount int64                          `json:"application_fee_amount"` // Connect: what the platform asked for
	BalanceTransaction   Expandable[BalanceTransaction] `json:"balance_transaction"`    // empty until it is captured, and some seconds more
	BillingDetails       BillingDetails                 `json:"billing_details"`
	Captured             bool                           `json:"captured"` // false: cancel the hold instead of refunding it
	Created              Timestamp                      `json:"created"`
	Currency             string                         `json:"currency"` // three letters, lower case
	Customer             Expandable[Customer]           `json:"customer"`
	Description          string                         `json:"description"`
	Disputed             bool                           `json:"disputed"`        // also by an inquiry, and after a dispute was won
	FailureCode          string                         `json:"failure_code"`    // why it failed
	FailureMessage       string                         `json:"failure_message"` // the same, for people
	Livemode             bool                           `json:"livemode"`
	Metadata             Metadata                       `json:"metadata"`
	Paid                 bool                           `json:"paid"` // true for a hold, too
	PaymentIntent        Expandable[PaymentIntent]      `json:"payment_intent"`
	PaymentMethod        string                         `json:"payment_method"`
	PaymentMethodDetails PaymentMethodDetails           `json:"payment_method_details"`
	ReceiptEmail         string                         `json:"receipt_email"` // where the receipt went, and the refund's goes
	ReceiptNumber        string                         `json:"receipt_number"`
	ReceiptURL           string                         `json:"receipt_url"`
	Refunded             bool                           `json:"refunded"`             // true only when the whole amount went back
	Refunds              *RefundList                    `json:"refunds,omitzero"`     // nil unless expanded; then the 10 newest
	StatementDescriptor  string                         `json:"statement_descriptor"` // what the customer's statement says
	Status               string                         `json:"status"`               // succeeded, pending or failed
	TransferGroup        string                         `json:"transfer_group"`       // Connect: what belongs together
}

// PaymentMethodDetails tells how a charge was paid. Type is the kind of payment
// method; Card is filled when that is card.
type PaymentMethodDetails struct {
	Card Card   `json:"card,omitzero"`
	Type string `json:"type"`
}

// BillingDetails is who paid, as they told it when they paid.
type BillingDetails struct {
	Address Address `json:"address,omitzero"`
	Email   string  `json:"email"`
	Name    string  `json:"name"`
	Phone   string  `json:"phone"`
}

// Card is how a card is known to the people who handle it: never its number.
type Card struct {
	Brand    string `json:"brand"`
	Country  string `json:"country"`
	ExpMonth int64  `json:"exp_month"`
	ExpYear  int64  `json:"exp_year"`
	Funding  string `json:"funding"`
	Last4    string `json:"last4"`
}

// Address is a postal address. Country is a two-letter ISO 3166-1 code.
type Address struct {
	City       string `json:"city"`
	Country    string `json:"country"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	PostalCode string `json:"postal_code"`
	State      string `json:"state"`
}

func (c *Charge) check() error { return checkIdentity(c.Object, "charge", c.ID) }

func (*Charge) decides(member string) bool {
	switch member {
	case "amount_captured", "amount_refunded":
		return true
	}
	return decidesAmount(member)
}
