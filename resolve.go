package refundkit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// clockSlack is how far apart the clocks of two machines may be. Every bound that
// compares a time of ours with one of Stripe's or of another machine has this much
// room on the safe side.
const clockSlack = time.Hour

// settleTime is after how long without a trace a refund was surely not made: the
// life of its key, and the slack of the clocks.
const settleTime = keyLifetime + clockSlack

// ResolveParams says which refund to look for, and where. Reference is what Create
// was given by the option of that name. The place is Charge or PaymentIntent; for
// a refund out of a cash balance, which has neither, Customer, Currency and
// FirstSent.
type ResolveParams struct {
	_             [0]func()
	Reference     string
	Charge        string
	PaymentIntent string
	Customer      string
	Currency      string
	// Amount, in the currency's smallest unit, is what the refund was made for, or
	// Remaining is set. A refund of the payment that has no reference and could be
	// it, because somebody cleared its metadata, makes the answer undecided. With
	// neither, every refund without a reference could.
	Amount    int64
	Remaining bool
	// FirstSent is when the first call for this refund was sent, as you stored it: a
	// refund that is more than an hour older can't be it. Zero is any time.
	FirstSent time.Time
	// LastSent is when the last call that could have made the refund was sent, as
	// you stored it. A refund that is not found can still appear until SettleTime
	// after that; a zero LastSent counts as now.
	LastSent time.Time
	// SettleTime is how long a refund may take to show after that. Defaults to 25
	// hours: the life of a key, and an hour for clocks. A shorter time is a risk that
	// you take.
	SettleTime time.Duration
}

func (p ResolveParams) validate() error {
	var place error
	switch {
	case p.Charge != "" && p.PaymentIntent != "":
		place = &ParamError{Param: "payment_intent", Reason: "give only one of charge and payment_intent"}
	case p.Charge == "" && p.PaymentIntent == "" && (p.Customer == "" || p.Currency == "" || p.FirstSent.IsZero()):
		place = &ParamError{Param: "charge", Reason: "say where to look: Charge, PaymentIntent, or, for a refund out of a cash balance, Customer, Currency and FirstSent"}
	}
	return validateResolve(p.Reference, place, p.Amount, p.Remaining, p.SettleTime)
}

// validateResolve checks what every look-up is given; place is what is wrong with where
// to look.
func validateResolve(reference string, place error, amount int64, remaining bool, settle time.Duration) error {
	switch {
	case reference == "":
		return &ParamError{Param: "Reference", Reason: "it is empty"}
	case place != nil:
		return place
	case amount < 0 || amount > 0 && remaining:
		return &ParamError{Param: "amount", Reason: "set Amount, at least 1 in the currency's smallest unit, or Remaining"}
	case settle < 0:
		return &ParamError{Param: "SettleTime", Reason: "it must not be negative"}
	}
	return nil
}

// placed is what is wrong with an ID that says where to look.
func placed(param, id string) error {
	if id == "" {
		return &ParamError{Param: param, Reason: "say where to look"}
	}
	return nil
}

// UnresolvedError says that [RefundService.Resolve] can't name the one refund.
// There are three cases: Matches holds more than one refund of that reference,
// all still in force, and a person must look; Undecided, when a request may
// still be running or one of LookAlikes may be the refund, so that no match proves
// nothing yet; else errors.Is(err, [ErrAbsent]) holds: the refund was surely not
// made, and a new key is safe. The refunds are ordinary data, such as e-mail
// addresses: no message, format, log, JSON or XML holds them, but what looks past
// methods, such as spew, does.
type UnresolvedError struct {
	Op         string // the method: TransferReversals.Resolve; empty for Refunds.Resolve
	Undecided  bool
	Matches    []*Refund
	LookAlikes []*Refund // without a reference, and otherwise as this refund would be
	Others     []*Refund // the payment's other refunds: already refunded, but not by this reference

	// The same by their IDs. Of transfer reversals and of refunds of application fees,
	// which are no [Refund], these are all that is told.
	MatchIDs, LookAlikeIDs, OtherIDs []string
}

// Error says which of the cases it is.
func (e *UnresolvedError) Error() string {
	op, what, place := "Refunds.Resolve", "refund", "payment"
	switch {
	case strings.HasPrefix(e.Op, "TransferReversals."):
		op, what, place = e.Op, "reversal", "transfer"
	case strings.HasPrefix(e.Op, "ApplicationFeeRefunds."):
		op, place = e.Op, "fee"
	}
	state := "no " + what + " has this reference"
	switch {
	case e.matches() > 1:
		state = fmt.Sprintf("%d %ss have this reference", e.matches(), what)
	case e.lookAlikes() > 0:
		state += fmt.Sprintf(", but it could be one of %d without any", e.lookAlikes())
	case e.Undecided:
		state += " yet, but a request may still be running"
	}
	return fmt.Sprintf("refundkit: %s: %s (%d others on the %s); next: %s", op, state, max(len(e.Others), len(e.OtherIDs)), place, e.nextStep())
}

func (e *UnresolvedError) matches() int    { return max(len(e.Matches), len(e.MatchIDs)) }
func (e *UnresolvedError) lookAlikes() int { return max(len(e.LookAlikes), len(e.LookAlikeIDs)) }

// Is matches ErrOutcomeUnknown when undecided, and ErrAbsent when absent.
func (e *UnresolvedError) Is(target error) bool {
	switch {
	case e.matches() > 1:
		return false
	case e.Undecided:
		return target == ErrOutcomeUnknown
	}
	return target == ErrAbsent
}

func (e *UnresolvedError) nextStep() Step {
	switch {
	case e.matches() > 1, e.lookAlikes() > 0:
		return StepStop
	case e.Undecided:
		return StepLookUp
	}
	return StepNewKey
}

// Format writes the message, whatever the verb, so that nothing of a refund leaks.
func (e UnresolvedError) Format(f fmt.State, verb rune) { formatSafely(f, verb, e.Error()) }

// MarshalJSON writes what a log may hold: the message, nothing of a refund.
func (e UnresolvedError) MarshalJSON() ([]byte, error) { return messageJSON(e.Error(), e.nextStep()) }

// MarshalText writes the message, for XML and whatever else takes texts.
func (e UnresolvedError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// LogValue gives a log the message.
func (e UnresolvedError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// Resolve finds the refund that an earlier Create made under a [Reference], for
// when its key can't help any more: a stored 5xx that is replayed, more than 24
// hours since the first send, or a process that lost it. It returns the refund,
// whatever its status; one that failed or was canceled only if no other has the
// reference. Otherwise the error is an [*UnresolvedError], or that of the list,
// which never says that the refund is absent. It is safe to repeat.
//
// Looking and then creating is no lock: two processes that both find nothing
// both refund. [RefundService.Advance] does all of this for a [Job].
func (s *RefundService) Resolve(ctx context.Context, params ResolveParams, opts ...CallOption) (*Refund, error) {
	var got found[*Refund]
	r := resolution{"Refunds.Resolve", params.validate(), params.LastSent, params.SettleTime}
	refund, err := resolve(ctx, s.client, r, func() (_ found[*Refund], err error) {
		got, err = s.search(ctx, params.sought(), opts)
		return got, err
	})
	if unresolved := (*UnresolvedError)(nil); errors.As(err, &unresolved) {
		unresolved.Op, unresolved.Matches, unresolved.LookAlikes, unresolved.Others = "", got.inForce, got.alike, got.others
	}
	return refund, err
}

// resolution is one use of a Resolve: problem is what is wrong with its parameters.
type resolution struct {
	op       string
	problem  error
	lastSent time.Time
	settle   time.Duration
}

// resolve looks, and names the one that was sought, or says why it can't.
func resolve[T traced](ctx context.Context, client *Client, r resolution, look func() (found[T], error)) (one T, err error) {
	if client == nil || ctx == nil {
		return one, &ParamError{Op: r.op, Param: "ctx", Reason: "the context is nil, or the service was not made by New"}
	}
	if r.problem != nil {
		return one, naming(r.op, r.problem)
	}
	now := client.config().now() // before the list: what it shows is at least as new
	got, err := look()
	if err != nil {
		return one, err
	}
	one, unresolved := got.resolve(r.op, settled(r.lastSent, r.settle, now))
	if unresolved != nil {
		return one, unresolved
	}
	return one, nil
}

// settled reports whether a request can no longer be running; a settle time of 0 is
// the default.
func settled(lastSent time.Time, settle time.Duration, now time.Time) bool {
	if settle == 0 {
		settle = settleTime
	}
	return !lastSent.IsZero() && now.Round(0).Sub(lastSent.Round(0)) >= settle
}

func (p ResolveParams) sought() sought {
	return sought{reference: p.Reference, charge: p.Charge, paymentIntent: p.PaymentIntent, customer: p.Customer,
		currency: p.Currency, amount: p.Amount, since: p.FirstSent}
}

// sought is a refund that an earlier call may have made.
type sought struct {
	reference, charge, paymentIntent, customer, currency string
	amount                                               int64     // 0 is any
	since                                                time.Time // the first send; zero is any time
	judged                                               []string  // refunds that a person said are not it
}

// traced is what a look-up reads of what it finds: a refund, or what is like one.
type traced interface {
	Reference() string
	identity() string
	madeAt() time.Time
	isOver() bool // it failed or was canceled
}

// found sorts the refunds of a payment by what they are to the one that is sought.
type found[T traced] struct{ inForce, over, alike, others []T }

// resolve names the one that was sought, or says why it can't.
func (f found[T]) resolve(op string, settled bool) (one T, unresolved *UnresolvedError) {
	unresolved = &UnresolvedError{Op: op, MatchIDs: identities(f.inForce), OtherIDs: identities(f.others)}
	switch {
	case len(f.inForce) == 1:
		return f.inForce[0], nil
	case len(f.inForce) > 1:
		return one, unresolved
	case len(f.over) > 0:
		return f.over[0], nil
	}
	unresolved.Undecided, unresolved.LookAlikeIDs = len(f.alike) > 0 || !settled, identities(f.alike)
	return one, unresolved
}

// one is the one in force that was sought, if there is just one.
func (f found[T]) one() (one T) {
	if len(f.inForce) == 1 {
		return f.inForce[0]
	}
	return one
}

func identities[T traced](items []T) (ids []string) {
	for _, item := range items {
		ids = append(ids, item.identity())
	}
	return ids
}

func (s *RefundService) search(ctx context.Context, want sought, opts []CallOption) (found[*Refund], error) {
	list := RefundListParams{Charge: want.charge, PaymentIntent: want.paymentIntent}
	if want.charge == "" && want.paymentIntent == "" {
		list.Created.From = want.earliest()
	}
	return sortOut(want, s.All(ctx, list, opts...), want.looksLike)
}

// sortOut walks a whole list; with an error nothing is found, and nothing absent.
func sortOut[T traced](want sought, list iter.Seq2[T, error], looksLike func(T) bool) (got found[T], err error) {
	for item, err := range list {
		switch {
		case err != nil:
			return found[T]{}, err
		case slices.Contains(want.judged, item.identity()):
			got.others = append(got.others, item)
		case item.Reference() == want.reference && item.isOver():
			got.over = append(got.over, item)
		case item.Reference() == want.reference:
			got.inForce = append(got.inForce, item)
		case looksLike(item):
			got.alike = append(got.alike, item)
		default:
			got.others = append(got.others, item)
		}
	}
	return got, nil
}

// earliest is the second before which the refund can't have been made.
func (w sought) earliest() time.Time {
	if w.since.IsZero() {
		return time.Time{}
	}
	return time.Unix(w.since.Add(-clockSlack).Unix(), 0)
}

// isEarlier reports whether a refund was made before the one that is sought can have been.
func (w sought) isEarlier(made traced) bool { return made.madeAt().Before(w.earliest()) }

// looksLike reports whether a refund could be the one that is sought, its metadata
// cleared by somebody. Its status proves nothing.
func (w sought) looksLike(r *Refund) bool {
	samePayment := w.charge != "" || w.paymentIntent != "" || // then the list is that of the payment
		r.Charge.ID == "" && r.Customer.ID == w.customer && r.Currency == w.currency
	return r.Reference() == "" && samePayment && (w.amount == 0 || r.Amount == w.amount) && !w.isEarlier(r)
}
