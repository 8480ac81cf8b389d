//go:build race

package histories_test

// slow: the race detector takes ten times as long, and there is no race to find
// between the rules.
const slow = true
