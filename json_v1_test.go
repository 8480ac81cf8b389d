//go:build !(go1.27 && goexperiment.jsonv2)

package refundkit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
)

func TestExpandableRefusesDeepNesting(t *testing.T) {
	nested := func(levels int) string {
		return strings.Repeat(`{"id":"ch_1","payment_intent":{"id":"pi_1","latest_charge":`, levels) + "null" + strings.Repeat("}}", levels)
	}
	var charge refundkit.Expandable[refundkit.Charge]
	require.NoError(t, json.Unmarshal([]byte(nested(4)), &charge))
	require.Error(t, json.Unmarshal([]byte(nested(4000)), &charge), "each level is read again by the one around it")
	require.NoError(t, json.Unmarshal([]byte(`{"id":"ch_1","description":"\"`+strings.Repeat("{[", 100)+`"}`), &charge), "what stands in a string is no nesting")
}
