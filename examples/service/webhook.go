package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/refundkit/refundkit"
)

// HandleEvent stores what became of a refund: give it to Webhook.Handler. It may
// see an event twice, and before Run has its answer.
func (s *Service) HandleEvent(ctx context.Context, event *refundkit.Event) error {
	refund, err := event.Refund()
	if errors.Is(err, refundkit.ErrEventObject) {
		return nil // about something else
	}
	if err != nil {
		return err
	}
	id := refund.Metadata[refundkit.ReferenceMetadataKey]
	if id == "" {
		return nil // made by somebody else, at the Dashboard for instance
	}
	return s.seen(ctx, id, refund, event.CallOptions()...)
}

// seen stores a refund unless something newer is stored. The job stays locked
// from before the one is read until the other is written.
func (s *Service) seen(ctx context.Context, id string, refund *refundkit.Refund, opts ...refundkit.CallOption) error {
	return s.Jobs.Change(ctx, id, func(job *Job) (err error) {
		if job.ID == "" {
			return fmt.Errorf("there is no job %s", id)
		}
		choice := refundkit.ChooseSnapshot(job.Refund, refund)
		if choice == refundkit.SnapshotChoiceRefetch {
			refund, err = s.Refunds.Retrieve(ctx, refund.ID, opts...)
		}
		if err == nil && choice != refundkit.SnapshotChoiceKeep {
			job.Refund = refund
		}
		return err
	})
}
