package parser

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// TestAgain edits every example and golden input again and again, and reads each form by what is known of the one
// before it, and whole: both give the same tree and say the same.
func TestAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	parts, whole := 0, 0
	files := texts(t)
	for _, text := range files {
		files = append(files, strings.ReplaceAll(text, "\n", "\r\n"))
	}
	for _, text := range files {
		before, ok := readAll(text)
		if !ok {
			continue
		}
		for range 400 {
			text := before.Source.Text
			if random.IntN(3) > 0 {
				text = retyped(text, random)
			} else {
				text = rearranged(text, random)
			}
			f := source.NewFile("input.pipe", text)
			if edited(f, before) != nil {
				parts++
			} else {
				whole++
			}
			var said diag.List
			again := Again(f, before, &said)
			want, clean := readAll(text)
			if (said.Len() == 0) != clean || !sameTree(again, want) {
				t.Fatalf("read again, another tree: %d findings after the change from\n%s\nto\n%s", said.Len(), before.Source.Text, text)
			}
			if clean {
				before = again
			}
		}
	}
	t.Logf("%d forms read in part, %d whole", parts, whole)
	if parts < 300 {
		t.Errorf("%d forms were read in part: expected 300 at least", parts)
	}
}

func readAll(text string) (f *ast.File, clean bool) {
	var said diag.List
	f = Parse(source.NewFile("input.pipe", text), &said)
	return f, said.Len() == 0
}

func sameTree(a, b *ast.File) bool {
	return reflect.DeepEqual(a.Doc, b.Doc) && reflect.DeepEqual(a.Decls, b.Decls) &&
		len(a.Comments) == len(b.Comments) && (len(a.Comments) == 0 || reflect.DeepEqual(a.Comments, b.Comments))
}

// retyped changes one token, or puts something before it.
func retyped(text string, random *rand.Rand) string {
	toks := token.Lex(text)
	t := toks[random.IntN(len(toks))]
	word := text[t.Start:t.End]
	if i := strings.IndexByte(word, ' '); i > 0 && random.IntN(2) == 0 { // in a script, a text or a remark
		return text[:t.Start] + word[:i] + " more" + word[i:] + text[t.End:]
	}
	puts := []string{
		word + "x", word + " " + word, "", "\n" + word, " " + word, "// a remark\n" + word, "/// a word on it\n" + word,
		"(" + word + ")", word + "\n\n", "\"a ${b} c\"", "1", "`echo`", word + "\r", "{ " + word, "```sh\n  echo\n```", "; " + word, word + " // here",
		strings.Replace(word, "\n", "\n  # more\n", 1), "op", "let x = " + word, "\n}\npipeline y {\n" + word,
	}
	return text[:t.Start] + puts[random.IntN(len(puts))] + text[t.End:]
}

// rearranged takes a run of lines out, or puts it elsewhere.
func rearranged(text string, random *rand.Rand) string {
	lines := strings.SplitAfter(text, "\n")
	from := random.IntN(len(lines))
	to := min(len(lines), from+1+random.IntN(6))
	piece := strings.Join(lines[from:to], "")
	rest := append(append([]string{}, lines[:from]...), lines[to:]...)
	at := random.IntN(len(rest) + 1)
	if random.IntN(3) == 0 {
		piece = ""
	}
	return strings.Join(rest[:at], "") + piece + strings.Join(rest[at:], "")
}

// Of an op, a step and an op in place, only the item that was edited is read again; those before it are the same.
func TestAgainKeepsItems(t *testing.T) {
	const text = "op a() {\n  image \"x\"\n  run `a 1` // a remark\n  grace 1s\n}\npipeline main() {\n  one = a() {\n    timeout 1m\n    retry 2\n    when true\n  }\n" +
		"  two = op {\n    image \"y\"\n    run `b 1`\n    timeout 3m\n  }\n}\n"
	before, _ := readAll(text)
	bodies := func(f *ast.File) [][]ast.Item {
		steps := f.Decls[1].(*ast.Pipeline).Items
		return [][]ast.Item{f.Decls[0].(*ast.Op).Items, steps[0].(*ast.Step).Items, steps[1].(*ast.Step).Items}
	}
	for i, change := range []struct{ from, to string }{{"a 1", "a 27"}, {"retry 2", "retry 27"}, {"b 1", "b 27"}} {
		text := strings.Replace(text, change.from, change.to, 1)
		f := source.NewFile("input.pipe", text)
		after := edited(f, before)
		if want, _ := readAll(text); after == nil || !sameTree(after, want) {
			t.Fatalf("%s: another tree, or none", change.to)
		}
		was, is := bodies(before)[i], bodies(after)[i]
		if is[0] != was[0] || is[1] == was[1] || is[2] == was[2] {
			t.Errorf("%s: the first item is to stay, the second one to be read, the third one to be moved", change.to)
		}
	}
}

// Brackets around an item count for how deep those within it are.
func TestAgainDeep(t *testing.T) {
	text := func(n int) string {
		return "pipeline main() {\n  one = op {\n    inputs " + strings.Repeat("[", n) + "1" + strings.Repeat("]", n) + "\n  }\n}\n"
	}
	for n := maxNesting - 10; n < maxNesting+2; n++ {
		before, clean := readAll(text(n))
		if !clean {
			continue
		}
		f := source.NewFile("input.pipe", text(n+1))
		var said diag.List
		again := Again(f, before, &said)
		if want, clean := readAll(f.Text); (said.Len() == 0) != clean || !sameTree(again, want) {
			t.Errorf("%d brackets: another tree, with %d findings", n+1, said.Len())
		}
	}
}

// A line that seems to begin a declaration changes how all is read that stands behind it.
func TestAgainDeclares(t *testing.T) {
	before, clean := readAll("pipeline main() {\n  one = a() {\n    for x in list.\nzz max 3\n  }\n  two = a() {\ntimeout 1m\n  }\n}\n")
	if !clean {
		t.Fatal("there are findings before the change")
	}
	for _, word := range []string{"zzz", "  op", "op", "type"} {
		f := source.NewFile("input.pipe", strings.Replace(before.Source.Text, "zz", word, 1))
		var said diag.List
		again := Again(f, before, &said)
		if want, clean := readAll(f.Text); (said.Len() == 0) != clean || !sameTree(again, want) {
			t.Errorf("%q: another tree, with %d findings", word, said.Len())
		}
	}
}
