// Package node is an example for services in Node.js: their tests run against
// cmd/refundtest, the fake as a program, and control it over HTTP. Its Go test runs
// them.
//
//	go run ./cmd/refundtest &
//	cd examples/node && npm ci && npm test
package node
