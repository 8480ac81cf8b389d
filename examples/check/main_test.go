package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// nothing is an environment in which nothing is set.
func nothing(string) string { return "" }

func TestTour(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, nothing, &out))
	ways := map[string]string{}
	for _, payment := range strings.Split(out.String(), "\n\n")[1:] {
		lines := strings.Split(payment, "\n")
		_, title, found := strings.Cut(lines[0], "  ")
		require.True(t, found, lines[0])
		ways[title] = strings.TrimSpace(lines[1])
	}
	require.Equal(t, map[string]string{
		"paid by card":                           "refund it",
		"5.00 are on their way back":             "refund it",
		"refunded":                               "nothing can be done",
		"authorized, not captured":               "cancel the PaymentIntent: nothing was taken, so there is nothing to refund",
		"declined":                               "cancel the PaymentIntent: nothing was taken, so there is nothing to refund",
		"disputed":                               "answer or accept the dispute",
		"the bank inquires":                      "refund it",
		"a bank debit on its way":                "wait",
		"a bank debit of last month":             "refund it",
		"a bank debit of last year":              "nothing can be done",
		"a bank transfer, no e-mail address":     "ask the customer",
		"paid by card, and the balance is empty": "refund it",
		"a bank debit, and the balance is empty": "bring up the balance first",
	}, ways)
	require.Contains(t, out.String(), "left       15.00 USD of 20.00 USD\n  on its way 5.00 USD of re_")
	require.Contains(t, out.String(), "deadline   none known for card")
	require.Contains(t, out.String(), "0.00 USD available: the refund would be pending until there is more")
	require.Contains(t, out.String(), "180 days after the payment (https://docs.stripe.com/payments/ach-direct-debit)")
}

func TestPaymentsOfYours(t *testing.T) {
	server := refundtest.New(refundtest.WithSeed(1))
	defer server.Close()
	seller := server.Account("acct_1CheckSeller00")
	own, direct := server.AddCharge(refundtest.Charge{Amount: 1250, Currency: "kwd"}), seller.AddCharge(refundtest.Charge{Amount: 2000})
	base := server.Start()
	environment := func(name string) string { return map[string]string{"REFUNDKIT_BASE_URL": base}[name] }

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-amount", "250", own.ID, own.PaymentIntent}, environment, &out))
	require.Equal(t, 2, strings.Count(out.String(), "left       1.250 KWD of 1.250 KWD"), out.String())
	require.Equal(t, 2, strings.Count(out.String(), "pays       you 0.250 KWD"), out.String())

	out.Reset()
	require.NoError(t, run(t.Context(), []string{"-json", "-account", seller.AccountID(), direct.ID}, environment, &out))
	var check refundkit.Check
	require.NoError(t, json.Unmarshal(out.Bytes(), &check))
	require.Equal(t, refundkit.CheckKindDirect, check.Costs.Kind)
	require.EqualValues(t, 2000, check.Costs.Connected)

	out.Reset()
	err := run(t.Context(), []string{"ch_nope", own.ID}, environment, &out)
	require.ErrorIs(t, err, refundkit.ErrNotFound)
	require.Contains(t, out.String(), own.ID, "one failure does not stop the others")

	for _, args := range [][]string{{}, {"-amount", "x"}, {"-amount", "-5", own.ID}} {
		require.Error(t, run(t.Context(), args, environment, &out), args)
	}
	require.Len(t, server.Refunds(""), 0, "it changes nothing")
}

func TestKeys(t *testing.T) {
	var out bytes.Buffer
	live := func(name string) string { return map[string]string{"STRIPE_API_KEY": "sk_live_1"}[name] }
	require.ErrorContains(t, run(t.Context(), []string{"ch_1"}, live, &out), "test key only")
	require.ErrorContains(t, run(t.Context(), []string{"ch_1"}, nothing, &out), "STRIPE_API_KEY")
	test := func(name string) string { return map[string]string{"STRIPE_API_KEY": "sk_test_1"}[name] }
	require.ErrorContains(t, run(t.Context(), nil, test, &out), "name the payments")
}
