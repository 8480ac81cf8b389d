//go:build !race

package refundkit_test

// chaosCount is how many refunds TestChaos makes.
const chaosCount = 100_000
