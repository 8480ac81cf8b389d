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

// made are findings in which refundkit takes a half of stripe-go and as much as the floor.
func made() findings {
	f := findings{machine: "a <machine>", metrics: map[string]float64{}, footprints: map[string]footprint.Build{}}
	f.benchmarks.runs = map[string]map[string][]run{}
	for _, row := range rows {
		f.benchmarks.runs[row.benchmark] = map[string][]run{"refundkit": {{100, 10}}, "stripe-go": {{200, 40}}, "floor": {{100, 10}}, "floor-values": {{90, 9}}}
	}
	for i, name := range footprint.Names() {
		f.footprints[name] = footprint.Build{Name: name, Wall: time.Duration(3-i) * time.Second, Peak: 100, Size: 200}
	}
	return f
}

func TestMarkdown(t *testing.T) {
	text := made().markdown(settings{count: 1, builds: 1})
	assert.Contains(t, text, "| create, time | 0.10 µs ± 0 % | 0.20 µs ± 0 % | 0.10 µs ± 0 % | 0.50 ± 0 % | 1.00 ± 0 % |")
	assert.Contains(t, text, "| create, allocations | 10 | 40 | 10 | 0.25 | 1.00 |")
	assert.Contains(t, text, "| create: time / floor, at most 1.15 | 1.000 ± 0 % | met |")
	assert.Contains(t, text, "| create: time / stripe-go, at most 0.45 | 0.500 ± 0 % | **not met**: the floor itself takes 0.50")
	assert.Contains(t, text, "| cold build over the floor, at most 1.0 s | +2.0 s | **not met**")
}

func TestChart(t *testing.T) {
	drawing := chart(made())
	assert.Contains(t, drawing, "50 %")
	assert.NotContains(t, drawing, "prefers-color-scheme", "it is that of the reader, not of the page that shows the image")
	assert.Less(t, strings.Index(drawing, `class="background"`), strings.Index(drawing, "<text"), "the background lies below the rest")
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
