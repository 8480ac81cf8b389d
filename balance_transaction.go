package refundkit

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

func (*BalanceTransaction) decides(member string) bool {
	return member == "fee" || member == "net" || decidesAmount(member)
}

func (*BalanceTransactionFee) decides(member string) bool { return decidesAmount(member) }
