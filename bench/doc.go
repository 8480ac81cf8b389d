// Package bench measures refundkit beside Stripe's official Go client and
// beside a floor: net/http and encoding/json into the same structs, with
// nothing around them.
//
//	go test -bench . -count 10    # the benchmarks
//	go run ./report               # everything, as a table and a chart
//
// All three get the same bytes from the same transport, and before it is timed
// each must have read them rightly.
package bench
