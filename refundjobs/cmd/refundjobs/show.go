package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/internal/money"
)

// object writes a line of JSON, if that is wanted.
func (p *program) object(value any) bool {
	if p.asJSON {
		_ = json.NewEncoder(p.out).Encode(value) // a closed pipe ends the program anyway
	}
	return p.asJSON
}

func (p *program) showPlan(plan refundjobs.Plan) {
	if p.object(plan) {
		return
	}
	fmt.Fprintf(p.out, "Plan %s is %s: %d refunds\n", plan.Name, plan.State, plan.Rows)
	p.table(func(w *tabwriter.Writer) {
		for _, c := range plan.Progress {
			fmt.Fprintf(w, "  %s\t%d\t%s %s\t\n", c.Shown, c.Number, money.Decimal(c.Amount, c.Currency), c.Currency)
		}
	})
}

// table aligns cells that are separated by tabs, numbers to the right.
func (p *program) table(rows func(*tabwriter.Writer)) {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	rows(w)
	_ = w.Flush()
}

func (p *program) showFinding(f refundjobs.Finding) error {
	if p.object(f) {
		return nil
	}
	mark := "note   "
	if f.Refused {
		mark = "REFUSED"
	}
	_, err := fmt.Fprintf(p.out, "%s  %d %s (%s): %s\n", mark, f.Line, f.Name, f.Payment, f.Detail)
	return err
}

func (p *program) showCheck(c refundjobs.PlanCheck) {
	if p.object(c) {
		return
	}
	fmt.Fprintf(p.out, "%d refunds checked with %d requests; %d would be refused, %d findings in all.\n", c.Rows, c.Requests, c.Refused, c.Found)
	for _, sum := range c.Sums {
		fmt.Fprintf(p.out, "  %d refunds, %s %s\n", sum.Number, money.Decimal(sum.Amount, sum.Currency), sum.Currency)
	}
	if c.Estimate > 0 {
		fmt.Fprintf(p.out, "It takes about %s at this rate.\n", c.Estimate.Round(time.Second))
	}
	fmt.Fprintf(p.out, "Digest: %s\nNothing is sent. Next, somebody else: refundjobs approve %s --digest %s\n", c.Digest, quote(c.Plan), c.Digest)
}

const followEvery = 500 * time.Millisecond

// follow shows how far a plan is until it ends or ctx does: as a bar on a terminal, else
// as a line now and then. It returns early when the worker ends.
func (p *program) follow(ctx context.Context, j jobs, name string, ended chan error) (plan refundjobs.Plan, err error) {
	show := p.lines()
	if file, ok := p.err.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		show = p.bar(name)
	}
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		if plan, err = j.Plan(context.WithoutCancel(ctx), name); err != nil {
			return plan, err
		}
		if p.speed > 0 {
			plan.Rate, plan.TimeLeft = plan.Rate*p.speed, time.Duration(float64(plan.TimeLeft)/p.speed)
		}
		show(plan)
		if plan.State != refundjobs.PlanStateRunning || ctx.Err() != nil {
			return plan, nil
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case err := <-ended:
			ended <- nil
			return plan, err
		}
	}
}

// tally is what of a plan is done, failed, and left to a person.
func tally(plan refundjobs.Plan) (made, failed, person int64) {
	for _, c := range plan.Progress {
		switch c.Shown {
		case refundjobs.StateSent, refundjobs.StateSucceeded:
			made += c.Number
		case refundjobs.StateFailed, refundjobs.StateCanceled:
			failed += c.Number
		case refundjobs.StateNeedsPerson:
			person += c.Number
		}
	}
	return made, failed, person
}

func (p *program) bar(name string) func(refundjobs.Plan) {
	var bar *progressbar.ProgressBar
	return func(plan refundjobs.Plan) {
		if bar == nil {
			bar = progressbar.NewOptions64(plan.Rows, progressbar.OptionSetWriter(p.err), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
				progressbar.OptionSetPredictTime(false), progressbar.OptionOnCompletion(func() { fmt.Fprintln(p.err) }))
		}
		made, failed, person := tally(plan)
		bar.Describe(fmt.Sprintf("%s  %.0f/s  %s left  made %d  failed %d  person %d", name, plan.Rate, plan.TimeLeft.Round(time.Second), made, failed, person))
		_ = bar.Set64(made + failed + person)
	}
}

const lineEvery = 10 * time.Second

func (p *program) lines() func(refundjobs.Plan) {
	var last time.Time
	return func(plan refundjobs.Plan) {
		if plan.State == refundjobs.PlanStateRunning && time.Since(last) < lineEvery {
			return
		}
		last = time.Now()
		made, failed, person := tally(plan)
		p.note("%s %s: %d of %d, %.0f/s, %s left, made %d, failed %d, needs a person %d", last.UTC().Format(time.TimeOnly), plan.Name,
			made+failed+person, plan.Rows, plan.Rate, plan.TimeLeft.Round(time.Second), made, failed, person)
	}
}
