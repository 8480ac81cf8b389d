package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

const pageRows = 300 // read at once; between two pages no connection is held

// Job returns the row of a name. The error is [ErrUnknown] if there is none.
func (j *Jobs[TTx]) Job(ctx context.Context, name string) (Job, error) {
	row, err := readJob(ctx, j.driver.Pool(), name, "")
	return row, failed("Job", name, err)
}

// Filter says which rows are meant: those of which all is true that is set. The zero
// Filter means all.
type Filter struct {
	States        []State                // one of these
	Problems      []refundkit.JobProblem // one of these
	Plan          string
	Account       string // a connected account's ID
	Currency      string // three letters in lower case
	RequestedBy   string // as it was given, letter by letter
	Label         string // with LabelValue: a row without it has no such value; not one with " or \, or that begins with $ or [
	LabelValue    string
	Charge        string // as the request named it
	PaymentIntent string // as the request named it
	CreatedFrom   time.Time
	CreatedTo     time.Time // before it
	UpdatedFrom   time.Time
	UpdatedTo     time.Time // before it
}

// List yields the rows of a filter in the order of their names, those of one plan in
// the order of their lines. It reads some hundreds at a time, and holds no connection
// while your code runs, so a row may have changed when it comes. An error is yielded
// once, and is the end.
func (j *Jobs[TTx]) List(ctx context.Context, filter Filter) iter.Seq2[Job, error] {
	return func(yield func(Job, error) bool) {
		for last := (Job{PlanLine: -1}); ; {
			rows, err := j.listPage(ctx, filter, last)
			if err != nil {
				yield(Job{}, failed("List", "", err))
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < pageRows {
				return
			}
			last = rows[len(rows)-1]
		}
	}
}

// listPage reads the rows behind last. Of several states it takes a page each and then
// the first of all: so an index gives each page, and no page sorts what follows it.
func (j *Jobs[TTx]) listPage(ctx context.Context, filter Filter, last Job) ([]Job, error) {
	states := slices.Compact(slices.Sorted(slices.Values(filter.States)))
	if filter.Plan != "" || len(states) == 0 {
		states = []State{""}
	} else {
		filter.States = nil
	}
	c, err := filter.conditions(j.dialect)
	if err != nil {
		return nil, err
	}
	end := " ORDER BY name LIMIT " + strconv.Itoa(pageRows)
	if filter.Plan != "" {
		c.add("(plan_line, name) > (?, ?)", last.PlanLine, last.Name)
		end = " ORDER BY plan_line, name LIMIT " + strconv.Itoa(pageRows)
	} else {
		c.add("name > ?", last.Name)
	}
	shared, parts := len(c.sql), make([]string, 0, len(states))
	for _, state := range states {
		c.sql = c.sql[:shared]
		c.addEqual("state", string(state))
		parts = append(parts, "SELECT * FROM (SELECT "+columns+" FROM refundjobs "+c.where()+end+") AS part"+strconv.Itoa(len(parts)))
	}
	var rows []Job
	err = queryAll(ctx, j.driver.Pool(), func(r Rows) error {
		row, err := scanJob(r)
		rows = append(rows, row)
		return err
	}, strings.Join(parts, " UNION ALL ")+end, c.args...)
	return rows, err
}

// conditions are what stands behind WHERE.
type conditions struct {
	dialect Dialect
	sql     []string
	args    []any
}

// add adds a condition, in which each ? becomes the placeholder of its argument.
func (c *conditions) add(sql string, args ...any) {
	for _, arg := range args {
		if at, ok := arg.(time.Time); ok {
			arg = c.dialect.when(at)
		}
		c.args = append(c.args, arg)
		sql = strings.Replace(sql, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.sql = append(c.sql, sql)
}

// addEqual adds that a column has a value, if there is one.
func (c *conditions) addEqual(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// addIndexed is addEqual for a column whose index leaves out what is empty.
func (c *conditions) addIndexed(column, value string) {
	if value != "" {
		c.add(column+" = ? AND "+column+" <> ''", value)
	}
}

// addOneOf adds that a column has one of some values, if there are any.
func addOneOf[S ~string](c *conditions, column string, values []S) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = string(value)
	}
	c.add(column+" IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")+")", args...)
}

// addTimes adds that a column is from one instant on and before another.
func (c *conditions) addTimes(column string, from, to time.Time) {
	if !from.IsZero() {
		c.add(column+" >= ?", from)
	}
	if !to.IsZero() {
		c.add(column+" < ?", to)
	}
}

func (c *conditions) where() string {
	if len(c.sql) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(c.sql, " AND ")
}

func (f Filter) conditions(d Dialect) (*conditions, error) {
	c := &conditions{dialect: d}
	addOneOf(c, "state", f.States)
	addOneOf(c, "problem", f.Problems)
	c.addIndexed("plan", f.Plan)
	c.addEqual("account", f.Account)
	c.addEqual("currency", f.Currency)
	c.addEqual("requested_by", strings.TrimSpace(f.RequestedBy))
	c.addIndexed("charge", f.Charge)
	c.addIndexed("payment_intent", f.PaymentIntent)
	c.addTimes("created_at", f.CreatedFrom, f.CreatedTo)
	c.addTimes("updated_at", f.UpdatedFrom, f.UpdatedTo)
	switch {
	case f.Label == "" && f.LabelValue != "":
		return nil, errors.New("the filter has a LabelValue and no Label")
	case strings.ContainsAny(f.Label, `"\`), strings.HasPrefix(f.Label, "$"), strings.HasPrefix(f.Label, "["):
		return nil, fmt.Errorf("rows can't be looked for by the label %q: such a name is a path for one of the databases", f.Label)
	case f.Label != "":
		c.add("labels ->> CAST(? AS text) = CAST(? AS text)", f.Label, f.LabelValue)
	}
	return c, nil
}

// Counts is how many rows a [Filter] means, and how old they are.
type Counts struct {
	Rows  int64
	Parts []Count // by state, problem, currency and kind, in this order
	// OldestOpen is when the refund was sent whose outcome has been open for longest, and
	// OldestDue when the row became due that has waited for longest; a time in the future is
	// that of the next. One that an earlier row of its unwind holds back is not due. Zero:
	// there is none.
	OldestOpen time.Time
	OldestDue  time.Time
}

// Count is a part of [Counts].
type Count struct {
	State    State
	Problem  refundkit.JobProblem
	Currency string
	Kind     Kind
	Rows     int64
	// Amount is their sum in the currency's smallest unit: as they were made, else as they
	// were asked for.
	Amount int64
	// Unknown is how many of them ask for all that is left and are not made: they are not in
	// Amount.
	Unknown int64
}

// Counts counts the rows of a filter. It reads all of them inside the database: for a
// metric, ask now and then, not with each request.
func (j *Jobs[TTx]) Counts(ctx context.Context, filter Filter) (counts Counts, err error) {
	c, err := filter.conditions(j.dialect)
	if err != nil {
		return Counts{}, failed("Counts", "", err)
	}
	err = queryAll(ctx, j.driver.Pool(), func(rows Rows) error {
		var n Count
		var open, due time.Time
		err := rows.Scan(&n.State, &n.Problem, &n.Currency, &n.Kind, &n.Rows, &n.Amount, &n.Unknown, instant{&open}, instant{&due})
		counts.Rows += n.Rows
		counts.Parts = append(counts.Parts, n)
		counts.OldestOpen, counts.OldestDue = earlier(counts.OldestOpen, open), earlier(counts.OldestDue, due)
		return err
	}, `SELECT state, problem, currency, kind, count(*),
			CAST(sum(CASE WHEN refund_amount > 0 THEN refund_amount ELSE coalesce(amount, 0) END) AS bigint),
			CAST(sum(CASE WHEN refund_amount = 0 AND amount IS NULL THEN 1 ELSE 0 END) AS bigint),
			min(CASE WHEN job_state = 'open' THEN coalesce(last_sent, updated_at) END), min(CASE WHEN NOT (job_state = 'waiting' AND `+earlierPart+`) THEN due_at END)
		FROM refundjobs r `+c.where()+` GROUP BY state, problem, currency, kind ORDER BY state, problem, currency, kind`, c.args...)
	return counts, failed("Counts", "", err)
}

// earlier returns the earlier of two instants, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
