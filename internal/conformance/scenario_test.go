package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// refunder is what both clients can do, in words that both have.
type refunder interface {
	create(ctx context.Context, charge string, amount int64, key string) seen
	retrieve(ctx context.Context, id string) seen
	update(ctx context.Context, id string, metadata map[string]string) seen
	cancel(ctx context.Context, id string) seen
	expire(ctx context.Context, id string) seen
	// all walks the refunds of a charge, in pages of limit, from after one of them.
	all(ctx context.Context, charge string, limit int64, after string) []seen
}

// seen is what a client tells its caller of a call: the refund or the failure.
type seen struct {
	ID, Object, Charge, PaymentIntent, BalanceTransaction, FailureBalanceTransaction string
	Currency, Status, Reason, FailureReason, InstructionsEmail                       string
	DestinationType, CardType, ReferenceStatus                                       string
	Amount, Created                                                                  int64
	Metadata                                                                         map[string]string
	Replayed                                                                         bool
	Failure                                                                          failure
}

type failure struct {
	Status                             int
	Type, Code, Param, Message, DocURL string
}

// step is one call of the scenario and what must come of it, in short.
type step struct {
	name string
	want string // status of the refund, or type, code and param of the failure
	seen seen
}

// scenario plays the same story with a client, on a server of its own. The
// server's IDs and time are fixed, so that two plays can be compared as a whole.
type scenario struct {
	t      *testing.T
	server *refundtest.Server
	client refunder
	steps  []step
}

func newScenarioServer(t *testing.T) *refundtest.Server {
	t.Helper()
	server := refundtest.New(refundtest.WithSeed(6735), refundtest.WithClock(func() time.Time { return moment }))
	t.Cleanup(server.Close)
	return server
}

func (s *scenario) note(name, want string, got seen) seen {
	s.steps = append(s.steps, step{name, want, got})
	return got
}

func play(t *testing.T, server *refundtest.Server, client refunder) []step {
	t.Helper()
	s := &scenario{t: t, server: server, client: client}
	s.refundAndList()
	s.requireAction()
	s.refusals()
	return s.steps
}

func (s *scenario) refundAndList() {
	ctx := s.t.Context()
	charge := s.server.AddCharge(refundtest.Charge{Amount: 1000, Currency: "eur"}).ID
	first := s.note("part of a charge", "succeeded", s.client.create(ctx, charge, 400, "refund-1"))
	again := s.note("again with the same key", "succeeded", s.client.create(ctx, charge, 400, "refund-1"))
	require.Equal(s.t, first.ID, again.ID)
	require.True(s.t, again.Replayed)
	s.note("other parameters with the same key", "400 idempotency_error", s.client.create(ctx, charge, 300, "refund-1"))
	for _, key := range []string{"refund-2", "refund-3", "refund-4", "refund-5"} {
		s.note("another part, "+key, "succeeded", s.client.create(ctx, charge, 100, key))
	}
	s.note("more than is left", "400 invalid_request_error amount", s.client.create(ctx, charge, 500, "refund-6"))
	s.note("the rest", "succeeded", s.client.create(ctx, charge, 0, "refund-7"))
	s.note("more when nothing is left", "400 invalid_request_error charge_already_refunded", s.client.create(ctx, charge, 100, "refund-8"))

	s.note("update", "succeeded", s.client.update(ctx, first.ID, map[string]string{"order": "6735", "note": "x"}))
	s.note("update and unset", "succeeded", s.client.update(ctx, first.ID, map[string]string{"note": ""}))
	s.note("retrieve", "succeeded", s.client.retrieve(ctx, first.ID))

	walked := s.client.all(ctx, charge, 2, "")
	require.Len(s.t, walked, 6)
	for _, refund := range walked {
		s.note("walk", "succeeded", refund)
	}
	for _, refund := range s.client.all(ctx, charge, 2, walked[3].ID) {
		s.note("walk from the fourth", "succeeded", refund)
	}
	for _, refund := range s.client.all(ctx, charge, 2, "re_unknown") {
		s.note("walk from nowhere", "400 invalid_request_error resource_missing starting_after", refund)
	}
}

func (s *scenario) requireAction() {
	ctx := s.t.Context()
	add := func() string {
		return s.server.AddCharge(refundtest.Charge{Amount: 1000, OnRefund: refundtest.NeedsAction, ReceiptEmail: "jenny@example.com"}).ID
	}
	canceled := s.note("needs action", "requires_action", s.client.create(ctx, add(), 250, "action-1"))
	s.note("cancel", "canceled", s.client.cancel(ctx, canceled.ID))
	s.note("cancel twice", "400 invalid_request_error", s.client.cancel(ctx, canceled.ID))
	expired := s.note("needs action, too", "requires_action", s.client.create(ctx, add(), 250, "action-2"))
	s.note("expire", "failed", s.client.expire(ctx, expired.ID))
	s.note("retrieve what failed", "failed", s.client.retrieve(ctx, expired.ID))
}

func (s *scenario) refusals() {
	ctx := s.t.Context()
	s.note("unknown charge", "404 invalid_request_error resource_missing id", s.client.create(ctx, "ch_unknown", 100, "refusal-1"))
	unknown := s.client.retrieve(ctx, "re_unknown")
	unknown.Failure.Param = "" // what it is has not been recorded
	s.note("unknown refund", "404 invalid_request_error resource_missing", unknown)
	disputed := s.server.AddCharge(refundtest.Charge{Amount: 1000}).ID
	require.NoError(s.t, s.server.Dispute(disputed))
	s.note("charged back", "400 invalid_request_error charge_disputed", s.client.create(ctx, disputed, 100, "refusal-2"))
	uncaptured := s.server.AddCharge(refundtest.Charge{Amount: 1000, Uncaptured: true}).ID
	s.note("not captured", "400 invalid_request_error", s.client.create(ctx, uncaptured, 1000, "refusal-3"))
	done := s.client.create(ctx, s.server.AddCharge(refundtest.Charge{}).ID, 100, "refusal-4")
	s.note("cancel what succeeded", "400 invalid_request_error", s.client.cancel(ctx, done.ID))
	s.server.RevokeKey(testKey)
	revoked := s.client.retrieve(ctx, done.ID)
	revoked.Failure.Message = "" // it quotes the end of the key, which we mask
	s.note("revoked key", "401 invalid_request_error", revoked)
}
