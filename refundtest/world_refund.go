package refundtest

import (
	"maps"
	"time"
)

// A Refund is a refund as the server has it. Amounts are in the currency's
// smallest unit.
//
// https://docs.stripe.com/api/refunds/object
type Refund struct {
	ID            string
	Charge        string // empty if paid out of a customer's cash balance
	PaymentIntent string
	Amount        int64
	Currency      string
	Customer      string
	Status        string // pending, requires_action, succeeded, failed or canceled
	Reason        string
	PendingReason string
	FailureReason string
	Metadata      map[string]string
	Created       time.Time

	BalanceTransaction        string
	FailureBalanceTransaction string

	// Reference is the acquirer's, or the trace number of a refund to a US bank
	// account, once it has arrived.
	Reference         string
	InstructionsEmail string

	// IdempotencyKey is the key of the request that created the refund; empty
	// for one that was made by the test.
	IdempotencyKey string
}

// refund is a refund with its state.
type refund struct {
	world    *World
	charge   *charge
	id       string
	at       moment
	amount   int64
	currency string
	customer string
	intent   string

	status        string
	reason        string
	pendingReason string
	failureReason string
	metadata      map[string]string
	txn           string
	failureTxn    string
	key           string

	destination             string // as destination_details name it, empty if they do not
	reversal                bool   // the release of a hold: no acquirer is involved
	acquirerReference       string
	acquirerReferenceStatus string
	email                   string
	emailedAt               int64
	expiresAt               int64
	transferBack            string // the reversal that it made
	transferBackFrom        string // the reversal that made it, on a connected account
	outcome                 RefundOutcome
	changes                 int // of the status: what was planned before a change is dropped
}

func (r *refund) when() moment { return r.at }

func (r *refund) public() Refund {
	shown := Refund{
		ID: r.id, PaymentIntent: r.intent, Amount: r.amount, Currency: r.currency, Customer: r.customer,
		Status: r.status, Reason: r.reason, PendingReason: r.pendingReason, FailureReason: r.failureReason,
		Metadata: maps.Clone(r.metadata), Created: time.Unix(r.at.second, 0).UTC(),
		BalanceTransaction: r.txn, FailureBalanceTransaction: r.failureTxn, Reference: r.acquirerReference,
		InstructionsEmail: r.email, IdempotencyKey: r.key,
	}
	if r.charge != nil {
		shown.Charge = r.charge.id
	}
	return shown
}

// Refund returns a refund as it is now, and whether there is one with this id.
func (w *World) Refund(id string) (found Refund, ok bool) {
	w.server.locked(func() {
		if r := w.refunds[id]; r != nil {
			found, ok = r.public(), true
		}
	})
	return found, ok
}

// Refunds returns the refunds of a charge or of a PaymentIntent, or all of
// them if id is empty, oldest first.
func (w *World) Refunds(id string) []Refund {
	var found []Refund
	w.server.locked(func() {
		for _, r := range w.refundsOf(id) {
			found = append(found, r.public())
		}
	})
	return found
}

func (w *World) refundsOf(id string) []*refund {
	if id == "" {
		return w.allRefunds.sorted()
	}
	if c := w.charges[id]; c != nil {
		return c.refunds.sorted()
	}
	if p := w.intents[id]; p != nil {
		return p.refunds.sorted()
	}
	return nil
}

func (r *refund) show() object {
	o := object{
		"id": r.id, "object": kindRefund, "amount": r.amount, "created": r.at.second, "currency": r.currency,
		"balance_transaction": linkTo(kindTransaction, r.txn), "charge": nil,
		"customer": linkTo(kindCustomer, r.customer), "customer_account": nil, "metadata": r.metadata,
		"payment_intent": linkTo(kindIntent, r.intent), "payment_method": nil,
		"reason": orNull(r.reason), "receipt_number": nil, "source_transfer_reversal": linkTo(kindReversal, r.transferBackFrom), "status": r.status,
		"transfer_reversal": linkTo(kindReversal, r.transferBack),
	}
	if r.destination != "" {
		o["destination_details"] = r.showDestination()
	}
	if r.charge != nil {
		o["charge"] = linkTo(kindCharge, r.charge.id)
		o["payment_method"] = linkTo(kindMethod, r.charge.method.id)
	}
	for name, value := range map[string]string{"failure_reason": r.failureReason, "pending_reason": r.pendingReason,
		"instructions_email": r.email} {
		if value != "" {
			o[name] = value
		}
	}
	if r.failureTxn != "" {
		o["failure_balance_transaction"] = link{kindTransaction, r.failureTxn}
	}
	if r.status == "requires_action" {
		o["next_action"] = object{"type": "display_details", "display_details": object{
			"email_sent": object{"email_sent_at": r.emailedAt, "email_sent_to": r.email},
			"expires_at": r.expiresAt,
		}}
	}
	return o
}
