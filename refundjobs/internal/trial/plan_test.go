//go:build unix

package trial

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
)

const planName = "festival"

// festival is a plan, and the people who make, run and pause it.
type festival struct {
	*ordeal
	jobs *refundjobs.Jobs[pgx.Tx]
	from time.Time
}

// TestTrialOfPlan makes the refunds of a file. They are made about as fast as the workers
// are killed, so that nearly all kills are on the way.
func TestTrialOfPlan(t *testing.T) {
	t.Parallel()
	const turn = 1500 * time.Millisecond // what a kill takes, and what goes before it
	killed, asked, seed := planSize()
	o := newOrdeal(t, byRow, seed)
	o.config.Postgres, o.cluster = postgres(t)
	o.config.Rate, o.config.Workers = float64(asked)/(turn*time.Duration(killed)).Seconds(), 5 // whose turns are lost with them
	o.sharing, o.many = 2, 4
	o.store = onPostgres(t, o.config.Postgres, o.clock, byRow)
	f := newFestival(o)
	f.approve(asked)
	o.plan = f
	o.run(killed, asked).require(t)
	f.requireBooks(t)
}

func newFestival(o *ordeal) *festival {
	config, err := pgxpool.ParseConfig(o.config.Postgres)
	require.NoError(o.t, err)
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(o.t.Context(), config)
	require.NoError(o.t, err)
	o.t.Cleanup(pool.Close)
	person := o.config
	person.ID, person.clock = "a person", o.clock
	require.NoError(o.t, person.connect())
	f := &festival{ordeal: o, from: o.clock.now().Add(-time.Hour)}
	f.jobs, err = pgxjobs.New(pool, person.client.Refunds, append(person.options(), refundjobs.WithCharges(person.client.Charges),
		refundjobs.WithBalanceTransactions(person.client.BalanceTransactions))...)
	require.NoError(o.t, err)
	return f
}

// approve makes a file, and from that a plan, which is checked, approved and run. Of
// another file, whose last line is wrong, nothing may ever be refunded.
func (f *festival) approve(count int) {
	for range count {
		f.orders = append(f.orders, f.newOrder())
	}
	undone := []order{f.newOrder(), f.newOrder(), f.newOrder()}
	for _, o := range undone {
		f.undone = append(f.undone, o.name)
	}
	undone[2].amount = -1
	_, err := f.jobs.MakePlan(f.t.Context(), "encore", "ann", refundjobs.ReadCSV(strings.NewReader(file(undone))))
	var wrong *refundjobs.CSVError
	require.ErrorAs(f.t, err, &wrong)

	var plan refundjobs.Plan
	var check refundjobs.PlanCheck
	f.patiently(func(ctx context.Context) (err error) {
		plan, err = f.jobs.MakePlan(ctx, planName, "ann", refundjobs.ReadCSV(strings.NewReader(file(f.orders))))
		return err
	})
	f.patiently(func(ctx context.Context) (err error) { // one reading of the fake in three has a fault
		check, err = f.jobs.CheckPlan(ctx, planName, func(refundjobs.Finding) error { return nil })
		return err
	})
	require.Equal(f.t, plan.Digest, check.Digest)
	require.Zero(f.t, check.Refused)
	f.exec(`INSERT INTO trial_orders (name, amount) SELECT name, amount FROM refundjobs`)
	f.change(func(ctx context.Context) (refundjobs.Plan, error) {
		return f.jobs.ApprovePlan(ctx, planName, "bob", check.Digest)
	})
	require.Empty(f.t, f.server.Refunds("")[f.dashboards:], "nothing is sent before the plan runs")
	f.change(func(ctx context.Context) (refundjobs.Plan, error) { return f.jobs.RunPlan(ctx, planName, "bob") })
}

// file is a spreadsheet's.
func file(orders []order) string {
	var text strings.Builder
	text.WriteString("\ufeffname;charge;amount;currency;label.day\r\n")
	for i, o := range orders {
		fmt.Fprintf(&text, "%s;%s;%d;USD;%d\r\n", o.name, o.charge, o.amount, i%3)
	}
	return text.String()
}

func (f *festival) patiently(do func(context.Context) error) {
	require.NoError(f.t, patiently(f.t.Context(), do))
}

// change changes the plan. If its answer was lost, or the plan changed by itself, it is
// not in the state any more.
func (f *festival) change(do func(context.Context) (refundjobs.Plan, error)) (changed bool) {
	f.patiently(func(ctx context.Context) error {
		_, err := do(ctx)
		changed = err == nil
		if errors.Is(err, refundjobs.ErrPlanState) {
			return nil
		}
		return err
	})
	return changed
}

func (f *festival) now() (plan refundjobs.Plan) {
	f.patiently(func(ctx context.Context) (err error) {
		plan, err = f.jobs.Plan(ctx, planName)
		return err
	})
	return plan
}

// pause pauses the plan at every third turn or so, until somebody has looked at it.
func (f *festival) pause() {
	if f.random.IntN(3) == 0 && f.change(func(ctx context.Context) (refundjobs.Plan, error) {
		return f.jobs.PausePlan(ctx, planName, "ann", "is that right?")
	}) {
		f.paused++
	}
}

// goOn runs the plan again, whoever has paused it.
func (f *festival) goOn() {
	plan := f.now()
	if plan.State != refundjobs.PlanStatePaused {
		return
	}
	if !strings.HasPrefix(plan.Why, "ann: ") {
		f.pausedItself++
	}
	f.change(func(ctx context.Context) (refundjobs.Plan, error) { return f.jobs.RunPlan(ctx, planName, "bob") })
}

// requireBooks compares the report, to the cent, with what the fake has.
func (f *festival) requireBooks(t *testing.T) {
	var text bytes.Buffer
	totals, err := f.jobs.WriteReport(t.Context(), &text, refundjobs.Filter{Plan: planName})
	require.NoError(t, err)
	lines, err := csv.NewReader(&text).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 1+len(f.orders))
	at := map[string]int{}
	for i, name := range lines[0] {
		at[name] = i
	}
	var given int64
	for i, o := range f.orders {
		line := lines[1+i]
		require.Equal(t, o.name, line[at["name"]])
		inForce, _ := madeOf(f.server.Refunds(o.charge), o.name)
		want := []string{line[at["state"]], "", "0.00"}
		if len(inForce) == 1 {
			given += inForce[0].Amount
			want = []string{"succeeded", inForce[0].ID, dollars(-inForce[0].Amount)}
		} else {
			require.Contains(t, []string{"canceled", "failed"}, line[at["state"]], o.name)
			line[at["refund"]] = "" // or one that failed
			if line[at["net"]] == "" {
				line[at["net"]] = "0.00"
			}
		}
		require.Equal(t, want, []string{line[at["state"]], line[at["refund"]], line[at["net"]]}, o.name)
		require.Equal(t, dollars(o.amount), line[at["amount"]], o.name)
	}
	require.Equal(t, f.refunded(), given, "nothing else was refunded")
	f.requireTotals(t, totals, given)

	strangers := 0
	for difference, err := range f.jobs.Reconcile(t.Context(), f.from, f.clock.now()) {
		require.NoError(t, err)
		require.Equal(t, refundjobs.DifferenceNoRow, difference.Kind, "%+v", difference)
		strangers++
	}
	require.Equal(t, f.dashboards, strangers)
	t.Logf("report: %d lines, %s made in all; it adds up, and is reconciled", len(lines)-1, dollars(given))
}

// refunded is what the customers have of all payments, less what was given to them at
// the Dashboard.
func (f *festival) refunded() (sum int64) {
	charges := map[string]bool{}
	for _, refund := range f.server.Refunds("") {
		charges[refund.Charge] = true
		if refund.Metadata[refundkit.ReferenceMetadataKey] == "" && refund.Status != "failed" {
			sum -= byOthers
		}
	}
	for id := range charges {
		charge, _ := f.server.Charge(id)
		sum += charge.AmountRefunded
	}
	return sum
}

// requireTotals adds up the totals: of all, and once more of the label's values.
func (f *festival) requireTotals(t *testing.T, totals []refundjobs.Total, given int64) {
	var amount, net, amountByDay, netByDay int64
	for _, total := range totals {
		a := total.Amount
		if total.Shown != refundjobs.StateSucceeded {
			a = 0
		}
		if total.Label == "" {
			amount, net = amount+a, net+total.Net
		} else {
			amountByDay, netByDay = amountByDay+a, netByDay+total.Net
		}
	}
	require.Equal(t, []int64{given, -given, given, -given}, []int64{amount, net, amountByDay, netByDay})
}

// dollars is an amount as the report writes it.
func dollars(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}
