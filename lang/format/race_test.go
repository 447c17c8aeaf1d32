//go:build race

package format_test

// sampled says that the race detector makes every step some ten times as long: texts that are changed at
// random then are fewer, and all of them come without it.
const sampled = true
