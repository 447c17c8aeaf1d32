//go:build !race

package script_test

// sampled is explained where the race detector is on.
const sampled = false
