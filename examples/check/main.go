// Command check says what may be done about a payment, and why: refund it, cancel
// the hold, wait, answer the dispute, ask the customer, or nothing. It reads, and
// changes nothing.
//
//	go run ./examples/check                     a dozen payments of a Stripe of its own, without a key
//	go run ./examples/check ch_... pi_...       payments of yours
//	go run ./examples/check -amount 500 ch_...  may 5.00 go back?
//
//	STRIPE_API_KEY=sk_test_...  talk to Stripe in test mode
//	REFUNDKIT_BASE_URL=...      talk to that server, such as cmd/refundtest
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/refundkit/refundkit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// question is what is asked of every payment.
type question struct {
	params  refundkit.RefundCreateParams
	account string
	json    bool
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	var q question
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.Int64Var(&q.params.Amount, "amount", 0, "what to refund, in the currency's smallest `unit`; 0 is all that is left")
	flags.BoolVar(&q.params.ReverseTransfer, "reverse-transfer", false, "take the money back from the destination account")
	flags.BoolVar(&q.params.RefundApplicationFee, "refund-application-fee", false, "give the platform's fee back")
	flags.StringVar(&q.params.InstructionsEmail, "email", "", "the customer's `address`, for methods that need bank details")
	flags.StringVar(&q.account, "account", "", "the connected `account` that the charges are on")
	flags.BoolVar(&q.json, "json", false, "write the whole answer, a line of JSON for each payment")
	if err := flags.Parse(args); err != nil {
		return err
	}
	q.params.Remaining = q.params.Amount == 0

	client, err := connect(getenv)
	if err != nil {
		return err
	}
	if client != nil {
		if flags.NArg() == 0 {
			return errors.New("name the payments to check, by ch_... or pi_... of yours")
		}
		return q.checkAll(ctx, client, flags.Args(), out)
	}
	if flags.NArg() > 0 {
		return errors.New("set STRIPE_API_KEY=sk_test_... to check payments of yours")
	}
	return q.tour(ctx, out)
}

// connect returns nil if nothing is set.
func connect(getenv func(string) string) (*refundkit.Client, error) {
	key, base := getenv("STRIPE_API_KEY"), getenv("REFUNDKIT_BASE_URL")
	switch {
	case key == "" && base == "":
		return nil, nil //nolint:nilnil // nothing is set, and that is no error
	case key == "":
		key = "sk_test_check"
	case !strings.Contains(key, "_test_"):
		return nil, errors.New("this is an example: it takes a test key only (sk_test_...)")
	}
	if base == "" {
		return refundkit.New(key)
	}
	return refundkit.New(key, refundkit.WithBaseURL(base))
}

// checkAll checks payments one after the other, and goes on after a failure.
func (q question) checkAll(ctx context.Context, client *refundkit.Client, payments []string, out io.Writer) error {
	var failed []error
	for _, payment := range payments {
		if err := q.check(ctx, client, payment, "", out); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", payment, err))
		}
	}
	return errors.Join(failed...)
}

func (q question) check(ctx context.Context, client *refundkit.Client, payment, title string, out io.Writer) error {
	params := q.params
	if strings.HasPrefix(payment, "pi_") {
		params.PaymentIntent = payment
	} else {
		params.Charge = payment
	}
	var opts []refundkit.CallOption
	if q.account != "" {
		opts = append(opts, refundkit.OnAccount(q.account))
	}
	check, err := client.Refunds.Check(ctx, params, opts...)
	if err != nil {
		return err
	}
	if q.json {
		return json.NewEncoder(out).Encode(check)
	}
	fmt.Fprintf(out, "\n%s\n", strings.TrimSpace(payment+"  "+title))
	return show(out, check)
}
