package refundtest

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type paramKind int

const (
	anything paramKind = iota // taken as it comes; means nothing here
	text
	integer
	boolean
	choice
	metadata
	texts
	hash
	timeRange
)

// param is one parameter that an endpoint takes.
type param struct {
	name     string
	kind     paramKind
	required bool
	least    int64    // integer: smallest value, if positive is set
	positive bool     // integer: least counts
	values   []string // choice
	fields   []param  // hash
}

func must(p param) param { p.required = true; return p }

func textParam(name string) param { return param{name: name, kind: text} }

func integerParam(name string) param { return param{name: name, kind: integer} }

func amountParam(name string) param {
	return param{name: name, kind: integer, least: 1, positive: true}
}

func choiceParam(name string, values ...string) param {
	return param{name: name, kind: choice, values: values}
}

func hashParam(name string, fields ...param) param {
	return param{name: name, kind: hash, fields: fields}
}

// others lists parameters that are accepted and mean nothing here.
func others(names string) []param {
	var params []param
	for name := range strings.FieldsSeq(names) {
		params = append(params, param{name: name})
	}
	return params
}

var (
	expandParam   = param{name: "expand", kind: texts}
	metadataParam = param{name: "metadata", kind: metadata}
)

// checkParams refuses what an endpoint does not take.
func checkParams(params []param, n *node, prefix string) *refusal {
	if unknown := unknownNames(params, n, prefix); len(unknown) > 0 {
		if len(unknown) == 1 {
			return invalid(unknown[0], "parameter_unknown", "This endpoint does not know the parameter %s.", printable(unknown[0]))
		}
		return invalid(unknown[0], "parameter_unknown", "This endpoint does not know the parameters %s.",
			printable(strings.Join(unknown, ", ")))
	}
	for _, p := range params {
		full, child := nested(prefix, p.name), n.child(p.name)
		if child == nil {
			if p.required {
				return invalid(full, "parameter_missing", "The parameter %s is required.", full)
			}
			continue
		}
		if refused := p.check(child, full); refused != nil {
			return refused
		}
	}
	return nil
}

func nested(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "[" + name + "]"
}

func unknownNames(params []param, n *node, prefix string) []string {
	var unknown []string
	for _, name := range n.names {
		if !slices.ContainsFunc(params, func(p param) bool { return p.name == name }) {
			unknown = append(unknown, nested(prefix, name))
		}
	}
	return unknown
}

func (p param) check(n *node, full string) *refusal {
	switch p.kind {
	case metadata:
		return checkMetadata(n)
	case texts:
		return checkTexts(n, full)
	case hash:
		if n.leaf {
			return invalid(full, "", "%s is a hash, not a value.", full)
		}
		return checkParams(p.fields, n, full)
	case timeRange:
		return checkTimeRange(n, full)
	case anything:
		return nil
	}
	if !n.leaf {
		return invalid(full, "", "%s is a single value, not a hash or a list.", full)
	}
	if n.value == "" {
		return invalid(full, "parameter_invalid_empty", "%s is empty, and it cannot be unset: leave it out or give it a value.", full)
	}
	if p.kind == boolean {
		n.value = strings.ToLower(n.value) // stripe-python before 12.1 sends True
	}
	return p.checkValue(n.value, full)
}

func (p param) checkValue(value, full string) *refusal {
	switch p.kind {
	case integer:
		number, refused := checkInteger(value, full)
		if refused == nil && p.positive && number < p.least {
			return invalid(full, "parameter_invalid_integer", "%s must be at least %d.", full, p.least)
		}
		return refused
	case boolean:
		if value != "true" && value != "false" {
			return invalid(full, "", "%s is not a boolean: %s.", full, printable(value))
		}
	case choice:
		if !slices.Contains(p.values, value) {
			return invalid(full, "", "%s must be one of: %s.", full, strings.Join(p.values, ", "))
		}
	case text:
		if len(value) > 5000 {
			return invalid(full, "", "%s is longer than 5000 characters.", full)
		}
	}
	return nil
}

func checkInteger(value, full string) (int64, *refusal) {
	number, err := strconv.ParseInt(value, 10, 64)
	if err != nil || value[0] == '+' {
		return 0, invalid(full, "parameter_invalid_integer", "%s is not an integer: %s.", full, printable(value))
	}
	return number, nil
}

func checkTexts(n *node, full string) *refusal {
	if n.leaf {
		return invalid(full, "", "%s is a list: send %s[].", full, full)
	}
	for _, name := range n.names {
		if item := n.children[name]; !item.leaf || item.value == "" {
			return invalid(nested(full, name), "", "%s is a list of names.", full)
		}
	}
	return nil
}

func checkTimeRange(n *node, full string) *refusal {
	if n.leaf {
		if n.value == "" {
			return invalid(full, "parameter_invalid_empty", "%s is empty.", full)
		}
		_, refused := checkInteger(n.value, full)
		return refused
	}
	var bounds []param
	for _, name := range []string{"gt", "gte", "lt", "lte"} {
		bounds = append(bounds, integerParam(name))
	}
	return checkParams(bounds, n, full)
}

// checkMetadata holds the documented limits of metadata.
func checkMetadata(n *node) *refusal {
	if n.leaf {
		if n.value != "" {
			return invalid("metadata", "", "metadata is a hash.")
		}
		return nil
	}
	if len(n.names) > maxMetadata {
		return tooMuchMetadata(len(n.names))
	}
	for _, name := range n.names {
		value := n.children[name]
		if !value.leaf {
			return invalid("metadata", "", "The value of the metadata key %s is not text.", printable(name))
		}
		if utf8.RuneCountInString(name) > 40 {
			return invalid("metadata", "", "A metadata key has at most 40 characters: %s.", printable(name))
		}
		if utf8.RuneCountInString(value.value) > 500 {
			return invalid("metadata", "", "A metadata value has at most 500 characters; that of %s is longer.", printable(name))
		}
	}
	return nil
}

const maxMetadata = 50

func tooMuchMetadata(n int) *refusal {
	return invalid("metadata", "", "Metadata has at most %d keys; this would make %d.", maxMetadata, n)
}

// mergeMetadata returns old with the request's metadata laid over it.
func mergeMetadata(old map[string]string, n *node) (map[string]string, *refusal) {
	merged := map[string]string{}
	if n == nil || !n.leaf {
		for name, value := range old {
			merged[name] = value
		}
	}
	if n == nil {
		return merged, nil
	}
	for _, name := range n.names {
		if value := n.children[name].value; value != "" {
			merged[name] = value
		} else {
			delete(merged, name)
		}
	}
	if len(merged) > maxMetadata {
		return nil, tooMuchMetadata(len(merged))
	}
	return merged, nil
}

func listParams(more ...param) []param {
	return append(more, integerParam("limit"), textParam("starting_after"), textParam("ending_before"), expandParam)
}
