// Package conformance holds the tests that compare refundkit with what Stripe
// publishes: the official API specification and the server that Stripe makes
// from it (stripe-mock, which runs in the test's process), and Stripe's own Go
// client. It is a module of its own, so that none of these becomes a dependency
// of refundkit. There is nothing to import here.
//
// # What is compared
//
//   - Every property that the specification gives a refund and what hangs on it,
//     a payment record, an error and an event is decoded, encoded and found again
//     under its name, with its value and its kind. What is left out on purpose
//     stands in a table with its reason.
//   - Every parameter that the specification gives our endpoints is sent by a
//     call, and no other; stripe-mock accepts each call, and its answer decodes.
//   - Every refund endpoint of the specification is ours or is left out with a
//     reason.
//   - The values of our enumerations are those of the specification.
//   - Every object that the fake in package refundtest shows, in every state, has
//     what the specification requires, what may be null, and what was recorded all
//     the same; each with its kind, and nothing else.
//   - Stripe's Go client and ours get the same from the fake in package
//     refundtest, and accept each other's webhook signatures.
//
// The name of a failing test is the property, parameter or endpoint that is
// missing: TestProperties/refund.amount, TestParameters/Refunds.Create/amount. A
// field of our params that is gone altogether is named by the compiler.
//
// # Moving to the next API version
//
// A release of stripe-mock carries one version of the API. From this folder:
//
//	go get github.com/stripe/stripe-mock@vX.Y.Z
//	go mod tidy
//
// Set stripeMockVersion, below, to the same version, and refundkit.APIVersion
// to the one that TestVersions then asks for. Run
//
//	go test -race ./...
//
// and add to refundkit what the failing tests name, or to the tables of what is
// left out, with the reason. If it is time for a new major version of
// stripe-go as well, change its import path in the test files.
package conformance

// stripeMockVersion is the release of stripe-mock, and so of the specification,
// that the tests were written against. TestVersions holds go.mod to it.
const stripeMockVersion = "v0.203.0"
