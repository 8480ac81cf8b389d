package refundjobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// Request is a refund that somebody wants.
type Request struct {
	// Name is your own name for this refund, unique for ever: 1 to 500 characters
	// without personal data, such as order-6735/refund-1. The same name is never a
	// second refund.
	Name    string
	Params  refundkit.RefundCreateParams
	Account string // the connected account; empty is the API key's own
	// Currency is that of the payment, three letters in lower case. A policy with limits
	// needs it, and [Jobs.CheckPlan] and [Jobs.Reconcile] compare it. Stripe is not sent it
	// with a charge or a PaymentIntent: with a wrong one, Amount of the payment's own
	// currency is refunded.
	Currency string
	By       string            // who asks for it: kept, and never the one who approves it under [FourEyes]
	Note     string            // for people
	Labels   map[string]string // your own, for lists and reports
}

// RequestTx asks for a refund: it is made if and only if tx commits. The same name
// with the same request returns the row that is there, so that two clicks, or a
// retry of your own transaction, are one refund: also one that was canceled, which Shown
// says, and which is asked for again under another name. With another payment, amount,
// account or currency the error is [ErrDifferent]. What Stripe would surely refuse is
// refused here. Under the default policy it is approved at once.
func (j *Jobs[TTx]) RequestTx(ctx context.Context, tx TTx, request Request) (Job, error) {
	q := j.driver.Statements(tx)
	now, err := j.now(ctx, q)
	if err != nil {
		return Job{}, failed("RequestTx", request.Name, err)
	}
	row, err := newRow(request, now)
	if err != nil {
		return Job{}, failed("RequestTx", request.Name, err)
	}
	row, isNew, err := j.add(ctx, q, row, now)
	if err != nil {
		return Job{}, failed("RequestTx", request.Name, err)
	}
	if isNew && row.goesOn() {
		err = j.alarm(ctx, tx, row, true)
	}
	return row, failed("RequestTx", request.Name, err)
}

// add stores a new row, approved if the policy lets it; or finds the one that has the
// name.
func (j *Jobs[TTx]) add(ctx context.Context, q Statements, row Job, now time.Time) (_ Job, isNew bool, err error) {
	undo := func() error { return nil }
	if row.Plan == "" {
		if row, undo, err = j.approveAlone(ctx, q, row, now); err != nil {
			return row, false, err
		}
	}
	row, change := changed(Job{}, row, WhatRequested, now)
	n, err := j.dialect.insert(ctx, q, row)
	if err != nil {
		return row, false, err
	}
	if n == 1 {
		change.Who, change.Why = row.RequestedBy, row.Note
		return row, true, j.dialect.record(ctx, q, change)
	}
	stored, err := readJob(ctx, q, row.Name, "")
	if err == nil && stored.digest != row.digest {
		err = ErrDifferent
	}
	return stored, false, errors.Join(err, undo())
}

// newRow checks a request as far as that can be done without Stripe.
func newRow(r Request, now time.Time) (Job, error) {
	job, err := refundkit.NewJob(r.Name, r.Params)
	if err != nil {
		return Job{}, err
	}
	job.Account = r.Account
	if r.Currency == "" {
		r.Currency = r.Params.Currency
	}
	switch {
	case r.Currency != "" && !isCurrency(r.Currency):
		return Job{}, errors.New("the currency is three letters in lower case, such as eur")
	case r.Params.Currency != "" && r.Params.Currency != r.Currency:
		return Job{}, errors.New("the request and its parameters name two currencies")
	case !r.isText():
		return Job{}, errors.New("name, By, Note and labels are UTF-8 without the character 0, which not every database keeps")
	case hasLabel(r.Labels, ""):
		return Job{}, errors.New("a label has no name, and would be taken for no label")
	case !isVisible(r.Account):
		return Job{}, errors.New("the account is a connected account's ID, or empty for the API key's own")
	}
	job.Params.Metadata = maps.Clone(r.Params.Metadata) // the caller may use the map for the next request
	row := Job{Job: job, Kind: KindRefund, Currency: r.Currency, RequestedBy: strings.TrimSpace(r.By), Note: r.Note, Labels: maps.Clone(r.Labels), CreatedAt: now}
	row.digest, err = r.digest()
	return row, err
}

func isCurrency(code string) bool {
	return len(code) == 3 && !strings.ContainsFunc(code, func(c rune) bool { return c < 'a' || c > 'z' })
}

func hasLabel(labels map[string]string, name string) bool {
	_, ok := labels[name]
	return ok
}

// isText reports whether every database keeps what people wrote as it is.
func (r Request) isText() bool {
	for _, said := range []string{r.Name, r.By, r.Note} {
		if said != storable(said) {
			return false
		}
	}
	for label, value := range r.Labels {
		if label != storable(label) || value != storable(value) {
			return false
		}
	}
	return true
}

func isVisible(account string) bool {
	for _, c := range account {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// digest is over what decides the money: who asked, and why, may differ.
func (r Request) digest() (string, error) {
	data, err := json.Marshal(struct {
		Params            refundkit.RefundCreateParams
		Account, Currency string
	}{r.Params, r.Account, r.Currency})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// failed names what was asked; nil stays nil.
func failed(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if name == "" {
		return fmt.Errorf("refundjobs: %s: %w", op, err)
	}
	return fmt.Errorf("refundjobs: %s %q: %w", op, name, err)
}
