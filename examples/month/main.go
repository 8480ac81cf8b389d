// Command month closes the books: it compares a shop's own refunds with Stripe's, and
// with what they did to the Stripe balance, and writes what differs as a CSV and the sums
// of each day as a picture.
//
//	go run . -out /tmp/month
//
// It needs no key and no network: it makes up a year of refunds at a Stripe in this
// process, the rows that a shop has of them, and forty things that went wrong. All of
// them must be found, and nothing else. The code that a shop needs is the function
// closeBooks.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("month", flag.ContinueOnError)
	refunds := flags.Int("refunds", 20_000, "how many refunds the year has")
	planted := flags.Int("planted", 40, "how many things went wrong")
	dir := flags.String("out", "", "folder for the files; a new temporary one if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *refunds < 1 || *planted < 0 || *planted > *refunds {
		return errors.New("month: -refunds is at least 1, and -planted no more than that")
	}
	if *dir == "" {
		var err error
		if *dir, err = os.MkdirTemp("", "month"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(*dir, 0o750); err != nil {
		return err
	}
	began := time.Now()
	year, err := makeYear(ctx, *refunds, *planted)
	if err != nil {
		return err
	}
	defer year.db.Close()
	fmt.Fprintf(out, "A year of %d refunds and %d things that went wrong, made up in %s.\n", *refunds, *planted, time.Since(began).Round(time.Millisecond))
	began, year.requests.number = time.Now(), 0
	found, err := closeBooks(ctx, year.jobs, year.from, year.to, *dir)
	if err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(found.kinds)) {
		fmt.Fprintf(out, "%6d  %s\n", found.kinds[kind], kind)
	}
	fmt.Fprintf(out, "%d differences, with %d requests where %d are the least, in %s.\nSee %s and %s.\n", found.differences, year.requests.number, year.ideal(),
		time.Since(began).Round(time.Millisecond), filepath.Join(*dir, "differences.csv"), filepath.Join(*dir, "days.svg"))
	return year.check(found)
}

// books are what closing them has found.
type books struct {
	differences int
	kinds       map[refundjobs.DifferenceKind]int
	names       map[string]bool // kind and name, or the refund where there is no name
	days        days
}

// closeBooks compares the time from one instant on and before another, and writes the
// files. A run that ends early is begun again: the differences change nothing.
func closeBooks(ctx context.Context, jobs *refundjobs.Jobs[*sql.Tx], from, to time.Time, dir string) (books, error) {
	found := books{kinds: map[refundjobs.DifferenceKind]int{}, names: map[string]bool{}, days: days{}}
	params := refundjobs.ReconcileParams{
		From: from, To: to,
		Compared: func(_ refundjobs.Job, refund *refundkit.Refund) { found.days.add(refund) },
	}
	differences := func(yield func(refundjobs.Difference, error) bool) {
		for d, err := range jobs.ReconcileWith(ctx, params) {
			if err == nil {
				found.kinds[d.Kind]++
				found.names[string(d.Kind)+" "+nameOf(d)] = true
				found.days.differs(d)
			}
			if !yield(d, err) {
				return
			}
		}
	}
	err := create(filepath.Join(dir, "differences.csv"), func(w io.Writer) (err error) {
		found.differences, err = refundjobs.WriteDifferences(w, differences)
		return err
	})
	if err != nil {
		return found, err
	}
	return found, create(filepath.Join(dir, "days.svg"), func(w io.Writer) error { return found.days.writeChart(w, from, to) })
}

func nameOf(d refundjobs.Difference) string {
	switch {
	case d.Job.Name != "":
		return d.Job.Name
	case d.Refund != nil:
		return d.Refund.ID
	}
	return d.BalanceTransaction.Source.ID
}

// create writes a file.
func create(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
