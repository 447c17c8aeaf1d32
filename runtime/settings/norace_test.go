//go:build !race

package settings

// sampled is explained where the race detector is on.
const sampled = false
