package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit/bench/footprint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOutside(t *testing.T) {
	// From a table of the binomial distribution.
	for n, want := range map[int]int{1: 0, 5: 0, 6: 0, 8: 0, 9: 1, 10: 1, 12: 2, 20: 5} {
		assert.Equal(t, want, outside(n), "%d values", n)
	}
}

func TestSummarize(t *testing.T) {
	assert.Equal(t, sample{median: 4}, summarize([]float64{4}))
	assert.Equal(t, sample{median: 2, spread: 0.5}, summarize([]float64{3, 1, 2}))
	assert.Equal(t, sample{median: 10, spread: 0.1}, summarize([]float64{1, 9, 10, 10, 10, 10, 10, 10, 11, 99}), "one outlier at each end counts for nothing")
}

// made are findings in which refundkit takes a half of stripe-go and as much as
// the floor.
func made() findings {
	f := findings{machine: "a <machine>", metrics: map[string]float64{}, footprints: map[string]footprint.Build{}}
	for _, name := range []string{"go1.26.8", "go1.27.4"} {
		v := version{name: name, runs: map[string]map[string][]run{}}
		for _, row := range rows {
			v.runs[row.benchmark] = map[string][]run{"refundkit": {{100, 10}}, "stripe-go": {{200, 40}}, "floor": {{100, 10}}, "floor-values": {{90, 9}}}
		}
		f.versions = append(f.versions, v)
	}
	for i, name := range footprint.Names() {
		f.footprints[name] = footprint.Build{Name: name, Wall: time.Duration(3-i) * time.Second, Peak: 100, Size: 200}
	}
	return f
}

func TestVersion(t *testing.T) {
	assert.Equal(t, "Go 1.27.4", version{name: "go1.27.4"}.title())
	assert.Equal(t, "1.27", version{name: "go1.27.4"}.minor())
	assert.Equal(t, "1.28", version{name: "go1.28"}.minor())
	assert.Empty(t, version{name: "go1.28"}.callTargets(rows[0]), "nobody has set any yet")
}

func TestRead(t *testing.T) {
	v := version{runs: map[string]map[string][]run{}}
	v.read("goos: linux\ncpu: A Processor\nBenchmarkCreate/floor-values-2   \t  2815\t   167.5 ns/op\t  8139 B/op\t  100 allocs/op\nPASS\n")
	assert.Equal(t, "A Processor", v.cpu)
	assert.Equal(t, []run{{167.5, 100}}, v.runs["Create"]["floor-values"])
}

func TestMarkdown(t *testing.T) {
	text := made().markdown(settings{count: 1, builds: 1})
	assert.Contains(t, text, "## Time of a call, Go 1.26.8\n")
	assert.Contains(t, text, "| create | 0.10 µs ± 0 % | 0.20 µs ± 0 % | 0.10 µs ± 0 % | 0.500 ± 0 % | 0.50, met | 1.000 ± 0 % | 1.05, met |")
	assert.Contains(t, text, "| list of 100 | 0.10 µs ± 0 % | 0.20 µs ± 0 % | 0.10 µs ± 0 % | 0.500 ± 0 % | 0.31, **not met** | 1.000 ± 0 % | 0.80, **not met** |")
	assert.Contains(t, text, "| create | 10 | 40 | 10 | 10 | 40 | 10 |")
	assert.Contains(t, text, "- list of 100 on Go 1.27.4, at most 0.31 of stripe-go's time: 0.500 ± 0 %; the floor itself takes 0.50.\n")
	assert.Contains(t, text, "- beyond: create on Go 1.27.4, at most 0.47 of stripe-go's time: 0.500 ± 0 %; ")
	assert.NotContains(t, text, "beyond: create on Go 1.26", "that goal is for Go 1.27 alone")
	assert.Contains(t, text, "| create: allocations / floor, at most 1.15 | 1.00 on Go 1.26.8, 1.00 on Go 1.27.4 | met |")
	assert.Contains(t, text, "| cold build over the floor, at most 1.0 s | +2.0 s | **not met** |")
	assert.Contains(t, text, "- cold build over the floor, at most 1.0 s: +2.0 s; ")
}

func TestChart(t *testing.T) {
	drawing := chart(made())
	assert.Contains(t, drawing, "50 %")
	assert.Contains(t, drawing, ">Go 1.26.8<")
	assert.Contains(t, drawing, ">Go 1.27.4<")
	assert.Contains(t, drawing, ">50.0 %, goal 31 %; 1.000 of the floor, goal 0.80<", "what is not met stands there")
	assert.Less(t, strings.Index(drawing, `class="background"`), strings.Index(drawing, "<text"), "the background lies below the rest: the page around may be of the other scheme")
	decoder := xml.NewDecoder(strings.NewReader(drawing))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
}

// TestChartOfTheReadmeIsThisOne fails when the drawing changes and the published
// chart is not drawn again.
func TestChartOfTheReadmeIsThisOne(t *testing.T) {
	published, err := os.ReadFile("../../docs/bench.svg")
	require.NoError(t, err)
	frame := func(drawing string) string {
		drawing = regexp.MustCompile(`<desc.*</desc>`).ReplaceAllString(drawing, "")
		drawing, _, _ = strings.Cut(drawing, "<text")
		return drawing
	}
	assert.Equal(t, frame(chart(made())), frame(string(published)))
}
