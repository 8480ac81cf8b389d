package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refundkit/refundkit/internal/spread"
)

// rows are the benchmarks in the order of the tables, with the goals for each
// version of Go.
var rows = []row{
	{"Create", "create", goals{"1.26": {0.50, 1.05}, "1.27": {0.66, 1.17}}},
	{"Retrieve", "retrieve", goals{"1.26": {0.48, 1.15}, "1.27": {0.49, 1.12}}},
	{"Error", "error answer", goals{"1.26": {0.90, 1.30}, "1.27": {0.90, 1.38}}},
	{"List", "list of 100", goals{"1.26": {0.32, 0.97}, "1.27": {0.31, 0.80}}},
	{"ListExpanded", "list of 100, charge expanded", goals{"1.26": {0.41, 0.95}, "1.27": {0.23, 0.61}}},
	{"Webhook", "webhook of 4 KB", goals{"1.26": {0.41, 1.06}, "1.27": {0.33, 0.90}}},
	{"Loopback1", "create over loopback, 1 goroutine", goals{"1.26": {0.60, 1.07}, "1.27": {0.65, 1.05}}},
	{"Loopback64", "create over loopback, 64 goroutines", goals{"1.26": {0.65, 1.07}, "1.27": {0.65, 1.05}}},
}

type row struct {
	benchmark, name string
	goals           goals
}

// goals are the most time that refundkit may take, as parts of stripe-go's and of
// the floor's, by version of Go.
type goals map[string]struct{ stripeGo, floor float64 }

// beyond are goals further away.
var beyond = []struct {
	minor, benchmark, name string
	stripeGo               float64
}{
	{"1.27", "Create", "create", 0.47},
	{"1.27", "List", "list of 100", 0.22},
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
	return said
}

// callTargets are the goals of one benchmark with one version of Go: of stripe-go
// and of the floor, or none.
func (v version) callTargets(r row) []target {
	goal, ok := r.goals[v.minor()]
	if !ok {
		return nil
	}
	return []target{v.ofStripeGo(r.benchmark, r.name, goal.stripeGo), v.ofFloor(r.benchmark, r.name, goal.floor)}
}

func (v version) ofStripeGo(benchmark, name string, most float64) target {
	t := atMost(v.timeRatio(benchmark, "stripe-go"), most)
	t.what = fmt.Sprintf("%s on %s, at most %.2f of stripe-go's time", name, v.title(), most)
	if floor := v.ratio(benchmark, "floor", "stripe-go", nanoseconds).median; floor > most {
		t.reason = fmt.Sprintf("the floor itself takes %.2f", floor)
	} else {
		t.reason = fmt.Sprintf("the floor takes %.2f; %s", floor, v.overFloor(benchmark))
	}
	return t
}

func (v version) ofFloor(benchmark, name string, most float64) target {
	t := atMost(v.timeRatio(benchmark, "floor"), most)
	t.what, t.reason = fmt.Sprintf("%s on %s, at most %.2f of the floor's time", name, v.title(), most), v.overFloor(benchmark)
	return t
}

func (v version) overFloor(benchmark string) string {
	more := v.of(benchmark, "refundkit", nanoseconds).median - v.of(benchmark, "floor", nanoseconds).median
	if more <= 0 {
		return "the medians say otherwise, so the machine was busy"
	}
	return fmt.Sprintf("refundkit takes %s µs more than the floor, which checks nothing", significant(more/1e3))
}

func atMost(s sample, most float64) target {
	return target{measured: ratio(s), met: s.median <= most, close: math.Abs(s.median-most) < s.spread*s.median}
}

func (f findings) beyondTargets() []target {
	var all []target
	for _, v := range f.versions {
		for _, goal := range beyond {
			if goal.minor == v.minor() {
				all = append(all, v.ofStripeGo(goal.benchmark, "beyond: "+goal.name, goal.stripeGo))
			}
		}
	}
	return all
}

// otherTargets are all but those of the time that calls take.
func (f findings) otherTargets() []target {
	return slices.Concat(f.allocationTargets(), f.importTargets(), f.walkTargets())
}

// allocationTargets hold for each version; what is measured stands in their order.
func (f findings) allocationTargets() []target {
	var all []target
	for _, goal := range []struct {
		benchmark, name, other string
		most                   float64
	}{
		{"Create", "create", "floor", 1.15},
		{"Create", "create", "stripe-go", 0.45},
		{"List", "list of 100", "floor", 1.05},
		{"List", "list of 100", "stripe-go", 0.31},
		{"Webhook", "webhook", "stripe-go", 1.0 / 3},
	} {
		t := target{what: fmt.Sprintf("%s: allocations / %s, at most %.2f", goal.name, goal.other, goal.most), met: true}
		var measured, floors []string
		for _, v := range f.versions {
			our := v.ratio(goal.benchmark, "refundkit", goal.other, allocations).median
			measured = append(measured, fmt.Sprintf("%.2f on %s", our, v.title()))
			floors = append(floors, fmt.Sprintf("%.2f", v.ratio(goal.benchmark, "floor", goal.other, allocations).median))
			t.met = t.met && our <= goal.most
		}
		t.measured = strings.Join(measured, ", ")
		if t.reason = "what is checked and kept costs some"; goal.other != "floor" {
			t.reason = "the floor itself makes " + strings.Join(floors, " and ") + ": one for each string of an answer, and those of net/http"
		}
		all = append(all, t)
	}
	return all
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
		{"stripped binary over the floor, at most 0.35 MB", fmt.Sprintf("%+.2f MB", size), size <= 0.35, "what one call links has grown since this was set", false},
	}
}

func (f findings) walkTargets() []target {
	m := f.metrics
	limited := m["limited/seconds"] / m["limited/allowed"]
	faster := m["all/seconds"] / m["export/seconds"]
	wasted := func(name string) float64 { return m[name+"/requests"]/(m[name+"/refunds"]/100) - 1 }
	most := max(wasted("limited"), wasted("export"))
	heap := m["heap/200000"] / m["heap/20000"]
	const bursts = "only bursts, such as an hour each week, are above; see Exports"
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
