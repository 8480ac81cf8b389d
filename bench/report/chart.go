package main

import (
	"fmt"
	"html"
	"strings"
)

// The chart has a row for each benchmark and a panel for each version of Go, in
// which stripe-go's time is 100 %. Below a bar stands which goals it misses.
const (
	labelWidth = 262
	panelWidth = 310
	panelGap   = 16
	rowHeight  = 40
	barHeight  = 14
	whole      = 190 // 100 %
	longest    = 1.3 // beyond, only the number tells
	top        = 118
)

// The chart brings its own background, so that it can be read on any page. Embedded
// as an image it knows what the reader's system asks for, not what the page has.
const style = `<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.head { font-weight: 600 }
.small { font-size: 12px; fill: #57606a }
.missed { font-size: 11px; fill: #b3261e }
.background { fill: #ffffff; stroke: #d0d7de }
.bar { fill: #0969da }
.bar.short { fill: #b3261e }
.track { fill: #d0d7de }
.floor { stroke: #24292f; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9da7b3 }
.missed { fill: #ff8a80 }
.background { fill: #0d1117; stroke: #3d444d }
.bar { fill: #388bfd }
.bar.short { fill: #e5534b }
.track { fill: #3d444d }
.floor { stroke: #e6edf3 }
}
</style>
`

func chart(f findings) string {
	var b strings.Builder
	width := labelWidth + len(f.versions)*(panelWidth+panelGap)
	height := top + len(rows)*rowHeight + 34
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc">`+"\n", width, height, width, height)
	b.WriteString("<title id=\"title\">refundkit beside stripe-go</title>\n<desc id=\"desc\">" + html.EscapeString(description(f)) + "</desc>\n" + style)
	fmt.Fprintf(&b, `<rect class="background" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>`+"\n", width-1, height-1)
	text(&b, 16, 28, "title", "The time of a call: refundkit, where stripe-go is 100 %")
	drawLegend(&b)
	for i, v := range f.versions {
		left := labelWidth + i*(panelWidth+panelGap)
		text(&b, left, top-14, "head", v.title())
		for j, row := range rows {
			v.drawBar(&b, left, top+j*rowHeight, row)
		}
	}
	for j, row := range rows {
		text(&b, 16, top+j*rowHeight+barHeight-2, "", row.name)
	}
	text(&b, 16, height-14, "small", f.machine)
	b.WriteString("</svg>\n")
	return b.String()
}

func drawLegend(b *strings.Builder) {
	for _, entry := range []struct {
		x            int
		class, words string
	}{
		{16, "bar", "refundkit"}, {112, "bar short", "a goal is missed: see below the bar"}, {372, "track", "stripe-go"},
	} {
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="48" width="14" height="10" rx="2"/>`, entry.class, entry.x)
		text(b, entry.x+20, 58, "small", entry.words)
	}
	b.WriteString(`<line class="floor" x1="480" y1="45" x2="480" y2="61"/>`)
	text(b, 488, 58, "small", "floor: net/http and encoding/json into the same structs")
}

// drawBar draws our part of a track that is 100 % long, and where the floor is.
func (v version) drawBar(b *strings.Builder, left, y int, r row) {
	our := v.timeRatio(r.benchmark, "stripe-go").median
	floor := v.ratio(r.benchmark, "floor", "stripe-go", nanoseconds).median
	missed, class := v.missed(r), "bar"
	if missed != "" {
		class = "bar short"
	}
	fmt.Fprintf(b, `<rect class="track" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, left, y, whole, barHeight)
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>`, class, left, y, whole*min(our, longest), barHeight)
	at := float64(left) + whole*min(floor, longest)
	fmt.Fprintf(b, `<line class="floor" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", at, y-3, at, y+barHeight+3)
	text(b, left+whole*longest+6, y+barHeight-2, "", fmt.Sprintf("%.0f %%", 100*our))
	if missed != "" {
		text(b, left, y+barHeight+14, "missed", missed)
	}
}

// missed says which goals of a benchmark are not met, and by how little if so.
func (v version) missed(r row) string {
	var parts []string
	for i, t := range v.callTargets(r) {
		switch goal := r.goals[v.minor()]; {
		case t.met:
		case i == 0:
			parts = append(parts, fmt.Sprintf("%.1f %%, goal %.0f %%", 100*v.timeRatio(r.benchmark, "stripe-go").median, 100*goal.stripeGo))
		default:
			parts = append(parts, fmt.Sprintf("%.3f of the floor, goal %.2f", v.timeRatio(r.benchmark, "floor").median, goal.floor))
		}
	}
	return strings.Join(parts, "; ")
}

func text(b *strings.Builder, x, y int, class, words string) {
	if class != "" {
		class = fmt.Sprintf(` class="%s"`, class)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d"%s>%s</text>`+"\n", x, y, class, html.EscapeString(words))
}

// description is the chart for those who can't see it.
func description(f findings) string {
	said := "refundkit's time relative to stripe-go's."
	for _, v := range f.versions {
		var parts []string
		for _, row := range rows {
			part := fmt.Sprintf("%s %.0f %%", row.name, 100*v.timeRatio(row.benchmark, "stripe-go").median)
			if missed := v.missed(row); missed != "" {
				part += " (not met: " + missed + ")"
			}
			parts = append(parts, part)
		}
		said += " " + v.title() + ": " + strings.Join(parts, "; ") + "."
	}
	return said
}
