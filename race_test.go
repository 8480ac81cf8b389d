//go:build race

package refundkit_test

// chaosCount is smaller here: the race detector makes everything ten times slower.
const chaosCount = 10_000
