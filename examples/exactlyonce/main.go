// Command exactlyonce shows a worker that refunds every customer once, although
// it is killed at random moments and nearly every third request goes wrong.
//
//	go run .
//
// It starts a Stripe of its own on the loopback interface (refundtest) and then
// itself as a worker process, whose jobs are in an embedded database (bbolt). It
// kills the worker with SIGKILL, lets minutes or days pass, and starts it again,
// until every job has ended; then it counts what the customers got.
//
// worker.go and store.go are what a payments team would write; trial.go is the
// ordeal that they are put to.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
)

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		err = work(context.Background(), os.Args[2:])
	} else {
		err = demonstrate()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// demonstrate puts the worker to the trial and prints the tally.
func demonstrate() error {
	kills := flag.Int("kills", 50, "how often the worker is killed")
	seed := flag.Uint64("seed", rand.Uint64(), "which faults there are, and after how many requests the worker is killed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "exactlyonce")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("A worker makes refunds, and is killed %d times. That takes some seconds.\n\n", *kills)
	counts, err := runTrial(ctx, *kills, *seed, dir)
	if err != nil {
		return err
	}
	fmt.Print(counts)
	if !counts.right() {
		return errors.New("that is not once for each")
	}
	return nil
}

// workerCommand is the argument that makes this program a worker.
const workerCommand = "worker"

// work is the worker process.
func work(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet(workerCommand, flag.ContinueOnError)
	path := flags.String("store", "", "file of the job store")
	base := flags.String("server", "", "base URL of the API")
	ahead := flags.Duration("ahead", 0, "how far the server's clock is ahead of the machine's")
	if err := flags.Parse(args); err != nil {
		return err
	}
	jobs, err := openStore(*path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, jobs.close()) }()
	w, err := newWorker(*base, jobs, *ahead)
	if err != nil {
		return err
	}
	return w.run(ctx)
}
