package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// TestStory runs the program without its pauses. run itself compares the ledger
// with the server at the end.
func TestStory(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, false, 0))
	changes, table, found := strings.Cut(out.String(), "\nORDER")
	require.True(t, found, out.String())

	require.Regexp(t, `order-2 .* failed: expired_or_canceled_card`, table)
	require.Regexp(t, `order-5 .* failed: unknown`, table)
	require.Regexp(t, `order-6 .* canceled`, table)
	for _, settled := range []string{"order-1", "order-3", "order-4"} {
		require.Regexp(t, settled+` .* succeeded`, table)
	}
	require.Contains(t, changes, "order-3  40.00  succeeded -> requires_action")
	require.Contains(t, table, "Given back, by the books: 67.49 USD") // 19.99 + 40.00 + 7.50
}

func TestRedrawnTableCoversTheOneBefore(t *testing.T) {
	var out bytes.Buffer
	show := newTable(&out, true)
	show.note("first")
	out.Reset()
	show.changed(change{refund: refundkit.Refund{ID: "re_1", Amount: 500, Status: refundkit.RefundStatusPending}})
	require.True(t, strings.HasPrefix(out.String(), "\x1b[3A\r\x1b[J"), "%q", out.String()) // a title, an empty line, the heads
	out.Reset()
	show.changed(change{refund: refundkit.Refund{ID: "re_1", Amount: 500, Status: refundkit.RefundStatusSucceeded}})
	require.True(t, strings.HasPrefix(out.String(), "\x1b[4A\r\x1b[J"), "%q", out.String())
	require.Equal(t, 1, strings.Count(out.String(), "5.00"), "one line for each refund")
}

func TestOnce(t *testing.T) {
	books := newLedger(nil, nil)
	calls := 0
	down := errors.New("the database is down")
	handle := func(context.Context) error {
		if calls++; calls == 1 {
			return down
		}
		return nil
	}
	require.ErrorIs(t, books.once(t.Context(), "evt_1", handle), down)
	require.NoError(t, books.once(t.Context(), "evt_1", handle))
	require.NoError(t, books.once(t.Context(), "evt_1", handle))
	require.Equal(t, 2, calls, "again after a failure, and never again after that")
}

// TestEventsBackwards tells the ledger of a refund's life from its end to its
// beginning.
func TestEventsBackwards(t *testing.T) {
	stripe := refundtest.New(refundtest.WithReporter(t))
	client, err := refundkit.New("sk_test_webhook", refundkit.WithHTTPClient(stripe.HTTPClient()))
	require.NoError(t, err)
	charge := stripe.AddCharge(refundtest.Charge{Amount: 4000, OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"})
	refund, err := client.Refunds.Create(t.Context(), refundkit.RefundCreateParams{Charge: charge.ID, Remaining: true})
	require.NoError(t, err)
	require.NoError(t, stripe.SubmitDetails(refund.ID))
	stripe.Advance(time.Minute)

	books := newLedger(client, func(change) {})
	events := stripe.Events()
	slices.Reverse(events)
	for _, sent := range events {
		var event refundkit.Event
		require.NoError(t, json.Unmarshal(sent.Body, &event))
		require.NoError(t, books.handle(t.Context(), &event))
	}
	require.NoError(t, books.compare(stripe))
	require.Equal(t, map[string]int64{"usd": 4000}, books.given())
}

// TestInterrupted ends the story in the middle: what was refunded until then is
// still told.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupting{at: "order-4 needs", interrupt: cancel}
	require.NoError(t, run(ctx, out, false, 0))
	require.Contains(t, out.String(), "Interrupted")
	require.Contains(t, out.String(), "Given back, by the books: 84.99 USD") // of the first three orders; nobody knows yet of the second
	require.NotContains(t, out.String(), "order-5")
}

// interrupting is where the person at the terminal stops the program as soon as
// something is announced.
type interrupting struct {
	bytes.Buffer
	at        string
	interrupt func()
}

func (w *interrupting) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), w.at) {
		w.interrupt()
	}
	return w.Buffer.Write(p)
}
