package main

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/refundkit/refundkit/webhook"
	"github.com/stretchr/testify/require"
)

func setup(t *testing.T) *shop {
	shop, err := openShop(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, shop.close()) })
	return shop
}

func (s *shop) has(t *testing.T) books {
	found, err := s.books(t.Context())
	require.NoError(t, err)
	return found
}

// afterFailure makes a refund whose first delivery fails at the last moment, and
// returns the books after the second.
func afterFailure(t *testing.T, s *shop) books {
	s.down.Store(true)
	_, err := s.refund(t.Context(), 2500)
	require.NoError(t, err)
	require.Equal(t, 500, s.lastStatus())
	require.Zero(t, s.has(t).entries, "what a function did that failed must not stay")
	s.down.Store(false)
	require.Equal(t, 1, s.hook.Retry())
	require.Equal(t, 200, s.lastStatus())
	return s.has(t)
}

func (s *shop) lastStatus() int {
	made := s.hook.Deliveries()
	return made[len(made)-1].Status
}

func TestSecondDeliveryHandlesWhatTheFirstFailed(t *testing.T) {
	require.Equal(t, books{events: 1, entries: 1, given: 2500}, afterFailure(t, setup(t)))
}

// TestMarkingFirstLosesTheEvent holds that the test above is worth something:
// with an Once that records before the work is done, Stripe's second delivery is
// taken for a duplicate and acknowledged, and the refund is never booked.
func TestMarkingFirstLosesTheEvent(t *testing.T) {
	s := setup(t)
	require.NoError(t, s.listenAnew(s.markFirst))
	require.Equal(t, books{events: 1, entries: 0, given: 0}, afterFailure(t, s))
}

// listenAnew opens a new Stripe, whose events come through another Once.
func (s *shop) listenAnew(once webhook.Once) error {
	s.stripe.Close()
	s.stripe = refundtest.New()
	client, err := refundkit.New("sk_test_webhookonce", refundkit.WithHTTPClient(s.stripe.HTTPClient()))
	if err != nil {
		return err
	}
	s.client = client
	return s.listen(once)
}

// markFirst is how not to do it.
func (s *shop) markFirst(ctx context.Context, eventID string, handle func(context.Context) error) error {
	result, err := s.db.ExecContext(ctx, "INSERT INTO handled_event (id) VALUES (?) ON CONFLICT DO NOTHING", eventID)
	if err != nil {
		return err
	}
	if added, err := result.RowsAffected(); err != nil || added == 0 {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := handle(context.WithValue(ctx, transactionKey{}, tx)); err != nil {
		return err
	}
	return tx.Commit()
}

func TestConcurrentDuplicatesAreHandledOnce(t *testing.T) {
	s := setup(t)
	s.down.Store(true)
	_, err := s.refund(t.Context(), 2500) // not handled yet when the duplicates come
	require.NoError(t, err)
	s.down.Store(false)
	require.NoError(t, s.again(40))
	require.Equal(t, books{events: 1, entries: 1, given: 2500}, s.has(t))
	made := s.hook.Deliveries()
	require.Len(t, made, 41)
	for _, delivery := range made[1:] {
		require.Equal(t, 200, delivery.Status, delivery.Err)
	}
}

func TestPanicAndEndOfContextLeaveNothing(t *testing.T) {
	ends := map[string]func(context.Context, context.CancelFunc){
		"a panic":                func(context.Context, context.CancelFunc) { panic("no") },
		"the end of the context": func(_ context.Context, cancel context.CancelFunc) { cancel() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			s := setup(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			func() {
				defer func() { _ = recover() }()
				require.Error(t, s.once(ctx, "evt_1", func(ctx context.Context) error {
					tx := ctx.Value(transactionKey{}).(*sql.Tx)
					require.NoError(t, book(ctx, tx, "evt_1", refundkit.BookEntryCount, &refundkit.Refund{ID: "re_1", Amount: 100, Currency: "usd"}))
					end(ctx, cancel)
					return nil
				}))
			}()
			require.Zero(t, s.has(t))
			ran := false
			require.NoError(t, s.once(t.Context(), "evt_1", func(context.Context) error { ran = true; return nil }))
			require.True(t, ran, "the event must be handled when it comes again")
		})
	}
}

// TestFailureIsReversedOnce is the rest of a refund's life: three events tell
// that it failed, and the books take it back once.
func TestFailureIsReversedOnce(t *testing.T) {
	s := setup(t)
	refund, err := s.refund(t.Context(), 2500)
	require.NoError(t, err)
	require.NoError(t, s.stripe.Fail(refund.ID, "lost_or_stolen_card"))
	require.Equal(t, books{events: 4, entries: 2, given: 0}, s.has(t))
}

// TestLateEventChangesNothing delivers the event of a refund's creation after
// those of its failure.
func TestLateEventChangesNothing(t *testing.T) {
	s := setup(t)
	s.down.Store(true)
	refund, err := s.refund(t.Context(), 2500)
	require.NoError(t, err)
	s.down.Store(false)
	require.NoError(t, s.stripe.Fail(refund.ID, "lost_or_stolen_card"))
	require.Equal(t, 1, s.hook.Retry())
	require.Equal(t, books{events: 4, entries: 0, given: 0}, s.has(t))
}

func TestStory(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	require.Regexp(t, `all fails: +events 0, entries 0, given back 0.00 USD`, out.String())
	require.Regexp(t, `all at once: +events 1, entries 1, given back 25.00 USD`, out.String())
	require.Regexp(t, `tell of it: +events 4, entries 2, given back 0.00 USD`, out.String())
}
