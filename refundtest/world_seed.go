package refundtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// AddRefund adds a refund that was made earlier, and its balance transactions, of the
// same second. It publishes no event, and returns the refund with id and defaults
// filled in: the status succeeded, the charge's currency, and the amount that the
// charge has left. It is an error if the charge is not there, or has not that much left.
func (w *World) AddRefund(r Refund) (Refund, error) {
	added, err := w.AddRefunds([]Refund{r})
	if err != nil {
		return Refund{}, err
	}
	return added[0], nil
}

// AddRefunds adds many refunds at once, as [World.AddRefund] does. It stops at
// the first that cannot be added.
func (w *World) AddRefunds(refunds []Refund) (added []Refund, err error) {
	added = make([]Refund, 0, len(refunds))
	w.server.locked(func() {
		for i, given := range refunds {
			r, reason := w.addRefund(given)
			if reason != nil {
				err = fmt.Errorf("refundtest: refund %d of %d: %w", i+1, len(refunds), reason)
				return
			}
			added = append(added, r.public())
		}
	})
	return added, err
}

func (w *World) addRefund(given Refund) (*refund, error) {
	c := w.charges[given.Charge]
	if c == nil {
		return nil, fmt.Errorf("there is no charge %q", given.Charge)
	}
	if given.Status == "" {
		given.Status = "succeeded"
	}
	if !slices.Contains([]string{"succeeded", "pending", "requires_action", "failed", "canceled"}, given.Status) {
		return nil, fmt.Errorf("%q is not a status", given.Status)
	}
	if given.Amount == 0 {
		given.Amount = c.remaining()
	}
	if !c.captured || c.Status != "succeeded" {
		return nil, fmt.Errorf("the charge %s has taken no money", c.id)
	}
	if given.Amount < 1 || given.Amount > c.remaining() {
		return nil, fmt.Errorf("the charge %s has %d left, not %d", c.id, c.remaining(), given.Amount)
	}
	if given.Status == "requires_action" && given.InstructionsEmail == "" && c.ReceiptEmail == "" {
		return nil, errors.New("a refund that requires action needs an InstructionsEmail")
	}
	if _, taken := w.refunds[given.ID]; taken {
		return nil, fmt.Errorf("there already is a refund %s", given.ID)
	}
	return w.bookAdded(c, given), nil
}

// bookAdded books a refund and brings it to its status.
func (w *World) bookAdded(c *charge, given Refund) *refund {
	r := &refund{
		world: w, charge: c, id: given.ID, at: w.server.stamp(), amount: given.Amount, currency: c.Currency,
		customer: c.Customer, intent: c.PaymentIntent, status: "succeeded", reason: given.Reason,
		metadata: maps.Clone(given.Metadata), email: given.InstructionsEmail, acquirerReference: given.Reference,
		destination: destinationOf(c.method.kind, c.Currency), acquirerReferenceStatus: c.method.referenceStatus(), outcome: c.refundOutcome(),
	}
	if r.id == "" {
		r.id = w.server.ids.related(c.method.refundPrefix(), c.id)
	}
	if r.acquirerReference != "" {
		r.acquirerReferenceStatus = "available"
	}
	if !given.Created.IsZero() {
		r.at.second = given.Created.Unix()
	}
	c.counted(r.amount)
	w.keep(r)
	r.book()
	switch given.Status {
	case "pending":
		r.become("pending")
		r.pendingReason = "processing"
	case "requires_action":
		r.askForDetails()
	case "failed":
		r.end("failed", orElse(given.FailureReason, "unknown"))
	case "canceled":
		r.end("canceled", orElse(given.FailureReason, byMerchant))
	}
	for _, id := range []string{r.txn, r.failureTxn} {
		if t := w.transactions[id]; t != nil {
			t.at.second = r.at.second
			w.allTransactions.unsorted = true
		}
	}
	return r
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
