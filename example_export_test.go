package refundkit_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/refundkit/refundkit"
	"github.com/refundkit/refundkit/refundtest"
)

// A job exports what is new each time: it starts where the export before ended,
// whether that found something or not. Keep next with what you wrote, and only
// when the export is complete.
func ExampleExportProgress() {
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	server := refundtest.New()
	charge := server.AddCharge(refundtest.Charge{Amount: 100_000, Created: march})
	if _, err := server.AddRefunds(exampleRefunds(charge, 300, march)); err != nil { // one every hour
		log.Fatal(err)
	}
	client := exampleClient(server)

	next := march
	export := func(to time.Time) (count int) {
		coveredTo := next
		params := refundkit.ExportParams{From: next, To: to, Progress: func(p refundkit.ExportProgress) { coveredTo = p.CoveredTo }}
		for _, err := range client.Refunds.Export(context.Background(), params) {
			if err != nil {
				log.Fatal(err)
			}
			count++
		}
		next = coveredTo
		return count
	}
	fmt.Println(export(march.AddDate(0, 0, 7)))
	fmt.Println(export(time.Time{})) // until now
	fmt.Println(time.Since(next) < time.Minute)
	// Output:
	// 168
	// 132
	// true
}
