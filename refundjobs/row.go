package refundjobs

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/refundkit/refundkit"
)

// columns are read by scanJob, in this order.
const columns = `name, version, plan, plan_line, kind, source, unwind, step, account, currency, params, state, job_state, problem, detail, generation,
	first_sent, last_sent, due_at, open, look_up, sends, absences, judged, refund_id, request_id, refund_status, refund_created, refund_amount, refund,
	requested_by, approved_by, note, labels, request_digest, created_at, approved_at, updated_at, pruned_at`

// scanJob reads the columns of a row, and what else was selected behind them.
func scanJob(rows Rows, more ...any) (Job, error) {
	var j Job
	var refund *refundkit.Refund
	into := []any{
		&j.Name, &j.Version, &j.Plan, &j.PlanLine, &j.Kind, &j.Source, &j.Unwind, &j.Step, &j.Account, &j.Currency, text{&j.Params}, &j.Shown, &j.State, &j.Problem, &j.Detail, &j.Generation,
		instant{&j.FirstSent}, instant{&j.LastSent}, instant{&j.Due}, &j.Open, &j.LookUp, &j.Sends, &j.Absences, text{&j.Judged}, &j.ID, &j.RequestID, &j.RefundStatus,
		instant{&j.RefundCreated}, &j.RefundAmount, text{&refund},
		&j.RequestedBy, &j.ApprovedBy, &j.Note, text{&j.Labels}, &j.digest, instant{&j.CreatedAt}, instant{&j.ApprovedAt}, instant{&j.UpdatedAt}, instant{&j.PrunedAt},
	}
	if err := rows.Scan(append(into, more...)...); err != nil {
		return Job{}, err
	}
	j.Refund = refund
	if len(j.Judged) == 0 {
		j.Judged = nil
	}
	if len(j.Labels) == 0 {
		j.Labels = nil
	}
	return j, nil
}

// readJob reads one row; lock is Dialect.ForUpdate or empty.
func readJob(ctx context.Context, q Statements, name, lock string) (Job, error) {
	jobs, err := readJobs(ctx, q, "WHERE name = $1"+lock, name)
	if err != nil {
		return Job{}, err
	}
	if len(jobs) == 0 {
		return Job{}, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return jobs[0], nil
}

// readJobs reads the rows that follow from where.
func readJobs(ctx context.Context, q Statements, where string, args ...any) (jobs []Job, err error) {
	err = queryAll(ctx, q, func(rows Rows) error {
		j, err := scanJob(rows)
		jobs = append(jobs, j)
		return err
	}, "SELECT "+columns+" FROM refundjobs "+where, args...)
	return jobs, err
}

const insertColumns = `INSERT INTO refundjobs (name, version, plan, plan_line, kind, source, unwind, step, account, currency, params, state, job_state, idempotency_key, due_at,
	requested_by, approved_by, note, labels, request_digest, created_at, approved_at, updated_at) VALUES `

// inserted are the values of a new row.
func (d Dialect) inserted(j Job) []any {
	return []any{j.Name, j.Version, j.Plan, j.PlanLine, string(j.Kind), j.Source, j.Unwind, j.Step, j.Account, j.Currency, text{j.Params}, string(j.shown()), string(j.State), string(j.Key()), d.when(j.Due),
		j.RequestedBy, j.ApprovedBy, j.Note, text{j.Labels}, j.digest, d.when(j.CreatedAt), d.when(j.ApprovedAt), d.when(j.CreatedAt)}
}

// insert stores new rows in one statement, and returns how many of the names were free.
func (d Dialect) insert(ctx context.Context, q Statements, rows ...Job) (int64, error) {
	sql := strings.Builder{}
	sql.WriteString(insertColumns)
	var args []any
	for i, row := range rows {
		if i > 0 {
			sql.WriteString(", ")
		}
		values := d.inserted(row)
		sql.WriteString("(" + placeholders(len(args)+1, len(values)) + ")")
		args = append(args, values...)
	}
	sql.WriteString(" ON CONFLICT (name) DO NOTHING")
	return q.Exec(ctx, sql.String(), args...)
}

const (
	updateRow = `UPDATE refundjobs SET version = $2, currency = $3, params = $4, state = $5, job_state = $6, problem = $7, detail = $8, generation = $9,
			idempotency_key = $10, first_sent = $11, last_sent = $12, due_at = $13, open = $14, look_up = $15, sends = $16, absences = $17, judged = $18, refund_id = $19,
			request_id = $20, refund_status = $21, refund_created = $22, refund = $23, approved_by = $24, note = $25, labels = $26, approved_at = $27,
			updated_at = $28, pruned_at = $29, sending_until = $30, account = $31, requested_by = $32, refund_amount = $33
		WHERE name = $1 AND version = $2 - 1`
	insertChange = `INSERT INTO refundjobs_changes (name, version, at, what, who, why, state, problem, detail, due_at, refund_id, refund_status, request_id, book, generation) `
)

// update writes a row over the version before it, and over no other; sendingUntil is
// zero when no worker is sending it.
func (d Dialect) update(ctx context.Context, q Statements, j Job, sendingUntil time.Time) error {
	return written(q.Exec(ctx, updateRow, d.updated(j, sendingUntil)...))
}

// written is the error of a statement that changes one row.
func written(affected int64, err error) error {
	if err == nil && affected != 1 {
		return refundkit.ErrJobChanged
	}
	return err
}

// updated are the arguments of updateRow.
func (d Dialect) updated(j Job, sendingUntil time.Time) []any {
	return []any{j.Name, j.Version, j.Currency, text{j.Params}, string(j.shown()), string(j.State), string(j.Problem), storable(j.Detail), j.Generation,
		string(j.Key()), d.when(j.FirstSent), d.when(j.LastSent), d.when(j.Due), j.Open, j.LookUp, j.Sends, j.Absences, text{j.judged()}, j.ID,
		storable(j.RequestID), string(j.RefundStatus), d.when(j.RefundCreated), text{j.Refund}, j.ApprovedBy, j.Note, text{j.Labels}, d.when(j.ApprovedAt),
		d.when(j.UpdatedAt), d.when(j.PrunedAt), d.when(sendingUntil), j.Account, j.RequestedBy, j.RefundAmount}
}

func (j Job) judged() []string {
	if j.Judged == nil {
		return []string{}
	}
	return j.Judged
}

// record appends to the log.
func (d Dialect) record(ctx context.Context, q Statements, c Change) error {
	arguments := d.recorded(c)
	_, err := q.Exec(ctx, insertChange+"VALUES ("+placeholders(1, len(arguments))+")", arguments...)
	return err
}

// recorded are the arguments of insertChange.
func (d Dialect) recorded(c Change) []any {
	return []any{c.Name, c.Version, d.when(c.At), string(c.What), storable(c.Who), storable(c.Why), string(c.Shown), string(c.Problem), storable(c.Detail), d.when(c.Due),
		c.RefundID, string(c.RefundStatus), storable(c.RequestID), string(c.Book), c.Generation}
}

// storable is what an answer said as every database takes it: a row that can't be
// written because of a message would be stuck for ever.
func storable(said string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(said, "\uFFFD"), "\x00", "\uFFFD")
}

// writeAtOnce is update and record in one statement, which takes one trip to the
// database in place of four, and holds no lock while a worker might stop.
func (d Dialect) writeAtOnce(ctx context.Context, q Statements, j Job, c Change, sendingUntil time.Time) error {
	row, entry := d.updated(j, sendingUntil), d.recorded(c)
	return written(q.Exec(ctx, "WITH updated AS ("+updateRow+" RETURNING 1) "+insertChange+"SELECT "+placeholders(len(row)+1, len(entry))+" FROM updated", append(row, entry...)...))
}

// placeholders are count of them, from the first on.
func placeholders(first, count int) string {
	names := make([]string, count)
	for i := range names {
		names[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(names, ", ")
}

// when is an instant as an argument; the zero one is NULL.
func (d Dialect) when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return d.Time(t.Round(0).UTC())
}

// instantText is how SQLite keeps a time: it sorts as text.
const instantText = "2006-01-02 15:04:05.000000"

// InstantText returns t as text that sorts as time does, in UTC, for databases that
// have no type for it.
func InstantText(t time.Time) string { return t.UTC().Format(instantText) }

// instant scans a time, from text too; NULL is the zero time.
type instant struct{ into *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(value any) (err error) {
	switch v := value.(type) {
	case nil:
		*i.into = time.Time{}
	case time.Time:
		*i.into = v.UTC()
	case string:
		*i.into, err = time.ParseInLocation(instantText, v, time.UTC)
	default:
		err = fmt.Errorf("refundjobs: a time can't be read from a %T", value)
	}
	return err
}

// text is a column of JSON, there and back.
type text struct{ value any }

// Scan implements sql.Scanner.
func (t text) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), t.value)
	case []byte:
		return json.Unmarshal(v, t.value)
	}
	return fmt.Errorf("refundjobs: JSON can't be read from a %T", value)
}

// Value implements driver.Valuer; a nil pointer is NULL.
func (t text) Value() (driver.Value, error) {
	switch v := t.value.(type) {
	case *refundkit.Refund:
		if v == nil {
			return nil, nil
		}
	case map[string]string:
		if v == nil {
			return "{}", nil
		}
	}
	data, err := json.Marshal(t.value)
	return string(data), err
}
