package refundkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// awaitBody is a refund in a status; extra is more of its fields.
func awaitBody(status, extra string) string {
	return strings.Replace(refundBody, `"status":"succeeded"`, `"status":"`+status+`"`+extra, 1)
}

// awaitLooks returns a client for which answers come one after the other, the
// last one for ever, and the times since now at which it asked.
func awaitLooks(t *testing.T, answers ...func() (*http.Response, error)) (*refundkit.Client, *[]time.Duration) {
	client, mock := setup(t)
	start, looks := time.Now(), new([]time.Duration)
	mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(*http.Request) (*http.Response, error) {
		n := len(*looks)
		*looks = append(*looks, time.Since(start))
		if n > 500 {
			return answer(http.StatusTeapot, "asked for ever"), nil
		}
		return answers[min(n, len(answers)-1)]()
	})
	return client, looks
}

func awaitSeen(status, extra string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(http.StatusOK, awaitBody(status, extra)), nil }
}

func awaitRefused(status int, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return answer(status, `{}`, header...), nil }
}

var awaitPending = awaitSeen("pending", `,"pending_reason":"processing"`)

func TestAwaitEndsWhenSettled(t *testing.T) {
	for _, status := range []string{"succeeded", "failed", "canceled"} {
		t.Run(status, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, looks := awaitLooks(t, awaitPending, awaitPending, awaitSeen("tomorrow", ""), awaitSeen(status, ""))
				refund, err := client.Refunds.Await(t.Context(), "re_1")
				require.NoError(t, err)
				assert.Equal(t, refundkit.RefundStatus(status), refund.Status)
				assert.Len(t, *looks, 4)
			})
		})
	}
}

func TestAwaitAsksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, looks := awaitLooks(t, awaitSeen("succeeded", ""))
		_, err := client.Refunds.Await(t.Context(), "re_1")
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{0}, *looks)
	})
}

func TestAwaitEndsWhenAPersonIsNeeded(t *testing.T) {
	for name, last := range map[string]func() (*http.Response, error){
		"the customer": awaitSeen("requires_action", `,"next_action":{"type":"display_details","display_details":{"email_sent":{"email_sent_to":"jenny@example.com"}}}`),
		"the balance":  awaitSeen("pending", `,"pending_reason":"insufficient_funds"`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, looks := awaitLooks(t, awaitPending, last)

				refund, err := client.Refunds.Await(t.Context(), "re_1")

				assert.Nil(t, refund)
				require.ErrorIs(t, err, refundkit.ErrPersonNeeded)
				var waited *refundkit.AwaitError
				require.ErrorAs(t, err, &waited)
				require.NotNil(t, waited.Refund)
				assert.Equal(t, "re_1", waited.Refund.ID)
				assert.NotEqual(t, refundkit.RefundPendingReasonProcessing, waited.Refund.PendingReason, "the last seen, not the first")
				assert.Equal(t, refundkit.StepStop, refundkit.NextStep(err))
				assert.Len(t, *looks, 2)
			})
		})
	}
}

// TestAwaitSettledIsSettledWhateverItWaitedFor: insufficient_funds left over from a
// failed try is not what a settled refund waits for.
func TestAwaitSettledIsSettledWhateverItWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := awaitLooks(t, awaitSeen("pending", `,"pending_reason":"charge_pending"`), awaitSeen("failed", `,"pending_reason":"insufficient_funds"`))
		refund, err := client.Refunds.Await(t.Context(), "re_1")
		require.NoError(t, err)
		assert.Equal(t, refundkit.RefundStatusFailed, refund.Status)
	})
}

func TestAwaitBacksOff(t *testing.T) {
	firsts := map[time.Duration]bool{}
	for range 4 {
		synctest.Test(t, func(t *testing.T) {
			answers := make([]func() (*http.Response, error), 12)
			for i := range answers {
				answers[i] = awaitPending
			}
			client, looks := awaitLooks(t, append(answers, awaitSeen("succeeded", ""))...)
			_, err := client.Refunds.Await(t.Context(), "re_1")
			require.NoError(t, err)
			require.Len(t, *looks, 13)
			for i := range 12 {
				ceiling := min(time.Minute, 2*time.Second<<i)
				waited := (*looks)[i+1] - (*looks)[i]
				assert.GreaterOrEqual(t, waited, ceiling/2, "wait %d", i)
				assert.LessOrEqual(t, waited, ceiling, "wait %d", i)
			}
			firsts[(*looks)[1]] = true
		})
	}
	assert.Greater(t, len(firsts), 1, "the first wait is jittered")
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		}, context.DeadlineExceeded},
		"cancel": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Hour, cancel)
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := c.end(t.Context())
				defer cancel()
				client, looks := awaitLooks(t, awaitPending)
				start := time.Now()

				refund, err := client.Refunds.Await(ctx, "re_1")

				assert.Nil(t, refund)
				require.ErrorIs(t, err, c.want)
				assert.NotErrorIs(t, err, refundkit.ErrPersonNeeded)
				var waited *refundkit.AwaitError
				require.ErrorAs(t, err, &waited)
				require.NotNil(t, waited.Refund)
				assert.Equal(t, refundkit.RefundStatusPending, waited.Refund.Status)
				assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
				assert.InDelta(t, time.Hour, time.Since(start), float64(time.Second))
				assert.Less(t, len(*looks), 150)
			})
		})
	}
}

// TestAwaitLooksOnceMoreBeforeTheDeadline: a refund that settles while the next
// wait would have outlasted the deadline is still seen.
func TestAwaitLooksOnceMoreBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		start := time.Now()
		client, looks := awaitLooks(t, func() (*http.Response, error) {
			if time.Since(start) < 10*time.Minute-5*time.Second {
				return awaitPending()
			}
			return awaitSeen("succeeded", "")()
		})
		_, err := client.Refunds.Await(ctx, "re_1")
		assert.NoError(t, err, "%v", *looks)
	})
}

func TestAwaitCanceledBefore(t *testing.T) {
	client, looks := awaitLooks(t, awaitPending)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Refunds.Await(ctx, "re_1")
	var waited *refundkit.AwaitError
	require.ErrorAs(t, err, &waited)
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, waited.Refund)
	assert.Empty(t, *looks)
	assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
}

func TestAwaitWaitsOutWhatHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, looks := awaitLooks(t, awaitPending, awaitRefused(503), awaitRefused(429, "Retry-After", "45"), awaitRefused(500),
			func() (*http.Response, error) { return nil, errors.New("connection reset") }, awaitSeen("succeeded", ""))
		refund, err := client.Refunds.Await(t.Context(), "re_1")
		require.NoError(t, err)
		assert.Equal(t, refundkit.RefundStatusSucceeded, refund.Status)
		require.Len(t, *looks, 6)
		assert.Equal(t, 45*time.Second, (*looks)[3]-(*looks)[2], "as the server asked")
	})
}

func TestAwaitEndsWithWhatDoesNotHeal(t *testing.T) {
	for name, c := range map[string]struct {
		answer func() (*http.Response, error)
		is     error
		next   refundkit.Step
	}{
		"not found":              {awaitRefused(404), refundkit.ErrNotFound, refundkit.StepFixRequest},
		"key revoked":            {awaitRefused(401), refundkit.ErrAuthentication, refundkit.StepFixCredentials},
		"an unusable connection": {func() (*http.Response, error) { return nil, http.ErrSchemeMismatch }, http.ErrSchemeMismatch, refundkit.StepStop},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, looks := awaitLooks(t, awaitPending, c.answer)
				_, err := client.Refunds.Await(t.Context(), "re_1")
				var waited *refundkit.AwaitError
				require.ErrorAs(t, err, &waited)
				require.NotNil(t, waited.Refund)
				assert.Equal(t, refundkit.RefundStatusPending, waited.Refund.Status)
				if c.is != nil {
					assert.ErrorIs(t, err, c.is)
				}
				assert.Equal(t, c.next, refundkit.NextStep(err))
				assert.Len(t, *looks, 2)
			})
		})
	}
}

// TestAwaitIsPatient: nobody is in a hurry, so that a server may ask for more than
// a retry would wait, up to an hour.
func TestAwaitIsPatient(t *testing.T) {
	for asked, want := range map[string]time.Duration{"61": 61 * time.Second, "86400": time.Hour} {
		t.Run(asked, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, looks := awaitLooks(t, awaitPending, awaitRefused(503, "Retry-After", asked), awaitSeen("succeeded", ""))
				_, err := client.Refunds.Await(t.Context(), "re_1")
				require.NoError(t, err)
				require.Len(t, *looks, 3)
				assert.Equal(t, want, (*looks)[2]-(*looks)[1])
			})
		})
	}
}

// TestAwaitKeepsTheFailureWithTheEnd: whoever reads the error learns why nothing was seen.
func TestAwaitKeepsTheFailureWithTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		client, _ := awaitLooks(t, awaitRefused(503, "Request-Id", "req_1"))
		_, err := client.Refunds.Await(ctx, "re_1")
		var failure *refundkit.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, "req_1", failure.RequestID)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, refundkit.StepRepeat, refundkit.NextStep(err))
	})
}

func TestAwaitRefuses(t *testing.T) {
	var none context.Context
	for name, c := range map[string]struct {
		id     string
		option refundkit.CallOption
	}{
		"an empty id":      {"", refundkit.Expand("charge")},
		"a key":            {"re_1", refundkit.IdempotencyKey("k")},
		"an empty account": {"re_1", refundkit.OnAccount("")},
		"no option":        {"re_1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				client, looks := awaitLooks(t, awaitPending)
				_, err := client.Refunds.Await(ctx, c.id, c.option)
				assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
				assert.Equal(t, refundkit.StepFixRequest, refundkit.NextStep(err))
				assert.Empty(t, *looks)
			})
		})
	}
	client, _ := awaitLooks(t, awaitPending)
	_, err := client.Refunds.Await(none, "re_1")
	assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := new(refundkit.RefundService).Await(ctx, "re_1")
		assert.ErrorIs(t, err, refundkit.ErrInvalidParams)
	})
}

func TestAwaitPassesOptionsOn(t *testing.T) {
	client, mock := setup(t)
	var accounts []string
	mock.RegisterResponder("GET", base+"/v1/refunds/re_1", func(r *http.Request) (*http.Response, error) {
		accounts = append(accounts, r.Header.Get("Stripe-Account")+"?"+r.URL.RawQuery)
		return httpmock.NewStringResponse(200, refundBody), nil
	})
	_, err := client.Refunds.Await(t.Context(), "re_1", refundkit.OnAccount("acct_1"), refundkit.Expand("charge"))
	require.NoError(t, err)
	assert.Equal(t, []string{"acct_1?expand%5B%5D=charge"}, accounts)
}

// TestAwaitErrorBuiltByHand: a consumer's test can make one, and none of its
// forms shows the refund.
func TestAwaitErrorBuiltByHand(t *testing.T) {
	refund := &refundkit.Refund{ID: "re_1", Status: "pending", PendingReason: "insufficient_funds", InstructionsEmail: "jenny@example.com", Metadata: refundkit.Metadata{"note": "PLANTED"}}
	err := &refundkit.AwaitError{Refund: refund, Err: refundkit.ErrPersonNeeded}
	assert.Equal(t, "refundkit: Refunds.Await: refund re_1 was last seen pending, waiting for insufficient_funds: "+
		"refundkit: the refund waits for a person; next: stop, a person must look", err.Error())
	text, failure := json.Marshal(err)
	require.NoError(t, failure)
	assert.Contains(t, string(text), "waits for a person")
	assert.Equal(t, slog.KindString, slog.AnyValue(err).Resolve().Kind())
	var lines strings.Builder
	slog.New(slog.NewTextHandler(&lines, nil)).Info("x", "error", err, "value", *err)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("x", "error", err, "value", *err)
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err), fmt.Sprintf("%v %+v %#v", *err, *err, *err), string(text), lines.String()} {
		assert.NotContains(t, shown, "PLANTED")
		assert.NotContains(t, shown, "jenny")
		assert.Contains(t, shown, "re_1")
	}
	assert.Contains(t, (&refundkit.AwaitError{Err: context.Canceled}).Error(), "never seen")
	assert.Equal(t, refundkit.StepStop, refundkit.NextStep(&refundkit.AwaitError{Err: errors.New("odd")}))
	assert.Equal(t, refundkit.StepStop, refundkit.NextStep(&refundkit.AwaitError{}))
}
