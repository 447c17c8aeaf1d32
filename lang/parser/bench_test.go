package parser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// large is a file of n steps, about five lines and three and a half expressions each.
func large(n int) string {
	var b strings.Builder
	b.WriteString("settings {\n  env: \"dev\" | \"prod\" = \"dev\"\n  port: int = 80 where self > 0 else \"positive\"\n}\n\n")
	b.WriteString("op work(name: string, count: int = 1, tags: [string] = []) -> { ok: bool, url: string } {\n  run `echo \"$name\"`\n  return { ok: exit_code == 0, url: \"http://${name}\" }\n}\n\npipeline main() {\n")
	for i := range n {
		fmt.Fprintf(&b, "  s%d = work(name: \"step ${settings.env}/%d\", count: settings.port + %d) {\n", i, i, i)
		switch {
		case i == 0:
			b.WriteString("    when settings.env == \"prod\"\n")
		case i%3 == 0:
			fmt.Fprintf(&b, "    needs s%d\n    when s%d.ok && settings.port > %d\n", i-1, i-1, i)
		case i%3 == 1:
			fmt.Fprintf(&b, "    require s%d.ok else \"step ${s%d.url} failed\"\n    retry 2 every 5s\n", i-1, i-1)
		default:
			fmt.Fprintf(&b, "    after s%d\n    timeout 10m\n", i-1)
		}
		b.WriteString("  }\n\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func BenchmarkLex(b *testing.B) {
	text := large(1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		token.Lex(text)
	}
}

func BenchmarkParse(b *testing.B) {
	text := large(1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var diags diag.List
		parser.Parse(source.NewFile("large.pipe", text), &diags)
		if diags.Len() > 0 {
			b.Fatal(diags.Sorted()[0].Message)
		}
	}
}
