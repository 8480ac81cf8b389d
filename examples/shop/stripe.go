package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
	"github.com/refundkit/refundkit/refundtest"
)

// stripe is the one that the shop talks to: Stripe's test mode, or its own.
type stripe struct {
	refunds *refundkit.RefundService
	secret  string
	pay     func(ctx context.Context, amount int64) (charge string, err error) // refundkit has no method for it
	deliver func(events http.Handler)
	close   func()
}

func openStripe(s settings) (*stripe, error) {
	if s.apiKey == "" {
		return ownStripe(refundtest.New(refundtest.WithClock(time.Now)))
	}
	switch {
	case !strings.Contains(s.apiKey, "_test_"):
		return nil, errors.New("this program makes charges and refunds: it takes a test key only (sk_test_...)")
	case s.webhookSecret == "":
		return nil, errors.New("set STRIPE_WEBHOOK_SECRET: without events nobody hears of a refund that fails later")
	}
	client, err := refundkit.New(s.apiKey, refundkit.WithRateLimiter(refundjobs.Pace{}))
	if err != nil {
		return nil, err
	}
	return &stripe{
		refunds: client.Refunds, secret: s.webhookSecret,
		pay:     func(ctx context.Context, amount int64) (string, error) { return payInTestMode(ctx, s.apiKey, amount) },
		deliver: func(http.Handler) {}, // stripe listen does
		close:   func() {},
	}, nil
}

// ownStripe answers in this process, and delivers its events there.
func ownStripe(server *refundtest.Server) (*stripe, error) {
	const secret = "whsec_shop"
	client, err := refundkit.New("sk_test_shop", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithRateLimiter(refundjobs.Pace{}),
		refundkit.WithClock(server.Now))
	if err != nil {
		return nil, err
	}
	return &stripe{
		refunds: client.Refunds, secret: secret,
		pay: func(_ context.Context, amount int64) (string, error) {
			return server.AddCharge(refundtest.Charge{Amount: amount}).ID, nil
		},
		deliver: func(events http.Handler) {
			server.AddWebhook(events, secret, refundtest.EventTypes("refund.*"), refundtest.MayMissEvents())
		},
		close: server.Close,
	}, nil
}

// payInTestMode makes a charge with a card that Stripe has for tests.
func payInTestMode(ctx context.Context, key string, amount int64) (charge string, err error) {
	form := url.Values{"amount": {strconv.FormatInt(amount, 10)}, "currency": {"usd"}, "source": {"tok_visa"}, "description": {"refundkit shop"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.stripe.com/v1/charges", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
		return "", fmt.Errorf("no charge was made: status %d", response.StatusCode)
	}
	return made.ID, nil
}
