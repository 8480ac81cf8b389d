package refundjobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/refundkit/refundkit"
)

// anchor is an event from which a walk goes on.
type anchor struct {
	id string
	at time.Time
}

// walk handles the events since the last sweep, a page after the other, the oldest first:
// each page ends before the newest event of the one before. It begins a little before the
// newest event that was handled, for one may be listed late.
func (s *sweeper[TTx]) walk(ctx context.Context, now time.Time) error {
	oldest := now.Add(-eventsKept)
	more := true
	if s.at.Position == "" || s.at.At.Before(oldest.Add(sweepMargin)) {
		from := maxTime(s.at.At.Add(-sweepOverlap), oldest)
		var err error
		if more, err = s.first(ctx, time.Unix(from.Unix(), 0)); err != nil {
			return err
		}
	}
	for more {
		list, err := s.page(ctx, refundkit.EventListParams{EndingBefore: s.next()})
		if errors.Is(err, refundkit.ErrNotFound) && len(s.recent) == 0 {
			s.at.Position = "" // the event is gone
			return s.walk(ctx, now)
		}
		if err != nil {
			return err
		}
		if list.HasMore && len(list.Data) == 0 {
			return errors.New("an empty page of events came, and more are said to follow")
		}
		if err := s.handlePage(ctx, list.Data); err != nil {
			return err
		}
		more = list.HasMore
	}
	return s.store(ctx, s.at.At, now)
}

// next is the event before which the next page ends.
func (s *sweeper[TTx]) next() string {
	if n := len(s.recent); n > 0 {
		return s.recent[n-1].id
	}
	return s.at.Position
}

// first finds the oldest page from an instant on, handles it, and reports whether there
// are newer ones. Stripe lists the newest first, so the time is halved until a page is
// the last one.
func (s *sweeper[TTx]) first(ctx context.Context, from time.Time) (more bool, err error) {
	before := time.Time{} // there are more than a page before it; zero: no end
	empty := from         // there is none before it
	try := before
	for {
		params := refundkit.EventListParams{Created: refundkit.CreatedRange{From: empty, Before: try}}
		list, err := s.page(ctx, params)
		if err != nil {
			return false, err
		}
		switch {
		case list.HasMore && len(list.Data) > 0:
			before = list.Data[len(list.Data)-1].Created.Add(time.Second)
		case len(list.Data) > 0 || try.IsZero():
			return !try.IsZero(), s.handlePage(ctx, list.Data)
		default:
			empty = try
		}
		if before.Sub(empty) <= time.Second {
			return true, s.lastPage(ctx, refundkit.CreatedRange{From: empty, Before: before})
		}
		try = empty.Add(before.Sub(empty) / 2).Truncate(time.Second)
	}
}

// lastPage handles the oldest page of a second.
func (s *sweeper[TTx]) lastPage(ctx context.Context, second refundkit.CreatedRange) error {
	params := refundkit.EventListParams{Created: second}
	for {
		list, err := s.page(ctx, params)
		if err != nil {
			return err
		}
		if !list.HasMore || len(list.Data) == 0 {
			return s.handlePage(ctx, list.Data)
		}
		params.StartingAfter = list.Data[len(list.Data)-1].ID
	}
}

func (s *sweeper[TTx]) page(ctx context.Context, params refundkit.EventListParams) (*refundkit.EventList, error) {
	ctx, err := s.jobs.waitTurn(ctx, s.account, endless)
	if err != nil {
		return nil, err
	}
	s.result.Requests++
	params.Types, params.Limit = s.jobs.options.eventTypes, pageSize
	return s.jobs.options.events.List(ctx, params, accountOption(s.account)...)
}

// handlePage handles those of the events, oldest first, that were not handled, and then
// remembers how far that is.
func (s *sweeper[TTx]) handlePage(ctx context.Context, events []*refundkit.Event) error {
	if len(events) == 0 {
		return nil
	}
	s.result.Events += len(events)
	known, err := s.known(ctx, events)
	if err != nil {
		return err
	}
	once := s.jobs.Once()
	for _, event := range slices.Backward(events) {
		if known[event.ID] {
			continue
		}
		err := once(ctx, event.ID, func(ctx context.Context) error {
			err := s.handle(ctx, event)
			if !errors.Is(err, ErrNotHandled) {
				s.result.Handled++
			}
			return err
		})
		if err != nil && !errors.Is(err, ErrNotHandled) {
			return fmt.Errorf("event %s of %s: %w", event.ID, event.Created.Format(time.RFC3339), err)
		}
	}
	newest := events[0].Created.Time
	for _, event := range slices.Backward(events) {
		s.recent = append(s.recent, anchor{event.ID, event.Created.Time})
	}
	for len(s.recent) > 1 && !s.recent[0].at.After(newest.Add(-sweepOverlap)) {
		s.at.Position = s.recent[0].id
		s.recent = s.recent[1:]
	}
	return s.store(ctx, newest, newest)
}

// known are those of the events that were handled.
func (s *sweeper[TTx]) known(ctx context.Context, events []*refundkit.Event) (map[string]bool, error) {
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.ID
	}
	c := &conditions{dialect: s.jobs.dialect}
	addOneOf(c, "id", ids)
	known := map[string]bool{}
	err := queryAll(ctx, s.jobs.driver.Pool(), func(rows Rows) error {
		var id string
		err := rows.Scan(&id)
		known[id] = true
		return err
	}, "SELECT id FROM refundjobs_events "+c.where(), c.args...)
	return known, err
}
