package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/refundkit/refundkit"
)

// Policy says whether an approval is allowed: nil is yes, and the error is why not. It
// is asked when a refund is requested, with the requester as By: an error that is
// [ErrNeedsApproval] leaves the row at requested, any other refuses the request. It is
// asked again when somebody else approves. Whatever it says, the requester's own word
// never counts as somebody else's.
type Policy func(ctx context.Context, approval Approval) error

// Approval is what a [Policy] decides about.
type Approval struct {
	Job       Job
	By        string // who approves: at the request itself, the requester
	AtRequest bool   // By requested it; of a plan, it or one of its refunds
	// OfPlan says that Job is the sum of a plan's refunds in one currency. If its
	// Params.Remaining is set, some of them are of all that is left, and not in the sum.
	OfPlan bool
	// Alone returns what By approved alone on this day (UTC) in the job's currency, in
	// its smallest unit, this refund included. Other requests of By wait until this one
	// has committed, so that two at once can't both be the last that fits. It counts the
	// refund once, however often it is called.
	Alone func() (int64, error)
}

// Anyone lets everybody refund everything, at once. It is the default.
func Anyone() Policy {
	return func(context.Context, Approval) error { return nil }
}

// Limit is what one person may refund alone, in the currency's smallest unit.
type Limit struct {
	Alone  int64 // by one refund
	PerDay int64 // by all of a day (UTC)
}

// FourEyes lets a person refund alone up to the limit of a currency, by its code in
// lower case; above it, for all that is left of a payment, and for a plan, somebody
// else must approve. A request in a currency without a limit, or of nobody, is refused,
// and so is the approval of a plan that nobody requested. The currency is what the request
// says: take it from the payment, not from who asks.
func FourEyes(limits map[string]Limit) Policy {
	limits = maps.Clone(limits)
	return func(_ context.Context, a Approval) error {
		limit, known := limits[a.Job.Currency]
		if !known {
			return fmt.Errorf("there is no limit for the currency %q", a.Job.Currency)
		}
		if err := somebody(a.By); err != nil {
			return err
		}
		if personKey(a.Job.RequestedBy) == "" {
			return errors.New("it is not said who requested it, who may be the one who approves")
		}
		switch {
		case !a.AtRequest:
			return nil
		case a.OfPlan, a.Job.Params.Remaining, a.Job.Params.Amount > limit.Alone:
			return ErrNeedsApproval
		}
		sum, err := a.Alone()
		if err == nil && sum > limit.PerDay {
			err = ErrNeedsApproval
		}
		return err
	}
}

// ApproveTx lets a refund be made that waits for an approval, if and only if tx
// commits. An approved one stays as it is. By is a person's name as your login knows it;
// the one who requested the refund is refused with [ErrOwnRequest]. The refunds of a
// plan are approved with the plan.
func (j *Jobs[TTx]) ApproveTx(ctx context.Context, tx TTx, name, by, why string) (Job, error) {
	row, err := j.decideTx(ctx, tx, name, decision{what: WhatApproved, by: by, why: why}, func(row Job, now time.Time) (Job, error) {
		switch {
		case row.Plan != "":
			return row, fmt.Errorf("it belongs to plan %q: approve that", row.Plan)
		case row.Kind != KindRefund:
			return row, fmt.Errorf("it belongs to refund %q: approve that", row.Unwind)
		case row.Shown != StateRequested:
			return row, nil
		case personKey(row.RequestedBy) == personKey(by):
			return row, ErrOwnRequest
		}
		if err := j.options.policy(ctx, Approval{Job: row, By: by}); err != nil {
			return row, err
		}
		return row.approved(by, now), nil
	})
	return row, failed("ApproveTx", name, err)
}

func (j Job) approved(by string, now time.Time) Job {
	j.ApprovedBy, j.ApprovedAt = strings.TrimSpace(by), now
	j.Version++
	return j.dueFrom(now)
}

// approveAlone returns the new row as approved if the policy lets the requester refund
// alone, and what takes back the sum that was counted for it.
func (j *Jobs[TTx]) approveAlone(ctx context.Context, q Statements, row Job, now time.Time) (_ Job, undo func() error, err error) {
	undo = func() error { return nil }
	alone := sync.OnceValues(func() (int64, error) {
		undo = func() error { return j.takeAlone(ctx, q, row, now) }
		return j.addAlone(ctx, q, row, now)
	})
	err = j.options.policy(ctx, Approval{Job: row, By: row.RequestedBy, AtRequest: true, Alone: alone})
	if errors.Is(err, ErrNeedsApproval) {
		return row, func() error { return nil }, undo() // taken back once: twice would lower the day's sum
	}
	if err != nil {
		return row, undo, err
	}
	row.ApprovedBy, row.ApprovedAt = row.RequestedBy, now
	return row.dueFrom(now), undo, nil
}

// addAlone adds to what a person approved alone today, and returns the sum. The row
// that it writes makes two requests at once wait for each other.
func (j *Jobs[TTx]) addAlone(ctx context.Context, q Statements, row Job, now time.Time) (sum int64, err error) {
	_, err = queryOne(ctx, q, `INSERT INTO refundjobs_sums (day, who, currency, amount) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, who, currency) DO UPDATE SET amount = refundjobs_sums.amount + excluded.amount RETURNING amount`,
		[]any{now.Format(time.DateOnly), personKey(row.RequestedBy), row.Currency, row.Params.Amount}, &sum)
	return sum, err
}

// takeAlone takes back what addAlone added.
func (j *Jobs[TTx]) takeAlone(ctx context.Context, q Statements, row Job, now time.Time) error {
	_, err := q.Exec(ctx, `UPDATE refundjobs_sums SET amount = amount - $4 WHERE day = $1 AND who = $2 AND currency = $3`,
		now.Format(time.DateOnly), personKey(row.RequestedBy), row.Currency, row.Params.Amount)
	return err
}

// somebody refuses a name in which a reader sees nobody: a decision is a person's.
func somebody(by string) error {
	if personKey(by) == "" {
		return &refundkit.ParamError{Param: "by", Reason: "it must be said who does this"}
	}
	return nil
}

// personKey is a name without what a reader does not see: case, forms of a letter,
// spaces, and characters that show nothing.
func personKey(name string) string {
	seen := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case isUnseen(r):
			return -1
		}
		return r
	}, norm.NFKC.String(name))
	folded := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(seen)))
	return strings.Join(strings.Fields(folded), " ")
}

// isUnseen reports whether a character shows nothing, not even a space.
func isUnseen(r rune) bool {
	return r == '\u2800' || // an empty pattern of braille
		unicode.In(r, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
