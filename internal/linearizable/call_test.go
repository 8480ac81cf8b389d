package linearizable

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one thing that a client does, and what came of it.
type call struct {
	what         what
	method, path string
	form         url.Values
	key          string
	target       string // reference of the refund it is about
	fault        string

	client       int
	begun, ended int64 // by a counter that all clients share
	*answer
}

type what string

const (
	create     what = "create"
	update     what = "update"
	cancel     what = "cancel"
	expire     what = "expire"
	nowhere    what = "unknown" // a refund that there is not
	retrieve   what = "retrieve"
	showCharge what = "charge"
	list       what = "list"

	// What the bank or the customer does, by a method of the fake.
	settle what = "settle"
	fail   what = "fail"
	submit what = "submit details"
)

// Faults, as a header of the request asks for them.
const (
	slow        = "slow"
	slowAfter   = "slow after"
	lostBefore  = "lost before"
	lostAfter   = "lost after"
	errorBefore = "500 before"
	errorAfter  = "500 after"
	lockTimeout = "lock timeout"
)

// answer is what a client got.
type answer struct {
	got       outcome
	lost      bool
	replayed  bool
	id        string // of the request that was first answered like this
	requestID string
	body      string
	shown     []object // refunds, newest first
}

// request is what a key is held against.
func (c *call) request() string { return c.path + "?" + c.form.Encode() }

// showsCharge says whether a refund is answered with its charge.
func (c *call) showsCharge() bool { return strings.HasSuffix(c.path, "/refund") }

// isInvalid says whether a call is refused while it is read, whatever the books are.
func (c *call) isInvalid() bool { return c.form.Get("amount") == "0" }

func (a *answer) isInUse() bool {
	return a.got == outcome{status: http.StatusConflict, kind: "idempotency_error", code: "idempotency_key_in_use"}
}

// isMisuse says whether the key was used for something else before.
func (a *answer) isMisuse() bool {
	return a.got == outcome{status: http.StatusBadRequest, kind: "idempotency_error"}
}

// first is what must be the same for every answer with the same key.
func (a *answer) first() string {
	if a.lost {
		return ""
	}
	return a.id + "\n" + a.body
}

// kind is what the calls are counted by.
func (c *call) kind() string {
	switch {
	case c.lost:
		return "lost"
	case c.replayed:
		return "replay"
	case c.isInUse():
		return "409"
	case c.isMisuse():
		return "other request"
	case c.got.status == http.StatusTooManyRequests || c.got.status == http.StatusInternalServerError:
		return "failed"
	case c.got.status == http.StatusOK:
		return string(c.what)
	}
	return "no " + string(c.what)
}

func (c *call) String() string {
	form, _ := url.QueryUnescape(c.form.Encode())
	text := fmt.Sprintf("%d-%d client %d: %s %s %s %s", c.begun, c.ended, c.client, c.what, c.target, c.path, form)
	if c.key != "" {
		text += " key '" + c.key + "'"
	}
	if c.fault != "" {
		text += " [" + c.fault + "]"
	}
	if c.lost {
		return text + " -> lost"
	}
	text += fmt.Sprintf(" -> %d", c.got.status)
	if c.replayed {
		text += " replayed"
	}
	switch o := c.got; {
	case o.kind != "":
		return text + " " + strings.TrimSpace(o.kind+" "+o.code+" "+o.param)
	case c.what == showCharge || c.showsCharge():
		return fmt.Sprintf("%s %d refunded, %t", text, o.refunded, o.whole)
	case c.what == list:
		return text + " [" + strings.ReplaceAll(o.list, "\n", ", ") + "]"
	}
	return text + " " + c.got.refund.line()
}

// object is what is read of an answer's body.
type object struct {
	Object         string            `json:"object"`
	ID             string            `json:"id"`
	Amount         int64             `json:"amount"`
	Status         string            `json:"status"`
	FailureReason  string            `json:"failure_reason"`
	Metadata       map[string]string `json:"metadata"`
	Charge         string            `json:"charge"`
	PaymentIntent  string            `json:"payment_intent"`
	AmountRefunded int64             `json:"amount_refunded"`
	Refunded       bool              `json:"refunded"`
	HasMore        bool              `json:"has_more"`
	Data           []object          `json:"data"`
	Error          struct {
		Type  string `json:"type"`
		Code  string `json:"code"`
		Param string `json:"param"`
	} `json:"error"`
}

func (o object) seen() seen {
	return seen{o.Metadata["ref"], o.Charge, o.PaymentIntent,
		refund{o.Amount, o.Status, o.FailureReason, o.Metadata["a"], o.Metadata["b"]}}
}

// send sends a call, and reads its answer.
func (c *call) send(client *http.Client) (*answer, error) {
	address := "https://api.stripe.com" + c.path
	var body io.Reader
	if c.method == http.MethodPost {
		body = strings.NewReader(c.form.Encode())
	} else if len(c.form) > 0 {
		address += "?" + c.form.Encode()
	}
	request, err := http.NewRequest(c.method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer sk_test_linearizable")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set(faultHeader, c.fault)
	if c.key != "" {
		request.Header.Set("Idempotency-Key", c.key)
	}
	response, err := client.Do(request)
	if err != nil && (c.fault == lostBefore || c.fault == lostAfter) {
		return &answer{lost: true}, nil
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return read(response)
}

func read(response *http.Response) (*answer, error) {
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{body: string(raw), replayed: response.Header.Get("Idempotent-Replayed") == "true",
		id: response.Header.Get("Original-Request"), requestID: response.Header.Get("Request-Id")}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	a.got = outcome{status: response.StatusCode, kind: o.Error.Type, code: o.Error.Code, param: o.Error.Param}
	switch o.Object {
	case "refund":
		a.got.refund, a.shown = o.seen(), []object{o}
	case "charge":
		a.got.refunded, a.got.whole = o.AmountRefunded, o.Refunded
	case "list":
		if o.HasMore {
			return nil, fmt.Errorf("more refunds than a page has")
		}
		a.shown = o.Data
		var lines []string
		for _, r := range o.Data {
			lines = append(lines, r.seen().line())
		}
		slices.Sort(lines)
		a.got.list = strings.Join(lines, "\n")
	}
	return a, nil
}
