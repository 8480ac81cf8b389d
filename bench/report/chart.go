package main

import (
	"fmt"
	"html"
	"strings"
)

// The chart has a row for each benchmark and a panel for time and one for
// allocations, in which stripe-go is 100 %.
const (
	labelWidth = 270
	panelWidth = 300
	panelGap   = 20
	rowHeight  = 34
	barHeight  = 14
	top        = 92
	chartWidth = labelWidth + 2*panelWidth + panelGap + 40
)

// The colours are fixed, and the chart brings its own background: embedded as an
// image it can't know whether the page around it is light or dark.
const style = `<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.small { font-size: 12px; fill: #57606a }
.background { fill: #ffffff; stroke: #d0d7de }
.bar { fill: #0969da }
.track { fill: #d0d7de }
.floor { stroke: #bc4c00; stroke-width: 3 }
</style>
`

func chart(f findings) string {
	var b strings.Builder
	height := top + len(rows)*rowHeight + 44
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`+"\n", chartWidth, height, chartWidth, height)
	b.WriteString("<title id=\"title\">refundkit beside stripe-go</title>\n<desc id=\"desc\">" + html.EscapeString(description(f)) + "</desc>\n" + style)
	fmt.Fprintf(&b, `<rect class="background" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>`+"\n", chartWidth-1, height-1)
	text(&b, 16, 28, "title", "What a call costs in the process: refundkit, where stripe-go is 100 %")
	panels := []struct {
		name  string
		ratio func(benchmark, other string) sample
	}{{"time", f.benchmarks.timeRatio}, {"allocations", f.benchmarks.allocationRatio}}
	for i, panel := range panels {
		left := labelWidth + i*(panelWidth+panelGap)
		text(&b, left, top-14, "", panel.name)
		for j, row := range rows {
			our := panel.ratio(row.benchmark, "stripe-go").median
			drawBar(&b, left, top+j*rowHeight, our, our/panel.ratio(row.benchmark, "floor").median)
		}
	}
	for j, row := range rows {
		text(&b, 16, top+j*rowHeight+barHeight-2, "", row.name)
	}
	fmt.Fprintf(&b, `<rect class="bar" x="16" y="46" width="14" height="10" rx="2"/><rect class="track" x="120" y="46" width="14" height="10" rx="2"/><line class="floor" x1="226" y1="43" x2="226" y2="59"/>`+"\n")
	text(&b, 36, 56, "small", "refundkit")
	text(&b, 140, 56, "small", "stripe-go")
	text(&b, 234, 56, "small", "floor: net/http and encoding/json into the same structs")
	text(&b, 16, height-16, "small", f.machine)
	b.WriteString("</svg>\n")
	return b.String()
}

// drawBar draws our part of a track that is 100 % long, and where the floor is.
// A bar may be longer than the track, up to 130 %; beyond, the number tells.
func drawBar(b *strings.Builder, left, y int, our, floor float64) {
	const whole, most = 190, 1.3
	fmt.Fprintf(b, `<rect class="track" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, left, y, whole, barHeight)
	fmt.Fprintf(b, `<rect class="bar" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>`, left, y, whole*min(our, most), barHeight)
	at := float64(left) + whole*min(floor, most)
	fmt.Fprintf(b, `<line class="floor" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", at, y-3, at, y+barHeight+3)
	text(b, left+whole*most+6, y+barHeight-2, "", fmt.Sprintf("%.0f %%", 100*our))
}

func text(b *strings.Builder, x, y int, class, words string) {
	if class != "" {
		class = fmt.Sprintf(` class="%s"`, class)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d"%s>%s</text>`+"\n", x, y, class, html.EscapeString(words))
}

// description is the chart for those who can't see it.
func description(f findings) string {
	var parts []string
	for _, row := range rows {
		parts = append(parts, fmt.Sprintf("%s: %.0f %% of the time, %.0f %% of the allocations", row.name,
			100*f.benchmarks.timeRatio(row.benchmark, "stripe-go").median, 100*f.benchmarks.allocationRatio(row.benchmark, "stripe-go").median))
	}
	return "refundkit relative to stripe-go. " + strings.Join(parts, "; ") + "."
}
