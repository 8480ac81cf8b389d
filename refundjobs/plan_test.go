package refundjobs_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/refundtest"
)

// festival is a plan's surroundings: payments in a fake, and a database.
type festival struct {
	*refundjobs.Jobs[*sql.Tx]
	db     *sql.DB
	client *refundkit.Client
	stripe *refundtest.Server
}

func setupFestival(t *testing.T, opts ...refundjobs.Option) *festival {
	t.Helper()
	stripe := refundtest.New(refundtest.WithReporter(t))
	client, err := refundkit.New("sk_test_festival", refundkit.WithHTTPClient(stripe.HTTPClient()), refundkit.WithClock(stripe.Now), refundkit.WithRateLimiter(refundjobs.Pace{}))
	require.NoError(t, err)
	db, err := sqlitejobs.Open(t.Context(), ":memory:")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	f := &festival{db: db, client: client, stripe: stripe}
	f.Jobs, err = sqlitejobs.New(db, client.Refunds, append([]refundjobs.Option{refundjobs.WithRate(0), refundjobs.WithClock(stripe.Now), refundjobs.WithCharges(client.Charges)}, opts...)...)
	require.NoError(t, err)
	require.NoError(t, f.Migrate(t.Context()))
	return f
}

// tickets makes payments of 20.00, and asks for 5.00 of each.
func (f *festival) tickets(n int) []refundjobs.Request {
	var requests []refundjobs.Request
	for i := range n {
		charge := f.stripe.AddCharge(refundtest.Charge{Amount: 2000})
		requests = append(requests, refundjobs.Request{Name: fmt.Sprintf("festival/%d", i), Currency: "usd", Params: refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500}})
	}
	return requests
}

func sequence(requests []refundjobs.Request) iter.Seq2[refundjobs.Request, error] {
	return func(yield func(refundjobs.Request, error) bool) {
		for _, r := range requests {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// approved makes, checks and approves a plan.
func (f *festival) approved(t *testing.T, requests []refundjobs.Request) {
	t.Helper()
	_, err := f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	_, err = f.ApprovePlan(t.Context(), "festival", "bob", f.check(t).Digest)
	require.NoError(t, err)
}

func (f *festival) check(t *testing.T) refundjobs.PlanCheck {
	t.Helper()
	check, err := f.CheckPlan(t.Context(), "festival", func(refundjobs.Finding) error { return nil })
	require.NoError(t, err)
	return check
}

func (f *festival) refundsMade() (n int) {
	for _, request := range f.stripe.Requests() {
		if request.Method == http.MethodPost && request.Path == "/v1/refunds" {
			n++
		}
	}
	return n
}

// run sets the plan running, and works until it has nothing to do.
func (f *festival) run(t *testing.T) refundjobs.Plan {
	t.Helper()
	_, err := f.RunPlan(t.Context(), "festival", "bob")
	require.NoError(t, err)
	_, err = f.WorkDue(t.Context())
	require.NoError(t, err)
	plan, err := f.Plan(t.Context(), "festival")
	require.NoError(t, err)
	return plan
}

func (f *festival) in(t *testing.T, work func(tx *sql.Tx) error) {
	t.Helper()
	require.NoError(t, f.InTx(t.Context(), work))
}

func TestPlan(t *testing.T) {
	f := setupFestival(t)
	requests := f.tickets(450) // more than two batches
	plan, err := f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	assert.Equal(t, refundjobs.PlanStateDraft, plan.State)
	assert.Equal(t, []refundjobs.PlanCount{{Shown: refundjobs.StateRequested, Currency: "usd", Number: 450, Amount: 225000}}, plan.Progress)

	check := f.check(t)
	assert.Equal(t, plan.Digest, check.Digest)
	assert.Zero(t, check.Found)
	assert.Equal(t, int64(225000), check.Sums[0].Amount)
	assert.Less(t, check.Requests, int64(20), "450 payments are listed")
	_, err = f.WorkDue(t.Context())
	require.NoError(t, err)
	assert.Zero(t, f.refundsMade(), "a draft sends nothing")

	_, err = f.ApprovePlan(t.Context(), "festival", "bob", check.Digest)
	require.NoError(t, err)
	_, err = f.WorkDue(t.Context())
	require.NoError(t, err)
	assert.Zero(t, f.refundsMade(), "an approved plan sends nothing")

	plan = f.run(t)
	assert.Equal(t, 450, f.refundsMade())
	assert.Equal(t, refundjobs.PlanStateFinished, plan.State)
	assert.Equal(t, []refundjobs.PlanCount{{Shown: refundjobs.StateSucceeded, Currency: "usd", Number: 450, Amount: 225000}}, plan.Progress)
	assert.Zero(t, plan.TimeLeft)
}

func TestPlanIsOneForEver(t *testing.T) {
	f := setupFestival(t)
	requests := f.tickets(3)
	first, err := f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	again, err := f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	assert.Equal(t, first, again)

	other := slices.Clone(requests)
	other[1].Params.Amount++
	for name, c := range map[string]struct {
		plan     string
		requests []refundjobs.Request
		words    string
	}{
		"another amount":                    {"festival", other, "other refunds"},
		"one refund less":                   {"festival", requests[:2], "other refunds"},
		"another order":                     {"festival", []refundjobs.Request{requests[1], requests[0], requests[2]}, "other refunds"},
		"another plan with the same names":  {"encore", requests, `belongs to plan "festival"`},
		"the same name twice":               {"encore", []refundjobs.Request{{Name: "x", Currency: "usd", Params: requests[0].Params}, {Name: "x", Currency: "usd", Params: requests[0].Params}}, "twice"},
		"no currency":                       {"encore", []refundjobs.Request{{Name: "x", Params: requests[0].Params}}, "currency"},
		"a refund that Stripe would refuse": {"encore", []refundjobs.Request{{Name: "x", Currency: "usd"}}, "x"},
		"nothing":                           {"encore", nil, "no refunds"},
		"no name":                           {" ", requests, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.MakePlan(t.Context(), c.plan, "ann", sequence(c.requests))
			require.ErrorContains(t, err, c.words)
			plans, err := f.Plans(t.Context())
			require.NoError(t, err)
			assert.Len(t, plans, 1, "nothing is half stored")
		})
	}
	broken := func(yield func(refundjobs.Request, error) bool) {
		_ = yield(refundjobs.Request{Name: "y", Currency: "usd", Params: requests[0].Params}, nil) && yield(refundjobs.Request{}, errors.New("line 7 is wrong"))
	}
	_, err = f.MakePlan(t.Context(), "encore", "ann", broken)
	require.ErrorContains(t, err, "line 7 is wrong")
	_, err = f.Job(t.Context(), "y")
	require.ErrorIs(t, err, refundjobs.ErrUnknown)
}

func TestCheckPlanFinds(t *testing.T) {
	f := setupFestival(t)
	charge := func(c refundtest.Charge) string {
		if c.Amount == 0 {
			c.Amount = 2000
		}
		return f.stripe.AddCharge(c).ID
	}
	ask := func(id string, amount int64) refundkit.RefundCreateParams {
		return refundkit.RefundCreateParams{Charge: id, Amount: amount}
	}
	twice, taken, gone := charge(refundtest.Charge{}), charge(refundtest.Charge{}), charge(refundtest.Charge{})
	_, err := f.client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: gone, Remaining: true}, refundkit.IdempotencyKey("gone"))
	require.NoError(t, err)
	f.in(t, func(tx *sql.Tx) error {
		_, err := f.RequestTx(t.Context(), tx, refundjobs.Request{Name: "single", Currency: "usd", Params: ask(taken, 1800)})
		return err
	})
	euros := refundjobs.Request{Name: "other currency", Currency: "eur", Params: ask(charge(refundtest.Charge{}), 500)}
	requests := []refundjobs.Request{
		{Name: "fine", Currency: "usd", Params: ask(charge(refundtest.Charge{}), 500)},
		{Name: "all that is left", Currency: "usd", Params: refundkit.RefundCreateParams{Charge: charge(refundtest.Charge{Amount: 3000}), Remaining: true}},
		{Name: "too much", Currency: "usd", Params: ask(charge(refundtest.Charge{}), 2001)},
		{Name: "gone", Currency: "usd", Params: ask(gone, 500)},
		{Name: "claimed", Currency: "usd", Params: ask(taken, 500)},
		{Name: "first", Currency: "usd", Params: ask(twice, 1500)},
		{Name: "second", Currency: "usd", Params: ask(twice, 1500)},
		{Name: "unknown", Currency: "usd", Params: ask("ch_nothing", 500)},
		{Name: "unknown intent", Currency: "usd", Params: refundkit.RefundCreateParams{PaymentIntent: "pi_nothing", Amount: 500}},
		{Name: "hold", Currency: "usd", Params: ask(charge(refundtest.Charge{Uncaptured: true}), 500)},
		euros,
	}
	_, err = f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)

	found := map[string][]refundkit.CheckFinding{}
	refused := map[string]bool{}
	check, err := f.CheckPlan(t.Context(), "festival", func(finding refundjobs.Finding) error {
		found[finding.Name] = append(found[finding.Name], finding.Found)
		refused[finding.Name] = finding.Refused || refused[finding.Name]
		assert.NotEmpty(t, finding.Detail)
		return nil
	})
	require.NoError(t, err)
	for name, want := range map[string]refundkit.CheckFinding{
		"too much":       refundkit.CheckFindingExceedsRemaining,
		"gone":           refundkit.CheckFindingAlreadyRefunded,
		"claimed":        refundkit.CheckFindingClaimed,
		"second":         refundkit.CheckFindingClaimed,
		"unknown":        refundjobs.FindingNoSuchPayment,
		"unknown intent": refundjobs.FindingNoSuchPayment,
		"hold":           refundkit.CheckFindingNotCaptured,
		"other currency": refundkit.CheckFindingOtherCurrency,
	} {
		assert.Contains(t, found[name], want, name)
		assert.True(t, refused[name], name)
	}
	assert.Equal(t, []refundkit.CheckFinding{refundjobs.FindingSamePaymentTwice}, found["first"])
	assert.Contains(t, found["second"], refundjobs.FindingSamePaymentTwice)
	assert.False(t, refused["first"])
	assert.Empty(t, found["fine"])
	assert.Empty(t, found["all that is left"])
	assert.Equal(t, int64(8), check.Refused)
	assert.Equal(t, int64(len(requests)), check.Rows)
}

// The digest is of what was checked; whatever is done to the rows by hand since then,
// the approval is refused.
func TestApprovePlanRefusesWhatWasChanged(t *testing.T) {
	for name, change := range map[string]string{
		"an amount":  `UPDATE refundjobs SET params = json_set(params, '$.amount', 600) WHERE name = 'festival/1'`,
		"a payment":  `UPDATE refundjobs SET params = json_set(params, '$.charge', 'ch_other') WHERE name = 'festival/1'`,
		"an account": `UPDATE refundjobs SET account = 'acct_1' WHERE name = 'festival/1'`,
		"a row less": `DELETE FROM refundjobs WHERE name = 'festival/1'`,
		"a canceled": `UPDATE refundjobs SET state = 'canceled', job_state = 'canceled' WHERE name = 'festival/1'`,
		"the order":  `UPDATE refundjobs SET plan_line = 9 WHERE name = 'festival/1'`,
	} {
		t.Run(name, func(t *testing.T) {
			f := setupFestival(t)
			_, err := f.MakePlan(t.Context(), "festival", "ann", sequence(f.tickets(3)))
			require.NoError(t, err)
			digest := f.check(t).Digest
			_, err = f.db.ExecContext(t.Context(), change)
			require.NoError(t, err)
			_, err = f.ApprovePlan(t.Context(), "festival", "bob", digest)
			require.ErrorIs(t, err, refundjobs.ErrPlanChanged)
			_, err = f.RunPlan(t.Context(), "festival", "bob")
			require.ErrorIs(t, err, refundjobs.ErrPlanState)
		})
	}
}

func TestApprovePlanNeedsFourEyes(t *testing.T) {
	limits := refundjobs.FourEyes(map[string]refundjobs.Limit{"usd": {Alone: 100000, PerDay: 100000}})
	f := setupFestival(t, refundjobs.WithPolicy(limits))
	requests := f.tickets(2)
	requests[1].By = "Cleo  Meier"
	_, err := f.MakePlan(t.Context(), "festival", "ann", sequence(requests))
	require.NoError(t, err)
	digest := f.check(t).Digest
	for _, by := range []string{"ann", " ANN ", "ａｎｎ", "an\u200bn", "cleo meier"} {
		_, err = f.ApprovePlan(t.Context(), "festival", by, digest)
		require.ErrorIs(t, err, refundjobs.ErrOwnRequest, by)
	}
	for _, nobody := range []string{"", " ", "\u00a0", "\u200b", "\u3164"} {
		_, err = f.ApprovePlan(t.Context(), "festival", nobody, digest)
		require.ErrorIs(t, err, refundkit.ErrInvalidParams, "%q", nobody)
	}
	f.in(t, func(tx *sql.Tx) error {
		_, err := f.ApproveTx(t.Context(), tx, "festival/0", "bob", "")
		require.ErrorContains(t, err, "approve that")
		return nil
	})
	_, err = f.ApprovePlan(t.Context(), "festival", "bob", digest)
	require.NoError(t, err)
	job, err := f.Job(t.Context(), "festival/0")
	require.NoError(t, err)
	assert.Equal(t, "bob", job.ApprovedBy)

	unlimited := f.tickets(1)
	unlimited[0].Name, unlimited[0].Currency = "yen", "jpy"
	_, err = f.MakePlan(t.Context(), "yen", "ann", sequence(unlimited))
	require.NoError(t, err)
	check, err := f.CheckPlan(t.Context(), "yen", func(refundjobs.Finding) error { return nil })
	require.NoError(t, err)
	_, err = f.ApprovePlan(t.Context(), "yen", "bob", check.Digest)
	require.ErrorContains(t, err, "jpy")
}

// What two people do at once: one of them is told, and nothing is made twice.
func TestPlanTwoTerminals(t *testing.T) {
	type action func(*festival, context.Context) error
	run := func(f *festival, ctx context.Context) error { _, err := f.RunPlan(ctx, "festival", "x"); return err }
	pause := func(f *festival, ctx context.Context) error {
		_, err := f.PausePlan(ctx, "festival", "x", "")
		return err
	}
	cancel := func(f *festival, ctx context.Context) error {
		_, err := f.CancelPlan(ctx, "festival", "x", "")
		return err
	}
	for name, c := range map[string]struct {
		before      []action
		both        [2]action
		leastRefuse int
	}{
		"run and run":       {nil, [2]action{run, run}, 1},
		"pause and pause":   {[]action{run}, [2]action{pause, pause}, 1},
		"cancel and cancel": {nil, [2]action{cancel, cancel}, 1},
		"run and cancel":    {nil, [2]action{run, cancel}, 0},
		"pause and run":     {[]action{run}, [2]action{pause, run}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := setupFestival(t)
			f.approved(t, f.tickets(20))
			for _, do := range c.before {
				require.NoError(t, do(f, t.Context()))
			}
			var group sync.WaitGroup
			var errs [2]error
			for i, do := range c.both {
				group.Go(func() { errs[i] = do(f, t.Context()) })
			}
			group.Wait()
			refused := 0
			for _, err := range errs {
				if err != nil {
					require.ErrorIs(t, err, refundjobs.ErrPlanState)
					refused++
				}
			}
			assert.GreaterOrEqual(t, refused, c.leastRefuse)
			_, err := f.WorkDue(t.Context())
			require.NoError(t, err)
			assert.LessOrEqual(t, f.refundsMade(), 20)
		})
	}
}
