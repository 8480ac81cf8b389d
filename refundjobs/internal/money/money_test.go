package money_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit/refundjobs/internal/money"
)

func TestDecimal(t *testing.T) {
	for _, test := range []struct {
		code, want string
	}{
		{"eur", "12.50"}, {"EUR", "12.50"}, {"jpy", "1250"}, {"kwd", "1.250"},
		{"zzz", "1250"}, {"", "1250"}, // not known: never guessed
	} {
		require.Equal(t, test.want, money.Decimal(1250, test.code), test.code)
	}
}
