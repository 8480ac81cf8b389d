package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

const planName = "festival"

// measurePlan makes the refunds of one plan: a process of its own makes it from a
// file, checks, approves and runs it, and looks on.
func measurePlan(ctx context.Context, s settings, m *meter, shop shop) (err error) {
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer func() { err = joined(err, os.RemoveAll(folder)) }()
	s.CSV = filepath.Join(folder, "plan.csv")
	if err := writeFile(s, m.server); err != nil {
		return err
	}
	planner, err := start(s, false)
	if err != nil {
		return err
	}
	defer func() { err = joined(err, planner.end()) }()
	s.CSV = ""
	var workers []*process
	defer func() {
		for _, worker := range workers {
			err = joined(err, worker.end())
		}
	}()
	for i := range s.processes {
		if s.CheckOnly {
			break
		}
		worker, err := start(s, i == 0)
		if err != nil {
			return err
		}
		workers = append(workers, worker)
	}
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for quarter, printed := s.refunds/4, 0; ; {
		select {
		case <-planner.ended:
			if planner.failure == nil && !s.CheckOnly {
				memory(workers, "in the end")
				if err = shop.await(ctx); err == nil {
					m.report(time.Time{})
				}
			}
			return err
		case <-every.C:
			if made := m.count(); made > (printed+1)*quarter {
				printed++
				memory(workers, fmt.Sprintf("after %d", made))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// writeFile makes the payments, and a file with a refund of each. The others, of which
// none is refunded, lie between them.
func writeFile(s settings, server *refundtest.Server) (err error) {
	file, err := os.Create(s.CSV)
	if err != nil {
		return err
	}
	defer func() { err = joined(err, file.Close()) }()
	lines := bufio.NewWriter(file)
	fmt.Fprintln(lines, "name,charge,amount,currency,label.day")
	now := time.Now()
	for i := range s.refunds {
		for n := range 1 + s.others {
			charge := server.AddCharge(refundtest.Charge{Amount: 1000, Created: now.Add(-rand.N(s.spread) - time.Second)})
			if n == 0 {
				fmt.Fprintf(lines, "ticket-%d,%s,100,usd,%d\n", i, charge.ID, i%3)
			}
		}
	}
	return lines.Flush()
}

// memory prints what each worker holds.
func memory(workers []*process, when string) {
	var sizes []string
	for _, worker := range workers {
		sizes = append(sizes, resident(worker.Process.Pid, "VmRSS"))
	}
	fmt.Printf("memory of the workers %s: %s\n", when, strings.Join(sizes, ", "))
}

// resident is a process' memory, or with VmHWM the most that it had; empty where there
// is no /proc.
func resident(pid int, field string) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, field+":"); found {
			kilobytes, _ := strconv.Atoi(strings.Fields(value)[0])
			return fmt.Sprintf("%d MB", kilobytes/1024)
		}
	}
	return "unknown"
}

// planner is what [refundjobs.Jobs] does with plans, whatever its transaction.
type planner interface {
	MakePlan(ctx context.Context, name, by string, requests iter.Seq2[refundjobs.Request, error]) (refundjobs.Plan, error)
	CheckPlan(ctx context.Context, name string, found func(refundjobs.Finding) error) (refundjobs.PlanCheck, error)
	ApprovePlan(ctx context.Context, name, by, digest string) (refundjobs.Plan, error)
	RunPlan(ctx context.Context, name, by string) (refundjobs.Plan, error)
	Plan(ctx context.Context, name string) (refundjobs.Plan, error)
}

// plan is the process of the person.
func plan(ctx context.Context, s settings, jobs planner) error {
	file, err := os.Open(s.CSV)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	began := time.Now()
	p, err := jobs.MakePlan(ctx, planName, "ann", refundjobs.ReadCSV(file))
	if err != nil {
		return err
	}
	fmt.Printf("made the plan of %d refunds in %.1f s; at most %s\n", p.Rows, time.Since(began).Seconds(), resident(os.Getpid(), "VmHWM"))
	if s.MakeOnly {
		return nil
	}
	began = time.Now()
	check, err := jobs.CheckPlan(ctx, planName, func(refundjobs.Finding) error { return nil })
	if err != nil {
		return err
	}
	fmt.Printf("checked %d refunds with %d requests in %.1f s, %d findings; at most %s\n", check.Rows, check.Requests, time.Since(began).Seconds(), check.Found, resident(os.Getpid(), "VmHWM"))
	if s.CheckOnly {
		return nil
	}
	began = time.Now()
	if _, err := jobs.ApprovePlan(ctx, planName, "bob", check.Digest); err != nil {
		return err
	}
	fmt.Printf("approved in %.2f s\n", time.Since(began).Seconds())
	if _, err := jobs.RunPlan(ctx, planName, "bob"); err != nil {
		return err
	}
	return lookOn(ctx, s, jobs)
}

// lookOn asks every second how far the plan is, as the program's bar does.
func lookOn(ctx context.Context, s settings, jobs planner) error {
	began, looks, all, longest := time.Now(), 0, time.Duration(0), time.Duration(0)
	for {
		asked := time.Now()
		p, err := jobs.Plan(ctx, planName)
		if err != nil {
			return err
		}
		took := time.Since(asked)
		looks, all, longest = looks+1, all+took, max(longest, took)
		switch p.State {
		case refundjobs.PlanStateRunning:
		case refundjobs.PlanStateFinished:
			took := p.FinishedAt.Sub(p.StartedAt).Seconds()
			fmt.Printf("the plan ran for %.1f s: %.4f times the ideal\n", took, took*s.Rate/float64(p.Rows))
			fmt.Printf("looked %d times how far it is: %s on average, %s at most\n", looks, (all / time.Duration(looks)).Round(time.Millisecond/10), longest.Round(time.Millisecond))
			return nil
		default:
			return errors.New("load: the plan is " + string(p.State) + ": " + p.Why)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("load: after %s: %w", time.Since(began).Round(time.Second), ctx.Err())
		}
	}
}
