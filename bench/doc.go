// Package bench measures refundkit beside Stripe's official Go client and
// beside a floor: net/http and encoding/json into the same structs, with
// nothing around them.
//
//	go test -bench . -count 10    # the benchmarks
//	go run ./report               # everything, as a table and a chart
//
// All three get the same answers from the same transport, each with IDs of its
// own, and before it is timed each must have read them rightly.
package bench
