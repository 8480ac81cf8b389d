package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// totals are sums in the smallest unit, for each month and currency, and counts
// for each day. Months and days are those of UTC.
type totals struct {
	months map[monthly]sums
	days   map[string]daily
	count  int
}

type monthly struct{ month, currency string }

// sums keep apart what went back, what did not arrive (failed and canceled), and
// what was never taken (released authorizations).
type sums struct{ refunds, failed, released sum }

type sum struct {
	count  int
	amount int64
}

type daily struct{ refunds, failed, released int }

func newTotals() *totals { return &totals{months: map[monthly]sums{}, days: map[string]daily{}} }

func (t *totals) add(l line) {
	t.count++
	month, day := l.created.UTC().Format("2006-01"), l.created.UTC().Format("2006-01-02")
	key := monthly{month, l.currency}
	s, d := t.months[key], t.days[day]
	switch {
	case l.kind == kindReleased:
		s.released.add(l.amount)
		d.released++
	case l.status.IsFinal():
		s.failed.add(l.amount)
		d.failed++
	default:
		s.refunds.add(l.amount)
		d.refunds++
	}
	t.months[key], t.days[day] = s, d
}

func (s *sum) add(amount int64) {
	s.count++
	s.amount += amount
}

func (s *sum) addAll(other sum) {
	s.count += other.count
	s.amount += other.amount
}

// sorted returns the months and currencies in order.
func (t *totals) sorted() []monthly {
	return slices.SortedFunc(maps.Keys(t.months), func(a, b monthly) int {
		return strings.Compare(a.month+a.currency, b.month+b.currency)
	})
}

func (t *totals) writeCSV(w io.Writer) error {
	file := csv.NewWriter(w)
	_ = file.Write([]string{"month", "currency", "refunds", "refunded", "failed_or_canceled", "amount_failed_or_canceled", "released_authorizations", "amount_released"})
	for _, key := range t.sorted() {
		s := t.months[key]
		_ = file.Write([]string{key.month, text(key.currency),
			strconv.Itoa(s.refunds.count), decimal(s.refunds.amount, key.currency),
			strconv.Itoa(s.failed.count), decimal(s.failed.amount, key.currency),
			strconv.Itoa(s.released.count), decimal(s.released.amount, key.currency)})
	}
	file.Flush()
	return file.Error() // of any of the above
}

// print shows what was refunded in each month, a column for each currency, and
// below that what does not count.
func (t *totals) print(w io.Writer) error {
	var months, currencies []string
	all := map[string]sums{}
	for _, key := range t.sorted() {
		if len(months) == 0 || months[len(months)-1] != key.month {
			months = append(months, key.month)
		}
		s, of := t.months[key], all[key.currency]
		of.refunds.addAll(s.refunds)
		of.failed.addAll(s.failed)
		of.released.addAll(s.released)
		all[key.currency] = of
	}
	currencies = slices.Sorted(maps.Keys(all))
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	row := func(head string, cell func(currency string) string) {
		fmt.Fprint(table, head, "\t")
		for _, currency := range currencies {
			fmt.Fprint(table, cell(currency), "\t")
		}
		fmt.Fprintln(table)
	}
	row("refunded in", func(currency string) string { return currency })
	for _, month := range months {
		row(month, func(currency string) string {
			return decimal(t.months[monthly{month, currency}].refunds.amount, currency)
		})
	}
	row("together", func(currency string) string { return decimal(all[currency].refunds.amount, currency) })
	row("failed or canceled", func(currency string) string { return decimal(all[currency].failed.amount, currency) })
	row("released authorizations", func(currency string) string { return decimal(all[currency].released.amount, currency) })
	return table.Flush()
}
