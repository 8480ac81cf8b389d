package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/refundkit/refundkit/refundjobs"
)

// with opens the database for one command.
func (p *program) with(needsStripe bool, do func(ctx context.Context, j jobs, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		j, err := p.open(cmd.Context(), needsStripe)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, j.Close()) }()
		return do(cmd.Context(), j, args)
	}
}

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Make the tables, or bring them to this version",
		Long:    "Make the tables of refundjobs and of River, or bring them to this version. It is safe to repeat, and beside running workers.",
		Example: "  refundjobs migrate\n  refundjobs --sqlite refunds.db migrate",
		Args:    noArguments,
		RunE: p.with(false, func(ctx context.Context, j jobs, _ []string) error {
			if err := j.Migrate(ctx); err != nil {
				return err
			}
			p.say("The tables are up to date.")
			return nil
		}),
	}
}

func (p *program) plan() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "plan FILE", Short: "Store the refunds of a CSV file as a draft",
		Long: `Store the refunds of a CSV file as the draft of a plan: all of them, or none. Nothing is
sent. The first line names the columns:

  name            your own name for the refund, unique for ever
  charge          ch_...; or
  payment_intent  pi_...
  amount          in the currency's smallest unit, such as 1250 for 12.50 EUR; or "remaining"
  amount_decimal  instead of amount: 12.50, with a point or a comma
  currency        three letters
  reason          duplicate, fraudulent or requested_by_customer; may be left out
  account         the connected account; may be left out
  note            for people; may be left out
  label.NAME      your own; any number of them

Files as spreadsheets write them are read: semicolons or tabs, quotes, a byte order mark.
The same file again is the same plan. FILE may be - for standard input.`,
		Example: "  refundjobs plan festival.csv\n  refundjobs plan --name festival-2026 export.csv",
		Args:    exactly(1),
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the plan, once for ever; the file's name if it is left out")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, args []string) error {
		file, called, err := openFile(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		if name == "" {
			name = called
		}
		if name == "" {
			return usageError{errors.New("plan: say --name, since the file has none")}
		}
		plan, err := j.MakePlan(ctx, name, p.by, refundjobs.ReadCSV(file))
		if err != nil {
			return err
		}
		p.showPlan(plan)
		if plan.State == refundjobs.PlanStateDraft {
			p.say("Nothing is sent. Next: refundjobs check %s", quote(name))
		} else {
			p.say("It was there already; nothing was changed.")
		}
		return nil
	})
	return cmd
}

// openFile opens a file, and says what a plan of it is called.
func openFile(path string) (io.ReadCloser, string, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), "", nil
	}
	file, err := os.Open(path)
	return file, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), err
}

func (p *program) check() *cobra.Command {
	return &cobra.Command{
		Use: "check PLAN", Short: "Read what every payment has left; send nothing",
		Long: `Read what every payment of a draft has left, less what other refunds here claim, and tell
what a person should know before it is approved. It sends nothing. It ends with the sums,
and with the digest that approve wants: of exactly what was checked.`,
		Example: "  refundjobs check festival\n  refundjobs check festival --json | jq 'select(.Refused)'",
		Args:    exactly(1),
		RunE: p.with(true, func(ctx context.Context, j jobs, args []string) error {
			check, err := j.CheckPlan(ctx, args[0], p.showFinding)
			if err != nil {
				return err
			}
			p.showCheck(check)
			if check.Refused > 0 {
				p.exit = exitNeedsPerson
			}
			return nil
		}),
	}
}

func (p *program) approve() *cobra.Command {
	var digest string
	cmd := &cobra.Command{
		Use: "approve PLAN --digest DIGEST", Short: "Approve what was checked",
		Long: `Approve a draft that was checked: the one with this digest. If a refund in it was changed
since, it is refused. Nobody should approve what they requested themselves; a team whose
service sets a policy has that enforced there. Nothing is sent before run.`,
		Example: "  refundjobs approve festival --digest 3f2a9c... --by bob",
		Args:    exactly(1),
	}
	cmd.Flags().StringVar(&digest, "digest", "", "what check printed")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, args []string) error {
		if digest == "" {
			return usageError{errors.New("approve: say --digest, as check printed it")}
		}
		plan, err := j.ApprovePlan(ctx, args[0], p.by, digest)
		if err != nil {
			return err
		}
		p.showPlan(plan)
		p.say("Nothing is sent yet. Next: refundjobs run %s", quote(plan.Name))
		return nil
	})
	return cmd
}

// decision makes a command that takes a name, and why somebody decides so.
func (p *program) decision(cmd *cobra.Command, do func(ctx context.Context, j jobs, name, why string) error) *cobra.Command {
	var why string
	cmd.Args = exactly(1)
	cmd.Flags().StringVar(&why, "why", "", "why, for others")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, args []string) error { return do(ctx, j, args[0], why) })
	return cmd
}

func (p *program) pause() *cobra.Command {
	return p.decision(&cobra.Command{
		Use: "pause PLAN", Short: "Stop a running plan within a second",
		Long:    "Stop a running plan within a second, whichever machine works it. What may have been refunded already is followed to its end. run goes on.",
		Example: "  refundjobs pause festival --why 'the bank called'",
	}, func(ctx context.Context, j jobs, name, why string) error {
		plan, err := j.PausePlan(ctx, name, p.by, why)
		if err == nil {
			p.showPlan(plan)
		}
		return err
	})
}

func (p *program) cancel() *cobra.Command {
	return p.decision(&cobra.Command{
		Use: "cancel PLAN", Short: "Give up what of a plan was not sent",
		Long:    "Give up what of a plan was not sent. What was made stays made, and the names stay used.",
		Example: "  refundjobs cancel festival --why 'it takes place after all'",
	}, func(ctx context.Context, j jobs, name, why string) error {
		plan, err := j.CancelPlan(ctx, name, p.by, why)
		if err == nil {
			p.showPlan(plan)
		}
		return err
	})
}

func (p *program) runPlan() *cobra.Command {
	var leave bool
	cmd := &cobra.Command{
		Use: "run PLAN", Short: "Make the refunds of an approved plan",
		Long: `Make the refunds of an approved or paused plan, and work until it is finished or paused.
Ctrl-C pauses it, waits for what is being sent, and says how to go on. Run it again after
a crash, or on several machines at once: each refund is made once. While it works, it
makes what else is due in this database, with the same key.`,
		Example: "  refundjobs run festival\n  refundjobs run festival --rate 10",
		Args:    exactly(1),
	}
	cmd.Flags().BoolVar(&leave, "leave", false, "set the plan running and end: workers elsewhere make it")
	cmd.RunE = p.with(true, func(ctx context.Context, j jobs, args []string) error {
		plan, err := p.setRunning(ctx, j, args[0])
		if err != nil {
			return err
		}
		if leave {
			p.showPlan(plan)
			return nil
		}
		return p.workPlan(ctx, j, plan.Name)
	})
	return cmd
}

// setRunning lets the plan run, if it does not. What was begun is not left half done by
// Ctrl-C: the plan would run elsewhere, and nobody would pause it.
func (p *program) setRunning(ctx context.Context, j jobs, name string) (refundjobs.Plan, error) {
	if err := ctx.Err(); err != nil {
		return refundjobs.Plan{}, err
	}
	ctx = context.WithoutCancel(ctx)
	plan, err := j.RunPlan(ctx, name, p.by)
	if !errors.Is(err, refundjobs.ErrPlanState) {
		return plan, err
	}
	if plan, failure := j.Plan(ctx, name); failure == nil && plan.State == refundjobs.PlanStateRunning {
		p.say("The plan runs already; this process helps.")
		return plan, nil
	}
	return plan, err
}

// pauseAtEnd pauses the plan for Ctrl-C, and returns it as it then is.
func (p *program) pauseAtEnd(ctx context.Context, j jobs, name string) (refundjobs.Plan, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	plan, err := j.PausePlan(ctx, name, p.by, "stopped at the terminal")
	switch {
	case errors.Is(err, refundjobs.ErrPlanState): // it has ended, or somebody else paused it
		return j.Plan(ctx, name)
	case err != nil:
		return plan, fmt.Errorf("the plan was not paused, and workers elsewhere go on with it: %w", err)
	}
	return plan, nil
}

// workPlan works until the plan ends, is paused, or ctx is canceled.
func (p *program) workPlan(ctx context.Context, j jobs, name string) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- j.Start(working) }()
	plan, err := p.follow(ctx, j, name, ended)
	stopped := ctx.Err() != nil
	if stopped {
		plan, err = p.pauseAtEnd(ctx, j, name)
		p.note("Stopping: what is being sent is waited for.")
	}
	stop()
	if err = errors.Join(err, <-ended); err != nil {
		return err
	}
	p.showPlan(plan)
	if stopped && plan.State != refundjobs.PlanStateFinished {
		p.exit = exitStopped
	}
	switch {
	case stopped && plan.State == refundjobs.PlanStatePaused:
		p.say("Paused. Go on with: refundjobs run %s", quote(name))
	case plan.State == refundjobs.PlanStatePaused:
		p.exit = exitNeedsPerson
		p.say("Paused: %s\nGo on with: refundjobs run %s", plan.Why, quote(name))
	case needsPerson(plan):
		p.exit = exitNeedsPerson
		p.say("Some need a person: refundjobs list --plan %s --state needs_person", quote(name))
	}
	return nil
}

func needsPerson(plan refundjobs.Plan) bool {
	for _, c := range plan.Progress {
		if c.Shown == refundjobs.StateNeedsPerson && c.Number > 0 {
			return true
		}
	}
	return false
}

// quote is a name as a shell takes it.
func quote(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:", r))
	}) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

func (p *program) say(format string, args ...any) {
	if !p.asJSON {
		fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// note is for the person at the terminal, whatever is written to a file.
func (p *program) note(format string, args ...any) { fmt.Fprintf(p.err, format+"\n", args...) }
