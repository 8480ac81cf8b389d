package refundtest

import "time"

// Chaos makes everything go wrong that a client must survive, with the given
// probability for each request, 0 to 1: refused, dropped and slow connections,
// answers of proxies, stored errors of the API with the work done, undone and
// done later, broken bodies, limits, locks, keys in use, a redirect and a
// refused key. What happens to the nth request depends on the seed alone.
//
// The work that a stored error leaves for later is done a second of the
// server's clock later: advance the clock before concluding that a refund is
// not there. One fault in 500 is an endless body, because a client reads so
// much of it.
//
// Further faults, such as [ForeignRefusals], come up as often as those. When they
// happen is decided by the mixture: what On, When, Times and their like say of
// them has no effect.
func Chaos(seed uint64, probability float64, more ...Fault) Fault {
	f := Fault{name: "chaos", mix: newMixture(more)}.WithProbability(probability, seed)
	for _, further := range more {
		if problem := further.unfit(); problem != "" {
			return f.broken(problem)
		}
		if further.mix != nil {
			return f.broken("chaos cannot be part of chaos")
		}
	}
	return f
}

// ForeignRefusals are answers that say no with a status below 500 and are not
// Stripe's: of proxies that had handed the request on, of gateways of other
// vendors, of some that imitate Stripe, and a Stripe error that is cut off. Most
// come after the work, so that a client that believes them refunds twice. [Chaos]
// takes them as further faults.
func ForeignRefusals() []Fault {
	const imitation = `{"error":{"type":"invalid_request_error","message":"The gateway does not let this through."}}`
	return []Fault{
		AnswerHTML(400).AfterWork(), AnswerHTML(403).AfterWork(), AnswerHTML(404), AnswerHTML(404).AfterWork(), AnswerHTML(408).AfterWork(),
		AnswerEmpty(400).AfterWork(), AnswerEmpty(404).AfterWork(),
		AnswerJSON(404, `{"error":{"code":404}}`).AfterWork(), AnswerJSON(400, `{"error":{}}`).AfterWork(),
		AnswerJSON(400, imitation).AfterWork(), AnswerJSON(402, imitation), AnswerJSON(404, imitation).AfterWork(),
		AnswerError(400, invalidRequest, "charge_disputed", "").AfterWork().WithHeader("Request-Id", ""),
		AnswerError(400, invalidRequest, "", "amount").AfterWork().Truncated(),
	}
}

// mixture is many faults, of which one happens.
type mixture struct {
	faults  []*Fault
	endless *Fault
	dropped *Fault // for what happens in process only
}

func newMixture(more []Fault) *mixture {
	m := &mixture{}
	endless, dropped := EndlessBody(), DropConnection()
	m.endless, m.dropped = &endless, &dropped
	for _, f := range append([]Fault{
		RefuseConnection(), DropConnection(), DropConnection().AfterWork(),
		Delay(time.Millisecond), Delay(time.Millisecond).AfterWork(),
		AnswerHTML(502), AnswerHTML(503).WithHeader("Retry-After", "1"), AnswerHTML(504).AfterWork(),
		AnswerJSON(500, `{"error":{"type":"api_error","message":"The proxy could not reach the API."}}`),
		AnswerEmpty(503), AnswerEmpty(500).AfterWork(), AnswerHTML(200), AnswerEmpty(200).AfterWork(),
		ServerError(), ServerError().AfterWork(), ServerErrorDoneLater(time.Second),
		ServerError().WithHeader("Stripe-Should-Retry", "true"),
		CutBody(), BrokenJSON(), LockTimeout(), RateLimit("endpoint-rate"), RateLimit("global-concurrency"), KeyInUse(),
		Unauthorized(), Redirect(307, ""), AnswerHTML(403), AnswerHTML(429),
	}, more...) {
		m.faults = append(m.faults, &f)
	}
	return m
}

// pick returns what happens to the nth request.
func (m *mixture) pick(seed uint64, n int64, x *exchange) *Fault {
	number := scramble(scramble(seed^uint64(n)) + 1)
	if number%500 == 0 {
		return m.endless
	}
	f := m.faults[number/500%uint64(len(m.faults))]
	if f.inProcess && !x.inProcess {
		return m.dropped
	}
	return f
}

// drawn returns the nth number of the seed, at least 0 and less than 1.
func drawn(seed uint64, n int64) float64 {
	return float64(scramble(scramble(seed)+uint64(n))>>11) / (1 << 53)
}

// scramble is the finalizer of SplitMix64: numbers that differ little give
// numbers that differ much.
func scramble(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
