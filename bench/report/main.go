// Command report measures refundkit beside the official client and beside the
// floor. It prints what it found, and writes it to RESULTS.md and, as a chart,
// to ../docs/bench.svg. Run it in the folder of the module:
//
//	go run ./report
//
// All ratios are of runs that alternate within seconds, so that a busy machine
// slows all sides.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/refundkit/refundkit/bench/footprint"
)

func main() {
	var s settings
	flag.IntVar(&s.count, "count", 10, "how often each benchmark runs")
	flag.StringVar(&s.benchtime, "benchtime", "100ms", "how long each run takes")
	flag.IntVar(&s.builds, "builds", 3, "how often each program is built with an empty cache")
	flag.StringVar(&s.results, "o", "RESULTS.md", "where the tables go")
	flag.StringVar(&s.chart, "chart", filepath.Join("..", "docs", "bench.svg"), "where the chart goes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

type settings struct {
	count, builds             int
	benchtime, results, chart string
}

// findings are all that was measured.
type findings struct {
	machine    string
	benchmarks benchmarks
	metrics    map[string]float64
	footprints map[string]footprint.Build
}

func (s settings) run(ctx context.Context) error {
	if s.count < 1 || s.builds < 1 {
		return fmt.Errorf("-count and -builds must be at least 1")
	}
	temporary, err := os.MkdirTemp("", "report")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	binary := filepath.Join(temporary, "bench.test")
	if _, err := output(ctx, "go", "test", "-c", "-o", binary, "."); err != nil {
		return err
	}
	var f findings
	fmt.Fprintln(os.Stderr, "benchmarks")
	if f.benchmarks, err = runBenchmarks(ctx, binary, s); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "walk, export and chaos")
	if f.metrics, err = runMetrics(ctx, binary); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "cold builds")
	if f.footprints, err = runBuilds(ctx, s.builds); err != nil {
		return err
	}
	if f.machine, err = machine(ctx, f.benchmarks.cpu); err != nil {
		return err
	}
	return s.write(f)
}

func (s settings) write(f findings) error {
	text := f.markdown(s)
	fmt.Print(text)
	if err := os.WriteFile(s.results, []byte(text), 0o644); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.chart), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.chart, []byte(chart(f)), 0o644)
}

// runBuilds builds the programs in turn, and keeps the least of each: whatever
// else the machine does only adds to them.
func runBuilds(ctx context.Context, times int) (map[string]footprint.Build, error) {
	least := map[string]footprint.Build{}
	for range times {
		for _, name := range footprint.Names() {
			built, err := footprint.Cold(ctx, ".", name)
			if err != nil {
				return nil, err
			}
			if before, ok := least[name]; ok {
				built.Wall, built.CPU, built.Peak = min(built.Wall, before.Wall), min(built.CPU, before.CPU), min(built.Peak, before.Peak)
			}
			least[name] = built
		}
	}
	return least, nil
}

// machine names what the numbers depend on.
func machine(ctx context.Context, cpu string) (string, error) {
	modules, err := output(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/stripe/stripe-go/v86", "github.com/google/go-querystring")
	if err != nil {
		return "", err
	}
	versions := strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(modules, "github.com/", "")), "\n", ", ")
	return fmt.Sprintf("%s, %d cores, %s/%s, %s, %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), versions), nil
}

// output runs a command, and returns what it says.
func output(ctx context.Context, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
