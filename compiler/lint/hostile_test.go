package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

// patience is how long anything hostile may take, on a machine that does other things as well.
var patience = func() time.Duration {
	if sampled {
		return 5 * time.Minute
	}
	return time.Minute
}()

// checkText is what is said about a file of its own, and how long it took.
func checkText(t *testing.T, text string) ([]diag.Diagnostic, time.Duration) {
	t.Helper()
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	start := time.Now()
	found := everything(t, entry, map[string]string{entry: text})
	return found, time.Since(start)
}

// Expressions of hostile size are refused while they are read, with the limit.
func TestHostileExpressions(t *testing.T) {
	rep := strings.Repeat
	long := func(n int, item string) string { return "[" + rep(item+", ", n) + item + "]" }
	for _, c := range []struct{ name, value, want string }{
		{"nested parentheses", rep("(", 5000) + "1" + rep(")", 5000), "nested more than 200 deep"},
		{"nested lists", rep("[", 5000) + rep("]", 5000), "nested more than 200 deep"},
		{"nested maps", rep(`{"a": `, 5000) + "1" + rep("}", 5000), "nested more than 200 deep"},
		{"signs", rep("!", 5000) + "true", "more than 200 signs"},
		{"conditions", rep("true ? 1 : ", 5000) + "1", "nested more than 200 deep"},
		{"selections", "git" + rep(".b", 5000), "more than 1000 parts"},
		{"calls", `"a"` + rep(".trim()", 5000), "more than 1000 parts"},
		{"sums", "1" + rep(" + 1", 5000), "more than 1000 parts"},
		{"conjunctions", "true" + rep(" && true", 5000), "more than 1000 parts"},
		{"interpolations in interpolations", rep(`"${`, 300) + "1" + rep(`}"`, 300), "nested in interpolations more than"},
		{"a list of 100,000", long(100_000, "1"), ""},
		{"a map of 100,000 entries", "{" + rep(`"k": 1, `, 100_000) + `"l": 1}`, ""},
		{"a string of a megabyte", `"` + rep("a", 1<<20) + `"`, ""},
		{"a pattern of 64 KiB", `"a".matches(r"` + rep("a?", 32<<10) + `")`, ""},
		{"a pattern that multiplies", `"a".matches(r"((((a{1,100}){1,100}){1,100}){1,100})")`, "repeat"},
		{"a number of 1,000 digits", rep("9", 1000), "out of range"},
		{"a duration out of range", rep("9", 30) + "h", "too long"},
		{"a comprehension in a comprehension", rep("[1].map(x, ", 100) + "1" + rep(")", 100), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, took := checkText(t, "let a = "+c.value+"\n\nop keep() { run `true` }\n")
			if took > patience {
				t.Errorf("took %v", took)
			}
			var said []string
			for _, d := range found {
				if d.Severity == diag.Error {
					said = append(said, d.Rule+": "+d.Message)
				}
			}
			t.Logf("%v: %.200v", took, said)
			if c.want == "" {
				return
			}
			if len(said) != 1 || !strings.Contains(said[0], c.want) {
				t.Errorf("want one error with %q, got %.400v", c.want, said)
			}
		})
	}
}

// Files that are no text, or hardly any, are one clear finding, soon.
func TestHostileFiles(t *testing.T) {
	rep := strings.Repeat
	op := "op unit() { run `true` }\n"
	for _, c := range []struct {
		name, text string
		want       string // a pattern; "" for a file that is fine
	}{
		{"a NUL byte", "op unit() { run `tr\x00ue` }\n", "NUL byte"},
		{"NUL bytes only", rep("\x00", 1<<20), "NUL byte"},
		{"invalid UTF-8", "op unit() { run `caf\xe9` }\n", "not UTF-8"},
		{"UTF-16", "\xff\xfeo\x00p\x00 \x00u\x00", "UTF-8|NUL"},
		{"only an opening brace", "{", "declaration"},
		{"a megabyte of opening braces", rep("{", 1<<20), "nested more than 200 deep"},
		{"a megabyte of quotes", rep(`"`, 1<<20), "declaration|not closed"},
		{"a megabyte of backquotes", rep("`", 1<<20), "declaration|fence|not closed"},
		{"a line of a megabyte", "let a = \"" + rep("a", 1<<20) + "\"\n", ""},
		{"a word of a megabyte", rep("a", 1<<20), "declaration"},
		{"a comment of ten megabytes", "// " + rep("a", 10<<20) + "\n" + op, ""},
		{"ten megabytes of lines", rep("// a comment\n", 800_000) + op, ""},
		{"a megabyte of semicolons", rep(";", 1<<20) + op, ""},
		{"carriage returns only", strings.ReplaceAll("op unit() {\n  run `true`\n}\n", "\n", "\r"), "carriage returns"},
		{"a byte order mark", "\ufeff" + op, ""},
		{"a byte order mark in the middle", op + "\ufeff" + op, "byte order mark"},
		{"control characters", "op unit() {\x07 run `true` }\n", "U\\+0007"},
		{"text that runs backwards", "op unit() { run `true` } \u202e\n", `U\+202E`},
		{"an empty file", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, took := checkText(t, c.text)
			if took > patience {
				t.Errorf("took %v", took)
			}
			text := render(t, found, false)
			fits(t, text)
			if len(text) > 20_000 {
				t.Errorf("%d bytes are said", len(text))
			}
			var said []string
			for _, d := range found {
				if d.Severity == diag.Error {
					said = append(said, d.Message)
				}
			}
			t.Logf("%v: %.200v", took, said)
			switch {
			case c.want == "" && len(said) > 0:
				t.Errorf("it is fine, but: %.400v", said)
			case c.want != "" && (len(said) != 1 || !regexp.MustCompile(c.want).MatchString(said[0])):
				t.Errorf("want one error of %q, got %.400v", c.want, said)
			}
		})
	}
}

// What is said of thousands of conditions, words or values does not take the square of their number, or more.
func TestHostileSteps(t *testing.T) {
	numbered := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(form, "#", strconv.Itoa(i)))
		}
		return b.String()
	}
	step := func(items string) string {
		return "op act() { run `true` }\n\npipeline main(x: string, n: int) {\n  s = act() {\n" + items + "  }\n}\n"
	}
	slow := "op act(p: [int] where self.all(a, self.all(b, self.all(c, self.all(d, a + b + c + d > 0))))) {\n  env { N = string(p.size()) }\n  run `true`\n}\n\n"
	for _, c := range []struct {
		name, text string
		want       string // the rule of something that is said
	}{
		{"requirements that follow from a guard", step("    when x == \"a\"\n" + numbered(5000, "    require x != \"b#\" else \"no\"\n")), diag.ConstantGuard},
		{"requirements that a guard has nothing to do with", step("    when x == \"a\"\n" + numbered(5000, "    require n > # else \"no\"\n")), ""},
		{"a step that needs thousands", "op act() { run `true` }\n\npipeline main() {\n" + numbered(5000, "  s# = act()\n") + "  last = act() {\n    needs s0" + numbered(5000, ", s#")[len(", s0"):] + "\n    require succeeded(s7) else \"no\"\n  }\n}\n", diag.ConstantGuard},
		{"words for another machine", "op a() {\n  exec [\"ssh\", \"host\", " + numbered(5000, "\"$x#\", ") + "\"last\"]\n}\n\npipeline main() {\n  a()\n}\n", diag.Unquoted},
		{"values that take long", "let l = [" + strings.Repeat("1, ", 4000) + "1]\n\npipeline main() {\n" + numbered(5000, "  s# = op {\n    env { N = string(l.filter(x, x > 1).size() / 2) }\n    run `true`\n  }\n") + "}\n", ""},
		{"rounds of a loop", "pipeline main() {\n  s = op {\n    for q in [" + strings.Repeat("0, 1, ", 31) + "1]\n" + numbered(5000, "    env { N# = string([1, 2][q]) }\n") + "    run `echo \"$q\"`\n  }\n}\n", ""},
		{"steps that failed", "op act() { run `true` }\n\npipeline main() {\n" + numbered(5000, "  s# = act()\n") + "\n  on failure {\n" + numbered(5000, "    t# = act() { when run.failed == \"q#\" }\n") + "  }\n}\n", diag.ConstantGuard},
		{"words with values for another machine", "op a(x: string) {\n  exec [\"ssh\", \"host\", " + numbered(5000, "x, \"$y#\", ") + "\"last\"]\n}\n\npipeline main() {\n  a(x: \"b\")\n}\n", diag.Unquoted},
		{"commands of a pipe", "op a() {\n  run ```\n    cat x" + numbered(5000, " | sort > x#") + "\n  ```\n}\n\npipeline main() {\n  a()\n}\n", ""},
		{"arrays in a line", "op a() {\n  run ```bash\n    x=(1 2)\n    echo" + strings.Repeat(" $x", 20_000) + "\n  ```\n}\n\npipeline main() {\n  a()\n}\n", diag.FirstElement},
		{"questions", "op a() {\n  run ```\n" + numbered(5000, "    apt-get install p#\n") + "  ```\n}\n\npipeline main() {\n  a()\n}\n", diag.NoTerminal},
		{"values with a long condition", slow + "pipeline main() {\n" + numbered(100, "  s# = act(p: ["+strings.Repeat("1, ", 100)+"1])\n") + "}\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, took := checkText(t, c.text)
			if t.Logf("%v", took); took > patience {
				t.Errorf("took %v", took)
			}
			if c.want != "" && !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Rule == c.want }) {
				t.Errorf("nothing is said of %s", c.want)
			}
		})
	}
}

// A file over the limit is refused by its size, unread.
func TestHugeFile(t *testing.T) {
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	if err := os.WriteFile(entry, []byte(strings.Repeat("// a\n", 4<<20)), 0o666); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := load.Load(entry, load.Options{Std: library}, &diag.List{})
	if took := time.Since(start); took > patience {
		t.Errorf("took %v", took)
	}
	if err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("got %v", err)
	}
}
