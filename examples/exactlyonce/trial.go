package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

const (
	faulty          = 0.3
	slow            = 0.05 // of the rest: Stripe is done, and takes its time to say so
	refundsPerOrder = 8    // new jobs before each life of the worker
	refundAmount    = 100  // in the currency's smallest unit
)

// trial is a fake Stripe, a job store, and a worker that is killed.
type trial struct {
	server *refundtest.Server
	door   *door
	base   string        // URL of the server
	path   string        // of the job store
	ahead  time.Duration // of the server's clock
	random *rand.Rand
	orders int
	tally
}

// runTrial kills the worker as often as it is told, then lets it finish, and
// returns what came of it. The store is made in dir.
func runTrial(ctx context.Context, kills int, seed uint64, dir string) (tally, error) {
	server := refundtest.New(refundtest.WithClock(time.Now))
	defer server.Close()
	server.Inject(
		refundtest.Chaos(seed, faulty),
		refundtest.Delay(50*time.Millisecond).AfterWork().On("POST /v1/refunds").WithProbability(slow, seed+1),
	)
	t := &trial{server: server, door: &door{server: server}, path: filepath.Join(dir, "jobs.db"), random: rand.New(rand.NewPCG(seed, 0)), tally: tally{seed: seed}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return tally{}, err
	}
	loopback := &http.Server{Handler: t.door, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	defer loopback.Close()
	go func() { _ = loopback.Serve(listener) }()
	t.base = "http://" + listener.Addr().String()

	for done := false; !done; {
		if err := t.live(ctx, t.kills < kills); err != nil {
			return tally{}, err
		}
		if done, err = t.allMade(ctx); err != nil {
			return tally{}, err
		}
		done = done && t.kills >= kills
	}
	t.pass(24 * time.Hour) // whatever was to be done later is done
	return t.count()
}

// live lets a worker live until nothing is due, or it is killed, and lets time pass
// after that.
func (t *trial) live(ctx context.Context, kill bool) error {
	if kill {
		if err := t.takeOrder(); err != nil {
			return err
		}
	}
	before, err := t.jobs()
	if err != nil {
		return err
	}
	killed, err := t.runWorker(ctx, kill)
	if err != nil {
		return err
	}
	after, err := t.jobs()
	if err != nil {
		return err
	}
	t.learn(before, after)
	switch t.random.IntN(6) {
	case 0:
		t.pass(time.Duration(t.random.IntN(24)) * time.Hour)
	case 1:
		t.pass(time.Duration(24+t.random.IntN(48)) * time.Hour)
	default:
		t.pass(time.Duration(1+t.random.IntN(20)) * time.Minute)
	}
	if killed {
		t.kills++
	}
	t.lives++
	return nil
}

// runWorker starts this program as a worker and waits for its end. If it is to
// be killed, that happens at a random moment, counted in requests rather than in
// time, so that a slow machine gives it as much life as a fast one.
func (t *trial) runWorker(ctx context.Context, kill bool) (killed bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	life, end := context.WithCancel(ctx) // its end is SIGKILL to the worker
	defer end()
	command := exec.CommandContext(life, self, workerCommand, "-store", t.path, "-server", t.base, "-ahead", t.ahead.String())
	var complaint bytes.Buffer
	command.Stderr = &complaint
	if err := command.Start(); err != nil {
		return false, err
	}
	if kill {
		delay := time.Duration(t.random.IntN(6_000)) * time.Microsecond
		t.door.after(t.random.IntN(15), func() { time.AfterFunc(delay, end) })
	}
	err = command.Wait()
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case command.ProcessState.Success():
		return false, nil // perhaps a moment before it would have been killed
	case life.Err() != nil && !command.ProcessState.Exited():
		return true, nil
	}
	return false, fmt.Errorf("the worker failed: %w: %s", err, complaint.String())
}

// takeOrder puts new jobs into the store: equal partial refunds of one charge.
func (t *trial) takeOrder() error {
	t.orders++
	charge := t.server.AddCharge(refundtest.Charge{Amount: 10 * refundsPerOrder * refundAmount, Currency: "usd"})
	var jobs []refundkit.Job
	for i := range refundsPerOrder {
		job, err := refundkit.NewJob(fmt.Sprintf("order-%04d/refund-%d", t.orders, i+1), refundkit.RefundCreateParams{Charge: charge.ID, Amount: refundAmount})
		if err != nil {
			return err
		}
		jobs = append(jobs, job)
	}
	return t.withStore(func(s *store) error { return s.add(jobs...) })
}

// pass moves the server's clock. No worker lives then, and the next one is told.
func (t *trial) pass(d time.Duration) {
	t.server.Advance(d)
	t.ahead += d
}

// allMade reports whether every job is made. It is the person too, who is asked
// when two keys in a row met an error that Stripe keeps, and says: once more.
func (t *trial) allMade(ctx context.Context) (all bool, err error) {
	jobs, err := t.jobs()
	all = true
	for _, job := range jobs {
		all = all && job.State == refundkit.JobStateMade
		if err == nil && job.Problem == refundkit.JobProblemUnanswered {
			t.resumed++
			if job, err = job.Resume(); err == nil {
				err = t.withStore(func(s *store) error { return s.save(ctx, job) })
			}
		} else if err == nil && job.State == refundkit.JobStateNeedsPerson {
			err = fmt.Errorf("%s: %s: %s", job.Name, job.Problem, job.Detail)
		}
	}
	return all, err
}

func (t *trial) jobs() (jobs []refundkit.Job, err error) {
	err = t.withStore(func(s *store) (err error) {
		jobs, err = s.all()
		return err
	})
	return jobs, err
}

// withStore opens the store while no worker lives.
func (t *trial) withStore(do func(*store) error) error {
	s, err := openStore(t.path)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.close())
}

// door is the way to the server. It counts who comes in.
type door struct {
	server http.Handler
	mu     sync.Mutex
	left   int // requests until then is called
	then   func()
}

// after calls then once when so many more requests have come, at once if none.
func (d *door) after(requests int, then func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.then = requests, then
	d.check()
}

func (d *door) check() {
	if d.left <= 0 && d.then != nil {
		d.then()
		d.then = nil
	}
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.left--
	d.check()
	d.mu.Unlock()
	d.server.ServeHTTP(w, r)
}
