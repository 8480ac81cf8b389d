package refundkit

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Format writes an amount, given in the smallest unit, as a decimal number with a
// point and without separators: 1250 of usd is 12.50, of jpy 1250. The zero Currency
// writes the number as it is. It is for logs and files; people read amounts in the
// manner of their language.
func (c Currency) Format(amount int64) string {
	sign, size := "", uint64(amount)
	if amount < 0 {
		sign, size = "-", -size
	}
	digits := fmt.Sprintf("%0*d", c.digits+1, size)
	if c.digits == 0 {
		return sign + digits
	}
	point := len(digits) - c.digits
	return sign + digits[:point] + "." + digits[point:]
}

// Parse reads a decimal number as an amount in the smallest unit: 12.50, 12.5 and
// 12 of usd, 1250 of jpy. It reads what Format writes, and refuses what could mean
// something else: separators of thousands, a comma, more decimals than the currency
// has, spaces, signs but a leading minus, leading zeros, and fractions that Stripe
// does not take (see [Currency.Step]). No float comes near it.
func (c Currency) Parse(text string) (int64, error) {
	if err := c.known(); err != nil {
		return 0, err
	}
	size, negative := strings.CutPrefix(text, "-")
	whole, fraction, hasPoint := strings.Cut(size, ".")
	switch {
	case !isDigits(whole) || hasPoint && !isDigits(fraction):
		return 0, &ParamError{Param: "amount", Reason: "it must be digits with at most one point among them, such as " + c.Format(c.example())}
	case len(whole) > 1 && whole[0] == '0':
		return 0, &ParamError{Param: "amount", Reason: "it starts with a zero that means nothing"}
	case len(fraction) > c.digits:
		return 0, &ParamError{Param: "amount", Reason: fmt.Sprintf("it has more than the %d decimals of %s", c.digits, c.code)}
	}
	sign := ""
	if negative {
		sign = "-"
	}
	amount, err := strconv.ParseInt(sign+whole+fraction+strings.Repeat("0", c.digits-len(fraction)), 10, 64)
	if err != nil {
		return 0, &ParamError{Param: "amount", Reason: "it is too large"}
	}
	if err := c.sendable(amount); err != nil {
		return 0, err
	}
	return amount, nil
}

// example is 12 and something that Stripe would take.
func (c Currency) example() int64 {
	if c.digits == 0 || c.step == 100 {
		return 1200
	}
	return 1250 * c.step
}

func isDigits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func (c Currency) sendable(amount int64) error {
	if amount%c.Step() != 0 {
		return &ParamError{Param: "amount", Reason: fmt.Sprintf("an amount of %s must be a multiple of %d in the smallest unit: Stripe takes no other", c.code, c.step)}
	}
	return nil
}

// Split divides an amount, in the smallest unit, in proportion to weights: what
// each line item cost, say. The parts add up to exactly the amount, each can be
// sent, and none is a whole step or more away from its exact share. What is left over
// when all shares are cut goes to the largest remainders, the earlier one first.
//
// Where the weights are what the lines cost, and the amount is no more than all of
// them, no line gets more than it cost. That holds for one refund: before the next
// one, take what is left of each line as its weight.
//
// The amount and the weights must not be negative, and one weight at least must be
// positive; their sum must fit into 64 bits. The weights are not changed.
func (c Currency) Split(amount int64, weights []int64) ([]int64, error) {
	total, err := c.splittable(amount, weights)
	if err != nil {
		return nil, err
	}
	steps := uint64(amount / c.Step())
	parts, remainders := make([]int64, len(weights)), make([]uint64, len(weights))
	left := steps
	for i, weight := range weights {
		share, remainder := proportion(steps, uint64(weight), total)
		parts[i], remainders[i] = int64(share)*c.Step(), remainder
		left -= share
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainders[b], remainders[a]) })
	for _, i := range order[:left] { // fewer than there are remainders
		parts[i] += c.Step()
	}
	return parts, nil
}

// splittable returns the sum of the weights, if there is something to split.
func (c Currency) splittable(amount int64, weights []int64) (total uint64, err error) {
	if err := c.computable(amount); err != nil {
		return 0, err
	}
	for _, weight := range weights {
		if weight < 0 {
			return 0, &ParamError{Param: "weights", Reason: "one of them is negative"}
		}
		if total += uint64(weight); total > math.MaxInt64 {
			return 0, &ParamError{Param: "weights", Reason: "their sum is too large"}
		}
	}
	if total == 0 {
		return 0, &ParamError{Param: "weights", Reason: "one of them at least must be positive"}
	}
	return total, nil
}

func (c Currency) computable(amount int64) error {
	if err := c.known(); err != nil {
		return err
	}
	if amount < 0 {
		return &ParamError{Param: "amount", Reason: "it must not be negative"}
	}
	return c.sendable(amount)
}

// proportion returns amount*part/whole, cut, and what was cut off, in 128 bits.
// part is at most whole, so that the result is at most amount.
func proportion(amount, part, whole uint64) (share, remainder uint64) {
	high, low := bits.Mul64(amount, part)
	return bits.Div64(high, low, whole)
}

// Rounding is what becomes of a fraction of what Stripe takes at least.
type Rounding string

// The ways to round. RoundingDown never gives back more than the share,
// RoundingUp never less; RoundingHalfUp goes to the nearer one, and up from the
// middle; RoundingHalfEven goes from the middle to the even one, so that many
// roundings cancel out.
const (
	RoundingDown     Rounding = "down"
	RoundingUp       Rounding = "up"
	RoundingHalfUp   Rounding = "half_up"
	RoundingHalfEven Rounding = "half_even"
)

// Percent returns a percentage of an amount, both in the smallest unit, rounded to
// what Stripe takes. The percentage is a decimal number from 0 to 100, such as 12.5,
// with at most 9 decimals; above 100 it is refused, as a slip. The amount must not be
// negative. No float comes near it.
func (c Currency) Percent(amount int64, percent string, rounding Rounding) (int64, error) {
	if err := c.computable(amount); err != nil {
		return 0, err
	}
	part, whole, err := parsePercent(percent)
	if err != nil {
		return 0, err
	}
	share, remainder := proportion(uint64(amount/c.Step()), part, whole)
	up, err := rounding.up(share, remainder, whole)
	if err != nil {
		return 0, err
	}
	if up {
		share++
	}
	return int64(share) * c.Step(), nil
}

// maxPercentDecimals keeps a percentage within 64 bits.
const maxPercentDecimals = 9

// parsePercent reads 12.5 as 125 of 1000.
func parsePercent(text string) (part, whole uint64, err error) {
	integer, fraction, hasPoint := strings.Cut(text, ".")
	if !isDigits(integer) || hasPoint && !isDigits(fraction) || len(integer) > 3 || len(fraction) > maxPercentDecimals {
		return 0, 0, &ParamError{Param: "percent", Reason: "it must be a number from 0 to 100, such as 12.5, with at most 9 decimals"}
	}
	whole = 100
	for range fraction {
		whole *= 10
	}
	part, err = strconv.ParseUint(integer+fraction, 10, 64)
	if err != nil || part > whole {
		return 0, 0, &ParamError{Param: "percent", Reason: "it must be at most 100"}
	}
	return part, whole, nil
}

// up reports whether a share with a remainder, out of whole, is rounded up.
func (r Rounding) up(share, remainder, whole uint64) (bool, error) {
	half := cmp.Compare(remainder, whole-remainder) // whole is even
	switch r {
	case RoundingDown:
		return false, nil
	case RoundingUp:
		return remainder > 0, nil
	case RoundingHalfUp:
		return half >= 0, nil
	case RoundingHalfEven:
		return half > 0 || half == 0 && share%2 == 1, nil
	}
	return false, &ParamError{Param: "rounding", Reason: "say how to round: RoundingDown, RoundingUp, RoundingHalfUp or RoundingHalfEven"}
}
