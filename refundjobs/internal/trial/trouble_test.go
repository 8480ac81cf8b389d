//go:build unix

package trial

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/stretchr/testify/require"
)

// held is a worker that is stopped in the middle of what it does.
type held struct {
	worker  *process
	turns   int
	running map[int64]int // its and others' River jobs then, by their attempt
}

// trouble makes two things go wrong, each kind before any comes again, and lets time
// pass.
func (o *ordeal) trouble() {
	for range 2 {
		if len(o.menu) == 0 {
			o.menu = []func(){o.restart, o.cut, o.hold, o.deleteJobs, o.discardJobs, o.overKeyLife, o.giveUp, o.deleteJobs}
			o.random.Shuffle(len(o.menu), func(i, j int) { o.menu[i], o.menu[j] = o.menu[j], o.menu[i] })
		}
		next := o.menu[0]
		o.menu = o.menu[1:]
		next()
	}
	if o.random.IntN(5) > 0 {
		o.pass(time.Duration(1+o.random.IntN(15)) * time.Minute)
	} else {
		o.pass(time.Duration(1+o.random.IntN(8)) * time.Hour)
	}
	o.release()
}

func (o *ordeal) overKeyLife() { o.pass(time.Duration(23+o.random.IntN(40)) * time.Hour) }

// exec changes the database by hand, and fails when that is away.
func (o *ordeal) exec(query string, args ...any) (affected int) {
	require.NoError(o.t, patiently(o.t.Context(), func(ctx context.Context) error {
		result, err := o.store.database().ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		affected = int(n)
		return err
	}))
	return affected
}

// cut ends all other connections of this trial to Postgres.
func (o *ordeal) cut() {
	if o.config.Postgres == "" {
		return
	}
	n, err := number(o.t.Context(), o.store.database(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')`)
	require.NoError(o.t, err)
	o.cuts += n
}

// deleteJobs removes some of River's jobs, running ones too: somebody cleaned up.
func (o *ordeal) deleteJobs() {
	if o.way == byRow {
		o.deleted += o.exec(`DELETE FROM river_job WHERE id IN (SELECT id FROM river_job WHERE kind = 'refundjobs_step'
			AND state IN ('available', 'scheduled', 'retryable', 'running') ORDER BY random() LIMIT 10)`)
	}
}

// discardJobs does what a leader does that does not know the kind.
func (o *ordeal) discardJobs() {
	if o.way == byRow {
		o.discarded += o.exec(`UPDATE river_job SET state = 'discarded', finalized_at = created_at WHERE id IN (SELECT id FROM river_job WHERE kind = 'refundjobs_step'
			AND state IN ('available', 'scheduled', 'retryable', 'running') ORDER BY random() LIMIT 10)`)
	}
}

// hold stops a worker, until its jobs are somebody else's. Where it is the only one,
// they are once more its own.
func (o *ordeal) hold() {
	running := o.running()
	if o.held != nil || len(running) == 0 {
		return
	}
	victim := running[o.random.IntN(len(running))]
	require.NoError(o.t, victim.stop())
	o.stops++
	if o.many == 1 {
		o.jump(5 * time.Minute) // it may have the file locked: nobody writes now
		time.Sleep(time.Duration(o.random.IntN(300)) * time.Millisecond)
		require.NoError(o.t, victim.goOn())
		o.lose()
		return
	}
	jobs, err := o.runningJobs()
	require.NoError(o.t, err)
	o.held = &held{worker: victim, running: jobs}
}

// release lets a stopped worker go on when none of the jobs of that moment runs any
// more as it did.
func (o *ordeal) release() {
	if o.held == nil {
		return
	}
	o.held.turns++
	now, err := o.runningJobs()
	require.NoError(o.t, err)
	same, gone := 0, 0
	for id, attempt := range o.held.running {
		if now[id] == attempt {
			same++
		} else {
			gone++
		}
	}
	if same > 0 && o.held.turns < 15 {
		return
	}
	if same == 0 && gone > 0 {
		o.rescued++
	}
	require.NoError(o.t, o.held.worker.goOn())
	o.held = nil
}

// runningJobs are River's, by their attempt.
func (o *ordeal) runningJobs() (jobs map[int64]int, err error) {
	err = patiently(o.t.Context(), func(ctx context.Context) error {
		jobs = map[int64]int{}
		return each(ctx, o.store.database(), `SELECT id, attempt FROM river_job WHERE state = 'running'`, func(scan func(...any) error) error {
			var id int64
			var attempt int
			err := scan(&id, &attempt)
			jobs[id] = attempt
			return err
		})
	})
	return jobs, err
}

// each calls do for every row of an answer.
func each(ctx context.Context, db *sql.DB, query string, do func(scan func(...any) error) error) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
