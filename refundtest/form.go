package refundtest

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxBody    = 1 << 20  // bytes
	maxDrained = 16 << 20 // bytes of a body that is too large, read so that the answer arrives
	maxParams  = 2000
	maxNest    = 8
)

// node is one parameter of a request: a value, or a hash or list of nodes.
type node struct {
	value    string
	leaf     bool
	names    []string // children in the order in which they came
	children map[string]*node
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	return n.children[name]
}

// text returns the value of a child, empty if it is not there.
func (n *node) text(path ...string) string {
	for _, name := range path {
		n = n.child(name)
	}
	if n == nil {
		return ""
	}
	return n.value
}

func (n *node) number(path ...string) int64 {
	value, _ := strconv.ParseInt(n.text(path...), 10, 64)
	return value
}

// texts returns the values of a list, nil if it is not there.
func (n *node) texts(name string) []string {
	list := n.child(name)
	if list == nil {
		return nil
	}
	values := make([]string, 0, len(list.names))
	for _, item := range list.names {
		values = append(values, list.children[item].value)
	}
	return values
}

// optional returns a pointer to the value of a child, nil if it is not there.
func (n *node) optional(name string) *string {
	if child := n.child(name); child != nil {
		return &child.value
	}
	return nil
}

func (n *node) optionalNumber(name string) *int64 {
	if !n.has(name) {
		return nil
	}
	number := n.number(name)
	return &number
}

func (n *node) has(name string) bool { return n.child(name) != nil }

// parseForm adds the parameters of an encoded query or body to root.
func parseForm(encoded string, root *node) *refusal {
	count := 0
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		if count++; count > maxParams {
			return invalid("", "", "The request has more than %d parameters.", maxParams)
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return invalid("", "", "The name of a parameter is not properly percent-encoded.")
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return invalid("", "", "The value of '%s' is not properly percent-encoded.", printable(name))
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return invalid("", "", "The parameters are not valid UTF-8.")
		}
		if refused := root.put(name, value); refused != nil {
			return refused
		}
	}
	return nil
}

func (n *node) put(name, value string) *refusal {
	path, ok := splitName(name)
	if !ok {
		return invalid(printable(name), "", "'%s' is not a well-formed parameter name.", printable(name))
	}
	at := n
	for _, step := range path {
		if at.leaf {
			return invalid(printable(name), "", "'%s' is sent both as a value and as a hash.", path[0])
		}
		at = at.grow(step)
	}
	if at.leaf || len(at.names) > 0 {
		return invalid(printable(name), "", "'%s' is sent more than once.", printable(name))
	}
	at.value, at.leaf = value, true
	return nil
}

func (n *node) grow(step string) *node {
	if step == "" { // a[]: the next item
		step = strconv.Itoa(len(n.names))
	}
	if next := n.children[step]; next != nil {
		return next
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	next := &node{}
	n.children[step] = next
	n.names = append(n.names, step)
	return next
}

// splitName splits a[b][] into a, b and the empty step.
func splitName(name string) ([]string, bool) {
	head, rest, nested := strings.Cut(name, "[")
	if head == "" || strings.Contains(head, "]") {
		return nil, false
	}
	path := []string{head}
	for nested {
		step, after, closed := strings.Cut(rest, "]")
		if !closed || strings.Contains(step, "[") || len(path) == maxNest {
			return nil, false
		}
		path = append(path, step)
		if after == "" {
			return path, true
		}
		if after[0] != '[' {
			return nil, false
		}
		rest = after[1:]
	}
	return path, true
}

// flatten returns the parameters as a form with bracketed names.
func (n *node) flatten() url.Values {
	form := url.Values{}
	n.flattenInto(form, "")
	return form
}

func (n *node) flattenInto(form url.Values, prefix string) {
	for _, name := range n.names {
		child, full := n.children[name], name
		if prefix != "" {
			full = prefix + "[" + name + "]"
		}
		if child.leaf {
			form.Set(full, child.value)
		}
		child.flattenInto(form, full)
	}
}

// printable shortens text of a request for a message.
func printable(s string) string {
	const limit = 100
	s = strings.ToValidUTF8(s, "?")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}

// readParams parses and checks the parameters of a request.
func (x *exchange) readParams() *refusal {
	if x.tooLarge {
		refused := invalid("", "", "The body is larger than %d bytes.", maxBody)
		refused.status = http.StatusRequestEntityTooLarge
		return refused
	}
	if refused := parseForm(x.request.URL.RawQuery, &x.params); refused != nil {
		return refused
	}
	if x.isPost() && len(x.body) > 0 {
		kind, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type"))
		if kind != formType {
			return invalid("", "", "The content type of a POST must be %s.", formType)
		}
		if refused := parseForm(string(x.body), &x.params); refused != nil {
			return refused
		}
	}
	if refused := checkParams(x.route.params, &x.params, ""); refused != nil {
		return refused
	}
	if refused := x.readExpand(); refused != nil {
		return refused
	}
	if x.keyed {
		return x.checkIdempotencyKey()
	}
	return nil
}
