package refundkit_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func currency(t testing.TB, code string) refundkit.Currency {
	t.Helper()
	c, err := refundkit.CurrencyOf(code)
	require.NoError(t, err)
	return c
}

// refusedParam is the parameter that a ParamError names.
func refusedParam(t testing.TB, err error) string {
	t.Helper()
	var refused *refundkit.ParamError
	require.ErrorAs(t, err, &refused)
	return refused.Param
}

func TestCurrencyOf(t *testing.T) {
	for code, want := range map[string]struct {
		digits int
		step   int64
	}{
		"usd": {2, 1}, "EUR": {2, 1}, "huf": {2, 1}, "twd": {2, 1}, "mga": {0, 1}, "jpy": {0, 1}, "clp": {0, 1}, "KRW": {0, 1},
		"kwd": {3, 10}, "bhd": {3, 10}, "tnd": {3, 10}, "isk": {2, 100}, "UGX": {2, 100}, "zmw": {2, 1}, "aed": {2, 1},
	} {
		c := currency(t, code)
		assert.Equal(t, want.digits, c.Digits(), code)
		assert.Equal(t, want.step, c.Step(), code)
		assert.Len(t, c.String(), 3)
	}
	for _, code := range []string{"", " ", "yen", "us", "usd ", "d e", "aed afn", "usdc", "ustot", "€"} {
		c, err := refundkit.CurrencyOf(code)
		assert.Equal(t, "currency", refusedParam(t, err), code)
		assert.Zero(t, c)
	}
}

func TestZeroCurrencyRefusesToCompute(t *testing.T) {
	var none refundkit.Currency
	_, err := none.Parse("5")
	assert.Equal(t, "currency", refusedParam(t, err))
	_, err = none.Split(5, []int64{1})
	assert.Equal(t, "currency", refusedParam(t, err))
	_, err = none.Percent(5, "10", refundkit.RoundingDown)
	assert.Equal(t, "currency", refusedParam(t, err))
	assert.Equal(t, "5", none.Format(5))
	assert.Equal(t, int64(1), none.Step())
}

func TestFormatAndParse(t *testing.T) {
	for _, test := range []struct {
		code   string
		amount int64
		text   string
	}{
		{"usd", 0, "0.00"}, {"usd", 5, "0.05"}, {"usd", -5, "-0.05"}, {"usd", 1250, "12.50"}, {"usd", 100, "1.00"},
		{"jpy", 0, "0"}, {"jpy", 1250, "1250"}, {"jpy", -7, "-7"}, {"kwd", 5120, "5.120"}, {"kwd", 10, "0.010"},
		{"isk", 500, "5.00"}, {"ugx", 500, "5.00"}, {"huf", 1045, "10.45"},
		{"usd", math.MaxInt64, "92233720368547758.07"}, {"usd", math.MinInt64, "-92233720368547758.08"},
	} {
		c := currency(t, test.code)
		assert.Equal(t, test.text, c.Format(test.amount), test.code)
		amount, err := c.Parse(test.text)
		require.NoError(t, err, test.text)
		assert.Equal(t, test.amount, amount, test.text)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{"12": 1200, "12.5": 1250, "12.50": 1250, "0.5": 50, "-12": -1200} {
		amount, err := currency(t, "usd").Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, amount, text)
	}
	for code, texts := range map[string][]string{
		"usd": {"", " ", "-", ".", "5.", ".5", "1,250.00", "12,50", "1.250", "12.500", "1.2.3", "+5", "--5", "5-", " 5", "5 ", "1e3", "0x10",
			"٣", "1_000", "007", "00", "$5", "5 USD", "NaN", "92233720368547758.08", "-92233720368547758.09", "99999999999999999999"},
		"jpy": {"1250.00", "5.", "1.250", "5.0"},
		"kwd": {"5.124", "5.1200", "0.001"},
		"isk": {"5.50", "0.01"},
	} {
		for _, text := range texts {
			amount, err := currency(t, code).Parse(text)
			assert.Equal(t, "amount", refusedParam(t, err), "%s %q", code, text)
			assert.Zero(t, amount, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"12.50", "1250", "5.120", "-0.01", "1,250", "92233720368547758.07", "007", "5."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, code := range []string{"usd", "jpy", "kwd", "isk"} {
			c := currency(t, code)
			amount, err := c.Parse(text)
			if err != nil {
				assert.Zero(t, amount)
				continue
			}
			asked, ok := new(big.Rat).SetString(text)
			require.True(t, ok, "%q was read as %d %s", text, amount, code)
			unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits())), nil)
			assert.Zero(t, asked.Cmp(new(big.Rat).SetFrac(big.NewInt(amount), unit)), "%q was read as %d %s", text, amount, code)
			again, err := c.Parse(c.Format(amount))
			require.NoError(t, err)
			assert.Equal(t, amount, again)
		}
	})
}

func TestSplit(t *testing.T) {
	for name, test := range map[string]struct {
		code    string
		amount  int64
		weights []int64
		want    []int64
	}{
		"even":                      {"usd", 900, []int64{1, 1, 1}, []int64{300, 300, 300}},
		"a cent too many":           {"usd", 1000, []int64{1, 1, 1}, []int64{334, 333, 333}},
		"two cents too many":        {"usd", 1001, []int64{1, 1, 1}, []int64{334, 334, 333}},
		"the largest remainder":     {"usd", 100, []int64{100, 200, 400}, []int64{14, 29, 57}},
		"what the lines cost":       {"usd", 1000, []int64{1999, 501, 0}, []int64{800, 200, 0}},
		"nothing":                   {"usd", 0, []int64{3, 4}, []int64{0, 0}},
		"one line":                  {"jpy", 7, []int64{9}, []int64{7}},
		"more lines than cents":     {"usd", 2, []int64{1, 1, 1}, []int64{1, 1, 0}},
		"tens of three decimals":    {"kwd", 1000, []int64{1, 1, 1}, []int64{340, 330, 330}},
		"whole units of isk":        {"isk", 1000, []int64{1, 1, 1}, []int64{400, 300, 300}},
		"beyond 64 bits in between": {"usd", math.MaxInt64, []int64{math.MaxInt64 - 1, 1}, []int64{math.MaxInt64 - 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := currency(t, test.code).Split(test.amount, test.weights)
			require.NoError(t, err)
			assert.Equal(t, test.want, parts)
		})
	}
	for name, test := range map[string]struct {
		code    string
		amount  int64
		weights []int64
		param   string
	}{
		"negative amount":  {"usd", -1, []int64{1}, "amount"},
		"between two tens": {"kwd", 1001, []int64{1}, "amount"},
		"no lines":         {"usd", 5, nil, "weights"},
		"only zeros":       {"usd", 5, []int64{0, 0}, "weights"},
		"negative weight":  {"usd", 5, []int64{3, -1}, "weights"},
		"too large a sum":  {"usd", 5, []int64{math.MaxInt64, 1}, "weights"},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := currency(t, test.code).Split(test.amount, test.weights)
			assert.Nil(t, parts)
			assert.Equal(t, test.param, refusedParam(t, err))
		})
	}
}

// TestSplitAddsUp holds what is promised of every split, for amounts of all sizes.
func TestSplitAddsUp(t *testing.T) {
	random := rand.New(rand.NewPCG(6735, 1))
	for _, code := range []string{"usd", "jpy", "kwd", "isk"} {
		c := currency(t, code)
		for range 5000 {
			weights := make([]int64, 1+random.IntN(12))
			total := int64(0)
			for i := range weights {
				weights[i] = random.Int64N(1 << random.IntN(58))
				total += weights[i]
			}
			if total == 0 {
				continue
			}
			amount := random.Int64N(1<<random.IntN(63)) / c.Step() * c.Step()

			parts, err := c.Split(amount, weights)

			require.NoError(t, err)
			sum := int64(0)
			for i, part := range parts {
				sum += part
				require.GreaterOrEqual(t, part, int64(0))
				require.Zero(t, part%c.Step(), "it could not be sent")
				exact := big.NewRat(weights[i], total)
				exact.Mul(exact, new(big.Rat).SetInt64(amount))
				distance := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(part))
				require.Negative(t, distance.Abs(distance).Cmp(new(big.Rat).SetInt64(c.Step())), "%d of %v", amount, weights)
				if weights[i] == 0 {
					require.Zero(t, part)
				}
				if c.Step() == 1 && amount <= total {
					require.LessOrEqual(t, part, weights[i], "a line got more than it cost")
				}
			}
			require.Equal(t, amount, sum, "%v", weights)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, test := range []struct {
		code                   string
		amount                 int64
		percent                string
		down, up, half, toEven int64
	}{
		{"usd", 1000, "10", 100, 100, 100, 100},
		{"usd", 1999, "50", 999, 1000, 1000, 1000},
		{"usd", 1997, "50", 998, 999, 999, 998},
		{"usd", 1001, "33.3", 333, 334, 333, 333},
		{"usd", 100, "12.5", 12, 13, 13, 12},
		{"usd", 1, "0.000000001", 0, 1, 0, 0},
		{"usd", 1999, "0", 0, 0, 0, 0},
		{"usd", 1999, "100", 1999, 1999, 1999, 1999},
		{"usd", 1999, "100.000", 1999, 1999, 1999, 1999},
		{"usd", math.MaxInt64, "100", math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
		{"jpy", 15, "50", 7, 8, 8, 8},
		{"kwd", 1250, "10", 120, 130, 130, 120},
		{"isk", 2500, "10", 200, 300, 300, 200},
	} {
		for rounding, want := range map[refundkit.Rounding]int64{
			refundkit.RoundingDown: test.down, refundkit.RoundingUp: test.up, refundkit.RoundingHalfUp: test.half, refundkit.RoundingHalfEven: test.toEven,
		} {
			got, err := currency(t, test.code).Percent(test.amount, test.percent, rounding)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%s%% of %d %s, %s", test.percent, test.amount, test.code, rounding)
		}
	}
	for name, test := range map[string]struct {
		amount   int64
		percent  string
		rounding refundkit.Rounding
		param    string
	}{
		"negative amount":     {-1, "10", refundkit.RoundingDown, "amount"},
		"no percentage":       {100, "", refundkit.RoundingDown, "percent"},
		"negative":            {100, "-5", refundkit.RoundingDown, "percent"},
		"above all":           {100, "100.1", refundkit.RoundingDown, "percent"},
		"far above all":       {100, "1000", refundkit.RoundingDown, "percent"},
		"a sign":              {100, "10%", refundkit.RoundingDown, "percent"},
		"a comma":             {100, "12,5", refundkit.RoundingDown, "percent"},
		"too many decimals":   {100, "1.0000000001", refundkit.RoundingDown, "percent"},
		"no rounding":         {100, "10", "", "rounding"},
		"an unknown rounding": {100, "10", "bankers", "rounding"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := currency(t, "usd").Percent(test.amount, test.percent, test.rounding)
			assert.Zero(t, got)
			assert.Equal(t, test.param, refusedParam(t, err))
		})
	}
}
