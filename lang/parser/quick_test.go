package parser

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// texts are the examples and the inputs of the golden files.
func texts(t *testing.T) (out []string) {
	t.Helper()
	examples, _ := filepath.Glob("../../examples/*.pipe")
	for _, name := range examples {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	archives, _ := filepath.Glob("../../testdata/parse/*.txtar")
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(a.Files[0].Data))
	}
	if len(examples) == 0 || len(archives) == 0 {
		t.Fatal("there is nothing to read")
	}
	return out
}

// TestQuick holds what is read by hand against the grammar: both give the same tree and say the same, whole and
// with a token left out, doubled or put on a line of its own.
func TestQuick(t *testing.T) {
	const mutated = 80 // tokens of a text
	for _, text := range texts(t) {
		alike(t, text)
		toks := token.Lex(text)
		for i := 0; i < len(toks); i += 1 + len(toks)/mutated {
			from, to := toks[i].Start, toks[i].End
			alike(t, text[:from]+text[to:])
			alike(t, text[:to]+" "+text[from:])
			alike(t, text[:from]+"\n"+text[from:])
		}
	}
}

func alike(t *testing.T, text string) {
	t.Helper()
	f := source.NewFile("input.pipe", text)
	read := func(byGrammar bool) (*ast.File, []diag.Diagnostic) {
		careful = byGrammar
		defer func() { careful = false }()
		var diags diag.List
		return Parse(f, &diags), diags.Sorted()
	}
	tree, said := read(false)
	wantTree, wantSaid := read(true)
	if !reflect.DeepEqual(tree, wantTree) {
		t.Errorf("another tree of:\n%s", text)
	}
	if !reflect.DeepEqual(said, wantSaid) {
		t.Errorf("said %v, the grammar says %v, of:\n%s", said, wantSaid, text)
	}
}
