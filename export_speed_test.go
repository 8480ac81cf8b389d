package refundkit_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
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

// TestExportHoldsFewPages counts what is fetched and not yielded while the reader
// takes a second for each page. Where little comes before very much, nothing tells
// how much lies between a page and the reader.
func TestExportHoldsFewPages(t *testing.T) {
	ledgers := distributions(rand.New(rand.NewPCG(1, 2)), 30_000)
	for _, name := range []string{"growing", "one day of a quiet year", "mornings"} {
		for _, workers := range []int{1, 3, 8} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(firstDay.AddDate(2, 0, 0)))
				l := newTimeServer(1, slices.Clone(ledgers[name]))
				most := 0
				params := refundkit.ExportParams{From: firstDay, Workers: workers, Progress: func(p refundkit.ExportProgress) {
					most = max(most, p.Requests-p.Refunds/100)
					time.Sleep(time.Second)
				}}
				count := 0
				for _, err := range l.client(t).Refunds.Export(t.Context(), params) {
					require.NoError(t, err)
					count++
				}
				t.Logf("%s, %d workers: %d pages", name, workers, most)
				assert.Equal(t, 30_000, count)
				assert.LessOrEqual(t, most, 20*workers+20, "%s: pages held, and requests that brought less than a page", name)
			})
		}
	}
}
