package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/require"
)

// cells names the cells of a refund's line.
func cells(r *refundkit.Refund) map[string]string {
	named := map[string]string{}
	for i, cell := range record(r, "order_id") {
		named[heads[i]] = cell
	}
	return named
}

func TestRecord(t *testing.T) {
	created := refundkit.NewTimestamp(time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC))
	failed := &refundkit.Refund{
		ID: "re_1", Amount: 1250, Currency: "jpy", Created: created, Status: refundkit.RefundStatusFailed, FailureReason: "declined",
		Charge: refundkit.Expandable[refundkit.Charge]{ID: "ch_1"}, PaymentIntent: refundkit.Expandable[refundkit.PaymentIntent]{ID: "pi_1"},
		BalanceTransaction: refundkit.Expandable[refundkit.BalanceTransaction]{ID: "txn_1", Value: &refundkit.BalanceTransaction{
			Amount: -836, Fee: 20, Net: -856, Currency: "eur", ExchangeRate: 0.0066912}},
		FailureBalanceTransaction: refundkit.Expandable[refundkit.BalanceTransaction]{ID: "txn_2", Value: &refundkit.BalanceTransaction{Net: 836, Currency: "eur"}},
		Metadata:                  refundkit.Metadata{"order_id": "A-1", "other": "x"},
		DestinationDetails:        refundkit.DestinationDetails{Type: "card", CardType: "refund", Reference: "0123", ReferenceStatus: "available"},
	}
	require.Equal(t, map[string]string{
		"refund": "re_1", "created": "2026-03-01T23:59:59Z", "kind": "refund", "status": "failed", "failure_reason": "declined",
		"currency": "JPY", "amount": "1250", "balance_currency": "EUR", "net": "-8.56", "fee": "0.20", "net_returned": "8.36", "exchange_rate": "0.0066912",
		"charge": "ch_1", "payment_intent": "pi_1", "order": "A-1", "reference_state": "available", "reference": "0123",
	}, cells(failed))

	released := cells(&refundkit.Refund{ID: "re_2", Amount: 1250, Currency: "kwd", Created: created, Status: refundkit.RefundStatusSucceeded,
		DestinationDetails: refundkit.DestinationDetails{Type: "card", CardType: "reversal"}})
	require.Equal(t, "released authorization", released["kind"])
	require.Equal(t, "reversal", released["reference_state"])
	require.Equal(t, "1.250", released["amount"])
	for _, empty := range []string{"balance_currency", "net", "fee", "exchange_rate", "order"} {
		require.Empty(t, released[empty], empty)
	}
}

func TestLineOfAndReadLineAgree(t *testing.T) {
	refund := &refundkit.Refund{ID: "re_1", Amount: 1250, Currency: "kwd", Status: refundkit.RefundStatusCanceled, Created: refundkit.NewTimestamp(time.Unix(1790000000, 0)),
		DestinationDetails: refundkit.DestinationDetails{CardType: "reversal"}}
	read, err := readLine(record(refund, ""))
	require.NoError(t, err)
	require.Equal(t, lineOf(refund), read)
	require.Equal(t, line{id: "re_1", created: time.Unix(1790000000, 0).UTC(), kind: "released authorization", status: "canceled", currency: "KWD", amount: 1250}, read)
}

func TestText(t *testing.T) {
	for given, want := range map[string]string{
		"order-1": "order-1", "A=B": "A=B", "jenny@example.com": "jenny@example.com", "": "", "it's": "it's", "1-2": "1-2",
		"=1+1": "'=1+1", "+49": "'+49", "-5": "'-5", "@SUM(A1)": "'@SUM(A1)", "＝1": "'＝1",
		"  =1": "  '=1", "\t=1": "\t'=1", "\r\n@x": "\r\n'@x", "\ufeff=1": "\ufeff'=1", "\u200b=1": "\u200b'=1", `"=1`: `"'=1`,
		"a;=1": "a;'=1", "a, -1": "a, '-1", "a|+1": "a|'+1", "a\n=1": "a\n'=1", "==": "'==",
	} {
		require.Equal(t, want, text(given), "%q", given)
	}
}

// FuzzText reads what was written with each separator that a spreadsheet may go
// by, and finds no formula.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"=1", "a;=1", "a\n\t=1", `"",=1`, "a|@x", "a \" =1", ";\u200b;=", "a\x00=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		require.NoError(t, w.Write([]string{"re_1", text(given), "1.00"}))
		w.Flush()
		broken := strings.FieldsFunc(file.String(), func(char rune) bool { return strings.ContainsRune(",;|\t\r\n", char) })
		for _, cell := range broken {
			cell = strings.TrimFunc(cell, func(char rune) bool { return unicode.IsSpace(char) || unicode.IsControl(char) || char == '"' })
			if cell != "" {
				require.NotContains(t, "=+-@", cell[:1], "%q of %q", cell, given)
			}
		}
	})
}
