package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-mock/spec"
)

// sampler makes documents that have every property of a schema, each with a
// value that no other has.
type sampler struct {
	t    *testing.T
	last int64
}

// detailedKind is the kind of destination details in a sample: it has the most
// properties.
const detailedKind = "card"

// sample makes a document for p. Links are IDs in it, not objects.
func sample(t *testing.T, p property, path string) map[string]any {
	t.Helper()
	document, ok := (&sampler{t: t, last: 1000}).value(p, path).(map[string]any)
	require.True(t, ok, "%s is not an object", path)
	return document
}

func (s *sampler) value(p property, path string) any {
	s.t.Helper()
	if expansions(s.t, p) != nil {
		return "id of " + path
	}
	p = resolve(s.t, p)
	switch p.schema.Type {
	case spec.TypeString:
		if len(p.schema.Enum) == 1 {
			return p.schema.Enum[0] // a constant, such as object
		}
		return "value of " + path
	case spec.TypeInteger:
		s.last++
		return s.last
	case spec.TypeNumber:
		s.last++
		return float64(s.last) + 0.5
	case spec.TypeBoolean:
		return true
	case spec.TypeArray:
		return []any{s.value(property{schema: p.schema.Items}, path+".0")}
	case spec.TypeObject:
		return s.object(p, path)
	}
	require.Fail(s.t, "the specification has a new shape", "%s: %s", path, p.schema)
	return nil
}

func (s *sampler) object(p property, path string) any {
	s.t.Helper()
	if p.name == destinationDetails {
		return s.destination(p, detailedKind, path)
	}
	document := make(map[string]any)
	if len(p.schema.Properties) == 0 && p.schema.AdditionalPropertiesAllowed {
		document["key"] = "value of " + path + ".key"
	}
	found := properties(s.t, p)
	for _, name := range sortedNames(found) {
		document[name] = s.value(found[name], path+"."+name)
	}
	return document
}

// destinationDetails is the one schema of which a document has but two
// properties: type, and the one that type names.
const destinationDetails = "refund_destination_details"

func (s *sampler) destination(p property, kind, path string) map[string]any {
	s.t.Helper()
	details := resolve(s.t, property{schema: p.schema.Properties[kind]})
	document := map[string]any{}
	for _, name := range sortedNames(details.schema.Properties) {
		document[name] = s.value(property{schema: details.schema.Properties[name]}, path+"."+kind+"."+name)
	}
	return map[string]any{"type": kind, kind: document}
}

// leaves flattens a JSON value: a path to each string, number, bool and null,
// and to each empty object or list.
func leaves(t *testing.T, value any, path string) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return leavesOf(t, encoded, path)
}

func leavesOf(t *testing.T, encoded []byte, path string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber() // keeps 1 apart from 1.0
	var value any
	require.NoError(t, decoder.Decode(&value))
	found := make(map[string]any)
	collect(value, path, found)
	return found
}

// empty stands for an object or a list without anything in it.
type empty string

func collect(value any, path string, found map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			collect(member, path+"."+name, found)
		}
		value = empty("object")
		if len(v) > 0 {
			return
		}
	case []any:
		for i, item := range v {
			collect(item, fmt.Sprintf("%s.%d", path, i), found)
		}
		value = empty("list")
		if len(v) > 0 {
			return
		}
	}
	found[path] = value
}

// compare fails, in a subtest named after the property, for each leaf of want
// that is missing in got or has another value or kind there.
func compare(t *testing.T, want, got map[string]any) {
	t.Helper()
	for _, path := range sortedNames(want) {
		t.Run(path, func(t *testing.T) {
			if problem := difference(path, want, got); problem != "" {
				t.Error(problem)
			}
		})
	}
}

func difference(path string, want, got map[string]any) string {
	value, ok := got[path]
	switch {
	case !ok:
		return path + " is missing in our type: it was lost between decoding and encoding"
	case value != want[path]:
		return fmt.Sprintf("%s came back as %#v, not as %#v", path, value, want[path])
	}
	return ""
}

func TestDifference(t *testing.T) {
	want := leavesOf(t, []byte(`{"amount": 5, "fee": [], "charge": {"id": "ch_1"}}`), "refund")
	for name, test := range map[string]struct {
		got  string
		path string
	}{
		"a missing property": {`{"fee": [], "charge": {"id": "ch_1"}}`, "refund.amount"},
		"another name":       {`{"Amount": 5, "fee": [], "charge": {"id": "ch_1"}}`, "refund.amount"},
		"another value":      {`{"amount": 6, "fee": [], "charge": {"id": "ch_1"}}`, "refund.amount"},
		"another kind":       {`{"amount": "5", "fee": [], "charge": {"id": "ch_1"}}`, "refund.amount"},
		"a float":            {`{"amount": 5.0, "fee": [], "charge": {"id": "ch_1"}}`, "refund.amount"},
		"null for a list":    {`{"amount": 5, "fee": null, "charge": {"id": "ch_1"}}`, "refund.fee"},
		"an ID":              {`{"amount": 5, "fee": [], "charge": "ch_1"}`, "refund.charge.id"},
	} {
		t.Run(name, func(t *testing.T) {
			got := leavesOf(t, []byte(test.got), "refund")
			for path := range want {
				if problem := difference(path, want, got); path == test.path {
					require.NotEmpty(t, problem, path)
				} else {
					require.Empty(t, problem, path)
				}
			}
		})
	}
}
