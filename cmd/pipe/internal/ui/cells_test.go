package ui

import (
	"testing"

	"github.com/mattn/go-runewidth"
)

// TestOwnCharactersAreNarrow compares what is known of pipe's own characters with what is true of them.
func TestOwnCharactersAreNarrow(t *testing.T) {
	for _, wide := range []bool{false, true} {
		before := runewidth.DefaultCondition.EastAsianWidth
		runewidth.DefaultCondition.EastAsianWidth = wide
		for _, r := range own {
			if got, want := cellsOf(r), runewidth.RuneWidth(r); got != want {
				t.Errorf("%c takes %d columns, expected %d", r, got, want)
			}
		}
		runewidth.DefaultCondition.EastAsianWidth = before
	}
}
