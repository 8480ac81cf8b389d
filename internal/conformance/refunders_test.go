package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v86"
)

// TestBothClients plays the scenario with Stripe's client and with ours. Both
// must see what the scenario says, and the same in every detail.
func TestBothClients(t *testing.T) {
	theirServer, ourServer := newScenarioServer(t), newScenarioServer(t)
	theirClient, _ := officialClient(theirServer)
	ourClient, transport := setup(t, ourServer)
	theirs := play(t, theirServer, official{theirClient})
	ours := play(t, ourServer, own{ourClient})

	require.Equal(t, len(theirs), len(ours))
	for i, step := range ours {
		t.Run(fmt.Sprintf("%02d %s", i+1, step.name), func(t *testing.T) {
			require.Equal(t, step.want, step.seen.inShort())
			require.Equal(t, theirs[i].seen, step.seen)
		})
	}
	checkAnswers(t, transport.sent)
}

func (s seen) inShort() string {
	if s.Failure.Status == 0 {
		return s.Status
	}
	words := []string{fmt.Sprint(s.Failure.Status), s.Failure.Type, s.Failure.Code, s.Failure.Param}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// own is our client.
type own struct{ client *refundkit.Client }

func (o own) create(ctx context.Context, charge string, amount int64, key string) seen {
	var response refundkit.Response
	params := refundkit.RefundCreateParams{Charge: charge, Amount: amount, Remaining: amount == 0}
	refund, err := o.client.Refunds.Create(ctx, params, refundkit.IdempotencyKey(key), refundkit.CaptureResponse(&response))
	result := seenByUs(refund, err)
	result.Replayed = response.Replayed
	return result
}

func (o own) retrieve(ctx context.Context, id string) seen {
	return seenByUs(o.client.Refunds.Retrieve(ctx, id))
}

func (o own) update(ctx context.Context, id string, metadata map[string]string) seen {
	return seenByUs(o.client.Refunds.Update(ctx, id, refundkit.RefundUpdateParams{Metadata: metadata}))
}

func (o own) cancel(ctx context.Context, id string) seen {
	return seenByUs(o.client.Refunds.Cancel(ctx, id))
}

func (o own) expire(ctx context.Context, id string) seen {
	return seenByUs(o.client.TestHelpers.ExpireRefund(ctx, id))
}

func (o own) all(ctx context.Context, charge string, limit int64, after string) []seen {
	var walked []seen
	for refund, err := range o.client.Refunds.All(ctx, refundkit.RefundListParams{Charge: charge, Limit: int(limit), StartingAfter: after}) {
		walked = append(walked, seenByUs(refund, err))
	}
	return walked
}

func seenByUs(refund *refundkit.Refund, err error) seen {
	var failed *refundkit.Error
	switch {
	case errors.As(err, &failed):
		return seen{Failure: failure{
			Status: failed.StatusCode, Type: string(failed.Type), Code: string(failed.Code), Param: failed.Param,
			Message: failed.Message, DocURL: failed.DocURL,
		}}
	case err != nil:
		return seen{Failure: failure{Status: -1, Message: err.Error()}}
	}
	return seen{
		ID: refund.ID, Object: refund.Object, Charge: refund.Charge.ID, PaymentIntent: refund.PaymentIntent.ID,
		BalanceTransaction: refund.BalanceTransaction.ID, FailureBalanceTransaction: refund.FailureBalanceTransaction.ID,
		Currency: refund.Currency, Status: string(refund.Status), Reason: string(refund.Reason),
		FailureReason: string(refund.FailureReason), InstructionsEmail: refund.InstructionsEmail,
		DestinationType: refund.DestinationDetails.Type, CardType: refund.DestinationDetails.CardType,
		ReferenceStatus: refund.DestinationDetails.ReferenceStatus,
		Amount:          refund.Amount, Created: refund.Created.Unix(), Metadata: maps.Clone(refund.Metadata),
	}
}

// official is Stripe's client.
type official struct{ client *stripe.Client }

func (o official) create(ctx context.Context, charge string, amount int64, key string) seen {
	params := &stripe.RefundCreateParams{Charge: stripe.String(charge)}
	params.SetIdempotencyKey(key)
	if amount > 0 {
		params.Amount = stripe.Int64(amount)
	}
	refund, err := o.client.V1Refunds.Create(ctx, params)
	result := seenByThem(refund, err)
	if err == nil {
		result.Replayed = refund.LastResponse.Header.Get("Idempotent-Replayed") == "true"
	}
	return result
}

func (o official) retrieve(ctx context.Context, id string) seen {
	return seenByThem(o.client.V1Refunds.Retrieve(ctx, id, nil))
}

func (o official) update(ctx context.Context, id string, metadata map[string]string) seen {
	return seenByThem(o.client.V1Refunds.Update(ctx, id, &stripe.RefundUpdateParams{Metadata: metadata}))
}

func (o official) cancel(ctx context.Context, id string) seen {
	return seenByThem(o.client.V1Refunds.Cancel(ctx, id, nil))
}

func (o official) expire(ctx context.Context, id string) seen {
	return seenByThem(o.client.V1TestHelpersRefunds.Expire(ctx, id, nil))
}

func (o official) all(ctx context.Context, charge string, limit int64, after string) []seen {
	params := &stripe.RefundListParams{Charge: stripe.String(charge)}
	params.Limit = stripe.Int64(limit)
	if after != "" {
		params.StartingAfter = stripe.String(after)
	}
	var walked []seen
	for refund, err := range o.client.V1Refunds.List(ctx, params).All(ctx) {
		walked = append(walked, seenByThem(refund, err))
	}
	return walked
}

func seenByThem(refund *stripe.Refund, err error) seen {
	var failed *stripe.Error
	switch {
	case errors.As(err, &failed):
		return seen{Failure: failure{
			Status: failed.HTTPStatusCode, Type: string(failed.Type), Code: string(failed.Code), Param: failed.Param,
			Message: failed.Msg, DocURL: failed.DocURL,
		}}
	case err != nil:
		return seen{Failure: failure{Status: -1, Message: err.Error()}}
	}
	result := seen{
		ID: refund.ID, Object: refund.Object, Currency: string(refund.Currency), Status: string(refund.Status), Reason: string(refund.Reason),
		FailureReason: string(refund.FailureReason), InstructionsEmail: refund.InstructionsEmail,
		Amount: refund.Amount, Created: refund.Created, Metadata: refund.Metadata,
	}
	result.noteLinks(refund)
	return result
}

// noteLinks reads what is nil in stripe-go where Stripe sent null.
func (s *seen) noteLinks(refund *stripe.Refund) {
	if refund.Charge != nil {
		s.Charge = refund.Charge.ID
	}
	if refund.PaymentIntent != nil {
		s.PaymentIntent = refund.PaymentIntent.ID
	}
	if refund.BalanceTransaction != nil {
		s.BalanceTransaction = refund.BalanceTransaction.ID
	}
	if refund.FailureBalanceTransaction != nil {
		s.FailureBalanceTransaction = refund.FailureBalanceTransaction.ID
	}
	if details := refund.DestinationDetails; details != nil {
		s.DestinationType = string(details.Type)
		if details.Card != nil {
			s.CardType, s.ReferenceStatus = string(details.Card.Type), details.Card.ReferenceStatus
		}
	}
}
