package parser_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// sample has each kind of declaration, and its only fenced block in the first.
const sample = `op lint(strict: bool = true) -> { ok: bool } {
  run ` + "```" + `
    go vet ./...
  ` + "```" + `
  return { ok: exit_code == 0 }
}

settings {
  env: "dev" | "prod" = "dev" from "ENV" // where
  port: int = 80 where self > 0 else "positive"
}

profile prod {
  env = "prod"
}

let files = ["a", "b"] + settings.more

defaults {
  image "alpine"
}

type Report {
  passed: [int]
  other: {string: int}?
}

op test(marker: string = "") -> Report {
  env { A = marker; B = "x ${marker}" }
  run "unit" ` + "`go test`" + ` when marker != ""
}

target local = docker {
  host "tcp:x"
}

pipeline ship(version: string) {
  unit = test(marker: "a") {
    needs lint
    retry 2 every 5s
  }
  on failure { notify(text: "${run.failed}") }
}

op last() { exec ["true"] }
`

func parse(text string) (*ast.File, *diag.List) {
	var diags diag.List
	return parser.Parse(source.NewFile("input.pipe", text), &diags), &diags
}

// nameOf is what a declaration declares.
func nameOf(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.Settings:
		return "settings"
	case *ast.Defaults:
		return "defaults"
	case *ast.Profile:
		return d.Name.Text
	case *ast.Let:
		return d.Name.Text
	case *ast.TypeDecl:
		return d.Name.Text
	case *ast.Op:
		return d.Name.Text
	case *ast.Pipeline:
		return d.Name.Text
	case *ast.Target:
		return d.Name.Text
	case *ast.BadDecl:
		return d.Name.Text
	}
	return ""
}

// TestDamage breaks a file at every position: whatever is not closed is said, and no other declaration is lost.
func TestDamage(t *testing.T) {
	whole, diags := parse(sample)
	if diags.Len() > 0 {
		t.Fatal(messages(whole.Source, diags))
	}
	for _, piece := range []string{"(", "[", "{", "}", `"`, `"""`, "`", "```\n", "é"} {
		for at := range len(sample) + 1 {
			if !harmless(piece, at) {
				damage(t, whole, piece, at)
			}
		}
	}
}

// harmless reports whether a piece means nothing at a place: in a comment, a script or a string.
func harmless(piece string, at int) bool {
	for _, tok := range token.Lex(sample) {
		atEnd := at == int(tok.End)
		if int(tok.Start) >= at || at > int(tok.End) {
			continue
		}
		switch tok.Kind {
		case token.Fence: // which may be closed by a longer fence
			return !atEnd || piece[0] == '`'
		}
		if atEnd && tok.Kind != token.Comment {
			continue
		}
		switch tok.Kind {
		case token.Comment:
			return true
		case token.String:
			return !strings.Contains(piece, `"`)
		case token.CodeSpan:
			return !strings.Contains(piece, "`")
		}
	}
	return at == len(sample) && piece == "```\n"
}

func damage(t *testing.T, whole *ast.File, piece string, at int) {
	broken := sample[:at] + piece + sample[at:]
	got, diags := checkSpans(t, broken)
	if diags.Len() == 0 {
		t.Errorf("%q at %d is not noticed: %q", piece, at, around(at))
	}
	kept := map[string]bool{}
	for _, d := range got.Decls {
		kept[nameOf(d)] = true
	}
	for _, d := range whole.Decls {
		if s := d.Span(); (at < int(s.Start) || at > int(s.End)) && !kept[nameOf(d)] {
			t.Errorf("%q at %d loses %s: %q", piece, at, nameOf(d), around(at))
		}
	}
}

func around(at int) string {
	return sample[max(at-20, 0):at] + "▮" + sample[at:min(at+20, len(sample))]
}

// TestCutShort reads every beginning of a file.
func TestCutShort(t *testing.T) {
	for at := range len(sample) {
		checkSpans(t, sample[:at])
	}
}
