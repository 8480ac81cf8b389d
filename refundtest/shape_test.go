package refundtest_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded reads a body that Stripe sent, where the recordings are.
func recorded(t *testing.T, name string) map[string]any {
	t.Helper()
	folder := os.Getenv("REFUNDKIT_RECORDED")
	if folder == "" {
		t.Skip("REFUNDKIT_RECORDED does not name the folder of recorded bodies")
	}
	raw, err := os.ReadFile(filepath.Join(folder, name))
	require.NoError(t, err)
	var body map[string]any
	require.NoError(t, json.Unmarshal(raw, &body))
	return body
}

func keysOf(o any, more ...string) []string {
	inner, _ := o.(map[string]any)
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(inner)), more...)))
}

// newer are the keys that refunds have grown since the recordings.
var newer = []string{"customer", "customer_account", "payment_method"}

func TestShapesAsRecorded(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{})
	made := c.post("/v1/refunds", "charge", charge.ID, "expand[]", "balance_transaction").ok(t)
	t.Run("refund", func(t *testing.T) {
		want := recorded(t, "refund_2023-10-16_full_dest_details.json")
		assert.Equal(t, keysOf(want, newer...), keysOf(made.Body))
		assert.Equal(t, want["destination_details"], made.at("destination_details"))
		for name, value := range want {
			assert.IsType(t, value, c.get("/v1/refunds/"+made.text("id")).at(name), name)
		}
	})
	t.Run("balance transaction", func(t *testing.T) {
		want := recorded(t, "refund_2023-10-16_create_expand_bt.json")["balance_transaction"]
		assert.Equal(t, keysOf(want, "balance_type"), keysOf(made.at("balance_transaction")))
	})
	t.Run("charge", func(t *testing.T) {
		want := recorded(t, "refund_2020-08-27_ofn_2024_expand_charge.json")["charge"]
		got := c.get("/v1/charges/"+charge.ID, "expand[]", "refunds").ok(t)
		// What a newer version of the API has taken away.
		kept := slices.DeleteFunc(keysOf(want), func(name string) bool { return name == "invoice" })
		assert.Equal(t, kept, keysOf(got.Body))
		assert.Equal(t, keysOf(want.(map[string]any)["refunds"]), keysOf(got.at("refunds")))
	})
	t.Run("failed and canceled", func(t *testing.T) {
		data := recorded(t, "event_charge_refund_updated_failed_2020-03-02.json")["data"].(map[string]any)
		require.NoError(t, c.server.Fail(made.text("id"), "expired_or_canceled_card"))
		failed := c.get("/v1/refunds/" + made.text("id")).ok(t)
		assert.Equal(t, keysOf(data["object"], append(newer, "destination_details")...), keysOf(failed.Body))
		assert.Equal(t, keysOf(recorded(t, "documented_refund_canceled.json"), append(newer, "destination_details")...), keysOf(failed.Body))
	})
	t.Run("event", func(t *testing.T) {
		want := recorded(t, "event_charge_refund_updated_failed_2020-03-02.json")
		events := c.server.Events()
		var got map[string]any
		require.NoError(t, json.Unmarshal(events[len(events)-1].Body, &got))
		assert.Equal(t, keysOf(want), keysOf(got))
		assert.Equal(t, want["data"].(map[string]any)["previous_attributes"], got["data"].(map[string]any)["previous_attributes"])
	})
	t.Run("error", func(t *testing.T) {
		want := recorded(t, "err_400_amount_negative.json")["error"]
		got := c.post("/v1/refunds", "charge", charge.ID, "amount", "-1")
		assert.Equal(t, keysOf(want), keysOf(got.at("error")))
		assert.Regexp(t, `(?s)^\{\n  "error": \{\n    "code".*\n  \}\n\}\n$`, got.Raw)
	})
}

// The package is linked into programs, so it must not pull in more than the
// standard library, and nothing that registers test flags.
func TestImportsOnlyTheStandardLibrary(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			first, _, _ := strings.Cut(path, "/")
			assert.False(t, strings.Contains(first, ".") || first == "testing" || path == "net/http/httptest", "%s imports %s", file, path)
		}
	}
}
