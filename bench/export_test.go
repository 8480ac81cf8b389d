package bench

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/internal/spread"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

const exportDelay = 300 * time.Millisecond

// size is the count that the report is about, or a tenth.
func size(count int) int {
	if *full {
		return count
	}
	return count / 10
}

// exported runs an export against refundtest and says how long it took in the
// bubble's time and how many requests it needed.
func exported(t *testing.T, count int, options ...refundkit.Option) (took time.Duration, requests int) {
	_, transport, from := seeded(t, count, exportDelay)
	client, err := refundkit.New(apiKey, append(options, refundkit.WithHTTPClient(transport.client()))...)
	require.NoError(t, err)
	start, seen := time.Now(), make(map[string]bool, count)
	for refund, err := range client.Refunds.Export(t.Context(), refundkit.ExportParams{From: from}) {
		require.NoError(t, err)
		seen[refund.ID] = true
	}
	require.Len(t, seen, count)
	return time.Since(start), int(transport.requests.Load())
}

// TestExportWithLimiter exports as fast as 25 requests a second allow.
func TestExportWithLimiter(t *testing.T) {
	count := size(200_000)
	synctest.Test(t, func(t *testing.T) {
		took, requests := exported(t, count, refundkit.WithRateLimiter(rate.NewLimiter(25, 1)))
		metric(t, "limited/refunds", float64(count))
		metric(t, "limited/requests", float64(requests))
		metric(t, "limited/seconds", took.Seconds())
		metric(t, "limited/allowed", float64(count)/100/25)
	})
}

// TestExportAndAll walks the same refunds in parallel and one page at a time.
func TestExportAndAll(t *testing.T) {
	count := size(100_000)
	synctest.Test(t, func(t *testing.T) {
		took, requests := exported(t, count)
		metric(t, "export/refunds", float64(count))
		metric(t, "export/requests", float64(requests))
		metric(t, "export/seconds", took.Seconds())
	})
	synctest.Test(t, func(t *testing.T) {
		_, transport, from := seeded(t, count, exportDelay)
		start, walked := time.Now(), 0
		for _, err := range ours(t, transport.client(), "").Refunds.All(t.Context(), refundkit.RefundListParams{Created: refundkit.CreatedRange{From: from}}) {
			require.NoError(t, err)
			walked++
		}
		require.Equal(t, count, walked)
		metric(t, "all/requests", float64(transport.requests.Load()))
		metric(t, "all/seconds", time.Since(start).Seconds())
	})
}

// TestExportSpreads exports what is spread over a year in many ways, 25 requests a
// second. What is measured is the worst of the seeds.
func TestExportSpreads(t *testing.T) {
	seeds, counts := uint64(1), []int{100_000}
	if *full {
		seeds, counts = 8, []int{100_000, 30_000}
	}
	for _, s := range spread.All() {
		for _, count := range counts {
			var worst spread.Figures
			for seed := range seeds {
				synctest.Test(t, func(t *testing.T) {
					got, err := spread.Measure(t.Context(), s, seed, count)
					require.NoError(t, err)
					worst.Slower, worst.Wasted = max(worst.Slower, got.Slower), max(worst.Wasted, got.Wasted)
				})
			}
			metric(t, fmt.Sprintf("%s/%d/slower", s.Metric(), count), worst.Slower)
			metric(t, fmt.Sprintf("%s/%d/wasted", s.Metric(), count), worst.Wasted)
			if count == 100_000 {
				assert.LessOrEqual(t, worst.Slower, s.Slower, "%s: times the ideal time", s.Name)
				assert.LessOrEqual(t, worst.Wasted, s.Wasted, "%s: wasted requests", s.Name)
			}
		}
	}
}

// TestExportMemory looks at the heap in use while a reader takes a second for
// each page, so that as much as is allowed is fetched ahead.
func TestExportMemory(t *testing.T) {
	few, many := 20_000, 200_000
	if !*full {
		many = 40_000
	}
	peaks := map[int]float64{}
	for _, count := range []int{few, many} {
		synctest.Test(t, func(t *testing.T) {
			before := heapInUse()
			peak, pages := uint64(0), 0
			from := time.Now().AddDate(-1, 0, 0)
			transport := &slow{next: ledger{count, from.Unix(), time.Now().Unix()}, delay: exportDelay}
			params := refundkit.ExportParams{From: from, Progress: func(refundkit.ExportProgress) {
				time.Sleep(time.Second)
				if pages++; pages%5 == 0 {
					peak = max(peak, heapInUse())
				}
			}}
			read := 0
			for _, err := range ours(t, transport.client(), "").Refunds.Export(t.Context(), params) {
				require.NoError(t, err)
				read++
			}
			require.Equal(t, count, read)
			peaks[count] = float64(peak - before)
			metric(t, fmt.Sprintf("heap/%d", count), peaks[count])
		})
	}
	require.Less(t, peaks[many], 1.2*peaks[few], "the heap grows with the count")
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// ledger has count refunds, evenly made from from to to, that need no memory.
type ledger struct {
	count    int
	from, to int64
}

// created is when the i-th refund from the newest was made.
func (l ledger) created(i int) int64 {
	return l.to - 1 - int64(float64(i)*float64(l.to-l.from-1)/float64(l.count))
}

func (l ledger) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	first, before := 0, number(query, "created[lt]")
	if after := strings.TrimPrefix(query.Get("starting_after"), "re_"); after != "" {
		last, _ := strconv.Atoi(after)
		first = last + 1
	} else {
		first = max(0, int(float64(l.to-before)/float64(l.to-l.from)*float64(l.count))-2)
	}
	var page []string
	more := false
	for i := first; i < l.count && l.created(i) >= number(query, "created[gte]"); i++ {
		if l.created(i) >= before {
			continue
		}
		if more = len(page) == 100; more {
			break
		}
		page = append(page, strings.NewReplacer(`"re_3TzBench0000bbCccDdd0QwEr"`, fmt.Sprintf(`"re_%d"`, i), "1788000123", strconv.FormatInt(l.created(i), 10)).Replace(ledgerRefund))
	}
	body := fmt.Sprintf(`{"object":"list","url":"/v1/refunds","has_more":%t,"data":[%s]}`, more, strings.Join(page, ","))
	return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

var ledgerRefund = refundAnswer(0, linked(0))

func number(query url.Values, name string) int64 {
	n, _ := strconv.ParseInt(query.Get(name), 10, 64)
	return n
}
