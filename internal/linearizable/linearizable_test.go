package linearizable

import (
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	historyCount = flag.Int("histories", 0, "how many histories are checked; 0 is 2000, or 300 with -short")
	historySeed  = flag.Uint64("seed", 0, "seed of the first history, the others follow; 0 chooses one")
)

// TestLinearizable lets up to 64 clients work at the same time, and wants an order of
// all that they did in which each was alone and got what Stripe would answer.
func TestLinearizable(t *testing.T) {
	seed, count := *historySeed, *historyCount
	if seed == 0 {
		seed = rand.Uint64()>>16 + 1
	}
	if count == 0 {
		count = 2000
		if testing.Short() {
			count = 300
		}
	}
	met := map[string]int{}
	for n := range uint64(count) {
		checkHistory(t, seed+n, met)
		if t.Failed() {
			t.Fatalf("history %d of %d; again: go test -histories 1 -seed %d -count 20", n+1, count, seed+n)
		}
	}
	t.Log(count, "histories:", met)
	for _, rare := range []string{"409", "replay", "other request", "lost", "create", "no create", "cancel", "no cancel", "expire", "no expire"} {
		assert.True(t, met[rare] > 0 || count < 100, "there was no %q", rare)
	}
}

// checkHistory makes the history of a seed, checks it, and counts what was met. What the
// clients want and when comes from the seed; who is first of those that wake up together
// does not.
func checkHistory(t *testing.T, seed uint64, met map[string]int) {
	random := rand.New(rand.NewPCG(seed, 0))
	clients := 1 << (1 + seed%6)
	var h *history
	synctest.Test(t, func(t *testing.T) {
		// More than 16 clients to a charge, and the checker would need minutes now and then.
		h = newHistory(random, (clients+15)/16+random.IntN(1+clients/4))
		h.run(seed, clients, 4+16/clients)
	})
	for _, on := range h.charges {
		require.NotEmpty(t, on.calls)
		on.checkLists()
		history, err := historyOf(on.calls)
		assert.NoError(t, err)
		assert.Empty(t, on.wrong)
		if !porcupine.CheckOperations(modelOf(on.terms, history), history) {
			t.Errorf("no order explains what happened to %s", explain(on.terms, on.calls))
		}
		for _, c := range on.calls {
			met[c.kind()]++
		}
	}
}
