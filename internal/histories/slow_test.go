//go:build !race

package histories_test

const slow = false
