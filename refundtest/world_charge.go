package refundtest

import (
	"maps"
	"strings"
	"time"
)

// A Charge is money that was taken and can be refunded. Amounts are in the
// currency's smallest unit.
//
// https://docs.stripe.com/api/charges/object
type Charge struct {
	ID       string // chosen by the server if empty
	Amount   int64  // 1000 if zero
	Currency string // usd if empty

	// PaymentIntent is the id of the PaymentIntent that made the charge. If it
	// is empty one is made for it, unless WithoutPaymentIntent says that the
	// charge was made directly.
	PaymentIntent        string
	WithoutPaymentIntent bool

	Status            string        // succeeded (if empty), pending or failed
	Uncaptured        bool          // authorized only
	PaymentMethodType string        // card if empty; decides the outcome of the charge's refunds, unless OnRefund does
	OnRefund          RefundOutcome // what happens to the charge's refunds
	Customer          string
	Description       string
	ReceiptEmail      string // where a customer is asked for bank details
	Metadata          map[string]string
	Created           time.Time // now if zero

	// Destination is the connected account that the money is sent on to, all of it: a
	// destination charge. Transfer is the id of that transfer; without a Destination it
	// makes reverse_transfer possible, and no money moves.
	Destination          string
	Transfer             string
	TransferGroup        string
	ApplicationFeeAmount int64 // what the platform earns, of a destination charge and on a connected account

	// State that the server keeps; ignored by AddCharge.
	AmountCaptured int64
	AmountRefunded int64 // by every refund that has not failed or been canceled
	Refunded       bool  // nothing is left to refund
	Disputed       bool
}

// charge is the money of one payment and its refunds.
type charge struct {
	Charge
	particulars
	world    *World
	id       string
	at       moment
	method   *paymentMethod // never changed: charges share it
	captured bool
	released bool // a hold that was given up: canceled or expired
	txn      string
	unlinked bool // the balance transaction is there, and not shown yet
	refunds  timeline[*refund]
	dispute  *dispute
	failure  string // code of the decline

	sourceTransfer string  // that it was made by, on a connected account
	feeID          string  // of the application fee
	sent           int64   // by transfers that name the charge
	shares         []share // of the money, until it is available
	isAvailable    bool
}

func (c *charge) when() moment { return c.at }

// refundable is what can be refunded in all: what was captured, or of a charge
// that has not taken its money yet, the amount.
func (c *charge) refundable() int64 {
	if c.AmountCaptured > 0 {
		return c.AmountCaptured
	}
	return c.Amount
}

// remaining is what can still be refunded.
func (c *charge) remaining() int64 { return c.refundable() - c.AmountRefunded }

// AddCharge adds a charge that was made earlier, by default one that succeeded.
// It publishes no event, and returns the charge with id and defaults filled in.
// What the server cannot use, such as an id that is taken, it replaces and
// reports, if there is a [WithReporter].
func (w *World) AddCharge(c Charge) Charge {
	var added Charge
	w.server.locked(func() { added = w.addCharge(c).public() })
	return added
}

// AddCharges adds many charges at once, as [World.AddCharge] does.
func (w *World) AddCharges(charges []Charge) []Charge {
	added := make([]Charge, 0, len(charges))
	w.server.locked(func() {
		for _, c := range charges {
			added = append(added, w.addCharge(c).public())
		}
	})
	return added
}

// Charge returns a charge as it is now, and whether there is one with this id.
func (w *World) Charge(id string) (found Charge, ok bool) {
	w.server.locked(func() {
		if c := w.charges[id]; c != nil {
			found, ok = c.public(), true
		}
	})
	return found, ok
}

func (c *charge) public() Charge {
	shown := c.Charge
	shown.TransferGroup = c.transferGroup
	shown.Metadata = maps.Clone(shown.Metadata)
	shown.Created = time.Unix(c.at.second, 0).UTC()
	return shown
}

func (w *World) addCharge(given Charge) *charge {
	if given.Amount <= 0 {
		if given.Amount < 0 {
			w.server.complain("a charge of %d was added; it was made 1000", given.Amount)
		}
		given.Amount = 1000
	}
	if given.Status == "" {
		given.Status = "succeeded"
	}
	if given.ID != "" && w.charges[given.ID] != nil {
		w.server.complain("there already is a charge %s; the new one got another id", given.ID)
		given.ID = ""
	}
	given.Currency = strings.ToLower(given.Currency)
	method := paymentMethod{kind: given.PaymentMethodType}
	w.knowCustomer(given.Customer)
	c := w.newCharge(given, method)
	c.take()
	if given.PaymentIntent == "" && !given.WithoutPaymentIntent {
		p := w.newIntent(c.Amount, c.Currency, c.id)
		p.adopt(c)
	} else if p := w.intents[given.PaymentIntent]; p != nil {
		p.adopt(c)
	} else if given.PaymentIntent != "" {
		p := w.newIntent(c.Amount, c.Currency, c.id)
		delete(w.intents, p.id)
		p.id = given.PaymentIntent
		w.intents[p.id] = p
		p.adopt(c)
	}
	return c
}

// newCharge creates a charge, which has taken no money yet.
func (w *World) newCharge(given Charge, method paymentMethod) *charge {
	c := &charge{Charge: given, world: w, id: given.ID, at: w.server.stamp(), method: w.server.sharedMethod(method.withDefaults())}
	if !given.Created.IsZero() {
		c.at.second = given.Created.Unix()
	}
	if c.Currency == "" {
		c.Currency = "usd"
	}
	if c.id == "" {
		c.id = w.server.ids.related(c.method.chargePrefix(), given.PaymentIntent)
	}
	c.ID, c.PaymentMethodType, c.transferGroup = c.id, c.method.kind, given.TransferGroup
	c.Metadata = maps.Clone(given.Metadata)
	c.AmountCaptured, c.AmountRefunded, c.Refunded, c.Disputed = 0, 0, false, false
	c.captured = !given.Uncaptured && given.Status != "failed"
	w.charges[c.id] = c
	w.allCharges.add(c)
	return c
}

// take books a new charge, if it took money.
func (c *charge) take() {
	if c.captured && c.Status == "succeeded" {
		c.book(c.Amount)
	}
}

// book captures an amount, adds it to the balance, and gives others their share.
func (c *charge) book(amount int64) {
	c.AmountCaptured = amount
	c.captured, c.Uncaptured = true, false
	e := entry{kind: c.method.transactionType(), amount: amount, currency: c.Currency,
		source: link{kindCharge, c.id}, description: c.Description, of: c}
	if costs := c.world.server.costs(amount, c.Currency); costs > 0 {
		e.fees = append(e.fees, charged{amount: costs, kind: "stripe_fee"})
	}
	var fee *applicationFee
	switch {
	case c.ApplicationFeeAmount <= 0:
	case c.Destination != "":
		fee = c.newFee(c.Destination)
	case c.world.name.account != PlatformAccount:
		fee = c.newFee(c.world.name.account)
		e.fees = append(e.fees, charged{amount: fee.amount, kind: kindFee})
	}
	c.txn = c.world.post(e)
	if c.Destination != "" {
		c.sendOn(fee)
	}
	if fee != nil {
		fee.earn(c)
	}
}

// publishShares tells what the charge has given to others, once it is booked.
func (c *charge) publishShares() {
	if t := c.world.transfers[c.Transfer]; t != nil {
		c.world.publish("transfer.created", t.show(), nil)
	}
	platform := c.world.connected(PlatformAccount)
	if f := platform.fees[c.feeID]; f != nil {
		platform.publish("application_fee.created", f.show(), nil)
	}
}

// sendOn transfers the money of a destination charge to the connected account.
func (c *charge) sendOn(fee *applicationFee) {
	amount := c.AmountCaptured
	if c.transferAmount > 0 {
		amount = min(c.transferAmount, amount)
	}
	t := c.world.newTransfer(Transfer{ID: c.Transfer, Amount: amount, Currency: c.Currency, Destination: c.Destination,
		SourceTransaction: c.id, TransferGroup: c.transferGroup}, fee)
	c.Transfer = t.ID
}

// counted changes how much of the charge is refunded.
func (c *charge) counted(amount int64) {
	c.AmountRefunded += amount
	c.Refunded = c.AmountRefunded == c.refundable()
}

func (c *charge) show() object {
	o := object{
		"id": c.id, "object": kindCharge, "amount": c.Amount, "amount_captured": c.AmountCaptured,
		"amount_refunded": c.AmountRefunded, "application": nil, "application_fee": nil,
		"application_fee_amount":          nil,
		"balance_transaction":             nil,
		"billing_details":                 c.billing(),
		"calculated_statement_descriptor": c.calculatedDescriptor(),
		"captured":                        c.captured && c.Status == "succeeded", "created": c.at.second, "currency": c.Currency,
		"customer":                    linkTo(kindCustomer, c.Customer),
		"description":                 orNull(c.Description),
		"destination":                 linkTo(kindAccount, c.Destination),
		"dispute":                     nil,
		"disputed":                    c.Disputed,
		"failure_balance_transaction": nil, "failure_code": orNull(c.failure), "failure_message": nil,
		"fraud_details": object{}, "livemode": c.world.name.live, "metadata": c.Metadata,
		"order": nil, "outcome": c.outcome(), "paid": c.Status == "succeeded",
		"payment_intent":         linkTo(kindIntent, c.PaymentIntent),
		"payment_method":         orNull(c.method.id),
		"payment_method_details": c.methodDetails(),
		"radar_options":          object{},
		"receipt_email":          orNull(c.ReceiptEmail), "receipt_number": nil,
		"receipt_url": c.receiptURL(),
		"refunded":    c.Refunded, "review": nil, "source": c.sourceCard(), "source_transfer": linkTo(kindTransfer, c.sourceTransfer),
		"status": c.Status, "transfer_data": nil,
	}
	c.addTo(o)
	c.addLinks(o)
	return o
}

// addLinks adds what not every charge has.
func (c *charge) addLinks(o object) {
	if c.ApplicationFeeAmount > 0 {
		o["application_fee_amount"] = c.ApplicationFeeAmount
	}
	if !c.unlinked {
		o["balance_transaction"] = linkTo(kindTransaction, c.txn)
		o["application_fee"] = linkTo(kindFee, c.fee())
	}
	if c.dispute != nil {
		o["dispute"] = link{kindDispute, c.dispute.id}
	}
	if c.failure != "" {
		o["failure_message"] = "The card was declined."
	}
	if c.Transfer != "" && !c.unlinked {
		o["transfer"] = linkTo(kindTransfer, c.Transfer)
	}
	if c.Transfer != "" || c.Destination != "" {
		o["transfer_data"] = c.transferData(c.Destination)
	}
}

// transferData names the connected account that gets the money, and how much.
func (p particulars) transferData(recipient string) object {
	o := object{"amount": nil, "destination": linkTo(kindAccount, recipient)}
	if p.transferAmount > 0 {
		o["amount"] = p.transferAmount
	}
	return o
}

// fee is the id of the application fee, empty if there is none.
func (c *charge) fee() string {
	if c.ApplicationFeeAmount == 0 || c.txn == "" {
		return ""
	}
	return orElse(c.feeID, "fee_"+tail(c.id))
}

// holds reports whether the charge is authorized and can be captured.
func (c *charge) holds() bool {
	return c.Status == "succeeded" && !c.captured && !c.released && !c.Refunded
}

// riskScore is what Stripe Radar thinks of every payment here.
const riskScore = int64(12)

func (c *charge) outcome() object {
	if c.Status == "failed" {
		return c.refusedOutcome()
	}
	return object{"advice_code": nil, "network_advice_code": nil, "network_decline_code": nil,
		"network_status": "approved_by_network", "reason": nil, "risk_level": c.method.riskLevel(), "risk_score": riskScore,
		"seller_message": "Payment complete.", "type": "authorized"}
}

func billingDetails(email string) object {
	return object{
		"address": object{"city": nil, "country": nil, "line1": nil, "line2": nil, "postal_code": nil, "state": nil},
		"email":   orNull(email), "name": nil, "phone": nil, "tax_id": nil,
	}
}

// tail returns an id without its prefix.
func tail(id string) string {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i] == '_' {
			return id[i+1:]
		}
	}
	return id
}

// showRefunds is the list that expand puts into a charge.
func (c *charge) showRefunds() object {
	items, more := c.refunds.page(window{limit: 10, to: 1 << 62}, nil)
	return object{"object": "list", "data": showAll(items), "has_more": more,
		"total_count": int64(len(c.refunds.items)), "url": "/v1/charges/" + c.id + "/refunds"}
}
