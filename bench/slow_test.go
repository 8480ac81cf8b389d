package bench

import (
	"flag"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// full runs the tests below at the size that the report is about.
var full = flag.Bool("full", false, "measure at full size")

// metric tells the report a number.
func metric(t *testing.T, name string, value float64) {
	t.Helper()
	t.Logf("metric %s %g", name, value)
}

// slow is a server that takes its time, counted.
type slow struct {
	next     http.RoundTripper
	delay    time.Duration
	requests atomic.Int64
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	timer := time.NewTimer(s.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return s.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (s *slow) client() *http.Client { return &http.Client{Transport: s} }

// seeded returns a server with count refunds, evenly made in the year before
// now. It must be made in a bubble, whose time it has.
func seeded(t *testing.T, count int, delay time.Duration) (server *refundtest.Server, transport *slow, from time.Time) {
	server = refundtest.New(refundtest.WithClock(time.Now))
	t.Cleanup(server.Close)
	from = time.Now().AddDate(-1, 0, 0)
	step := time.Since(from) / time.Duration(count+1)
	charge := server.AddCharge(refundtest.Charge{Amount: int64(count) * 100, Created: from})
	refunds := make([]refundtest.Refund, count)
	for i := range refunds {
		refunds[i] = refundtest.Refund{Charge: charge.ID, Amount: 100, Created: from.Add(time.Duration(i) * step)}
	}
	_, err := server.AddRefunds(refunds)
	require.NoError(t, err)
	return server, &slow{next: server.HTTPClient().Transport, delay: delay}, from
}
