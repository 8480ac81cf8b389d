package refundtest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// String is the request on one line, such as
// POST /v1/refunds 200 key=order-1 replayed amount=500 charge=ch_1.
func (r Request) String() string {
	parts := r.headline()
	for _, name := range slices.Sorted(maps.Keys(r.Form)) {
		for _, value := range r.Form[name] {
			parts = append(parts, plain(name)+"="+plain(value))
		}
	}
	return hideSecrets(strings.Join(parts, " "))
}

// Format prints the request as text, whatever the verb: on one line, with %+v
// and %#v on several lines with the headers and the body.
func (r Request) Format(f fmt.State, verb rune) { format(f, verb, r, r.detail) }

func (r Request) headline() []string {
	parts := []string{r.Method, plain(r.Path)}
	if r.Status == 0 {
		parts = append(parts, "no answer")
	} else {
		parts = append(parts, strconv.Itoa(r.Status))
	}
	if r.IdempotencyKey != "" {
		parts = append(parts, "key="+plain(r.IdempotencyKey))
	}
	if r.Account != "" {
		parts = append(parts, "account="+plain(r.Account))
	}
	if r.Replayed {
		parts = append(parts, "replayed")
	}
	if r.Fault != "" {
		parts = append(parts, "fault="+strconv.Quote(r.Fault))
	}
	return parts
}

func (r Request) detail() string {
	var p paragraph
	p.line(0, strings.Join(r.headline(), " "))
	p.field("endpoint", r.Endpoint)
	p.field("request id", r.RequestID)
	p.time("time", r.Time)
	p.values("headers", r.Header, ": ")
	p.values("form", r.Form, "=")
	p.text("body", r.Body)
	return p.String()
}

// String is the event on one line, such as refund.created evt_1 of re_1.
func (e Event) String() string {
	return hideSecrets(plain(e.Type) + " " + plain(e.ID) + " of " + plain(e.ObjectID))
}

// Format prints the event as text, whatever the verb: on one line, with %+v and
// %#v on several lines with the body.
func (e Event) Format(f fmt.State, verb rune) { format(f, verb, e, e.detail) }

func (e Event) detail() string {
	var p paragraph
	p.line(0, e.String())
	e.addTo(&p)
	return p.String()
}

func (e Event) addTo(p *paragraph) {
	p.time("created", e.Created)
	p.field("live", strconv.FormatBool(e.Live))
	p.field("account", e.Account)
	p.field("request id", e.RequestID)
	p.field("idempotency key", e.IdempotencyKey)
	p.text("body", e.Body)
}

// String is the delivery on one line, such as
// refund.created evt_1 of re_1, attempt 1: 404 Not Found.
func (d Delivery) String() string {
	answer := strings.TrimSpace(strconv.Itoa(d.Status) + " " + http.StatusText(d.Status))
	if d.Err != nil {
		answer = "no answer, " + oneLine(d.Err.Error())
	}
	return hideSecrets(fmt.Sprintf("%s, attempt %d: %s", d.Event, d.Attempt, answer))
}

// Format prints the delivery as text, whatever the verb: on one line, with %+v
// and %#v on several lines with the event's body.
func (d Delivery) Format(f fmt.State, verb rune) { format(f, verb, d, d.detail) }

func (d Delivery) detail() string {
	var p paragraph
	p.line(0, d.String())
	p.time("time", d.Time)
	d.Event.addTo(&p)
	return p.String()
}

// format prints a value that has a text on one line and one on several.
func format(f fmt.State, verb rune, value fmt.Stringer, detail func() string) {
	switch {
	case verb == 'v' && (f.Flag('+') || f.Flag('#')):
		_, _ = io.WriteString(f, detail()) // fmt has nowhere to report it
	case verb == 'v', verb == 's', verb == 'q':
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), value.String())
	default:
		_, _ = fmt.Fprintf(f, "%%!%c(%T=%s)", verb, value, value)
	}
}

// paragraph is a text of several lines. Fields without a value are left out.
type paragraph struct{ b strings.Builder }

func (p *paragraph) String() string { return hideSecrets(strings.TrimSuffix(p.b.String(), "\n")) }

func (p *paragraph) line(depth int, text string) {
	p.b.WriteString(strings.Repeat("\t", depth) + text + "\n")
}

func (p *paragraph) field(name, value string) {
	if value != "" {
		p.line(1, name+" "+plain(value))
	}
}

func (p *paragraph) time(name string, at time.Time) {
	if !at.IsZero() {
		p.line(1, name+" "+at.Format(time.RFC3339Nano))
	}
}

func (p *paragraph) values(name string, values map[string][]string, between string) {
	if len(values) == 0 {
		return
	}
	p.line(1, name)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[key] {
			p.line(2, oneLine(key)+between+oneLine(value))
		}
	}
}

func (p *paragraph) text(name string, body []byte) {
	if len(body) == 0 {
		return
	}
	p.line(1, name)
	if !utf8.Valid(body) {
		p.line(2, strconv.Quote(string(body)))
		return
	}
	for line := range strings.Lines(string(body)) {
		p.line(2, oneLine(strings.TrimRight(line, "\r\n")))
	}
}

const longestPlain = 200 // characters of a value on the one line

// plain quotes a value that could be taken for more than one, and shortens it.
func plain(s string) string {
	if len(s) > longestPlain {
		s = strings.ToValidUTF8(s[:longestPlain], "") + "..."
	}
	if s == "" || strings.ContainsAny(s, " \"") {
		return strconv.Quote(s)
	}
	return oneLine(s)
}

// oneLine quotes a text that would not stay on its line.
func oneLine(s string) string {
	notShown := func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) && r != '\t' }
	if strings.ContainsFunc(s, notShown) {
		return strconv.Quote(s)
	}
	return s
}

var (
	keyInText    = regexp.MustCompile(`\b(sk|rk)_(test|live)_[A-Za-z0-9_]+`)
	secretInText = regexp.MustCompile(`\bwhsec_[A-Za-z0-9_]+`)
)

// hideSecrets masks API keys and webhook secrets.
func hideSecrets(text string) string {
	text = keyInText.ReplaceAllStringFunc(text, masked)
	return secretInText.ReplaceAllString(text, "whsec_***")
}
