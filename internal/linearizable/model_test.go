package linearizable

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// books is one charge with everything that hangs on it, as Stripe documents it, and
// as if there were never more than one request at a time. A books is never changed:
// what changes it makes another.
type books struct {
	terms
	refunds map[string]refund // by the reference in their metadata
	keys    map[string]use
}

// terms are what stays the same.
type terms struct {
	charge, intent string
	amount         int64
	begins         string // status of a new refund
}

type refund struct {
	amount         int64
	status, reason string
	a, b           string // metadata
}

// use is what an idempotency key was used for.
type use struct {
	request string
	want    outcome
	first   string // id and body of the first answer; empty as long as nobody has seen one
}

// outcome is what matters of an answer. Two are compared with ==.
type outcome struct {
	status            int
	kind, code, param string
	refund            seen
	refunded          int64 // amount_refunded of the charge
	whole             bool  // refunded of the charge
	list              string
}

// seen is a refund as an answer shows it.
type seen struct {
	ref, charge, intent string
	refund
}

func (o outcome) stored() bool {
	return o.status != http.StatusNotFound && o.status != http.StatusTooManyRequests
}

func equalBooks(x, y *books) bool {
	return x == y || maps.Equal(x.refunds, y.refunds) && maps.Equal(x.keys, y.keys)
}

// counted is the amount of the refunds that have not failed and were not canceled.
func (b *books) counted() (sum int64) {
	for _, r := range b.refunds {
		if r.status != "failed" && r.status != "canceled" {
			sum += r.amount
		}
	}
	return sum
}

func (b *books) with(ref string, r refund) *books {
	next := *b
	next.refunds = map[string]refund{}
	maps.Copy(next.refunds, b.refunds)
	next.refunds[ref] = r
	return &next
}

func (b *books) show(ref string) outcome {
	return outcome{status: http.StatusOK, refund: seen{ref, b.charge, b.intent, b.refunds[ref]}}
}

func (b *books) showCharge() outcome {
	return outcome{status: http.StatusOK, refunded: b.counted(), whole: b.counted() == b.amount}
}

func (b *books) showList() outcome {
	var lines []string
	for ref, r := range b.refunds {
		lines = append(lines, seen{ref, b.charge, b.intent, r}.line())
	}
	slices.Sort(lines)
	return outcome{status: http.StatusOK, list: strings.Join(lines, "\n")}
}

func (s seen) line() string {
	return strings.Join([]string{s.ref, s.charge, s.intent, strconv.FormatInt(s.amount, 10), s.status, s.reason, s.a, s.b}, " ")
}

func refusal(status int, code, param string) outcome {
	return outcome{status: status, kind: "invalid_request_error", code: code, param: param}
}

// step is one call, and whether it can be answered as it was.
func (b *books) step(c *call) (bool, *books) {
	used, there := b.keys[c.key]
	switch {
	case c.isInvalid():
		return c.lost || c.got == refusal(http.StatusBadRequest, "parameter_invalid_integer", "amount"), b
	case c.replayed && there && used.first == "" && !c.lost:
		used.first = c.first()
		return used.request == c.request() && used.want == c.got, b.withKey(c.key, used)
	case c.replayed:
		return there && used.request == c.request() && used.want == c.got && used.first == c.first(), b
	case c.isMisuse():
		return there && used.request != c.request(), b
	case there:
		return c.lost, b // if the answer is lost it may have been any of those
	}
	next, want := b.do(c)
	if c.key != "" && want.stored() {
		next = next.withKey(c.key, use{c.request(), want, c.first()})
	}
	return c.lost || c.got == want, next
}

func (b *books) withKey(key string, u use) *books {
	next := *b
	next.keys = map[string]use{key: u}
	for k, other := range b.keys {
		if k != key {
			next.keys[k] = other
		}
	}
	return &next
}

// do does what a call asks for, and says how it is answered.
func (b *books) do(c *call) (*books, outcome) {
	switch c.fault {
	case lockTimeout:
		return b, refusal(http.StatusTooManyRequests, "lock_timeout", "")
	case errorBefore:
		return b, outcome{status: http.StatusInternalServerError, kind: "api_error"}
	case errorAfter:
		next, _ := b.work(c)
		return next, outcome{status: http.StatusInternalServerError, kind: "api_error"}
	}
	return b.work(c)
}

func (b *books) work(c *call) (*books, outcome) {
	switch c.what {
	case create:
		return b.create(c)
	case retrieve:
		return b, b.show(c.target)
	case showCharge:
		return b, b.showCharge()
	case list:
		return b, b.showList()
	case nowhere:
		return b, refusal(http.StatusNotFound, "resource_missing", "refund")
	case update:
		r := b.refunds[c.target]
		if c.form.Has("metadata[a]") {
			r.a = c.form.Get("metadata[a]")
		} else {
			r.b = c.form.Get("metadata[b]")
		}
		next := b.with(c.target, r)
		return next, next.show(c.target)
	}
	return b.move(c)
}

func (b *books) create(c *call) (*books, outcome) {
	left := b.amount - b.counted()
	amount := left
	if c.form.Has("amount") {
		amount, _ = strconv.ParseInt(c.form.Get("amount"), 10, 64)
	}
	switch {
	case left == 0:
		return b, refusal(http.StatusBadRequest, "charge_already_refunded", "")
	case amount > left:
		return b, refusal(http.StatusBadRequest, "", "amount")
	}
	ref := c.form.Get("metadata[ref]")
	next := b.with(ref, refund{amount: amount, status: b.begins})
	if c.showsCharge() {
		return next, next.showCharge()
	}
	return next, next.show(ref)
}

// move gives a refund another status, if it has one of those that this can begin with.
func (b *books) move(c *call) (*books, outcome) {
	table := map[what]struct {
		from, to, reason string
	}{
		cancel: {"requires_action", "canceled", "merchant_request"},
		expire: {"requires_action", "failed", "unknown"},
		settle: {"pending", "succeeded", ""},
		fail:   {"pending requires_action succeeded", "failed", "declined"},
		submit: {"requires_action", "pending", ""},
	}
	r, row := b.refunds[c.target], table[c.what]
	if !slices.Contains(strings.Fields(row.from), r.status) {
		return b, refusal(http.StatusBadRequest, "", "")
	}
	r.status, r.reason = row.to, row.reason
	next := b.with(c.target, r)
	if c.method == "" {
		return next, outcome{status: http.StatusOK}
	}
	return next, next.show(c.target)
}
