package refundkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
)

// Expandable is a link to another object. Stripe sends the bare ID, or the
// whole object where the call asked for it with [Expand]. Reading ID is always
// safe: it is empty when Stripe sent null. Value is nil unless the object came
// along. Encoding writes back the kind that was read: object, ID or null.
//
// https://docs.stripe.com/api/expanding_objects
type Expandable[T any] struct {
	ID    string
	Value *T
}

// MarshalJSON writes the object if there is one, else the ID, else null.
func (e Expandable[T]) MarshalJSON() ([]byte, error) {
	switch {
	case e.Value != nil:
		return json.Marshal(e.Value)
	case e.ID != "":
		return json.Marshal(e.ID)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads an ID, an object that has an ID, or null.
func (e *Expandable[T]) UnmarshalJSON(data []byte) error {
	*e = Expandable[T]{}
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		id, err := readString(data)
		e.ID = id
		return err
	}
	if tooDeep(data) {
		return errors.New("refundkit: an expanded object is nested too deeply")
	}
	value := new(T)
	if err := json.Unmarshal(data, value); err != nil {
		return err
	}
	id, err := idOf(value, data)
	switch {
	case err != nil:
		return err
	case id == "":
		return errors.New("refundkit: an expanded object must have an id")
	}
	e.ID, e.Value = id, value
	return nil
}

// idOf returns the ID of an object that was read from data. All types of this
// package have it as their first field; for a type of somebody else, data is
// read again.
func idOf(object any, data []byte) (string, error) {
	if v := reflect.ValueOf(object).Elem(); v.Kind() == reflect.Struct && v.NumField() > 0 {
		first := v.Type().Field(0)
		if first.Type.Kind() == reflect.String && first.Tag.Get("json") == "id" {
			return v.Field(0).String(), nil
		}
	}
	var named struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(data, &named)
	return named.ID, err
}

// tooDeep guards against bodies that are made to be slow: each level of expanded
// objects is read again by the one around it. Stripe expands four levels.
func tooDeep(data []byte) bool {
	const most = 64
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = endOfString(data, i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth > most {
			return true
		}
	}
	return false
}

// BalanceTransaction is what a refund did to the Stripe balance: Amount is
// negative for a refund, Net is Amount less Fee, all in the smallest unit of
// the balance's Currency, which need not be that of the refund.
//
// https://docs.stripe.com/api/balance_transactions/object
type BalanceTransaction struct {
	ID                string                               `json:"id"`
	Object            string                               `json:"object"`
	Amount            int64                                `json:"amount"`
	AvailableOn       Timestamp                            `json:"available_on"`
	BalanceType       string                               `json:"balance_type,omitzero"`
	Created           Timestamp                            `json:"created"`
	Currency          string                               `json:"currency"`
	Description       string                               `json:"description"`
	ExchangeRate      float64                              `json:"exchange_rate,omitzero"` // 0 when nothing was converted
	Fee               int64                                `json:"fee"`
	FeeDetails        []BalanceTransactionFee              `json:"fee_details"`
	Net               int64                                `json:"net"`
	ReportingCategory string                               `json:"reporting_category"`
	Source            Expandable[BalanceTransactionOrigin] `json:"source"`
	Status            string                               `json:"status"`
	Type              string                               `json:"type"`
}

// BalanceTransactionFee is one part of a BalanceTransaction's fee, in the
// smallest unit of its Currency; negative where a fee was given back.
type BalanceTransactionFee struct {
	Amount      int64  `json:"amount"`
	Application string `json:"application"`
	Currency    string `json:"currency"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

// BalanceTransactionOrigin says what moved the balance, when that was expanded.
// It may be of two dozen kinds, so only its name is kept: Object tells the kind.
type BalanceTransactionOrigin struct {
	ID     string `json:"id"`
	Object string `json:"object"`
}

// TransferReversal is money taken back from a connected account to pay for a
// refund. Amount is in the smallest unit of Currency.
//
// https://docs.stripe.com/api/transfer_reversals/object
type TransferReversal struct {
	ID                       string                         `json:"id"`
	Object                   string                         `json:"object"`
	Amount                   int64                          `json:"amount"`
	BalanceTransaction       Expandable[BalanceTransaction] `json:"balance_transaction"`
	Created                  Timestamp                      `json:"created"`
	Currency                 string                         `json:"currency"`
	DestinationPaymentRefund Expandable[Refund]             `json:"destination_payment_refund"`
	Metadata                 Metadata                       `json:"metadata"`
	SourceRefund             Expandable[Refund]             `json:"source_refund"`
	Transfer                 Expandable[Transfer]           `json:"transfer"`
}

// Transfer is what is kept of the transfer behind a [TransferReversal]. Amounts
// are in the smallest unit of Currency.
//
// https://docs.stripe.com/api/transfers/object
type Transfer struct {
	ID             string    `json:"id"`
	Object         string    `json:"object"`
	Amount         int64     `json:"amount"`
	AmountReversed int64     `json:"amount_reversed"`
	Created        Timestamp `json:"created"`
	Currency       string    `json:"currency"`
	Metadata       Metadata  `json:"metadata"`
	Reversed       bool      `json:"reversed"`
	TransferGroup  string    `json:"transfer_group"`
}

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

// PaymentIntent is what someone handling a refund reads of a PaymentIntent. Its
// client secret is left out on purpose. Amounts are in the smallest unit of
// Currency.
//
// https://docs.stripe.com/api/payment_intents/object
type PaymentIntent struct {
	ID                 string                    `json:"id"`
	Object             string                    `json:"object"`
	Amount             int64                     `json:"amount"`
	AmountCapturable   int64                     `json:"amount_capturable"`
	AmountReceived     int64                     `json:"amount_received"`
	CanceledAt         Timestamp                 `json:"canceled_at"`
	CancellationReason string                    `json:"cancellation_reason"`
	CaptureMethod      string                    `json:"capture_method"`
	Created            Timestamp                 `json:"created"`
	Currency           string                    `json:"currency"`
	Customer           Expandable[Customer]      `json:"customer"`
	Description        string                    `json:"description"`
	LatestCharge       Expandable[Charge]        `json:"latest_charge"`
	Livemode           bool                      `json:"livemode"`
	Metadata           Metadata                  `json:"metadata"`
	PaymentMethod      Expandable[PaymentMethod] `json:"payment_method"`
	PaymentMethodTypes []string                  `json:"payment_method_types"`
	ReceiptEmail       string                    `json:"receipt_email"`
	Status             string                    `json:"status"`
	TransferGroup      string                    `json:"transfer_group"`
}

// Customer is what someone handling a refund reads of a customer. Balance is in
// the smallest unit of Currency. Of a deleted customer only ID, Object and
// Deleted are left.
//
// https://docs.stripe.com/api/customers/object
type Customer struct {
	ID          string    `json:"id"`
	Object      string    `json:"object"`
	Balance     int64     `json:"balance"`
	Created     Timestamp `json:"created"`
	Currency    string    `json:"currency"`
	Deleted     bool      `json:"deleted,omitzero"`
	Description string    `json:"description"`
	Email       string    `json:"email"`
	Livemode    bool      `json:"livemode"`
	Metadata    Metadata  `json:"metadata"`
	Name        string    `json:"name"`
	Phone       string    `json:"phone"`
}

// PaymentMethod is what someone handling a refund reads of the payment method
// that the money came from.
//
// https://docs.stripe.com/api/payment_methods/object
type PaymentMethod struct {
	ID             string               `json:"id"`
	Object         string               `json:"object"`
	BillingDetails BillingDetails       `json:"billing_details"`
	Card           Card                 `json:"card,omitzero"`
	Created        Timestamp            `json:"created"`
	Customer       Expandable[Customer] `json:"customer"`
	Livemode       bool                 `json:"livemode"`
	Metadata       Metadata             `json:"metadata"`
	Type           string               `json:"type"`
}

// PaymentMethodDetails tells how a charge was paid. Type is the kind of payment
// method; Card is filled when that is card.
type PaymentMethodDetails struct {
	Card Card   `json:"card,omitzero"`
	Type string `json:"type"`
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

// BillingDetails is who paid, as they told it when they paid.
type BillingDetails struct {
	Address Address `json:"address,omitzero"`
	Email   string  `json:"email"`
	Name    string  `json:"name"`
	Phone   string  `json:"phone"`
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
