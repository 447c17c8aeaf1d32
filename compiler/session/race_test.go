//go:build race

package session_test

// sampled says that the race detector makes every step some ten times as long: tests of all
// combinations then take a part of them, and all of them without it.
const sampled = true
