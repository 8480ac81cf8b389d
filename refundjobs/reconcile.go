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

// ReconcileParams says what [Jobs.ReconcileWith] compares.
type ReconcileParams struct {
	From, To time.Time // from when on, and before when; each is cut to whole seconds, and To to this one
	Accounts []string  // none: the API key's own, and all that rows name
	// Resume is where an earlier run of the same time and accounts stood, by Progress.
	Resume ReconcilePosition
	// Progress is called now and then, and at the end of each account. Store the position
	// with the differences that came before it: those that a run yields after its last
	// position come again when it is resumed.
	Progress func(ReconcileProgress)
	// Compared is called for each refund, with the zero Job where there is no row: for sums.
	Compared func(Job, *refundkit.Refund)
}

// ReconcilePosition is how far a run has come: the account, and before when its refunds
// are still to be compared. The zero one is the beginning.
type ReconcilePosition struct {
	Account string
	Before  time.Time
}

// ReconcileProgress is what a run has done since it began or was resumed.
type ReconcileProgress struct {
	Position            ReconcilePosition
	Refunds             int
	BalanceTransactions int
}

// ErrNoExport: the Refunder that was given to New has no method Export.
var ErrNoExport = errors.New("refundjobs: this Refunder can't list what Stripe made: give New a client's Refunds")

// Reconcile compares the rows with all refunds that Stripe made from an instant on and
// before another, and with what they did to the balance if there is
// [WithBalanceTransactions], and yields what differs, newest first. It changes nothing.
// Without accounts it goes through the API key's own account and all connected ones that
// rows name: each costs a request at least, and refunds that the Dashboard made in a
// connected account without a row are seen if you name it. With a client that acts on one
// account, by [refundkit.WithAccount], name that one: the key's own would be the same.
//
// Give it a to that is some minutes old: what is made or reported meanwhile differs for
// a moment. The requests are the client's: give it a limiter, if it has none. Memory
// does not grow with the number of refunds. An error is yielded once, and is the end;
// [Jobs.ReconcileWith] can be resumed.
func (j *Jobs[TTx]) Reconcile(ctx context.Context, from, to time.Time, accounts ...string) iter.Seq2[Difference, error] {
	return j.ReconcileWith(ctx, ReconcileParams{From: from, To: to, Accounts: accounts})
}

// ReconcileWith is Reconcile, and tells how far it is. What moved the balance is read
// beside the refunds, some pages at once: a request for each hundred of either, four at
// least for each account, and one for each refund whose booking is more than an hour off
// and that no row shows with it.
//
// https://docs.stripe.com/api/balance_transactions/list
func (j *Jobs[TTx]) ReconcileWith(ctx context.Context, params ReconcileParams) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		if err := j.reconcile(ctx, params, yield); err != nil && !errors.Is(err, errEnough) {
			yield(Difference{}, failed("Reconcile", "", err))
		}
	}
}

func (j *Jobs[TTx]) reconcile(ctx context.Context, params ReconcileParams, yield func(Difference, error) bool) error {
	service, ok := j.refunds.(exporter)
	if !ok {
		return ErrNoExport
	}
	if params.From.IsZero() || params.To.IsZero() || !params.From.Before(params.To) {
		return errors.New("say from when on, and before when")
	}
	now, err := j.now(ctx, j.driver.Pool())
	if err != nil {
		return err
	}
	ids := params.Accounts
	if len(ids) == 0 {
		if ids, err = j.accounts(ctx); err != nil {
			return err
		}
	}
	from, to := time.Unix(params.From.Unix(), 0), time.Unix(params.To.Unix(), 0)
	if to.After(now) {
		to = time.Unix(now.Unix(), 0) // Export ends there, too: what comes after it would be missing
	}
	if at := params.Resume; !at.Before.IsZero() {
		if ids = ids[max(0, slices.Index(ids, at.Account)):]; ids[0] != at.Account || at.Before.After(to) {
			return errors.New("the position to resume from is of a run over other accounts or another time")
		}
	}
	var progress ReconcileProgress
	for i, id := range ids {
		r := &reconciler{q: j.driver.Pool(), dialect: j.dialect, account: id, yield: yield, to: to, params: &params, progress: &progress}
		if i == 0 && !params.Resume.Before.IsZero() {
			r.to = time.Unix(params.Resume.Before.Unix(), 0)
		}
		if from.Before(r.to) {
			if err := j.reconcileAccount(ctx, r, service, from); err != nil {
				return err
			}
		}
		if err := j.neverSeen(ctx, r, from, to); err != nil {
			return err
		}
	}
	return nil
}

// reconcileAccount goes through one account, and through its balance if that can be read.
func (j *Jobs[TTx]) reconcileAccount(ctx context.Context, r *reconciler, service exporter, from time.Time) error {
	if j.options.balance == nil {
		return r.run(ctx, service, from)
	}
	r.books = &bookings{reader: j.options.balance, open: map[string]*booking{}, options: accountOption(r.account), tell: r.yieldOne, find: r.rowByRefund}
	r.books.refunds, _ = j.refunds.(retriever)
	defer r.books.wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, kind := range refundMovements() {
		r.books.streams = append(r.books.streams, newBalanceStream(ctx, j.options.balance, kind, r.account, from, r.to))
	}
	return r.run(ctx, service, from)
}

// neverSeen yields the rows of this time with a refund that Stripe never showed and does
// not have: whoever accepted it mistyped its ID.
func (j *Jobs[TTx]) neverSeen(ctx context.Context, r *reconciler, from, to time.Time) error {
	service, ok := j.refunds.(retriever)
	if !ok {
		return nil
	}
	c := &conditions{dialect: j.dialect}
	c.add("state = ?", string(StateSent))
	c.add("refund_status = '' AND account = ?", r.account)
	c.addTimes("updated_at", from, to)
	rows, err := readJobs(ctx, r.q, c.where()+" ORDER BY name", c.args...)
	for _, row := range rows {
		if _, err := service.Retrieve(ctx, row.ID, accountOption(r.account)...); err != nil && !errors.Is(err, refundkit.ErrNotFound) {
			return err
		} else if err != nil {
			if err := r.tell(row, nil, DifferenceMissing); err != nil {
				return err
			}
		}
	}
	return err
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

	books    *bookings // nil: the balance is not read
	params   *ReconcileParams
	progress *ReconcileProgress
}

func (r *reconciler) run(ctx context.Context, service exporter, from time.Time) error {
	for refund, err := range service.Export(ctx, refundkit.ExportParams{From: from, To: r.to}, accountOption(r.account)...) {
		if err != nil {
			return err
		}
		if n := len(r.batch); n >= reconcileRows && refund.Created.Before(r.batch[n-1].Created.Time) {
			if err := r.compare(ctx, r.batch[n-1].Created.Time, false); err != nil {
				return err
			}
		}
		r.batch = append(r.batch, refund)
	}
	return r.compare(ctx, from, true)
}

// compare compares the refunds of the batch, which are all that Stripe made from an
// instant on and before what was compared last, with the rows of these seconds.
func (r *reconciler) compare(ctx context.Context, from time.Time, end bool) error {
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
	r.progress.Refunds += len(r.batch)
	r.batch, r.to = r.batch[:0], from
	if r.books != nil {
		read, err := r.books.settle(ctx, from, end)
		r.progress.BalanceTransactions += read
		if err != nil {
			return err
		}
	}
	if r.params.Progress != nil && (r.books == nil || len(r.books.open) == 0) {
		r.progress.Position = ReconcilePosition{Account: r.account, Before: from}
		r.params.Progress(*r.progress)
	}
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
	row, ok := rows.byID[refund.ID]
	if r.books != nil {
		r.books.add(row, refund)
	}
	if r.params.Compared != nil {
		r.params.Compared(row, refund)
	}
	if ok {
		return r.tell(row, refund, row.differences(refund)...)
	}
	row, ok = rows.byName[refund.Reference()]
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
	switch {
	case refund.Status.IsFinal() && !j.RefundStatus.IsFinal():
		kinds = append(kinds, DifferenceFailedButBooked)
	case j.RefundStatus != refund.Status:
		kinds = append(kinds, DifferenceStatus)
	}
	return kinds
}

func (r *reconciler) tell(row Job, refund *refundkit.Refund, kinds ...DifferenceKind) error {
	for _, kind := range kinds {
		if err := r.yieldOne(Difference{Kind: kind, Job: row, Refund: refund}); err != nil {
			return err
		}
	}
	return nil
}

func (r *reconciler) yieldOne(d Difference) error {
	d.Account = r.account
	if !r.yield(d, nil) {
		return errEnough
	}
	return nil
}

// rowByRefund reads the row of a refund; the zero Job if there is none.
func (r *reconciler) rowByRefund(ctx context.Context, id string) (Job, error) {
	jobs, err := readJobs(ctx, r.q, "WHERE refund_id = $1 AND refund_id <> '' LIMIT 1", id)
	if err != nil || len(jobs) == 0 {
		return Job{}, err
	}
	return jobs[0], nil
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
