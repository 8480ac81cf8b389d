package refundjobs

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
)

// ledger are balance transactions, newest first, and how many pages of them were read.
type ledger struct {
	all   []*refundkit.BalanceTransaction
	pages atomic.Int64
}

func (l *ledger) All(_ context.Context, params refundkit.BalanceTransactionListParams, _ ...refundkit.CallOption) iter.Seq2[*refundkit.BalanceTransaction, error] {
	return func(yield func(*refundkit.BalanceTransaction, error) bool) {
		behind, n := params.StartingAfter == "", 0
		for _, t := range l.all {
			if behind && !t.Created.Before(params.Created.From) && t.Created.Before(params.Created.Before) {
				if n%pageSize == 0 {
					l.pages.Add(1)
				}
				if n++; !yield(t, nil) {
					return
				}
			}
			behind = behind || t.ID == params.StartingAfter
		}
		if n == 0 {
			l.pages.Add(1)
		}
	}
}

// However they are spread: all, each once and in order, with few requests.
func TestBalanceStream(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	const year = 365 * 24 * time.Hour
	for name, spread := range map[string]struct {
		count  int
		at     func(i int) time.Duration
		wasted int64 // requests, at most
	}{
		"none":   {0, nil, 1},
		"few":    {950, func(i int) time.Duration { return time.Duration(i) * time.Hour }, 0},
		"evenly": {40_000, func(i int) time.Duration { return time.Duration(i) * (year / 40_000) }, 40},
		"by day": {40_000, func(i int) time.Duration {
			return time.Duration(i/400)*80*time.Hour + time.Duration(i%400)*90*time.Second
		}, 80},
		"on one day":       {40_000, func(i int) time.Duration { return 200*24*time.Hour + time.Duration(i)*2*time.Second }, 80},
		"some in a second": {9000, func(i int) time.Duration { return time.Duration(i/3000) * 80 * time.Hour }, 20},
	} {
		t.Run(name, func(t *testing.T) {
			l := &ledger{}
			for i := range spread.count {
				i = spread.count - 1 - i
				at := refundkit.NewTimestamp(start.Add(spread.at(i)).Truncate(time.Second))
				l.all = append(l.all, &refundkit.BalanceTransaction{ID: fmt.Sprint("txn_", i), Created: at})
			}
			ctx, cancel := context.WithCancel(t.Context())
			s := newBalanceStream(ctx, l, "refund", "", start, start.Add(year))
			defer s.wait()
			defer cancel()
			for i, from := 0, start.Add(year); i < spread.count; {
				next, err := s.next(ctx, from)
				require.NoError(t, err)
				if next == nil {
					from = maxTime(start, from.Add(-24*time.Hour))
					continue
				}
				require.Same(t, l.all[i], next)
				i++
			}
			last, err := s.next(ctx, start)
			require.NoError(t, err)
			require.Nil(t, last)
			ideal := int64(spread.count+pageSize-1) / pageSize
			t.Logf("%d requests of %d", l.pages.Load(), ideal)
			require.LessOrEqual(t, l.pages.Load(), ideal+spread.wasted)
		})
	}
}
