package main

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A year of 20,000 refunds: all that went wrong is found, and nothing else, with few
// requests.
func TestYear(t *testing.T) {
	year, err := makeYear(t.Context(), 20_000, 40)
	require.NoError(t, err)
	defer year.db.Close()
	require.Len(t, year.planted, 40)
	year.requests.number = 0
	dir := t.TempDir()
	found, err := closeBooks(t.Context(), year.jobs, year.from, year.to, dir)
	require.NoError(t, err)
	require.NoError(t, year.check(found))
	require.Len(t, found.kinds, len(kinds), "of every kind")
	t.Logf("%d requests of %d", year.requests.number, year.ideal())
	require.LessOrEqual(t, float64(year.requests.number), 1.25*float64(year.ideal()))

	lines, err := csv.NewReader(bytes.NewReader(read(t, dir, "differences.csv"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 41)
	var sum, want int64
	for _, day := range found.days {
		sum += day.refunded + day.failed
	}
	for _, refund := range year.stripe.Refunds("") {
		want += refund.Amount
	}
	require.Equal(t, want, sum, "the sums of the days are what Stripe has")
	requireChart(t, read(t, dir, "days.svg"))
}

// The picture is XML, and has a bar for each day and a dot where something differs.
func requireChart(t *testing.T, svg []byte) {
	t.Helper()
	classes := map[string]int{}
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if element, ok := token.(xml.StartElement); ok {
			for _, attribute := range element.Attr {
				switch attribute.Name.Local {
				case "class":
					classes[element.Name.Local+" "+attribute.Value]++
				case "height":
					height, err := strconv.ParseFloat(attribute.Value, 64)
					require.NoError(t, err)
					require.GreaterOrEqual(t, height, 0.0)
				}
			}
		}
	}
	require.Equal(t, 365+1, classes["rect refunded"], "and the legend")
	require.Equal(t, 365+1, classes["rect failed"])
	require.Greater(t, classes["circle differs"], 20)
	require.Contains(t, string(svg), "prefers-color-scheme: dark")
}

func read(t *testing.T, dir, name string) []byte {
	content, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return content
}

// Where nothing went wrong nothing is found.
func TestProgramOfAGoodYear(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-refunds", "1500", "-planted", "0", "-out", filepath.Join(t.TempDir(), "new")}, &out))
	require.Contains(t, out.String(), "\n0 differences, with ")
}

func TestFlagsRefused(t *testing.T) {
	require.Error(t, run(t.Context(), []string{"-refunds", "many"}, new(bytes.Buffer)))
	require.ErrorContains(t, run(t.Context(), []string{"-refunds", "10", "-planted", "20"}, new(bytes.Buffer)), "-planted")
}
