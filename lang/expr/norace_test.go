//go:build !race

package expr

// sampled is explained where the race detector is on.
const sampled = false
