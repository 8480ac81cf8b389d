package refundkit

import "reflect"

// SnapshotChoice is what to do with a snapshot of a refund that arrived.
type SnapshotChoice string

// The choices that [ChooseSnapshot] can make.
const (
	// SnapshotChoiceReplace: the arrived snapshot is the newer one.
	SnapshotChoiceReplace SnapshotChoice = "replace"
	// SnapshotChoiceKeep: the arrived snapshot is the older one, or says the same.
	SnapshotChoiceKeep SnapshotChoice = "keep"
	// SnapshotChoiceRefetch: nothing in the two tells which is newer. Retrieve the
	// refund and store that, while nobody else does so for this refund.
	SnapshotChoiceRefetch SnapshotChoice = "refetch"
)

// ChooseSnapshot says which of two snapshots of one refund to keep: the stored
// one, nil if there is none, or one that arrived with an event. Events come in
// any order, their times don't order them, and neither do most statuses, since
// a refund may go from succeeded back to requires_action. Only failed and
// canceled are never left again. Whether a linked object is expanded makes no
// difference.
func ChooseSnapshot(stored, arrived *Refund) SnapshotChoice {
	switch {
	case arrived == nil:
		return SnapshotChoiceKeep
	case stored == nil:
		return SnapshotChoiceReplace
	case stored.ID != arrived.ID:
		return SnapshotChoiceRefetch
	case stored.Status.IsFinal() != arrived.Status.IsFinal():
		if arrived.Status.IsFinal() {
			return SnapshotChoiceReplace
		}
		return SnapshotChoiceKeep
	case sameSnapshot(*stored, *arrived):
		return SnapshotChoiceKeep
	}
	return SnapshotChoiceRefetch
}

func sameSnapshot(a, b Refund) bool {
	return reflect.DeepEqual(unexpanded(a), unexpanded(b))
}

// unexpanded leaves only the IDs of linked objects.
func unexpanded(r Refund) Refund {
	r.BalanceTransaction.Value = nil
	r.Charge.Value = nil
	r.Customer.Value = nil
	r.FailureBalanceTransaction.Value = nil
	r.PaymentIntent.Value = nil
	r.PaymentMethod.Value = nil
	r.SourceTransferReversal.Value = nil
	r.TransferReversal.Value = nil
	if len(r.Metadata) == 0 {
		r.Metadata = nil
	}
	return r
}

// BookEntry is what the books must do about a change of a refund.
type BookEntry string

// The entries that [EntryBetween] can ask for.
const (
	// BookEntryNone: what is booked is right.
	BookEntryNone BookEntry = "none"
	// BookEntryCount: book the refund's Amount as given back.
	BookEntryCount BookEntry = "count"
	// BookEntryReverse: take the booked Amount back; the customer does not get it.
	BookEntryReverse BookEntry = "reverse"
)

// EntryBetween says what to book between two snapshots of one refund: before as
// it was booked last, nil if it never was, and after as it is now. A refund
// counts from the moment it exists, pending or not, because its money is spoken
// for; it stops counting when it failed or was canceled. The answer depends on
// the two snapshots alone, whatever was missed between them, so booked
// snapshot by snapshot the sum is always right. Give it what [ChooseSnapshot]
// let you store, not what an event happens to carry. Two different refunds have
// no entry between them.
func EntryBetween(before, after *Refund) BookEntry {
	if after == nil || before != nil && before.ID != after.ID {
		return BookEntryNone
	}
	counted, counts := before != nil && !before.Status.IsFinal(), !after.Status.IsFinal()
	switch {
	case counts && !counted:
		return BookEntryCount
	case counted && !counts:
		return BookEntryReverse
	}
	return BookEntryNone
}

// TraceState is how much can be said of the money's way to the customer.
type TraceState string

// The states of a [Trace].
const (
	// TraceStateAvailable: there is a reference; the customer's bank can find it.
	TraceStateAvailable TraceState = "available"
	// TraceStatePending: there is no reference yet. It may take days.
	TraceStatePending TraceState = "pending"
	// TraceStateUnavailable: there will be no reference, because the network gives
	// none or because the refund failed or was canceled before there was one.
	TraceStateUnavailable TraceState = "unavailable"
	// TraceStateReversal: there will be no reference, because the payment was undone
	// before it was settled: it vanishes from the customer's statement, and no
	// credit appears.
	TraceStateReversal TraceState = "reversal"
)

// Trace is what support tells a customer who can't find the money. Reference
// and Kind, such as acquirer_reference_number, are empty unless State is
// TraceStateAvailable.
//
// https://docs.stripe.com/refunds#tracing-refunds
type Trace struct {
	State     TraceState
	Reference string
	Kind      string
}

// Trace returns how the refund can be found at the customer's bank. It says
// nothing of whether the money arrived: a refund that failed later keeps the
// reference that it had.
func (r *Refund) Trace() Trace {
	details := r.DestinationDetails
	switch {
	case details.Reference != "":
		return Trace{State: TraceStateAvailable, Reference: details.Reference, Kind: details.ReferenceType}
	case details.CardType == "reversal":
		return Trace{State: TraceStateReversal}
	case details.ReferenceStatus == "unavailable", r.Status.IsFinal():
		return Trace{State: TraceStateUnavailable}
	}
	return Trace{State: TraceStatePending}
}
