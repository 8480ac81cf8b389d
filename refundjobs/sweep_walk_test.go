package refundjobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundjobs"
)

// logged are events, the newest first, as Stripe lists them.
type logged struct {
	events []*refundkit.Event
	lists  int
}

func (l *logged) List(_ context.Context, params refundkit.EventListParams, _ ...refundkit.CallOption) (*refundkit.EventList, error) {
	l.lists++
	fits := func(e *refundkit.Event) bool {
		c := params.Created
		return !e.Created.Before(c.From) && (c.Before.IsZero() || e.Created.Before(c.Before))
	}
	var page []*refundkit.Event
	behind := params.StartingAfter == ""
	more := false
	for _, e := range l.events {
		if e.ID == params.EndingBefore {
			break
		}
		if behind && fits(e) {
			page = append(page, e)
		}
		behind = behind || e.ID == params.StartingAfter
	}
	if more = len(page) > params.Limit; more && params.EndingBefore != "" {
		page = page[len(page)-params.Limit:]
	}
	page = slices.Clone(page[:min(len(page), params.Limit)])
	return &refundkit.EventList{Object: "list", Data: page, HasMore: more}, nil
}

// However events are spread: each once, the oldest first, with few requests.
func TestSweepOfManyEvents(t *testing.T) {
	const count = 12_000
	for name, spread := range map[string]func(i int) time.Duration{
		"evenly":           func(i int) time.Duration { return time.Duration(i) * 200 * time.Second },
		"on one day":       func(i int) time.Duration { return 10*24*time.Hour + time.Duration(i)*7*time.Second },
		"at the end":       func(i int) time.Duration { return 27*24*time.Hour + time.Duration(i)*time.Second/10 },
		"every night":      func(i int) time.Duration { return time.Duration(i/430)*24*time.Hour + time.Duration(i%430)*time.Second },
		"some in a second": func(i int) time.Duration { return time.Duration(i/3000) * 80 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			db := newSQLite(t)
			s := newShop(t, db)
			start := s.server.Now().Truncate(time.Second)
			l := &logged{}
			for i := range count {
				event := &refundkit.Event{ID: fmt.Sprintf("evt_%05d", i), Object: "event", Type: refundkit.EventTypeRefundCreated, Created: refundkit.NewTimestamp(start.Add(spread(i).Truncate(time.Second))),
					Data: refundkit.EventData{Object: json.RawMessage(`{"object": "other"}`)}}
				l.events = append(l.events, event)
			}
			slices.Reverse(l.events)
			s.store = db.open(t, s.client.Refunds, refundjobs.WithClock(s.server.Now), refundjobs.WithRate(0), refundjobs.WithEvents(l))
			s.request("order-1", s.charge().ID)
			s.server.Advance(29 * 24 * time.Hour)
			next := 0
			result, err := s.Sweep(t.Context(), func(_ context.Context, event *refundkit.Event) error {
				require.Equal(t, fmt.Sprintf("evt_%05d", next), event.ID)
				next++
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, count, next)
			require.Equal(t, count, result.Handled)
			require.Equal(t, l.lists, result.Requests)
			require.LessOrEqual(t, l.lists, count/100*5/4+15, "requests")
			t.Logf("%d requests", l.lists)
		})
	}
}
