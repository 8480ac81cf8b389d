package refundkit_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/refundkit/refundkit/internal/spread"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExportIsFastHoweverSkewed measures in the bubble's time. All spreads, with
// several seeds, are measured in bench.
func TestExportIsFastHoweverSkewed(t *testing.T) {
	names := []string{"Black Friday, that fades"}
	if !testing.Short() {
		names = append(names, "one day has 95 %", "nightly, in 10 minutes")
	}
	for _, s := range spread.All() {
		if !slices.Contains(names, s.Name) {
			continue
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == s.Name })
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := spread.Measure(t.Context(), s, 1, 100_000)
				require.NoError(t, err)
				t.Logf("%.3f times the ideal time, %.1f %% wasted", got.Slower, 100*got.Wasted)
				assert.LessOrEqual(t, got.Slower, s.Slower, "times the ideal time")
				assert.LessOrEqual(t, got.Wasted, s.Wasted, "wasted requests")
			})
		})
	}
	assert.Empty(t, names, "there is no such spread")
}
