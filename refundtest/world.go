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

	allCharges      timeline[*charge]
	allIntents      timeline[*intent]
	allRefunds      timeline[*refund]
	allEvents       timeline[*event]
	allTransactions timeline[*transaction]
	allCustomers    timeline[*customer]
	allSessions     timeline[*checkoutSession]

	ledger           map[string]int64 // sum of all balance transactions, by currency
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
	// What is not simulated is shown with what is known of it.
	return object{"id": to.id, "object": to.kind}
}
