//go:build unix

package trial

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

var (
	full    = flag.Bool("trial.full", false, "200 kills and 4000 refunds, of a plan 30 and 3000, unwound 50 and 2000, where nothing else is said")
	kills   = flag.Int("trial.kills", 0, "how many workers are killed; 0 is 10")
	refunds = flag.Int("trial.refunds", 0, "how many refunds are asked for; 0 is 200")
	seeded  = flag.Uint64("trial.seed", 0, "the seed; 0 chooses one")
)

// workerVariable holds a worker's settings, and makes this program one.
const workerVariable = "REFUNDJOBS_TRIAL_WORKER"

func TestMain(m *testing.M) {
	if settings := os.Getenv(workerVariable); settings != "" {
		var w worker
		err := json.Unmarshal([]byte(settings), &w)
		if err == nil {
			err = w.run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// size is how large a trial is, and its seed.
func size() (killed, asked int, seed uint64) {
	if *full {
		return sized(200, 4000)
	}
	return sized(10, 200)
}

// planSize is that of a plan's trial.
func planSize() (killed, asked int, seed uint64) {
	if *full {
		return sized(30, 3000)
	}
	return sized(10, 300)
}

// unwindSize is that of a trial of unwound refunds, of which an order has two.
func unwindSize() (killed, asked int, seed uint64) {
	if *full {
		return sized(50, 2000)
	}
	return sized(10, 100)
}

// sized is a size, unless flags say another.
func sized(killed, asked int) (_, _ int, seed uint64) {
	seed = *seeded
	if *kills > 0 {
		killed = *kills
	}
	if *refunds > 0 {
		asked = *refunds
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	return killed, asked, seed
}
