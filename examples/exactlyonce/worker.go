package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	// keyLife is how long a key is repeated after its first send. Stripe keeps
	// the answer for at least 24 hours; the last hour is for the call itself and
	// for clocks that disagree.
	keyLife = 23 * time.Hour
	// callLimit is how long one call may take, with its retries.
	callLimit = time.Minute
	// pause is how long a job rests between two calls: here it is short, so that
	// the demonstration is; a worker that talks to Stripe takes minutes.
	pause = 20 * time.Millisecond
	// callsPerRun is how often a job is tried before it is left for a later run.
	callsPerRun = 5
	// atOnce is how many jobs are worked on at the same time.
	atOnce = 8
)

// worker makes the refunds that are in its store. It may be killed at any
// moment; the next one goes on from the store alone.
type worker struct {
	client *refundkit.Client
	jobs   *store
	ahead  time.Duration // how far its clock is ahead of the machine's
}

// newWorker returns a worker that talks to the server at base. It retries as
// the client does by default.
func newWorker(base string, jobs *store, ahead time.Duration) (*worker, error) {
	client, err := refundkit.New("sk_test_exactlyonce", refundkit.WithBaseURL(base))
	if err != nil {
		return nil, err
	}
	return &worker{client: client, jobs: jobs, ahead: ahead}, nil
}

// now is the time that the jobs go by. The fake's clock jumps forward by hours
// while no worker lives, because nobody wants to wait a day for the demonstration.
// The worker is told how far, and every time in the store is of that clock. Where
// the server is Stripe itself, it is time.Now.
func (w *worker) now() time.Time { return time.Now().Add(w.ahead) }

// run works until every job has ended or is left for a later run. No two
// goroutines ever have the same job, and the store's lock keeps a second worker
// out: finding nothing and then creating is no lock.
func (w *worker) run(ctx context.Context) error {
	jobs, err := w.jobs.all()
	if err != nil {
		return err
	}
	queue, failures := make(chan job, len(jobs)), make([]error, atOnce)
	for _, j := range jobs {
		if !j.ended() {
			queue <- j
		}
	}
	close(queue)
	var workers sync.WaitGroup
	for i := range failures {
		workers.Go(func() {
			for j := range queue {
				if failures[i] = w.finish(ctx, &j); failures[i] != nil {
					return
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(failures...)
}

// finish works on a job until it has ended or is left for a later run. It fails
// only if the store does, or the context ends.
func (w *worker) finish(ctx context.Context, j *job) error {
	for range callsPerRun {
		step := w.send
		if j.LookUp || !j.FirstSent.IsZero() && w.now().Sub(j.FirstSent) >= keyLife {
			step = w.lookUp
		}
		mustWait, err := step(ctx, j)
		if err == nil {
			err = w.jobs.put(*j)
		}
		if err != nil || mustWait || j.ended() {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

// send asks for the refund. What a later process needs to know is in the store
// before the call: a key of a new generation too.
func (w *worker) send(ctx context.Context, j *job) (mustWait bool, err error) {
	now, wasOpen := w.now(), j.Open
	if j.FirstSent.IsZero() {
		j.Generation++
		j.Key = string(refundkit.KeyFrom(j.ID, fmt.Sprint(j.Generation)))
		j.FirstSent = now
	}
	j.LastSent = now
	j.Open = true // for whoever finds it if this process dies in the call
	if err := w.jobs.put(*j); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	refund, err := w.client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: j.Charge, Amount: j.Amount},
		refundkit.IdempotencyKey(j.Key), refundkit.Reference(j.ID))
	// An outcome that was open before is not closed by an error that says that
	// this call did nothing.
	j.Open = err != nil && (wasOpen || errors.Is(err, refundkit.ErrOutcomeUnknown))
	switch step := refundkit.NextStep(err); {
	case err == nil:
		j.Refund = refund.ID
		if wasOpen {
			j.ClosedByKey++
		}
	case step == refundkit.StepLookUp:
		j.LookUp = true
	case !worthRepeating(err):
		j.SetAside = err.Error()
	}
	return false, nil
}

// lookUp finds out whether the refund exists, and if that can't be known yet,
// leaves the job for later. A job whose refund is surely absent gets a new key.
func (w *worker) lookUp(ctx context.Context, j *job) (mustWait bool, err error) {
	j.LookUp = true
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	refund, err := w.client.Refunds.Resolve(ctx, refundkit.ResolveParams{
		Reference: j.ID,
		Charge:    j.Charge,
		LastSent:  j.LastSent.Add(-w.ahead), // Resolve goes by the machine's clock
	})
	var unresolved *refundkit.UnresolvedError
	wasOpen := j.Open
	switch {
	case err == nil:
		j.Refund, j.Open = refund.ID, false
	case errors.As(err, &unresolved) && unresolved.Undecided:
		return true, nil // LastSent is less than the default SettleTime ago, which is 24 hours
	case errors.As(err, &unresolved) && refundkit.NextStep(err) == refundkit.StepNewKey:
		j.FirstSent, j.LookUp, j.Open = time.Time{}, false, false
	case !worthRepeating(err):
		j.SetAside = err.Error()
	}
	if wasOpen && !j.Open {
		j.ClosedByLookUp++
	}
	return false, nil
}

// worthRepeating reports whether the same call can come to another end. An API
// key that is refused is the same for every job, and an answer that is not
// Stripe's own, such as a proxy's redirect, says nothing of the job: both wait
// until a person has mended them.
func worthRepeating(err error) bool {
	var answer *refundkit.Error
	if errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden || answer.Type == "") {
		return true
	}
	return refundkit.NextStep(err) == refundkit.StepRepeat
}
