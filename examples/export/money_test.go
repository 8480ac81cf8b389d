package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecimal(t *testing.T) {
	for _, test := range []struct {
		amount   int64
		currency string
		want     string
	}{
		{1250, "usd", "12.50"}, {1250, "USD", "12.50"}, {5, "eur", "0.05"}, {0, "eur", "0.00"}, {-5, "eur", "-0.05"}, {-1250, "gbp", "-12.50"},
		{1250, "jpy", "1250"}, {0, "jpy", "0"}, {-7, "krw", "-7"}, {1, "vnd", "1"},
		{1250, "kwd", "1.250"}, {1, "bhd", "0.001"}, {-999, "jod", "-0.999"}, {1000, "omr", "1.000"}, {10, "tnd", "0.010"},
		{500, "zzz", "500 in the smallest unit"}, {-1, "zzz", "-1 in the smallest unit"},
		{500, "isk", "5.00"}, {500, "ugx", "5.00"},
		{math.MaxInt64, "usd", "92233720368547758.07"}, {math.MinInt64, "usd", "-92233720368547758.08"},
	} {
		require.Equal(t, test.want, decimal(test.amount, test.currency), test.currency)
		back, err := smallest(test.want, test.currency)
		require.NoError(t, err)
		require.Equal(t, test.amount, back)
	}
}

func TestSmallestRefusesWhatDecimalDoesNotWrite(t *testing.T) {
	for _, test := range [][2]string{{"12.5", "usd"}, {"12", "usd"}, {"12.500", "usd"}, {"1.2", "jpy"}, {"", "jpy"}, {"012.50", "usd"}, {"+1.00", "usd"}, {"1.00", "kwd"}, {"5.00", "zzz"}, {"5", "zzz"}, {"-0.00", "usd"}, {"1.-5", "usd"}} {
		_, err := smallest(test[0], test[1])
		require.Error(t, err, test)
	}
}
