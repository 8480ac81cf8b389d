// Command load measures how many refunds a second refundjobs asks for and makes:
//
//	go run ./internal/load -postgres postgres://postgres@localhost/test
//	go run ./internal/load -sqlite /var/tmp/load.db -latency 300ms
//	go run ./internal/load -postgres ... -rate 25 -processes 4 -refunds 1500
//	go run ./internal/load -postgres ... -processes 2 -kill
//	go run ./internal/load -postgres ... -plan -rate 25 -processes 4 -refunds 20000
//	go run ./internal/load -postgres ... -plan -check-only -spread 8760h -others 10
//
// Stripe is refundtest in this process, over loopback HTTP, and answers after -latency.
// Workers are processes of their own. On Postgres the tables are in a schema that is
// dropped in the end; the file of SQLite must not be there yet, and is removed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

// settings are what is measured; a worker gets them too.
type settings struct {
	Postgres, SQLite, Stripe  string
	Rate                      float64
	Workers                   int
	Profile                   string // file for a CPU profile of the first worker
	refunds, processes, asker int
	perTransaction            int
	latency                   time.Duration
	kill                      bool
	CSV                       string // of a plan: the process makes, checks, approves and runs it
	CheckOnly, MakeOnly, plan bool
	others                    int
	spread                    time.Duration
}

func main() {
	if os.Getenv(workerVariable) != "" {
		exit(work(os.Getenv(workerVariable)))
		return
	}
	var s settings
	flag.StringVar(&s.Postgres, "postgres", os.Getenv("REFUNDJOBS_POSTGRES"), "URL of a database")
	flag.StringVar(&s.SQLite, "sqlite", "", "file that is made, in place of Postgres")
	flag.IntVar(&s.refunds, "refunds", 2000, "how many")
	flag.DurationVar(&s.latency, "latency", 0, "of each answer of the fake")
	flag.Float64Var(&s.Rate, "rate", 0, "requests a second of all processes together; 0 is no limit")
	flag.IntVar(&s.processes, "processes", 1, "workers' processes")
	flag.IntVar(&s.Workers, "workers", 40, "rows at once in each process")
	flag.IntVar(&s.asker, "askers", 16, "how many ask for refunds at the same time; 1 on SQLite")
	flag.IntVar(&s.perTransaction, "per-transaction", 1, "refunds that are asked for in one transaction")
	flag.BoolVar(&s.kill, "kill", false, "kill one process when half is made, and see when the others go on with its rows")
	flag.BoolVar(&s.plan, "plan", false, "make the refunds as one plan")
	flag.BoolVar(&s.MakeOnly, "make-only", false, "make the plan, and no more")
	flag.BoolVar(&s.CheckOnly, "check-only", false, "make and check the plan, and no more")
	flag.IntVar(&s.others, "others", 0, "other payments for each of the plan")
	flag.DurationVar(&s.spread, "spread", 48*time.Hour, "the time in which the payments were made")
	flag.StringVar(&s.Profile, "profile", "", "file for a CPU profile of the first worker")
	flag.Parse()
	s.CheckOnly = s.CheckOnly || s.MakeOnly
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(measure(ctx, s))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measure asks for the refunds, lets them be made, and prints how long that took.
func measure(ctx context.Context, s settings) (err error) {
	m := &meter{server: refundtest.New(refundtest.WithClock(time.Now)), latency: s.latency, made: make(chan struct{}, s.refunds)}
	defer m.server.Close()
	closing, err := m.listen(ctx, &s.Stripe)
	if err != nil {
		return err
	}
	defer closing()
	shop, err := open(ctx, &s)
	if err != nil {
		return err
	}
	defer func() { err = joined(err, shop.remove()) }()
	if s.plan {
		return measurePlan(ctx, s, m, shop)
	}
	asked, err := ask(ctx, s, shop, m.server.AddCharges(make([]refundtest.Charge, s.refunds)))
	if err != nil {
		return err
	}
	fmt.Printf("asked for %d refunds in %.1f s: %.0f a second\n", s.refunds, asked.Seconds(), float64(s.refunds)/asked.Seconds())

	var workers []*process
	defer func() {
		var busy time.Duration
		for _, worker := range workers {
			err = joined(err, worker.end())
			busy += worker.ProcessState.UserTime() + worker.ProcessState.SystemTime()
		}
		fmt.Printf("the workers used %.2f ms of a processor for each\n", busy.Seconds()*1000/float64(s.refunds))
	}()
	for i := range s.processes {
		worker, err := start(s, i == 0)
		if err != nil {
			return err
		}
		workers = append(workers, worker)
	}
	var killed time.Time
	for made := range s.refunds {
		if s.kill && made == s.refunds/2 {
			killed = time.Now()
			_ = workers[len(workers)-1].Process.Kill()
			<-workers[len(workers)-1].ended
			workers = workers[:len(workers)-1]
		}
		select {
		case <-m.made:
		case <-workers[0].ended:
			return errors.New("load: a worker ended by itself")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := shop.await(ctx); err != nil { // a killed worker's rows are sent once more
		return err
	}
	m.report(killed)
	return nil
}

// ask asks for one refund of each charge.
func ask(ctx context.Context, s settings, shop shop, charges []refundtest.Charge) (time.Duration, error) {
	if s.SQLite != "" {
		s.asker = 1
	}
	portions := make(chan []refundtest.Charge, len(charges))
	for portion := range slices.Chunk(charges, s.perTransaction) {
		portions <- portion
	}
	close(portions)
	failures := make([]error, s.asker)
	began := time.Now()
	var askers sync.WaitGroup
	for i := range s.asker {
		askers.Go(func() {
			for portion := range portions {
				if failures[i] == nil {
					failures[i] = shop.request(ctx, portion)
				}
			}
		})
	}
	askers.Wait()
	return time.Since(began), joined(failures...)
}

// meter is the fake, which writes down when each refund was asked for.
type meter struct {
	server  *refundtest.Server
	latency time.Duration
	made    chan struct{}
	mu      sync.Mutex
	posts   []time.Time
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	time.Sleep(m.latency)
	m.server.ServeHTTP(w, r)
	if r.Method != http.MethodPost {
		return
	}
	m.mu.Lock()
	m.posts = append(m.posts, at)
	m.mu.Unlock()
	select {
	case m.made <- struct{}{}:
	default: // a repeated one
	}
}

func (m *meter) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.posts)
}

// report prints the rate from the first request to the last, and the most in any second.
func (m *meter) report(killed time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.SortFunc(m.posts, time.Time.Compare)
	first, last := m.posts[0], m.posts[len(m.posts)-1]
	most, from := 0, 0
	for i, at := range m.posts {
		for at.Sub(m.posts[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	fmt.Printf("sent %d requests in %.1f s: %.1f a second, %d at most in any second\n",
		len(m.posts), last.Sub(first).Seconds(), float64(len(m.posts)-1)/last.Sub(first).Seconds(), most)
	refunds := m.server.Refunds("")
	names := map[string]bool{}
	for _, refund := range refunds {
		names[refund.Charge] = true
	}
	fmt.Printf("%d refunds of %d charges\n", len(refunds), len(names))
	if !killed.IsZero() {
		fmt.Printf("a process was killed; the last of its rows was sent %.0f s later\n", last.Sub(killed).Seconds())
	}
}

func joined(failures ...error) error {
	var words []string
	for _, failure := range failures {
		if failure != nil {
			words = append(words, failure.Error())
		}
	}
	if len(words) == 0 {
		return nil
	}
	return fmt.Errorf("load: %s", strings.Join(words, "; "))
}
