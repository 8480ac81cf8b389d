package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

var chaosSeed = flag.Uint64("chaos.seed", 6735, "seed of TestChaos")

const orderKey = "order"

// TestChaos makes 1,000 refunds while 30 % of the requests go wrong, three
// times with the same seed: with refundkit and a row that is stored before the
// call, with refundkit when nobody stores one, and with the official client, which
// makes a key of its own for each call. The last two do what is left to them: when
// a call fails, they call again.
func TestChaos(t *testing.T) {
	const count = 1000
	for name, create := range map[string]func(testing.TB, *http.Client) func(context.Context, string, string) error{
		"stored-key": withStoredKey, "key-per-call": withKeyPerCall, "stripe-go": withOfficialClient,
	} {
		synctest.Test(t, func(t *testing.T) {
			server := refundtest.New(refundtest.WithClock(time.Now))
			defer server.Close()
			charges := server.AddCharges(make([]refundtest.Charge, count)) // of 10.00 each
			server.Inject(refundtest.Chaos(*chaosSeed, 0.3))
			refund := create(t, &http.Client{Transport: bounded{server.HTTPClient().Transport}, Timeout: 80 * time.Second})
			for i, charge := range charges { // one after the other, so that the seed alone decides
				require.NoError(t, refund(t.Context(), charge.ID, fmt.Sprintf("order-%d", i)), "%s, seed %d", name, *chaosSeed)
			}
			time.Sleep(24 * time.Hour) // whatever was to be done later is done
			twice, lost := 0, 0
			for _, charge := range charges {
				switch made := len(server.Refunds(charge.ID)); {
				case made > 1:
					twice++
				case made == 0:
					lost++
				}
			}
			require.Zero(t, lost, name)
			if name == "stored-key" {
				require.Zero(t, twice, name)
			}
			metric(t, "chaos/"+name+"/twice", float64(twice))
			metric(t, "chaos/"+name+"/requests", float64(len(server.Requests())))
		})
	}
}

// bounded ends an answer that never ends: the official client would read it
// until the memory is full.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, 32<<20), response.Body}
	}
	return response, err
}

// withStoredKey advances a job whenever it is due. A person resumes one that met
// two stored errors in a row.
func withStoredKey(tb testing.TB, httpClient *http.Client) func(context.Context, string, string) error {
	client := ours(tb, httpClient, "")
	return func(ctx context.Context, charge, order string) error {
		row, err := refundkit.NewJob(order, refundkit.RefundCreateParams{Charge: charge, Amount: 100})
		for err == nil && row.State != refundkit.JobStateMade {
			time.Sleep(time.Until(row.Due))
			switch {
			case row.State != refundkit.JobStateNeedsPerson:
				_, _, err = client.Refunds.Advance(ctx, row, func(_ context.Context, job refundkit.Job) error {
					row = job
					return nil
				})
			case row.Problem == refundkit.JobProblemUnanswered:
				row, err = row.Resume()
			default:
				err = errors.New(row.Problem.String())
			}
		}
		return err
	}
}

func withKeyPerCall(tb testing.TB, httpClient *http.Client) func(context.Context, string, string) error {
	client := ours(tb, httpClient, "")
	return again(func(ctx context.Context, charge, order string) error {
		_, err := client.Refunds.Create(ctx, refundkit.RefundCreateParams{Charge: charge, Amount: 100, Metadata: refundkit.Metadata{orderKey: order}})
		return err
	})
}

func withOfficialClient(_ testing.TB, httpClient *http.Client) func(context.Context, string, string) error {
	client := theirs(httpClient, "")
	return again(func(ctx context.Context, charge, order string) error {
		_, err := client.V1Refunds.Create(ctx, &stripe.RefundCreateParams{
			Charge: stripe.String(charge), Amount: stripe.Int64(100), Metadata: map[string]string{orderKey: order},
		})
		return err
	})
}

// again calls until it works, a second later each time.
func again(create func(ctx context.Context, charge, order string) error) func(context.Context, string, string) error {
	return func(ctx context.Context, charge, order string) (err error) {
		for range 100 {
			if err = create(ctx, charge, order); err == nil {
				return nil
			}
			time.Sleep(time.Second)
		}
		return err
	}
}
