package refundkit

// Charge is what someone handling a refund reads of a charge. Amounts are in
// the smallest unit of Currency. Never derive the state of a refund from a
// charge: whether AmountRefunded counts pending refunds, or falls again when a
// refund fails, is not documented.
//
// https://docs.stripe.com/api/charges/object
type Charge struct {
	ID                   string                         `json:"id"`
	Object               string                         `json:"object"`
	Amount               int64                          `json:"amount"`
	AmountCaptured       int64                          `json:"amount_captured"`
	AmountRefunded       int64                          `json:"amount_refunded"`
	ApplicationFeeAmount int64                          `json:"application_fee_amount"`
	BalanceTransaction   Expandable[BalanceTransaction] `json:"balance_transaction"`
	BillingDetails       BillingDetails                 `json:"billing_details"`
	Captured             bool                           `json:"captured"`
	Created              Timestamp                      `json:"created"`
	Currency             string                         `json:"currency"`
	Customer             Expandable[Customer]           `json:"customer"`
	Description          string                         `json:"description"`
	Disputed             bool                           `json:"disputed"`
	FailureCode          string                         `json:"failure_code"`
	FailureMessage       string                         `json:"failure_message"`
	Livemode             bool                           `json:"livemode"`
	Metadata             Metadata                       `json:"metadata"`
	Paid                 bool                           `json:"paid"`
	PaymentIntent        Expandable[PaymentIntent]      `json:"payment_intent"`
	PaymentMethod        string                         `json:"payment_method"`
	PaymentMethodDetails PaymentMethodDetails           `json:"payment_method_details"`
	ReceiptEmail         string                         `json:"receipt_email"`
	ReceiptNumber        string                         `json:"receipt_number"`
	ReceiptURL           string                         `json:"receipt_url"`
	Refunded             bool                           `json:"refunded"`         // true only when the whole amount went back
	Refunds              *RefundList                    `json:"refunds,omitzero"` // nil unless expanded; then the 10 newest
	StatementDescriptor  string                         `json:"statement_descriptor"`
	Status               string                         `json:"status"`
	TransferGroup        string                         `json:"transfer_group"`
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
