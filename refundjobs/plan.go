package refundjobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

var (
	// ErrPlanState: the plan is not in a state in which that can be done; somebody else
	// may have been faster.
	ErrPlanState = errors.New("refundjobs: the plan's state does not allow it")
	// ErrPlanChanged: a row of the plan is not what was checked. Check it again.
	ErrPlanChanged = errors.New("refundjobs: the plan is not what was checked")
)

// Plan is many refunds that are checked, approved and made together.
type Plan struct {
	Name        string
	State       PlanState
	Why         string // it is paused
	Digest      string // of its rows, as they were when it was made
	Rows        int64
	RequestedBy string
	ApprovedBy  string
	CreatedAt   time.Time
	ApprovedAt  time.Time
	StartedAt   time.Time // when it was last set running
	FinishedAt  time.Time
	UpdatedAt   time.Time

	Progress []PlanCount   // by state and currency
	Rate     float64       // refunds a second, in the last half minute
	TimeLeft time.Duration // by that rate, or by [WithRate] if nothing was made yet; 0 if that is unknown

	version int64
}

// PlanState is how far a plan is, as a short word.
type PlanState string

// The states of a [Plan].
const (
	PlanStateDraft    PlanState = "draft"    // nothing is sent
	PlanStateApproved PlanState = "approved" // nothing is sent until it runs
	PlanStateRunning  PlanState = "running"
	PlanStatePaused   PlanState = "paused"   // nothing new is sent; what may have refunded is followed to its end
	PlanStateFinished PlanState = "finished" // each row is made, canceled, or waits for a person
	PlanStateCanceled PlanState = "canceled"
)

// PlanCount is how many refunds of a plan show a state, and their sum in the currency's
// smallest unit. A refund of all that is left counts with what was refunded, once it is.
type PlanCount struct {
	Shown    State
	Currency string
	Number   int64
	Amount   int64
}

// MakePlan stores refunds as the draft of a plan: all of them or, where requests
// yields an error or a name is taken, none. Nothing is sent. A plan's name and its
// refunds' names are used once for ever: the same plan again is the one that is there,
// and another one of that name is [ErrDifferent]. Requests are read one at a time, in the
// transaction that stores them: Postgres ends that if 200 of them take over a minute.
func (j *Jobs[TTx]) MakePlan(ctx context.Context, name, by string, requests iter.Seq2[Request, error]) (Plan, error) {
	if strings.TrimSpace(name) == "" {
		return Plan{}, failed("MakePlan", name, errors.New("a plan needs a name"))
	}
	err := j.driver.InTx(ctx, func(tx TTx) error {
		q := j.driver.Statements(tx)
		now, err := j.now(ctx, q)
		if err != nil {
			return err
		}
		n, err := q.Exec(ctx, `INSERT INTO refundjobs_plans (name, version, state, digest, row_count, requested_by, created_at, updated_at)
			VALUES ($1, 0, 'draft', '', 0, $2, $3, $3) ON CONFLICT (name) DO NOTHING`, name, strings.TrimSpace(by), j.dialect.when(now))
		if err != nil {
			return err
		}
		m := planMaker[TTx]{jobs: j, q: q, plan: name, by: by, now: now, store: n == 1, digest: newPlanDigest()}
		if err := m.all(ctx, requests); err != nil {
			return err
		}
		if m.store {
			_, err = q.Exec(ctx, `UPDATE refundjobs_plans SET digest = $2, row_count = $3 WHERE name = $1`, name, m.digest.sum(), m.rows)
			return err
		}
		stored, err := j.readPlan(ctx, q, name, "")
		if err == nil && stored.Digest != m.digest.sum() {
			err = fmt.Errorf("%w: a plan of this name has other refunds", ErrDifferent)
		}
		return err
	})
	var line *CSVError
	if errors.As(err, &line) {
		return Plan{}, err // it says all there is to say
	}
	if err != nil {
		return Plan{}, failed("MakePlan", name, err)
	}
	return j.Plan(ctx, name)
}

// planMaker stores the rows of a plan, some hundred at a time; or, if the plan is there,
// only computes their digest.
type planMaker[TTx any] struct {
	jobs     *Jobs[TTx]
	q        Statements
	plan, by string
	now      time.Time
	store    bool
	digest   planDigest
	rows     int64
	batch    []Job
}

const planBatch = 200

func (m *planMaker[TTx]) all(ctx context.Context, requests iter.Seq2[Request, error]) error {
	for request, err := range requests {
		if err != nil {
			return err
		}
		if request.By == "" {
			request.By = m.by
		}
		row, err := newRow(request, m.now)
		if err == nil && row.Currency == "" {
			err = errors.New("a refund of a plan names its currency")
		}
		if err != nil {
			return failed("refund", request.Name, err)
		}
		m.rows++
		row.Plan, row.PlanLine = m.plan, m.rows
		m.digest.add(row)
		if m.batch = append(m.batch, row); len(m.batch) == planBatch {
			if err := m.flush(ctx); err != nil {
				return err
			}
		}
	}
	if m.rows == 0 {
		return errors.New("the plan has no refunds")
	}
	return m.flush(ctx)
}

func (m *planMaker[TTx]) flush(ctx context.Context) error {
	batch := m.batch
	m.batch = m.batch[:0]
	if !m.store || len(batch) == 0 {
		return nil
	}
	n, err := m.jobs.dialect.insert(ctx, m.q, batch...)
	if err != nil || n == int64(len(batch)) {
		return err
	}
	seen := map[string]bool{}
	for _, row := range batch {
		stored, err := readJob(ctx, m.q, row.Name, "")
		switch {
		case err != nil:
			return err
		case stored.Plan != m.plan && stored.Plan != "":
			return fmt.Errorf("%w: refund %q belongs to plan %q", ErrDifferent, row.Name, stored.Plan)
		case stored.Plan != m.plan:
			return fmt.Errorf("%w: refund %q was requested by itself", ErrDifferent, row.Name)
		case seen[row.Name], stored.PlanLine != row.PlanLine:
			return fmt.Errorf("the name %q is there twice, as refund %d and %d of the plan", row.Name, stored.PlanLine, row.PlanLine)
		}
		seen[row.Name] = true
	}
	return refundkit.ErrJobChanged
}

// planDigest is over what decides the money of all rows, in their order.
type planDigest struct{ hash hash.Hash }

func newPlanDigest() planDigest { return planDigest{sha256.New()} }

func (d planDigest) add(row Job) {
	fmt.Fprintf(d.hash, "%d %q %s\n", row.PlanLine, row.Name, row.digest)
}

func (d planDigest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }

// Plan returns a plan and how far it is.
func (j *Jobs[TTx]) Plan(ctx context.Context, name string) (Plan, error) {
	q := j.driver.Pool()
	p, err := j.readPlan(ctx, q, name, "")
	if err == nil {
		p, err = j.progress(ctx, q, p)
	}
	return p, failed("Plan", name, err)
}

// Plans lists all plans, the newest first, without their progress.
func (j *Jobs[TTx]) Plans(ctx context.Context) ([]Plan, error) {
	plans, err := readPlans(ctx, j.driver.Pool(), "ORDER BY created_at DESC, name")
	return plans, failed("Plans", "", err)
}

func (j *Jobs[TTx]) readPlan(ctx context.Context, q Statements, name, lock string) (Plan, error) {
	plans, err := readPlans(ctx, q, "WHERE name = $1"+lock, name)
	if err == nil && len(plans) == 0 {
		err = fmt.Errorf("%w: there is no such plan", ErrUnknown)
	}
	if err != nil {
		return Plan{}, err
	}
	return plans[0], nil
}

func readPlans(ctx context.Context, q Statements, where string, args ...any) (plans []Plan, err error) {
	err = queryAll(ctx, q, func(rows Rows) error {
		var p Plan
		err := rows.Scan(&p.Name, &p.version, &p.State, &p.Why, &p.Digest, &p.Rows, &p.RequestedBy, &p.ApprovedBy, instant{&p.CreatedAt}, instant{&p.ApprovedAt},
			instant{&p.StartedAt}, instant{&p.FinishedAt}, instant{&p.UpdatedAt})
		plans = append(plans, p)
		return err
	}, `SELECT name, version, state, why, digest, row_count, requested_by, approved_by, created_at, approved_at, started_at, finished_at, updated_at
		FROM refundjobs_plans `+where, args...)
	return plans, err
}

// settled reports whether a row that shows this needs no worker any more.
func (s State) settled() bool {
	switch s {
	case StateRequested, StateApproved, StateSending:
		return false
	}
	return true
}

const rateTime = 30 * time.Second

// progress counts the rows of a plan, and from what was made lately, when the rest will be.
func (j *Jobs[TTx]) progress(ctx context.Context, q Statements, p Plan) (Plan, error) {
	var left int64
	err := queryAll(ctx, q, func(rows Rows) error {
		var c PlanCount
		err := rows.Scan(&c.Shown, &c.Currency, &c.Number, &c.Amount)
		p.Progress = append(p.Progress, c)
		if !c.Shown.settled() {
			left += c.Number
		}
		return err
	}, `SELECT state, currency, count(*), CAST(sum(CASE WHEN refund_amount > 0 THEN refund_amount ELSE coalesce(amount, 0) END) AS bigint) FROM refundjobs WHERE plan = $1 GROUP BY state, currency ORDER BY currency, state`, p.Name)
	if err != nil {
		return p, err
	}
	now, err := j.now(ctx, q)
	if err != nil {
		return p, err
	}
	var made int64
	if _, err := queryOne(ctx, q, `SELECT count(*) FROM refundjobs WHERE plan = $1 AND state IN ('sent', 'succeeded', 'needs_person', 'failed') AND updated_at > $2`,
		[]any{p.Name, j.dialect.when(now.Add(-rateTime))}, &made); err != nil {
		return p, err
	}
	window := rateTime
	if running := now.Sub(p.StartedAt); running > 0 && running < window {
		window = running
	}
	p.Rate = float64(made) / window.Seconds()
	rate := p.Rate
	if rate == 0 {
		rate = j.options.rate
	}
	if rate > 0 {
		p.TimeLeft = time.Duration(float64(left) / rate * float64(time.Second))
	}
	return p, nil
}
