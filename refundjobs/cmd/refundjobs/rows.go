package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/internal/money"
)

func (p *program) status() *cobra.Command {
	return &cobra.Command{
		Use: "status [PLAN]", Short: "Show how far a plan, or everything, is",
		Long:    "Show how far a plan is; without one, all plans, all refunds by state and problem, and what is open or due for longest. It ends with 3 if something needs a person.",
		Example: "  refundjobs status\n  refundjobs status festival --json",
		Args:    between(0, 1),
		RunE: p.with(false, func(ctx context.Context, j jobs, args []string) error {
			if len(args) == 1 {
				plan, err := j.Plan(ctx, args[0])
				if err != nil {
					return err
				}
				p.showPlan(plan)
				p.asPerson(needsPerson(plan))
				return nil
			}
			return p.showAll(ctx, j)
		}),
	}
}

func (p *program) asPerson(needed bool) {
	if needed {
		p.exit = exitNeedsPerson
	}
}

func (p *program) showAll(ctx context.Context, j jobs) error {
	plans, err := j.Plans(ctx)
	if err != nil {
		return err
	}
	counts, err := j.Counts(ctx, refundjobs.Filter{})
	if err != nil {
		return err
	}
	for _, c := range counts.Parts {
		p.asPerson(c.State == refundjobs.StateNeedsPerson)
	}
	if p.object(struct {
		Plans  []refundjobs.Plan
		Counts refundjobs.Counts
	}{plans, counts}) {
		return nil
	}
	for _, plan := range plans {
		fmt.Fprintf(p.out, "Plan %s is %s: %d refunds%s\n", plan.Name, plan.State, plan.Rows, because(plan.Why))
	}
	p.table(func(w *tabwriter.Writer) {
		for _, c := range counts.Parts {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s %s\t\n", c.State, string(c.Kind), string(c.Problem), c.Rows, money.Decimal(c.Amount, c.Currency), c.Currency)
		}
	})
	if !counts.OldestOpen.IsZero() {
		fmt.Fprintf(p.out, "The oldest open outcome is of %s.\n", counts.OldestOpen.Format(time.RFC3339))
	}
	if !counts.OldestDue.IsZero() {
		fmt.Fprintf(p.out, "The next refund is due at %s.\n", counts.OldestDue.Format(time.RFC3339))
	}
	return nil
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

func (p *program) list() *cobra.Command {
	var states, problems []string
	var filter refundjobs.Filter
	cmd := &cobra.Command{
		Use: "list", Short: "List refunds",
		Long:    "List refunds, a line each, with what a person can do about their problem.",
		Example: "  refundjobs list --state needs_person\n  refundjobs list --plan festival --problem disputed --json",
		Args:    noArguments,
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "requested, approved, sending, sent, succeeded, failed, needs_person or canceled; several with commas")
	cmd.Flags().StringSliceVar(&problems, "problem", nil, "such as disputed; several with commas")
	cmd.Flags().StringVar(&filter.Plan, "plan", "", "only of this plan")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, _ []string) error {
		for _, name := range states {
			state := refundjobs.State(name)
			if !slices.Contains(allStates(), state) {
				return usageError{fmt.Errorf("list: there is no state %q", name)}
			}
			filter.States = append(filter.States, state)
		}
		for _, name := range problems {
			problem := refundkit.JobProblem(name)
			if name == "" || problem.String() == name {
				return usageError{fmt.Errorf("list: there is no problem %q", name)}
			}
			filter.Problems = append(filter.Problems, problem)
		}
		if filter.Plan != "" {
			if _, err := j.Plan(ctx, filter.Plan); err != nil {
				return err
			}
		}
		for job, err := range j.List(ctx, filter) {
			if err != nil {
				return err
			}
			p.showJob(job)
		}
		return nil
	})
	return cmd
}

// allStates are those that list takes: a mistyped one would list nothing, as if all were well.
func allStates() []refundjobs.State {
	return []refundjobs.State{refundjobs.StateRequested, refundjobs.StateApproved, refundjobs.StateSending, refundjobs.StateSent, refundjobs.StateSucceeded,
		refundjobs.StateFailed, refundjobs.StateNeedsPerson, refundjobs.StateCanceled}
}

func (p *program) showJob(job refundjobs.Job) {
	if p.object(job) {
		return
	}
	amount := "remaining"
	if job.Params.Amount > 0 {
		amount = money.Decimal(job.Params.Amount, job.Currency)
	}
	fmt.Fprintf(p.out, "%-12s  %s  %s %s  %s", job.Shown, job.Name, amount, job.Currency, job.Params.Charge+job.Params.PaymentIntent)
	if job.ID != "" {
		fmt.Fprintf(p.out, "  %s", job.ID)
	}
	if job.Problem != "" {
		fmt.Fprintf(p.out, "\n              %s: %s", string(job.Problem), job.Problem)
	}
	fmt.Fprintln(p.out)
}

func (p *program) story() *cobra.Command {
	return &cobra.Command{
		Use: "story NAME", Short: "Tell what happened to one refund",
		Long:    "Tell what happened to one refund: what was sent when, what came, why it is open, who decided what, and what comes next.",
		Example: "  refundjobs story festival/17",
		Args:    exactly(1),
		RunE: p.with(false, func(ctx context.Context, j jobs, args []string) error {
			story, err := j.Story(ctx, args[0])
			if err == nil {
				fmt.Fprintln(p.out, story)
			}
			return err
		}),
	}
}

func (p *program) resume() *cobra.Command {
	return p.decision(&cobra.Command{
		Use: "resume NAME", Short: "Let a refund go on whose problem is solved",
		Long:    "Let a refund go on whose problem is solved: it is looked up where a send may have refunded, and else sent. After unanswered it is looked up once more before that. After refund_failed it refunds once more.",
		Example: "  refundjobs resume festival/17 --why 'topped up'",
	}, func(ctx context.Context, j jobs, name, why string) error {
		job, err := j.resume(ctx, name, p.by, why)
		if err == nil {
			p.showJob(job)
		}
		return err
	})
}

func (p *program) settle() *cobra.Command {
	var accept, judge string
	var cancel bool
	cmd := &cobra.Command{
		Use: "settle NAME --accept ID | --judge ID | --cancel", Short: "Decide what only a person can",
		Long: `Decide what only a person can, after looking at the payment in Stripe's Dashboard.

  --accept ID  this refund is the one that was asked for, whoever made it
  --judge ID   this refund is another one; wrongly said, the customer is refunded twice
  --cancel     give the refund up; refused where it may have been made`,
		Example: "  refundjobs story festival/17\n  refundjobs settle festival/17 --accept re_1abc --why 'made at the Dashboard'",
	}
	cmd.Flags().StringVar(&accept, "accept", "", "the refund that was asked for")
	cmd.Flags().StringVar(&judge, "judge", "", "a refund that is another one")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "give it up")
	return p.decision(cmd, func(ctx context.Context, j jobs, name, why string) (err error) {
		var job refundjobs.Job
		switch {
		case accept != "" && judge == "" && !cancel:
			job, err = j.accept(ctx, name, accept, p.by, why)
		case judge != "" && accept == "" && !cancel:
			job, err = j.judge(ctx, name, judge, p.by, why)
		case cancel && accept == "" && judge == "":
			job, err = j.cancel(ctx, name, p.by, why)
		default:
			return usageError{errors.New("settle: say one of --accept, --judge and --cancel")}
		}
		if err == nil {
			p.showJob(job)
		}
		return err
	})
}

func (p *program) report() *cobra.Command {
	var filter refundjobs.Filter
	var totals string
	cmd := &cobra.Command{
		Use: "report [PLAN]", Short: "Write a line of CSV for each refund, for the books",
		Long: `Write a line of CSV for each refund: asked for by whom, approved by whom, made as, fee,
net, status and when. Fee and net are there if STRIPE_API_KEY is set. --totals writes the
sums by currency, state and label into a file of their own.`,
		Example: "  refundjobs report festival --totals totals.csv > festival.csv",
		Args:    between(0, 1),
	}
	cmd.Flags().StringVar(&totals, "totals", "", "file for the sums")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, args []string) error {
		if len(args) == 1 {
			if _, err := j.Plan(ctx, args[0]); err != nil {
				return err
			}
			filter.Plan = args[0]
		}
		sums, err := j.WriteReport(ctx, p.out, filter)
		if err != nil || totals == "" {
			return err
		}
		return writeFile(totals, func(w io.Writer) error { return refundjobs.WriteTotals(w, sums) })
	})
	return cmd
}

// writeFile writes a new file, or over an old one.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

func (p *program) prune() *cobra.Command {
	var before string
	cmd := &cobra.Command{
		Use: "prune --before DATE", Short: "Remove the details of old refunds; their names stay",
		Long:    "Remove the details of refunds that ended before a day: snapshots, notes, people, logs. Their names, payments and amounts stay, because a name that is free again is a second refund.",
		Example: "  refundjobs prune --before 2025-01-01",
		Args:    noArguments,
	}
	cmd.Flags().StringVar(&before, "before", "", "a day, as 2025-01-01")
	cmd.RunE = p.with(false, func(ctx context.Context, j jobs, _ []string) error {
		day, err := time.Parse(time.DateOnly, before)
		if err != nil {
			return usageError{errors.New("prune: --before is a day, such as 2025-01-01")}
		}
		n, err := j.Prune(ctx, day)
		if err == nil {
			p.say("%d refunds pruned.", n)
		}
		return err
	})
	return cmd
}

func (p *program) work() *cobra.Command {
	return &cobra.Command{
		Use: "work", Short: "Make what is due, until it is stopped",
		Long:    "Make single refunds and running plans, until Ctrl-C or SIGTERM; then it waits for what is being sent. Run it on as many machines as you like.",
		Example: "  refundjobs work",
		Args:    noArguments,
		RunE: p.with(true, func(ctx context.Context, j jobs, _ []string) error {
			p.note("Working. Ctrl-C stops.")
			return j.Start(ctx)
		}),
	}
}
