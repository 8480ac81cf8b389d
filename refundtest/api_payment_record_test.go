package refundtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPaymentRecords(t *testing.T) {
	c := setup(t)
	report := func(outcome string) reply {
		return c.post("/v1/payment_records/report_payment", "amount_requested[value]", "1000", "amount_requested[currency]", "usd",
			"initiated_at", "1700000000", "payment_method_details[type]", "custom", "outcome", outcome)
	}
	paid := report("guaranteed").ok(t)
	path := "/v1/payment_records/" + paid.text("id")
	refund := func(reference string, pairs ...string) reply {
		return c.post(path+"/report_refund", append(pairs, "outcome", "refunded", "processor_details[type]", "custom",
			"processor_details[custom][refund_reference]", reference)...)
	}
	part := refund("r1", "amount[value]", "400", "amount[currency]", "usd", "refunded[refunded_at]", "1700000001").ok(t)
	assert.EqualValues(t, 400, part.number("amount_refunded", "value"))
	assert.Equal(t, "payment_record", part.text("object"))
	for name, tc := range map[string]struct {
		got   reply
		param string
	}{
		"reference used":   {refund("r1", "amount[value]", "1", "amount[currency]", "usd"), "processor_details[custom][refund_reference]"},
		"too much":         {refund("r2", "amount[value]", "601", "amount[currency]", "usd"), "amount"},
		"other currency":   {refund("r2", "amount[value]", "1", "amount[currency]", "eur"), "amount[currency]"},
		"amount in halves": {refund("r2", "amount[value]", "1"), "amount[currency]"},
		"unknown name":     {refund("r2", "processor_details[custom][x]", "1"), "processor_details[custom][x]"},
		"outcome":          {c.post(path + "/report_refund"), "outcome"},
	} {
		assert.Equal(t, 400, tc.got.Status, name)
		assert.Equal(t, tc.param, tc.got.text("error", "param"), name)
	}
	for range 2 { // without a reference nothing shows that it is the same refund
		c.post(path+"/report_refund", "outcome", "refunded", "processor_details[type]", "custom", "amount[value]", "100", "amount[currency]", "usd").ok(t)
	}
	assert.EqualValues(t, 1000, refund("r3").ok(t).number("amount_refunded", "value"), "all that is left")
	assert.Equal(t, 400, refund("r4").Status, "nothing is left")
	assert.EqualValues(t, 1000, c.get(path).ok(t).number("amount_refunded", "value"))
	failed := report("failed").ok(t)
	assert.Equal(t, 400, c.post("/v1/payment_records/"+failed.text("id")+"/report_refund", "outcome", "refunded",
		"processor_details[type]", "custom", "processor_details[custom][refund_reference]", "r5").Status)
	assert.Equal(t, 404, c.get("/v1/payment_records/pr_1").Status)
}
