package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/refundkit/refundkit"
)

// What can be wrong, for errors.Is. [refundkit.ErrJobChanged] is another: read the row
// again.
var (
	// ErrUnknown: there is no row of this name.
	ErrUnknown = errors.New("refundjobs: there is no refund of this name")
	// ErrDifferent: the name belongs to another refund, and a name is one refund for ever.
	ErrDifferent = errors.New("refundjobs: the name belongs to another request")
	// ErrNeedsApproval: the policy wants somebody else to approve. A [Policy] returns it.
	ErrNeedsApproval = errors.New("refundjobs: somebody else must approve")
	// ErrOwnRequest: nobody approves what they requested themselves.
	ErrOwnRequest = errors.New("refundjobs: who requested a refund can't approve it")
)

// Refunder makes refunds. A client's Refunds is one; so is a mock of one method. If it
// has the methods Retrieve and Export of [refundkit.RefundService] too, rows are also
// held up to date where events don't tell which snapshot is newer, and
// [Jobs.Reconcile] works.
type Refunder interface {
	Advance(ctx context.Context, job refundkit.Job, save func(context.Context, refundkit.Job) error, opts ...refundkit.CallOption) (refundkit.Job, *refundkit.Refund, error)
}

// retriever is what a Refunder may be, too.
type retriever interface {
	Retrieve(ctx context.Context, id string, opts ...refundkit.CallOption) (*refundkit.Refund, error)
}

// Jobs are the refunds in one database. TTx is the transaction that your own code
// uses: *sql.Tx or pgx.Tx. It is safe for use by many goroutines, and holds nothing
// that another process would need.
type Jobs[TTx any] struct {
	driver  Driver[TTx]
	dialect Dialect
	refunds Refunder
	options options
	river   *river.Client[TTx] // to insert with; it works nothing
}

// New returns the jobs in a driver's database. Users call sqlitejobs.New or
// pgxjobs.New.
func New[TTx any](driver Driver[TTx], refunds Refunder, opts ...Option) (*Jobs[TTx], error) {
	if refunds == nil {
		return nil, errors.New("refundjobs: New needs something that makes refunds: client.Refunds")
	}
	o := options{rate: defaultRate, workers: defaultWorkers, logger: slog.New(slog.DiscardHandler), policy: Anyone()}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	client, err := river.NewClient(driver.River(), &river.Config{Logger: o.logger, Test: river.TestConfig{Time: o.riverTime()}})
	if err != nil {
		return nil, fmt.Errorf("refundjobs: River: %w", err)
	}
	return &Jobs[TTx]{driver: driver, dialect: driver.Dialect(), refunds: refunds, options: o, river: client}, nil
}

// InTx runs work in a transaction of the jobs' database, for methods whose name ends in
// Tx and for your own tables: it commits if work returns nil, and rolls back if work
// returns an error, which it returns, or panics. The methods take a transaction that you
// began yourself just as well.
//
// An error of the commit may hide that it was done: run it again, since a name is one
// refund for ever. On SQLite, call nothing in work that does not take tx; on Postgres, a
// transaction that nothing is done with for a minute is ended.
func (j *Jobs[TTx]) InTx(ctx context.Context, work func(tx TTx) error) error {
	return j.driver.InTx(ctx, work)
}

// now returns the time that all workers share: that of WithClock, else the database's.
// It is as exact as the databases keep it.
func (j *Jobs[TTx]) now(ctx context.Context, q Statements) (now time.Time, err error) {
	if j.options.clock != nil {
		return j.options.clock().UTC().Truncate(time.Microsecond), nil
	}
	return j.sharedNow(ctx, q)
}

// sharedNow is now without WithClock.
func (j *Jobs[TTx]) sharedNow(ctx context.Context, q Statements) (now time.Time, err error) {
	if j.dialect.Clock == "" {
		return time.Now().UTC().Truncate(time.Microsecond), nil
	}
	_, err = queryOne(ctx, q, "SELECT "+j.dialect.Clock, nil, instant{&now})
	return now, err
}

// write stores a change of a row: both the row and its entry in the log, or neither.
func (j *Jobs[TTx]) write(ctx context.Context, q Statements, row Job, change Change, sendingUntil time.Time) error {
	if err := j.dialect.update(ctx, q, row, sendingUntil); err != nil {
		return err
	}
	return j.dialect.record(ctx, q, change)
}

// commit is write in a transaction of its own.
func (j *Jobs[TTx]) commit(ctx context.Context, row Job, change Change, sendingUntil time.Time) error {
	if j.dialect.WritesInWith {
		return j.dialect.writeAtOnce(ctx, j.driver.Pool(), row, change, sendingUntil)
	}
	return j.driver.InTx(ctx, func(tx TTx) error {
		return j.write(ctx, j.driver.Statements(tx), row, change, sendingUntil)
	})
}

// changed returns the row at its new version as it is to be written, and the entry
// for its log. The row's version is already that of the change.
func changed(before, row Job, what What, now time.Time) (Job, Change) {
	row.UpdatedAt = now
	row.Shown = row.shown()
	return row, Change{Name: row.Name, Kind: row.Kind, Version: row.Version, At: now, What: what, Shown: row.Shown, Problem: row.Problem, Detail: row.Detail, Due: row.Due,
		RefundID: row.ID, RefundStatus: row.RefundStatus, RequestID: row.RequestID, Generation: row.Generation, Book: refundkit.EntryBetween(before.booked(), row.booked())}
}

// tell calls the hook for a change that has committed.
func (j *Jobs[TTx]) tell(ctx context.Context, c Change) {
	j.options.logger.InfoContext(ctx, "refund", "name", c.Name, "what", c.What, "state", c.Shown, "problem", c.Problem, "refund", c.RefundID, "request", c.RequestID)
	if j.options.hook != nil {
		j.options.hook(ctx, c)
	}
}
