package parser_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// Every byte of a script is found again in the file, whatever was taken away before it.
func TestScriptPlaces(t *testing.T) {
	tests := []struct{ name, script string }{
		{"code span", "`go vet ./...`"},
		{"code span, unicode", "`echo 'größe 😀' \\\t x`"},
		{"spaces", "```\n    if a; then\n      b\n    fi\n  ```"},
		{"tabs", "```bash\n\t\ta\n\t\t\tb\n\t```"},
		{"mixed indentation", "```\n\t  a\n\t b\n```"},
		{"CRLF", "```\r\n    a\r\n      b\r\n\r\n    c\r\n    ```"},
		{"unicode", "```\n    echo 'ä😀'\n    echo ü\n  ```"},
		{"blank lines", "```\n\n    a\n  \n        \n    b\n\n  ```"},
		{"empty", "```\n```"},
		{"no indentation", "```\na\n  b\n```"},
		{"long fence", "````\n  ```\n  x\n  ```\n````"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("input.pipe", "// ä\nop x() {\n  run "+tt.script+"\n}\n")
			var diags diag.List
			tree := parser.Parse(f, &diags)
			if diags.Len() > 0 {
				t.Fatal(messages(f, &diags))
			}
			var script *ast.Script
			ast.Inspect(tree, func(n ast.Node) bool {
				if s, ok := n.(*ast.Script); ok {
					script = s
				}
				return true
			})
			checkPlaces(t, f, script)
		})
	}
}

func checkPlaces(t *testing.T, f *source.File, s *ast.Script) {
	t.Helper()
	before := s.Range.Start
	for i := range len(s.Text) {
		at := s.Place(i)
		if at < before || at >= s.Range.End {
			t.Fatalf("byte %d is at %d, after one at %d in %v", i, at, before, s.Range)
		}
		before = at
		if found := f.Text[at]; found != s.Text[i] && !(s.Text[i] == '\n' && (found == '\r' || found == ' ' || found == '\t')) {
			t.Errorf("byte %d is %q, and %q in the file", i, s.Text[i], found)
		}
		span := s.Within(i, i+1)
		if s.Text[i] != '\n' && f.Slice(span) != s.Text[i:i+1] {
			t.Errorf("byte %d is %q, and its span %q", i, s.Text[i], f.Slice(span))
		}
	}
	checkLines(t, f, s)
	for _, off := range []int{-1, len(s.Text), len(s.Text) + 9} {
		if at := s.Place(off); at < s.Range.Start || at > s.Range.End {
			t.Errorf("Place(%d) is %d, outside %v", off, at, s.Range)
		}
	}
}

// checkLines looks for each line of a script as one span.
func checkLines(t *testing.T, f *source.File, s *ast.Script) {
	t.Helper()
	start := 0
	for line := range strings.SplitAfterSeq(s.Text, "\n") {
		if got := f.Slice(s.Within(start, start+len(line))); got != strings.TrimSuffix(line, "\n") {
			t.Errorf("line %q is %q in the file", line, got)
		}
		start += len(line)
	}
}
