package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// shop is a client and two payments that it can refund.
type shop struct {
	client *refundkit.Client
	card   string // a charge that settles at once
	bank   string // a charge whose refund waits for the customer; none at Stripe itself
	close  func()
}

// openShop talks to the server that the environment names, or to one of its own.
func openShop(ctx context.Context) (*shop, error) {
	key, base := os.Getenv("STRIPE_API_KEY"), os.Getenv("REFUNDKIT_BASE_URL")
	switch {
	case key != "" && !strings.Contains(key, "_test_"):
		return nil, errors.New("this program makes charges and refunds: it takes a test key only (sk_test_...)")
	case key == "" && base == "":
		return ownShop()
	case key == "":
		key = "sk_test_quickstart"
	}
	if base == "" {
		base = "https://api.stripe.com"
	}
	client, err := refundkit.New(key, refundkit.WithBaseURL(base))
	if err != nil {
		return nil, err
	}
	fmt.Println("Talking to", base)
	card, err := pay(ctx, base, key)
	return &shop{client: client, card: card, close: func() {}}, err
}

func ownShop() (*shop, error) {
	server := refundtest.New(refundtest.WithSeed(1))
	card := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd"})
	bank := server.AddCharge(refundtest.Charge{Amount: 1500, Currency: "eur", OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"})
	client, err := refundkit.New("sk_test_quickstart", refundkit.WithHTTPClient(server.HTTPClient()))
	fmt.Println("Talking to refundtest, in this process. Set STRIPE_API_KEY=sk_test_... to talk to Stripe.")
	return &shop{client: client, card: card.ID, bank: bank.ID, close: server.Close}, err
}

// pay makes a charge of 20.00 USD, which refundkit has no method for.
func pay(ctx context.Context, base, key string) (charge string, err error) {
	form := url.Values{"amount": {"2000"}, "currency": {"usd"}, "source": {"tok_visa"}, "description": {"refundkit quickstart"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(base, "/")+"/v1/charges", strings.NewReader(form.Encode()))
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
