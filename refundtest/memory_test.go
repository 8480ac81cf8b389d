package refundtest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMemoryOfARefund measures what a charge and its refund keep in memory, with
// their PaymentIntent, transactions, events, answer and entry in the journal.
func TestMemoryOfARefund(t *testing.T) {
	const count, most = 5000, 4500
	before := heapInUse()
	server := refundtest.New()
	client := server.HTTPClient()
	for i := range count {
		charge := server.AddCharge(refundtest.Charge{Amount: 1000})
		form := url.Values{"charge": {charge.ID}, "amount": {"1000"}, "metadata[order]": {fmt.Sprint("order-", i)}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.stripe.com/v1/refunds", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer sk_test_x")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", fmt.Sprintf("order-%d", i))
		response, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	each := (heapInUse() - before) / count
	t.Logf("%d bytes a refund", each)
	assert.Less(t, each, uint64(most), "bytes a refund")
	runtime.KeepAlive(server)
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what the first one found to be finalized
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
