package diag_test

import (
	"testing"

	"github.com/pipelang/pipe/lang/diag"
)

func TestSuggest(t *testing.T) {
	for _, tt := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"wher", []string{"when", "where", "whole"}, "where"},
		{"whem", []string{"where", "when"}, "when"},
		{"gratest", []string{"greatest", "least"}, "greatest"},
		{"Unit", []string{"unit", "UNIT2"}, "unit"},
		{"bb", []string{"a", "b", "c"}, "b"},
		{"env", []string{"environment", "port"}, "environment"},
		{"env", []string{"environment", "envelope"}, ""},
		{"version", []string{"image", "port"}, ""},
	} {
		if got := diag.Suggest(tt.name, tt.candidates); got != tt.want {
			t.Errorf("%s among %v: %q, not %q", tt.name, tt.candidates, got, tt.want)
		}
	}
}
