package refundtest

import "sync"

const (
	endpointLimit = 25
	testLimit     = 25
	liveLimit     = 100
)

// rateLimiter counts requests in seconds of the server's clock.
type rateLimiter struct {
	on     bool
	mu     sync.Mutex
	second int64
	counts map[limitKey]int
}

type limitKey struct {
	world    worldName
	endpoint string // empty for all together
}

func (l *rateLimiter) count(x *exchange) *refusal {
	if !l.on {
		return nil
	}
	second := x.server.Now().Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	if second != l.second || l.counts == nil {
		l.second, l.counts = second, map[limitKey]int{}
	}
	name, overall := x.world.name, testLimit
	if name.live {
		overall = liveLimit
	}
	endpoint := limitKey{name, x.route.method + " " + x.route.template}
	if l.counts[endpoint] >= endpointLimit {
		return rateLimited("endpoint-rate", name.live)
	}
	if l.counts[limitKey{world: name}] >= overall {
		return rateLimited("global-rate", name.live)
	}
	l.counts[endpoint]++
	l.counts[limitKey{world: name}]++
	return nil
}

// chargeLocks knows which charges are being worked on.
type chargeLocks struct {
	on   bool
	mu   sync.Mutex
	held map[string]*exchange
}

// take reports whether x may work on its charge.
func (l *chargeLocks) take(x *exchange) bool {
	if !l.on {
		return true
	}
	charge := x.chargeAtWork()
	if charge == "" {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[string]*exchange{}
	}
	if l.held[charge] != nil {
		return false
	}
	l.held[charge] = x
	return true
}

func (l *chargeLocks) release(x *exchange) {
	if !l.on {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for charge, holder := range l.held {
		if holder == x {
			delete(l.held, charge)
		}
	}
}

// chargeAtWork returns the charge, the transfer or the fee that a request is going to change.
func (x *exchange) chargeAtWork() string {
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	id := x.args["charge"]
	if id == "" {
		id = x.params.text("charge")
	}
	if intent := x.world.intents[x.params.text("payment_intent")]; id == "" && intent != nil {
		id = intent.latestCharge
	}
	if refund := x.world.refunds[x.args["refund"]]; id == "" && refund != nil && refund.charge != nil {
		id = refund.charge.id
	}
	return orElse(id, orElse(x.args["transfer"], x.args["fee"]))
}
