package refundtest

// Kinds of objects, as they name themselves.
const (
	kindRefund      = "refund"
	kindCharge      = "charge"
	kindIntent      = "payment_intent"
	kindTransaction = "balance_transaction"
	kindRecord      = "payment_record"
	kindEvent       = "event"
	kindReversal    = "transfer_reversal"
	kindCustomer    = "customer"
	kindMethod      = "payment_method"
	kindDispute     = "dispute"
	kindFee         = "application_fee"
	kindTransfer    = "transfer"
	kindAccount     = "account"
	kindToken       = "token"
	kindCard        = "card"
	kindSession     = "checkout.session"
	kindBalance     = "balance"
	kindFeeRefund   = "fee_refund"
)

type worldName struct {
	account string
	live    bool
}

// A World is everything that one account has in one mode: nothing in it can be
// seen or changed from another. Its methods do what a program cannot do over the
// API: what the bank, the customer, the clock and a person in Stripe's Dashboard
// do.
type World struct {
	server *Server
	name   worldName

	charges      map[string]*charge
	intents      map[string]*intent
	refunds      map[string]*refund
	transactions map[string]*transaction
	records      map[string]*paymentRecord
	events       map[string]*event
	keys         map[string]*keptKey
	sweepKeysAt  int                // when so many keys are kept
	disputes     map[string]*charge // by the id of the dispute
	customers    map[string]*customer
	methods      map[string]*savedMethod
	tokens       map[string]*token
	cards        map[string]*card // of the older API
	sessions     map[string]*checkoutSession
	transfers    map[string]*transfer
	reversals    map[string]*reversal
	fees         map[string]*applicationFee
	feeRefunds   map[string]*feeRefund

	allCharges      timeline[*charge]
	allIntents      timeline[*intent]
	allRefunds      timeline[*refund]
	allEvents       timeline[*event]
	allTransactions timeline[*transaction]
	allCustomers    timeline[*customer]
	allSessions     timeline[*checkoutSession]
	allTransfers    timeline[*transfer]
	allFees         timeline[*applicationFee]

	ledger           map[string]int64 // sum of all balance transactions, net of fees, by currency
	available        map[string]int64 // by currency; absent: without limit
	cash             map[cashName]int64
	waiting          []*refund // for an available balance, oldest first
	refundReferences map[string]bool
}

// Account returns the test-mode world of a connected account, which is created
// when it is first asked for. Requests reach it with the Stripe-Account
// header; for an account that was never asked for they are answered with 403.
func (s *Server) Account(id string) *World {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worldLocked(worldName{account: id, live: true})
	return s.worldLocked(worldName{account: id})
}

// Live returns what the same account has in live mode.
func (w *World) Live() *World {
	return w.server.world(worldName{account: w.name.account, live: true})
}

// AccountID returns the id of the account, acct_... .
func (w *World) AccountID() string { return w.name.account }

func (s *Server) world(name worldName) *World {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worldLocked(name)
}

func (s *Server) worldLocked(name worldName) *World {
	if w := s.worlds[name]; w != nil {
		return w
	}
	w := &World{
		server: s, name: name,
		charges: map[string]*charge{}, intents: map[string]*intent{}, refunds: map[string]*refund{},
		transactions: map[string]*transaction{}, records: map[string]*paymentRecord{}, events: map[string]*event{},
		keys: map[string]*keptKey{}, disputes: map[string]*charge{}, ledger: map[string]int64{}, available: map[string]int64{},
		cash: map[cashName]int64{}, refundReferences: map[string]bool{},
		transfers: map[string]*transfer{}, reversals: map[string]*reversal{}, fees: map[string]*applicationFee{},
		feeRefunds: map[string]*feeRefund{},
	}
	s.worlds[name] = w
	return w
}

// lookup shows the object that a link names, or nil.
func (w *World) lookup(to link) object {
	switch to.kind {
	case kindCharge:
		if c := w.charges[to.id]; c != nil {
			return c.show()
		}
	case kindIntent:
		if p := w.intents[to.id]; p != nil {
			return p.show()
		}
	case kindRefund:
		if r := w.refunds[to.id]; r != nil {
			return r.show()
		}
	case kindTransaction:
		if t := w.transactions[to.id]; t != nil {
			return t.show(w.server.instant())
		}
	case kindCustomer:
		if c := w.customers[to.id]; c != nil {
			return c.show()
		}
	case kindCard:
		if c := w.cards[to.id]; c != nil {
			return c.show()
		}
	case kindMethod:
		if m := w.methods[to.id]; m != nil {
			return m.show()
		}
	}
	if d := w.disputes[to.id]; d != nil {
		return d.showDispute()
	}
	if found := w.lookupShared(to); found != nil {
		return found
	}
	// What is not simulated is shown with what is known of it.
	return object{"id": to.id, "object": to.kind}
}

// lookupShared shows what a platform and its connected accounts share: transfers,
// fees, and the payments that are on the other side. It is nil if there is none.
func (w *World) lookupShared(to link) object {
	for _, other := range w.server.worlds {
		if other.name.live != w.name.live {
			continue
		}
		if found := other.find(to.id); found != nil {
			return found.show()
		}
	}
	return nil
}

// find returns what in this world can be linked to from another one.
func (w *World) find(id string) shown {
	if t := w.transfers[id]; t != nil {
		return t
	}
	if r := w.reversals[id]; r != nil {
		return r
	}
	if f := w.fees[id]; f != nil {
		return f
	}
	if r := w.feeRefunds[id]; r != nil {
		return r
	}
	if c := w.charges[id]; c != nil && (c.sourceTransfer != "" || c.feeID != "") {
		return c
	}
	if r := w.refunds[id]; r != nil && r.transferBackFrom != "" {
		return r
	}
	return nil
}
