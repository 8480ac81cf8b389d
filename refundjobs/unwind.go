package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/refundkit/refundkit"
)

// TransferReverser takes back what went to connected accounts: a client's
// TransferReversals is one.
type TransferReverser interface {
	Advance(ctx context.Context, job refundkit.TransferReversalJob, save func(context.Context, refundkit.TransferReversalJob) error, opts ...refundkit.CallOption) (refundkit.TransferReversalJob, *refundkit.TransferReversal, error)
}

// FeeRefunder gives application fees back: a client's ApplicationFeeRefunds is one.
type FeeRefunder interface {
	Advance(ctx context.Context, job refundkit.ApplicationFeeRefundJob, save func(context.Context, refundkit.ApplicationFeeRefundJob) error, opts ...refundkit.CallOption) (refundkit.ApplicationFeeRefundJob, *refundkit.ApplicationFeeRefund, error)
}

// WithConnect lets refunds be unwound: [Jobs.RequestUnwindTx]. Give it the client's
// TransferReversals and ApplicationFeeRefunds.
func WithConnect(reversals TransferReverser, fees FeeRefunder) Option {
	return func(o *options) error {
		if reversals == nil || fees == nil {
			return errors.New("refundjobs: WithConnect: give it the client's TransferReversals and ApplicationFeeRefunds")
		}
		o.reversals, o.fees = reversals, fees
		return nil
	}
}

// The order in which a refund is unwound: the platform has the money back before it
// pays, and gives up its fee only when the customer has been refunded.
const (
	stepReversals = 1
	stepRefund    = 2
	stepFees      = 3
)

// RequestUnwindTx asks for a refund together with what an [refundkit.Unwind] says is to
// be taken back from connected accounts and given back to them: rows of their own, made
// if and only if tx commits, each once. The transfers are reversed first, then the
// refund is made, then fees go back; a step begins when each row of the one before is
// made or canceled. A row that is refused waits for a person and holds the later steps:
// cancel it, and you pay that part yourself; or cancel the refund, which cancels what
// was not sent. What was sent and not answered is then looked for, and not sent again;
// what was taken back stays, for you to transfer again. The refund's row is returned
// first; the others have its name, a slash and the ID of their transfer or fee. Approving
// the refund approves them all; a policy counts the refund's amount alone, and is not
// asked when a part is canceled. Name the charge: that of a PaymentIntent is not compared
// with the unwind's. The refund of a direct charge is requested on the charge's account,
// and its fee goes back from the API key's own.
//
// If the refund fails later, [refundkit.Unwind.Repair] says what to transfer again.
func (j *Jobs[TTx]) RequestUnwindTx(ctx context.Context, tx TTx, request Request, unwind refundkit.Unwind) ([]Job, error) {
	rows, err := j.unwindTx(ctx, tx, request, unwind)
	return rows, failed("RequestUnwindTx", request.Name, err)
}

func (j *Jobs[TTx]) unwindTx(ctx context.Context, tx TTx, request Request, unwind refundkit.Unwind) ([]Job, error) {
	q := j.driver.Statements(tx)
	now, err := j.now(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := j.unwindRows(request, unwind, now)
	if err != nil {
		return nil, err
	}
	refund, isNew, err := j.add(ctx, q, rows[0], now)
	if err != nil {
		return nil, err
	}
	if !isNew {
		return j.sameUnwind(ctx, q, rows)
	}
	rows[0] = refund
	for i, row := range rows[1:] {
		row.ApprovedBy, row.ApprovedAt = refund.ApprovedBy, refund.ApprovedAt
		if rows[i+1], err = j.addPart(ctx, q, row.dueFrom(now), now); err != nil {
			return nil, err
		}
	}
	return rows, j.alarmAll(ctx, tx, rows)
}

// unwindRows are the rows of an unwound refund, the refund first.
func (j *Jobs[TTx]) unwindRows(request Request, unwind refundkit.Unwind, now time.Time) ([]Job, error) {
	refund, err := newRow(request, now)
	if err != nil {
		return nil, err
	}
	switch {
	case j.options.reversals == nil:
		return nil, errors.New("without WithConnect nothing can be taken back")
	case refund.Params.Amount != unwind.Amount || unwind.Charge != refund.Params.Charge && refund.Params.Charge != "":
		return nil, errors.New("the unwind is of another refund: the amounts or the charges differ")
	case unwind.Account != "" && refund.Account != unwind.Account:
		return nil, errors.New("the unwind is of a direct charge: request the refund on the account of that")
	case refund.Currency != "" && refund.Currency != unwind.Currency:
		return nil, errors.New("the unwind is in another currency")
	case refund.Params.RefundApplicationFee || refund.Params.ReverseTransfer:
		return nil, errors.New("RefundApplicationFee and ReverseTransfer would do twice what the unwind does: leave them out")
	}
	refund.Currency, refund.Unwind, refund.Step = unwind.Currency, refund.Name, stepRefund
	reversals, fees, err := unwind.Jobs(refund.Name)
	if err != nil {
		return nil, err
	}
	rows := []Job{refund}
	for _, r := range reversals {
		rows = append(rows, refund.part(KindTransferReversal, stepReversals, r.Name, r.Transfer, r.Params.Amount))
	}
	for _, f := range fees {
		row := refund.part(KindApplicationFeeRefund, stepFees, f.Name, f.Fee, f.Params.Amount)
		if unwind.Account != "" {
			row.Account = "" // the charge is the connected account's, and its fee the platform's
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// part is a row that belongs to a refund's.
func (j Job) part(kind Kind, step int64, name, source string, amount int64) Job {
	part := Job{Kind: kind, Source: source, Unwind: j.Name, Step: step, Currency: j.Currency, RequestedBy: j.RequestedBy, Note: j.Note, Labels: j.Labels, CreatedAt: j.CreatedAt}
	part.Name, part.Account, part.State = name, j.Account, refundkit.JobStateWaiting
	part.Params.Amount = amount
	part.digest = fmt.Sprintf("%s %s %d", kind, source, amount)
	return part
}

// addPart stores a row whose refund is new.
func (j *Jobs[TTx]) addPart(ctx context.Context, q Statements, row Job, now time.Time) (Job, error) {
	row, change := changed(Job{}, row, WhatRequested, now)
	n, err := j.dialect.insert(ctx, q, row)
	if err == nil && n != 1 {
		err = fmt.Errorf("%w: %q", ErrDifferent, row.Name)
	}
	if err != nil {
		return row, err
	}
	change.Who = row.RequestedBy
	return row, j.dialect.record(ctx, q, change)
}

// sameUnwind returns the rows that are there, if they are those that are asked for.
func (j *Jobs[TTx]) sameUnwind(ctx context.Context, q Statements, rows []Job) ([]Job, error) {
	stored, err := readJobs(ctx, q, "WHERE unwind = $1", rows[0].Name)
	if err != nil {
		return nil, err
	}
	byName := map[string]Job{}
	for _, row := range stored {
		byName[row.Name] = row
	}
	for i, row := range rows {
		if found, ok := byName[row.Name]; !ok || found.digest != row.digest || len(stored) != len(rows) {
			return nil, ErrDifferent
		}
		rows[i] = byName[row.Name]
	}
	return rows, nil
}

// alarmAll makes River look at each row that goes on, once tx has committed.
func (j *Jobs[TTx]) alarmAll(ctx context.Context, tx TTx, rows []Job) error {
	var params []river.InsertManyParams
	for _, row := range rows {
		if row.goesOn() {
			params = append(params, river.InsertManyParams{Args: stepArgs{Name: row.Name}, InsertOpts: stepOpts(row, false)})
		}
	}
	if len(params) == 0 {
		return nil
	}
	_, err := j.river.InsertManyTx(ctx, tx, params)
	return err
}

// decideParts does to the rows of an unwound refund what a person decided of the refund: they
// are approved with it, and what was not sent is canceled with it. It wakes those that
// waited for what ended.
func (j *Jobs[TTx]) decideParts(ctx context.Context, tx TTx, refund Job, d decision, now time.Time) error {
	q := j.driver.Statements(tx)
	lock := ""
	if refund.Kind == KindRefund { // of the others, two that are decided at once would wait for each other
		lock = j.dialect.ForUpdate
	}
	rows, err := readJobs(ctx, q, "WHERE unwind = $1 AND name <> $2 ORDER BY name"+lock, refund.Unwind, refund.Name)
	if err != nil {
		return err
	}
	for i, before := range rows {
		row := before
		switch {
		case refund.Kind != KindRefund:
		case d.what == WhatApproved && row.Shown == StateRequested:
			row = row.approved(d.by, now)
		case d.what == WhatCanceled:
			row = row.calledOff(now)
		}
		if row.Version == before.Version {
			continue
		}
		row, entry := changed(before, row, d.what, now)
		entry.Who, entry.Why = d.by, d.why
		if err := j.write(ctx, q, row, entry, time.Time{}); err != nil {
			return err
		}
		rows[i] = row
	}
	return j.alarmAll(ctx, tx, rows)
}

// calledOff is a part whose refund was canceled. One that may have been made is looked
// for, and not sent again.
func (j Job) calledOff(now time.Time) Job {
	if job, err := j.Cancel(); err == nil {
		j.Job = job
	} else if j.State == refundkit.JobStateOpen && !j.LookUp {
		j.LookUp, j.Due = true, now
		j.Version++
	}
	return j
}

// wakeParts makes River look at the rows that waited for this one to end.
func (j *Jobs[TTx]) wakeParts(ctx context.Context, ended Job) error {
	if ended.Unwind == "" || ended.goesOn() || ended.State == refundkit.JobStateNeedsPerson {
		return nil
	}
	rows, err := readJobs(ctx, j.driver.Pool(), "WHERE unwind = $1 AND step > $2", ended.Unwind, ended.Step)
	if err != nil || len(rows) == 0 {
		return err
	}
	return j.driver.InTx(ctx, func(tx TTx) error { return j.alarmAll(ctx, tx, rows) })
}

// advanceKind lets refundkit do the next safe thing for a row of any kind. What it saw, if
// anything, comes back as what makes an event of it.
func (j *Jobs[TTx]) advanceKind(ctx context.Context, row Job, save func(context.Context, refundkit.Job) error, opts []refundkit.CallOption) (seen func(account string) *refundkit.Event, err error) {
	moved := func(ctx context.Context, account string, progress refundkit.Progress) error {
		return save(ctx, refundkit.Job{Name: row.Name, Params: row.Params, Account: account, Progress: progress})
	}
	switch {
	case row.Kind == KindRefund:
		_, refund, err := j.refunds.Advance(ctx, row.Job, save, opts...)
		if refund == nil {
			return nil, err
		}
		return func(account string) *refundkit.Event { return eventOf(refund, account) }, err
	case row.Kind == KindTransferReversal && j.options.reversals != nil:
		_, made, err := j.options.reversals.Advance(ctx, row.reversal(), func(ctx context.Context, job refundkit.TransferReversalJob) error {
			return moved(ctx, job.Account, job.Progress)
		}, opts...)
		if made == nil {
			return nil, err
		}
		return func(account string) *refundkit.Event {
			return partEvent(account, "transfer", row.Source, "reversals", made)
		}, err
	case row.Kind == KindApplicationFeeRefund && j.options.fees != nil:
		_, made, err := j.options.fees.Advance(ctx, row.feeRefund(), func(ctx context.Context, job refundkit.ApplicationFeeRefundJob) error {
			return moved(ctx, job.Account, job.Progress)
		}, opts...)
		if made == nil {
			return nil, err
		}
		return func(account string) *refundkit.Event {
			return partEvent(account, "application_fee", row.Source, "refunds", made)
		}, err
	}
	return nil, fmt.Errorf("a row of kind %q needs WithConnect", row.Kind)
}

func (j Job) reversal() refundkit.TransferReversalJob {
	return refundkit.TransferReversalJob{Name: j.Name, Transfer: j.Source, Account: j.Account, Progress: j.Progress,
		Params: refundkit.TransferReversalCreateParams{Amount: j.Params.Amount}}
}

func (j Job) feeRefund() refundkit.ApplicationFeeRefundJob {
	return refundkit.ApplicationFeeRefundJob{Name: j.Name, Fee: j.Source, Account: j.Account, Progress: j.Progress,
		Params: refundkit.ApplicationFeeRefundCreateParams{Amount: j.Params.Amount}}
}

// Key returns the idempotency key that the row is sent with now.
func (j Job) Key() refundkit.IdempotencyKey {
	switch j.Kind {
	case KindTransferReversal:
		return j.reversal().Key()
	case KindApplicationFeeRefund:
		return j.feeRefund().Key()
	}
	return j.Job.Key()
}
