// Package spread has refunds that are spread over a year as those of real shops
// are, and measures exports of them.
package spread

import (
	"math"
	"math/rand/v2"
	"strings"
)

const (
	hour = 3600
	day  = 24 * hour
	year = 365 * day
)

// A Spread is a way in which refunds are spread over a year, and what an export
// of 100,000 of them is held to.
type Spread struct {
	Name   string
	Slower float64 // times the time that as many full pages need
	Wasted float64 // requests beyond those pages, as a part of them
	times  func(dice *rand.Rand, count int) []int64
}

// The goal of exports: what is above it is not met.
const (
	Slower = 1.25
	Wasted = 0.06
)

// All returns every spread.
func All() []Spread {
	goal := func(name string, at func(dice *rand.Rand, i int) int64) Spread {
		return Spread{name, Slower, Wasted, each(at)}
	}
	return []Spread{
		goal("even", func(dice *rand.Rand, _ int) int64 { return dice.Int64N(year) }),
		goal("growing", func(dice *rand.Rand, _ int) int64 {
			return int64(year * (1 - dice.Float64()*dice.Float64()*dice.Float64()))
		}),
		goal("shrinking", func(dice *rand.Rand, _ int) int64 {
			return int64(year * dice.Float64() * dice.Float64() * dice.Float64())
		}),
		goal("one day has 95 %", mostly(20, func(dice *rand.Rand) int64 { return 200*day + dice.Int64N(day) })),
		goal("the first day has 95 %", mostly(20, func(dice *rand.Rand) int64 { return dice.Int64N(day) })),
		goal("the last day has 95 %", mostly(20, func(dice *rand.Rand) int64 { return 364*day + dice.Int64N(day) })),
		goal("one hour has 95 %", mostly(20, func(dice *rand.Rand) int64 { return 200*day + dice.Int64N(hour) })),
		goal("nightly, in 30 minutes", func(dice *rand.Rand, _ int) int64 { return dice.Int64N(365)*day + 2*hour + dice.Int64N(hour/2) }),
		goal("nightly, in 10 minutes", func(dice *rand.Rand, _ int) int64 { return dice.Int64N(365)*day + dice.Int64N(hour/6) }),
		{"weekly, in an hour", Slower, 0.07, each(func(dice *rand.Rand, _ int) int64 { return dice.Int64N(52)*7*day + dice.Int64N(hour) })},
		goal("month ends have 80 %", mostly(5, func(dice *rand.Rand) int64 { return dice.Int64N(12)*30*day + 28*day + dice.Int64N(2*day) })),
		goal("month ends, in an hour", func(dice *rand.Rand, _ int) int64 { return dice.Int64N(12)*30*day + 29*day + dice.Int64N(hour) }),
		goal("Black Friday, a week that ramps up", func(dice *rand.Rand, i int) int64 {
			if i%5 < 2 {
				return dice.Int64N(year)
			}
			return 328*day + int64(7*day*math.Sqrt(dice.Float64()))
		}),
		goal("Black Friday, that fades", mostly(4, func(dice *rand.Rand) int64 { return 328*day + int64(dice.ExpFloat64()*1.5*day) })),
		goal("two tenants, one dense for a month", mostly(100, func(dice *rand.Rand) int64 { return 180*day + dice.Int64N(30*day) })),
		goal("two tenants, one since July", mostly(10, func(dice *rand.Rand) int64 { return year/2 + dice.Int64N(year/2) })),
		goal("office hours", func(dice *rand.Rand, _ int) int64 {
			return dice.Int64N(52)*7*day + dice.Int64N(5)*day + 9*hour + dice.Int64N(8*hour)
		}),
		{"days of any size", Slower, Wasted, days},
		goal("Black Friday has 80 % and ramps up steeply", mostly(5, func(dice *rand.Rand) int64 { return 328*day + int64(7*day*math.Pow(dice.Float64(), 0.3)) })),
		{"bursts have half", Slower, 0.07, bursts(0.5, 1000)},
		{"bursts, and nothing between", 1.4, 0.085, bursts(0, 500)},
	}
}

// Metric is the name without spaces.
func (s Spread) Metric() string { return "spread/" + strings.ReplaceAll(s.Name, " ", "-") }

// Times returns when count refunds were made, in seconds since the year began.
func (s Spread) Times(seed uint64, count int) []int64 {
	return s.times(rand.New(rand.NewPCG(seed, 7)), count)
}

func each(at func(dice *rand.Rand, i int) int64) func(*rand.Rand, int) []int64 {
	return func(dice *rand.Rand, count int) []int64 {
		times := make([]int64, count)
		for i := range times {
			times[i] = min(at(dice, i), year-1)
		}
		return times
	}
}

// mostly spreads one of so many evenly, and the rest as at says.
func mostly(one int, at func(*rand.Rand) int64) func(*rand.Rand, int) int64 {
	return func(dice *rand.Rand, i int) int64 {
		if i%one == 0 {
			return dice.Int64N(year)
		}
		return at(dice)
	}
}

// days lets the days have as much as chance gives them, a few of them very much.
func days(dice *rand.Rand, count int) []int64 {
	weights, sum := make([]float64, 365), 0.0
	for i := range weights {
		weights[i] = 1 / (0.001 + dice.Float64())
		sum += weights[i]
	}
	var times []int64
	for i, weight := range weights {
		for range int(weight / sum * float64(count)) {
			times = append(times, int64(i)*day+dice.Int64N(day))
		}
	}
	for len(times) < count {
		times = append(times, dice.Int64N(year))
	}
	return times
}

// bursts spreads a part evenly, and the rest in bursts of up to an hour that have
// so many on average.
func bursts(part float64, size float64) func(*rand.Rand, int) []int64 {
	return func(dice *rand.Rand, count int) []int64 {
		var times []int64
		for len(times) < int(part*float64(count)) {
			times = append(times, dice.Int64N(year))
		}
		for len(times) < count {
			start, long := dice.Int64N(year-hour), 1+dice.Int64N(hour)
			for range min(1+int(dice.ExpFloat64()*size), count-len(times)) {
				times = append(times, start+dice.Int64N(long))
			}
		}
		return times
	}
}
