package refundkit_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExportsTile exports again and again while refunds are made, 20 a second:
// each export starts where the one before ended, at any fraction of a second.
func TestExportsTile(t *testing.T) {
	for name, run := range map[string]func(export func(from, to time.Time) (coveredTo time.Time), from time.Time) (next time.Time){
		"by CoveredTo": func(export func(from, to time.Time) time.Time, from time.Time) time.Time {
			return export(from, time.Time{})
		},
		"by CoveredTo, To is ahead": func(export func(from, to time.Time) time.Time, from time.Time) time.Time {
			return export(from, time.Now().Add(time.Hour))
		},
		"by the caller's own now": func(export func(from, to time.Time) time.Time, from time.Time) time.Time {
			now := time.Now()
			export(from, now)
			return now
		},
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(firstDay))
				var times []int64
				for i := range int64(2000) {
					times = append(times, firstDay.Unix()+i/20)
				}
				l := newTimeServer(seed, times)
				l.late = 900 * time.Millisecond // of the second that has begun, none is there yet
				client, seen := l.client(t), map[string]int{}
				export := func(from, to time.Time) (coveredTo time.Time) {
					params := refundkit.ExportParams{From: from, To: to, Progress: func(p refundkit.ExportProgress) { coveredTo = p.CoveredTo }}
					for refund, err := range client.Refunds.Export(t.Context(), params) {
						require.NoError(t, err)
						seen[refund.ID]++
					}
					return coveredTo
				}
				from := firstDay
				for time.Now().Before(firstDay.Add(2 * time.Minute)) {
					time.Sleep(time.Duration(l.dice.Int64N(int64(3 * time.Second))))
					from = run(export, from)
				}
				assert.Len(t, seen, len(times), "missed, seed %d", seed)
				for id, count := range seen {
					assert.Equal(t, 1, count, "%s is in several exports, seed %d", id, seed)
				}
			})
		})
	}
}

// TestExportTellsWhatItCovered also where there is nothing to export.
func TestExportTellsWhatItCovered(t *testing.T) {
	now := firstDay.Add(time.Hour + 700*time.Millisecond)
	second := firstDay.Add(time.Hour)
	for name, c := range map[string]struct{ from, to, coveredFrom, coveredTo time.Time }{
		"To is zero":           {from: firstDay, coveredFrom: firstDay, coveredTo: second},
		"To is ahead":          {from: firstDay, to: now.Add(time.Minute), coveredFrom: firstDay, coveredTo: second},
		"To is now":            {from: firstDay, to: now, coveredFrom: firstDay, coveredTo: second},
		"To has passed":        {from: firstDay.Add(300), to: firstDay.Add(time.Minute + 600), coveredFrom: firstDay, coveredTo: firstDay.Add(time.Minute)},
		"From is this second":  {from: now, coveredFrom: second, coveredTo: second},
		"From is ahead":        {from: now.Add(time.Minute), coveredFrom: second.Add(time.Minute), coveredTo: second.Add(time.Minute)},
		"an hour without time": {from: second, to: second, coveredFrom: second, coveredTo: second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(now))
				var told []refundkit.ExportProgress
				params := refundkit.ExportParams{From: c.from, To: c.to, Progress: func(p refundkit.ExportProgress) { told = append(told, p) }}
				l := newTimeServer(1, nil)
				ids, errs := collect(t, l.client(t).Refunds.Export(t.Context(), params))
				assert.Empty(t, ids)
				assert.Empty(t, errs)
				assert.Equal(t, []refundkit.ExportProgress{{CoveredFrom: c.coveredFrom, CoveredTo: c.coveredTo, Requests: l.requests}}, told)
			})
		})
	}
}
