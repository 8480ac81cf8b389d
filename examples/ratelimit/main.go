// Command ratelimit keeps a batch of refunds below Stripe's limit with
// golang.org/x/time/rate, and shows what happens without.
//
//	go run .
//
// Stripe allows 25 requests a second to one endpoint. What is refused with 429
// was not done, and the client tries it again with the same key, twice unless
// WithMaxRetries says otherwise. Without a limiter that is not enough for a batch: ten
// goroutines are refused together and come again together, and about one refund
// in six is given up. None of those was made, and none was made twice: a real
// batch keeps them and repeats them later with the same key. With a limiter
// nothing is refused; the batch only takes as long as the limit says.
//
// The client's waits are random, so the numbers differ a little from run to run.
//
// https://docs.stripe.com/rate-limits
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"golang.org/x/time/rate"
)

// perSecond is what Stripe allows for one endpoint. All processes of an account
// share it: with two of them, each takes half.
const perSecond = 25

// newLimiter lets one request go every 40 ms. Its burst is 1, because a bucket
// of 25 would let 50 requests into the first second: the 25 that it holds, and
// the 25 that it gets.
//
// A client asks it before every attempt, whatever the endpoint. One client for
// each endpoint gives each the whole limit.
func newLimiter() *rate.Limiter { return rate.NewLimiter(perSecond, 1) }

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	fmt.Println("60 refunds from 10 goroutines, 25 requests a second allowed:")
	for _, kind := range []struct {
		name    string
		options []refundkit.Option
	}{
		{"without a limiter", nil},
		{"with a limiter", []refundkit.Option{refundkit.WithRateLimiter(newLimiter())}},
	} {
		r, err := refundBatch(ctx, 60, 10, kind.options...)
		if err != nil {
			return err
		}
		fmt.Printf("  %-18s %d refunded in %.1f s, %d given up; %d requests were answered with 429\n",
			kind.name, r.refunded, r.took.Seconds(), r.givenUp, r.limited)
	}
	fmt.Println("The client gives up after 3 attempts. What it gave up was not made: repeat it later with the same key.")
	return nil
}

// report is how a batch went.
type report struct {
	refunded, givenUp, limited int
	took                       time.Duration
}

// refundBatch makes refunds against a server that has Stripe's limits. Those
// that were refused more often than the client retries are given up; a real
// batch would repeat them later with the same key.
func refundBatch(ctx context.Context, refunds, atOnce int, options ...refundkit.Option) (report, error) {
	server := refundtest.New(refundtest.WithClock(time.Now), refundtest.WithRateLimits())
	defer server.Close()
	charge := server.AddCharge(refundtest.Charge{Amount: int64(refunds) * 100, Currency: "usd"})
	client, err := refundkit.New("sk_test_ratelimit", append(options, refundkit.WithHTTPClient(server.HTTPClient()))...)
	if err != nil {
		return report{}, err
	}
	var r report
	var next, givenUp atomic.Int64
	failures := make([]error, atOnce)
	start := time.Now()
	var workers sync.WaitGroup
	for worker := range atOnce {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(refunds); i = next.Add(1) {
				_, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: charge.ID, Amount: 100},
					refundkit.KeyFrom(charge.ID, fmt.Sprint("refund-", i)))
				if errors.Is(err, refundkit.ErrRateLimited) {
					givenUp.Add(1)
				} else if err != nil {
					failures[worker] = err
					return
				}
			}
		})
	}
	workers.Wait()
	r.took, r.givenUp = time.Since(start), int(givenUp.Load())
	r.refunded = len(server.Refunds(charge.ID))
	for _, request := range server.Requests() {
		if request.Status == http.StatusTooManyRequests {
			r.limited++
		}
	}
	return r, errors.Join(failures...)
}
