package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/refundkit/refundkit"
)

// table shows the refunds as they change: redrawn in place if it is live, a
// line for each change if not.
type table struct {
	mu    sync.Mutex
	out   io.Writer
	live  bool
	rows  []change // the last of each refund
	lines int      // that are on the screen below the title
	title string
}

func newTable(out io.Writer, live bool) *table { return &table{out: out, live: live} }

// isTerminal reports whether a person is looking who can see lines redrawn.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// note announces what happens next.
func (t *table) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.title = text
	if t.live {
		t.redraw()
		return
	}
	fmt.Fprintf(t.out, "%s\n", text)
}

// changed takes a change in.
func (t *table) changed(c change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	same := func(other change) bool { return other.refund.ID == c.refund.ID }
	if at := slices.IndexFunc(t.rows, same); at >= 0 {
		t.rows[at] = c
	} else {
		t.rows = append(t.rows, c)
	}
	slices.SortFunc(t.rows, func(a, b change) int { return cmp.Compare(order(a), order(b)) })
	if t.live {
		t.redraw()
		return
	}
	from := cmp.Or(string(c.before), "new")
	fmt.Fprintf(t.out, "  %s  %s  %s -> %s  (%s)\n", order(c), money(c.refund.Amount), from, c.refund.Status, why(c))
}

// final shows the table for the last time, with what was given back.
func (t *table) final(given map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live {
		t.redraw()
	} else {
		fmt.Fprintf(t.out, "\n%s", t.draw())
	}
	fmt.Fprintf(t.out, "\nGiven back, by the books: %s USD\n", money(given["usd"]))
}

// redraw goes up to where the table began, and writes it anew.
func (t *table) redraw() {
	if t.lines > 0 {
		fmt.Fprintf(t.out, "\x1b[%dA", t.lines)
	}
	text := t.title + "\n\n" + t.draw()
	t.lines = strings.Count(text, "\n")
	fmt.Fprint(t.out, "\r\x1b[J"+text)
}

func (t *table) draw() string {
	var b bytes.Buffer
	columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "ORDER\tUSD\tSTATUS\tAT THE CUSTOMER'S BANK\tLAST CHANGE")
	for _, row := range t.rows {
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\n", order(row), money(row.refund.Amount), status(row.refund), trace(row.refund), why(row))
	}
	_ = columns.Flush() // a buffer takes everything
	return b.String()
}

// order is the shop's own name for the refund.
func order(c change) string { return c.refund.Metadata[refundkit.ReferenceMetadataKey] }

func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func status(r refundkit.Refund) string {
	detail := string(r.FailureReason) + string(r.PendingReason)
	if detail == "" {
		return string(r.Status)
	}
	return string(r.Status) + ": " + detail
}

// trace is what support can tell the customer.
func trace(r refundkit.Refund) string {
	trace := r.Trace()
	if trace.State == refundkit.TraceStateAvailable {
		return trace.Reference
	}
	return "reference " + string(trace.State)
}

// why says which event led to the change, and what it took.
func why(c change) string {
	text := string(c.event)
	if c.refetched {
		text += ", retrieved"
	}
	if c.entry != refundkit.BookEntryNone {
		text += ", " + string(c.entry)
	}
	return text
}
