//go:build unix

package trial

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
	"github.com/refundkit/refundkit/webhook"
)

const hookSecret = "whsec_trial"

// way is how a worker makes refunds.
type way string

const (
	byRow    way = "by row"
	byNewKey way = "naive: a new key for each attempt"
	byJobID  way = "naive: the River job's ID as key"
)

// worker is what a worker process is told.
type worker struct {
	ID       string
	Way      way
	Postgres string // URL; empty on SQLite
	SQLite   string // file
	Stripe   string // base URL
	Clock    string // file
	Rate     float64
	Workers  int // rows at once
	clock    *clock
	client   *refundkit.Client
}

// run works until SIGTERM, or until the parent is gone.
func (w *worker) run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	if w.clock, err = openClock(w.Clock); err != nil {
		return err
	}
	if err := w.connect(); err != nil {
		return err
	}
	if w.SQLite != "" {
		return w.onSQLite(ctx)
	}
	return w.onPostgres(ctx)
}

// connect makes the client.
func (w *worker) connect() (err error) {
	w.client, err = refundkit.New("sk_test_trial", refundkit.WithBaseURL(w.Stripe), refundkit.WithClock(w.clock.now), refundkit.WithRateLimiter(refundjobs.Pace{}),
		refundkit.WithAttemptTimeout(3*time.Second), refundkit.WithHTTPClient(&http.Client{Transport: stamped{w.ID, w.clock}}))
	return err
}

func (w *worker) onSQLite(ctx context.Context) error {
	db, err := sqlitejobs.Open(ctx, w.SQLite)
	if err != nil {
		return err
	}
	defer db.Close()
	jobs, err := sqlitejobs.New(db, w.client.Refunds, w.options()...)
	if err != nil {
		return err
	}
	return startRows[*sql.Tx](ctx, w, jobs)
}

func (w *worker) onPostgres(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(w.Postgres)
	if err != nil {
		return err
	}
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	if w.Way != byRow {
		return startNaive(ctx, w, riverpgxv5.New(pool))
	}
	jobs, err := pgxjobs.New(pool, w.client.Refunds, w.options()...)
	if err != nil {
		return err
	}
	return startRows[pgx.Tx](ctx, w, jobs)
}

// options are those of every process.
func (w *worker) options() []refundjobs.Option {
	return []refundjobs.Option{refundjobs.WithClock(w.clock.now), refundjobs.WithRate(w.Rate), refundjobs.WithWorkers(w.Workers),
		refundjobs.WithConnect(w.client.TransferReversals, w.client.ApplicationFeeRefunds)}
}

// startRows is what a team's own program would do: work, and listen to Stripe.
func startRows[TTx any](ctx context.Context, w *worker, jobs *refundjobs.Jobs[TTx]) error {
	hook, err := webhook.New([]string{hookSecret}, webhook.WithClock(w.clock.now), webhook.WithOnce(jobs.Once()))
	if err != nil {
		return err
	}
	if err := listen(hook.Handler(jobs.HandleEvent(nil))); err != nil {
		return err
	}
	return again(ctx, jobs.Start)
}

// listen serves the webhook, and tells the parent where.
func listen(handler http.Handler) error {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	fmt.Printf("http://%s\n", listener.Addr())
	return nil
}

// again starts once more what could not be started, as a supervisor does while the
// database is away.
func again(ctx context.Context, start func(context.Context) error) error {
	for {
		err := start(ctx)
		if ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// naiveArgs is a refund whose only row is River's.
type naiveArgs struct {
	Name, Charge string
	Amount       int64
}

func (naiveArgs) Kind() string { return "naive_refund" }

type naiveWorker struct {
	river.WorkerDefaults[naiveArgs]
	*worker
}

func (w *naiveWorker) Work(ctx context.Context, job *river.Job[naiveArgs]) error {
	opts := []refundkit.CallOption{refundkit.Reference(job.Args.Name)}
	if w.Way == byJobID {
		opts = append(opts, refundkit.KeyFrom("job", fmt.Sprint(job.ID)))
	}
	_, err := w.client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: job.Args.Charge, Amount: job.Args.Amount}, opts...)
	return err
}

func (w *naiveWorker) NextRetry(*river.Job[naiveArgs]) time.Time {
	return w.clock.now().Add(time.Minute)
}

func naiveConfig(c *clock) *river.Config {
	return &river.Config{Logger: slog.New(slog.DiscardHandler), Test: river.TestConfig{Time: riverClock{c}}}
}

func startNaive[TTx any](ctx context.Context, w *worker, driver riverdriver.Driver[TTx]) error {
	if err := listen(http.NotFoundHandler()); err != nil {
		return err
	}
	return again(ctx, func(ctx context.Context) error {
		config := naiveConfig(w.clock)
		config.Workers = river.NewWorkers()
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 20}}
		config.JobTimeout, config.RescueStuckJobsAfter = time.Minute, 90*time.Second
		river.AddWorker(config.Workers, &naiveWorker{worker: w})
		client, err := river.NewClient(driver, config)
		if err != nil {
			return err
		}
		if err := client.Start(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if err := client.Stop(last); err != nil {
			return errors.Join(err, client.StopAndCancel(context.WithoutCancel(ctx)))
		}
		return nil
	})
}
