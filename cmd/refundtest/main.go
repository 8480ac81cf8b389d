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

	"github.com/refundkit/refundkit/refundtest"
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
	tick       = 250 * time.Millisecond // how late a refund settles at most
	longestEnd = 5 * time.Second        // that requests get when the program stops
)

// run serves until ctx ends. It returns nil if that was all that happened.
func run(ctx context.Context, args []string, out, usage io.Writer) error {
	config, err := parseFlags(args, usage)
	if err != nil {
		return err
	}
	log := &logger{out: out, now: time.Now}
	server := refundtest.New(refundtest.WithClock(time.Now), refundtest.OnRequest(log.fault))
	defer server.Close()
	worlds := []place{{"test mode", server.World}, {"live mode", server.Live()}}
	if config.seed != "" {
		more, err := seedFile(server, config.seed)
		if err != nil {
			return err
		}
		worlds = append(worlds, more...)
	}
	if err := config.apply(server, log); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", config.addr)
	if err != nil {
		return err
	}
	log.line("listening on http://%s, as the API and as a page for people", listener.Addr())
	return serve(ctx, listener, log.around(handler(server, worlds)), server)
}

// apply does what the flags say about webhooks and faults.
func (c *config) apply(server *refundtest.Server, log *logger) error {
	if c.chaos > 0 {
		server.Inject(refundtest.Chaos(c.chaosSeed, c.chaos).On("/v1/{rest...}"))
		log.line("chaos: %g %% of the requests, -chaos-seed %d", c.chaos*100, c.chaosSeed)
	}
	if c.webhook == "" {
		return nil
	}
	_, err := server.AddWebhookURL(c.webhook, c.secret, refundtest.OnDelivery(log.delivery), refundtest.InAPIVersion(c.version))
	return err
}

// handler gives people their page and programs their API.
func handler(server *refundtest.Server, worlds []place) http.Handler {
	people := &page{server: server, worlds: worlds}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			people.ServeHTTP(w, r)
			return
		}
		server.ServeHTTP(w, r) // not through a mux, which would tidy the path
	})
}

// serve ends with ctx, after the requests that are running.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, server *refundtest.Server) error {
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			server.Advance(0)
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
