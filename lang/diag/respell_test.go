package diag

import (
	"testing"

	"github.com/pipelang/pipe/lang/source"
)

func TestRespell(t *testing.T) {
	tests := []struct{ text, found, help, want string }{
		{"needs bulit", "bulit", `did you mean "built"?`, "needs built"},
		{`when x == "prdo"`, `"prdo"`, `did you mean "prod"?`, `when x == "prod"`},
		{`use "std/tests"`, `"std/tests"`, `did you mean "std/test"?`, `use "std/test"`},
		{`use "./ci/comon.pipe"`, `"./ci/comon.pipe"`, `did you mean "common.pipe"?`, `use "./ci/common.pipe"`},
		{"a = go()", "go", `did you mean "test.go"?`, "a = test.go()"},
		{"if x", "if", `did you mean "when"?`, ""},
		{"needs bulit", "needs bulit", `did you mean "built"?`, ""},
		{"needs bulit", "bulit", `there is built`, ""},
		{"needs bulit", "bulit", `did you mean "built"? or not`, ""},
	}
	for _, tt := range tests {
		var l List
		f := source.NewFile("ci.pipe", tt.text)
		start := int32(0)
		for tt.text[start:start+int32(len(tt.found))] != tt.found {
			start++
		}
		l.Add(Diagnostic{Rule: UnknownName, File: f, Span: source.Span{Start: start, End: start + int32(len(tt.found))}, Help: tt.help})
		fixes := l.Sorted()[0].Fixes
		got := ""
		if len(fixes) > 0 {
			got = Apply(tt.text, fixes[0].Edits)
		}
		if got != tt.want {
			t.Errorf("%s: %q, expected %q", tt.text, got, tt.want)
		}
	}
}
