package main

import (
	"fmt"
	"os"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// newBar returns what shows the progress of an export, and what removes it. It
// goes by the time that is covered, because nobody knows how many refunds there
// are. Where there is no terminal it shows nothing.
func newBar(file *os.File, from, to time.Time) (show func(refundkit.ExportProgress), finish func()) {
	if !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(int64(to.Sub(from)/time.Second),
		progressbar.OptionSetWriter(file),
		progressbar.OptionSetWidth(40),
		progressbar.OptionThrottle(50*time.Millisecond),
		progressbar.OptionClearOnFinish())
	show = func(p refundkit.ExportProgress) {
		bar.Describe(fmt.Sprintf("%s  %d refunds, %d requests", p.CoveredFrom.Format(time.DateOnly), p.Refunds, p.Requests))
		_ = bar.Set64(int64(to.Sub(p.CoveredFrom) / time.Second)) // a bar that can't be shown is no reason to stop
	}
	return show, func() { _ = bar.Clear() }
}
