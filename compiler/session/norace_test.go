//go:build !race

package session_test

// sampled is explained where the race detector is on.
const sampled = false
