package refundjobs

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/refundkit/refundkit"
)

// exporter is what a Refunder may be, too.
type exporter interface {
	Export(ctx context.Context, params refundkit.ExportParams, opts ...refundkit.CallOption) iter.Seq2[*refundkit.Refund, error]
}

// DifferenceKind is what differs between the rows and Stripe, as a short word.
type DifferenceKind string

// What can differ.
const (
	DifferenceNoRow       DifferenceKind = "no_row"       // made at the Dashboard, or by another program
	DifferenceMissing     DifferenceKind = "missing"      // the row's refund is not at Stripe: another key or mode, or a row of a copied database
	DifferenceNotRecorded DifferenceKind = "not_recorded" // a refund of the row's name is in force, and the row does not know it
	DifferenceTwice       DifferenceKind = "twice"        // another refund of the row's name is in force beside the row's own
	DifferencePayment     DifferenceKind = "payment"      // the refund is of another payment than the row asks for
	DifferenceAmount      DifferenceKind = "amount"
	DifferenceCurrency    DifferenceKind = "currency"
	DifferenceStatus      DifferenceKind = "status" // an event may be on its way
)

// Difference is one thing that the rows and Stripe say differently.
type Difference struct {
	Kind    DifferenceKind
	Account string            // the connected account; empty is the API key's own
	Job     Job               // its Name is empty where there is no row
	Refund  *refundkit.Refund // nil where Stripe has none
}

// ErrNoExport: the Refunder that was given to New has no method Export.
var ErrNoExport = errors.New("refundjobs: this Refunder can't list what Stripe made: give New a client's Refunds")

// Reconcile compares the rows with all refunds that Stripe made from an instant on and
// before another, each cut to whole seconds, and yields what differs, newest first. It
// changes nothing. Without accounts it goes through the API key's own account and all
// connected ones that rows name: each costs a request at least, and refunds that the
// Dashboard made in a connected account without a row are seen if you name it.
//
// Give it a to that is some minutes old: what is made or reported meanwhile differs for
// a moment. The requests are the client's: give it a limiter, if it has none. Memory
// does not grow with the number of refunds. An error is yielded once, and is the end.
func (j *Jobs[TTx]) Reconcile(ctx context.Context, from, to time.Time, accounts ...string) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		end := func(err error) { yield(Difference{}, failed("Reconcile", "", err)) }
		service, ok := j.refunds.(exporter)
		if !ok {
			end(ErrNoExport)
			return
		}
		if from.IsZero() || to.IsZero() || !from.Before(to) {
			end(errors.New("say from when on, and before when"))
			return
		}
		ids := accounts
		if len(ids) == 0 {
			var err error
			if ids, err = j.accounts(ctx); err != nil {
				end(err)
				return
			}
		}
		for _, id := range ids {
			r := &reconciler{q: j.driver.Pool(), dialect: j.dialect, account: id, yield: yield, to: time.Unix(to.Unix(), 0)}
			if err := r.run(ctx, service, time.Unix(from.Unix(), 0)); err != nil {
				if !errors.Is(err, errEnough) {
					end(err)
				}
				return
			}
		}
	}
}

// accounts are those that rows name, and the API key's own.
func (j *Jobs[TTx]) accounts(ctx context.Context) (ids []string, err error) {
	err = queryAll(ctx, j.driver.Pool(), func(rows Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT account FROM refundjobs UNION SELECT '' ORDER BY 1`)
	return ids, err
}

// reconcileRows is how many refunds are compared at once, and the rest of their second.
const reconcileRows = 200

// errEnough ends a run whose caller wants no more.
var errEnough = errors.New("refundjobs: enough")

// reconciler merges what Stripe lists, newest first, with the rows, by whole seconds.
type reconciler struct {
	q       Statements
	dialect Dialect
	account string
	yield   func(Difference, error) bool
	to      time.Time // what is from here on was compared
	batch   []*refundkit.Refund
}

func (r *reconciler) run(ctx context.Context, service exporter, from time.Time) error {
	for refund, err := range service.Export(ctx, refundkit.ExportParams{From: from, To: r.to}, accountOption(r.account)...) {
		if err != nil {
			return err
		}
		if n := len(r.batch); n >= reconcileRows && refund.Created.Before(r.batch[n-1].Created.Time) {
			if err := r.compare(ctx, r.batch[n-1].Created.Time); err != nil {
				return err
			}
		}
		r.batch = append(r.batch, refund)
	}
	return r.compare(ctx, from)
}

// compare compares the refunds of the batch, which are all that Stripe made from an
// instant on and before what was compared last, with the rows of these seconds.
func (r *reconciler) compare(ctx context.Context, from time.Time) error {
	rows, err := r.rowsOf(ctx)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(r.batch))
	for _, refund := range r.batch {
		seen[refund.ID] = true
		if err := r.compareRefund(refund, rows); err != nil {
			return err
		}
	}
	if err := r.missing(ctx, from, seen); err != nil {
		return err
	}
	r.batch, r.to = r.batch[:0], from
	return nil
}

// found are rows by the refund that they have, and by their name.
type found struct{ byID, byName map[string]Job }

// rowsOf reads the rows that the batch is about.
func (r *reconciler) rowsOf(ctx context.Context) (found, error) {
	rows := found{byID: map[string]Job{}, byName: map[string]Job{}}
	for part := range slices.Chunk(r.batch, reconcileRows) {
		var ids, names []string
		for _, refund := range part {
			ids = append(ids, refund.ID)
			if reference := refund.Reference(); reference != "" {
				names = append(names, reference)
			}
		}
		byID := &conditions{dialect: r.dialect}
		byID.add("refund_id <> ''") // as the index wants it
		addOneOf(byID, "refund_id", ids)
		jobs, err := readJobs(ctx, r.q, byID.where(), byID.args...)
		if err != nil {
			return rows, err
		}
		for _, job := range jobs {
			rows.byID[job.ID] = job
		}
		if len(names) == 0 {
			continue
		}
		byName := &conditions{dialect: r.dialect}
		addOneOf(byName, "name", names)
		if jobs, err = readJobs(ctx, r.q, byName.where(), byName.args...); err != nil {
			return rows, err
		}
		for _, job := range jobs {
			rows.byName[job.Name] = job
		}
	}
	return rows, nil
}

// compareRefund yields what differs about one refund.
func (r *reconciler) compareRefund(refund *refundkit.Refund, rows found) error {
	if row, ok := rows.byID[refund.ID]; ok {
		return r.tell(row, refund, row.differences(refund)...)
	}
	row, ok := rows.byName[refund.Reference()]
	switch {
	case !ok || row.Account != r.account:
		return r.tell(Job{}, refund, DifferenceNoRow)
	case refund.Status.IsFinal(), slices.Contains(row.Judged, refund.ID):
		return nil // an earlier try of this row
	case row.ID == "":
		return r.tell(row, refund, DifferenceNotRecorded)
	}
	return r.tell(row, refund, DifferenceTwice)
}

// differences are what the row says otherwise about its refund.
func (j Job) differences(refund *refundkit.Refund) (kinds []DifferenceKind) {
	p := j.Params
	other := func(wanted, made string) bool { return wanted != "" && made != "" && wanted != made }
	if other(p.Charge, refund.Charge.ID) || other(p.PaymentIntent, refund.PaymentIntent.ID) {
		kinds = append(kinds, DifferencePayment)
	}
	if !p.Remaining && p.Amount != refund.Amount || j.RefundAmount != 0 && j.RefundAmount != refund.Amount {
		kinds = append(kinds, DifferenceAmount)
	}
	if other(j.Currency, refund.Currency) {
		kinds = append(kinds, DifferenceCurrency)
	}
	if j.RefundStatus != refund.Status {
		kinds = append(kinds, DifferenceStatus)
	}
	return kinds
}

func (r *reconciler) tell(row Job, refund *refundkit.Refund, kinds ...DifferenceKind) error {
	for _, kind := range kinds {
		if !r.yield(Difference{Kind: kind, Account: r.account, Job: row, Refund: refund}, nil) {
			return errEnough
		}
	}
	return nil
}

// missing yields the rows whose refund was made in these seconds, as they say, and is
// not among what Stripe made.
func (r *reconciler) missing(ctx context.Context, from time.Time, seen map[string]bool) error {
	last := ""
	for {
		c := &conditions{dialect: r.dialect}
		c.addTimes("refund_created", from, r.to)
		c.add("account = ?", r.account)
		c.add("name > ?", last)
		rows, err := readJobs(ctx, r.q, c.where()+" ORDER BY name LIMIT "+strconv.Itoa(pageRows), c.args...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if seen[row.ID] {
				continue
			}
			if err := r.tell(row, nil, DifferenceMissing); err != nil {
				return err
			}
		}
		if len(rows) < pageRows {
			return nil
		}
		last = rows[len(rows)-1].Name
	}
}
