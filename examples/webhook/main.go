// Command webhook shows what a shop must do with Stripe's events about refunds.
// It needs no key and no network: a Stripe of its own (refundtest) lives in the
// process and sends signed events to an HTTP server on the loopback interface.
//
//	go run ./examples/webhook
//	go run ./examples/webhook -pace 2s
//
// It makes refunds that succeed, fail later, wait for the customer and are
// canceled, and lets weeks pass in seconds. Events come twice and in any order.
// On a terminal the table is redrawn in place, elsewhere each change is a line.
//
// ledger.go is what a payments team would write; story.go is what happens to it,
// and table.go shows it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
)

func main() {
	pace := flag.Duration("pace", 400*time.Millisecond, "how long to wait between two things that happen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, isTerminal(os.Stdout), *pace); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run lets the story happen until its end, or until ctx ends.
func run(ctx context.Context, out io.Writer, live bool, pace time.Duration) (err error) {
	stripe := refundtest.New(refundtest.WithSeed(1))
	defer stripe.Close()
	client, err := refundkit.New("sk_test_webhook", refundkit.WithBaseURL(stripe.Start()))
	if err != nil {
		return err
	}
	show := newTable(out, live)
	books := newLedger(client, show.changed)
	const secret = "whsec_example"
	events, err := webhook.New([]string{secret},
		webhook.WithOnce(books.once),
		webhook.WithMode(webhook.ModeTest),
		webhook.WithoutChargeRefundUpdated(),
		webhook.WithClock(stripe.Now), // the events are signed by the clock of this Stripe, which runs fast
		webhook.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	if err != nil {
		return err
	}
	url, shutdown, err := listen(events.Handler(books.handle))
	if err != nil {
		return err
	}
	defer func() {
		stripe.Close() // first, so that it leaves no connection open that shutdown waits for
		err = errors.Join(err, shutdown())
	}()
	hook, err := stripe.AddWebhookURL(url, secret, refundtest.Duplicated(0.3, 1), refundtest.Reordered(1))
	if err != nil {
		return err
	}
	show.note("Listening on " + url + " for the events of a Stripe in this process")

	t := &story{client: client, stripe: stripe, hook: hook, show: show, pace: pace}
	if err := t.tell(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if ctx.Err() != nil {
		show.note("Interrupted")
	}
	hook.Deliver() // what is still on its way
	show.final(books.given())
	return books.compare(stripe)
}

// listen serves the handler on a free port of the loopback interface. shutdown
// waits for the deliveries that are being handled.
func listen(handler http.Handler) (url string, shutdown func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	routes := http.NewServeMux()
	routes.Handle("/stripe", handler)
	server := &http.Server{Handler: routes, ReadTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	shutdown = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := server.Shutdown(ctx)
		if end := <-ended; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
		return err
	}
	return "http://" + listener.Addr().String() + "/stripe", shutdown, nil
}
