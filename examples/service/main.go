package main

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go alone
)

//go:embed schema.sql
var schema string

func main() {
	address := flag.String("address", "127.0.0.1:8080", "where the service listens")
	file := flag.String("db", "", "file of the database; none is a new one each time, for a Stripe of its own only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *address, *file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, file string) (err error) {
	key, secret, options := os.Getenv("STRIPE_API_KEY"), os.Getenv("STRIPE_WEBHOOK_SECRET"), []refundkit.Option{}
	switch {
	case key == "":
		own := refundtest.New(refundtest.WithClock(time.Now))
		defer own.Close()
		charge := own.AddCharge(refundtest.Charge{ID: "ch_example", Amount: 2000})
		fmt.Printf("Talking to a Stripe of its own, which has a charge of 20.00 USD. Refund 5.00 of it:\n"+
			"  curl -d '{\"name\":\"order-1/refund-1\",\"params\":{\"charge\":%q,\"amount\":500}}' http://%s/refunds\n", charge.ID, address)
		key, secret, options = "sk_test_service", "whsec_service", []refundkit.Option{refundkit.WithHTTPClient(own.HTTPClient())}
		dir, err := os.MkdirTemp("", "service")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file = cmp.Or(file, filepath.Join(dir, "refunds.db"))
	case file == "":
		return errors.New("say -db: what is sent to Stripe must outlive this process")
	}
	client, err := refundkit.New(key, options...)
	if err != nil {
		return err
	}
	events, err := webhook.New([]string{secret})
	if err != nil {
		return err
	}
	db, err := openDB(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &shop{db: db, stripe: client.Refunds, now: time.Now}
	return s.serve(ctx, &http.Server{Addr: address, Handler: s.handler(events), ReadHeaderTimeout: 10 * time.Second})
}

// serve works every second, beside the server, until ctx ends.
func (s *shop) serve(ctx context.Context, server *http.Server) error {
	var worker sync.WaitGroup
	defer worker.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	worker.Go(func() {
		for ctx.Err() == nil {
			if err := s.work(ctx); err != nil {
				slog.Error("work", "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
		_ = server.Close()
	})
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// openDB opens the database in a file, which it makes if it is not there. With
// synchronous FULL, what was committed is there after a power cut.
func openDB(ctx context.Context, file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
