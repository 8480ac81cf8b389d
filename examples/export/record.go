package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/refundkit/refundkit"
)

// heads are the columns of the file.
var heads = []string{
	"refund", "created", "kind", "status", "failure_reason", "currency", "amount",
	"balance_currency", "net", "fee", "net_returned", "exchange_rate",
	"charge", "payment_intent", "order", "reference_state", "reference",
}

// Two kinds of refunds: money that went back, and authorizations that were let
// go before any money was taken, which no bank statement shows.
const (
	kindRefund   = "refund"
	kindReleased = "released authorization"
)

func kindOf(r *refundkit.Refund) string {
	if r.DestinationDetails.CardType == "reversal" {
		return kindReleased
	}
	return kindRefund
}

// record is a refund's line in the file. orderKey is the metadata key of the
// shop's own order id.
//
// Net, fee and exchange rate are as the balance transaction has them: Net is
// negative, because the money left. What came back when a refund failed is
// net_returned.
func record(r *refundkit.Refund, orderKey string) []string {
	var balance, net, fee, returned, rate string
	if t := r.BalanceTransaction.Value; t != nil {
		balance, net, fee = t.Currency, decimal(t.Net, t.Currency), decimal(t.Fee, t.Currency)
		if t.ExchangeRate != 0 {
			rate = strconv.FormatFloat(t.ExchangeRate, 'f', -1, 64)
		}
	}
	if t := r.FailureBalanceTransaction.Value; t != nil {
		returned = decimal(t.Net, t.Currency)
	}
	trace := r.Trace()
	return []string{
		text(r.ID), r.Created.Format(time.RFC3339), kindOf(r), text(string(r.Status)), text(string(r.FailureReason)),
		text(strings.ToUpper(r.Currency)), decimal(r.Amount, r.Currency),
		text(strings.ToUpper(balance)), net, fee, returned, rate,
		text(r.Charge.ID), text(r.PaymentIntent.ID), text(r.Metadata[orderKey]), string(trace.State), text(trace.Reference),
	}
}

// text makes a cell of what others wrote, such as metadata. A spreadsheet runs a
// cell that begins with one of = + - @ as a formula; an apostrophe before it
// makes it text. The same goes for what follows a line break, a tab, a
// semicolon, a comma or a bar, any of which some spreadsheets take for the end of
// a cell.
func text(s string) string {
	var b strings.Builder
	begins := true
	for _, char := range s {
		switch {
		case strings.ContainsRune("=+-@＝＋－＠", char):
			if begins {
				b.WriteByte('\'')
			}
			begins = false
		case strings.ContainsRune(";,|", char) || unicode.IsControl(char):
			begins = true
		default:
			begins = begins && (unicode.IsSpace(char) || char == '"' || !unicode.IsPrint(char))
		}
		b.WriteRune(char)
	}
	return b.String()
}

// line is what the totals and the chart need of a record.
type line struct {
	id       string
	created  time.Time
	kind     string
	status   refundkit.RefundStatus
	currency string
	amount   int64
}

func lineOf(r *refundkit.Refund) line {
	return line{id: r.ID, created: r.Created.Time, kind: kindOf(r), status: r.Status, currency: strings.ToUpper(r.Currency), amount: r.Amount}
}

// readLine reads a record of a file that was begun earlier.
func readLine(record []string) (line, error) {
	if len(record) != len(heads) {
		return line{}, fmt.Errorf("a record has %d columns instead of %d", len(record), len(heads))
	}
	created, err := time.Parse(time.RFC3339, record[1])
	if err != nil {
		return line{}, err
	}
	amount, err := smallest(record[6], record[5])
	if err != nil {
		return line{}, err
	}
	return line{id: record[0], created: created, kind: record[2], status: refundkit.RefundStatus(record[3]), currency: record[5], amount: amount}, nil
}
