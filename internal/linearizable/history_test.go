package linearizable

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

const faultHeader = "Linearizable-Fault"

// tick is what waiting is counted in, so that many clients wake up at the same time.
const tick = time.Millisecond

// history is what some clients do to some charges of one server.
type history struct {
	server  *refundtest.Server
	client  *http.Client
	charges []*charge
	time    atomic.Int64 // moves with every call and every answer
}

// charge is a charge with what the clients have seen of it.
type charge struct {
	terms
	salt uint64

	mu    sync.Mutex
	seen  []object          // refunds, in the order in which they were first seen
	known map[string]string // their ids by their references
	calls []*call
	wrong []string // what needs no order to be wrong
}

// newHistory makes a server with charges, and no client yet.
func newHistory(random *rand.Rand, charges int) *history {
	start := time.Now()
	h := &history{server: refundtest.New(refundtest.WithClock(func() time.Time {
		runtime.Gosched() // the server asks in the middle of its work, often with its lock held: let others come and wait
		return start
	}))}
	h.client = h.server.HTTPClient()
	begins := []struct {
		outcome refundtest.RefundOutcome
		status  string
	}{{refundtest.Succeeds, "succeeded"}, {refundtest.StaysPending, "pending"}, {refundtest.NeedsAction, "requires_action"}}
	for range charges {
		begin := begins[random.IntN(len(begins))]
		added := h.server.AddCharge(refundtest.Charge{Amount: 500 + random.Int64N(1500), OnRefund: begin.outcome, ReceiptEmail: "jenny@example.com"})
		h.charges = append(h.charges, &charge{salt: random.Uint64(), known: map[string]string{},
			terms: terms{charge: added.ID, intent: added.PaymentIntent, amount: added.Amount, begins: begin.status}})
	}
	for name, fault := range map[string]refundtest.Fault{
		slow:        refundtest.Delay(tick),
		slowAfter:   refundtest.Delay(tick).AfterWork(),
		lostBefore:  refundtest.DropConnection(),
		lostAfter:   refundtest.DropConnection().AfterWork(),
		errorBefore: refundtest.ServerError(),
		errorAfter:  refundtest.ServerError().AfterWork(),
		lockTimeout: refundtest.LockTimeout(),
	} {
		h.server.Inject(fault.Always().When(func(r refundtest.Request) bool { return r.Header.Get(faultHeader) == name }))
	}
	return h
}

// run lets the clients work, each one call after the other, and then looks at every
// charge once more.
func (h *history) run(seed uint64, clients, callsOfEach int) {
	var working sync.WaitGroup
	for n := range clients {
		working.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			for range callsOfEach {
				time.Sleep(time.Duration(random.IntN(3)) * tick)
				on := h.charges[random.IntN(len(h.charges))]
				c := on.draw(random)
				c.client = n
				h.do(on, c)
			}
		})
	}
	working.Wait()
	for _, on := range h.charges {
		h.do(on, &call{what: showCharge, method: http.MethodGet, path: "/v1/charges/" + on.charge})
		h.do(on, on.listing())
	}
}

// do does a call and writes it down.
func (h *history) do(on *charge, c *call) {
	c.begun = h.time.Add(1)
	var err error
	if c.method == "" {
		c.answer = h.move(c)
	} else {
		c.answer, err = c.send(h.client)
	}
	c.ended = h.time.Add(1)
	on.write(c, err)
}

// move does what the bank or the customer does. The refund is looked at by the calls
// that follow.
func (h *history) move(c *call) *answer {
	id := c.path
	err := map[what]func() error{
		settle: func() error { return h.server.Settle(id) },
		fail:   func() error { return h.server.Fail(id, "declined") },
		submit: func() error { return h.server.SubmitDetails(id) },
	}[c.what]()
	if err != nil {
		return &answer{got: refusal(http.StatusBadRequest, "", "")}
	}
	return &answer{got: outcome{status: http.StatusOK}}
}

func (on *charge) write(c *call, err error) {
	on.mu.Lock()
	defer on.mu.Unlock()
	if err != nil {
		on.wrong = append(on.wrong, fmt.Sprintf("%s %s: %v", c.method, c.path, err))
		return
	}
	if c.lost && c.fault == lostBefore {
		return // nothing was done
	}
	on.calls = append(on.calls, c)
	if c.method == http.MethodPost && !c.lost && !c.replayed && c.id != c.requestID {
		on.wrong = append(on.wrong, "Original-Request is of another request: "+c.String())
	}
	for _, r := range c.shown {
		ref := r.Metadata["ref"]
		if _, there := on.known[ref]; !there {
			on.known[ref] = r.ID
			on.seen = append(on.seen, r)
		}
		if on.known[ref] != r.ID {
			on.wrong = append(on.wrong, "there are two refunds of "+ref+": "+c.String())
		}
	}
}

// draw makes up a call.
func (on *charge) draw(random *rand.Rand) *call {
	kinds := []what{create, create, create, create, create, create, update, cancel, cancel, expire, expire,
		retrieve, showCharge, showCharge, list, settle, fail, submit, nowhere}
	kind := kinds[random.IntN(len(kinds))]
	id, ref := on.someRefund(random)
	switch kind {
	case create:
		return on.drawCreate(random)
	case showCharge:
		return &call{what: kind, method: http.MethodGet, path: "/v1/charges/" + on.charge}
	case list:
		return on.listing()
	case nowhere:
		return withFault(random, &call{what: kind, method: http.MethodPost, path: "/v1/refunds/re_1Nowhere/cancel", key: on.key(random, "")}, slow, slowAfter)
	}
	if id == "" {
		return on.drawCreate(random)
	}
	switch kind {
	case settle, fail, submit:
		return &call{what: kind, path: id, target: ref}
	case retrieve:
		path := []string{"/v1/refunds/" + id, "/v1/charges/" + on.charge + "/refunds/" + id}
		return &call{what: kind, method: http.MethodGet, path: path[random.IntN(2)], target: ref}
	case update:
		return on.drawUpdate(random, id, ref)
	}
	path := map[what]string{cancel: "/v1/refunds/" + id + "/cancel", expire: "/v1/test_helpers/refunds/" + id + "/expire"}[kind]
	return withFault(random, &call{what: kind, method: http.MethodPost, path: path, target: ref, key: on.key(random, ref+" "+string(kind))},
		anyFault()...)
}

func (on *charge) listing() *call {
	return &call{what: list, method: http.MethodGet, path: "/v1/refunds", form: url.Values{"charge": {on.charge}, "limit": {"100"}}}
}

func (on *charge) drawUpdate(random *rand.Rand, id, ref string) *call {
	path := []string{"/v1/refunds/" + id, "/v1/charges/" + on.charge + "/refunds/" + id}
	name := []string{"metadata[a]", "metadata[b]"}
	value := []string{"", "x", "y"}
	form := url.Values{name[random.IntN(2)]: {value[random.IntN(3)]}}
	c := &call{what: update, method: http.MethodPost, path: path[random.IntN(2)], target: ref, form: form, key: on.key(random, ref+" "+form.Encode())}
	return withFault(random, c, anyFault()...)
}

// drawCreate makes up a refund: mostly what other clients ask for with the same key,
// sometimes something else with that key, sometimes something without a key.
func (on *charge) drawCreate(random *rand.Rand) *call {
	key, ref, params := "", strconv.FormatUint(random.Uint64(), 36), random
	if random.IntN(4) > 0 {
		n := random.Uint64N(keys)
		key, ref = on.orderKey(n), strconv.FormatUint(n, 10)
		if random.IntN(8) > 0 {
			params = rand.New(rand.NewPCG(on.salt, n))
		}
	}
	form := url.Values{"metadata[ref]": {ref}}
	switch params.IntN(12) {
	case 0: // all that is left
	case 1:
		form.Set("amount", "0")
	case 2:
		form.Set("amount", strconv.FormatInt(on.amount+params.Int64N(2), 10))
	default:
		form.Set("amount", strconv.FormatInt(1+params.Int64N(on.amount/3), 10))
	}
	c := &call{what: create, method: http.MethodPost, form: form, key: key}
	switch params.IntN(4) {
	case 0:
		c.path = "/v1/charges/" + on.charge + "/refunds"
	case 1:
		c.path = "/v1/charges/" + on.charge + "/refund"
	case 2:
		c.path = "/v1/refunds"
		form.Set("charge", on.charge)
	default:
		c.path = "/v1/refunds"
		form.Set("payment_intent", on.intent)
	}
	return withFault(random, c, anyFault()...)
}

// keys is how many keys for creating refunds a charge has.
const keys = 8

func (on *charge) orderKey(n uint64) string { return on.charge + " " + strconv.FormatUint(n, 10) }

// key is one of the few that are used for one purpose, or for creating refunds, or none.
func (on *charge) key(random *rand.Rand, purpose string) string {
	switch random.IntN(8) {
	case 0, 1:
		return ""
	case 2:
		return on.orderKey(random.Uint64N(keys))
	}
	return on.charge + " " + purpose
}

// someRefund is one of those that the clients have seen, mostly a new one.
func (on *charge) someRefund(random *rand.Rand) (id, ref string) {
	on.mu.Lock()
	defer on.mu.Unlock()
	if len(on.seen) == 0 {
		return "", ""
	}
	r := on.seen[max(0, len(on.seen)-1-random.IntN(6))]
	return r.ID, r.Metadata["ref"]
}

// withFault lets something go wrong with every third call.
func withFault(random *rand.Rand, c *call, faults ...string) *call {
	if n := random.IntN(3 * len(faults)); n < len(faults) {
		c.fault = faults[n]
	}
	return c
}

func anyFault() []string {
	return []string{slow, slow, slowAfter, slowAfter, lostBefore, lostAfter, errorBefore, errorAfter, lockTimeout}
}

// checkLists wants every list to be the end of the one that was read last: newest
// first, and nothing vanishes.
func (on *charge) checkLists() {
	ids := func(c *call) (all []string) {
		for _, r := range c.shown {
			all = append(all, r.ID)
		}
		return all
	}
	last := ids(on.calls[len(on.calls)-1])
	for _, c := range on.calls {
		seen := ids(c)
		if c.what == list && (len(seen) > len(last) || !slices.Equal(last[len(last)-len(seen):], seen)) {
			on.wrong = append(on.wrong, "not what the last list ends with: "+c.String())
		}
	}
}
