package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Queue is the River queue that the jobs go through.
const Queue = "refundjobs"

const (
	jobTime        = 60 * time.Second // of River, for one step
	rescueTime     = 65 * time.Second // after which River takes a step for lost
	sweepTime      = time.Minute      // between two searches for rows that River has lost
	sweepGrace     = 15 * time.Second // how long a row is left to River
	sweepRows      = 1000
	retryTime      = 15 * time.Second
	stopTime       = time.Minute
	prioritySingle = 1
	priorityPlan   = 3
)

// fetchTime is how long River waits between two looks for jobs, at least. With its own
// 100 ms, a process of 20 workers does 200 steps a second at most.
const fetchTime = 20 * time.Millisecond

// Register adds what works the jobs to the configuration of a River client of your
// own: a queue, the workers, and the search for rows that River has lost. Every client
// on this River database must register them, because a leader that does not know a
// kind of job discards it. Set RescueStuckJobsAfter to 65 s: with River's default, a
// killed worker's refunds go on after an hour.
func (j *Jobs[TTx]) Register(config *river.Config) error {
	if config.Workers == nil {
		config.Workers = river.NewWorkers()
	}
	if err := river.AddWorkerSafely(config.Workers, &stepWorker[TTx]{jobs: j}); err != nil {
		return fmt.Errorf("refundjobs: Register: %w", err)
	}
	if err := river.AddWorkerSafely(config.Workers, &sweepWorker[TTx]{jobs: j}); err != nil {
		return fmt.Errorf("refundjobs: Register: %w", err)
	}
	if err := river.AddWorkerSafely(config.Workers, &feedWorker[TTx]{jobs: j}); err != nil {
		return fmt.Errorf("refundjobs: Register: %w", err)
	}
	if config.Queues == nil {
		config.Queues = map[string]river.QueueConfig{}
	}
	if _, set := config.Queues[Queue]; !set {
		config.Queues[Queue] = river.QueueConfig{MaxWorkers: j.options.workers}
	}
	config.PeriodicJobs = append(config.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(sweepTime),
		func() (river.JobArgs, *river.InsertOpts) { return sweepArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
	if config.RescueStuckJobsAfter == 0 || config.RescueStuckJobsAfter > 10*time.Minute {
		j.options.logger.Warn("a killed worker's refunds go on only when River rescues them", "RescueStuckJobsAfter", config.RescueStuckJobsAfter, "better", rescueTime)
	}
	return nil
}

// Start works with a River client of its own until ctx ends, and returns after what is
// being sent. Run it in as many processes as you like.
func (j *Jobs[TTx]) Start(ctx context.Context) error {
	config := &river.Config{Logger: j.options.logger, FetchCooldown: fetchTime, JobTimeout: jobTime, RescueStuckJobsAfter: rescueTime, Test: river.TestConfig{Time: j.options.riverTime()}}
	if err := j.Register(config); err != nil {
		return err
	}
	client, err := river.NewClient(j.driver.River(), config)
	if err != nil {
		return fmt.Errorf("refundjobs: Start: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("refundjobs: Start: %w", err)
	}
	if err := j.sweep(ctx); err != nil && ctx.Err() == nil {
		j.options.logger.WarnContext(ctx, "the search for rows without a River job failed", "error", err)
	}
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := client.Stop(last); err != nil {
		return fmt.Errorf("refundjobs: Start: what was being sent did not end: %w", errors.Join(err, client.StopAndCancel(context.WithoutCancel(ctx))))
	}
	return nil
}

// stepArgs is the alarm of one row.
type stepArgs struct {
	Name string `json:"name"`
	// Version makes a sweep's alarm another one than that which it stands in for, and one
	// alone until the row changes.
	Version int64 `json:"version,omitzero"`
}

func (stepArgs) Kind() string { return "refundjobs_step" }

// liveStates are those of an alarm that will still ring.
func liveStates() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}
}

func stepOpts(row Job, unique bool) *river.InsertOpts {
	opts := &river.InsertOpts{Queue: Queue, Priority: prioritySingle}
	if row.Plan != "" {
		opts.Priority = priorityPlan
	}
	if unique {
		opts.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: liveStates()}
	}
	return opts
}

// alarm makes River look at a row now, once tx has committed. Without unique it does
// so beside an alarm that is set for later.
func (j *Jobs[TTx]) alarm(ctx context.Context, tx TTx, row Job, unique bool) error {
	_, err := j.river.InsertTx(ctx, tx, stepArgs{Name: row.Name}, stepOpts(row, unique))
	return err
}

type stepWorker[TTx any] struct {
	river.WorkerDefaults[stepArgs]
	jobs *Jobs[TTx]
}

// Work implements [river.Worker].
func (w *stepWorker[TTx]) Work(ctx context.Context, job *river.Job[stepArgs]) error {
	wait, err := w.jobs.step(ctx, job.Args.Name)
	if err == nil && wait != noStep {
		return river.JobSnooze(wait)
	}
	return failed("work", job.Args.Name, err)
}

// Timeout implements [river.Worker].
func (*stepWorker[TTx]) Timeout(*river.Job[stepArgs]) time.Duration { return jobTime }

// NextRetry implements [river.Worker]. A step fails when the database does, and that is
// soon over.
func (w *stepWorker[TTx]) NextRetry(*river.Job[stepArgs]) time.Time {
	return w.jobs.clock().Add(retryTime)
}

type sweepArgs struct{}

func (sweepArgs) Kind() string { return "refundjobs_sweep" }

// InsertOpts implements [river.JobArgsWithInsertOpts].
func (sweepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, UniqueOpts: river.UniqueOpts{ByState: liveStates()}, MaxAttempts: 1}
}

type sweepWorker[TTx any] struct {
	river.WorkerDefaults[sweepArgs]
	jobs *Jobs[TTx]
}

// Work implements [river.Worker].
func (w *sweepWorker[TTx]) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	return w.jobs.sweep(ctx)
}

// sweep gives an alarm to every row that is due for a while: River's was discarded,
// deleted or canceled, or waits for a leader that there is not; or a backup was restored.
func (j *Jobs[TTx]) sweep(ctx context.Context) error {
	if goesOn, err := j.feedAll(ctx); err != nil || goesOn {
		err = errors.Join(err, j.driver.InTx(ctx, func(tx TTx) error {
			_, err := j.river.InsertTx(ctx, tx, feedArgs{}, nil)
			return err
		}))
		if err != nil {
			return err
		}
	}
	rows, err := j.dueRows(ctx, sweepGrace, sweepRows)
	if err != nil || len(rows) == 0 {
		return err
	}
	params := make([]river.InsertManyParams, 0, len(rows))
	for _, row := range rows {
		params = append(params, river.InsertManyParams{Args: stepArgs{Name: row.Name, Version: row.Version}, InsertOpts: stepOpts(row, true)})
	}
	return j.driver.InTx(ctx, func(tx TTx) error {
		_, err := j.river.InsertManyTx(ctx, tx, params)
		return err
	})
}
