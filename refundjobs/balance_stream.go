package refundjobs

import (
	"context"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	streamPages = 10 // one after the other, before or beside others
	streamParts = 4  // at once
)

// balanceStream is the balance transactions of one type, newest first. It reads the first
// pages one after the other; where there are more, it reads parts of the time behind them
// at once, as long as the pace before lets expect those pages to be. It holds what the
// parts have read, up to their length.
type balanceStream struct {
	balance BalanceReader
	kind    refundkit.BalanceTransactionType
	account string
	group   sync.WaitGroup

	from, to time.Time // what no part covers yet
	length   time.Duration
	parts    []*streamPart
	peeked   *refundkit.BalanceTransaction
}

// streamPart is a part of the time.
type streamPart struct {
	from, to time.Time
	after    string
	most     int // 0: all
	found    chan *refundkit.BalanceTransaction
	err      error // once found is closed
	count    int   // taken
	last     *refundkit.BalanceTransaction
}

// newBalanceStream begins to read. All calls take the same context; when it has ended, wait
// returns soon.
func newBalanceStream(ctx context.Context, balance BalanceReader, kind refundkit.BalanceTransactionType, account string, from, to time.Time) *balanceStream {
	s := &balanceStream{balance: balance, kind: kind, account: account, from: from, to: to}
	s.start(ctx, &streamPart{from: from, to: to, most: streamPages * pageSize})
	s.to = from
	return s
}

// wait returns when nothing is being read any more.
func (s *balanceStream) wait() { s.group.Wait() }

func (s *balanceStream) start(ctx context.Context, p *streamPart) {
	p.found = make(chan *refundkit.BalanceTransaction, streamPages*pageSize)
	s.parts = append(s.parts, p)
	s.group.Go(func() {
		defer close(p.found)
		params := refundkit.BalanceTransactionListParams{Type: s.kind, StartingAfter: p.after, Created: refundkit.CreatedRange{From: p.from, Before: p.to}}
		sent := 0
		for t, err := range s.balance.All(ctx, params, accountOption(s.account)...) {
			if err != nil {
				p.err = err
				return
			}
			select {
			case p.found <- t:
			case <-ctx.Done():
				p.err = ctx.Err()
				return
			}
			if sent++; sent == p.most {
				return
			}
		}
	})
}

// next returns the next that was created from an instant on, or nil if there is none.
func (s *balanceStream) next(ctx context.Context, from time.Time) (*refundkit.BalanceTransaction, error) {
	for s.peeked == nil && len(s.parts) > 0 {
		part := s.parts[0]
		t, ok := <-part.found
		switch {
		case ok:
			s.peeked = t
			part.count, part.last = part.count+1, t
		case part.err != nil:
			return nil, part.err
		default:
			s.parts = s.parts[1:]
			s.ended(ctx, part)
		}
	}
	if s.peeked == nil || s.peeked.Created.Before(from) {
		return nil, nil
	}
	t := s.peeked
	s.peeked = nil
	return t, nil
}

// ended learns from a part, and starts others behind those that are being read.
func (s *balanceStream) ended(ctx context.Context, p *streamPart) {
	after := ""
	switch {
	case p.most > 0 && p.count == p.most: // there may be more behind it
		after = p.last.ID
		s.to = p.last.Created.Add(time.Second)
		s.length = p.to.Sub(p.last.Created.Time)
	case p.count < streamPages*pageSize/2:
		s.length = 2 * p.to.Sub(p.from)
	case p.count > streamPages*pageSize*2:
		s.length = p.to.Sub(p.from) / time.Duration(p.count) * streamPages * pageSize
	}
	s.length = max(s.length, time.Second).Truncate(time.Second)
	for len(s.parts) < streamParts && s.from.Before(s.to) {
		from := maxTime(s.from, s.to.Add(-s.length))
		if from.Sub(s.from) < s.length/2 {
			from = s.from // no part for a small rest
		}
		s.start(ctx, &streamPart{from: from, to: s.to, after: after})
		s.to, after = from, ""
	}
}
