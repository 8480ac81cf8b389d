package refundtest

import (
	"sync"
	"time"
)

// clock is the time that the test owns. It is safe for concurrent use.
type clock struct {
	mu     sync.Mutex
	now    func() time.Time
	offset time.Duration
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// Now returns the server's time.
func (s *Server) Now() time.Time { return s.clock.time() }

// Advance moves the server's clock forward and does everything that has come
// due: refunds settle, fail or expire, and acquirer references arrive. A
// negative d is ignored: time does not run backwards.
func (s *Server) Advance(d time.Duration) {
	if d > 0 {
		s.clock.advance(d)
	}
	s.locked(func() {})
}
