package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// run is one run of a benchmark.
type run struct{ nanoseconds, allocations float64 }

// benchmarks are the runs by benchmark and subject, as in Create and refundkit:
// the n-th runs of all subjects belong together.
type benchmarks struct {
	cpu  string
	runs map[string]map[string][]run
}

var (
	benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\w+)/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op\s+\d+ B/op\s+(\d+) allocs/op`)
	cpuLine       = regexp.MustCompile(`(?m)^cpu: (.*)$`)
	metricLine    = regexp.MustCompile(`(?m) metric (\S+) (\S+)$`)
)

// runBenchmarks runs them all once, then all once more, and so on, so that what
// disturbs for a while disturbs all.
func runBenchmarks(ctx context.Context, binary string, s settings) (benchmarks, error) {
	found := benchmarks{runs: map[string]map[string][]run{}}
	for range s.count {
		out, err := output(ctx, binary, "-test.run", "^$", "-test.bench", ".", "-test.benchtime", s.benchtime)
		if err != nil {
			return found, err
		}
		if cpu := cpuLine.FindStringSubmatch(out); cpu != nil {
			found.cpu = cpu[1]
		}
		for _, line := range benchmarkLine.FindAllStringSubmatch(out, -1) {
			nanoseconds, _ := strconv.ParseFloat(line[3], 64)
			allocations, _ := strconv.ParseFloat(line[4], 64)
			if found.runs[line[1]] == nil {
				found.runs[line[1]] = map[string][]run{}
			}
			found.runs[line[1]][line[2]] = append(found.runs[line[1]][line[2]], run{nanoseconds, allocations})
		}
	}
	for _, row := range rows {
		for _, subject := range []string{"refundkit", "stripe-go", "floor"} {
			if len(found.runs[row.benchmark][subject]) != s.count {
				return found, fmt.Errorf("benchmark %s/%s did not run %d times", row.benchmark, subject, s.count)
			}
		}
	}
	return found, nil
}

// runMetrics runs the tests that count requests, and tells what they logged.
func runMetrics(ctx context.Context, binary string) (map[string]float64, error) {
	out, err := output(ctx, binary, "-test.run", "^Test(Walk|Export|Chaos)", "-test.v", "-full")
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

func (b benchmarks) time(benchmark, subject string) sample {
	return b.each(benchmark, subject, "", func(r run) float64 { return r.nanoseconds })
}

func (b benchmarks) allocations(benchmark, subject string) sample {
	return b.each(benchmark, subject, "", func(r run) float64 { return r.allocations })
}

// timeRatio is how long refundkit takes for each nanosecond of the other, run by run.
func (b benchmarks) timeRatio(benchmark, other string) sample {
	return b.each(benchmark, "refundkit", other, func(r run) float64 { return r.nanoseconds })
}

func (b benchmarks) allocationRatio(benchmark, other string) sample {
	return b.each(benchmark, "refundkit", other, func(r run) float64 { return r.allocations })
}

func (b benchmarks) each(benchmark, subject, other string, of func(run) float64) sample {
	var values []float64
	for i, r := range b.runs[benchmark][subject] {
		value := of(r)
		if other != "" {
			value /= of(b.runs[benchmark][other][i])
		}
		values = append(values, value)
	}
	return summarize(values)
}
