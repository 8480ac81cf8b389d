package refundkit

// Account is a connected account. Only its name is kept: [OnAccount] takes the ID.
//
// https://docs.stripe.com/api/accounts/object
type Account struct {
	ID     string `json:"id"`
	Object string `json:"object"`
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
