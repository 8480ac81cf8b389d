package refundkit_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// operationsTable reads a table of docs/operations.md: the first below the heading, or
// the one that starts with a header cell.
func operationsTable(t *testing.T, heading, header string) [][]string {
	t.Helper()
	page, err := os.ReadFile("docs/operations.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## "+heading+"\n")
	require.True(t, found, heading)
	_, table, found := strings.Cut(section, "\n|"+header)
	require.True(t, found, header)
	var rows [][]string
	for i, line := range strings.Split(table, "\n") {
		if i < 2 {
			continue // the header, and the line below it
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		var cells []string
		for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	require.NotEmpty(t, rows)
	return rows
}

// says is what a Check says, as the tables write it.
func says(c *refundkit.Check) string {
	text := "`" + string(c.Way) + "`"
	if len(c.Findings) > 0 {
		text += " `" + string(c.Findings[0]) + "`"
	}
	return text
}

// rowStates are the states that a row of the tables speaks of, by its first cell.
var rowStates = map[string][]string{
	"succeeded and captured":                                                              {"paid by card", "paid without a PaymentIntent"},
	"authorized only: PaymentIntent `requires_capture`":                                   {"a hold"},
	"authorized only, charge without a PaymentIntent":                                     {"a hold without a PaymentIntent", "a hold without a PaymentIntent, in part"},
	"not yet paid: `requires_payment_method`, `requires_confirmation`, `requires_action`": {"never paid", "not confirmed", "3D Secure awaited", "declined"},
	"`processing`":     {"paid by a bank account, on its way", "sepa_debit, processing"},
	"captured in part": {"a hold, captured in part"},
	"an authorization that was canceled or expired":   {"a hold, expired", "a hold, canceled", "a hold without a PaymentIntent, expired"},
	"a payment that failed, or was canceled":          {"canceled before it was paid", "failed, without a PaymentIntent", "declined, and canceled"},
	"disputed":                                        {"disputed", "an inquiry that became a dispute"},
	"disputed, and answered or too late for that":     {"disputed, answered", "disputed, too late to answer"},
	"disputed, and lost":                              {"disputed, lost"},
	"an inquiry of the bank, not yet a dispute":       {"an inquiry", "an inquiry, answered"},
	"refunded, in whole":                              {"refunded"},
	"refunded, and a refund is on its way":            {"a refund of all is pending"},
	"refunded, and the refund waits for the customer": {"a refund waits for the customer"},

	"of a card payment": {"card, balance short", "direct charge, the connected account is short"},
	"of a card payment, with `ReverseTransfer`, and the **connected** account's balance is too low": {"destination charge, reversed, the account is short"},
	"of another payment method": {"debit, balance short"},
}

// Each row says what Check says of the payments that it speaks of. That Check says
// what Create then answers is TestCheckIsWhatCreateAnswers.
func TestDocsTablesSayWhatCheckSays(t *testing.T) {
	made := map[string]state{}
	for _, tc := range append(states(), moneyStates()...) {
		made[tc.name] = tc
	}
	rows := operationsTable(t, "Refund or cancel", " the payment |")
	rows = append(rows, operationsTable(t, "What pays for a refund", " the refund |")...)
	assert.Len(t, rows, len(rowStates), "a row, and the states that it speaks of")
	for _, row := range rows {
		names := rowStates[row[0]]
		require.NotEmpty(t, names, row[0])
		said := map[string]bool{}
		for _, alternative := range strings.Split(row[2], "; ") {
			said[alternative[strings.Index(alternative, "`"):]] = false
		}
		for _, name := range names {
			tc, known := made[name]
			require.True(t, known, name)
			check := tc.check(t)
			_, stands := said[says(check)]
			assert.True(t, stands, "%s: %s: Check says %s, the table %s", row[0], name, says(check), row[2])
			said[says(check)] = true
		}
		for alternative, seen := range said {
			assert.True(t, seen, "%s: no state is %s", row[0], alternative)
		}
	}
}

func (tc state) check(t *testing.T) *refundkit.Check {
	w := newPayWorld(t, tc.on)
	p := tc.make(w)
	params := tc.ask
	params.Remaining = params.Amount == 0
	if params.Charge = p.charge; p.charge == "" {
		params.PaymentIntent = p.intent
	}
	var opts []refundkit.CallOption
	if tc.on != "" {
		opts = append(opts, refundkit.OnAccount(tc.on))
	}
	check, err := w.client(t).Refunds.Check(t.Context(), params, opts...)
	require.NoError(t, err)
	return check
}

// The table of bank debits is RefundTermsOf, cell by cell, and Check knows it.
func TestDocsTableOfBankDebits(t *testing.T) {
	link := regexp.MustCompile(`\[(.*?)\]\((.*?)\)(.*)`)
	kinds := []string{"us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "au_becs_debit", "nz_bank_account", "customer_balance"}
	rows := operationsTable(t, "Bank debits", " | refund within |")
	require.Len(t, rows, len(kinds))
	for i, row := range rows {
		terms := refundkit.RefundTermsOf(kinds[i])
		parts := link.FindStringSubmatch(row[0])
		require.Len(t, parts, 4, row[0])
		assert.Equal(t, terms.Name, parts[1]+parts[3])
		assert.Equal(t, terms.Source, parts[2])
		assert.Equal(t, row[1], strconv.Itoa(terms.WithinDays)+" days")
		assert.Equal(t, row[2], terms.Takes)
		disputes := ""
		if len(row) > 3 {
			disputes = row[3]
		}
		assert.Equal(t, disputes, terms.CustomerDisputes)

		w := newPayWorld(t, "")
		p := w.add(refundtest.Charge{PaymentMethodType: kinds[i], ReceiptEmail: "jenny@example.com"})
		check, err := w.client(t).Refunds.Check(t.Context(), refundkit.RefundCreateParams{Charge: p.charge, Remaining: true})
		require.NoError(t, err)
		assert.Equal(t, terms, check.Terms)
		assert.Equal(t, row[1], strconv.Itoa(int(check.Deadline.Sub(w.Now()).Round(days)/days))+" days")
	}
}

// The table of Connect, cell by cell: who pays with which flags.
func TestDocsTableOfConnect(t *testing.T) {
	rows := operationsTable(t, "Connect", " kind of charge |")
	require.Len(t, rows, 3)
	for _, row := range rows {
		kind, _, _ := strings.Cut(row[0], ":")
		charge := &refundkit.Charge{ID: "ch_1", Amount: 2000, AmountCaptured: 2000, Captured: true, Currency: "usd", Status: refundkit.ChargeStatusSucceeded, ApplicationFeeAmount: 300}
		ask := func(reverse, fee bool) refundkit.Check {
			in := refundkit.CheckInput{Charge: charge, Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 1000, ReverseTransfer: reverse, RefundApplicationFee: fee}}
			switch kind {
			case "direct":
				in.Account = seller
			case "destination":
				charge.TransferData.Destination.ID = seller
			case "separate charges and transfers":
				charge.TransferGroup, charge.ApplicationFeeAmount = "order-6735", 0
			default:
				t.Fatal(row[0])
			}
			return refundkit.CheckRefund(in)
		}
		plain := ask(false, false)
		assert.Equal(t, strings.Fields(row[0])[0], string(plain.Costs.Kind)+map[bool]string{true: ":"}[strings.Contains(row[0], ":")])
		want := map[string][2]int64{"the connected account's": {0, 1000}, "the platform's": {1000, 0}}[row[2]]
		assert.Equal(t, want, [2]int64{plain.Costs.Platform, plain.Costs.Connected}, row[0])
		assert.Equal(t, strings.Contains(row[1], "OnAccount"), plain.Costs.Kind == refundkit.CheckKindDirect)

		fee, reversed, both := ask(false, true), ask(true, false), ask(true, true)
		keeps, needsReversal := strings.Contains(row[3], "`RefundApplicationFee: true`"), strings.Contains(row[3], "which also needs `ReverseTransfer: true`")
		assert.Equal(t, keeps && !needsReversal, fee.Accepted && fee.Costs.FeeReturned == 150, row[3])
		assert.Equal(t, needsReversal, both.Accepted && both.Costs.FeeReturned == 150, row[3])
		takes := strings.Contains(row[4], "`ReverseTransfer: true`")
		assert.Equal(t, takes, reversed.Accepted && reversed.Costs.TransferReversed == 1000, row[4])
		assert.Zero(t, plain.Costs.TransferReversed, row[4])
		if needsReversal {
			assert.Equal(t, [2]int64{150, 850}, [2]int64{both.Costs.Platform, both.Costs.Connected})
		}
	}
}
