package parser_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// TestDepth nests everything that can be nested: one diagnostic, and no stack overflow.
func TestDepth(t *testing.T) {
	const n = 100_000
	rep := strings.Repeat
	for name, text := range map[string]string{
		"parentheses":   "let a = " + rep("(", n) + "1" + rep(")", n),
		"not closed":    "let a = " + rep("(", n),
		"lists":         "let a = " + rep("[", n) + rep("]", n),
		"maps":          "let a = " + rep(`{"a": `, n) + "1" + rep("}", n),
		"calls":         "let a = " + rep("f(", n) + rep(")", n),
		"mixed":         "let a = " + rep("([{", n),
		"types":         "type T {\n  a: " + rep("[", n) + "int" + rep("]", n) + "\n}",
		"record types":  "type T {\n  a: " + rep("{ a: ", n) + "int" + rep(" }", n) + "\n}",
		"signs":         "let a = " + rep("!", n) + "b",
		"minus":         "let a = " + rep("- ", n) + "b",
		"conditions":    "let a = " + rep("a ? b : ", n) + "c",
		"selections":    "let a = a" + rep(".b", n),
		"indices":       "let a = a" + rep("[0]", n),
		"method calls":  "let a = a" + rep(".b()", n),
		"sums":          "let a = a" + rep(" + a", n),
		"disjunctions":  "let a = a" + rep(" || a", n),
		"interpolation": "let a = " + rep(`"${`, n),
		"closed holes":  "let a = " + rep(`"${`, n) + "1" + rep(`}"`, n),
		"record bodies": "pipeline p() {\n  return " + rep("{ a: ", n) + "1" + rep("}", n) + "\n}",
	} {
		t.Run(name, func(t *testing.T) {
			tree, diags := parse(text + "\n\nlet kept = 1\n")
			all := diags.Sorted()
			if len(all) != 1 || all[0].Rule != diag.TooDeep {
				t.Errorf("want one %s, got %d: %.300s", diag.TooDeep, len(all), messages(tree.Source, diags))
			}
			if last := tree.Decls[len(tree.Decls)-1]; nameOf(last) != "kept" {
				t.Errorf("the next declaration is lost: %T", last)
			}
		})
	}
}

// TestWithinDepth holds what must still be read.
func TestWithinDepth(t *testing.T) {
	rep := strings.Repeat
	for _, text := range []string{
		"let a = " + rep("(", 150) + "1" + rep(")", 150),
		"let a = a" + rep(" + a", 900),
		"let a = a" + rep(".b", 900),
		"let a = [" + rep("1, ", 50_000) + "1]",
		`let a = "` + rep("a${b}", 100_000) + `"`, // one hole after the other, each as cheap as the first
		rep("op a( {\n", 300) + "let kept = (1)",  // not nested: each starts over
	} {
		tree, diags := parse(text)
		for _, d := range diags.Sorted() {
			if d.Rule == diag.TooDeep {
				t.Errorf("%.40s: %s", text, messages(tree.Source, diags))
			}
		}
	}
}

// TestLongTypes has chains in types, which have no limit of their own.
func TestLongTypes(t *testing.T) {
	const n = 20_000
	checkSpans(t, "type T {\n  a: "+strings.Repeat("secret ", n)+"int\n  b: "+strings.Repeat(`"x" | `, n)+`"y"`+"\n}\n")
	checkSpans(t, "pipeline p() {\n  a = "+strings.Repeat("a.", n)+"b()\n  needs "+strings.Repeat("a, ", n)+"b\n}\n")
}

// TestNotText holds texts that are no pipe at all: one diagnostic, and no more.
func TestNotText(t *testing.T) {
	binary := make([]byte, 4096)
	for i := range binary {
		binary[i] = byte(i*7%251 + 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"NUL":        {"let a = 1\x00\nop (((", "1:10-1:11 syntax: the file is not a text file: it holds a NUL byte\n"},
		"latin 1":    {"// caf\xe9\nlet a = \"\xe9\"\n", "1:7-1:8 syntax: the text is not UTF-8: unexpected byte 0xe9 (save the file as UTF-8)\n"},
		"stray byte": {"let a = 1\n\xff\xfe\nlet b = 2\n", "2:1-2:2 syntax: the text is not UTF-8: unexpected byte 0xff (save the file as UTF-8)\n"},
		"binary":     {string(binary), "1:128-1:129 syntax: the text is not UTF-8: unexpected byte 0x84 (save the file as UTF-8)\n"},
		"symbols":    {"§§§€€€ \x01\x02\n", "1:1-1:7 syntax: unexpected \"§§§€€€\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tree, diags := parse(c.text)
			got := messages(tree.Source, diags)
			if name == "binary" { // wherever the first bad byte is
				if diags.Len() != 1 || !strings.Contains(got, "not UTF-8") {
					t.Errorf("got %s", got)
				}
			} else if got != c.want {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "\n", "  ", "\ufeff", "// only\n", "/// only", ";;\n;", "\r\n"} {
		tree, diags := checkSpans(t, text)
		if diags.Len() > 0 || len(tree.Decls) > 0 {
			t.Errorf("%q: %s", text, messages(tree.Source, diags))
		}
	}
}

// TestLineEnds reads the sample with other line ends and a byte order mark: the same tree, but for scripts' offsets.
func TestLineEnds(t *testing.T) {
	want, _ := parse(sample)
	got, diags := checkSpans(t, "\ufeff"+strings.ReplaceAll(sample, "\n", "\r\n"))
	if diags.Len() > 0 {
		t.Error(messages(got.Source, diags))
	}
	if a, b := dump(want), dump(got); a != b {
		t.Errorf("got %s\nwant %s", b, a)
	}
}

// TestLarge reads four megabytes.
func TestLarge(t *testing.T) {
	var b strings.Builder
	for i := 0; b.Len() < 4<<20; i++ {
		fmt.Fprintf(&b, "let name%d = [\"a\", \"b ${x}\", {\"k\": 1 + 2}]\n", i)
	}
	tree, diags := parse(b.String())
	if diags.Len() > 0 || len(tree.Decls) < 50_000 {
		t.Errorf("%d declarations, %d diagnostics", len(tree.Decls), diags.Len())
	}
	if _, ok := tree.Decls[0].(*ast.Let); !ok {
		t.Errorf("got %T", tree.Decls[0])
	}
}

// TestAtOnce parses in several goroutines, which share the grammar.
func TestAtOnce(t *testing.T) {
	want, _ := parse(sample)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, _ := parse(sample); dump(got) != dump(want) {
				t.Error("another tree")
			}
		})
	}
	all.Wait()
}

// TestMistakesEnd tells the first thousand mistakes of a text that is no pipe file, and that there are more.
func TestMistakesEnd(t *testing.T) {
	for name, text := range map[string]string{
		"declarations": strings.Repeat("type T { a: = }\n", 5000),
		"items":        "pipeline main() {\n" + strings.Repeat("  a = = 1\n", 5000) + "}\n",
	} {
		var diags diag.List
		parser.Parse(source.NewFile("x.pipe", text), &diags)
		if diags.Len() != 1001 {
			t.Errorf("%s: %d diagnostics, want 1001", name, diags.Len())
		}
		all := diags.Sorted()
		if last := all[len(all)-1]; !strings.Contains(last.Message, "more than 1000 mistakes") {
			t.Errorf("%s: the last one is %q", name, last.Message)
		}
	}
}
