// Command report measures refundkit beside the official client and beside the
// floor. It prints what it found, and writes it to RESULTS.md and, as a chart,
// to ../docs/bench.svg. Run it in the folder of the module:
//
//	go run ./report
//
// It measures with two versions of Go, which -go names; the go command gets
// those that are not there. All ratios are of runs that alternate within seconds,
// so that a busy machine slows all sides. Walks, exports, chaos and cold builds
// are measured with the first version alone.
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
	"slices"
	"strings"

	"github.com/refundkit/refundkit/bench/footprint"
)

func main() {
	var s settings
	flag.StringVar(&s.toolchains, "go", "local,go1.27.4", "the versions of Go, as GOTOOLCHAIN takes them")
	flag.IntVar(&s.count, "count", 10, "how often each benchmark runs")
	flag.StringVar(&s.benchtime, "benchtime", "50ms", "how long each run takes")
	flag.IntVar(&s.builds, "builds", 1, "how often each program is built with an empty cache")
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
	count, builds                         int
	toolchains, benchtime, results, chart string
}

// findings are all that was measured.
type findings struct {
	machine    string
	versions   []version
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
	var f findings
	for i, toolchain := range strings.Split(s.toolchains, ",") {
		fmt.Fprintln(os.Stderr, "building the benchmarks with", toolchain)
		v, err := build(ctx, toolchain, filepath.Join(temporary, fmt.Sprintf("bench%d.test", i)))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(f.versions, func(other version) bool { return other.name == v.name }) {
			return fmt.Errorf("%s is named twice in -go %s", v.name, s.toolchains)
		}
		f.versions = append(f.versions, v)
	}
	fmt.Fprintln(os.Stderr, "benchmarks")
	if err := runBenchmarks(ctx, f.versions, s); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "walk, export and chaos")
	if f.metrics, err = runMetrics(ctx, f.versions[0].binary); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "cold builds")
	if err := os.Setenv("GOTOOLCHAIN", f.versions[0].name); err != nil {
		return err
	}
	if f.footprints, err = runBuilds(ctx, s.builds); err != nil {
		return err
	}
	if f.machine, err = f.describe(ctx); err != nil {
		return err
	}
	return s.write(f)
}

// build makes the benchmarks with a version of Go.
func build(ctx context.Context, toolchain, binary string) (version, error) {
	env := append(os.Environ(), "GOTOOLCHAIN="+toolchain)
	name, err := output(ctx, env, "go", "env", "GOVERSION")
	if err != nil {
		return version{}, err
	}
	_, err = output(ctx, env, "go", "test", "-c", "-o", binary, ".")
	return version{name: strings.TrimSpace(name), binary: binary, runs: map[string]map[string][]run{}}, err
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

// describe names what the numbers depend on.
func (f findings) describe(ctx context.Context) (string, error) {
	modules, err := output(ctx, nil, "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/stripe/stripe-go/v86", "github.com/google/go-querystring")
	if err != nil {
		return "", err
	}
	parts := []string{f.versions[0].cpu, fmt.Sprintf("%d cores", runtime.NumCPU()), runtime.GOOS + "/" + runtime.GOARCH}
	for _, v := range f.versions {
		parts = append(parts, v.name)
	}
	parts = append(parts, strings.Fields(strings.NewReplacer("github.com/", "", " ", "@").Replace(modules))...)
	return strings.Join(parts, ", "), nil
}

// output runs a command, in this environment or, without one, in the report's,
// and returns what it says on its standard output.
func output(ctx context.Context, env []string, name string, args ...string) (string, error) {
	var out, complaints strings.Builder
	command := exec.CommandContext(ctx, name, args...)
	command.Env, command.Stdout, command.Stderr = env, &out, &complaints
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out.String(), complaints.String())
	}
	return out.String(), nil
}
