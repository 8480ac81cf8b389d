package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func someTotals(t *testing.T) *totals {
	sums := newTotals()
	for _, l := range []line{
		{created: at(t, "2026-01-31T23:59:59Z"), kind: kindRefund, status: "succeeded", currency: "USD", amount: 1000},
		{created: at(t, "2026-02-01T00:00:00Z"), kind: kindRefund, status: "pending", currency: "USD", amount: 250},
		{created: at(t, "2026-02-01T01:00:00+02:00"), kind: kindRefund, status: "requires_action", currency: "USD", amount: 30}, // January in UTC
		{created: at(t, "2026-02-02T00:00:00Z"), kind: kindRefund, status: "failed", currency: "USD", amount: 7},
		{created: at(t, "2026-02-02T00:00:01Z"), kind: kindRefund, status: "canceled", currency: "USD", amount: 5},
		{created: at(t, "2026-02-02T00:00:02Z"), kind: kindReleased, status: "succeeded", currency: "USD", amount: 900},
		{created: at(t, "2026-02-02T00:00:03Z"), kind: kindRefund, status: "succeeded", currency: "JPY", amount: 1000},
	} {
		sums.add(l)
	}
	return sums
}

func at(t *testing.T, text string) time.Time {
	moment, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return moment
}

func TestTotalsCSV(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, someTotals(t).writeCSV(&b))
	require.Equal(t, `month,currency,refunds,refunded,failed_or_canceled,amount_failed_or_canceled,released_authorizations,amount_released
2026-01,USD,2,10.30,0,0.00,0,0.00
2026-02,JPY,1,1000,0,0,0,0
2026-02,USD,1,2.50,2,0.12,1,9.00
`, b.String())
}

func TestTotalsPrinted(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, someTotals(t).print(&b))
	var rows []string
	for row := range strings.Lines(b.String()) {
		rows = append(rows, strings.Join(strings.Fields(row), " "))
	}
	require.Equal(t, []string{"refunded in JPY USD", "2026-01 0 10.30", "2026-02 1000 2.50", "together 1000 12.80",
		"failed or canceled 0 0.12", "released authorizations 0 9.00"}, rows)
}

// TestChart reads the chart back: a bar for every day with refunds, as high as
// their number, in the right place.
func TestChart(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, someTotals(t).writeChart(&b, at(t, "2026-01-31T00:00:00Z"), at(t, "2026-02-10T00:00:00Z")))
	type rect struct {
		class, fill         string
		x, y, width, height float64
	}
	var bars []rect
	decoder := xml.NewDecoder(&b)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "rect" {
			continue
		}
		var r rect
		for _, attr := range start.Attr {
			number, _ := strconv.ParseFloat(attr.Value, 64)
			switch attr.Name.Local {
			case "class":
				r.class = attr.Value
			case "fill":
				r.fill = attr.Value
			case "x":
				r.x = number
			case "y":
				r.y = number
			case "width":
				r.width = number
			case "height":
				r.height = number
			}
		}
		if r.class == "" {
			bars = append(bars, r)
		}
	}
	require.Len(t, bars, 5) // one part on each of two days, three on the third
	day := float64(chartRight-chartLeft) / 10
	for i, want := range []struct {
		day   float64
		count float64
		fill  string
	}{{0, 2, colorRefunds}, {1, 1, colorRefunds}, {2, 1, colorRefunds}, {2, 2, colorFailed}, {2, 1, colorReleased}} {
		require.InDelta(t, chartLeft+want.day*day, bars[i].x, 0.01)
		require.InDelta(t, want.count*float64(chartBottom-chartTop)/4, bars[i].height, 0.01, "the fullest day has four")
		require.Equal(t, want.fill, bars[i].fill)
	}
	require.InDelta(t, chartTop, bars[4].y, 0.01, "stacked")
}

func TestChartOfNothing(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, newTotals().writeChart(&b, at(t, "2026-01-31T00:00:00Z"), at(t, "2026-02-01T00:00:00Z")))
	require.NotContains(t, b.String(), "NaN")
	require.NoError(t, xml.Unmarshal(b.Bytes(), new(struct{})))
}
