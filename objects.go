package refundkit

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

// Account is a connected account. Only its name is kept: [OnAccount] takes the ID.
//
// https://docs.stripe.com/api/accounts/object
type Account struct {
	ID     string `json:"id"`
	Object string `json:"object"`
}

// ApplicationFee is what a platform earned from a charge. It keeps its fee when
// the charge is refunded, unless RefundApplicationFee says otherwise. Amounts are
// in the smallest unit of Currency.
//
// https://docs.stripe.com/api/application_fees/object
type ApplicationFee struct {
	ID                 string                         `json:"id"`
	Object             string                         `json:"object"`
	Account            Expandable[Account]            `json:"account"` // who paid it
	Amount             int64                          `json:"amount"`
	AmountRefunded     int64                          `json:"amount_refunded"`
	BalanceTransaction Expandable[BalanceTransaction] `json:"balance_transaction"`
	Charge             Expandable[Charge]             `json:"charge"`
	Created            Timestamp                      `json:"created"`
	Currency           string                         `json:"currency"`
	Livemode           bool                           `json:"livemode"`
	Refunded           bool                           `json:"refunded"` // true only when the whole fee went back
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

func (*TransferReversal) decides(member string) bool { return decidesAmount(member) }

func (*Transfer) decides(member string) bool { return decidesAmount(member) }

func (*ApplicationFee) decides(member string) bool {
	return member == "amount_refunded" || decidesAmount(member)
}
