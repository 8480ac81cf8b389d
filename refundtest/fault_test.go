package refundtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is a reporter that remembers.
type recorder struct {
	mu       sync.Mutex
	errors   []string
	cleanups []func()
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// hits says for each of n requests whether the server failed: 1 or 0.
func (c *caller) hits(n int) string {
	var b strings.Builder
	for range n {
		seen := c.try(c.t.Context(), "GET", "/v1/refunds", "")
		b.WriteByte("01"[map[bool]int{true: 1}[seen.status != 200]])
	}
	return b.String()
}

func TestFaultCounts(t *testing.T) {
	fault := func() refundtest.Fault { return refundtest.AnswerEmpty(503) }
	for name, c := range map[string]struct {
		fault refundtest.Fault
		want  string
	}{
		"once":             {fault(), "100000"},
		"the first two":    {fault().Times(2), "110000"},
		"the third":        {fault().Nth(3), "001000"},
		"skipped, thrice":  {fault().Skip(1).Times(3), "011100"},
		"always":           {fault().Always(), "111111"},
		"always after":     {fault().Always().Skip(2), "001111"},
		"surely":           {fault().WithProbability(1, 1), "111111"},
		"never":            {fault().WithProbability(0, 1), "000000"},
		"surely, twice":    {fault().WithProbability(1, 1).Times(2), "110000"},
		"by a seed":        {fault().WithProbability(0.5, 7), "100101"},
		"by another seed":  {fault().WithProbability(0.5, 8), "101001"},
		"last call counts": {fault().Always().Times(2), "110000"},
	} {
		t.Run(name, func(t *testing.T) {
			caller := setup(t)
			caller.server.Inject(c.fault)
			assert.Equal(t, c.want, caller.hits(6))
		})
	}
}

func TestFaultMethodsChangeCopies(t *testing.T) {
	c := setup(t)
	one := refundtest.AnswerEmpty(503).WithHeader("X-A", "1")
	_ = one.Always().On("POST").WithHeader("X-A", "2")
	c.server.Inject(one)
	seen := c.try(t.Context(), "GET", "/v1/refunds", "")
	assert.Equal(t, "1", seen.header.Get("X-A"))
	assert.Equal(t, "000", c.hits(3))
}

func TestFaultsAreAScript(t *testing.T) {
	c := setup(t)
	c.server.Inject(refundtest.AnswerEmpty(501), refundtest.AnswerEmpty(502).Times(2), refundtest.AnswerEmpty(503).Nth(2))
	var statuses []int
	for range 6 {
		statuses = append(statuses, c.try(t.Context(), "GET", "/v1/refunds", "").status)
	}
	assert.Equal(t, []int{501, 502, 502, 200, 503, 200}, statuses)
}

func TestFaultPatterns(t *testing.T) {
	for _, c := range []struct {
		on, method, path string
		want             bool
	}{
		{"GET", "GET", "/v1/refunds", true},
		{"GET", "POST", "/v1/refunds", false},
		{"/v1/refunds", "POST", "/v1/refunds", true},
		{"/v1/refunds", "POST", "/v1/refunds/re_1", false},
		{"/v1/refunds", "POST", "/v1", false},
		{"GET /v1/refunds/{refund}", "GET", "/v1/refunds/re_1", true},
		{"GET /v1/refunds/{refund}", "GET", "/v1/refunds", false},
		{"GET /v1/refunds/{refund}", "GET", "/v1/refunds/", false},
		{"GET /v1/refunds/{refund}", "GET", "/v1/refunds/re_1/cancel", false},
		{"GET /v1/refunds/{refund}", "POST", "/v1/refunds/re_1", false},
		{"/v1/{kind}/{id}/cancel", "POST", "/v1/refunds/re_1/cancel", true},
		{"/v1/refunds/{rest...}", "POST", "/v1/refunds/re_1/cancel", true},
		{"/v1/refunds/{rest...}", "GET", "/v1/refunds", false},
		{"/v1/{rest...}", "GET", "/v1/refunds", true},
		{"/{rest...}", "GET", "/v1/refunds", true},
		{"", "GET", "/v1/refunds", true},
	} {
		t.Run(c.on+" "+c.method+" "+c.path, func(t *testing.T) {
			caller := setup(t)
			caller.server.Inject(refundtest.AnswerEmpty(599).On(c.on))
			assert.Equal(t, c.want, caller.try(t.Context(), c.method, c.path, "key-1").status == 599)
		})
	}
}

func TestFaultWhen(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	c.server.Inject(refundtest.DropConnection().Always().When(func(r refundtest.Request) bool {
		return r.Endpoint == "/v1/refunds" && r.Form.Get("metadata[order]") == "6735" && r.IdempotencyKey == "key-2" && r.Method == "POST"
	}))
	for _, key := range []string{"key-1", "key-2"} {
		for order, want := range map[string]bool{"6734": false, "6735": key == "key-2"} {
			seen := c.try(t.Context(), "POST", "/v1/refunds", key+"/"+order, "charge", charge, "amount", "1", "metadata[order]", order)
			require.NoError(t, seen.err)
			seen = c.try(t.Context(), "POST", "/v1/refunds", key, "charge", charge, "amount", "1", "metadata[order]", order)
			assert.Equal(t, want, seen.err != nil)
		}
	}
}

func TestFaultBetweenPages(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{}).ID
	made := c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t).text("id")
	c.server.Inject(refundtest.DropConnection().BetweenPages().Always())
	c.get("/v1/refunds", "limit", "1").ok(t)
	assert.Error(t, c.try(t.Context(), "GET", "/v1/refunds?starting_after="+made, "").err)
	assert.Error(t, c.try(t.Context(), "GET", "/v1/refunds?ending_before="+made, "").err)
	c.post("/v1/refunds", "charge", charge, "amount", "1").ok(t)
}

func TestUnusedFaultsAreReported(t *testing.T) {
	var reporter recorder
	c := setup(t, refundtest.WithReporter(&reporter))
	c.server.Inject(
		refundtest.AnswerEmpty(503).Times(2),
		refundtest.AnswerEmpty(503).On("DELETE").Always(),
		refundtest.AnswerEmpty(503).On("DELETE").WithProbability(0.5, 1).Times(3),
		refundtest.CutBody().On("POST /v1/refunds/{refund}"),
		refundtest.DropConnection().AfterWork().Nth(1).On("GET"),
	)
	c.hits(3)
	assert.Empty(t, reporter.errors)
	require.Len(t, reporter.cleanups, 1)
	reporter.cleanups[0]()
	assert.Equal(t, []string{
		`refundtest: the fault "body cut off on POST /v1/refunds/{refund}" was to happen 1 times, and happened 0 times`,
	}, reporter.errors)
}

func TestImpossibleFaultsAreReported(t *testing.T) {
	for name, fault := range map[string]refundtest.Fault{
		"not made here":         {},
		"no times":              refundtest.DropConnection().Times(0),
		"the zeroth":            refundtest.DropConnection().Nth(0),
		"too likely":            refundtest.Chaos(1, 1.5),
		"unlikely":              refundtest.Chaos(1, -1),
		"no path":               refundtest.DropConnection().On("POST v1/refunds"),
		"no status":             refundtest.AnswerEmpty(0),
		"no final status":       refundtest.AnswerEmpty(101),
		"lock after the work":   refundtest.LockTimeout().AfterWork(),
		"refused after":         refundtest.RefuseConnection().AfterWork(),
		"limited after":         refundtest.RateLimit("").AfterWork(),
		"later, after the work": refundtest.ServerErrorDoneLater(0).AfterWork(),
		"no body to cut":        refundtest.DropConnection().Truncated(),
		"an empty body to cut":  refundtest.AnswerEmpty(400).Truncated(),
		"no function":           refundtest.CallFunc(nil),
		"no way to kill":        refundtest.KillCaller(nil),
		"chaos in chaos":        refundtest.Chaos(1, 1, refundtest.Chaos(2, 1)),
		"no status in chaos":    refundtest.Chaos(1, 1, refundtest.AnswerEmpty(0)),
		"nothing in chaos":      refundtest.Chaos(1, 1, refundtest.Fault{}),
	} {
		var reporter recorder
		c := setup(t, refundtest.WithReporter(&reporter))
		c.server.Inject(fault)
		assert.Equal(t, "0", c.hits(1), name)
		assert.Len(t, reporter.errors, 1, name)
		c.server.Close()
		assert.Len(t, reporter.errors, 1, name)
	}
}

func TestFaultsCountExactlyUnderConcurrency(t *testing.T) {
	c := setup(t)
	c.server.Inject(refundtest.AnswerEmpty(501).Times(100), refundtest.AnswerEmpty(502).Skip(50).Times(30))
	counts := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				seen := c.try(t.Context(), "GET", "/v1/refunds", "")
				mu.Lock()
				counts[seen.status]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	assert.Equal(t, map[int]int{501: 100, 502: 30, 200: 270}, counts)
}

// TestChaosKeepsTheBooks refunds under chaos the way a careful client does: the
// same key until there is a definite answer, then a look.
func TestChaosKeepsTheBooks(t *testing.T) {
	for _, way := range []string{"in process", "over a socket"} {
		t.Run(way, func(t *testing.T) {
			c := setup(t)
			if way == "over a socket" {
				c = c.overSocket()
			}
			charge := c.server.AddCharge(refundtest.Charge{Amount: 1_000_000}).ID
			c.server.Inject(refundtest.Chaos(42, 0.5).On("POST"))
			const jobs, workers = 400, 4
			var group sync.WaitGroup
			for worker := range workers {
				group.Go(func() {
					for job := worker; job < jobs; job += workers {
						c.refundUnderChaos(charge, fmt.Sprint("key-", job))
					}
				})
			}
			group.Wait()
			c.server.Advance(time.Minute)
			faults := map[string]int{}
			for _, r := range c.server.Requests() {
				faults[r.Fault]++
			}
			refunds := map[string]int{}
			for _, r := range c.server.Refunds(charge) {
				refunds[r.IdempotencyKey]++
			}
			assert.Greater(t, len(faults), 24, "every kind has come up: %v", faults)
			assert.Zero(t, faults["connection refused"], "what was refused never came")
			for key, n := range refunds {
				assert.Equal(t, 1, n, key)
			}
			assert.Greater(t, len(refunds), jobs*9/10, "all but those with a stored 500")
		})
	}
}

func (c *caller) refundUnderChaos(charge, key string) {
	for range 100 {
		seen := c.tryRefund(charge, key)
		whole := seen.err == nil && seen.readErr == nil && strings.HasSuffix(seen.body, "}\n")
		stored := seen.header.Get("Idempotent-Replayed") == "true"
		if whole && (seen.status == http.StatusOK || stored) {
			return
		}
	}
	c.t.Errorf("%s: no definite answer", key)
}

// TestForeignRefusals come up in chaos that is asked for them, and in no other.
func TestForeignRefusals(t *testing.T) {
	foreign := map[string]bool{}
	for _, fault := range refundtest.ForeignRefusals() {
		foreign[fault.String()] = true
	}
	run := func(more ...refundtest.Fault) (met map[string]bool) {
		c := setup(t)
		charge := c.server.AddCharge(refundtest.Charge{Amount: 1_000_000}).ID
		c.server.Inject(refundtest.Chaos(1, 1, more...))
		for n := range 400 {
			c.tryRefund(charge, fmt.Sprint("key-", n))
		}
		met = map[string]bool{}
		for _, r := range c.server.Requests() {
			if foreign[r.Fault] {
				met[r.Fault] = true
				require.Less(t, r.Status, 500, r)
				require.GreaterOrEqual(t, r.Status, 400, r)
			}
		}
		return met
	}
	assert.Equal(t, foreign, run(refundtest.ForeignRefusals()...))
	assert.Empty(t, run())
}

func TestChaosIsReproducible(t *testing.T) {
	run := func(seed uint64) (happened []string) {
		c := setup(t)
		charge := c.server.AddCharge(refundtest.Charge{Amount: 1_000_000}).ID
		c.server.Inject(refundtest.Chaos(seed, 0.3))
		for n := range 60 {
			c.tryRefund(charge, fmt.Sprint("key-", n))
		}
		for _, r := range c.server.Requests() {
			happened = append(happened, r.Fault)
		}
		return happened
	}
	assert.Equal(t, run(1), run(1))
	assert.NotEqual(t, run(1), run(2))
}

func TestFaultProbability(t *testing.T) {
	c := setup(t)
	c.server.Inject(refundtest.AnswerEmpty(503).WithProbability(0.3, 1))
	assert.InDelta(t, 600, strings.Count(c.hits(2000), "1"), 60)
}

func BenchmarkRequest(b *testing.B) {
	for name, faults := range map[string][]refundtest.Fault{
		"without faults": nil, "with chaos that never comes": {refundtest.Chaos(1, 0)},
	} {
		b.Run(name, func(b *testing.B) {
			server := refundtest.New()
			server.Inject(faults...)
			client := server.HTTPClient()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequest("GET", "https://api.stripe.com/v1/refunds", nil)
					r.Header.Set("Authorization", "Bearer "+testKey)
					response, err := client.Do(r)
					if err != nil {
						b.Fatal(err)
					}
					_ = response.Body.Close()
				}
			})
		})
	}
}
