package histories_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/internal/histories"
)

var (
	flagDepth  = flag.String("histories.depth", "", "how deep to explore with every choice, with the likely ones, and with the few that cross the rules' bounds, such as 3,4,6")
	flagSetup  = flag.String("histories.setup", "", "explore from this setup alone")
	flagResume = flag.String("histories.resume", "", "keep in this `file` how far it came, and go on from there")
)

// bubble runs work where time passes as soon as everybody waits.
func bubble(t *testing.T) func(func()) {
	return func(work func()) { synctest.Test(t, func(*testing.T) { work() }) }
}

// depths is how deep a setup is explored without a flag.
func depths(t *testing.T, setup string) histories.Depths {
	switch {
	case *flagDepth != "":
		var deep histories.Depths
		_, err := fmt.Sscanf(*flagDepth, "%d,%d,%d", &deep[0], &deep[1], &deep[2])
		require.NoError(t, err)
		return deep
	case slow:
		return histories.Depths{1, 1, 2}
	case testing.Short():
		return histories.Depths{1, 1, 3}
	case setup == "part":
		return histories.Depths{2, 3, 4}
	}
	return histories.Depths{1, 2, 4}
}

func TestHistories(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // many small worlds, each thrown away
	total := histories.Level{}
	for _, setup := range histories.Setups() {
		if *flagSetup != "" && *flagSetup != setup.Name {
			continue
		}
		t.Run(setup.Name, func(t *testing.T) {
			start, came := time.Now(), progress(t)
			config := histories.Config{Setup: setup, Depths: depths(t, setup.Name), Bubble: bubble(t)}
			if from, found := came[setup.Name]; found {
				config.From = &from
			}
			config.Level = func(l histories.Level) {
				t.Logf("depth %d: %d histories, %d new states, %v", l.Depth, l.Histories, l.States, time.Since(start).Round(time.Millisecond))
				total.Histories, total.States = total.Histories+l.Histories, total.States+l.States
				came[setup.Name] = l
				keep(t, came)
			}
			failed, err := histories.Explore(config)
			require.NoError(t, err)
			if failed != nil {
				t.Fatal(failed)
			}
		})
	}
	t.Logf("%d histories, %d states", total.Histories, total.States)
}

// progress reads how far each setup was explored.
func progress(t *testing.T) map[string]histories.Level {
	came := map[string]histories.Level{}
	if *flagResume == "" {
		return came
	}
	data, err := os.ReadFile(*flagResume)
	if os.IsNotExist(err) {
		return came
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &came))
	return came
}

func keep(t *testing.T, came map[string]histories.Level) {
	if *flagResume == "" {
		return
	}
	data, err := json.Marshal(came)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(*flagResume+".new", data, 0o600))
	require.NoError(t, os.Rename(*flagResume+".new", *flagResume))
}

// replay is for a history that TestHistories has printed.
func replay(t *testing.T, setup string, names ...string) {
	t.Helper()
	all := histories.Setups()
	i := slices.IndexFunc(all, func(s histories.Setup) bool { return s.Name == setup })
	require.GreaterOrEqual(t, i, 0, "there is no setup %q", setup)
	failed, err := histories.Replay(all[i], bubble(t), names...)
	require.NoError(t, err)
	if failed != nil {
		t.Fatal(failed)
	}
}

// TestFound holds what was once found.
func TestFound(t *testing.T) {
	for name, history := range map[string][]string{
		"in silence behind 429":                      {"part", "dropped", "for ever: lock timeout"},
		"a list of another account is empty":         {"cash", "lost", "25h1m", "look wrong account"},
		"and its refund has failed":                  {"cash", "lost", "25h1m", "look wrong account", "fail"},
		"an earlier failure closes nothing":          {"again", "ok; before it: events"},
		"another payment's of this name":             {"part", "lost", "another payment's of this name fails"},
		"judged, and accepted after all":             {"part", "a Dashboard refund", "the Dashboard's is judged, and accepted after all", "the Dashboard's fails and the events come"},
		"accepted, and forgotten":                    {"part", "lost", "a smaller Dashboard refund that is accepted", "events"},
		"a late event after a failure":               {"part", "lost", "a Dashboard refund that is accepted", "the Dashboard's refund fails", "fail"},
		"put away for a year":                        {"part", "503 for a year"},
		"a refused look-up is no look-up":            {"shared", "25h1m", "lost", "fails and the events come", "resume", "look wrong account"},
		"accepted another one while a send was open": {"part", "stored 500 done in 2h", "a Dashboard refund that is accepted", "the Dashboard's fails and the events come"},
	} {
		t.Run(name, func(t *testing.T) { replay(t, history[0], history[1:]...) })
	}
}
