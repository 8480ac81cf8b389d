package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/refundkit/refundkit"
)

// job is one export: the refunds created from one day to before another.
type job struct {
	client   *refundkit.Client
	from, to time.Time
	dir      string
	orderKey string // metadata key of the shop's own order id
	resume   bool
	progress func(refundkit.ExportProgress)
}

// name is that of the job's files, without what they hold.
func (j job) name() string {
	return filepath.Join(j.dir, "refunds_"+j.from.Format(time.DateOnly)+"_"+j.to.Format(time.DateOnly))
}

// run writes the refunds into a file that has its name only when it is complete.
// Until then it is a .partial, which a job with resume goes on with.
func (j job) run(ctx context.Context) (*totals, error) {
	partial := j.name() + ".csv.partial"
	file, done, err := openPartial(partial, j.resume)
	if err != nil {
		return nil, err
	}
	err = j.copyTo(ctx, file, done)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("%d refunds are in %s: %w", done.count, partial, err)
	}
	return done.totals, os.Rename(partial, j.name()+".csv")
}

// copyTo appends to the file what is not done yet.
func (j job) copyTo(ctx context.Context, file io.Writer, done *progress) (err error) {
	w := csv.NewWriter(file)
	defer func() { // after an error too: what is written need not be fetched again
		w.Flush()
		err = errors.Join(err, w.Error())
	}()
	if !done.begun {
		_ = w.Write(heads) // its error comes again at the end
	}
	params := refundkit.ExportParams{From: j.from, To: j.to, ResumeAfter: done.last, Progress: j.progress}
	for refund, err := range j.client.Refunds.Export(ctx, params, refundkit.Expand("data.balance_transaction", "data.failure_balance_transaction")) {
		if err != nil {
			return err
		}
		if err := w.Write(record(refund, j.orderKey)); err != nil {
			return err
		}
		done.add(lineOf(refund))
	}
	return nil
}

// progress is how much of a file is there.
type progress struct {
	*totals
	begun bool             // the heads are there
	last  refundkit.Refund // the last one in the file, its ID and Created
}

// openPartial opens a file to append to. What is in it is read if resume says
// so, up to the last line that is whole, and removed if not.
func openPartial(name string, resume bool) (*os.File, *progress, error) {
	flags := os.O_RDWR | os.O_CREATE
	if !resume {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return nil, nil, err
	}
	done, end, err := readPartial(file)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return file, done, nil
}

// readPartial returns what a file holds, and where its last whole line ends. A
// line is whole if it can be read and its line break is there: a process that
// was killed may have left the rest behind.
func readPartial(file *os.File) (done *progress, end int64, err error) {
	done = &progress{totals: newTotals()}
	r := csv.NewReader(bufio.NewReader(file))
	r.FieldsPerRecord = -1
	for {
		found, err := r.Read()
		if err != nil || !breaksLine(file, r.InputOffset()) {
			return done, end, nil
		}
		if !done.begun {
			if !slices.Equal(found, heads) {
				return nil, 0, errors.New("the file has other columns: leave out -resume to begin anew")
			}
			done.begun = true
		} else {
			l, err := readLine(found)
			if err != nil {
				return done, end, nil
			}
			done.add(l)
			done.last = refundkit.Refund{ID: l.id, Created: refundkit.NewTimestamp(l.created)}
		}
		end = r.InputOffset()
	}
}

// breaksLine reports whether there is a line break just before end.
func breaksLine(file io.ReaderAt, end int64) bool {
	var before [1]byte
	_, err := file.ReadAt(before[:], end-1)
	return err == nil && before[0] == '\n'
}
