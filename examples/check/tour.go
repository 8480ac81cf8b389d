package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// stop is a payment of the tour, and how it came to be.
type stop struct {
	title  string
	charge refundtest.Charge
	then   func(*refundtest.Server, string) error
}

const day = 24 * time.Hour

// tour checks a dozen payments of a server of its own, each in another state.
func (q question) tour(ctx context.Context, out io.Writer) error {
	server := refundtest.New(refundtest.WithSeed(1), refundtest.WithClock(func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }))
	defer server.Close()
	client, err := refundkit.New("sk_test_check", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithClock(server.Now))
	if err != nil {
		return err
	}
	if !q.json {
		fmt.Fprintln(out, "Payments of refundtest, in this process. Set STRIPE_API_KEY=sk_test_... and name payments to check your own.")
	}
	var failed []error
	for _, stop := range stops(server) {
		server.SetBalance("usd", 100_000)
		charge := server.AddCharge(stop.charge)
		if stop.then != nil {
			if err := stop.then(server, charge.ID); err != nil {
				return err
			}
		}
		if err := q.check(ctx, client, charge.ID, stop.title, out); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func stops(server *refundtest.Server) []stop {
	refunded := func(amount int64) func(*refundtest.Server, string) error {
		return func(s *refundtest.Server, id string) error {
			_, err := s.RefundInDashboard(id, amount)
			return err
		}
	}
	dollars := func(c refundtest.Charge) refundtest.Charge {
		c.Amount, c.Currency = 2000, "usd"
		return c
	}
	ago := func(days int) time.Time { return server.Now().Add(-time.Duration(days) * day) }
	return []stop{
		{"paid by card", dollars(refundtest.Charge{}), nil},
		{"5.00 are on their way back", dollars(refundtest.Charge{OnRefund: refundtest.StaysPending}), refunded(500)},
		{"refunded", dollars(refundtest.Charge{}), refunded(0)},
		{"authorized, not captured", dollars(refundtest.Charge{Uncaptured: true}), nil},
		{"declined", dollars(refundtest.Charge{Status: "failed"}), nil},
		{"disputed", dollars(refundtest.Charge{}), (*refundtest.Server).Dispute},
		{"the bank inquires", dollars(refundtest.Charge{}), (*refundtest.Server).Inquire},
		{"a bank debit on its way", dollars(refundtest.Charge{PaymentMethodType: "us_bank_account", Status: "pending"}), nil},
		{"a bank debit of last month", dollars(refundtest.Charge{PaymentMethodType: "us_bank_account", Created: ago(30)}), nil},
		{"a bank debit of last year", dollars(refundtest.Charge{PaymentMethodType: "us_bank_account", Created: ago(365)}), nil},
		{"a bank transfer, no e-mail address", dollars(refundtest.Charge{PaymentMethodType: "customer_balance"}), nil},
		{"paid by card, and the balance is empty", dollars(refundtest.Charge{}), func(s *refundtest.Server, _ string) error {
			s.SetBalance("usd", 0)
			return nil
		}},
		{"a bank debit, and the balance is empty", dollars(refundtest.Charge{PaymentMethodType: "us_bank_account", Created: ago(30)}), func(s *refundtest.Server, _ string) error {
			s.SetBalance("usd", 0)
			return nil
		}},
	}
}
