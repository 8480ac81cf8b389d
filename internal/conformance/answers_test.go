package conformance

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// compareAnswer expects to find in our value all that the answer of stripe-mock
// has, but what is left out on purpose and what has no value. For some objects
// stripe-mock has no fixture and makes up one of zeros, which our types may omit.
func compareAnswer(t *testing.T, name string, body []byte, ours any) {
	t.Helper()
	encoded, err := json.Marshal(ours)
	require.NoError(t, err)
	var answer any
	require.NoError(t, json.Unmarshal(body, &answer))
	wanted := leaves(t, keptOf(t, object(t, name), answer), name)
	maps.DeleteFunc(wanted, func(_ string, value any) bool {
		return value == nil || value == "" || value == json.Number("0") || value == empty("object")
	})
	require.NotEmpty(t, wanted)
	compare(t, wanted, leavesOf(t, encoded, name))
}

// keptOf cuts a document down to what our types have of it.
func keptOf(t *testing.T, official property, document any) any {
	t.Helper()
	if targets := expansions(t, official); targets != nil {
		return keptOfLink(t, targets, document)
	}
	official = resolve(t, official)
	switch value := document.(type) {
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = keptOf(t, property{schema: official.schema.Items}, item)
		}
		return items
	case map[string]any:
		if len(official.schema.Properties) == 0 {
			return value
		}
		found := properties(t, official)
		members := make(map[string]any)
		for name, member := range value {
			if below, ok := found[name]; ok {
				members[name] = keptOf(t, below, member)
			}
		}
		return members
	}
	return document
}

// keptOfLink tells by its object field which of the targets an expanded link
// became.
func keptOfLink(t *testing.T, targets []property, document any) any {
	t.Helper()
	expanded, ok := document.(map[string]any)
	if !ok {
		return document
	}
	if len(targets) > len([]string{"customer", "deleted_customer"}) { // the source of a balance transaction: named, not kept
		return map[string]any{"id": expanded["id"], "object": expanded["object"]}
	}
	for _, target := range targets {
		if strings.TrimPrefix(target.name, "deleted_") == expanded["object"] {
			return keptOf(t, target, expanded)
		}
	}
	require.Fail(t, "an expanded link is of an unknown kind", "%v", expanded["object"])
	return nil
}
