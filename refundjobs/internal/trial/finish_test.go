//go:build unix

package trial

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/refundjobs"
)

// patience is how long the end may take: not to hang for ever.
const patience = 15 * time.Minute

// finish lets the workers end what there is, without further trouble. One of them is
// replaced every now and then, as when a new version is rolled out.
func (o *ordeal) finish() {
	o.server.ClearFaults()
	if o.held != nil {
		require.NoError(o.t, o.held.worker.goOn())
		o.held = nil
	}
	o.refill()
	const firstStep, lastStep = 30 * time.Minute, 8 * time.Hour
	began, replaced, step, settled := time.Now(), time.Now(), firstStep, false
	for {
		require.Less(o.t, time.Since(began), patience, "%d refunds do not come to an end", o.left())
		if o.hook != nil {
			o.hook.Retry()
			o.hook.Deliver()
		}
		asked := o.decideAll()
		switch left := o.left(); {
		case left == 0 && asked == 0 && settled:
			for _, p := range o.workers {
				require.NoError(o.t, p.end())
			}
			return
		case left == 0 && asked == 0:
			settled = true
			o.pass(48 * time.Hour) // whatever was to be done later is done
		case o.due() > 0:
			step, settled = firstStep, false // a refund that is made now may fail later
		default:
			settled = false
			o.pass(step)
			step = min(2*step, lastStep)
		}
		time.Sleep(100 * time.Millisecond)
		if time.Since(replaced) > 3*time.Second {
			replaced = time.Now()
			o.pass(2 * time.Minute) // the jobs of the dead are rescued
			require.NoError(o.t, o.workers[0].end())
			o.refill()
		}
	}
}

// due is how many rows a worker should look at now, and not only wait for another.
func (o *ordeal) due() int {
	query := `SELECT count(*) FROM refundjobs r WHERE due_at <= $1 AND (unwind = '' OR NOT EXISTS (
		SELECT 1 FROM refundjobs o WHERE o.unwind = r.unwind AND o.step < r.step AND o.job_state NOT IN ('made', 'canceled')))`
	if o.way != byRow {
		query = `SELECT count(*) FROM river_job WHERE kind = 'naive_refund' AND state IN ('available', 'running', 'retryable', 'scheduled') AND scheduled_at <= $1`
	}
	due, err := number(o.t.Context(), o.store.database(), query, o.store.instant(o.clock.now()))
	require.NoError(o.t, err)
	return due
}

// left is how much will still happen by itself, or has to be told to a row.
func (o *ordeal) left() int {
	query := `SELECT count(*) FROM river_job WHERE kind = 'naive_refund' AND state NOT IN ('completed', 'discarded', 'cancelled')`
	waiting := 0
	if o.way == byRow {
		query = `SELECT count(*) FROM refundjobs WHERE job_state IN ('waiting', 'open') OR state = 'sent' OR job_state = 'made' AND kind = 'refund' AND refund IS NULL`
		waiting = o.unlike()
	}
	left, err := number(o.t.Context(), o.store.database(), query)
	require.NoError(o.t, err)
	if o.plan != nil && o.plan.now().State != refundjobs.PlanStateFinished {
		left++
	}
	return left + waiting
}

// unlike is how many refunds changed at Stripe of which the rows were not told yet.
func (o *ordeal) unlike() (n int) {
	status := map[string]string{}
	for _, refund := range o.refunds() {
		status[refund.ID] = refund.Status
	}
	require.NoError(o.t, patiently(o.t.Context(), func(ctx context.Context) error {
		n = 0
		return each(ctx, o.store.database(), `SELECT refund_id, refund_status FROM refundjobs WHERE job_state = 'made' AND kind = 'refund'`, func(scan func(...any) error) error {
			var id, stored string
			err := scan(&id, &stored)
			if status[id] != stored {
				n++
			}
			return err
		})
	}))
	return n
}
