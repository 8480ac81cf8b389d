package refundkit_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// Any client that net/http knows fits: with a proxy, with certificates, with a
// transport that counts, or one that answers by itself.
func ExampleWithHTTPClient() {
	server := refundtest.New()
	client, err := refundkit.New("sk_test_123", refundkit.WithHTTPClient(server.HTTPClient()))
	if err != nil {
		log.Fatal(err)
	}

	_, err = client.Refunds.Retrieve(context.Background(), "re_1")
	fmt.Println(errors.Is(err, refundkit.ErrNotFound))
	// Output: true
}

// A fake or a proxy is reached by its URL. A live key does not leave the machine
// unencrypted.
func ExampleWithBaseURL() {
	server := refundtest.New()
	defer server.Close()
	client, err := refundkit.New("sk_test_123", refundkit.WithBaseURL(server.Start()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Refunds.Retrieve(context.Background(), "re_1")
	fmt.Println(errors.Is(err, refundkit.ErrNotFound))

	_, err = refundkit.New("sk_live_123", refundkit.WithBaseURL("http://proxy.example.com"))
	fmt.Println(err)
	// Output:
	// true
	// refundkit: WithBaseURL: a live key never travels over plain http, unless to a loopback address
}

// A program that has a queue of its own may want no retries at all.
func ExampleWithMaxRetries() {
	server := refundtest.New()
	server.Inject(refundtest.AnswerHTML(502))
	client := exampleClient(server, refundkit.WithMaxRetries(0))

	_, err := client.Refunds.Retrieve(context.Background(), "re_1")
	fmt.Println(err)
	// Output:
	// refundkit: Refunds.Retrieve: status 502 (attempts 1); next: repeat the call
}

// In a test the client's time is the fake's: a look-up can be sure that nothing was
// made as soon as the fake's clock says so.
func ExampleWithClock() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server, refundkit.WithClock(server.Now))
	params := refundkit.ResolveParams{Reference: "order-6735/refund-1", Charge: charge.ID, Amount: 500, LastSent: server.Now()}

	for _, later := range []time.Duration{time.Hour, 24 * time.Hour} {
		server.Advance(later)
		_, err := client.Refunds.Resolve(context.Background(), params)
		fmt.Println(errors.Is(err, refundkit.ErrAbsent))
	}
	// Output:
	// false
	// true
}

// Somebody waits for this answer: one attempt is enough. All others keep the
// client's retries.
func ExampleMaxRetries() {
	server := refundtest.New()
	server.Inject(refundtest.AnswerHTML(502))
	client := exampleClient(server)

	var response refundkit.Response
	_, err := client.Refunds.Retrieve(context.Background(), "re_1", refundkit.MaxRetries(0), refundkit.CaptureResponse(&response))
	fmt.Println(err != nil, response.StatusCode, response.Attempts)
	// Output: true 502 1
}

// The context limits the whole call, this each of its attempts. The answer came
// too late to be read, not too late to be made.
func ExampleWithAttemptTimeout() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	server.Inject(refundtest.StallBody())
	client := exampleClient(server, refundkit.WithAttemptTimeout(10*time.Millisecond), refundkit.WithMaxRetries(0))

	err := exampleCreate(client, charge)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, refundkit.ErrOutcomeUnknown))
	// Output: true true
}

func ExampleWithAPIVersion() {
	server := refundtest.New()
	exampleRefund(exampleClient(server, refundkit.WithAPIVersion("2025-03-31.basil")), server.AddCharge(refundtest.Charge{}))

	fmt.Println(server.Requests()[0].Header.Get("Stripe-Version"))
	// Output: 2025-03-31.basil
}

// Stripe shows the User-Agent in its request log.
func ExampleWithAppInfo() {
	server := refundtest.New()
	exampleRefund(exampleClient(server, refundkit.WithAppInfo("shop", "1.4.0")), server.AddCharge(refundtest.Charge{}))

	_, appInfo, _ := strings.Cut(server.Requests()[0].Header.Get("User-Agent"), " ")
	fmt.Println(appInfo)
	// Output: shop/1.4.0
}

// Everything that this client does, it does on the connected account. A variable
// that was not set does not fall back on the platform.
func ExampleWithAccount() {
	server := refundtest.New()
	charge := server.Account("acct_1Bakery").AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server, refundkit.WithAccount("acct_1Bakery"))

	fmt.Println(exampleCreate(client, charge))
	fmt.Println(len(server.Account("acct_1Bakery").Refunds("")), "there,", len(server.Refunds("")), "on the platform")

	_, err := refundkit.New("sk_test_123", refundkit.WithAccount(""))
	fmt.Println(errors.Is(err, refundkit.ErrInvalidParams))
	// Output:
	// <nil>
	// 1 there, 0 on the platform
	// true
}

// A direct charge is refunded on the account that it was made on. The platform
// gives its application fee back only if that is said.
func ExampleOnAccount() {
	server := refundtest.New()
	charge := server.Account("acct_1Bakery").AddCharge(refundtest.Charge{Amount: 2000, ApplicationFeeAmount: 100})
	client := exampleClient(server)

	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{
		Charge: charge.ID, Amount: 500, RefundApplicationFee: true,
	}, refundkit.KeyFrom("order-6735", "refund-1"), refundkit.OnAccount("acct_1Bakery"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Amount, server.Requests()[0].Account)
	// Output: 500 acct_1Bakery
}

// One line for each attempt, without bodies, headers or accounts.
func ExampleWithLogger() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "duration", "request_id": // other ones in every run
				return slog.Attr{}
			}
			return a
		},
	}))
	client := exampleClient(server, refundkit.WithLogger(logger), refundkit.WithMaxRetries(0))
	server.Inject(refundtest.AnswerHTML(502))

	for range 2 {
		_, _ = client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500},
			refundkit.IdempotencyKey("order-6735/refund-1"))
	}
	// Output:
	// level=WARN msg="refundkit attempt" op=Refunds.Create method=POST route=/v1/refunds attempt=1 status=502 idempotency_key=order-6735/refund-1 error="refundkit: Refunds.Create: status 502 (attempts 1, idempotency key order-6735/refund-1); next: repeat the call with the same key"
	// level=DEBUG msg="refundkit attempt" op=Refunds.Create method=POST route=/v1/refunds attempt=1 status=200 idempotency_key=order-6735/refund-1
}

// What metrics and traces need, after each attempt. Route has no ids in it, so it
// can be a label.
func ExampleWithAttemptHook() {
	server := refundtest.New()
	server.Inject(refundtest.LockTimeout())
	client := exampleClient(server, refundkit.WithMaxRetries(0), refundkit.WithAttemptHook(func(_ context.Context, a refundkit.Attempt) {
		fmt.Println(a.Op, a.Method, a.Route, a.Number, a.StatusCode, a.Err != nil)
	}))

	_, _ = client.Refunds.Retrieve(context.Background(), "re_1")
	_, _ = client.Refunds.List(context.Background(), refundkit.RefundListParams{})
	// Output:
	// Refunds.Retrieve GET /v1/refunds/{refund} 1 429 true
	// Refunds.List GET /v1/refunds 1 200 false
}

// exampleLimiter lets a number of requests go; *rate.Limiter of golang.org/x/time/rate
// lets a number of them go each second.
type exampleLimiter struct{ left int }

func (l *exampleLimiter) Wait(context.Context) error {
	if l.left--; l.left < 0 {
		return errors.New("nothing is left for today")
	}
	return nil
}

// The limiter is asked before every attempt. What it refuses is not sent.
func ExampleWithRateLimiter() {
	server := refundtest.New()
	client := exampleClient(server, refundkit.WithRateLimiter(&exampleLimiter{left: 1}))

	for range 2 {
		_, err := client.Refunds.List(context.Background(), refundkit.RefundListParams{})
		fmt.Println(err)
	}
	fmt.Println("requests:", len(server.Requests()))
	// Output:
	// <nil>
	// refundkit: Refunds.List: no answer: client-side rate limiter: nothing is left for today (attempts 0); next: repeat the call
	// requests: 1
}

// The second answer is the stored one of the first call.
func ExampleCaptureResponse() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	var response refundkit.Response
	for range 2 {
		if err := exampleCreate(client, charge, refundkit.CaptureResponse(&response)); err != nil {
			log.Fatal(err)
		}
		fmt.Println(response.StatusCode, response.RequestID != "", response.Replayed)
	}
	// Output:
	// 200 true false
	// 200 true true
}

// The reference is your own name for the refund, visible in the Dashboard and in
// every event.
func ExampleReference() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000})
	client := exampleClient(server)

	refund, err := client.Refunds.Create(context.Background(), refundkit.RefundCreateParams{Charge: charge.ID, Amount: 500},
		refundkit.KeyFrom("order-6735", "refund-1"), refundkit.Reference("order-6735/refund-1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.Metadata[refundkit.ReferenceMetadataKey])
	// Output: order-6735/refund-1
}

// What the refund did to the balance, and who paid, in the same answer.
func ExampleExpand() {
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 2000, Currency: "usd", Description: "two chairs"})
	client := exampleClient(server)
	refund := exampleRefund(client, charge)

	refund, err := client.Refunds.Retrieve(context.Background(), refund.ID, refundkit.Expand("balance_transaction", "charge"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(refund.BalanceTransaction.Value.Net, refund.Charge.Value.Description)

	for refund, err := range client.Refunds.All(context.Background(), refundkit.RefundListParams{}, refundkit.Expand("data.charge")) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(refund.Charge.Value.Description)
	}
	// Output:
	// -2000 two chairs
	// two chairs
}
