package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	// callLimit is how long one step of a job may take, with the retries of a call.
	callLimit = time.Minute
	// atOnce is how many jobs are worked on at the same time.
	atOnce = 8
)

// worker makes the refunds that are in its store. It may be killed at any moment;
// the next one goes on from the store alone.
type worker struct {
	client *refundkit.Client
	jobs   *store
	ahead  time.Duration // how far the clock of the jobs is ahead of the machine's
}

// newWorker returns a worker that talks to the server at base. It retries as the
// client does by default.
func newWorker(base string, jobs *store, ahead time.Duration) (*worker, error) {
	client, err := refundkit.New("sk_test_exactlyonce", refundkit.WithBaseURL(base))
	if err != nil {
		return nil, err
	}
	return &worker{client: client, jobs: jobs, ahead: ahead}, nil
}

// run does the next step of every job that is due. Where the server is Stripe
// itself, a worker does this every few seconds.
//
// The fake's clock jumps by hours while no worker lives, because nobody wants to
// wait a day for the demonstration. The worker is told how far, as it would be told
// that its database has another time than its machine.
func (w *worker) run(ctx context.Context) error {
	jobs, err := w.jobs.all()
	if err != nil {
		return err
	}
	queue, failures := make(chan refundkit.Job, len(jobs)), make([]error, atOnce)
	for _, job := range jobs {
		if isOpen(job) && !job.Due.After(time.Now().Add(w.ahead)) {
			queue <- job
		}
	}
	close(queue)
	var workers sync.WaitGroup
	for i := range failures {
		workers.Go(func() {
			for job := range queue {
				if failures[i] = w.advance(ctx, job); failures[i] != nil {
					return
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(failures...)
}

// isOpen reports whether a job goes on by itself. A database has an index for it.
func isOpen(job refundkit.Job) bool {
	return job.State == refundkit.JobStateWaiting || job.State == refundkit.JobStateOpen
}

// advance does the next step of a job: all of the protocol is in there.
func (w *worker) advance(ctx context.Context, job refundkit.Job) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	_, _, err := w.client.Refunds.Advance(ctx, job, w.jobs.save, refundkit.ClockOffset(w.ahead))
	return err
}
