package script

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/syntax"
)

// asPlain is what the plain way makes of a text, and whether it takes it.
func asPlain(text string, d Dialect) (tree string, taken bool) {
	w := &walker{text: text, dialect: d}
	stmts, taken := w.plain()
	if !taken {
		return "", false
	}
	tree = dump(stmts)
	w.sheet.leave()
	return tree, true
}

// dump writes a tree with the places of its nodes, and all of them that any reader asks for.
func dump(stmts []*syntax.Stmt) string {
	var b strings.Builder
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			if n == nil {
				return true
			}
			fmt.Fprintf(&b, "%T %d-%d", n, n.Pos().Offset(), n.End().Offset())
			switch n := n.(type) {
			case *syntax.Stmt:
				fmt.Fprintf(&b, " %v %v %v %v %d", n.Negated, n.Background, n.Coprocess, n.Disown, n.Semicolon.Offset())
			case *syntax.BinaryCmd:
				fmt.Fprintf(&b, " %s %d", n.Op, n.OpPos.Offset())
			case *syntax.Assign:
				fmt.Fprintf(&b, " %v %v %v %v", n.Append, n.Naked, n.Index, n.Array)
			case *syntax.Redirect:
				fmt.Fprintf(&b, " %s %v %v %d", n.Op, n.N, n.Hdoc, n.OpPos.Offset())
			case *syntax.Word:
				fmt.Fprintf(&b, " %v", n.Parts == nil)
			case *syntax.Lit:
				fmt.Fprintf(&b, " %q", n.Value)
			case *syntax.SglQuoted:
				fmt.Fprintf(&b, " %q %v %d %d", n.Value, n.Dollar, n.Left.Offset(), n.Right.Offset())
			case *syntax.DblQuoted:
				fmt.Fprintf(&b, " %v %v %d %d", n.Dollar, n.Parts == nil, n.Left.Offset(), n.Right.Offset())
			case *syntax.ParamExp:
				param := *n
				param.Dollar, param.Rbrace, param.Param = syntax.Pos{}, syntax.Pos{}, nil
				fmt.Fprintf(&b, " %d %d %+v", n.Dollar.Offset(), n.Rbrace.Offset(), param)
			}
			b.WriteByte('\n')
			return true
		})
	}
	return b.String()
}

// comments are lines that only people read; a tree holds them, and nothing asks for them.
var comments = regexp.MustCompile(`(?m)^\*syntax\.Comment .*\n`)

// agree says that the plain way takes a text, and fails where the parser reads it in another way.
func agree(t *testing.T, text string) (taken bool) {
	t.Helper()
	for _, d := range []Dialect{Sh, Bash} {
		got, plain := asPlain(text, d)
		if !plain {
			continue
		}
		taken = true
		stmts, mistakes, ok := parse(text, d)
		if !ok || len(mistakes) > 0 {
			t.Errorf("%q is plain, and no script: %v", text, mistakes)
			continue
		}
		want := comments.ReplaceAllString(dump(stmts), "")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -parser +plain\n%s", text, diff)
		}
		if want, got := parsed(text, d), Read(text, d); !reflect.DeepEqual(want, got) {
			t.Errorf("%q: the parser's tree comes to\n%+v, and the plain one to\n%+v", text, want, got)
		}
	}
	return taken
}

// parsed is what Read tells of a script when the parser reads it.
func parsed(text string, d Dialect) *Script {
	stmts, _, _ := parse(text, d)
	w := &walker{text: text, dialect: d, started: d.Ours(), script: &Script{}}
	w.begin()
	w.ahead(stmts)
	w.list(stmts, context{errexit: true})
	w.ends(stmts)
	return w.finish()
}

// plainPieces are what scripts are made of, those that are plain and those that only look like it.
var plainPieces = []string{
	"go", "vet", "./...", "--level", "3", "-x", "a=b", "X=1", "PATH=$PATH:/x", "a+=1", "a[0]=1", "[", "[[", "]", "=", "==", "if", "then", "fi", "export", "let",
	"time", "!", "{", "}", "(", ")", ";", "&", "&&", "||", "|", ">", ">>", "> out.txt", `>> "$PIPE_OUTPUT"`, "2>&1", "2> err", "<", "<<EOF", ">&2", ">|",
	`"$X"`, `"${X}"`, `"a b"`, `""`, "''", "'a b'", `'$X'`, `"x=$Y-z"`, "$X", "${X}", "${X:-y}", "$1", "$@", "$", "$(pwd)", "`pwd`", `"$(pwd)"`, `"\""`, `$'x'`, `$"x"`,
	"*", "*.go", "?", "[a-z]", "~", "~/bin", "^", "a#b", "#", "# remark", "\n", "\n\n", " \\\n ", "\\\n", "\\", "é", "\"é\"", "\t", "@(a)", "{a,b}", "%1", "a:b", "-", "--",
	"$X[1]", "\"$X[1]\"", "\"!\"", "\"a\nb\"", "'a\nb'", "x()", "function", "coproc", "select", "echo", "cat", "true", "exit", "1",
}

// TestPlainTrees compares the plain way with the parser, tree by tree, on texts of pieces that somebody writes.
func TestPlainTrees(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 7))
	taken := 0
	const texts = 60_000
	for range texts {
		var b strings.Builder
		for range 1 + random.IntN(9) {
			b.WriteString(plainPieces[random.IntN(len(plainPieces))])
			if random.IntN(5) > 0 {
				b.WriteString(" ")
			}
		}
		if agree(t, b.String()) {
			taken++
		}
	}
	if taken < texts/50 {
		t.Errorf("only %d of %d texts were plain, which shows little", taken, texts)
	}
}

// TestPlainScripts reads the scripts of this repository's pipelines: many are plain.
func TestPlainScripts(t *testing.T) {
	written := regexp.MustCompile("(?s)```(?:sh|bash)?\\n(.*?)```|run `([^`\n]*)`")
	scripts, taken := 0, 0
	for _, dir := range []string{"../../examples", "../../stdlib", "../../testdata"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".pipe" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range written.FindAllStringSubmatch(string(text), -1) {
				scripts++
				if agree(t, m[1]+m[2]) {
					taken++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if taken < scripts/4 {
		t.Errorf("%d of %d scripts are plain", taken, scripts)
	}
	t.Logf("%d of %d scripts are plain", taken, scripts)
}

// FuzzPlain reads anything in the plain way, and what it takes as the parser does.
func FuzzPlain(f *testing.F) {
	for _, piece := range plainPieces {
		f.Add("go " + piece + " x")
		f.Add(piece + " x")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) { // nothing else is read
			agree(t, text)
		}
	})
}
