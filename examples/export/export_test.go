package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
	"github.com/stretchr/testify/require"
)

// setup returns a job over 350 refunds, a hundred of them in one second, and the
// file that it writes if nothing goes wrong.
func setup(t *testing.T) (j job, server *refundtest.Server, whole string) {
	j = job{from: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), to: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), dir: t.TempDir(), orderKey: "order_id"}
	server = refundtest.New(refundtest.WithReporter(t), refundtest.WithSeed(1))
	charge := server.AddCharge(refundtest.Charge{Amount: 1_000_000})
	refunds := make([]refundtest.Refund, 350)
	for i := range refunds {
		refunds[i] = refundtest.Refund{Charge: charge.ID, Amount: int64(i + 1), Created: j.from.Add(time.Duration(min(i, 250)) * time.Hour),
			Metadata: map[string]string{"order_id": "a \"quoted\",\norder"}}
	}
	_, err := server.AddRefunds(refunds)
	require.NoError(t, err)
	j.client, err = refundkit.New("sk_test_export", refundkit.WithHTTPClient(server.HTTPClient()), refundkit.WithMaxRetries(0))
	require.NoError(t, err)

	first := j
	first.dir = t.TempDir()
	done, err := first.run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 350, done.count)
	require.Equal(t, sum{350, 350 * 351 / 2}, done.months[monthly{"2026-01", "USD"}].refunds)
	return j, server, read(t, first.name()+".csv")
}

func read(t *testing.T, name string) string {
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}

func TestResumeAfterAFailure(t *testing.T) {
	j, server, whole := setup(t)
	server.Inject(refundtest.DropConnection().BetweenPages().Skip(1))
	_, err := j.run(t.Context())
	require.Error(t, err)
	require.NoFileExists(t, j.name()+".csv", "what is not complete must not look so")
	require.NotEmpty(t, read(t, j.name()+".csv.partial"))

	j.resume = true
	done, err := j.run(t.Context())
	require.NoError(t, err)
	require.Equal(t, whole, read(t, j.name()+".csv"))
	require.Equal(t, 350, done.count)
	require.Equal(t, sum{350, 350 * 351 / 2}, done.months[monthly{"2026-01", "USD"}].refunds)
	require.NoFileExists(t, j.name()+".csv.partial")
}

// TestInterruptedAfterAPage holds that what was fetched is not fetched again.
func TestInterruptedAfterAPage(t *testing.T) {
	j, _, whole := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	j.progress = func(refundkit.ExportProgress) { cancel() }
	_, err := j.run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	partial := read(t, j.name()+".csv.partial")
	require.True(t, strings.HasPrefix(whole, partial))

	j.resume, j.progress = true, nil
	file, done, err := openPartial(j.name()+".csv.partial", true)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, 100, done.count)
	_, err = j.run(t.Context())
	require.NoError(t, err)
	require.Equal(t, whole, read(t, j.name()+".csv"))
}

// TestPartialCutAnywhere cuts a file wherever a process could have been killed:
// what is left is a file of whole lines.
func TestPartialCutAnywhere(t *testing.T) {
	j, _, whole := setup(t)
	const lines = 3 // without the heads; each has a line break within
	ends := []int{0}
	for range 1 + lines {
		ends = append(ends, ends[len(ends)-1]+recordLength(whole[ends[len(ends)-1]:]))
	}
	name := j.name() + ".csv.partial"
	for cut := range ends[len(ends)-1] + 1 {
		require.NoError(t, os.WriteFile(name, []byte(whole[:cut]), 0o600))
		file, done, err := openPartial(name, true)
		require.NoError(t, err, cut)
		require.NoError(t, file.Close())
		count, end := -1, 0
		for i, e := range ends[1:] {
			if e <= cut {
				count, end = i, e
			}
		}
		require.Equal(t, whole[:end], read(t, name), cut)
		require.Equal(t, max(0, count), done.count, cut)
		require.Equal(t, count >= 0, done.begun, cut)
	}
}

// recordLength is that of the first record, by its quotes.
func recordLength(text string) int {
	quoted := false
	for i, char := range text {
		switch {
		case char == '"':
			quoted = !quoted
		case char == '\n' && !quoted:
			return i + 1
		}
	}
	return len(text)
}

func TestResumeAfterBeingKilled(t *testing.T) {
	j, _, whole := setup(t)
	j.resume = true
	for _, cut := range []int{0, 20, 300, len(whole) / 2, len(whole) - 20_000, len(whole) - 1, len(whole)} {
		require.NoError(t, os.WriteFile(j.name()+".csv.partial", []byte(whole[:cut]), 0o600))
		done, err := j.run(t.Context())
		require.NoError(t, err, cut)
		require.Equal(t, 350, done.count, cut)
		require.Equal(t, whole, read(t, j.name()+".csv"), cut)
	}
}

func TestWithoutResumeItBeginsAnew(t *testing.T) {
	j, _, whole := setup(t)
	require.NoError(t, os.WriteFile(j.name()+".csv.partial", []byte("something longer than nothing\n"), 0o600))
	_, err := j.run(t.Context())
	require.NoError(t, err)
	require.Equal(t, whole, read(t, j.name()+".csv"))
}

func TestResumeRefusesAFileOfOtherColumns(t *testing.T) {
	j, _, _ := setup(t)
	j.resume = true
	const other = "refund,amount\nre_1,5\n"
	require.NoError(t, os.WriteFile(j.name()+".csv.partial", []byte(other), 0o600))
	_, err := j.run(t.Context())
	require.ErrorContains(t, err, "other columns")
	require.Equal(t, other, read(t, j.name()+".csv.partial"), "it must be left alone")
}

// TestProgram runs all of it over the year that is made up.
func TestProgram(t *testing.T) {
	t.Setenv("STRIPE_API_KEY", "")
	t.Setenv("REFUNDKIT_BASE_URL", "")
	dir := t.TempDir()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-out", dir, "-from", "2025-01-01", "-to", "2026-01-01"}, &out))
	content := read(t, filepath.Join(dir, "refunds_2025-01-01_2026-01-01.csv"))
	require.Equal(t, 1+4000+4000/30, strings.Count(content, "\n"))
	require.Contains(t, content, `"'=HYPERLINK(`)
	for _, found := range []string{",JPY,", ",KWD,", ",failed,lost_or_stolen_card,", ",canceled,", ",released authorization,", ",reversal,"} {
		require.Contains(t, content, found)
	}
	totals := read(t, filepath.Join(dir, "refunds_2025-01-01_2026-01-01_totals.csv"))
	require.Equal(t, 1+12*5, strings.Count(totals, "\n"), "twelve months of five currencies")
	require.Contains(t, read(t, filepath.Join(dir, "refunds_2025-01-01_2026-01-01.svg")), "Refunds per day, 2025-01-01 to 2025-12-31")
	require.Contains(t, out.String(), "4133 refunds")
}

func TestInterruptedProgramSaysHowToGoOn(t *testing.T) {
	t.Setenv("STRIPE_API_KEY", "sk_test_export")
	t.Setenv("REFUNDKIT_BASE_URL", "http://127.0.0.1:1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(ctx, []string{"-out", t.TempDir(), "-from", "2025-01-01", "-to", "2026-01-01"}, new(bytes.Buffer))
	require.ErrorContains(t, err, "-from 2025-01-01 -to 2026-01-01 -resume")
	require.ErrorIs(t, err, context.Canceled)
}

func TestFlagsRefused(t *testing.T) {
	for _, args := range [][]string{{"-from", "yesterday"}, {"-to", "2026-13-01"}, {"-from", "2026-01-01", "-to", "2026-01-01"}, {"-resume"},
		{"-to", time.Now().AddDate(0, 0, 2).Format(time.DateOnly)}} {
		_, err := readFlags(args)
		require.Error(t, err, args)
	}
}
