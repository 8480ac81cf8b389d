package refundtest

import (
	"container/heap"
	"sync"
	"time"
)

// clock is the server's time. It is safe for concurrent use.
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

// instant is the time of whatever is happening: of the task that has come due,
// else now.
func (s *Server) instant() time.Time {
	if !s.dueNow.IsZero() {
		return s.dueNow
	}
	return s.Now()
}

// stamp dates a new object.
func (s *Server) stamp() moment {
	s.serial++
	return moment{second: s.instant().Unix(), serial: s.serial}
}

// task is something that happens by itself at a certain time.
type task struct {
	at     time.Time
	serial int64
	do     func()
}

type taskQueue []task

func (q taskQueue) Len() int { return len(q) }

func (q taskQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].serial < q[j].serial
	}
	return q[i].at.Before(q[j].at)
}

func (q taskQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *taskQueue) Push(t any) { *q = append(*q, t.(task)) }

func (q *taskQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// schedule puts do off until the clock reaches at.
func (w *World) schedule(at time.Time, do func()) {
	w.server.serial++
	heap.Push(&w.server.tasks, task{at: at, serial: w.server.serial, do: do})
}

// catchUp does what has come due since the server was last asked for
// something, in the order in which it came due.
func (s *Server) catchUp() {
	now := s.Now()
	for len(s.tasks) > 0 && !s.tasks[0].at.After(now) {
		next := heap.Pop(&s.tasks).(task)
		s.dueNow = next.at
		next.do()
	}
	s.dueNow = time.Time{}
}
