package main

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var seed = flag.Uint64("connect.seed", 6735, "of all chances")

// TestConnect refunds parts of 1,000 orders, while nearly every third request goes wrong
// and the worker dies again and again.
func TestConnect(t *testing.T) {
	orders := 1000
	if testing.Short() {
		orders = 150
	}
	var out strings.Builder
	require.NoError(t, demonstrate(t.Context(), &out, options{orders: orders, faults: 0.3, crashes: 0.1, seed: *seed}), "seed %d\n%s", *seed, &out)
	for _, said := range []string{"before anything of it was sent", "take back", "failed later", "acct_1Courier"} {
		assert.Contains(t, out.String(), said)
	}
	assert.NotContains(t, out.String(), " died 0 times")
	t.Log(out.String())
}

// TestCheckFindsWhatIsWrong breaks the books, so that the test above means something.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	m, err := newMarket(options{seed: 1})
	require.NoError(t, err)
	for number := range 40 {
		_, err := m.order(t.Context(), number)
		require.NoError(t, err)
	}
	books, err := m.audit(t.Context())
	require.NoError(t, err)
	require.NoError(t, check(books))

	for name, job := range m.reversals.byName {
		job.Params.Amount++ // a row that asked for more than was taken back
		m.reversals.byName[name] = job
		break
	}
	books, err = m.audit(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, check(books), "and got")
	books[1].balance++
	require.ErrorContains(t, check(books), books[1].account)
	_, err = io.WriteString(io.Discard, table(books))
	require.NoError(t, err)
}
