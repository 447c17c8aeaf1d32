package script_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/script"
)

// readNames are the names that a script reads, with a ? where it is known that they may be unset.
func readNames(s *script.Script) string {
	var out []string
	for _, v := range s.Reads {
		if v.Guarded {
			v.Name += "?"
		}
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

func assignedNames(s *script.Script) string {
	var out []string
	for _, a := range s.Assigns {
		if a.Exported {
			a.Name += "!"
		}
		out = append(out, a.Name)
	}
	for _, f := range s.Functions {
		out = append(out, f.Text+"()")
	}
	if s.Opaque {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

func TestVariables(t *testing.T) {
	for _, tt := range []struct{ text, reads, assigns string }{
		{"echo $a ${b} \"$c ${d%x}\" '$e' \\$f ${#g}", "a b c d g", ""},
		{"echo $1 $@ $# $? $$ $! ${10}", "", ""},
		{"echo ${a:-$b} ${c-} ${d:?e} ${f:+g} ${h+i} ${j?}", "a? b c? d? f? h? j?", ""},
		{"echo ${a:=1} ${b=2}", "a? b?", "a b"},
		{": ${a:?}; echo $a", "a? a?", ""},
		{"echo $a; echo ${a:-}; echo $a", "a a? a?", ""},
		{"if [ -z \"${a-}\" ]; then a=1; fi; echo $a", "a? a?", "a"},
		{"#!bash\nif [[ -v a ]]; then echo $a; fi; echo $b", "a? b", ""},
		{"set +u; echo $a", "a?", ""},
		{"a=1 b=$c; d=$a make", "c a", "a b d!"},
		{"for f in $g; do h=$f; done", "g f", "f h"},
		{"while read -r a b; do :; done; read", "", "a b"},
		{"read -p hello -t 5 a", "", "a"},
		{"#!bash\nread -ra list; mapfile -t rows < x; printf -v out %s x", "", "list rows out"},
		{"while getopts ab: opt; do echo $OPTARG; done", "OPTARG", "opt"},
		{"export A B=1 C=$d; readonly E=1; unset X", "d", "A! B! C! E"},
		{"#!bash\nexport A B=1; declare -r C=$d e; declare -x F=1; local g", "d", "A! B! C e F! g"},
		{"f() { local x=1 y; }; g () ( :; )", "", "x y f() g()"},
		{"echo $((a + $b * 2)); : $((c = d)) $((e += 1))", "a b c d e", ""},
		{"#!bash\n((i++)); let j=i; for ((k=0; k<n; k++)); do :; done", "i i k n k", ""},
		{"cat <<E\n$a ${b:-}\nE\ncat <<'E'\n$c\nE", "a b?", ""},
		{"#!bash\na[$i]=x; b+=(y $j); echo ${a[k]} ${c[@]} ${!d} ${!e*}", "i j a c d", "a b"},
		{"eval \"$x\"", "x", "…"},
		{". ./env; source env; export $(cat env)", "", "…"},
		{"#!bash\ndeclare \"$n=1\"; exec {fd}>x; wait -n", "n", "fd …"},
		{"#!bash\ndeclare -n r=t; wait -n -p p; printf -v 'a[0]' x; read 'm[k]'; let 'k = 7' l=1", "", "r p a m k l …"},
		{"echo ${a/$b/$c}", "", ""},
		{"#!bash\necho ${a/$b/$c} ${d:$e:2} ${f^^}", "a b c d e f", ""},
	} {
		d := dialectOf(tt.text)
		s := script.Read(tt.text, d)
		if len(s.Mistakes) > 0 && tt.reads != "" {
			t.Errorf("%s: %v", tt.text, s.Mistakes)
		}
		got := readNames(s)
		if strings.Contains(tt.text, "$((") || strings.Contains(tt.text, "((") {
			checkSets(t, tt.text, got, tt.reads)
			continue
		}
		if diff := cmp.Diff([]string{tt.reads, tt.assigns}, []string{got, assignedNames(s)}); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.text, diff)
		}
	}
}

// checkSets compares names whatever their number: arithmetic reads what it adds to.
func checkSets(t *testing.T, text, got, want string) {
	t.Helper()
	set := func(s string) map[string]bool {
		out := map[string]bool{}
		for name := range strings.FieldsSeq(s) {
			out[name] = true
		}
		return out
	}
	g, w := set(got), set(want)
	delete(w, "c")
	delete(g, "c")
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", text, diff)
	}
}

func TestArithmeticAssigns(t *testing.T) {
	s := script.Read(": $((c = d)) $((e += 1)) $((f++))", script.Bash)
	if got := assignedNames(s); got != "c e f" {
		t.Errorf("assigns %s", got)
	}
	if got := readNames(s); got != "d e f" {
		t.Errorf("reads %s", got)
	}
}

func TestSets(t *testing.T) {
	for name, want := range map[string][2]bool{"IFS": {true, true}, "PWD": {true, true}, "RANDOM": {false, true}, "BASH_SOURCE": {false, true}, "version": {}} {
		if got := [2]bool{script.Sh.Sets(name), script.Bash.Sets(name)}; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDialectOf(t *testing.T) {
	for name, want := range map[string]string{"": "sh", "sh": "sh", "bash": "bash", "python": "", "zsh": ""} {
		d, ok := script.DialectOf(name)
		if ok != (want != "") || ok && d.String() != want {
			t.Errorf("%q is %v, %v", name, d, ok)
		}
	}
}

func TestOutputs(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`echo "a=1" >> "$PIPE_OUTPUT"`, "a"},
		{`echo a=$x >> $PIPE_OUTPUT; echo "b=$y" >> "${PIPE_OUTPUT}"`, "a b"},
		{`printf 'a=%s\nb=%d\n' "$x" 1 >> "$PIPE_OUTPUT"`, "a b"},
		{`printf '%s=%s\n' a 1 b "$x" >> "$PIPE_OUTPUT"`, "a b"},
		{`printf '%s=1\n' "$name" >> "$PIPE_OUTPUT"`, "unknown"},
		{`{ echo a=1; echo "b=$(date)"; } >> "$PIPE_OUTPUT"`, "a b"},
		{`( echo a=1; echo log >&2 ) >> "$PIPE_OUTPUT"`, "a"},
		{"cat <<E >> \"$PIPE_OUTPUT\"\na=1\nb=$x\nc<<D\nd=1\n$y\nD\ne=2\nE", "a b c e"},
		{"cat >> \"$PIPE_OUTPUT\" <<'E'\na=1\nE", "a"},
		{"echo 'a<<E' >> $PIPE_OUTPUT\ncat x >> $PIPE_OUTPUT\necho E >> $PIPE_OUTPUT\necho b=1 >> $PIPE_OUTPUT", "a b"},
		{`echo a=1 | tee -a "$PIPE_OUTPUT"`, "a"},
		{`echo a=1 | tee -a "$PIPE_OUTPUT" | cat`, "a"},
		{`if x; then echo a=1 >> "$PIPE_OUTPUT"; else echo b=1 >> "$PIPE_OUTPUT"; fi`, "a? b?"},
		{`x && echo a=1 >> "$PIPE_OUTPUT"`, "a?"},
		{`{ if [ -n "$x" ]; then echo a=1; fi; echo b=1; } >> "$PIPE_OUTPUT"`, "a? b"},
		{`echo a=1 >> "$PIPE_OUTPUT"; echo a=2 >> "$PIPE_OUTPUT"`, "a a"},
		{`jq -r x >> "$PIPE_OUTPUT"`, "unknown"},
		{`jq -r x | tee -a "$PIPE_OUTPUT"; echo a=1 >> "$PIPE_OUTPUT"`, "a unknown"},
		{`cp x "$PIPE_OUTPUT"`, "unknown"},
		{`exec >> "$PIPE_OUTPUT"`, "unknown"},
		{`out() { echo "$1=$2" >> "$PIPE_OUTPUT"; }; out a b`, "unknown"},
		{`for n in a b; do echo "$n=1" >> "$PIPE_OUTPUT"; done`, "unknown"},
		{`echo -n a=1 >> "$PIPE_OUTPUT"; echo; echo b=2 >> "$PIPE_OUTPUT"`, "a"},
		{`echo "a<<$D" >> "$PIPE_OUTPUT"; echo b=1 >> "$PIPE_OUTPUT"`, "a unknown"},
		{`echo a=1 2>> "$PIPE_OUTPUT"`, "unknown"},
		{`echo a=1 >> "${PIPE_OUTPUT:-/dev/null}"`, "a"},
		{`echo a=1`, ""},
		{"#!bash\ncat <<< \"a=$x\" >> \"$PIPE_OUTPUT\"", "a"},
		{`./build.sh`, "elsewhere"},
		{`go build ./... && curl -o x y`, ""},
		{`sudo python3 x.py`, "elsewhere"},
		{`f() { :; }; f`, ""},
	} {
		s := script.Read(tt.text, dialectOf(tt.text))
		var got []string
		for _, o := range s.Outputs.Names {
			if shown := tt.text[o.At.Start:o.At.End]; shown != o.Name {
				t.Errorf("%s: %s is at %q", tt.text, o.Name, shown)
			}
			if o.Branch {
				o.Name += "?"
			}
			got = append(got, o.Name)
		}
		if s.Outputs.Unknown {
			got = append(got, "unknown")
		}
		if s.Outputs.Elsewhere && (len(got) == 0 && !strings.Contains(tt.text, "PIPE_OUTPUT")) {
			got = append(got, "elsewhere")
		}
		if joined := strings.Join(got, " "); joined != tt.want {
			t.Errorf("%s: writes %q, not %q", tt.text, joined, tt.want)
		}
	}
}

// A path is sure where the script does not come to its end as it was meant without it.
func TestSurePaths(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"./run; cat a; . ./b; sh -e c.sh; python3 d.py; pip install -r e.txt", "run a b c.sh d.py e.txt"},
		{"cd a || exit 1; cd b && ./c; cd d", "a/b a/b/d"},
		{"cat a || true; cat b | wc; cat c & ! cat d; if cat e; then cat f; fi; for x in 1; do cat g; done", ""},
		{"set +e; cat a; set -e; cat b; f() { cat c; }; (cat d)", "b d"},
		{"x=$(cat a); echo $(cat b); test -f c && cat c; tail -f d; docker logs -f e; node f; sh g; source h", "a"},
		{"sudo ./a; FAST=1 timeout 5 ./b; cat c > d; cat < e", "a b c"},
	} {
		var got []string
		for _, p := range script.Read(tt.text, script.Sh).Paths {
			if p.Sure {
				got = append(got, p.Path)
			}
		}
		if joined := strings.Join(got, " "); joined != tt.want {
			t.Errorf("%s: sure are %q, not %q", tt.text, joined, tt.want)
		}
	}
}

func TestPaths(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"cat a b/c 'd e'", "a b/c d e"},
		{"cat $x *.txt ~/y -", ""},
		{"head -n 5 a; sort -k 2 -t , b", "a b"},
		{"cp a b c/; mv d e", "a b >c d >d >e"},
		{"x < a > b 2>> c", "a >b >c"},
		{"python3 -u tools/x.py --in y; python -m http.server; node -e 'a'", "tools/x.py"},
		{"./run.sh; scripts/y z; . ./env", "run.sh scripts/y env"},
		{"cd web && cat package.json; cat /etc/hosts", "web/ web/package.json /etc/hosts"},
		{"(cd web; cat a) ; cat b", "web/ web/a b"},
		{"cd \"$x\"; cat a", ""},
		{"if y; then cd web; fi; cat a", "web/"},
		{"pip install -r reqs.txt; curl -o out.bin https://x; kubectl apply --filename=k.yaml", "reqs.txt >out.bin k.yaml"},
		{"mkdir -p a/b; touch c; tee d < e", ">a/b >c >d e"},
		{"bash -c 'cat x' y", ""},
		{"grep -n x a b; grep -e x -A 2 c; grep --regexp=x d; grep --include '*.go' -rn x d; sed -n 1p e; sed -i s/a/b/ f; sed -i.bak -e x g", "a b c d d e f >f g >g"},
		{"gofmt -l a; gofmt -w b; goimports -w -local x c; prettier --check d; prettier --write e", "a b >b c >c d e >e"},
	} {
		var got []string
		for _, p := range script.Read(tt.text, script.Sh).Paths {
			if p.Write {
				p.Path = ">" + p.Path
			}
			if p.Folder {
				p.Path += "/"
			}
			got = append(got, p.Path)
		}
		if joined := strings.Join(got, " "); joined != tt.want {
			t.Errorf("%s: paths are %q, not %q", tt.text, joined, tt.want)
		}
	}
}

func TestCommands(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"go vet ./...", "go(vet ./...)"},
		{"a \"b c\" d$e $f", "a(b c d… …)"},
		{"sudo -u x env A=1 make all", "sudo(-u x env A=1 make all) env(A=1 make all)+ make(all)+"},
		{"$x y; command -v z", "(y) command(-v z)"},
		{"if a; then b; fi; c && d || e; f() { g; }", "a() b()? c() d()? e()? g()?"},
		{"echo $(a | b) `c`", "echo(… …) a() b() c()"},
		{"timeout 5 curl x", "timeout(5 curl x) curl(x)+"},
		{"  spaced   out  ", "spaced(out)"},
		{"a=1", ""},
	} {
		s := script.Read(tt.text, script.Sh)
		var got []string
		for _, c := range s.Commands {
			var args []string
			for _, a := range c.Args {
				if !a.Static {
					a.Text += "…"
				}
				args = append(args, a.Text)
			}
			text := c.Name + "(" + strings.Join(args, " ") + ")"
			if c.Wrapped {
				text += "+"
			}
			if c.Branch {
				text += "?"
			}
			got = append(got, text)
		}
		if joined := strings.Join(got, " "); joined != tt.want {
			t.Errorf("%s: commands are\n%s, not\n%s", tt.text, joined, tt.want)
		}
	}
}

// The cheap way to read a plain command tells what the ordinary way does.
func TestPlain(t *testing.T) {
	for _, text := range []string{
		"go vet ./...", "make", "  npm  run  build ", "A=1 make", "export A=1 B", "local x", "cd web", "cat a b", "time make", "if", "set -e", "set +e",
		"source x", ". x", "x = 5", "read a b", "printf -v x", "rm -rf /x", "python3 x.py", "sudo make install", "git@host:x", "a:b=c d=e",
	} {
		for _, d := range []script.Dialect{script.Sh, script.Bash} {
			plain, ordinary := script.Read(text, d), script.Read(text+" #", d)
			ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".value" || p.Last().String() == ".lives" }, cmp.Ignore())
			if len(ordinary.Mistakes) > 0 {
				if len(plain.Mistakes) == 0 {
					t.Errorf("%q is read", text)
				}
				continue
			}
			if diff := cmp.Diff(ordinary, plain, ignore, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("%q in %s:\n%s", text, d, diff)
			}
		}
	}
}

// Read is used by many at once, and what it gave does not change.
func TestConcurrent(t *testing.T) {
	want := script.Read(tenLines, script.Sh)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, text := range clean {
				script.Read(text, dialectOf(text))
				got := script.Read(tenLines, script.Sh)
				if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	all.Wait()
}

// No message speaks of the parser or in its words.
func TestWords(t *testing.T) {
	for _, tt := range mistaken {
		for _, m := range script.Read(tt.text, dialectOf(tt.text)).Mistakes {
			for _, word := range []string{"mvdan", "posix", "statement", "literal", "token", "mksh", "zsh", "bats", "EOF", "%!"} {
				if strings.Contains(m.Message+m.Help, word) {
					t.Errorf("%q says %s: %s", tt.text, word, m.Message)
				}
			}
		}
	}
	if files, _ := filepath.Glob("testdata/fuzz/FuzzRead/*"); len(files) == 0 {
		t.Error("no corpus for FuzzRead")
	}
}
