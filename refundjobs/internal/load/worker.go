package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/pgxjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
)

// workerVariable holds a worker's settings, and makes this program one.
const workerVariable = "REFUNDJOBS_LOAD_WORKER"

// listen serves the fake.
func (m *meter) listen(ctx context.Context, base *string) (closing func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	*base = "http://" + listener.Addr().String()
	server := &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, nil
}

// start starts this program as a worker.
func start(s settings, first bool) (*process, error) {
	if !first {
		s.Profile = ""
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{Cmd: exec.Command(self), ended: make(chan struct{})} //nolint:noctx // it is told to end
	p.Env = append(os.Environ(), workerVariable+"="+string(text))
	p.Stdout, p.Stderr = os.Stdout, os.Stderr
	if _, err := p.StdinPipe(); err != nil { // it ends with this program
		return nil, err
	}
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.failure = p.Wait()
		close(p.ended)
	}()
	return p, nil
}

// process is a worker, and how it ended.
type process struct {
	*exec.Cmd
	failure error
	ended   chan struct{}
}

// end lets a worker end what it is doing.
func (p *process) end() error {
	_ = p.Process.Signal(syscall.SIGTERM)
	<-p.ended
	return p.failure
}

// work is a worker.
func work(text string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	if s.Profile != "" {
		file, err := os.Create(s.Profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	connections := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	connections.MaxIdleConnsPerHost = s.Workers
	client, err := refundkit.New("sk_test_load", refundkit.WithBaseURL(s.Stripe), refundkit.WithRateLimiter(refundjobs.Pace{}),
		refundkit.WithHTTPClient(&http.Client{Transport: connections}))
	if err != nil {
		return err
	}
	options := []refundjobs.Option{refundjobs.WithRate(s.Rate), refundjobs.WithWorkers(s.Workers), refundjobs.WithCharges(client.Charges)}
	if s.SQLite != "" {
		db, err := sqlitejobs.Open(ctx, s.SQLite)
		if err != nil {
			return err
		}
		defer db.Close()
		jobs, err := sqlitejobs.New(db, client.Refunds, options...)
		if err != nil {
			return err
		}
		return s.do(ctx, jobs)
	}
	config, err := pgxpool.ParseConfig(s.Postgres)
	if err != nil {
		return err
	}
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	jobs, err := pgxjobs.New(pool, client.Refunds, options...)
	if err != nil {
		return err
	}
	return s.do(ctx, jobs)
}

// do works the refunds, or is the person with the plan.
func (s settings) do(ctx context.Context, jobs interface {
	planner
	Start(ctx context.Context) error
}) error {
	if s.CSV != "" {
		return plan(ctx, s, jobs)
	}
	return jobs.Start(ctx)
}
