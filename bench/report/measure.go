package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// run is one run of a benchmark.
type run struct{ nanoseconds, allocations float64 }

// version is what was measured with one version of Go, such as go1.27.4: the
// runs by benchmark and subject, as in Create and refundkit. The n-th runs of all
// subjects belong together.
type version struct {
	name, binary, cpu string
	runs              map[string]map[string][]run
}

// title is its name in words, and minor the part that targets are set for.
func (v version) title() string { return "Go " + strings.TrimPrefix(v.name, "go") }
func (v version) minor() string {
	parts := strings.SplitN(strings.TrimPrefix(v.name, "go"), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

var (
	benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\w+)/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op\s+\d+ B/op\s+(\d+) allocs/op`)
	cpuLine       = regexp.MustCompile(`(?m)^cpu: (.*)$`)
	metricLine    = regexp.MustCompile(`(?m) metric (\S+) (\S+)$`)
)

// runBenchmarks runs them all once with each version, then all once more, and so
// on, so that what disturbs for a while disturbs all.
func runBenchmarks(ctx context.Context, versions []version, s settings) error {
	for range s.count {
		for i := range versions {
			out, err := output(ctx, nil, versions[i].binary, "-test.run", "^$", "-test.bench", ".", "-test.benchtime", s.benchtime)
			if err != nil {
				return err
			}
			versions[i].read(out)
		}
	}
	for _, v := range versions {
		for _, row := range rows {
			for _, subject := range []string{"refundkit", "stripe-go", "floor"} {
				if len(v.runs[row.benchmark][subject]) != s.count {
					return fmt.Errorf("%s: benchmark %s/%s did not run %d times", v.name, row.benchmark, subject, s.count)
				}
			}
		}
	}
	return nil
}

// read adds the runs of which out tells.
func (v *version) read(out string) {
	if cpu := cpuLine.FindStringSubmatch(out); cpu != nil {
		v.cpu = cpu[1]
	}
	for _, line := range benchmarkLine.FindAllStringSubmatch(out, -1) {
		nanoseconds, _ := strconv.ParseFloat(line[3], 64)
		allocations, _ := strconv.ParseFloat(line[4], 64)
		if v.runs[line[1]] == nil {
			v.runs[line[1]] = map[string][]run{}
		}
		v.runs[line[1]][line[2]] = append(v.runs[line[1]][line[2]], run{nanoseconds, allocations})
	}
}

// runMetrics runs the tests that count requests, and tells what they logged.
func runMetrics(ctx context.Context, binary string) (map[string]float64, error) {
	out, err := output(ctx, nil, binary, "-test.run", "^Test(Walk|Export|Chaos)", "-test.v", "-full")
	if err != nil {
		return nil, err
	}
	found := map[string]float64{}
	for _, line := range metricLine.FindAllStringSubmatch(out, -1) {
		if found[line[1]], err = strconv.ParseFloat(line[2], 64); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// sample is a number with its spread: half the width of the interval in which
// the median lies with 95 % confidence, as a part of it.
type sample struct{ median, spread float64 }

func summarize(values []float64) sample {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	s := sample{median: (values[(n-1)/2] + values[n/2]) / 2}
	outer := outside(n)
	low, high := values[outer], values[n-1-outer]
	if s.median > 0 {
		s.spread = max(high-s.median, s.median-low) / s.median
	}
	return s
}

// outside is how many values at each end of n can be left out so that the rest
// still spans the median with 95 % confidence.
func outside(n int) int {
	chance, sum := 1.0, 0.0 // of so many heads in n throws of a coin
	for range n {
		chance /= 2
	}
	for k := 0; k < n/2; k++ {
		sum += chance
		if 2*sum > 0.05 {
			return max(0, k-1)
		}
		chance = chance * float64(n-k) / float64(k+1)
	}
	return 0
}

func nanoseconds(r run) float64 { return r.nanoseconds }
func allocations(r run) float64 { return r.allocations }

// of is what a benchmark costs one subject.
func (v version) of(benchmark, subject string, cost func(run) float64) sample {
	var values []float64
	for _, r := range v.runs[benchmark][subject] {
		values = append(values, cost(r))
	}
	return summarize(values)
}

// ratio is what a benchmark costs one subject for each that it costs the other, run by run.
func (v version) ratio(benchmark, subject, other string, cost func(run) float64) sample {
	var values []float64
	for i, r := range v.runs[benchmark][subject] {
		values = append(values, cost(r)/cost(v.runs[benchmark][other][i]))
	}
	return summarize(values)
}

// timeRatio is how long refundkit takes for each nanosecond of the other.
func (v version) timeRatio(benchmark, other string) sample {
	return v.ratio(benchmark, "refundkit", other, nanoseconds)
}
