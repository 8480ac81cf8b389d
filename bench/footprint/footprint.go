// Package footprint measures what importing a client costs a program that makes
// one call: the time and memory of a build with an empty build cache, and the
// size of the stripped binary.
package footprint

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Names are the programs, as their folders below programs are called.
func Names() []string { return []string{"refundkit", "stripe-go", "floor"} }

// Build is one build of a program. Peak is the most memory that any one process
// of it had, in bytes; CPU is the time of all its processes on all cores.
type Build struct {
	Name      string
	Wall, CPU time.Duration
	Peak      int64
	Size      int64
}

// Cold builds a program of the module in dir with an empty build cache.
func Cold(ctx context.Context, dir, name string) (Build, error) {
	temporary, err := os.MkdirTemp("", "footprint")
	if err != nil {
		return Build{}, err
	}
	defer os.RemoveAll(temporary)
	binary := filepath.Join(temporary, "program")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./footprint/programs/"+name)
	build.Dir = dir
	build.Env = append(os.Environ(), "GOCACHE="+filepath.Join(temporary, "cache"))
	start := time.Now()
	if out, err := build.CombinedOutput(); err != nil {
		return Build{}, fmt.Errorf("building %s: %w\n%s", name, err, out)
	}
	made := Build{Name: name, Wall: time.Since(start), CPU: build.ProcessState.UserTime() + build.ProcessState.SystemTime()}
	if usage, ok := build.ProcessState.SysUsage().(*syscall.Rusage); ok {
		made.Peak = usage.Maxrss
		if runtime.GOOS != "darwin" {
			made.Peak *= 1024 // macOS counts in bytes, others in KiB
		}
	}
	info, err := os.Stat(binary)
	if err != nil {
		return Build{}, err
	}
	made.Size = info.Size()
	return made, nil
}
