// Command export writes a year of refunds to files that finance can work with: a
// CSV with a line for each refund, one with the totals for each month and
// currency, and a chart of the refunds per day as an SVG.
//
//	go run . -out /tmp/refunds
//
// With nothing set it needs no key and no network: it makes up a year of refunds
// at a Stripe in this process. With STRIPE_API_KEY it exports what is at Stripe,
// live or test; it only reads, and a restricted key that may read charges will
// do. REFUNDKIT_BASE_URL names another server, such as cmd/refundtest.
//
// An export that was interrupted goes on with -resume. Times are those of UTC,
// amounts have the currency's decimals. Released authorizations are refunds to
// Stripe, but no money was ever taken: they are kept apart in the totals.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/refundkit/refundkit"
	"golang.org/x/time/rate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	j, err := readFlags(args)
	if err != nil {
		return err
	}
	if j.client, err = connect(ctx, j.from, j.to, out); err != nil {
		return err
	}
	bar, finish := newBar(os.Stderr, j.from, j.to)
	j.progress = bar
	done, err := j.run(ctx)
	finish()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; go on with: -out %s -from %s -to %s -resume\n%w", j.dir, j.from.Format(time.DateOnly), j.to.Format(time.DateOnly), err)
	}
	if err != nil {
		return err
	}
	return j.report(done, out)
}

// readFlags says what to export, and where to.
func readFlags(args []string) (j job, err error) {
	today := midnight(time.Now())
	flags := flag.NewFlagSet("export", flag.ContinueOnError)
	flags.StringVar(&j.dir, "out", "", "folder for the files; a new temporary one if empty")
	flags.StringVar(&j.orderKey, "order", "order_id", "metadata key of your own order id")
	flags.BoolVar(&j.resume, "resume", false, "go on with an export of the same days that was interrupted")
	from := flags.String("from", today.AddDate(-1, 0, 0).Format(time.DateOnly), "first day, in UTC")
	to := flags.String("to", today.Format(time.DateOnly), "the day after the last")
	if err := flags.Parse(args); err != nil {
		return j, err
	}
	if j.from, err = time.Parse(time.DateOnly, *from); err != nil {
		return j, fmt.Errorf("-from: %w", err)
	}
	if j.to, err = time.Parse(time.DateOnly, *to); err != nil {
		return j, fmt.Errorf("-to: %w", err)
	}
	switch {
	case !j.from.Before(j.to):
		return j, fmt.Errorf("-to %s is not after -from %s", *to, *from)
	case j.to.After(time.Now()):
		return j, fmt.Errorf("-to %s has not come: the file would look complete and not be", *to)
	case j.resume && j.dir == "":
		return j, errors.New("-resume needs -out, the folder of the export that was interrupted")
	case j.dir == "":
		j.dir, err = os.MkdirTemp("", "refunds")
		return j, err
	}
	return j, os.MkdirAll(j.dir, 0o750)
}

// connect returns a client of the server that the environment names, or of one
// in this process.
func connect(ctx context.Context, from, to time.Time, out io.Writer) (*refundkit.Client, error) {
	key, base := os.Getenv("STRIPE_API_KEY"), os.Getenv("REFUNDKIT_BASE_URL")
	if key == "" && base == "" {
		fmt.Fprintln(out, "Exporting a year that was made up. Set STRIPE_API_KEY to export your own.")
		return ownStripe(ctx, from, to, 4000)
	}
	if key == "" {
		key = "sk_test_export"
	}
	options := []refundkit.Option{
		refundkit.WithMaxRetries(5),
		refundkit.WithRateLimiter(rate.NewLimiter(20, 1)), // Stripe allows 25 a second; the rest is for others
	}
	if base != "" {
		options = append(options, refundkit.WithBaseURL(base))
	}
	return refundkit.New(key, options...)
}

// report writes what follows from the refunds, and says what was written.
func (j job) report(done *totals, out io.Writer) error {
	if err := create(j.name()+"_totals.csv", done.writeCSV); err != nil {
		return err
	}
	if err := create(j.name()+".svg", func(w io.Writer) error { return done.writeChart(w, j.from, j.to) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d refunds, %s to %s:\n", done.count, j.from.Format(time.DateOnly), j.to.AddDate(0, 0, -1).Format(time.DateOnly))
	for _, end := range []string{".csv", "_totals.csv", ".svg"} {
		fmt.Fprintln(out, "  "+j.name()+end)
	}
	fmt.Fprintln(out)
	return done.print(out)
}

// create writes a file.
func create(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
