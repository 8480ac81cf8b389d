package refundjobs_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

func readCSV(text string) (requests []refundjobs.Request, err error) {
	for request, err := range refundjobs.ReadCSV(strings.NewReader(text)) {
		if err != nil {
			return requests, err
		}
		requests = append(requests, request)
	}
	return requests, nil
}

func TestReadCSV(t *testing.T) {
	one := refundjobs.Request{Name: "a/1", Params: refundkit.RefundCreateParams{Charge: "ch_1", Amount: 1250}, Currency: "eur"}
	labelled := one
	labelled.Note, labelled.Labels, labelled.Account = "rain, all day", map[string]string{"Gate": "7"}, "acct_1"
	kuwait := one
	kuwait.Currency = "kwd"
	rest := one
	rest.Params = refundkit.RefundCreateParams{PaymentIntent: "pi_1", Remaining: true, Reason: refundkit.RefundReasonDuplicate}
	for name, c := range map[string]struct {
		text string
		want []refundjobs.Request
	}{
		"plain":                        {"name,charge,amount,currency\na/1,ch_1,1250,eur\n", []refundjobs.Request{one}},
		"only columns":                 {"name,charge,amount,currency\n", nil},
		"no line break at the end":     {"name,charge,amount,currency\na/1,ch_1,1250,eur", []refundjobs.Request{one}},
		"BOM, CRLF and semicolons":     {"\ufeffname;charge;amount;currency\r\na/1;ch_1;1250;EUR\r\n", []refundjobs.Request{one}},
		"tabs":                         {"name\tcharge\tamount\tcurrency\na/1\tch_1\t1250\teur\n", []refundjobs.Request{one}},
		"columns in another order":     {"Currency, amount ,CHARGE,name\neur, 1250 ,ch_1,a/1\n", []refundjobs.Request{one}},
		"decimals with a point":        {"name,charge,amount_decimal,currency\na/1,ch_1,12.50,eur\n", []refundjobs.Request{one}},
		"decimals with a comma":        {"name;charge;amount_decimal;currency\na/1;ch_1;12,5;eur\n", []refundjobs.Request{one}},
		"decimals in quotes":           {"name,charge,amount_decimal,currency\na/1,ch_1,\"12,50\",eur\n", []refundjobs.Request{one}},
		"empty lines at the end":       {"name,charge,amount,currency\na/1,ch_1,1250,eur\n\n,,,\n,,,\n", []refundjobs.Request{one}},
		"labels, notes, an account":    {"name,charge,amount,currency,note,label.Gate,label.x,account\na/1,ch_1,1250,eur,\"rain, all day\",7,,acct_1\n", []refundjobs.Request{labelled}},
		"whole, in quotes, at the end": {"name,charge,currency,amount\na/1,ch_1,eur,\"1250\"", []refundjobs.Request{one}},
		"a comma in three decimals":    {"name;charge;amount_decimal;currency\na/1;ch_1;1,25;kwd\n", []refundjobs.Request{kuwait}},
		"the rest of a payment intent": {"name,payment_intent,charge,amount,currency,reason\na/1,pi_1,,remaining,eur,duplicate\n", []refundjobs.Request{rest}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readCSV(c.text)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

// Each file that is wrong in its way, and the place and words that it is told by.
func TestReadCSVTellsWhatIsWrong(t *testing.T) {
	const head, line = "name,charge,amount,currency\n", "a/1,ch_1,1250,eur\n"
	for name, c := range map[string]struct{ text, place, words string }{
		"nothing":                     {"", "line:1:", "the first line names the columns"},
		"UTF-16":                      {"\xff\xfen\x00", "line:1:", "UTF-8"},
		"UTF-16, big end first":       {"\xfe\xff\x00n", "line:1:", "UTF-8"},
		"a spreadsheet":               {"PK\x03\x04", "line:1:", "save it as CSV"},
		"no names of columns":         {line + line, "line:1:1", "no column"},
		"a mistyped column":           {"name,charge,amount,currency,acount\n", "line:1:29", "account"},
		"a column twice":              {"name,charge,amount,amount,currency\n", "line:1:20", "twice"},
		"no column name":              {"charge,amount,currency\n", "line:1:", "name"},
		"no payment":                  {"name,amount,currency\n", "line:1:", "charge"},
		"no amount":                   {"name,charge,currency\n", "line:1:", "amount_decimal"},
		"both amounts":                {"name,charge,amount,amount_decimal,currency\n", "line:1:", "amount"},
		"no currency":                 {"name,charge,amount\n", "line:1:", "currency"},
		"a label without a name":      {"name,charge,amount,currency,label.\n", "line:1:29", "label.NAME"},
		"a cell too few":              {head + "a/1,ch_1,1250\n", "line:2:", "4 columns"},
		"a cell too many":             {head + line + "a/2,ch_1,12,50,eur\n", "line:3:", "quotes"},
		"an empty line between":       {head + line + "\n" + line, "line:3:", "empty"},
		"empty cells between":         {head + line + ",,,\n" + line, "line:3:", "empty"},
		"a space of no width":         {head + "a\u200b/1,ch_1,1250,eur\n", "line:2:1: name", `"a\u200b/1"`},
		"a space that is none":        {head + "a\u00a0/1,ch_1,1250,eur\n", "line:2:1: name", "can't be seen"},
		"an accent by itself":         {head + "cafe\u0301/1,ch_1,1250,eur\n", "line:2:1: name", "NFC"},
		"cut off in the amount":       {"name,charge,currency,amount\r\na/1,ch_1,eur,1250\r\na/2,ch_2,eur,12", "line:3:14: amount", "cut off"},
		"cut off after a BOM":         {"\ufeffname;charge;currency;amount\na/1;ch_1;eur;12", "line:2:14: amount", "cut off"},
		"cut off in the name":         {"charge,amount,currency,name\nch_1,1250,eur,a/", "line:2:15: name", "cut off"},
		"a comma of thousands":        {"name;charge;amount_decimal;currency\na/1;ch_1;1,250;kwd\n", "line:2:10: amount_decimal", "write 1.250"},
		"no name":                     {head + ",ch_1,1250,eur\n", "line:2:1: name", "for ever"},
		"a name too long":             {head + strings.Repeat("n", 501) + ",ch_1,1250,eur\n", "line:2:", "500"},
		"no charge":                   {head + "a/1,,1250,eur\n", "line:2:", "one of them"},
		"charge and payment intent":   {"name,charge,payment_intent,amount,currency\na/1,ch_1,pi_1,1250,eur\n", "line:2:", "one of them"},
		"a payment intent for charge": {head + "a/1,pi_1,1250,eur\n", "line:2:5: charge", "ch_"},
		"a prefix alone":              {head + "a/1,ch_,1250,eur\n", "line:2:5: charge", "ch_"},
		"a charge with a space":       {head + "a/1,ch_1 2,1250,eur\n", "line:2:5: charge", "ch_"},
		"an account that is none":     {"name,charge,amount,currency,account\na/1,ch_1,1250,eur,main\n", "line:2:19: account", "acct_"},
		"an empty amount":             {head + "a/1,ch_1,,eur\n", "line:2:10: amount", "whole number"},
		"zero":                        {head + "a/1,ch_1,0,eur\n", "line:2:10: amount", "whole number"},
		"less than zero":              {head + "a/1,ch_1,-1250,eur\n", "line:2:10: amount", "whole number"},
		"a point in the amount":       {head + "a/1,ch_1,12.50,eur\n", "line:2:10: amount", "write 1250"},
		"a comma in the amount":       {head + "a/1,ch_1,\"12,50\",eur\n", "line:2:10: amount", "write 1250"},
		"thousands":                   {head + "a/1,ch_1,\"1,250,000\",eur\n", "line:2:10: amount", "whole number"},
		"a leading zero":              {head + "a/1,ch_1,01250,eur\n", "line:2:10: amount", "whole number"},
		"a spreadsheet's power":       {head + "a/1,ch_1,1.25E+03,eur\n", "line:2:10: amount", "whole number"},
		"a currency sign":             {"name,charge,amount_decimal,currency\na/1,ch_1,€12.50,eur\n", "line:2:10: amount_decimal", "currency sign"},
		"decimals of a yen":           {"name,charge,amount_decimal,currency\na/1,ch_1,12.50,jpy\n", "line:2:10: amount_decimal", "jpy"},
		"three decimals":              {"name,charge,amount_decimal,currency\na/1,ch_1,12.505,eur\n", "line:2:10: amount_decimal", "12.50"},
		"an amount too large":         {head + "a/1,ch_1,99999999999999999999,eur\n", "line:2:10: amount", "whole number"},
		"a part that Stripe refuses":  {head + "a/1,ch_1,1255,kwd\n", "line:2:10: amount", "multiples of 10"},
		"a currency that is none":     {head + "a/1,ch_1,1250,euros\n", "line:2:15: currency", "three letters"},
		"an unknown currency":         {head + "a/1,ch_1,1250,zzz\n", "line:2:15: currency", "three letters"},
		"no currency in the line":     {head + "a/1,ch_1,1250,\n", "line:2:15: currency", "three letters"},
		"a reason of one's own":       {"name,charge,amount,currency,reason\na/1,ch_1,1250,eur,rain\n", "line:2:19: reason", "note"},
		"a quote within":              {head + "a \"1\",ch_1,1250,eur\n", "line:2:3", "twice"},
		"a quote that is not closed":  {head + "\"a/1,ch_1,1250,eur\n", "line:", "not closed"},
		"a line break in a cell":      {head + "\"a\n1\",ch_1,1250,eur\n", "line:2:1: name", "can't be seen"},
		"a zero byte":                 {head + "a\x001,ch_1,1250,eur\n", "line:2:1: name", "can't be seen"},
		"not UTF-8":                   {head + "caf\xe9,ch_1,1250,eur\n", "line:2:1: name", "UTF-8"},
		"a cell without end":          {head + "a/1,ch_1,1250,eur" + strings.Repeat("r", 3000) + "\n", "line:2:15: currency", "2,000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			requests, err := readCSV(c.text)
			var wrong *refundjobs.CSVError
			require.ErrorAs(t, err, &wrong)
			assert.Contains(t, err.Error(), "refundjobs: "+c.place)
			assert.Contains(t, wrong.Reason, c.words)
			assert.LessOrEqual(t, len(requests), 1)
		})
	}
}

// namedReader is a file by its name.
type namedReader struct{ io.Reader }

func (namedReader) Name() string { return "festival.csv" }

func TestReadCSVNamesTheFile(t *testing.T) {
	for _, err := range refundjobs.ReadCSV(namedReader{strings.NewReader("name,charge,amount,currency\na,b,1,eur\n")}) {
		require.EqualError(t, err, `refundjobs: festival.csv:2:3: charge: "b" is no such ID: it begins with ch_ or py_`)
	}
}

// lines writes a file of n refunds without holding it.
func lines(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		fmt.Fprintln(w, "name,charge,amount,currency,note")
		for i := range n {
			fmt.Fprintf(w, "festival/%d,ch_%d,%d,eur,\"day %d, all\"\n", i, i, i+1, i%3)
		}
		w.Close()
	}()
	return r
}

func TestReadCSVHoldsOneLine(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n, most := heap(), 0, uint64(0)
	for request, err := range refundjobs.ReadCSV(lines(200_000)) {
		require.NoError(t, err)
		if n++; n%50_000 == 0 {
			most = max(most, heap())
		}
		require.Equal(t, int64(n), request.Params.Amount)
	}
	assert.Equal(t, 200_000, n)
	assert.Less(t, most, before+4<<20)
}

func FuzzReadCSV(f *testing.F) {
	f.Add("name,charge,amount,currency\na/1,ch_1,1250,eur\n")
	f.Add("\ufeffname;payment_intent;amount_decimal;currency;label.x\r\n\"a\";pi_1;12,50;jpy;\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		requests, err := readCSV(text)
		for _, r := range requests {
			if _, err := refundkit.NewJob(r.Name, r.Params); err != nil || r.Currency == "" {
				t.Fatalf("%+v was read, and is no refund: %v", r, err)
			}
		}
		if err != nil && !strings.HasPrefix(err.Error(), "refundjobs: ") {
			t.Fatalf("not told as ours: %v", err)
		}
	})
}
