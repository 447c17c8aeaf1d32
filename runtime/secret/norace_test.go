//go:build !race

package secret

// sampled is explained where the race detector is on.
const sampled = false
