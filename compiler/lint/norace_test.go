//go:build !race

package lint_test

// sampled is explained where the race detector is on.
const sampled = false
