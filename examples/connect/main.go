// Command connect shows a platform with three accounts that refunds parts of its orders,
// although requests get lost and its worker dies at any moment: whatever was taken back
// was taken back once, and the books of every account agree to the cent.
//
//	go run ./examples/connect -orders 200 -faults 0.3
//
// It needs no key and no network: refundtest stands in for Stripe. market.go has the
// orders and what is refunded of them, worker.go what moves a row on, audit.go adds up
// what all accounts then have.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

func main() {
	var o options
	flag.IntVar(&o.orders, "orders", 60, "how many orders there are")
	flag.Float64Var(&o.faults, "faults", 0.3, "how often a request goes wrong, 0 to 1")
	flag.Float64Var(&o.crashes, "crashes", 0.1, "how often the worker dies when it writes a row, 0 to 1")
	flag.Uint64Var(&o.seed, "seed", rand.Uint64(), "of all chances")
	flag.Parse()
	if err := demonstrate(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	orders          int
	faults, crashes float64
	seed            uint64
}

// demonstrate refunds the orders, and prints the books.
func demonstrate(ctx context.Context, out io.Writer, o options) error {
	m, err := newMarket(o)
	if err != nil {
		return err
	}
	for number := range o.orders {
		plan, err := m.order(ctx, number)
		if err != nil {
			return fmt.Errorf("order %d: %w", number, err)
		}
		if plan != nil && m.shown == nil {
			m.shown = plan
		}
	}
	m.server.ClearFaults()
	if m.shown != nil {
		fmt.Fprintf(out, "A plan, before anything of it was sent:\n\n%s\n", m.shown)
	}
	books, err := m.audit(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d orders, %d refunds, %d reversals, %d fee refunds; %d calls, of which %d went wrong; the worker died %d times.\n",
		o.orders, m.refunds.count(), m.reversals.count(), m.fees.count(), m.calls, m.wrong, m.deaths)
	fmt.Fprintf(out, "%d refunds failed later, and their transfers were made again.\n\n", m.failed)
	fmt.Fprint(out, table(books))
	return check(books)
}
