package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/refundkit/refundkit/bench/footprint"
	"github.com/refundkit/refundkit/internal/spread"
)

func (f findings) markdown(s settings) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# refundkit, measured\n\n%s.\n\nTo reproduce it: `cd bench && go run ./report -go %s -count %d -benchtime %s -builds %d`\n\n", f.machine, f.names(), s.count, s.benchtime, s.builds)
	b.WriteString("The floor is net/http and encoding/json into the same structs, with nothing around them; to create, with go-querystring too.\n" +
		"All get the same answers from the same transport, in process where nothing else is said, and no answer shares an ID with the one before.\n" +
		"Medians, ± their 95 % confidence interval.\n\n")
	f.writeCalls(&b)
	f.writeAllocations(&b)
	f.writeNotMet(&b)
	f.writeTargets(&b)
	f.writeWalks(&b)
	f.writeSpreads(&b)
	f.writeFootprints(&b)
	f.writeChaos(&b)
	return b.String()
}

// names are the versions as -go takes them.
func (f findings) names() string {
	var names []string
	for _, v := range f.versions {
		names = append(names, v.name)
	}
	return strings.Join(names, ",")
}

func (f findings) writeCalls(b *strings.Builder) {
	for _, v := range f.versions {
		fmt.Fprintf(b, "## Time of a call, %s\n\n", v.title())
		b.WriteString("| | refundkit | stripe-go | floor | refundkit / stripe-go | goal | refundkit / floor | goal |\n|---|--:|--:|--:|--:|---|--:|---|\n")
		for _, row := range rows {
			fmt.Fprintf(b, "| %s | %s | %s | %s |", row.name, v.microseconds(row.benchmark, "refundkit"), v.microseconds(row.benchmark, "stripe-go"), v.microseconds(row.benchmark, "floor"))
			goals := [2]string{"none", "none"}
			for i, t := range v.callTargets(row) {
				most := [2]float64{row.goals[v.minor()].stripeGo, row.goals[v.minor()].floor}[i]
				goals[i] = fmt.Sprintf("%.2f, %s", most, t.verdict())
			}
			fmt.Fprintf(b, " %s | %s | %s | %s |\n", ratio(v.timeRatio(row.benchmark, "stripe-go")), goals[0], ratio(v.timeRatio(row.benchmark, "floor")), goals[1])
		}
		fmt.Fprintf(b, "\nWithout go-querystring the floor creates in %s.\n\n", v.microseconds("Create", "floor-values"))
	}
}

func (f findings) writeAllocations(b *strings.Builder) {
	b.WriteString("## Allocations of a call\n\n| |")
	for _, v := range f.versions {
		fmt.Fprintf(b, " refundkit, %s | stripe-go | floor |", v.title())
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|--:|--:|", len(f.versions)) + "\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", row.name)
		for _, v := range f.versions {
			for _, subject := range []string{"refundkit", "stripe-go", "floor"} {
				fmt.Fprintf(b, " %.0f |", v.of(row.benchmark, subject, allocations).median)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func (v version) microseconds(benchmark, subject string) string {
	s := v.of(benchmark, subject, nanoseconds)
	return fmt.Sprintf("%s µs ± %.0f %%", significant(s.median/1e3), 100*s.spread)
}

func ratio(s sample) string { return fmt.Sprintf("%.3f ± %.0f %%", s.median, 100*s.spread) }

// significant writes three digits.
func significant(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// writeNotMet tells of each target that was missed, whichever, and why.
func (f findings) writeNotMet(b *strings.Builder) {
	var all []target
	for _, v := range f.versions {
		for _, row := range rows {
			all = append(all, v.callTargets(row)...)
		}
	}
	all = slices.Concat(all, f.beyondTargets(), f.otherTargets())
	b.WriteString("## Not met, and why\n\n")
	missed := 0
	for _, t := range all {
		if t.met {
			continue
		}
		missed++
		measured := t.measured
		if t.close {
			measured += ", by less than the spread"
		}
		if t.reason != "" {
			measured += "; " + t.reason
		}
		fmt.Fprintf(b, "- %s: %s.\n", t.what, measured)
	}
	fmt.Fprintf(b, "\n%d of %d targets are not met.\n\n", missed, len(all))
}

func (f findings) writeTargets(b *strings.Builder) {
	b.WriteString("## The other targets\n\n| target | measured | |\n|---|---|---|\n")
	for _, t := range slices.Concat(f.beyondTargets(), f.otherTargets()) {
		fmt.Fprintf(b, "| %s | %s | %s |\n", t.what, t.measured, t.verdict())
	}
	b.WriteString("\n")
}

func (f findings) writeWalks(b *strings.Builder) {
	m := f.metrics
	b.WriteString("## Walks\n\nSeconds are those of a clock that only the waiting moves: 20 ms for a request of a walk, 300 ms for one of an export.\n\n" +
		"| | requests | seconds |\n|---|--:|--:|\n")
	for _, line := range []struct{ what, name string }{
		{"2,000 refunds with All, no limit given", "walk/refundkit"},
		{"2,000 refunds with stripe-go, no limit given", "walk/stripe-go"},
		{"100,000 refunds with All", "all"},
		{"100,000 refunds with Export", "export"},
		{"200,000 refunds with Export, 25 requests a second", "limited"},
	} {
		fmt.Fprintf(b, "| %s | %.0f | %.1f |\n", line.what, m[line.name+"/requests"], m[line.name+"/seconds"])
	}
	fmt.Fprintf(b, "\nHeap in use at its peak, with a reader that takes a second for each page: %.1f MB at 20,000 refunds, %.1f MB at 200,000.\n\n", m["heap/20000"]/1e6, m["heap/200000"]/1e6)
}

// writeSpreads tells of exports of what is spread unevenly.
func (f findings) writeSpreads(b *strings.Builder) {
	b.WriteString("## Exports\n\nWith 8 workers, at 25 requests a second that take 300 ms each: the time as times of what as many full pages need, and the requests beyond those pages. " +
		"The goal for 100,000 refunds is 1.25 and 6 %. The worst of 8 seeds; refunds are made within one year.\n\n" +
		"| spread | 100,000: time | wasted | 30,000: time | wasted |\n|---|--:|--:|--:|--:|\n")
	for _, s := range spread.All() {
		fmt.Fprintf(b, "| %s |", s.Name)
		for _, count := range []string{"100000", "30000"} {
			m := s.Metric() + "/" + count
			fmt.Fprintf(b, " %.2f | %.1f %% |", f.metrics[m+"/slower"], 100*f.metrics[m+"/wasted"])
		}
		b.WriteString("\n")
	}
	b.WriteString("\nIf most refunds come in bursts of a few pages with little between, nothing tells where the next one is. Many refunds of one second are walked one page after the other.\n\n")
}

func (f findings) writeFootprints(b *strings.Builder) {
	b.WriteString("## Import\n\nA program that makes one call, built with an empty build cache; the least of all builds.\n\n" +
		"| | build | CPU time | peak memory | stripped binary | over the floor |\n|---|--:|--:|--:|--:|--:|\n")
	floor := f.footprints["floor"]
	for _, name := range footprint.Names() {
		p := f.footprints[name]
		fmt.Fprintf(b, "| %s | %.1f s | %.1f s | %.0f MB | %.2f MB | %+.1f s, %+.1f s CPU, %+.2f MB |\n", name, p.Wall.Seconds(), p.CPU.Seconds(),
			megabytes(p.Peak), megabytes(p.Size), (p.Wall - floor.Wall).Seconds(), (p.CPU - floor.CPU).Seconds(), megabytes(p.Size-floor.Size))
	}
	b.WriteString("\n")
}

func (f findings) writeChaos(b *strings.Builder) {
	m := f.metrics
	b.WriteString("## Chaos\n\n1,000 refunds while 30 % of the requests go wrong, the same seed for each. Without a stored key a failed call is made again, and gets a new key.\n\n" +
		"| | refunded twice | requests |\n|---|--:|--:|\n")
	for _, line := range []struct{ what, name string }{
		{"refundkit, key stored before the call", "stored-key"}, {"refundkit, a new key for each call", "key-per-call"}, {"stripe-go, a new key for each call", "stripe-go"},
	} {
		fmt.Fprintf(b, "| %s | %.0f | %.0f |\n", line.what, m["chaos/"+line.name+"/twice"], m["chaos/"+line.name+"/requests"])
	}
}
