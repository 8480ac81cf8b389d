package main

import (
	"bufio"
	"fmt"
	"io"
	"time"
)

// The chart's measures, in pixels.
const (
	chartWidth  = 1000
	chartHeight = 340
	chartLeft   = 50
	chartRight  = 980
	chartTop    = 60
	chartBottom = 300
)

// The chart's colors can be told apart by everybody.
const (
	colorRefunds  = "#0072b2"
	colorFailed   = "#d55e00"
	colorReleased = "#999999"
)

// writeChart draws the refunds of each day, from one day to before another, as
// an SVG.
func (t *totals) writeChart(w io.Writer, from, to time.Time) error {
	from, to = midnight(from), midnight(to.Add(24*time.Hour-time.Second))
	days := max(1, int(to.Sub(from)/(24*time.Hour)))
	most := 1
	for _, d := range t.days {
		most = max(most, d.refunds+d.failed+d.released)
	}
	step := tick(most)
	c := chart{w: bufio.NewWriter(w), from: from, days: days, scale: float64(chartBottom-chartTop) / float64(step*((most+step-1)/step))}
	c.printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", chartWidth, chartHeight)
	c.printf("<title>Refunds per day</title>\n<rect class=\"paper\" width=\"%d\" height=\"%d\" fill=\"white\"/>\n", chartWidth, chartHeight)
	c.printf("<text x=\"%d\" y=\"24\" font-size=\"16\">Refunds per day, %s to %s (UTC)</text>\n", chartLeft, from.Format(time.DateOnly), to.AddDate(0, 0, -1).Format(time.DateOnly))
	c.legend(chartLeft, colorRefunds, "refunded")
	c.legend(chartLeft+110, colorFailed, "failed or canceled")
	c.legend(chartLeft+270, colorReleased, "released authorizations")
	for count := 0; count < most+step; count += step {
		y := chartBottom - float64(count)*c.scale
		c.printf("<path d=\"M%d %.1fH%d\" stroke=\"#dddddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", chartLeft, y, chartRight, chartLeft-6, y+4, count)
	}
	c.months(to)
	for day := range days {
		date := from.AddDate(0, 0, day)
		c.bar(day, date.Format(time.DateOnly), t.days[date.Format(time.DateOnly)])
	}
	c.printf("</svg>\n")
	return c.w.Flush() // an error of any write before
}

type chart struct {
	w     *bufio.Writer
	from  time.Time
	days  int
	scale float64 // pixels for a refund
}

func (c *chart) printf(format string, args ...any) { fmt.Fprintf(c.w, format, args...) }

// x is where a day begins.
func (c *chart) x(day int) float64 {
	return chartLeft + float64(chartRight-chartLeft)*float64(day)/float64(c.days)
}

func (c *chart) legend(x int, color, name string) {
	c.printf("<rect class=\"legend\" x=\"%d\" y=\"36\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%d\" y=\"45\">%s</text>\n", x, color, x+15, name)
}

// months names the first of each month below the chart.
func (c *chart) months(to time.Time) {
	first := time.Date(c.from.Year(), c.from.Month(), 1, 0, 0, 0, 0, time.UTC)
	if first.Before(c.from) {
		first = first.AddDate(0, 1, 0)
	}
	every := 1 + c.days/500 // so that many years do not crowd
	for ; first.Before(to); first = first.AddDate(0, every, 0) {
		c.printf("<text x=\"%.1f\" y=\"%d\">%s</text>\n", c.x(int(first.Sub(c.from)/(24*time.Hour))), chartBottom+18, first.Format("Jan 06"))
	}
}

// bar stacks a day's refunds, and tells their numbers when pointed at.
func (c *chart) bar(day int, date string, d daily) {
	if d == (daily{}) {
		return
	}
	c.printf("<g><title>%s: %d refunded, %d failed or canceled, %d released</title>", date, d.refunds, d.failed, d.released)
	x, width := c.x(day), c.x(1)-c.x(0)
	y := float64(chartBottom)
	for _, part := range []struct {
		count int
		color string
	}{{d.refunds, colorRefunds}, {d.failed, colorFailed}, {d.released, colorReleased}} {
		if part.count > 0 {
			height := float64(part.count) * c.scale
			y -= height
			c.printf("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"/>", x, y, width*0.9, height, part.color)
		}
	}
	c.printf("</g>\n")
}

// tick is a round distance between the lines of a scale up to most.
func tick(most int) int {
	for size := 1; ; size *= 10 {
		for _, step := range []int{size, 2 * size, 5 * size} {
			if most <= 6*step {
				return step
			}
		}
	}
}

// midnight is when the day of t began, in UTC.
func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
