package spread

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/refundkit/refundkit"
)

const (
	latency  = 300 * time.Millisecond
	limit    = 25 // requests a second
	pageSize = 100
)

// Figures say how an export went.
type Figures struct {
	Took   time.Duration
	Slower float64 // Took, as times what as many full pages need at the limit
	Wasted float64 // requests beyond those pages, as a part of them
}

// Measure exports a spread with 8 workers, at 25 requests a second that take 300
// ms each. It runs in a bubble of testing/synctest: the time is that of waiting
// alone. It fails if anything but each refund in order is yielded.
func Measure(ctx context.Context, s Spread, seed uint64, count int) (Figures, error) {
	times := s.Times(seed, count)
	slices.Sort(times)
	slices.Reverse(times)
	start := time.Now().Add(-2 * year * time.Second).Truncate(time.Second)
	server := &server{start: start.Unix(), times: times}
	client, err := refundkit.New("sk_test_spread", refundkit.WithHTTPClient(&http.Client{Transport: server}), refundkit.WithRateLimiter(&limiter{}))
	if err != nil {
		return Figures{}, err
	}
	began, next := time.Now(), 0
	params := refundkit.ExportParams{From: start, To: start.Add(year * time.Second), Workers: 8}
	for refund, err := range client.Refunds.Export(ctx, params) {
		if err != nil {
			return Figures{}, err
		}
		if refund.ID != id(next) {
			return Figures{}, fmt.Errorf("%s, seed %d: %s where %s was due", s.Name, seed, refund.ID, id(next))
		}
		next++
	}
	if next != count {
		return Figures{}, fmt.Errorf("%s, seed %d: %d refunds instead of %d", s.Name, seed, next, count)
	}
	took, pages := time.Since(began), (count+pageSize-1)/pageSize
	return Figures{took, took.Seconds() * limit / float64(pages), float64(server.requests-pages) / float64(pages)}, nil
}

func id(i int) string { return "re_" + strconv.Itoa(i) }

// limiter lets one request through after the other, at even distances.
type limiter struct {
	mu   sync.Mutex
	next time.Time
}

// Wait waits for the turn of a request.
func (l *limiter) Wait(context.Context) error {
	l.mu.Lock()
	turn := time.Now()
	if turn.Before(l.next) {
		turn = l.next
	}
	l.next = turn.Add(time.Second / limit)
	l.mu.Unlock()
	time.Sleep(time.Until(turn))
	return nil
}

// server answers list requests; times are in seconds since start, newest first.
type server struct {
	start int64
	times []int64

	mu       sync.Mutex
	requests int
}

// RoundTrip answers a request after the latency.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	s.mu.Unlock()
	time.Sleep(latency)
	query := r.URL.Query()
	first, end := s.older(query.Get("created[lt]")), s.older(query.Get("created[gte]"))
	if after, more := strings.CutPrefix(query.Get("starting_after"), "re_"); more {
		last, err := strconv.Atoi(after)
		if err != nil {
			return nil, err
		}
		first = max(first, last+1)
	}
	stop := min(first+pageSize, end)
	body := fmt.Appendf(nil, `{"object":"list","url":"/v1/refunds","has_more":%t,"data":[`, stop < end)
	for i := first; i < stop; i++ {
		if i > first {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"id":%q,"object":"refund","created":%d}`, id(i), s.start+s.times[i])
	}
	body = append(body, "]}"...)
	header := http.Header{"Content-Type": {"application/json"}, "Request-Id": {"req_spread"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// older returns the place of the first refund that was made before a second.
func (s *server) older(second string) int {
	bound, _ := strconv.ParseInt(second, 10, 64)
	return sort.Search(len(s.times), func(i int) bool { return s.start+s.times[i] < bound })
}
