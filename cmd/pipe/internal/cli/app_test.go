package cli

import (
	"slices"
	"testing"
)

// A command that is made alone is found by its name, and all of them are made where none is named.
func TestCommandsAreFoundByName(t *testing.T) {
	a := &app{}
	all := namesBelow(a.root(nil))
	for _, c := range a.commands() {
		if one := namesBelow(a.root([]string{c.name, "x"})); !slices.Equal(one, []string{c.name}) {
			t.Errorf("%s alone gives %v", c.name, one)
		}
		if !slices.Contains(all, c.name) {
			t.Errorf("%s is not among %v", c.name, all)
		}
	}
	for _, args := range [][]string{{"help", "run"}, {"--color=never", "run"}, {"rum"}} {
		if got := namesBelow(a.root(args)); !slices.Equal(got, all) {
			t.Errorf("%v gives %v", args, got)
		}
	}
}
