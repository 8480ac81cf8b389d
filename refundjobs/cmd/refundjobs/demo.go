package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/internal/money"
	"github.com/refundkit/refundkit/refundtest"
)

const (
	demoKey    = "sk_test_demo"
	demoSpeed  = 60 // minutes of the demo's clock in one of ours: what is open is looked at sooner
	demoFaults = 0.1
	demoPlan   = "festival"
	killEvery  = 3 * time.Second
	aDay       = 26 * time.Hour
)

func (p *program) demo() *cobra.Command {
	var payments int
	cmd := &cobra.Command{
		Use: "demo", Short: "See a whole plan against a Stripe of its own, while its worker is killed",
		Long: `See a whole plan: a festival is called off, and a part of each ticket goes back. Stripe is a
fake in this process; one of ten requests fails in some way, and the worker is killed every
few seconds. It ends with what that Stripe has. It needs no key, no network, no database.`,
		Example: "  refundjobs demo\n  refundjobs demo --payments 20000",
		Args:    noArguments,
	}
	cmd.Flags().IntVar(&payments, "payments", 2000, "how many payments are refunded")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if payments < 1 || payments > 100_000 {
			return usageError{errors.New("demo: --payments is 1 to 100000")}
		}
		return p.festival(cmd.Context(), payments)
	}
	cmd.AddCommand(p.demoWorker())
	return cmd
}

// festival plays the day from the file to the tally.
func (p *program) festival(ctx context.Context, payments int) (err error) {
	dir, err := os.MkdirTemp("", "refundjobs-demo")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // of the temporary files
	d := demo{program: p, started: time.Now(), file: filepath.Join(dir, "refunds.db")}
	p.speed = demoSpeed
	d.stripe = refundtest.New(refundtest.WithClock(d.now), refundtest.WithJournalLimit(1000))
	defer d.stripe.Close()
	d.url = d.stripe.Start()
	if d.jobs, err = d.open(ctx, d.url); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.jobs.Close()) }()
	p.say("1. The festival is called off. %d payments of 80.00 EUR; 50.00 of each goes back: festival.csv.", payments)
	file := filepath.Join(dir, demoPlan+".csv")
	if err := d.writeCSV(file, payments); err != nil {
		return err
	}
	if err := d.prepare(ctx, file); err != nil {
		return err
	}
	p.say("\n5. It runs. One of ten requests to Stripe fails in some way, and the worker is killed every %s.", killEvery)
	d.stripe.Inject(refundtest.Chaos(rand.Uint64(), demoFaults))
	kills, err := d.work(ctx)
	if err != nil {
		return err
	}
	d.stripe.ClearFaults()
	return d.tell(ctx, payments, kills)
}

type demo struct {
	*program
	started time.Time
	jumped  atomic.Int64 // how far the clock was put forward, beside its speed
	stripe  *refundtest.Server
	url     string
	file    string
	jobs    jobs
}

// now is the demo's clock.
func (d *demo) now() time.Time {
	return d.started.Add(demoSpeed*time.Since(d.started) + time.Duration(d.jumped.Load()))
}

// open opens the demo's database with a client of the Stripe at url.
func (d *demo) open(ctx context.Context, url string) (jobs, error) {
	client, err := refundkit.New(demoKey, refundkit.WithBaseURL(url), refundkit.WithClock(d.now), refundkit.WithRateLimiter(refundjobs.Pace{}))
	if err != nil {
		return nil, err
	}
	return openSQLite(ctx, d.file, client.Refunds, refundjobs.WithRate(d.rate*10), refundjobs.WithClock(d.now), refundjobs.WithCharges(client.Charges))
}

func (d *demo) writeCSV(name string, payments int) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	fmt.Fprintln(file, "name;charge;amount_decimal;currency;label.day")
	for i := range payments {
		charge := d.stripe.AddCharge(refundtest.Charge{Amount: 8000, Currency: "eur"})
		fmt.Fprintf(file, "festival/%d;%s;50,00;EUR;%s\n", i+1, charge.ID, []string{"Friday", "Saturday", "Sunday"}[i%3])
	}
	return file.Close()
}

// prepare plans, checks and approves.
func (d *demo) prepare(ctx context.Context, name string) error {
	if err := d.jobs.Migrate(ctx); err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was read
	d.say("\n2. ann: refundjobs plan festival.csv")
	plan, err := d.jobs.MakePlan(ctx, demoPlan, "ann", refundjobs.ReadCSV(file))
	if err != nil {
		return err
	}
	d.showPlan(plan)
	d.say("\n3. ann: refundjobs check festival")
	check, err := d.jobs.CheckPlan(ctx, demoPlan, d.showFinding)
	if err != nil {
		return err
	}
	d.showCheck(check)
	d.say("\n4. bob: refundjobs approve festival --digest %.12s...", check.Digest)
	plan, err = d.jobs.ApprovePlan(ctx, demoPlan, "bob", check.Digest)
	if err != nil {
		return err
	}
	d.showPlan(plan)
	_, err = d.jobs.RunPlan(ctx, demoPlan, "bob")
	return err
}

// work starts workers in processes of their own and kills them, until the plan is done.
func (d *demo) work(ctx context.Context) (kills int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	done, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		var err error
		for done.Err() == nil && err == nil {
			if err = d.workUntilKilled(done, program); done.Err() == nil && err == nil {
				kills++
				err = d.putForward(done)
			}
		}
		ended <- err
	}()
	_, err = d.follow(ctx, d.jobs, demoPlan, make(chan error))
	stop()
	return kills, errors.Join(err, <-ended)
}

// workUntilKilled starts a worker and kills it some seconds later.
func (d *demo) workUntilKilled(ctx context.Context, program string) error {
	worker := exec.CommandContext(ctx, program, "demo", "worker", d.file, d.url, strconv.FormatInt(d.started.UnixNano(), 10), strconv.FormatInt(d.jumped.Load(), 10),
		"--rate", strconv.FormatFloat(d.rate, 'g', -1, 64))
	worker.Stderr = d.err
	if err := worker.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(killEvery, func() { _ = worker.Process.Kill() })
	defer timer.Stop()
	_ = worker.Wait() // it was killed
	return nil
}

// putForward lets a day pass where nothing is left but refunds whose outcome is open:
// Stripe's own error was stored, and whether the work was done shows after a day.
func (d *demo) putForward(ctx context.Context) error {
	plan, err := d.jobs.Plan(ctx, demoPlan)
	if ctx.Err() != nil {
		return nil
	}
	open := int64(0)
	for _, c := range plan.Progress {
		switch c.Shown {
		case refundjobs.StateApproved:
			return err
		case refundjobs.StateSending:
			open = c.Number
		}
	}
	if open > 0 && err == nil {
		d.note("Of %d refunds it is open whether they were made: they are looked up. A day passes on the demo's clock.", open)
		d.jumped.Add(int64(aDay))
	}
	return err
}

// tell compares what the rows say with what Stripe has.
func (d *demo) tell(ctx context.Context, payments, kills int) error {
	client, err := refundkit.New(demoKey, refundkit.WithBaseURL(d.url))
	if err != nil {
		return err
	}
	made, sum := map[string]int{}, int64(0)
	for refund, err := range client.Refunds.All(ctx, refundkit.RefundListParams{}) {
		if err != nil {
			return err
		}
		made[refund.Reference()]++
		sum += refund.Amount
	}
	twice, lost := 0, 0
	for i := range payments {
		switch made["festival/"+strconv.Itoa(i+1)] {
		case 0:
			lost++
		case 1:
		default:
			twice++
		}
	}
	plan, err := d.jobs.Plan(ctx, demoPlan)
	if err != nil {
		return err
	}
	d.say("\n6. The worker was killed %d times. The rows say:", kills)
	d.showPlan(plan)
	d.say("And Stripe has %d refunds, %s eur: %d made once, %d twice, %d not at all.", len(made), money.Decimal(sum, "eur"), payments-twice-lost, twice, lost)
	if twice > 0 || lost > 0 {
		return errors.New("refundjobs: demo: that should not be")
	}
	return ctx.Err()
}

// demoWorker is the process that is killed.
func (p *program) demoWorker() *cobra.Command {
	cmd := &cobra.Command{Use: "worker FILE URL STARTED JUMPED", Hidden: true, Args: exactly(4)}
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		started, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return usageError{err}
		}
		jumped, err := strconv.ParseInt(args[3], 10, 64)
		if err != nil {
			return usageError{err}
		}
		d := demo{program: p, started: time.Unix(0, started), file: args[0]}
		d.jumped.Store(jumped)
		if d.jobs, err = d.open(cmd.Context(), args[1]); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.jobs.Close()) }()
		return d.jobs.Start(cmd.Context())
	}
	return cmd
}
