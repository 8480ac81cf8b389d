//go:build unix

package trial

import (
	"encoding/binary"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// clock is the time of the fake, the client and the rows: the machine's, and what it
// has jumped. All processes read that from one file.
type clock struct{ file *os.File }

func openClock(path string) (*clock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &clock{file}, nil
}

// ahead is how far the clock has jumped since the trial began.
func (c *clock) ahead() time.Duration {
	var data [8]byte
	if _, err := c.file.ReadAt(data[:], 0); err != nil {
		return 0 // it never jumped
	}
	return time.Duration(binary.BigEndian.Uint64(data[:]))
}

func (c *clock) now() time.Time { return time.Now().Add(c.ahead()) }

func (c *clock) set(ahead time.Duration) error {
	_, err := c.file.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(ahead)), 0)
	return err
}

// riverClock is the clock as River takes it.
type riverClock struct{ *clock }

var _ rivertype.TimeGenerator = riverClock{}

func (c riverClock) Now() time.Time { return c.now() }

func (c riverClock) NowOrNil() *time.Time {
	now := c.now().UTC()
	return &now
}

const (
	headerWorker = "Trial-Worker"
	headerAhead  = "Trial-Ahead"
)

// stamped is a worker's way to the fake: it writes who sends a request, and when.
type stamped struct {
	worker string
	clock  *clock
}

func (s stamped) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(headerWorker, s.worker)
	r.Header.Set(headerAhead, strconv.FormatInt(int64(s.clock.ahead()), 10))
	return http.DefaultTransport.RoundTrip(r)
}

// door is where requests come in. The clock jumps while no refund is being created,
// and a request that was sent before a jump is lost: no network keeps one for hours.
type door struct {
	server http.Handler
	clock  *clock
	mu     sync.Mutex
	free   sync.Cond
	inside int
	shut   bool
}

func newDoor(server http.Handler, clock *clock) *door {
	d := &door{server: server, clock: clock}
	d.free.L = &d.mu
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		d.enter()
		defer d.leave()
	}
	if r.Header.Get(headerAhead) != strconv.FormatInt(int64(d.clock.ahead()), 10) {
		panic(http.ErrAbortHandler)
	}
	d.server.ServeHTTP(w, r)
}

func (d *door) enter() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.shut {
		d.free.Wait()
	}
	d.inside++
}

func (d *door) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
}

// jump moves the clock, unless somebody stays inside for too long: a stopped worker
// reads no answer.
func (d *door) jump(by time.Duration) (jumped bool, err error) {
	const patience, pause = 2 * time.Second, time.Millisecond
	d.mu.Lock()
	d.shut = true
	for waited := time.Duration(0); d.inside > 0 && waited < patience; waited += pause {
		d.mu.Unlock()
		time.Sleep(pause)
		d.mu.Lock()
	}
	if d.inside == 0 {
		jumped, err = true, d.clock.set(d.clock.ahead()+by)
	}
	d.shut = false
	d.free.Broadcast()
	d.mu.Unlock()
	return jumped, err
}
