package refundjobs

import (
	"context"
	"iter"
	"strconv"
	"time"
)

const changeColumns = `name, version, at, what, who, why, state, problem, detail, due_at, refund_id, refund_status, request_id, book, generation,
	coalesce((SELECT kind FROM refundjobs WHERE refundjobs.name = refundjobs_changes.name), 'refund')`

// Changes yields what happened to the row of a name, oldest first. A name without a row
// has none.
func (j *Jobs[TTx]) Changes(ctx context.Context, name string) iter.Seq2[Change, error] {
	return j.changes(ctx, "Changes", name, Change{Version: -1}, func(c *conditions, last Change) (order string) {
		c.add("name = ?", name)
		c.add("version > ?", last.Version)
		return "version"
	})
}

// ChangesSince yields what happened to all rows from an instant on, oldest first: for
// the books, and for whatever must hear of each change. A change is seen some moments
// after its At, once its transaction has committed. So start again some minutes before
// the last one that you have, and leave out what you know by Name and Version; the
// longest of your own transactions is how many.
func (j *Jobs[TTx]) ChangesSince(ctx context.Context, since time.Time) iter.Seq2[Change, error] {
	if since.IsZero() {
		since = time.Unix(0, 0)
	}
	return j.changes(ctx, "ChangesSince", "", Change{At: since, Version: -1}, func(c *conditions, last Change) (order string) {
		c.add("(at, name, version) > (?, ?, ?)", last.At, last.Name, last.Version)
		return "at, name, version"
	})
}

// changes yields changes page by page; between two pages no connection is held.
func (j *Jobs[TTx]) changes(ctx context.Context, op, name string, first Change, after func(c *conditions, last Change) (order string)) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for last := first; ; {
			c := &conditions{dialect: j.dialect}
			order := after(c, last)
			var page []Change
			err := queryAll(ctx, j.driver.Pool(), func(rows Rows) error {
				change, err := scanChange(rows)
				page = append(page, change)
				return err
			}, "SELECT "+changeColumns+" FROM refundjobs_changes "+c.where()+" ORDER BY "+order+" LIMIT "+strconv.Itoa(pageRows), c.args...)
			if err != nil {
				yield(Change{}, failed(op, name, err))
				return
			}
			for _, change := range page {
				if !yield(change, nil) {
					return
				}
			}
			if len(page) < pageRows {
				return
			}
			last = page[len(page)-1]
		}
	}
}

func scanChange(rows Rows) (c Change, err error) {
	err = rows.Scan(&c.Name, &c.Version, instant{&c.At}, &c.What, &c.Who, &c.Why, &c.Shown, &c.Problem, &c.Detail, instant{&c.Due},
		&c.RefundID, &c.RefundStatus, &c.RequestID, &c.Book, &c.Generation, &c.Kind)
	return c, err
}
