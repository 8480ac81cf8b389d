package main

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

// The chart's measures, in pixels.
const (
	width, height = 1000, 320
	left, right   = 70, 980
	top, bottom   = 60, 280
)

// style is readable in light and in dark; the colors can be told apart by everybody.
const style = `<style>
svg { background: #ffffff; color: #222222; font-family: sans-serif; font-size: 12px }
text { fill: currentColor } .grid { stroke: currentColor; stroke-opacity: .2 }
.refunded { fill: #0072b2 } .failed { fill: #e69f00 } .differs { fill: #d55e00 }
@media (prefers-color-scheme: dark) { svg { background: #14171a; color: #e8e8e8 } .refunded { fill: #56b4e9 } .failed { fill: #f0c04c } .differs { fill: #ff7f50 } }
</style>
`

// day is what was refunded on a day, in cents, and how many differences there are.
type day struct {
	refunded, failed int64
	differences      int
}

// days are those of a currency that all refunds here are in.
type days map[string]day

func (d days) add(refund *refundkit.Refund) {
	key := refund.Created.UTC().Format(time.DateOnly)
	sum := d[key]
	if refund.Status.IsFinal() {
		sum.failed += refund.Amount
	} else {
		sum.refunded += refund.Amount
	}
	d[key] = sum
}

func (d days) differs(difference refundjobs.Difference) {
	at := difference.Job.RefundCreated
	if difference.Refund != nil {
		at = difference.Refund.Created.Time
	}
	key := at.UTC().Format(time.DateOnly)
	sum := d[key]
	sum.differences++
	d[key] = sum
}

// writeChart draws the sums of each day as bars, and a dot above each day on which
// something differs.
func (d days) writeChart(w io.Writer, from, to time.Time) error {
	out := bufio.NewWriter(w)
	most := int64(1)
	for _, sum := range d {
		most = max(most, sum.refunded+sum.failed)
	}
	step := tick(most)
	count := max(1, int(to.Sub(from).Hours()/24))
	x := func(day int) float64 { return left + float64(right-left)*float64(day)/float64(count) }
	y := func(amount int64) float64 { return bottom - float64(bottom-top)*float64(amount)/float64(most+step) }
	fmt.Fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"title\">\n%s", width, height, style)
	fmt.Fprintf(out, "<title id=\"title\">Refunds by day</title>\n<text x=\"%d\" y=\"24\" font-size=\"16\">Refunds by day in EUR, %s to %s (UTC)</text>\n",
		left, from.Format(time.DateOnly), to.AddDate(0, 0, -1).Format(time.DateOnly))
	for i, class := range []string{"refunded", "failed", "differs"} {
		fmt.Fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"36\" width=\"10\" height=\"10\"/><text x=\"%d\" y=\"45\">%s</text>\n", class, left+i*110, left+i*110+15, class)
	}
	for amount := int64(0); amount <= most; amount += step {
		fmt.Fprintf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", left, y(amount), right, left-6, y(amount)+4, amount/100)
	}
	for i := range count {
		date := from.AddDate(0, 0, i)
		if date.Day() == 1 {
			fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", x(i), bottom+18, date.Format("Jan 06"))
		}
		sum, wide := d[date.Format(time.DateOnly)], 0.9*(x(1)-x(0))
		fmt.Fprintf(out, "<g><title>%s: %.2f refunded, %.2f failed, %d differences</title>", date.Format(time.DateOnly), float64(sum.refunded)/100, float64(sum.failed)/100, sum.differences)
		fmt.Fprintf(out, "<rect class=\"refunded\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", x(i), y(sum.refunded), wide, bottom-y(sum.refunded))
		fmt.Fprintf(out, "<rect class=\"failed\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", x(i), y(sum.refunded+sum.failed), wide, y(sum.refunded)-y(sum.refunded+sum.failed))
		if sum.differences > 0 {
			fmt.Fprintf(out, "<circle class=\"differs\" cx=\"%.2f\" cy=\"%.2f\" r=\"4\"/>", x(i)+wide/2, y(sum.refunded+sum.failed)-7)
		}
		fmt.Fprint(out, "</g>\n")
	}
	fmt.Fprint(out, "</svg>\n")
	return out.Flush() // an error of any write before
}

// tick is a round distance between the lines of a scale up to most.
func tick(most int64) int64 {
	for size := int64(100); ; size *= 10 {
		for _, step := range []int64{size, 2 * size, 5 * size} {
			if most <= 6*step {
				return step
			}
		}
	}
}
