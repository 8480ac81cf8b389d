package refundkit_test

import (
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
)

func snapshotOf(status refundkit.RefundStatus) *refundkit.Refund {
	return &refundkit.Refund{ID: "re_1", Amount: 500, Status: status}
}

var snapshotStatuses = []refundkit.RefundStatus{
	refundkit.RefundStatusPending, refundkit.RefundStatusRequiresAction, refundkit.RefundStatusSucceeded,
	refundkit.RefundStatusFailed, refundkit.RefundStatusCanceled, "", "tomorrow",
}

func TestSnapshotChoice(t *testing.T) {
	const keep, replace, refetch = refundkit.SnapshotChoiceKeep, refundkit.SnapshotChoiceReplace, refundkit.SnapshotChoiceRefetch
	with := func(status refundkit.RefundStatus, change func(*refundkit.Refund)) *refundkit.Refund {
		refund := snapshotOf(status)
		change(refund)
		return refund
	}
	reference := func(r *refundkit.Refund) { r.DestinationDetails.Reference = "4711" }
	expanded := func(r *refundkit.Refund) { r.Charge.Value = &refundkit.Charge{ID: "ch_1"} }
	noMetadata := func(r *refundkit.Refund) { r.Metadata = refundkit.Metadata{} }
	for name, c := range map[string]struct {
		stored, arrived *refundkit.Refund
		want            refundkit.SnapshotChoice
	}{
		"the first":                       {nil, snapshotOf("pending"), replace},
		"nothing":                         {snapshotOf("pending"), nil, keep},
		"nothing for nothing":             {nil, nil, keep},
		"the same again":                  {snapshotOf("succeeded"), snapshotOf("succeeded"), keep},
		"the same and final":              {snapshotOf("failed"), snapshotOf("failed"), keep},
		"failed after succeeded":          {snapshotOf("succeeded"), snapshotOf("failed"), replace},
		"succeeded late after failed":     {snapshotOf("failed"), snapshotOf("succeeded"), keep},
		"pending late after canceled":     {snapshotOf("canceled"), snapshotOf("pending"), keep},
		"canceled after requires_action":  {snapshotOf("requires_action"), snapshotOf("canceled"), replace},
		"failed beside canceled":          {snapshotOf("failed"), snapshotOf("canceled"), refetch},
		"pending beside succeeded":        {snapshotOf("pending"), snapshotOf("succeeded"), refetch},
		"succeeded beside pending":        {snapshotOf("succeeded"), snapshotOf("pending"), refetch},
		"requires_action after succeeded": {snapshotOf("succeeded"), snapshotOf("requires_action"), refetch},
		"an unknown status":               {snapshotOf("succeeded"), snapshotOf("tomorrow"), refetch},
		"a reference came":                {snapshotOf("succeeded"), with("succeeded", reference), refetch},
		"a reference went":                {with("succeeded", reference), snapshotOf("succeeded"), refetch},
		"metadata of a failed refund":     {snapshotOf("failed"), with("failed", func(r *refundkit.Refund) { r.Metadata = refundkit.Metadata{"a": "b"} }), refetch},
		"expanded or not":                 {with("pending", expanded), snapshotOf("pending"), keep},
		"no metadata in two ways":         {snapshotOf("pending"), with("pending", noMetadata), keep},
		"another refund":                  {snapshotOf("pending"), with("failed", func(r *refundkit.Refund) { r.ID = "re_2" }), refetch},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, refundkit.ChooseSnapshot(c.stored, c.arrived))
		})
	}
}

// TestSnapshotExpandedFieldsAreAllIgnored: none of the eight links counts.
func TestSnapshotExpandedFieldsAreAllIgnored(t *testing.T) {
	expanded := snapshotOf("pending")
	expanded.BalanceTransaction.Value = &refundkit.BalanceTransaction{}
	expanded.Charge.Value = &refundkit.Charge{}
	expanded.Customer.Value = &refundkit.Customer{}
	expanded.FailureBalanceTransaction.Value = &refundkit.BalanceTransaction{}
	expanded.PaymentIntent.Value = &refundkit.PaymentIntent{}
	expanded.PaymentMethod.Value = &refundkit.PaymentMethod{}
	expanded.SourceTransferReversal.Value = &refundkit.TransferReversal{}
	expanded.TransferReversal.Value = &refundkit.TransferReversal{}
	assert.Equal(t, refundkit.SnapshotChoiceKeep, refundkit.ChooseSnapshot(snapshotOf("pending"), expanded))
	assert.NotNil(t, expanded.Charge.Value, "the arguments are left as they are")
}

// TestSnapshotNeverGoesBack: whatever the order of arrival, a final refund is
// not stored over, and a snapshot is replaced only by a final one.
func TestSnapshotNeverGoesBack(t *testing.T) {
	for _, stored := range snapshotStatuses {
		for _, arrived := range snapshotStatuses {
			switch choice := refundkit.ChooseSnapshot(snapshotOf(stored), snapshotOf(arrived)); choice {
			case refundkit.SnapshotChoiceReplace:
				assert.True(t, !stored.IsFinal() && arrived.IsFinal(), "%q by %q", stored, arrived)
			case refundkit.SnapshotChoiceKeep:
				assert.True(t, stored == arrived || stored.IsFinal() && !arrived.IsFinal(), "%q despite %q", stored, arrived)
			}
		}
	}
}

func TestSnapshotEntries(t *testing.T) {
	const nothing, count, reverse = refundkit.BookEntryNone, refundkit.BookEntryCount, refundkit.BookEntryReverse
	for name, c := range map[string]struct {
		before, after *refundkit.Refund
		want          refundkit.BookEntry
	}{
		"new and succeeded":                          {nil, snapshotOf("succeeded"), count},
		"new and pending":                            {nil, snapshotOf("pending"), count},
		"new and waiting":                            {nil, snapshotOf("requires_action"), count},
		"new and unknown":                            {nil, snapshotOf("tomorrow"), count},
		"new and failed":                             {nil, snapshotOf("failed"), nothing},
		"new and canceled":                           {nil, snapshotOf("canceled"), nothing},
		"pending then succeeded":                     {snapshotOf("pending"), snapshotOf("succeeded"), nothing},
		"succeeded then waiting":                     {snapshotOf("succeeded"), snapshotOf("requires_action"), nothing},
		"succeeded then failed":                      {snapshotOf("succeeded"), snapshotOf("failed"), reverse},
		"pending then failed":                        {snapshotOf("pending"), snapshotOf("failed"), reverse},
		"waiting then canceled":                      {snapshotOf("requires_action"), snapshotOf("canceled"), reverse},
		"failed then failed":                         {snapshotOf("failed"), snapshotOf("failed"), nothing},
		"failed then canceled":                       {snapshotOf("failed"), snapshotOf("canceled"), nothing},
		"failed and yet succeeded":                   {snapshotOf("failed"), snapshotOf("succeeded"), count},
		"nothing after":                              {snapshotOf("pending"), nil, nothing},
		"nothing at all":                             {nil, nil, nothing},
		"two different refunds":                      {snapshotOf("pending"), &refundkit.Refund{ID: "re_2", Status: "failed"}, nothing},
		"two different ones and the second in force": {snapshotOf("failed"), &refundkit.Refund{ID: "re_2", Status: "pending"}, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, refundkit.EntryBetween(c.before, c.after))
		})
	}
}

// TestSnapshotEntriesAddUp: on every path of three statuses, booked step by step
// or with some missed, the sum is the amount or nothing.
func TestSnapshotEntriesAddUp(t *testing.T) {
	balance := func(path ...*refundkit.Refund) (sum int64) {
		var before *refundkit.Refund
		for _, after := range path {
			switch refundkit.EntryBetween(before, after) {
			case refundkit.BookEntryCount:
				sum += after.Amount
			case refundkit.BookEntryReverse:
				sum -= after.Amount
			}
			before = after
		}
		return sum
	}
	for _, first := range snapshotStatuses {
		for _, second := range snapshotStatuses {
			for _, last := range snapshotStatuses {
				want := int64(500)
				if last == "failed" || last == "canceled" {
					want = 0
				}
				assert.Equal(t, want, balance(snapshotOf(first), snapshotOf(second), snapshotOf(last)), "%q %q %q", first, second, last)
				assert.Equal(t, want, balance(snapshotOf(last)), "%q alone", last)
			}
		}
	}
}

func TestTrace(t *testing.T) {
	const arn = "acquirer_reference_number"
	type details = refundkit.DestinationDetails
	for name, c := range map[string]struct {
		status  refundkit.RefundStatus
		details details
		want    refundkit.Trace
	}{
		"available": {"succeeded", details{Type: "card", CardType: "refund", Reference: "4711", ReferenceStatus: "available", ReferenceType: arn},
			refundkit.Trace{State: refundkit.TraceStateAvailable, Reference: "4711", Kind: arn}},
		"available of another method": {"succeeded", details{Type: "us_bank_transfer", Reference: "4711", ReferenceStatus: "available"},
			refundkit.Trace{State: refundkit.TraceStateAvailable, Reference: "4711"}},
		"available and failed later": {"failed", details{Type: "card", CardType: "refund", Reference: "4711", ReferenceStatus: "available", ReferenceType: arn},
			refundkit.Trace{State: refundkit.TraceStateAvailable, Reference: "4711", Kind: arn}},
		"not yet":                 {"succeeded", details{Type: "card", CardType: "refund", ReferenceStatus: "pending", ReferenceType: arn}, refundkit.Trace{State: refundkit.TraceStatePending}},
		"a card not yet decided":  {"pending", details{Type: "card", CardType: "pending"}, refundkit.Trace{State: refundkit.TraceStatePending}},
		"no details":              {"succeeded", details{}, refundkit.Trace{State: refundkit.TraceStatePending}},
		"available but not there": {"succeeded", details{Type: "card", CardType: "refund", ReferenceStatus: "available"}, refundkit.Trace{State: refundkit.TraceStatePending}},
		"never":                   {"succeeded", details{Type: "card", CardType: "refund", ReferenceStatus: "unavailable", ReferenceType: arn}, refundkit.Trace{State: refundkit.TraceStateUnavailable}},
		"a reversal":              {"succeeded", details{Type: "card", CardType: "reversal"}, refundkit.Trace{State: refundkit.TraceStateReversal}},
		"failed before":           {"failed", details{Type: "card", CardType: "refund", ReferenceStatus: "pending"}, refundkit.Trace{State: refundkit.TraceStateUnavailable}},
		"canceled before":         {"canceled", details{}, refundkit.Trace{State: refundkit.TraceStateUnavailable}},
	} {
		t.Run(name, func(t *testing.T) {
			refund := &refundkit.Refund{Status: c.status, DestinationDetails: c.details}
			assert.Equal(t, c.want, refund.Trace())
		})
	}
}
