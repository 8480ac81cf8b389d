package refundkit_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// timeServer answers list requests out of a slice of creation times, newest first:
// the refund at times[i] is re_<i counted from the oldest>.
type timeServer struct {
	times   []int64
	latency time.Duration
	faulty  float64       // how many answers are a 503
	late    time.Duration // after the full second, when a refund can be listed

	mu                sync.Mutex
	requests, refused int
	running, most     int
	dice              *rand.Rand
}

func newTimeServer(seed uint64, times []int64) *timeServer {
	slices.SortFunc(times, func(a, b int64) int { return cmp.Compare(b, a) })
	return &timeServer{times: times, latency: 300 * time.Millisecond, dice: rand.New(rand.NewPCG(seed, 1))}
}

func (l *timeServer) client(t *testing.T, opts ...refundkit.Option) *refundkit.Client {
	client, err := refundkit.New(apiKey, append([]refundkit.Option{refundkit.WithHTTPClient(&http.Client{Transport: l}), refundkit.WithMaxRetries(20)}, opts...)...)
	require.NoError(t, err)
	return client
}

func (l *timeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.requests++
	l.running++
	l.most = max(l.most, l.running)
	refuse := l.dice.Float64() < l.faulty
	l.mu.Unlock()
	defer func() { l.mu.Lock(); l.running--; l.mu.Unlock() }()
	select {
	case <-time.After(l.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if refuse {
		l.mu.Lock()
		l.refused++
		l.mu.Unlock()
		return answer(503, ""), nil
	}
	return answer(200, l.page(r)), nil
}

func (l *timeServer) page(r *http.Request) string {
	query := r.URL.Query()
	number := func(name string) int64 { n, _ := strconv.ParseInt(query.Get(name), 10, 64); return n }
	// Times fall, so the first older than a bound is found by halving.
	start, _ := slices.BinarySearchFunc(l.times, number("created[lt]")-1, func(a, b int64) int { return cmp.Compare(b, a) })
	made := time.Now().Add(-l.late).Unix()
	start = max(start, sort.Search(len(l.times), func(i int) bool { return l.times[i] <= made }))
	end, _ := slices.BinarySearchFunc(l.times, number("created[gte]")-1, func(a, b int64) int { return cmp.Compare(b, a) })
	if after, ok := strings.CutPrefix(query.Get("starting_after"), "re_"); ok {
		oldest, _ := strconv.Atoi(after)
		start = max(start, len(l.times)-oldest)
	}
	stop := min(start+int(number("limit")), end)
	var items []string
	for i := start; i < stop; i++ {
		items = append(items, fmt.Sprintf(`{"id":"re_%d","object":"refund","created":%d}`, len(l.times)-1-i, l.times[i]))
	}
	return fmt.Sprintf(`{"object":"list","url":"/v1/refunds","has_more":%t,"data":[%s]}`, stop < end, strings.Join(items, ","))
}

// firstDay is the start of the time that the ledgers are about.
var firstDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// distributions are creation times in seconds after firstDay.
func distributions(dice *rand.Rand, n int) map[string][]int64 {
	made := map[string][]int64{"empty": nil, "one": {firstDay.Unix() + 7}, "first second": {firstDay.Unix()}}
	fill := func(name string, at func(i int) int64) {
		for i := range n {
			made[name] = append(made[name], firstDay.Unix()+at(i))
		}
	}
	year := int64(365 * 24 * 3600)
	fill("even", func(int) int64 { return dice.Int64N(year) })
	fill("one day of a quiet year", func(i int) int64 {
		if i%1000 == 0 {
			return dice.Int64N(year)
		}
		return 200*24*3600 + dice.Int64N(24*3600)
	})
	fill("one second", func(int) int64 { return 100 })
	fill("a few seconds", func(int) int64 { return 1000 * dice.Int64N(5) })
	fill("mornings", func(int) int64 { return dice.Int64N(365)*24*3600 + dice.Int64N(600) })
	fill("growing", func(int) int64 { return int64(float64(year) * (1 - dice.Float64()*dice.Float64()*dice.Float64())) })
	return made
}

func TestExportEqualsAll(t *testing.T) {
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 0))
	for name, times := range distributions(dice, 5_000) {
		t.Run(name, func(t *testing.T) {
			from, to := firstDay.Add(time.Duration(dice.Int64N(30*24))*time.Hour), firstDay.AddDate(0, 1+int(dice.Int64N(12)), 11)
			if len(times) < 5_000 || strings.Contains(name, "second") {
				from = firstDay
			}
			workers := 1 + dice.IntN(12)
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(firstDay.AddDate(2, 0, 0)))
				l := newTimeServer(seed, times)
				l.faulty = 0.1
				client := l.client(t)
				var want, got []string
				for refund, err := range client.Refunds.All(t.Context(), refundkit.RefundListParams{Created: refundkit.CreatedRange{From: from, Before: to}}) {
					require.NoError(t, err, "seed %d", seed)
					want = append(want, refund.ID)
				}
				for refund, err := range client.Refunds.Export(t.Context(), refundkit.ExportParams{From: from, To: to, Workers: workers}) {
					require.NoError(t, err, "seed %d", seed)
					got = append(got, refund.ID)
				}
				assert.Equal(t, want, got, "seed %d", seed)
				assert.LessOrEqual(t, l.most, workers)
			})
		})
	}
}

func TestExportLeavesNothingRunning(t *testing.T) {
	times := distributions(rand.New(rand.NewPCG(1, 2)), 20_000)["even"]
	for name, end := range map[string]func(i int, cancel func()) (leave bool){
		"break":    func(i int, _ func()) bool { return i == 150 },
		"at once":  func(int, func()) bool { return true },
		"canceled": func(i int, cancel func()) bool { i150(i, cancel); return false },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(firstDay.AddDate(2, 0, 0)))
				l := newTimeServer(1, slices.Clone(times))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				count, failures := 0, 0
				for refund, err := range l.client(t).Refunds.Export(ctx, refundkit.ExportParams{From: firstDay}) {
					if err != nil {
						assert.ErrorIs(t, err, context.Canceled)
						assert.Nil(t, refund)
						failures++
					}
					count++
					if end(count, cancel) {
						break
					}
				}
				assert.LessOrEqual(t, count, 301, "what was fetched ahead is not waited for")
				assert.Equal(t, name == "canceled", failures == 1)
				assert.Zero(t, l.running, "requests")
			})
		})
	}
}

func i150(i int, cancel func()) {
	if i == 150 {
		cancel()
	}
}

func TestExportResumes(t *testing.T) {
	for name, times := range distributions(rand.New(rand.NewPCG(3, 4)), 2_000) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(firstDay.AddDate(2, 0, 0)))
			l := newTimeServer(1, times)
			client := l.client(t)
			params := refundkit.ExportParams{From: firstDay, To: firstDay.AddDate(1, 0, 0)}
			seen := map[string]int{}
			for rest := true; rest; {
				rest = false
				for refund, err := range client.Refunds.Export(t.Context(), params) {
					require.NoError(t, err)
					seen[refund.ID]++
					params.ResumeAfter = refundkit.Refund{ID: refund.ID, Created: refund.Created}
					if rest = len(seen)%777 == 0; rest {
						break
					}
				}
			}
			assert.Len(t, seen, len(times), name)
			for id, times := range seen {
				assert.Equal(t, 1, times, "%s: %s", name, id)
			}
		})
	}
}

func TestExportIsNotDisturbedByNewRefunds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(firstDay.AddDate(1, 0, 0)))
		times := distributions(rand.New(rand.NewPCG(3, 4)), 3_000)["even"]
		now := time.Now().Unix()
		l := newTimeServer(1, append(slices.Clone(times), now, now+1, now+5))
		var progress []refundkit.ExportProgress
		count := 0
		params := refundkit.ExportParams{From: firstDay, To: time.Now().AddDate(1, 0, 0), Progress: func(p refundkit.ExportProgress) { progress = append(progress, p) }}
		for refund, err := range l.client(t).Refunds.Export(t.Context(), params) {
			require.NoError(t, err)
			require.Less(t, refund.Created.Unix(), firstDay.AddDate(1, 0, 0).Unix())
			count++
		}
		assert.Equal(t, 3_000, count)
		last := progress[len(progress)-1]
		assert.Equal(t, 3_000, last.Refunds)
		assert.Equal(t, l.requests, last.Requests)
		assert.Equal(t, firstDay, last.CoveredFrom, "complete")
		assert.Equal(t, time.Unix(now, 0).UTC(), last.CoveredTo)
		first := progress[0]
		assert.Equal(t, l.times[3+99]+1, first.CoveredFrom.Unix(), "of the second of the last refund more may follow")
		assert.Equal(t, last.CoveredTo, first.CoveredTo)
	})
}

func TestExportRefuses(t *testing.T) {
	var response refundkit.Response
	resume := func(after time.Duration) refundkit.Refund {
		return refundkit.Refund{ID: "re_1", Created: refundkit.NewTimestamp(firstDay.Add(after))}
	}
	for name, c := range map[string]struct {
		params refundkit.ExportParams
		opt    refundkit.CallOption
		param  string
	}{
		"no From":                                {refundkit.ExportParams{}, refundkit.Expand("data.charge"), "From"},
		"To before From":                         {refundkit.ExportParams{From: firstDay, To: firstDay.Add(-1)}, refundkit.Expand("data.charge"), "To"},
		"too many workers":                       {refundkit.ExportParams{From: firstDay, Workers: 65}, refundkit.Expand("data.charge"), "Workers"},
		"half a resume":                          {refundkit.ExportParams{From: firstDay, ResumeAfter: refundkit.Refund{ID: "re_1"}}, refundkit.Expand("data.charge"), "ResumeAfter"},
		"a resume of another range, older":       {refundkit.ExportParams{From: firstDay, To: firstDay.AddDate(0, 0, 1), ResumeAfter: resume(-time.Second)}, refundkit.Expand("data.charge"), "ResumeAfter"},
		"a resume of another range, newer":       {refundkit.ExportParams{From: firstDay, To: firstDay.AddDate(0, 0, 1), ResumeAfter: resume(24 * time.Hour)}, refundkit.Expand("data.charge"), "ResumeAfter"},
		"a resume without To":                    {refundkit.ExportParams{From: firstDay, ResumeAfter: resume(time.Hour)}, refundkit.Expand("data.charge"), "To"},
		"a resume with a To that has not passed": {refundkit.ExportParams{From: firstDay, To: time.Now().AddDate(1, 0, 0), ResumeAfter: resume(time.Hour)}, refundkit.Expand("data.charge"), "To"},
		"one response":                           {refundkit.ExportParams{From: firstDay}, refundkit.CaptureResponse(&response), "CaptureResponse"},
		"nil option":                             {refundkit.ExportParams{From: firstDay}, nil, "opts"},
		"a key":                                  {refundkit.ExportParams{From: firstDay}, refundkit.IdempotencyKey("k"), "IdempotencyKey"},
		"a reference":                            {refundkit.ExportParams{From: firstDay}, refundkit.Reference("r"), "Reference"},
		"an invalid account":                     {refundkit.ExportParams{From: firstDay}, refundkit.OnAccount(""), "OnAccount"},
	} {
		client, mock := setup(t)
		errs := 0
		for refund, err := range client.Refunds.Export(t.Context(), c.params, c.opt) {
			errs++
			assert.Nil(t, refund)
			var refused *refundkit.ParamError
			require.ErrorAs(t, err, &refused, name)
			assert.Equal(t, c.param, refused.Param, name)
		}
		assert.Equal(t, 1, errs, name)
		assert.Zero(t, mock.GetTotalCallCount(), name)
	}
}

func TestExportWithoutAContext(t *testing.T) {
	client, mock := setup(t)
	var none context.Context
	for _, err := range client.Refunds.Export(none, refundkit.ExportParams{From: firstDay}) {
		require.ErrorIs(t, err, refundkit.ErrInvalidParams)
	}
	assert.Zero(t, mock.GetTotalCallCount())
}
