package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

func (p *program) sweep() *cobra.Command {
	return &cobra.Command{
		Use: "sweep", Short: "Tell refunds of the events that webhooks lost",
		Long: `Tell refunds of the events since the last sweep that no webhook brought, the oldest first,
and read those again that have been on their way for more than a day. Run it every hour or
so, beside workers and webhooks. Events about other refunds are left to your webhook: those
that it never gets, reconcile tells.`,
		Example: "  refundjobs sweep",
		Args:    noArguments,
		RunE: p.with(true, func(ctx context.Context, j jobs, _ []string) error {
			leave := func(context.Context, *refundkit.Event) error { return refundjobs.ErrNotHandled }
			result, err := j.Sweep(ctx, j.HandleEvent(leave))
			if err != nil || p.object(result) {
				return err
			}
			p.say("%d events, %d of them new; %d refunds read, %d of them changed; %d requests.", result.Events, result.Handled, result.Retrieved, result.Changed, result.Requests)
			for _, gap := range result.Gaps {
				p.say("Stripe no longer has the events of %s to %s: refunds were read as they are now.", gap.From.Format(time.RFC3339), gap.To.Format(time.RFC3339))
			}
			return nil
		}),
	}
}

func (p *program) reconcile() *cobra.Command {
	var from, to string
	var accounts []string
	cmd := &cobra.Command{
		Use: "reconcile --from DATE --to DATE", Short: "Write what differs from Stripe, as CSV",
		Long: `Compare the refunds that Stripe made from a day on and before another, and what they did to
the balance, with the rows, and write a line of CSV for each difference. It changes nothing.
It ends with 3 if something differs.`,
		Example: "  refundjobs reconcile --from 2026-01-01 --to 2026-02-01 > january.csv",
		Args:    noArguments,
	}
	cmd.Flags().StringVar(&from, "from", "", "the first day, in UTC")
	cmd.Flags().StringVar(&to, "to", "", "the day after the last")
	cmd.Flags().StringSliceVar(&accounts, "account", nil, "connected accounts; without it your own, and all that rows name")
	cmd.RunE = p.with(true, func(ctx context.Context, j jobs, _ []string) error {
		first, problem := time.Parse(time.DateOnly, from)
		end, err := time.Parse(time.DateOnly, to)
		if problem != nil || err != nil || !first.Before(end) {
			return usageError{errors.New("reconcile: --from is a day such as 2026-01-01, and --to a later one")}
		}
		params := refundjobs.ReconcileParams{From: first, To: end, Accounts: accounts}
		refunds := 0
		params.Compared = func(refundjobs.Job, *refundkit.Refund) { refunds++ }
		count, err := refundjobs.WriteDifferences(p.out, j.ReconcileWith(ctx, params))
		if err != nil {
			return err
		}
		p.note("%d refunds compared, %d differences.", refunds, count)
		p.asPerson(count > 0)
		return nil
	})
	return cmd
}
