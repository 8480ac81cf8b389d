package main

import (
	"os"
	"testing"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSeed(t *testing.T) {
	server := refundtest.New()
	content, err := os.ReadFile("testdata/charges.json")
	require.NoError(t, err)
	worlds, err := seed(server, "charges.json", content, map[string]bool{})
	require.NoError(t, err)
	require.Len(t, worlds, 2)
	assert.Equal(t, "acct_1Shop", worlds[0].name)
	assert.Equal(t, "acct_1Shop, live mode", worlds[1].name)

	coffee, ok := server.Charge("ch_1Coffee")
	require.True(t, ok)
	assert.EqualValues(t, 123450, coffee.Amount)
	assert.EqualValues(t, 500, coffee.AmountRefunded, "a failed refund does not count")
	assert.Equal(t, "6735", coffee.Metadata["order"])
	assert.EqualValues(t, 1700000000, coffee.Created.Unix())
	var statuses []string
	for _, r := range server.Refunds("") {
		statuses = append(statuses, r.Status)
	}
	assert.ElementsMatch(t, []string{"succeeded", "failed", "pending", "requires_action"}, statuses)
	hold, ok := server.Charge("ch_1Hold")
	require.True(t, ok)
	assert.True(t, hold.Uncaptured)
	assert.Equal(t, refundtest.SucceedsThenFails, hold.OnRefund)
	_, ok = server.Live().Charge("ch_1Live")
	assert.True(t, ok)
	_, ok = server.Account("acct_1Shop").Charge("ch_1Shop")
	assert.True(t, ok)
}

func TestSeedSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"empty":           {"", `f.json:1: it must be a JSON array of charges`},
		"an object":       {`{"amount": 1}`, `f.json:1: it must be a JSON array of charges`},
		"no amount":       {"[\n {\"amount\": 1},\n {}\n]", `f.json:3: charge 2: field "amount": it must be at least 1, in the currency's smallest unit`},
		"bad amount":      {"[\n {\n  \"id\": \"ch_1\",\n  \"amount\": -5\n }\n]", `f.json:4: charge 1: field "amount": it must be at least 1, in the currency's smallest unit`},
		"text for amount": {"[\n {\n  \"id\": \"ch_1\",\n  \"amount\": \"5\"\n }\n]", `f.json:4: charge 1: field "amount": it must be a whole number, not string`},
		"fraction":        {"[{\n\"amount\": 5.5}]", `f.json:2: charge 1: field "amount": it must be a whole number, not number 5.5`},
		"unknown field":   {"[\n\n{\"amount\": 1,\n \"amont\": 5}]", `f.json:4: charge 1: field "amont": there is no such field`},
		"currency":        {"[{\"amount\": 1,\n \"currency\": \"USD\"}]", `f.json:2: charge 1: field "currency": it must be three lower-case letters, such as usd`},
		"status":          {`[{"amount": 1, "status": "done"}]`, `f.json:1: charge 1: field "status": it must be succeeded, pending or failed`},
		"outcome":         {`[{"amount": 1, "on_refund": "explodes"}]`, `f.json:1: charge 1: field "on_refund": it must be one of succeeds, pends_then_succeeds, succeeds_then_fails, stays_pending, requires_action`},
		"account":         {`[{"amount": 1, "account": "shop"}]`, `f.json:1: charge 1: field "account": it must be the id of an account, acct_...`},
		"fee":             {`[{"amount": 1, "application_fee_amount": 2}]`, `f.json:1: charge 1: field "application_fee_amount": it must be from 0 to the amount`},
		"twice":           {"[{\"amount\": 1, \"id\": \"ch_1\"},\n{\"amount\": 1, \"id\": \"ch_1\"}]", `f.json:2: charge 2: field "id": there already is a charge ch_1`},
		"too much":        {"[{\"amount\": 9,\n\"id\": \"ch_1\",\n\"refunds\": [{\"amount\": 5}, {\"amount\": 5}]}]", `f.json:3: charge 1: field "refunds": refund 2: the charge ch_1 has 4 left, not 5`},
		"no JSON":         {"[{\"amount\": 1},\n{\"amount\": 1,,}]", `f.json:2: charge 2: invalid character ',' looking for beginning of object key string`},
		"cut off":         {"[{\"amount\": 1},\n{\"amount\"", `f.json:2: charge 2: the file ends within the array`},
		"not closed":      {"[{\"amount\": 1}\n", `f.json:2: the file ends within the array`},
		"after a comma":   {"[{\"amount\": 1},\n", `f.json:2: the file ends within the array`},
		"only the start":  {"[\n", `f.json:2: the file ends within the array`},
		"trailing":        {"[{\"amount\": 1}]\n[]", `f.json:2: there is something after the array`},
		"one intent":      {"[{\"amount\": 1, \"payment_intent\": \"pi_1\"},\n{\"amount\": 1, \"payment_intent\": \"pi_1\"}]", `f.json:2: charge 2: field "payment_intent": another charge has pi_1`},
		"a path for id":   {`[{"amount": 1, "id": "ch_1/refunds"}]`, `f.json:1: charge 1: field "id": it must begin with ch_ or py_ and go on with letters, digits and underscores`},
		"a refund's id":   {`[{"amount": 1, "refunds": [{"id": "re_1/2"}]}]`, `f.json:1: charge 1: field "refunds": refund 1: field "id": it must begin with re_ or pyr_ and go on with letters, digits and underscores`},
		"intent's id":     {`[{"amount": 1, "payment_intent": "ch_1"}]`, `f.json:1: charge 1: field "payment_intent": it must begin with pi_ and go on with letters, digits and underscores`},
		"reason":          {`[{"amount": 1, "refunds": [{"reason": "bored"}]}]`, `f.json:1: charge 1: field "refunds": refund 1: field "reason": it must be one of duplicate, fraudulent, requested_by_customer, expired_uncaptured_charge`},
		"before 1970":     {`[{"amount": 1, "created": -5}]`, `f.json:1: charge 1: field "created": it must be in Unix seconds, and not in the future`},
		"far future":      {`[{"amount": 1, "refunds": [{"created": 99999999999}]}]`, `f.json:1: charge 1: field "refunds": refund 1: field "created": it must be in Unix seconds, and not in the future`},
		"refunded before": {`[{"amount": 1, "created": 9, "refunds": [{"created": 8}]}]`, `f.json:1: charge 1: field "refunds": refund 1: field "created": it is before the charge was made`},
		"less than none":  {`[{"amount": 1, "refunds": [{"amount": -1}]}]`, `f.json:1: charge 1: field "refunds": refund 1: field "amount": it must be at least 1, in the currency's smallest unit`},
		"type":            {`[{"amount": 1, "payment_method_type": "banana"}]`, `f.json:1: charge 1: field "payment_method_type": "banana" is not a type of Stripe's, such as card or sepa_debit`},
		"a field twice":   {"[{\"amount\": 1,\n\"amount\": 2}]", `f.json:1: charge 1: field "amount": it is there twice`},
		"twice inside":    {"[{\"amount\": 1,\n\"metadata\": {\"a\": \"1\", \"a\": \"2\"}}]", `f.json:2: charge 1: field "a": it is there twice`},
		"no currency":     {`[{"amount": 1, "currency": "zzz"}]`, `f.json:1: charge 1: field "currency": "zzz" is not a currency of Stripe's`},
		"metadata":        {`[{"amount": 1, "metadata": {"a[b]": "c"}}]`, `f.json:1: charge 1: field "metadata": a name has at most 40 characters and no brackets, a value at most 500`},
		"not an object":   {"[\n5]", `f.json:2: charge 1: it must be an object, not number`},
	} {
		_, err := seed(refundtest.New(), "f.json", []byte(c.content), map[string]bool{})
		assert.EqualError(t, err, c.want, name)
	}
}

func FuzzSeed(f *testing.F) {
	f.Add([]byte(`[{"amount": 1, "refunds": [{}]}]`))
	f.Add([]byte("[{\"amount\": 1,\n\"x\": \"\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _ = seed(refundtest.New(), "f.json", content, map[string]bool{}) // must return
	})
}
