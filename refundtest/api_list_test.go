package refundtest_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stacked makes n refunds of one charge, three in each second, and returns
// their ids, newest first.
func stacked(t *testing.T, c *caller, n int) (charge refundtest.Charge, ids []string) {
	t.Helper()
	charge = c.server.AddCharge(refundtest.Charge{Amount: int64(n)})
	for i := range n {
		if i%3 == 0 {
			c.server.Advance(time.Second)
		}
		ids = append(ids, c.post("/v1/refunds", "charge", charge.ID, "amount", "1").ok(t).text("id"))
	}
	slices.Reverse(ids)
	return charge, ids
}

func TestListPages(t *testing.T) {
	c := setup(t)
	_, ids := stacked(t, c, 101)
	for _, tc := range []struct {
		name  string
		query []string
		from  int
		to    int
		more  bool
	}{
		{"default", nil, 0, 10, true},
		{"limit", []string{"limit", "40"}, 0, 40, true},
		{"zero becomes one", []string{"limit", "0"}, 0, 1, true},
		{"negative becomes one", []string{"limit", "-5"}, 0, 1, true},
		{"101 becomes 100", []string{"limit", "101"}, 0, 100, true},
		{"huge becomes 100", []string{"limit", "9223372036854775807"}, 0, 100, true},
		{"next", []string{"limit", "40", "starting_after", ids[39]}, 40, 80, true},
		{"last", []string{"limit", "40", "starting_after", ids[79]}, 80, 101, false},
		{"exactly to the end", []string{"limit", "21", "starting_after", ids[79]}, 80, 101, false},
		{"after the oldest", []string{"starting_after", ids[100]}, 101, 101, false},
		{"backwards to the newest", []string{"limit", "40", "ending_before", ids[40]}, 0, 40, false},
		{"backwards", []string{"limit", "40", "ending_before", ids[100]}, 60, 100, true},
		{"before the newest", []string{"ending_before", ids[0]}, 0, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			page := c.get("/v1/refunds", tc.query...).ok(t)
			assert.Equal(t, ids[tc.from:tc.to], append([]string{}, page.ids()...))
			assert.Equal(t, tc.more, page.at("has_more"))
			assert.Equal(t, "list", page.text("object"))
			assert.Equal(t, "/v1/refunds", page.text("url"))
		})
	}
}

func TestListFilters(t *testing.T) {
	c := setup(t)
	start := c.server.Now().Unix()
	charge, ids := stacked(t, c, 9) // seconds 1, 2 and 3
	other := c.server.AddCharge(refundtest.Charge{PaymentIntent: charge.PaymentIntent})
	second := c.post("/v1/refunds", "charge", other.ID).ok(t).text("id")
	empty := c.server.AddCharge(refundtest.Charge{})
	at := func(n int64) string { return fmt.Sprint(start + n) }

	assert.Equal(t, ids, c.get("/v1/refunds", "charge", charge.ID).ok(t).ids())
	assert.Equal(t, append([]string{second}, ids...), c.get("/v1/refunds", "payment_intent", charge.PaymentIntent).ok(t).ids())
	assert.Equal(t, []string{second}, c.get("/v1/refunds", "payment_intent", charge.PaymentIntent, "charge", other.ID).ok(t).ids())
	none := c.get("/v1/refunds", "charge", empty.ID).ok(t)
	assert.Equal(t, []any{}, none.at("data"))
	assert.Equal(t, false, none.at("has_more"))
	scoped := c.get("/v1/charges/"+charge.ID+"/refunds", "limit", "2").ok(t)
	assert.Equal(t, "/v1/charges/"+charge.ID+"/refunds", scoped.text("url"))
	assert.Equal(t, ids[:2], scoped.ids())

	for _, tc := range []struct {
		query []string
		want  []string
	}{
		{[]string{"created", at(2)}, ids[3:6]},
		{[]string{"created[gt]", at(1)}, ids[:6]},
		{[]string{"created[gte]", at(2)}, ids[:6]},
		{[]string{"created[lt]", at(2)}, ids[6:]},
		{[]string{"created[lte]", at(2)}, ids[3:]},
		{[]string{"created[gt]", at(1), "created[lt]", at(3)}, ids[3:6]},
		{[]string{"created[gt]", at(3), "created[lt]", at(2)}, nil},
		{[]string{"created[gt]", "9223372036854775807"}, nil},
		{[]string{"created[lte]", at(2), "starting_after", ids[4]}, ids[5:]},
		{[]string{"created[lte]", at(1), "starting_after", ids[0]}, ids[6:]},
		{[]string{"created[gte]", at(2), "ending_before", ids[8]}, ids[:6]},
	} {
		t.Run(url.QueryEscape(fmt.Sprint(tc.query)), func(t *testing.T) {
			got := c.get("/v1/refunds", append(tc.query, "charge", charge.ID, "limit", "100")...).ok(t)
			assert.Equal(t, tc.want, got.ids())
		})
	}
}

func TestExpand(t *testing.T) {
	c := setup(t)
	charge := c.server.AddCharge(refundtest.Charge{Customer: "cus_1"})
	made := c.post("/v1/refunds", "charge", charge.ID, "expand[]", "charge.payment_intent.latest_charge.refunds",
		"expand[]", "balance_transaction.source").ok(t)
	id := made.text("id")
	assert.Equal(t, "list", made.text("charge", "payment_intent", "latest_charge", "refunds", "object"))
	assert.Equal(t, id, made.text("balance_transaction", "source", "id"))
	list := c.get("/v1/refunds", "expand[]", "data", "expand[0]", "data.charge.balance_transaction", "expand[1]", "data.payment_intent").ok(t)
	first := reply{Body: list.Body["data"].([]any)[0].(map[string]any)}
	assert.Equal(t, charge.ID, first.text("charge", "id"))
	assert.EqualValues(t, 1000, first.number("charge", "balance_transaction", "amount"))
	assert.Equal(t, "payment_intent", first.text("payment_intent", "object"))
	again := c.get("/v1/refunds/" + id).ok(t)
	assert.Equal(t, charge.ID, again.text("charge"), "only what is asked for is expanded")

	for _, path := range []string{"amount", "nothing", "charge.amount", "charge.payment_intent.latest_charge.refunds.data", "data.charge", ""} {
		before := len(c.server.Refunds(""))
		fresh := c.server.AddCharge(refundtest.Charge{})
		assert.Equal(t, 400, c.post("/v1/refunds", "charge", fresh.ID, "expand[]", path).Status, path)
		require.Len(t, c.server.Refunds(""), before, "nothing is done when the answer cannot be given")
	}
	assert.Equal(t, 400, c.get("/v1/refunds", "expand", "data.charge").Status)
	assert.Equal(t, 400, c.get("/v1/refunds", "expand[]", "data.charge.refunds.data.charge").Status)
}
