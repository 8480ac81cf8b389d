package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// ownStripe is a Stripe in this process where some thousand refunds were made
// between two times. For the same two times they are always the same.
func ownStripe(ctx context.Context, from, to time.Time, count int) (*refundkit.Client, error) {
	server := refundtest.New(refundtest.WithSeed(1), refundtest.WithClock(func() time.Time { return from }))
	client, err := refundkit.New("sk_test_export", refundkit.WithHTTPClient(server.HTTPClient()))
	if err != nil {
		return nil, err
	}
	y := year{Rand: rand.New(rand.NewPCG(1, 1)), from: from, to: to}
	charges := make([]refundtest.Charge, count)
	refunds := make([]refundtest.Refund, count)
	for i := range charges {
		charges[i], refunds[i] = y.refund(i)
	}
	for i, charge := range server.AddCharges(charges) {
		refunds[i].Charge = charge.ID
	}
	if _, err := server.AddRefunds(refunds); err != nil {
		return nil, err
	}
	return client, y.release(ctx, server, client, count/30)
}

// year makes up what happened.
type year struct {
	*rand.Rand
	from, to time.Time
}

// when is a random second: rather on a working day, and most in the weeks after
// Christmas.
func (y year) when() time.Time {
	for {
		t := y.from.Add(time.Duration(y.Float64() * float64(y.to.Sub(y.from)))).Truncate(time.Second)
		chance := 0.4
		if weekday := t.Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			chance += 0.2
		}
		if t.Month() == time.January || t.Month() == time.December && t.Day() > 25 {
			chance += 0.3
		}
		if y.Float64() < chance {
			return t
		}
	}
}

// money is a random amount, in a currency that is more or less usual.
func (y year) money() (amount int64, currency string) {
	price := 300 + y.Int64N(20_000)
	switch n := y.IntN(100); {
	case n < 45:
		return price, "usd"
	case n < 75:
		return price, "eur"
	case n < 88:
		return price, "gbp"
	case n < 96:
		return price * 3 / 2, "jpy"
	}
	return price / 10 * 10 * 3, "kwd" // three decimals, of which the last is 0
}

// refund makes up a charge and its refund.
func (y year) refund(i int) (refundtest.Charge, refundtest.Refund) {
	amount, currency := y.money()
	when := y.when()
	charge := refundtest.Charge{Amount: amount, Currency: currency, Created: when.AddDate(0, 0, -y.IntN(40))}
	refund := refundtest.Refund{Amount: amount, Created: when, Metadata: map[string]string{"order_id": "A-" + strconv.Itoa(100_000+i)}}
	if y.IntN(4) == 0 {
		refund.Amount = cmp.Or(amount/20*10, amount) // a part of it
	}
	if when.Before(y.to.AddDate(0, 0, -4)) {
		refund.Reference = fmt.Sprintf("%011d", y.Int64N(100_000_000_000))
	}
	switch n := y.IntN(1000); {
	case n < 25:
		refund.Status, refund.FailureReason = "failed", []string{"expired_or_canceled_card", "lost_or_stolen_card", "declined"}[n%3]
	case n < 30:
		refund.Status = "canceled"
	case n < 33:
		refund.Metadata["order_id"] = `=HYPERLINK("https://example.com";"your refund")` // by a customer who may choose the name of an order
	}
	return charge, refund
}

// release lets authorizations go before any money was taken, as time passes.
func (y year) release(ctx context.Context, server *refundtest.Server, client *refundkit.Client, count int) error {
	times := make([]time.Time, count)
	for i := range times {
		times[i] = y.when()
	}
	slices.SortFunc(times, time.Time.Compare)
	for i, when := range times {
		server.Advance(when.Sub(server.Now()))
		amount, currency := y.money()
		charge := server.AddCharge(refundtest.Charge{Amount: amount, Currency: currency, Uncaptured: true, WithoutPaymentIntent: true})
		_, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: charge.ID, Remaining: true,
			Metadata: refundkit.Metadata{"order_id": "R-" + strconv.Itoa(100_000+i)}}, refundkit.KeyFrom(charge.ID, "release"))
		if err != nil {
			return err
		}
	}
	server.Advance(y.to.Sub(server.Now()))
	return nil
}
