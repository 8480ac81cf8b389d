package refundjobs

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/refundkit/refundkit"
)

const (
	labelPrefix  = "label."
	maxCell      = 2000
	maxFirstLine = 64 << 10 // what is looked at to find the separator
	emptyLine    = "the line is empty: remove it, or write the refund"
)

// CSVError is the first line of a file that can't be a refund: where it is, and what
// to write instead.
type CSVError struct {
	File   string // empty if the reader has no name
	Line   int    // from 1 on, as an editor counts
	Column int    // in bytes, from 1 on; 0 is the whole line
	Name   string // of the column
	Reason string
}

// Error says file, line and column as a compiler does.
func (e *CSVError) Error() string {
	place := e.File
	if place == "" {
		place = "line"
	}
	place += ":" + strconv.Itoa(e.Line)
	if e.Column > 0 {
		place += ":" + strconv.Itoa(e.Column)
	}
	if e.Name != "" {
		place += ": " + e.Name
	}
	return "refundjobs: " + place + ": " + e.Reason
}

// ReadCSV reads a refund from each line of a file, one at a time, however long the file
// is. The first line names the columns, in any order:
//
//	name            your own name for the refund, unique for ever
//	charge          ch_...; or
//	payment_intent  pi_...
//	amount          in the currency's smallest unit, such as 1250 for 12.50 EUR; or "remaining"
//	amount_decimal  instead of amount: 12.50, with a point or a comma
//	currency        three letters
//	reason          duplicate, fraudulent or requested_by_customer; may be left out
//	account         the connected account; may be left out
//	note            for people; may be left out
//	label.NAME      your own; any number of them
//
// What spreadsheets do to a file is read: a byte order mark, CRLF, semicolons or tabs
// between the cells, quotes, empty lines at the end. An unknown column is refused: a
// mistyped one would be ignored. So is a name with a character that can't be seen, which
// would be another refund's than the same name without it, and a file that ends within a
// name or an amount, where it may be cut off: end the last line with a line break. At the first wrong line it yields a [*CSVError] and
// ends. A reader with a method Name, such as *os.File, gives the errors its name.
func ReadCSV(r io.Reader) iter.Seq2[Request, error] {
	return func(yield func(Request, error) bool) {
		t, err := newTable(r)
		for err == nil {
			var request Request
			if request, err = t.next(); err == nil && !yield(request, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(Request{}, err)
		}
	}
}

// table reads lines by the names of its columns.
type table struct {
	file    string
	source  *source
	skipped int64 // before lines began to read
	lines   *csv.Reader
	columns []string
	line    int // the last one that was read
}

func newTable(r io.Reader) (*table, error) {
	t := &table{}
	if named, ok := r.(interface{ Name() string }); ok {
		t.file = named.Name()
	}
	t.source = &source{Reader: r}
	text := bufio.NewReaderSize(t.source, maxFirstLine)
	start, _ := text.Peek(3)
	switch {
	case string(start) == "\xef\xbb\xbf":
		_, _ = text.Discard(3)
		t.skipped = 3
	case strings.HasPrefix(string(start), "\xff\xfe"), strings.HasPrefix(string(start), "\xfe\xff"):
		return nil, &CSVError{File: t.file, Line: 1, Reason: "the file is UTF-16: save it as CSV in UTF-8"}
	case strings.HasPrefix(string(start), "PK"):
		return nil, &CSVError{File: t.file, Line: 1, Reason: "the file is a spreadsheet: save it as CSV"}
	}
	t.lines = csv.NewReader(text)
	t.lines.Comma, t.lines.ReuseRecord = separator(text), true
	header, err := t.lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, &CSVError{File: t.file, Line: 1, Reason: "the file is empty: the first line names the columns, such as name,charge,amount,currency"}
	}
	if err != nil {
		return nil, t.wrong(err)
	}
	t.line, _ = t.lines.FieldPos(0)
	t.columns = slices.Clone(header)
	return t, t.checkHeader()
}

// separator is the character between the cells of the first line.
func separator(text *bufio.Reader) rune {
	line, _ := text.Peek(maxFirstLine)
	first, _, _ := strings.Cut(string(line), "\n")
	best, most := ',', strings.Count(first, ",")
	for _, other := range ";\t" {
		if n := strings.Count(first, string(other)); n > most {
			best, most = other, n
		}
	}
	return best
}

func (t *table) checkHeader() error {
	for i, column := range t.columns {
		column = strings.ToLower(strings.TrimSpace(column))
		if strings.HasPrefix(column, labelPrefix) {
			column = labelPrefix + strings.TrimSpace(t.columns[i])[len(labelPrefix):]
		}
		switch column {
		case "name", "charge", "payment_intent", "amount", "amount_decimal", "currency", "reason", "account", "note":
		default:
			if !strings.HasPrefix(column, labelPrefix) || column == labelPrefix {
				return t.cellError(i, fmt.Sprintf("there is no column %s: write one of name, charge, payment_intent, amount, amount_decimal, currency, reason, account, note, or label.NAME", quoted(t.columns[i])))
			}
		}
		if slices.Contains(t.columns[:i], column) {
			return t.cellError(i, "the column is there twice: remove one")
		}
		t.columns[i] = column
	}
	has := func(column string) bool { return slices.Contains(t.columns, column) }
	switch {
	case !has("name"):
		return t.lineError("there is no column name: each refund needs one of its own, for ever, such as order-6735/refund-1")
	case !has("charge") && !has("payment_intent"):
		return t.lineError("there is no column charge or payment_intent: say which payment is refunded")
	case has("amount") == has("amount_decimal"):
		return t.lineError("write one column amount, in the smallest unit (1250), or amount_decimal (12.50)")
	case !has("currency"):
		return t.lineError("there is no column currency: three letters, such as eur")
	}
	return nil
}

// next reads the next line that is not empty.
func (t *table) next() (Request, error) {
	cells, err := t.lines.Read()
	if err != nil {
		return Request{}, t.wrong(err)
	}
	if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return t.end()
	}
	if line, _ := t.lines.FieldPos(0); line > t.line+1 {
		return Request{}, &CSVError{File: t.file, Line: t.line + 1, Reason: emptyLine}
	}
	t.line++
	r, amount := Request{}, 0
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if reason := checkCell(cell); reason != "" {
			return Request{}, t.cellError(i, reason)
		}
		if strings.HasPrefix(t.columns[i], "amount") {
			amount = i
			continue // it is read by the currency, which may come later
		}
		if reason := r.set(t.columns[i], cell); reason != "" {
			return Request{}, t.cellError(i, reason)
		}
	}
	if reason := r.setAmount(t.columns[amount], strings.TrimSpace(cells[amount])); reason != "" {
		return Request{}, t.cellError(amount, reason)
	}
	if last := len(cells) - 1; t.cutOff() && (last == amount && !r.Params.Remaining || t.columns[last] == "name") {
		return Request{}, t.cellError(last, "the file ends here, and may be cut off: end the line with a line break if it is whole")
	}
	if (r.Params.Charge == "") == (r.Params.PaymentIntent == "") {
		return Request{}, t.lineError("name the charge or the payment_intent, one of them")
	}
	if _, err := refundkit.NewJob(r.Name, r.Params); err != nil {
		return Request{}, t.lineError(strings.TrimPrefix(err.Error(), "refundkit: "))
	}
	return r, nil
}

// end accepts empty lines at the end of a file, and nowhere else: a line that was
// emptied by mistake is a customer who gets nothing.
func (t *table) end() (Request, error) {
	empty := t.lineError(emptyLine)
	for {
		cells, err := t.lines.Read()
		if err != nil {
			return Request{}, t.wrong(err)
		}
		if slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			return Request{}, empty
		}
	}
}

func checkCell(cell string) string {
	switch {
	case !utf8.ValidString(cell):
		return "it is not UTF-8: save the file as CSV in UTF-8"
	case len(cell) > maxCell:
		return "it is longer than 2,000 bytes: is a quote missing before?"
	case strings.ContainsFunc(cell, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "it holds a line break or another character that can't be seen: remove it"
	}
	return ""
}

// set writes a cell into the request, and returns what is wrong with it.
func (r *Request) set(column, cell string) string {
	switch column {
	case "name":
		if cell == "" {
			return "each refund needs a name of its own, for ever, such as order-6735/refund-1"
		}
		if !looksAsItIs(cell) {
			return fmt.Sprintf("%+q holds a character that can't be seen, or is not in Unicode's form NFC: the same name without it is another refund", cell)
		}
		r.Name = cell
	case "charge":
		return id(&r.Params.Charge, cell, "ch_", "py_")
	case "payment_intent":
		return id(&r.Params.PaymentIntent, cell, "pi_")
	case "account":
		return id(&r.Account, cell, "acct_")
	case "currency":
		currency, err := refundkit.CurrencyOf(cell)
		if err != nil {
			return quoted(cell) + " is not a currency that Stripe counts: write three letters, such as eur"
		}
		r.Currency = currency.String()
	case "reason":
		r.Params.Reason = refundkit.RefundReason(cell)
		switch r.Params.Reason {
		case "", refundkit.RefundReasonDuplicate, refundkit.RefundReasonFraudulent, refundkit.RefundReasonRequestedByCustomer:
		default:
			return quoted(cell) + " is not a reason of Stripe's: write duplicate, fraudulent or requested_by_customer, or nothing, and your own words under note"
		}
	case "note":
		r.Note = cell
	default:
		if cell == "" {
			return ""
		}
		if r.Labels == nil {
			r.Labels = map[string]string{}
		}
		r.Labels[strings.TrimPrefix(column, labelPrefix)] = cell
	}
	return ""
}

// id writes an ID that begins with one of the prefixes, or nothing.
func id(into *string, cell string, prefixes ...string) string {
	known := func(prefix string) bool { return strings.HasPrefix(cell, prefix) && len(cell) > len(prefix) }
	if cell != "" && (!slices.ContainsFunc(prefixes, known) || strings.ContainsFunc(cell, func(c rune) bool { return c <= ' ' || c > '~' })) {
		return quoted(cell) + " is no such ID: it begins with " + strings.Join(prefixes, " or ")
	}
	*into = cell
	return ""
}

// setAmount reads the amount by the currency, and says what to write instead.
func (r *Request) setAmount(column, cell string) string {
	currency, err := refundkit.CurrencyOf(r.Currency)
	if err != nil {
		return "there is no currency to read it by"
	}
	if cell == "remaining" {
		r.Params.Remaining = true
		return ""
	}
	if column == "amount_decimal" {
		if whole, fraction, comma := strings.Cut(cell, ","); comma && len(fraction) == 3 && currency.Digits() == 3 {
			return fmt.Sprintf("%s may mean thousands: write %s.%s, or the number without a comma", quoted(cell), whole, fraction)
		}
		if strings.Count(cell, ",") == 1 && !strings.Contains(cell, ".") {
			cell = strings.Replace(cell, ",", ".", 1)
		}
		if r.Params.Amount, err = currency.Parse(cell); err != nil || r.Params.Amount < 1 {
			return fmt.Sprintf("%s is not an amount of %s: write one like %s, without thousands separators or a currency sign, or remaining", quoted(cell), currency, currency.Format(1250*currency.Step()))
		}
		return ""
	}
	if amount, err := currency.Parse(strings.Replace(cell, ",", ".", 1)); err == nil && strings.ContainsAny(cell, ".,") {
		return fmt.Sprintf("%s is no whole number of the smallest unit: write %d, or name the column amount_decimal", quoted(cell), amount)
	}
	amount, err := strconv.ParseInt(cell, 10, 64)
	if err != nil || amount < 1 || cell != strconv.FormatInt(amount, 10) {
		return quoted(cell) + " is not an amount: write a whole number of the smallest unit, such as 1250, or remaining"
	}
	if amount%currency.Step() != 0 {
		return fmt.Sprintf("%s takes multiples of %d", currency, currency.Step())
	}
	r.Params.Amount = amount
	return ""
}

// wrong puts an error of the CSV reader at its place.
func (t *table) wrong(err error) error {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return err // the end, or the reader's own
	}
	e := &CSVError{File: t.file, Line: syntax.Line, Column: syntax.Column}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		e.Column, e.Reason = 0, fmt.Sprintf("the first line names %d columns, and this line has another number of cells: is a separator in a cell that has no quotes?", len(t.columns))
	case errors.Is(err, csv.ErrBareQuote):
		e.Reason = `there is a quote within a cell: write the cell in quotes, and the quote twice, as in "the ""blue"" one"`
	case errors.Is(err, csv.ErrQuote):
		e.Reason = "a quote is not closed, or something stands behind it"
	default:
		e.Reason = "it is not CSV"
	}
	return e
}

func (t *table) cellError(i int, reason string) error {
	line, column := t.lines.FieldPos(i)
	e := &CSVError{File: t.file, Line: line, Column: column, Reason: reason}
	if line > 1 && i < len(t.columns) {
		e.Name = t.columns[i]
	}
	return e
}

func (t *table) lineError(reason string) error {
	line, _ := t.lines.FieldPos(0)
	return &CSVError{File: t.file, Line: line, Reason: reason}
}

// quoted shows a cell, shortened.
func quoted(cell string) string {
	if runes := []rune(cell); len(runes) > 40 {
		cell = string(runes[:40]) + "..."
	}
	return strconv.Quote(cell)
}
