package script_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/lang/script"
)

// hostile are pieces that open something, or lean on each other, when they are repeated.
var hostile = map[string]string{
	"subshells": "(", "spaced subshells": "( ", "blocks": "{ ", "substitutions": "$(", "quoted substitutions": `"$(`, "arithmetic": "$((", "parentheses": "((",
	"defaults": "${a:-", "quoted defaults": `"${a:-`, "subscripts": "${a[", "ifs": "if ", "elifs": "if a; then b; elif ", "whiles": "while ", "cases": "case a in a) ",
	"functions": "f() ", "spaced functions": "f () { ", "times": "time ", "coprocs": "coproc ", "negations": "! ", "backquotes": "`", "escaped backquotes": "\\`",
	"documents": "<<a ", "documents of lines": "<<a\n", "tests": "[[ ! ", "groups": "[[ ( ", "and tests": "[[ a && ", "processes": "<(", "globs": "@(", "arrays": "a=(", "minus": "$((-", "unary": "- ", "ternary": "a?b:",
	"equals": "a=", "ands": "a && ", "ors": "a || ", "pipes": "a | ", "lists": "a; ", "lines": "a\n", "plus": "((1+", "powers": "((1**", "commas": "((a,", "assigned": "((a=",
	"reads": "echo $a ", "guarded": "${a:-b} ", "indirect": "${!a}", "quotes": `"`, "single": "'", "dollars": "$", "braces": "{a,b}", "foreign": "${{ x }} ", "half foreign": "${{ ",
	"outputs": "echo a=1 >> $PIPE_OUTPUT\n", "blocks of outputs": "echo 'a<<E' >> $PIPE_OUTPUT\n", "tees": "| tee -a $PIPE_OUTPUT ", "nested outputs": "{ echo a=1; ",
	"printf": `printf "%s` + "\n", "cds": "cd a\n", "downloads": "curl x | sh\n", "nul": "\x00", "broken": "\xff", "escapes": "\\", "continued": "\\\n", "bangs": "!", "sets": "set -e +e\n", "wrapped": "sudo ",
	"arrays that are read": "a=(b c) a $a;", "questions": "apt-get install a\n", "handed scripts": "ssh a 'b $c' ", "handed documents": "ssh a <<E\nb\nE\n", "shells of shells": "sh -c 'sh -c \"a\"'\n",
	"piped outputs": "{ a | tee -a $PIPE_OUTPUT; } | ", "chained outputs": "{ echo b=1 && ",
}

// However a script is built, reading it ends, soon, and within the stack.
func TestHostile(t *testing.T) {
	const limit = time.Minute // on a machine that does other things as well
	size := 1 << 17
	if testing.Short() || sampled {
		size = 1 << 14
	}
	for name, piece := range hostile {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(piece, size/len(piece))
			for _, d := range []script.Dialect{script.Sh, script.Bash} {
				for _, prefix := range []string{"", "echo $((", "x=\"", "[[ ", "a=(", "{ "} {
					start := time.Now()
					s := script.Read(prefix+text, d)
					inside(t, prefix+text, s)
					if took := time.Since(start); took > limit {
						t.Errorf("%s: %s after %q took %v", name, d, prefix, took)
					}
				}
			}
		})
	}
}

// What is nested as deep as hands write it is read; what is deeper is not, and says so.
func TestDepth(t *testing.T) {
	nested := func(n int) string {
		return strings.Repeat("if true; then\n", n) + "echo deep\n" + strings.Repeat("fi\n", n)
	}
	if s := script.Read(nested(100), script.Sh); s.Unread || len(s.Mistakes) > 0 || len(s.Commands) != 101 {
		t.Errorf("100 levels: %+v", s)
	}
	s := script.Read(nested(20_000), script.Sh)
	if !s.Unread || len(s.Mistakes) > 0 || len(s.Commands) > 0 {
		t.Errorf("20,000 levels: unread is %v, %d mistakes, %d commands", s.Unread, len(s.Mistakes), len(s.Commands))
	}
	if s := script.Read(strings.Repeat("a\n", 3<<20), script.Sh); !s.Unread {
		t.Error("six megabytes are read")
	}
	if s := script.Read("echo \xff", script.Sh); !s.Unread || len(s.Mistakes) > 0 {
		t.Errorf("what is not UTF-8 is read: %+v", s)
	}
	if s := script.Read(strings.Repeat(tenLines, 3000), script.Bash); s.Unread || len(s.Mistakes) > 0 || len(s.Commands) != 7*3000 {
		t.Errorf("a megabyte: %d commands, mistakes %v", len(s.Commands), s.Mistakes)
	}
}

// inside checks that whatever is told has its place in the text.
func inside(t testing.TB, text string, s *script.Script) {
	t.Helper()
	for _, p := range places(s) {
		if p.Start < 0 || p.End < p.Start || int(p.End) > len(text) {
			t.Fatalf("%v is not within a text of %d bytes", p, len(text))
		}
	}
	for _, m := range s.Mistakes {
		if m.Message == "" || strings.Contains(m.Message, "\n") {
			t.Fatalf("message %q", m.Message)
		}
	}
	for _, r := range s.Risks {
		if r.Message == "" || r.Help == "" || strings.Contains(r.Message, "\n") {
			t.Fatalf("%s: message %q, help %q", r.Kind, r.Message, r.Help)
		}
	}
}
