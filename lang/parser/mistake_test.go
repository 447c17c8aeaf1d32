package parser_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// A sign of another language is mended where what is left can be read, and in no other place.
func TestSigns(t *testing.T) {
	for _, c := range []struct{ line, mended string }{
		{"a: act()", "a = act()"},
		{"a = act(x = 1)", "a = act(x: 1)"},
		{"a = act(x =1)", "a = act(x: 1)"},
		{"a = act() { timeout: 1m }", "a = act() { timeout 1m }"},
		{"a = act(x = names.exists(n, n == 1))", "a = act(x: names.exists(n, n == 1))"},
		{"a: = act()", ""},
		{"a = act(x = = 1)", ""},
		{"a = act(x: names.exists(n, n = 1))", ""},
		{"a = act(x: names.exists(n => n))", ""},
	} {
		f := source.NewFile("ci.pipe", "pipeline main() {\n  "+c.line+"\n}\n")
		var diags diag.List
		parser.Parse(f, &diags)
		got := ""
		for _, d := range diags.Sorted() {
			for _, fix := range d.Fixes {
				e := fix.Edits[0]
				got = strings.TrimSpace(strings.Split(f.Text[:e.Span.Start]+e.Text+f.Text[e.Span.End:], "\n")[1])
			}
		}
		if got != c.mended {
			t.Errorf("%s: mended to %q, want %q", c.line, got, c.mended)
		}
	}
}
