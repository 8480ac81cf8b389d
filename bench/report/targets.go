package main

import (
	"fmt"
	"math"

	"github.com/refundkit/refundkit/internal/spread"
)

// rows are the benchmarks in the order of the table.
var rows = []struct{ benchmark, name string }{
	{"Create", "create"},
	{"Retrieve", "retrieve"},
	{"Error", "error answer"},
	{"List", "list of 100"},
	{"ListExpanded", "list of 100, charge expanded"},
	{"Webhook", "webhook of 4 KB"},
	{"Loopback1", "create over loopback, 1 goroutine"},
	{"Loopback64", "create over loopback, 64 goroutines"},
}

// target is what was promised, what is, and why if that is not enough. It is
// close if another run could say the opposite.
type target struct {
	what, measured string
	met            bool
	reason         string
	close          bool
}

func (t target) verdict() string {
	said := "met"
	if !t.met {
		said = "**not met**"
	}
	if t.close {
		said += ", by less than the spread"
	}
	if !t.met && t.reason != "" {
		said += ": " + t.reason
	}
	return said
}

func (f findings) targets() []target {
	return append(append(f.callTargets(), f.importTargets()...), f.walkTargets()...)
}

func (f findings) callTargets() []target {
	ratio := func(what string, s sample, most float64, reason string) target {
		return target{
			what: fmt.Sprintf("%s, at most %.2f", what, most), measured: fmt.Sprintf("%.3f ± %.0f %%", s.median, 100*s.spread),
			met: s.median <= most, reason: reason, close: math.Abs(s.median-most) < s.spread*s.median,
		}
	}
	b := f.benchmarks
	inAnswers := func(benchmark string) string {
		return fmt.Sprintf("the floor itself makes %.2f of stripe-go's: one for each string of an answer, and those of net/http",
			b.allocations(benchmark, "floor").median/b.allocations(benchmark, "stripe-go").median)
	}
	inTime := func(benchmark string) string {
		return fmt.Sprintf("the floor itself takes %.2f of stripe-go's time: what is left is encoding/json's, which reads every byte twice",
			b.timeRatio(benchmark, "stripe-go").median/b.timeRatio(benchmark, "floor").median)
	}
	return []target{
		ratio("create: time / floor", b.timeRatio("Create", "floor"), 1.15, ""),
		ratio("create: allocations / floor", b.allocationRatio("Create", "floor"), 1.15, ""),
		ratio("create: time / stripe-go", b.timeRatio("Create", "stripe-go"), 0.45, inTime("Create")),
		ratio("create: allocations / stripe-go", b.allocationRatio("Create", "stripe-go"), 0.45, inAnswers("Create")),
		ratio("list of 100: time / floor", b.timeRatio("List", "floor"), 1.05, ""),
		ratio("list of 100: allocations / floor", b.allocationRatio("List", "floor"), 1.05, ""),
		ratio("list of 100: time / stripe-go", b.timeRatio("List", "stripe-go"), 0.31, inTime("List")),
		ratio("list of 100: allocations / stripe-go", b.allocationRatio("List", "stripe-go"), 0.31, inAnswers("List")),
		ratio("list of 100: time / stripe-go, stretch", b.timeRatio("List", "stripe-go"), 0.17, "only another JSON decoder reaches it; see CONTRIBUTING.md"),
		ratio("webhook: time / stripe-go", b.timeRatio("Webhook", "stripe-go"), 0.5, ""),
		ratio("webhook: allocations / stripe-go", b.allocationRatio("Webhook", "stripe-go"), 1.0/3, ""),
	}
}

func (f findings) importTargets() []target {
	our, floor := f.footprints["refundkit"], f.footprints["floor"]
	seconds := (our.Wall - floor.Wall).Seconds()
	peak := float64(our.Peak) / float64(floor.Peak)
	size := megabytes(our.Size - floor.Size)
	return []target{
		{"cold build over the floor, at most 1.0 s", fmt.Sprintf("%+.1f s", seconds), seconds <= 1, "the machine was busy: see the CPU time", false},
		{"peak memory of the build / floor, at most 1.05", fmt.Sprintf("%.3f", peak), peak <= 1.05,
			"the peak is the compiler at package runtime on all sides, and depends on when it collects garbage", false},
		{"stripped binary over the floor, at most 0.35 MB", fmt.Sprintf("%+.2f MB", size), size <= 0.35, "", false},
	}
}

func (f findings) walkTargets() []target {
	m := f.metrics
	limited := m["limited/seconds"] / m["limited/allowed"]
	faster := m["all/seconds"] / m["export/seconds"]
	wasted := func(name string) float64 { return m[name+"/requests"]/(m[name+"/refunds"]/100) - 1 }
	most := max(wasted("limited"), wasted("export"))
	heap := m["heap/200000"] / m["heap/20000"]
	const bursts = "only bursts are above; see Exports"
	slowest, wasteful := 0.0, 0.0
	for _, s := range spread.All() {
		slowest = max(slowest, m[s.Metric()+"/100000/slower"])
		wasteful = max(wasteful, m[s.Metric()+"/100000/wasted"])
	}
	return []target{
		{"walk of 2,000: 20 requests", fmt.Sprintf("%.0f", m["walk/refundkit/requests"]), m["walk/refundkit/requests"] == 20, "", false},
		{"walk: nothing fetched before it is asked for", fmt.Sprintf("%.0f requests before the first refund was asked for, then %.0f", m["walk/refundkit/before"], m["walk/refundkit/first"]),
			m["walk/refundkit/before"] == 0 && m["walk/refundkit/first"] == 1, "", false},
		{"export of 200,000 at 25 requests a second: within 10 % of 80 s", fmt.Sprintf("%.1f s", m["limited/seconds"]), limited <= 1.1, "", false},
		{"export of 100,000: at least 5 times as fast as All", fmt.Sprintf("%.1f times", faster), faster >= 5, "", false},
		{"export: less than 5 % of the requests wasted", fmt.Sprintf("%.1f %%", 100*most), most < 0.05, "", false},
		{"export of 100,000, however they are spread: at most 1.25 times the ideal time", fmt.Sprintf("%.2f", slowest), slowest <= spread.Slower, bursts, false},
		{"export of 100,000, however they are spread: less than 6 % wasted", fmt.Sprintf("%.1f %%", 100*wasteful), wasteful <= spread.Wasted, bursts, false},
		{"export: peak heap of 200,000 not above that of 20,000", fmt.Sprintf("%.3f", heap), heap <= 1.05, "", false},
	}
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
