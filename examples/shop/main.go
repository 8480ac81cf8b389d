// Command shop is a small shop on refundjobs: a page of orders, a button that cancels
// one and asks for its refund in the same transaction, workers that make the refund, a
// webhook that hears what becomes of it, and numbers for Prometheus.
//
//	go run .
//
// With nothing set it needs no key and no network: it has an SQLite database that ends
// with it, and a Stripe of its own.
//
//	DATABASE_URL=postgres://...    keeps orders and refunds on Postgres, for many processes
//	STRIPE_API_KEY=sk_test_...     talks to Stripe in test mode; with
//	STRIPE_WEBHOOK_SECRET=whsec_...  of: stripe listen --forward-to 127.0.0.1:8080/stripe
//
// There is no login. A real shop has one in front of every button.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundjobs/sqlitejobs"
)

// settings are what the program is told.
type settings struct {
	address, file, databaseURL, apiKey, webhookSecret string
	ready                                             func(url string)
}

func main() {
	s := settings{databaseURL: os.Getenv("DATABASE_URL"), apiKey: os.Getenv("STRIPE_API_KEY"), webhookSecret: os.Getenv("STRIPE_WEBHOOK_SECRET")}
	s.ready = func(url string) { fmt.Println("The shop is open at", url) }
	flag.StringVar(&s.address, "address", "127.0.0.1:8080", "where the shop listens")
	flag.StringVar(&s.file, "db", "", "file of the SQLite database; none is a new one each time, for a Stripe of its own only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, logger *slog.Logger) (err error) {
	stripe, err := openStripe(s)
	if err != nil {
		return err
	}
	defer stripe.close()
	if s.databaseURL != "" {
		pool, err := pgxpool.New(ctx, s.databaseURL)
		if err != nil {
			return err
		}
		defer pool.Close()
		return serve(ctx, postgres{pool}, stripe, s, logger)
	}
	if s.file == "" {
		if s.apiKey != "" {
			return errors.New("say -db or DATABASE_URL: what is sent to Stripe must outlive this process")
		}
		dir, err := os.MkdirTemp("", "shop")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.file = filepath.Join(dir, "shop.db")
	}
	db, err := sqlitejobs.Open(ctx, s.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return serve(ctx, sqlite{db}, stripe, s, logger)
}

// serve opens the shop on a database, and works and listens until ctx ends.
func serve[TTx any](ctx context.Context, db database[TTx], stripe *stripe, s settings, logger *slog.Logger) error {
	shop, err := openShop(ctx, db, stripe, time.Now, refundjobs.WithLogger(logger))
	if err != nil {
		return err
	}
	for range 3 {
		if err := shop.sell(ctx); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", cmp.Or(s.address, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: shop.handler(), ReadHeaderTimeout: 10 * time.Second}
	s.ready("http://" + listener.Addr().String())

	ctx, stop := context.WithCancel(ctx) // either ends the other
	var worker sync.WaitGroup
	var failure error
	worker.Go(func() {
		failure = shop.jobs.Start(ctx)
		_ = server.Close()
	})
	if err = server.Serve(listener); errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	stop()
	worker.Wait()
	return errors.Join(err, failure)
}
