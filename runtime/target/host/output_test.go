package host

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target"
)

func TestParseOutputs(t *testing.T) {
	for _, c := range []struct {
		text string
		want map[string]string
		err  string
	}{
		{"", map[string]string{}, ""},
		{"a=1", map[string]string{"a": "1"}, ""},
		{"a=1\nB_2=two = 2\n\n", map[string]string{"a": "1", "B_2": "two = 2"}, ""},
		{"a=", map[string]string{"a": ""}, ""},
		{"a= x ", map[string]string{"a": " x "}, ""},
		{"a=1\r\nb=2\r\n", map[string]string{"a": "1", "b": "2"}, ""},
		{"a=<<b", map[string]string{"a": "<<b"}, ""},
		{"a=x<<y", map[string]string{"a": "x<<y"}, ""},
		{"a<<END\n1\n\n2\nEND\nb=3", map[string]string{"a": "1\n\n2", "b": "3"}, ""},
		{"a<<END\nEND", map[string]string{"a": ""}, ""},
		{"a<<E\nb=1\nb<<X\n E\nE\n", map[string]string{"a": "b=1\nb<<X\n E"}, ""},
		{"a=1\na=2", nil, "$PIPE_OUTPUT line 2: a is written twice"},
		{"a=1\n\na<<E\n2\nE", nil, "$PIPE_OUTPUT line 3: a is written twice"},
		{"x=1\nhello", nil, `$PIPE_OUTPUT line 2: expected name=value or name<<END, found "hello"`},
		{"a<b", nil, `$PIPE_OUTPUT line 1: expected name=value or name<<END, found "a<b"`},
		{"=1", nil, `$PIPE_OUTPUT line 1: "" is no name: expected letters, digits and _`},
		{"a b=1", nil, `$PIPE_OUTPUT line 1: "a b" is no name: expected letters, digits and _`},
		{"1a=1", nil, `$PIPE_OUTPUT line 1: "1a" is no name: expected letters, digits and _`},
		{"ä=1", nil, `$PIPE_OUTPUT line 1: "ä" is no name: expected letters, digits and _`},
		{"a<<\nx", nil, "$PIPE_OUTPUT line 1: a<< lacks the word that ends the block"},
		{"x=1\na<<END\n1\n", nil, `$PIPE_OUTPUT line 2: the block is never closed: expected a line "END"`},
		{"a=\xff", nil, "$PIPE_OUTPUT line 1: the value of a is not UTF-8"},
		{strings.Repeat("x", 100), nil, `$PIPE_OUTPUT line 1: expected name=value or name<<END, found "` + strings.Repeat("x", 60) + `…"`},
	} {
		got, err := parseOutputs(c.text)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != c.err {
			t.Errorf("%q: got error %q, want %q", c.text, text, c.err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.text, d)
		}
	}
}

// FuzzParseOutputs: what is read can be written in blocks and read again.
func FuzzParseOutputs(f *testing.F) {
	for _, seed := range []string{"a=1\nb<<E\n2\nE\n", "a=\r\n", "a<<E", "<<=", "a=1\na=2", "a<<\r\n\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseOutputs(text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "$PIPE_OUTPUT line ") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("message %q", err)
			}
			return
		}
		var again strings.Builder
		for name, val := range got {
			end := "END"
			for strings.Contains(val, end) {
				end += "_"
			}
			again.WriteString(name + "<<" + end + "\n")
			if val != "" {
				again.WriteString(val + "\n")
			}
			again.WriteString(end + "\n")
		}
		twice, err := parseOutputs(again.String())
		if err != nil {
			t.Fatalf("%q: %v", again.String(), err)
		}
		if d := cmp.Diff(got, twice); d != "" && !emptyLines(got) {
			t.Fatal(d)
		}
	})
}

// emptyLines says that a value is one empty line, which cannot be told from none.
func emptyLines(m map[string]string) bool {
	for _, v := range m {
		if strings.Trim(v, "\r\n") == "" {
			return true
		}
	}
	return false
}

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		globs string
		in    string
		out   string
	}{
		{"**", "a a/b .x", ""},
		{"*.go", "a.go", "b/a.go a.c"},
		{"**/*.go", "a.go b/a.go b/c/a.go", "a.c"},
		{"./a/", "a/b a", "ab"},
		{".", "a a/b", ""},
		{"a/** !a/b/** a/b/c", "a/x a/b/c", "a/b/d b"},
		{"!a", "", "a b"},
		{"a[0-9]", "a1", "ab a"},
		{`a\*`, "a*", "ab"},
	} {
		gs, err := parseGlobs(strings.Fields(c.globs))
		if err != nil {
			t.Error(err)
		}
		for p := range strings.FieldsSeq(c.in) {
			if !gs.match(p) {
				t.Errorf("%s does not match %s", c.globs, p)
			}
		}
		for p := range strings.FieldsSeq(c.out) {
			if gs.match(p) {
				t.Errorf("%s matches %s", c.globs, p)
			}
		}
	}
}

func TestIgnoredPaths(t *testing.T) {
	got := ignoredPaths([]string{"b/", "a.log", "b/c", "b-c", "d/e/", "d/e/f/g", "../x", "/y", "./", ""})
	if d := cmp.Diff([]string{"a.log", "b", "b-c", "d/e"}, got); d != "" {
		t.Error(d)
	}
}

func TestOneName(t *testing.T) {
	for in, want := range map[string]string{
		"a/b[0]": "a.b[0]", "": "_", "..": "_..", ".": "_.", "../../x": "......x", "a\x00b": "a.b", "plain.txt": "plain.txt",
	} {
		if got := target.OneName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
