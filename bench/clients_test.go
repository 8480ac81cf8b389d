package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

const apiKey = "sk_test_bench"

// ours is refundkit as it comes.
func ours(tb testing.TB, httpClient *http.Client, baseURL string) *refundkit.Client {
	options := []refundkit.Option{refundkit.WithHTTPClient(httpClient)}
	if baseURL != "" {
		options = append(options, refundkit.WithBaseURL(baseURL))
	}
	client, err := refundkit.New(apiKey, options...)
	require.NoError(tb, err)
	return client
}

// theirs is the official client without what would only cost it: telemetry and
// logs. It retries as often as it does by default, which is as often as ours.
func theirs(httpClient *http.Client, baseURL string) *stripe.Client {
	config := &stripe.BackendConfig{
		HTTPClient: httpClient, EnableTelemetry: stripe.Bool(false), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	}
	if baseURL != "" {
		config.URL = stripe.String(baseURL)
	}
	return stripe.NewClient(apiKey, stripe.WithBackends(stripe.NewBackendsWithConfig(config)))
}

// floor is what nobody can be faster than without giving up net/http or
// encoding/json: one function without options, checks or retries.
type floor struct {
	client  *http.Client
	baseURL string
}

func newFloor(httpClient *http.Client, baseURL string) floor {
	if baseURL == "" {
		baseURL = "https://api.stripe.com"
	}
	return floor{httpClient, baseURL}
}

func (f floor) send(ctx context.Context, method, path, form string, into any) error {
	var body io.Reader
	if form != "" {
		body = strings.NewReader(form)
	}
	request, err := http.NewRequestWithContext(ctx, method, f.baseURL+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Stripe-Version", refundkit.APIVersion)
	request.Header.Set("User-Agent", "floor")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Idempotency-Key", rand.Text())
	}
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		failure := new(floorError)
		if err := json.Unmarshal(data, failure); err != nil {
			return err
		}
		return failure
	}
	return json.Unmarshal(data, into)
}

type floorError struct {
	Cause struct {
		Code    string `json:"code"`
		DocURL  string `json:"doc_url"`
		LogURL  string `json:"request_log_url"`
		Message string `json:"message"`
		Type    string `json:"type"`
	} `json:"error"`
}

func (e *floorError) Error() string { return e.Cause.Message }

// What each client understood of a refund, in the same words.

func ourWords(r *refundkit.Refund) string {
	return fmt.Sprint(r.ID, " ", r.Amount, r.Currency, " ", r.Status, " ", r.Reason, " ", r.Created.Unix(), " ", r.Charge.ID, " ",
		r.PaymentIntent.ID, " ", r.BalanceTransaction.ID, " ", r.DestinationDetails.Reference, " ", r.Metadata["order"])
}

func theirWords(r *stripe.Refund) string {
	return fmt.Sprint(r.ID, " ", r.Amount, r.Currency, " ", r.Status, " ", r.Reason, " ", r.Created, " ", r.Charge.ID, " ",
		r.PaymentIntent.ID, " ", r.BalanceTransaction.ID, " ", r.DestinationDetails.Card.Reference, " ", r.Metadata["order"])
}
