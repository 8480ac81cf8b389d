// Command refundjobs plans, checks, approves and makes refunds by the thousand, and
// looks after the rows of package refundjobs.
//
//	refundjobs demo
//
// needs nothing: it shows a whole plan against a Stripe of its own, while it kills its
// own worker.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"syscall"

	"github.com/spf13/cobra"
)

// What the program ends with.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNeedsPerson = 3   // it did what was asked; a person must look at something
	exitStopped     = 130 // by Ctrl-C: what was running is paused
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{out: os.Stdout, err: os.Stderr, env: os.Getenv}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// program is what the commands share.
type program struct {
	out, err io.Writer
	env      func(string) string

	sqlite string
	rate   float64
	asJSON bool
	by     string
	exit   int
	speed  float64 // of the plan's clock, where it is not the usual one; 0 is 1
}

// output remembers that something could not be written: a list on a full disk would look
// as if nothing were left to do.
type output struct {
	io.Writer
	failed error
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if o.failed == nil {
		o.failed = err
	}
	return n, err
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (p *program) run(ctx context.Context, args []string) int {
	out := &output{Writer: p.out}
	p.out = out
	root := p.root()
	root.SetArgs(args)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	if err == nil && out.failed != nil {
		err = fmt.Errorf("refundjobs: what was to be shown was not written: %w", out.failed)
	}
	var usage usageError
	switch {
	case err == nil:
		return p.exit
	case errors.As(err, &usage):
		fmt.Fprintf(p.err, "refundjobs: %v\nSee refundjobs --help.\n", err)
		return exitUsage
	}
	fmt.Fprintln(p.err, err)
	return exitFailed
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "refundjobs",
		Short: "Make refunds by the thousand, each once",
		Long: `Make refunds by the thousand, each once: from a file to a plan, checked, approved
by somebody else, made at a steady pace, and reported.

The database is that of DATABASE_URL (Postgres), or the file of --sqlite. The API key
is STRIPE_API_KEY. Neither is ever given on the command line, where others could read
it. Without STRIPE_API_KEY, only commands work that need no Stripe.

It ends with 0 when all is done, 1 when it failed, 2 when the command line is wrong, 3
when a person must look at something, and 130 when it was stopped.`,
		Example: `  refundjobs demo                             # see all of it, without a key

  export DATABASE_URL=postgres://... STRIPE_API_KEY=rk_live_...
  refundjobs migrate
  refundjobs plan festival.csv                # store the draft: nothing is sent
  refundjobs check festival                   # what every payment has left, and the digest
  refundjobs approve festival --digest 3f2a... --by bob
  refundjobs run festival                     # Ctrl-C pauses; run again goes on
  refundjobs report festival > festival-report.csv`,
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.sqlite, "sqlite", "", "file of an SQLite database, instead of DATABASE_URL; for one machine")
	flags.Float64Var(&p.rate, "rate", 20, "requests a second of all processes together; 0 for no limit")
	flags.BoolVar(&p.asJSON, "json", false, "write JSON, one object a line")
	flags.StringVar(&p.by, "by", whoami(), "who you are, as others know you")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.migrate(), p.plan(), p.check(), p.approve(), p.runPlan(), p.pause(), p.cancel(), p.status(), p.list(), p.story(), p.resume(), p.settle(),
		p.report(), p.sweep(), p.reconcile(), p.prune(), p.work(), p.serve(), p.demo())
	return root
}

// whoami is the name of the person at the terminal, as far as the system knows.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func noArguments(cmd *cobra.Command, args []string) error { return exactly(0)(cmd, args) }

func exactly(n int) cobra.PositionalArgs { return between(n, n) }

func between(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageError{fmt.Errorf("%s: it takes %s", cmd.Name(), cmd.Use)}
		}
		return nil
	}
}
