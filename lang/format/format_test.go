package format_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// root of the repository.
const root = "../.."

func parse(text string) (*ast.File, *diag.List) {
	var diags diag.List
	return parser.Parse(source.NewFile("test.pipe", text), &diags), &diags
}

// readable reports whether the syntax is without mistakes; what the language only lacks yet is no mistake.
func readable(diags *diag.List) bool {
	for _, d := range diags.Sorted() {
		if d.Rule != diag.NotYet {
			return false
		}
	}
	return true
}

// sameTree compares trees but for places, line breaks in strings, and the ends of comments.
var sameTree = cmp.Options{
	cmpopts.IgnoreTypes(ast.At{}),
	cmpopts.IgnoreFields(ast.File{}, "Source"),
	cmpopts.IgnoreFields(ast.Script{}, "Lines"),
	cmpopts.EquateEmpty(),
	cmp.Transformer("lines", func(s string) lines {
		return lines(strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), " \t\r\f"))
	}),
}

type lines string

// words are the tokens that a formatter may not change.
func words(text string) (out []string) {
	text = strings.TrimPrefix(text, "\ufeff")
	for _, t := range token.Lex(text) {
		switch t.Kind {
		case token.Comma, token.Semicolon, token.Comment, token.Doc, token.Fence:
		default:
			out = append(out, strings.ReplaceAll(text[t.Start:t.End], "\r\n", "\n"))
		}
	}
	return out
}

// documentsSeparator reports whether documentation stands above a comma or semicolon, or behind
// one at the head of the file. It documents nothing there, and what follows once the separator is gone.
func documentsSeparator(text string) bool {
	toks := token.Lex(text)
	for i := 0; toks[i].Kind == token.Semicolon || toks[i].Kind == token.Comment; i++ {
		if toks[i].Kind == token.Semicolon && strings.Contains(text, "///") {
			return true
		}
	}
	for i := range len(toks) - 1 {
		next := i + 1
		for toks[next].Kind == token.Comment {
			next++
		}
		if k := toks[next].Kind; toks[i].Kind == token.Doc && (k == token.Comma || k == token.Semicolon) {
			return true
		}
	}
	return false
}

// verify checks what holds for every text, and returns its canonical form.
func verify(t *testing.T, text string) string {
	t.Helper()
	before, diags := parse(text)
	got := format.File(before)
	if !readable(diags) || documentsSeparator(text) {
		return got
	}
	after, diags := parse(got)
	if !readable(diags) {
		t.Fatalf("from:\n%s\nto:\n%s\n%v", text, got, diags.Sorted()[0])
	}
	if diff := cmp.Diff(before, after, sameTree); diff != "" {
		t.Errorf("the tree is another one: %s\nfrom:\n%s\nto:\n%s", diff, text, got)
	}
	if diff := cmp.Diff(words(text), words(got)); diff != "" {
		t.Errorf("the tokens are others: %s", diff)
	}
	if again := format.File(after); again != got {
		t.Errorf("formatting again changes it: %s\nfrom:\n%s", cmp.Diff(got, again), text)
	}
	checkLines(t, got)
	return got
}

func checkLines(t *testing.T, got string) {
	t.Helper()
	if strings.Contains(got, "\r\n") || got != "" && !strings.HasSuffix(got, "\n") || strings.HasPrefix(got, "\n") || strings.HasSuffix(got, "\n\n") {
		t.Errorf("line breaks are not canonical:\n%q", got)
	}
}

// The goldens: a file `input` beside `output`, or `output` alone for what is canonical already.
func TestGoldens(t *testing.T) {
	paths, err := filepath.Glob(root + "/testdata/format/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			input := string(a.Files[0].Data)
			if _, diags := parse(input); !readable(diags) {
				t.Fatal(diags.Sorted()[0])
			}
			got := verify(t, input)
			verify(t, got)
			if os.Getenv("UPDATE") != "" {
				a.Files = []txtar.File{a.Files[0], {Name: "output", Data: []byte(got)}}
				if err := os.WriteFile(path, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[len(a.Files)-1].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// everyFile calls f with every .pipe file of the repository, those inside txtar archives too.
func everyFile(tb testing.TB, f func(name, text string)) {
	tb.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".pipe":
			b, err := os.ReadFile(path)
			f(path, string(b))
			return err
		case ".txtar":
			a, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			for _, file := range a.Files {
				if strings.HasSuffix(file.Name, ".pipe") || file.Name == "input" {
					f(path+"/"+file.Name, string(file.Data))
				}
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func TestEveryFile(t *testing.T) {
	everyFile(t, func(name, text string) {
		t.Run(name, func(t *testing.T) { verify(t, text) })
	})
}

func TestLineBreaks(t *testing.T) {
	input := "let a = [ 1,\r\n2 ]\r\n\r\n// c \t\r\nop x() {\r\n  run ```\r\n    echo \"a\"\r\n\r\n    b\r\n    ```\r\n  let_ = \"\"\r\n}\r\n"
	input = strings.Replace(input, "  let_ = \"\"\r\n", "  return \"\"\"one\r\ntwo\"\"\"\r\n", 1)
	want := "let a = [\n  1,\n  2,\n]\n\n// c\nop x() {\n  run ```\n    echo \"a\"\n\n    b\n  ```\n  return \"\"\"one\ntwo\"\"\"\n}\n"
	if diff := cmp.Diff(want, verify(t, input)); diff != "" {
		t.Error(diff)
	}
	for in, want := range map[string]string{"": "", "\n\n": "", " // c": "// c\n", "\ufefflet a=1": "let a = 1\n", "/// doc\n\n\n\nlet a=1;": "/// doc\n\nlet a = 1\n"} {
		if got := verify(t, in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// What could not be read is not touched, nor what the language keeps for later.
func TestUntouched(t *testing.T) {
	for _, text := range []string{
		"op  x( {\n", "op x() {\n  runn  `x`\n}\n", "let a = \"\n", "let  a=[1\n", "op x(){}}\n",
		"settings { a:  }\n", "pipeline  p() {\n x = (\n}\n",
	} {
		f, diags := parse(text)
		if readable(diags) {
			t.Errorf("%q has no mistakes", text)
		}
		if got := format.File(f); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	text := "policy   p {\n      allow( x ) ,\n  }\n\nlet a=1\n"
	f, _ := parse(text)
	if got, want := format.File(f), "policy   p {\n      allow( x ) ,\n  }\n\nlet a = 1\n"; got != want {
		t.Errorf("%q became %q", text, got)
	}
}
