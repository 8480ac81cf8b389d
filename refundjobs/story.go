package refundjobs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// Story tells one row in plain sentences, from its log: who asked for what, what was
// sent when, what came of it, what a person decided and why, and what happens next. It
// is for the person at support. Times are UTC.
func (j *Jobs[TTx]) Story(ctx context.Context, name string) (string, error) {
	row, err := readJob(ctx, j.driver.Pool(), name, "")
	if err != nil {
		return "", failed("Story", name, err)
	}
	now, err := j.now(ctx, j.driver.Pool())
	if err != nil {
		return "", failed("Story", name, err)
	}
	var story strings.Builder
	fmt.Fprintf(&story, "%s: %s.\n", row.Name, row.wanted())
	for change, err := range j.Changes(ctx, name) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&story, "%s  %s\n", moment(change.At), change.sentence())
	}
	fmt.Fprintf(&story, "Now: %s\n", row.outlook(now))
	return story.String(), nil
}

// wanted says what was asked for.
func (j Job) wanted() string {
	amount := fmt.Sprintf("%d in the currency's smallest unit", j.Params.Amount)
	if currency, err := refundkit.CurrencyOf(j.Currency); err == nil {
		amount = currency.Format(j.Params.Amount) + " " + strings.ToUpper(j.Currency)
	}
	if j.Params.Remaining {
		amount = "all that is left"
	}
	said := amount + " of payment " + j.Params.Charge + j.Params.PaymentIntent
	switch {
	case j.Kind == KindTransferReversal:
		said = fmt.Sprintf("%s to be taken back of transfer %s, for refund %q", amount, j.Source, j.Unwind)
	case j.Kind == KindApplicationFeeRefund:
		said = fmt.Sprintf("%s to be given back of application fee %s, for refund %q", amount, j.Source, j.Unwind)
	case j.Params.Origin != "":
		said = amount + " of the cash balance of customer " + j.Params.Customer
	}
	if j.Account != "" {
		said += ", account " + j.Account
	}
	if j.Plan != "" {
		said += fmt.Sprintf(", line %d of plan %q", j.PlanLine, j.Plan)
	}
	return said
}

// words are for people: transfer reversal.
func (k Kind) words() string { return strings.ReplaceAll(string(k), "_", " ") }

// siblings are what a lost answer is looked for in.
func (k Kind) siblings() string {
	switch k {
	case KindTransferReversal:
		return "the transfer's reversals"
	case KindApplicationFeeRefund:
		return "the fee's refunds"
	}
	return "the payment's refunds"
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// sentence tells an entry of the log.
func (c Change) sentence() string {
	said := c.happened()
	if c.Book != refundkit.BookEntryNone {
		said += map[refundkit.BookEntry]string{
			refundkit.BookEntryCount:   " From now on it counts as given back.",
			refundkit.BookEntryReverse: " It no longer counts as given back.",
		}[c.Book]
	}
	return said
}

func (c Change) happened() string {
	switch c.What {
	case WhatRequested:
		return "Requested" + c.by() + c.so()
	case WhatApproved:
		return "Approved" + c.by() + c.so()
	case WhatSending:
		return fmt.Sprintf("About to be sent to Stripe with the key %s. What comes of it is the next entry; if there is none, the answer was lost.", c.Key())
	case WhatAnswered:
		return "The answer: " + c.outcome()
	case WhatLooked:
		return "Looked at " + c.Kind.siblings() + " at Stripe: " + c.outcome()
	case WhatEvent:
		return fmt.Sprintf("Stripe's event %s (%s): %s", c.Why, c.Who, c.outcome())
	case WhatFetched:
		return "Read the refund at Stripe: " + c.outcome()
	case WhatResumed:
		return "Told to go on" + c.by() + c.reason()
	case WhatAccepted:
		return fmt.Sprintf("Refund %s accepted as the one that was asked for%s%s", c.RefundID, c.by(), c.reason())
	case WhatJudged:
		return "A refund judged to be another one" + c.by() + c.reason()
	case WhatCanceled:
		if c.Shown == StateSending {
			return "Its refund was given up" + c.by() + c.reason() + " It may have been made: it is looked for, and not sent again."
		}
		return "Given up" + c.by() + c.reason()
	case WhatHeld:
		return "Held back, because its plan does not run."
	case WhatPruned:
		return "Its details were removed; name, amount and outcome stay."
	}
	return string(c.What) + c.by() + c.reason()
}

// by names the person, if one is known.
func (c Change) by() string {
	if c.Who == "" {
		return ""
	}
	return " by " + c.Who
}

// reason says why, and ends the sentence.
func (c Change) reason() string {
	if c.Why == "" {
		return ", no reason given."
	}
	return ": " + strings.TrimRight(c.Why, ". ") + "."
}

// so ends the sentence about a request or an approval.
func (c Change) so() string {
	end := "."
	if c.Why != "" {
		end = ": " + strings.TrimRight(c.Why, ". ") + "."
	}
	if c.Shown == StateRequested {
		return end + " It waits for somebody else's approval."
	}
	return end
}

// outcome says what an answer, a look-up or an event came to.
func (c Change) outcome() string {
	switch c.Shown {
	case StateSending, StateApproved:
		return c.unsettled()
	case StateNeedsPerson:
		return fmt.Sprintf("it needs a person, because %s.%s%s", c.Problem, c.details(), c.request())
	case StateSent, StateSucceeded, StateFailed:
		if c.Kind != KindRefund {
			return c.Kind.words() + " " + c.RefundID + " is made." + c.request()
		}
		status := string(c.RefundStatus)
		if status == "" {
			status = "not known yet"
		}
		return fmt.Sprintf("refund %s, status %s.%s", c.RefundID, status, c.request())
	}
	return string(c.Shown) + "."
}

func (c Change) unsettled() string {
	said := "nothing was refunded"
	if c.Shown == StateSending {
		said = "whether it was refunded is not known"
	}
	if c.Problem != "" {
		said += ", " + c.Problem.String()
	}
	if !c.Due.IsZero() {
		said += "; the next try is due " + moment(c.Due)
	}
	return said + "." + c.details() + c.request()
}

func (c Change) details() string {
	if c.Detail == "" || c.Detail == c.RefundID {
		return ""
	}
	return " (" + c.Detail + ")"
}

func (c Change) request() string {
	if c.RequestID == "" {
		return ""
	}
	return " Stripe's request is " + c.RequestID + "."
}

// outlook says how the row is, and what happens next.
func (j Job) outlook(now time.Time) string {
	when := "as soon as a worker is free"
	if j.Due.After(now) {
		when = "at " + moment(j.Due)
	}
	key := " with the key " + string(j.Key())
	switch j.Shown {
	case StateRequested:
		return "it waits for an approval. Nothing was sent."
	case StateApproved:
		if j.Due.IsZero() {
			return "it waits for its plan to run. Nothing was refunded."
		}
		if j.Step > stepReversals {
			when += ", and not before each earlier row of refund " + strconv.Quote(j.Unwind) + " is made or canceled,"
		}
		return "it is sent " + when + key + ". Nothing was refunded so far."
	case StateSending:
		if j.LookUp {
			return "it may have been refunded: " + j.Kind.siblings() + " are looked at " + when + ", and nothing is sent before."
		}
		return "it may have been refunded. It goes on " + when + ":" + key + " again, which is the same refund, or from 23 hours on by a look at " + j.Kind.siblings() + "."
	case StateSent:
		return "refund " + j.ID + " exists, and Stripe has not said that it succeeded. An event of Stripe moves it on."
	case StateSucceeded:
		if j.Kind != KindRefund {
			return j.Kind.words() + " " + j.ID + " is made."
		}
		return "refund " + j.ID + " succeeded. If the bank returns the money later, an event of Stripe says so, and a person is asked."
	case StateFailed:
		return "refund " + j.ID + " failed or was canceled, and it was given up. The customer has no money by it."
	case StateNeedsPerson:
		return "it waits for a person: " + j.Problem.String() + "." + Change{Detail: j.Detail, RefundID: j.ID}.details()
	}
	return "it was given up, and nothing was refunded."
}
