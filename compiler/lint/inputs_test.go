package lint_test

import (
	"testing"

	"github.com/pipelang/pipe/compiler/lint"
)

// A name is almost another one that differs by a letter, or by two in the other order.
func TestAlmost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"docs", "doc", true}, {"docs", "doocs", true}, {"docs", "dots", true}, {"docs", "dcos", true}, {"docs", "odcs", true}, {"aab", "ab", true},
		{"docs", "cods", false}, {"docs", "do", false}, {"docs", "docset", false}, {"docs", "tests", false}, {"abcd", "badc", false}, {"", "ab", false},
	} {
		if got := lint.Almost(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
		if got := lint.Almost(c.b, c.a); got != c.want {
			t.Errorf("%q and %q: %v", c.b, c.a, got)
		}
	}
}
