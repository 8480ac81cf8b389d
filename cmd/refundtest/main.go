// Command refundtest is a fake of Stripe's refund API for services in any
// language: it remembers what was done to it, forgets it all when it stops, and
// moves no money.
//
//	go run github.com/refundkit/refundkit/cmd/refundtest -addr 127.0.0.1:12111
//
// Use http://127.0.0.1:12111 as the API's base, and any key that begins with
// sk_test_. A page at that address shows what there is. Charges are made over
// the API, with Stripe's test tokens, or come from a file:
//
//	refundtest -seed charges.json -webhook http://127.0.0.1:3000/webhook -secret whsec_test
//
// The file is a JSON array of charges, with amounts in the currency's smallest
// unit. Only the amount is required:
//
//	[
//	  {"id": "ch_1Coffee", "amount": 2000, "currency": "eur", "description": "Coffee",
//	   "metadata": {"order": "6735"}, "on_refund": "succeeds_then_fails",
//	   "refunds": [{"amount": 500, "reason": "requested_by_customer"}]},
//	  {"amount": 900, "captured": false, "account": "acct_1Shop", "livemode": true}
//	]
//
// Further fields of a charge are created, status, payment_intent,
// payment_method_type, customer, receipt_email, transfer and
// application_fee_amount; of a refund id, status, metadata and created. An
// account that requests name in Stripe-Account must be in the file.
//
// Clients that refuse events of another API version than their own get theirs with
// -webhook-version 2023-10-16.
//
// Tests control the fake below /_refundtest: they reset it, move its clock, make
// refunds settle and fail, and read what was requested. -help lists how:
//
//	curl -X POST http://127.0.0.1:12111/_refundtest/refunds/re_1/fail -d '{"reason": "lost_or_stolen_card"}'
//
// Each flag can be an environment variable: -chaos-seed is REFUNDTEST_CHAOS_SEED.
// The newest 1,000 requests and events are remembered, or as many as -journal says.
//
// With -chaos 0.3 three in ten requests meet something that a client must
// survive: lost answers, errors of proxies, limits, broken bodies. The log says
// what, at the end of the line: chaos="answer 502 text/html".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "refundtest:", err)
		os.Exit(1)
	}
}

const (
	tick        = 250 * time.Millisecond // how late a refund settles at most
	longestEnd  = 5 * time.Second        // that requests get when the program stops
	longestRead = 30 * time.Second       // that a request may take to arrive
	longestIdle = 2 * time.Minute        // between two requests of a connection
)

// run serves until ctx ends. It returns nil if that was all that happened.
func run(ctx context.Context, args []string, out, usage io.Writer) error {
	config, err := parseFlags(args, usage)
	if err != nil {
		return err
	}
	log := &logger{out: out, now: time.Now}
	switch {
	case config.showVersion:
		_, err := fmt.Fprintln(out, versionLine())
		return err
	case config.health != "":
		return health(ctx, config.health)
	}
	listener, err := net.Listen("tcp", config.addr)
	if err != nil {
		return err
	}
	service, err := newService(config, log)
	if err != nil {
		_ = listener.Close()
		return err
	}
	defer service.stop()
	if config.chaos > 0 {
		log.line("chaos: %g %% of the requests, -chaos-seed %d", config.chaos*100, config.chaosSeed)
	}
	log.line("listening on http://%s, as the API and as a page for people", listener.Addr())
	return serve(ctx, listener, log.around(service), service.tick)
}

// health asks a running program whether it answers.
func health(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, longestEnd)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, base, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", base, response.Status)
	}
	return nil
}

// serve ends with ctx, after the requests that are running.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, work func()) error {
	web := &http.Server{Handler: handler, ReadTimeout: longestRead, IdleTimeout: longestIdle}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			work()
		case err := <-ended:
			return err
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.Background(), longestEnd)
			defer cancel()
			if web.Shutdown(end) != nil {
				_ = web.Close() // their time is over
			}
			<-ended
			return nil
		}
	}
}
