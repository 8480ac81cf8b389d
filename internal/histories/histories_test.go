package histories_test

import (
	"flag"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/internal/histories"
)

var (
	flagFull  = flag.Int("histories.full", 0, "the depth of histories with every choice")
	flagDepth = flag.Int("histories.depth", 0, "the depth of histories with the likely choices")
	flagSetup = flag.String("histories.setup", "", "explore this setup alone")
)

// bubble runs work where time passes as soon as everybody waits.
func bubble(t *testing.T) func(func()) {
	return func(work func()) { synctest.Test(t, func(*testing.T) { work() }) }
}

func TestHistories(t *testing.T) {
	for _, setup := range histories.Setups() {
		if *flagSetup != "" && *flagSetup != setup.Name {
			continue
		}
		t.Run(setup.Name, func(t *testing.T) {
			full, depth := max(*flagFull, 2), max(*flagDepth, *flagFull, 2)
			start := time.Now()
			failed, err := histories.Explore(histories.Config{Setup: setup, Full: full, Depth: depth, Bubble: bubble(t), Level: func(l histories.Level) {
				t.Logf("%-10s depth %d: %7d histories, %6d new states, %v", l.Setup, l.Depth, l.Histories, l.States, time.Since(start).Round(time.Millisecond))
			}})
			require.NoError(t, err)
			if failed != nil {
				t.Fatal(failed)
			}
		})
	}
}

// replay is for a history that Explore has printed.
func replay(t *testing.T, setup string, names ...string) {
	all := histories.Setups()
	i := slices.IndexFunc(all, func(s histories.Setup) bool { return s.Name == setup })
	require.GreaterOrEqual(t, i, 0, "there is no setup %q", setup)
	failed, err := histories.Replay(all[i], bubble(t), names...)
	require.NoError(t, err)
	if failed != nil {
		t.Fatal(failed)
	}
}

func TestReplay(t *testing.T) { replay(t, "part", "lost", "ok") }

func TestX(t *testing.T) {
	replay(t, "part", "stored 500 done in 2h", "a Dashboard refund that is accepted", "the Dashboard's fails and the events come")
}
