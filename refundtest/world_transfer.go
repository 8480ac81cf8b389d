package refundtest

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// A Transfer is money that a platform has sent on to a connected account. Amounts are
// in the currency's smallest unit.
//
// https://docs.stripe.com/api/transfers/object
type Transfer struct {
	ID                string // chosen by the server if empty
	Amount            int64
	Currency          string // usd if empty
	Destination       string // the connected account
	SourceTransaction string // the charge whose money it is; empty for the available balance
	TransferGroup     string // that of the charge if empty
	Description       string
	Metadata          map[string]string

	// State that the server keeps; ignored by AddTransfer.
	AmountReversed     int64
	Reversed           bool   // nothing is left to reverse
	DestinationPayment string // what the connected account got, a charge there
	BalanceTransaction string
	Created            time.Time
}

// transfer is a transfer with its state.
type transfer struct {
	Transfer
	world     *World
	at        moment
	payment   *charge // in the world of the connected account
	reversals timeline[*reversal]
}

func (t *transfer) when() moment { return t.at }

// left is what can still be reversed.
func (t *transfer) left() int64 { return t.Amount - t.AmountReversed }

// destination is the world of the connected account.
func (t *transfer) destination() *World { return t.payment.world }

// AddTransfer sends money of the platform to a connected account, as
// POST /v1/transfers does: both accounts have it in their books. It publishes no
// event. It is an error if the amount is not positive, if the destination is empty or
// the account itself, or if the charge that it names has not that much left for
// transfers.
func (w *World) AddTransfer(given Transfer) (added Transfer, err error) {
	w.server.locked(func() {
		given.Currency = strings.ToLower(orElse(given.Currency, "usd"))
		if _, taken := w.transfers[given.ID]; taken {
			err = fmt.Errorf("refundtest: there already is a transfer %s", given.ID)
			return
		}
		if given.Amount < 1 {
			err = fmt.Errorf("refundtest: a transfer of %d cannot be added", given.Amount)
			return
		}
		if refused := w.checkTransfer(&given); refused != nil {
			err = fmt.Errorf("refundtest: the transfer cannot be added: %s", refused.message)
			return
		}
		added = w.newTransfer(given, nil).public()
	})
	return added, err
}

// Transfer returns a transfer as it is now, and whether there is one with this id.
func (w *World) Transfer(id string) (found Transfer, ok bool) {
	w.server.locked(func() {
		if t := w.transfers[id]; t != nil {
			found, ok = t.public(), true
		}
	})
	return found, ok
}

// Transfers returns the transfers of a transfer group, or all of them if group is
// empty, oldest first.
func (w *World) Transfers(group string) []Transfer {
	var found []Transfer
	w.server.locked(func() {
		for _, t := range w.allTransfers.sorted() {
			if group == "" || t.TransferGroup == group {
				found = append(found, t.public())
			}
		}
	})
	return found
}

func (t *transfer) public() Transfer {
	shown := t.Transfer
	shown.Metadata = maps.Clone(shown.Metadata)
	return shown
}

// makeTransfer sends money on, or refuses to.
func (w *World) makeTransfer(given Transfer) (*transfer, *refusal) {
	if refused := w.checkTransfer(&given); refused != nil {
		return nil, refused
	}
	if given.SourceTransaction == "" && !w.covers(given.Currency, given.Amount) {
		return nil, impossible("", "balance_insufficient", "The available balance does not cover this transfer.")
	}
	t := w.newTransfer(given, nil)
	w.publish("transfer.created", t.show(), nil)
	return t, nil
}

// checkTransfer refuses what cannot be transferred, and fills in the transfer group.
func (w *World) checkTransfer(given *Transfer) *refusal {
	if given.Destination == "" || given.Destination == w.name.account {
		return invalid("destination", "", "The destination of a transfer is a connected account.")
	}
	if given.SourceTransaction == "" {
		return nil
	}
	c := w.charges[given.SourceTransaction]
	switch {
	case c == nil:
		return invalid("source_transaction", "resource_missing", "No such charge: '%s'.", printable(given.SourceTransaction))
	case c.txn == "":
		return impossible("source_transaction", "", "The charge %s has taken no money.", c.id)
	case c.Currency != given.Currency:
		return invalid("currency", "", "The charge %s is in %s.", c.id, c.Currency)
	case given.Amount > c.AmountCaptured-c.sent:
		return impossible("", "", "Of the charge %s only %d are left for transfers.", c.id, c.AmountCaptured-c.sent)
	}
	given.TransferGroup = orElse(given.TransferGroup, c.transferGroup)
	return nil
}

// newTransfer books a transfer in both accounts; fee is what the platform keeps of it
// as its application fee, nil for nothing.
func (w *World) newTransfer(given Transfer, fee *applicationFee) *transfer {
	t := &transfer{Transfer: given, world: w, at: w.server.stamp()}
	t.Metadata = maps.Clone(given.Metadata)
	t.AmountReversed, t.Reversed = 0, false
	t.Created = time.Unix(t.at.second, 0).UTC()
	if w.transfers[t.ID] != nil {
		w.server.complain("there already is a transfer %s; the new one got another id", t.ID)
		t.ID = ""
	}
	if t.ID == "" {
		t.ID = w.server.ids.related("tr_", given.SourceTransaction)
	}
	source := w.charges[given.SourceTransaction]
	if source != nil {
		source.sent += t.Amount
	}
	t.BalanceTransaction = w.post(entry{kind: "transfer", amount: -t.Amount, currency: t.Currency, source: link{kindTransfer, t.ID},
		description: t.Description, of: source, atOnce: source == nil})
	t.payment = w.connected(t.Destination).receive(t, source, fee)
	t.DestinationPayment = t.payment.id
	w.transfers[t.ID] = t
	w.allTransfers.add(t)
	t.destination().payWaiting()
	return t
}

// connected is the world of a connected account, which is there from the moment that
// it gets money.
func (w *World) connected(account string) *World {
	return w.server.worldLocked(worldName{account: account, live: w.name.live})
}

// receive makes the payment by which a connected account gets a transfer.
func (w *World) receive(t *transfer, source *charge, fee *applicationFee) *charge {
	method := paymentMethod{kind: "stripe_account"}
	c := &charge{
		Charge: Charge{
			ID: w.server.ids.related(method.chargePrefix(), t.ID), Amount: t.Amount, Currency: t.Currency, Status: "succeeded",
			WithoutPaymentIntent: true, PaymentMethodType: method.kind, AmountCaptured: t.Amount, Metadata: map[string]string{},
		},
		world: w, at: w.server.stamp(), method: w.server.sharedMethod(method), captured: true, sourceTransfer: t.ID,
	}
	c.id = c.ID
	e := entry{kind: method.transactionType(), amount: t.Amount, currency: t.Currency, source: link{kindCharge, c.id}, of: source, atOnce: source == nil}
	if fee != nil {
		c.ApplicationFeeAmount, c.feeID, fee.charge = fee.amount, fee.id, c.id
		e.fees = append(e.fees, charged{amount: fee.amount, kind: kindFee})
	}
	c.txn = w.post(e)
	w.charges[c.id] = c
	w.allCharges.add(c)
	return c
}

func (t *transfer) update(description *string, metadata map[string]string) {
	before := t.show()
	setGiven(&t.Description, description)
	t.Metadata = metadata
	after := t.show()
	if previous := changes(before, after); len(previous) > 0 {
		t.world.publish("transfer.updated", after, previous)
	}
}

func (t *transfer) show() object {
	reversals, more := t.reversals.page(window{limit: defaultLimit, to: 1 << 62}, nil)
	return object{
		"id": t.ID, "object": kindTransfer, "amount": t.Amount, "amount_reversed": t.AmountReversed,
		"balance_transaction": linkTo(kindTransaction, t.BalanceTransaction), "created": t.at.second, "currency": t.Currency,
		"description": orNull(t.Description), "destination": linkTo(kindAccount, t.Destination),
		"destination_payment": linkTo(kindCharge, t.DestinationPayment), "livemode": t.world.name.live,
		"metadata": shownMetadata(t.Metadata), "reversed": t.Reversed,
		"reversals": object{"object": "list", "data": showAll(reversals), "has_more": more,
			"total_count": int64(len(t.reversals.items)), "url": "/v1/transfers/" + t.ID + "/reversals"},
		"source_transaction": linkTo(kindCharge, t.SourceTransaction), "source_type": kindCard, "transfer_group": orNull(t.TransferGroup),
	}
}

// shownMetadata is never null.
func shownMetadata(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
