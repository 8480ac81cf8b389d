package refundkit

// BalanceTransactionType is what moved the balance. There are many more: what is
// not about refunds, their payments and their fees has no constant here.
//
// https://docs.stripe.com/reports/balance-transaction-types
type BalanceTransactionType string

// The types that someone handling refunds meets. Those of Payment are of payments
// without a card, and of what a connected account gets. BalanceTransactionTypeAdjustment
// is a dispute, among others.
const (
	BalanceTransactionTypeAdjustment           BalanceTransactionType = "adjustment"
	BalanceTransactionTypeApplicationFee       BalanceTransactionType = "application_fee"
	BalanceTransactionTypeApplicationFeeRefund BalanceTransactionType = "application_fee_refund"
	BalanceTransactionTypeCharge               BalanceTransactionType = "charge"
	BalanceTransactionTypePayment              BalanceTransactionType = "payment"
	BalanceTransactionTypePaymentFailureRefund BalanceTransactionType = "payment_failure_refund" // the payment failed after all
	BalanceTransactionTypePaymentRefund        BalanceTransactionType = "payment_refund"
	BalanceTransactionTypePaymentReversal      BalanceTransactionType = "payment_reversal"
	BalanceTransactionTypeRefund               BalanceTransactionType = "refund"
	BalanceTransactionTypeRefundFailure        BalanceTransactionType = "refund_failure" // the money of a failed refund came back
	BalanceTransactionTypeStripeFee            BalanceTransactionType = "stripe_fee"
	BalanceTransactionTypeTransfer             BalanceTransactionType = "transfer"
	BalanceTransactionTypeTransferRefund       BalanceTransactionType = "transfer_refund"
)

// BalanceTransactionStatus says whether the money can be used, from AvailableOn on.
type BalanceTransactionStatus string

// The statuses of a balance transaction.
const (
	BalanceTransactionStatusAvailable BalanceTransactionStatus = "available"
	BalanceTransactionStatusPending   BalanceTransactionStatus = "pending"
)

// BalanceTransaction is what a refund, or anything else, did to the Stripe balance:
// Amount is negative for a refund, Net is Amount less Fee, all in the smallest unit of
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
	Status            BalanceTransactionStatus             `json:"status"`
	Type              BalanceTransactionType               `json:"type"`
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

func (t *BalanceTransaction) check() error {
	return checkIdentity(t.Object, "balance_transaction", t.ID)
}

func (t *BalanceTransaction) agree(c call) error { return agreeID(c, t.ID) }

func (*BalanceTransaction) decides(member string) bool {
	return member == "fee" || member == "net" || decidesAmount(member)
}

func (*BalanceTransactionFee) decides(member string) bool { return decidesAmount(member) }
