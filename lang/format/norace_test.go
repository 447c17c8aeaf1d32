//go:build !race

package format_test

// sampled is explained where the race detector is on.
const sampled = false
