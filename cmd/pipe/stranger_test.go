package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// strangers are texts that someone may choose who wishes the repository ill: for shells, option
// parsers, formats, terminals, CI services, line readers, globs, git, paths and normalisers.
var strangers = []string{
	`";id;#`, `$(touch "$MARK")`, "`touch $MARK`", `'; touch $MARK; '`, "| touch $MARK", "a\ntouch $MARK\n", "$HOME", "${x}", "$$", `\`, `'`, `"`,
	"-rf", "--help", "-", "--", "%n%s%d%x", "{{x}}", "${{ x }}",
	"\x1b]0;owned\x07", "\x1b[2J\x1b[1;1H", "a\rb", "\r\n", "\b\b\b", "\x7f", "\u009b31m", "\u202egnp.exe", "\u2066x\u2069", "a\u200bb", "\u2028",
	"::set-env name=X::y", "::add-mask::a", "::stop-commands::x", "::endgroup::", "##[add-mask]a", "##vso[task.setvariable variable=a]b", "##teamcity[x]",
	"title=a", "x<<END\ny\nEND", "END", "=", "a=b\nc=d", "*", "?", "[", "{a,b}", ":(glob)**", ":!x", "HEAD", "@{u}", "refs/heads/x", "a..b",
	"../../etc/passwd", "/etc/passwd", "~", ".", "..", "e\u0301", "\u00e9", "\u2126", "💩", "", " ", "\n", "\t", "a\n", "\n\n", "null", "true", "0", "[]",
	strings.Repeat("x", 64<<10),
}

// hexScript prints each of its arguments as hexadecimal digits on a line.
const hexScript = "#!/bin/sh\nfor a; do printf %s \"$a\" | od -An -v -tx1 | tr -d ' \\n'; echo; done\n"

// strangerRepo is a repository with some files, on a branch without a name.
func strangerRepo(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["hex"] = hexScript
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "p.pipe", "hex"}, {"-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "-q", "-m", "x"}, {"checkout", "-q", "--detach"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	return dir
}

// visit is one run of pipe with what a CI service says.
type visit struct {
	t         *testing.T
	dir, mark string
	environ   []string
}

// pullRequest is the pull request of GitHub's event file.
func (v *visit) pullRequest(title, author, branch, base string) {
	v.t.Helper()
	type text map[string]any
	raw, err := json.Marshal(text{"pull_request": text{"number": 7, "title": title, "user": text{"login": author}, "head": text{"ref": branch}, "base": text{"ref": base}}})
	if err != nil {
		v.t.Fatal(err)
	}
	path := filepath.Join(v.t.TempDir(), "event.json")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		v.t.Fatal(err)
	}
	v.environ = append(v.environ, "GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH="+path)
}

func newVisit(t *testing.T, dir string) *visit {
	t.Helper()
	return &visit{t: t, dir: dir, mark: filepath.Join(t.TempDir(), "mark")}
}

// pipe runs it, and fails the test when a stranger's text has run.
func (v *visit) pipe(args ...string) (stdout, stderr string, code int) {
	v.t.Helper()
	self, err := os.Executable()
	if err != nil {
		v.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = v.dir
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "GITHUB_") && !strings.HasPrefix(name, "CI") && !strings.HasPrefix(name, "GIT") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(append(cmd.Env, "PIPE_TEST_MAIN=1", "PIPE_STORE="+v.t.TempDir(), "MARK="+v.mark), v.environ...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code tells
	if _, err := os.Lstat(v.mark); err == nil {
		v.t.Fatal("a stranger's text was run")
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// happened is what a test looks at in an event.
type happened struct {
	Type, Step, Stream, Text, Outcome, Reason string
	Partial                                   bool
	Value                                     json.RawMessage
}

// events runs pipe and gives what happened; lines are whole.
func (v *visit) events(wantCode int, args ...string) []happened {
	v.t.Helper()
	stdout, stderr, code := v.pipe(append(args, "--format", "json")...)
	if code != wantCode {
		v.t.Fatalf("exit code %d, want %d\n%s", code, wantCode, stderr)
	}
	var out []happened
	open := map[string]string{}
	for line := range strings.Lines(stdout) {
		var h happened
		if err := json.Unmarshal([]byte(line), &h); err != nil {
			v.t.Fatalf("%v: %s", err, line)
		}
		if h.Type == "step.output" {
			key := h.Step + h.Stream
			h.Text = open[key] + h.Text
			if open[key] = h.Text; h.Partial {
				continue
			}
			delete(open, key)
		}
		out = append(out, h)
	}
	return out
}

// said are the lines of a step's standard output, decoded from hexadecimal digits.
func said(t *testing.T, all []happened, step string) []string {
	t.Helper()
	var out []string
	for _, h := range all {
		if h.Type != "step.output" || h.Step != step || h.Stream != "stdout" {
			continue
		}
		raw, err := hex.DecodeString(h.Text)
		if err != nil {
			t.Fatalf("%s: %v in %.60q", step, err, h.Text)
		}
		out = append(out, string(raw))
	}
	return out
}

func wantSaid(t *testing.T, all []happened, step string, want ...string) {
	t.Helper()
	if got := said(t, all, step); !slices.Equal(got, want) {
		t.Errorf("%s received %.200q, want %.200q", step, got, want)
	}
}

// places are the ways that a value may go, each for every value of a list.
const places = `
let title = ci.?pull_request.title.orValue("")
let values = title.split("\u001e")

op parameter(x: untrusted string) -> { out: untrusted string } {
  inputs ["hex"]
  run "show" ` + "`./hex \"$x\"`" + `
  return { out: stdout }
}
op argument(x: untrusted string) {
  inputs ["hex"]
  exec ["./hex", x, "--", "<${x}>"]
}
op variable(x: untrusted string) {
  inputs ["hex"]
  env { OTHER = x; BOTH = "<${x}>" }
  run ` + "`./hex \"$OTHER\" \"$BOTH\"`" + `
}
op result(x: untrusted string) -> { out: untrusted string, text: untrusted string, f: file } {
  inputs []
  run ` + "```" + `
    end=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    { echo "out<<$end"; printf '%s\n' "$x"; echo "$end"; } >> "$PIPE_OUTPUT"
    printf %s "$x" > f
    ` + "```" + `
  return { out: outputs.out, text: text("f"), f: file("f") }
}
op again(x: untrusted string, text: untrusted string, f: file) {
  inputs ["hex"]
  mount { "m/f" = f }
  run ` + "`./hex \"$x\" \"$text\"; od -An -v -tx1 m/f | tr -d ' \\n'`" + `
}
op whole(l: untrusted [string], m: {string: untrusted string}) {
  inputs ["hex"]
  run ` + "`./hex \"$l\" \"$m\"`" + `
}
pipeline inner(x: untrusted string) { step = parameter(x: x) }

pipeline main() {
  by_parameter = parameter(x: x) { for x in values }
  by_argument = argument(x: x) { for x in values }
  by_variable = variable(x: x) { for x in values }
  by_result = result(x: x) { for x in values }
  by_again = again(x: r.out, text: r.text, f: r.f) { for r in by_result }
  by_pipeline = inner(x: x) { for x in values }
  by_list = whole(l: values.slice(0, values.size() - 1), m: {"k": values[0]})
  as_guard = parameter(x: "same") { for x in values; when x == values[1] }
  actor = parameter(x: ci.actor)
  branch = parameter(x: git.branch)
  tag = parameter(x: git.?tag.orValue(""))
  author = parameter(x: ci.?pull_request.author.orValue(""))
  source = parameter(x: ci.?pull_request.branch.orValue(""))
  base = parameter(x: ci.?pull_request.base.orValue(""))
}
`

// TestStrangersAreInert sends every text to every place where one may go: each process receives
// exactly its bytes, and nothing of it is run. The total is about 400 processes.
func TestStrangersAreInert(t *testing.T) {
	v := newVisit(t, strangerRepo(t, map[string]string{"p.pipe": places}))
	all := strings.Join(strangers[:len(strangers)-1], "|")
	v.pullRequest(strings.Join(strangers, "\x1e"), "author "+all, "branch "+all, "base "+all)
	v.environ = append(v.environ, "GITHUB_ACTOR=actor "+all, "GITHUB_REF_TYPE=tag", "GITHUB_REF_NAME=tag "+all)
	began := time.Now()
	events := v.events(0, "run", "p.pipe")
	t.Logf("%d texts, %d events, %v", len(strangers), len(events), time.Since(began).Round(time.Millisecond))
	for i, x := range strangers {
		wantSaid(t, events, fmt.Sprintf("by_parameter[%d]", i), x)
		wantSaid(t, events, fmt.Sprintf("by_argument[%d]", i), x, "--", "<"+x+">")
		wantSaid(t, events, fmt.Sprintf("by_variable[%d]", i), x, "<"+x+">")
		wantSaid(t, events, fmt.Sprintf("by_again[%d]", i), []string{x, x, x}[:again(x)]...)
		wantSaid(t, events, fmt.Sprintf("by_pipeline[%d]/step", i), x)
	}
	wantSaid(t, events, "as_guard[1]", "same")
	wantSaid(t, events, "as_guard[0]")
	for step, want := range map[string]string{"actor": "actor " + all, "tag": "tag " + all, "branch": "branch " + all, "author": "author " + all, "source": "branch " + all, "base": "base " + all} {
		wantSaid(t, events, step, want)
	}
	var list []string
	var m map[string]string
	if got := said(t, events, "by_list"); len(got) != 2 || json.Unmarshal([]byte(got[0]), &list) != nil || json.Unmarshal([]byte(got[1]), &m) != nil ||
		!slices.Equal(list, strangers[:len(strangers)-1]) || m["k"] != strangers[0] {
		t.Errorf("by_list received %.300q", got)
	}
}

// again is how many lines the step says that prints a text twice, and then a file, which has no line when it is empty.
func again(x string) int {
	if x == "" {
		return 2
	}
	return 3
}

// TestStrangersAsFileNames has changed files with names that no one should have.
func TestStrangersAsFileNames(t *testing.T) {
	dir := strangerRepo(t, map[string]string{"p.pipe": `
op parameter(x: untrusted path) {
  inputs ["hex"]
  run ` + "`./hex \"$x\"`" + `
}
op argument(x: untrusted string) {
  inputs ["hex"]
  exec ["./hex", x]
}
pipeline main() {
  by_parameter = parameter(x: x) { for x in git.changed("h/**") }
  by_argument = argument(x: x) { for x in git.changed("h/**") }
  guarded = parameter(x: "h") { when git.changed("h/**").exists(f, f == "h/-rf") }
}
`})
	if err := os.Mkdir(filepath.Join(dir, "h"), 0o755); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range append(slices.Clone(strangers), "\xff\xfe", "a\xc0b") {
		if name == "" || name == "." || name == ".." || len(name) > 255 || strings.ContainsAny(name, "/") {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "h", name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		want = append(want, "h/"+name)
	}
	slices.Sort(want)
	v := newVisit(t, dir)
	events := v.events(0, "run", "p.pipe")
	for i, name := range want {
		wantSaid(t, events, fmt.Sprintf("by_parameter[%d]", i), name)
		wantSaid(t, events, fmt.Sprintf("by_argument[%d]", i), name)
	}
	wantSaid(t, events, "guarded", "h")
}

// TestStrangersNoProcessTakes sends what the system gives no process: each is refused with a
// reason, and where only pipe looks at it, it is a text like others.
func TestStrangersNoProcessTakes(t *testing.T) {
	const file = `
op parameter(x: untrusted string) { inputs []; run ` + "`echo here`" + ` }
op argument(x: untrusted string) { inputs []; exec ["echo", x] }
let title = ci.?pull_request.title.orValue("")
pipeline main() {
  by_parameter = parameter(x: title) { allow_failure }
  by_argument = argument(x: title) { allow_failure }
  looked = op { inputs []; when title.size() > 3 && title != "other"; run ` + "`echo here`" + ` }
}
`
	for name, c := range map[string]struct{ title, parameter, argument string }{
		"NUL":    {"a\x00b=c", "NUL byte", "NUL byte"},
		"1 MiB":  {strings.Repeat("$(id)", 1<<20/5), "bytes, and a variable holds", "bytes, and a"},
		"30 MiB": {strings.Repeat("x", 30<<20), "bytes, and a variable holds", "bytes, and a"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisit(t, strangerRepo(t, map[string]string{"p.pipe": file}))
			v.pullRequest(c.title, "a", c.title[:4], "main")
			for _, h := range v.events(0, "run", "p.pipe") {
				switch {
				case h.Type != "step.finished":
				case h.Step == "looked":
					if h.Outcome != "succeeded" {
						t.Errorf("a comparison %s: %s", h.Outcome, h.Reason)
					}
				case h.Outcome != "failed" || !strings.Contains(h.Reason, map[string]string{"by_parameter": c.parameter, "by_argument": c.argument}[h.Step]) || len(h.Reason) > 300:
					t.Errorf("%s %s: %.400q", h.Step, h.Outcome, h.Reason)
				}
			}
		})
	}
}

// TestEventFiles gives files that are no event: each is said in one line, and nothing runs.
func TestEventFiles(t *testing.T) {
	dir := strangerRepo(t, map[string]string{"p.pipe": "pipeline main() { a = op { inputs []; run `echo ran` } }\n"})
	path := filepath.Join(t.TempDir(), "event.json")
	for name, c := range map[string]struct{ text, want string }{
		"malformed": {`{"pull_request": {"title": "` + "\x1b[2J", "is not the event's JSON"},
		"100 MB":    {`{"pull_request": {"title": "` + strings.Repeat("x", 100<<20) + `"}}`, "is larger than 32 MiB"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		v := newVisit(t, dir)
		v.environ = []string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=" + path}
		began := time.Now()
		stdout, stderr, code := v.pipe("run", "p.pipe")
		if code != 1 || strings.Contains(stdout, "ran") || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 || time.Since(began) > time.Minute {
			t.Errorf("%s: exit code %d in %v\n%s%s", name, code, time.Since(began), stdout, stderr)
		}
	}
}

// loud writes every text as a process, and fails with it in a reason.
const loud = `
let title = ci.?pull_request.title.orValue("")

op show(x: untrusted string) -> { out: untrusted string } {
  inputs []
  run ` + "`printf '%s\\n' \"$x\"; printf '%s\\n' \"$x\" >&2`" + `
  return { out: stdout }
}
op number(x: untrusted string) -> { n: untrusted int } {
  inputs []
  run ` + "`printf '%s' \"$x\"`" + `
  return { n: int(stdout) }
}
op kept(x: untrusted string) { inputs []; run ` + "`: > \"k${x#*/}\"`" + `; keep ["k*"] }
op outputs_of(x: untrusted string) -> { a: untrusted string } {
  inputs []
  run ` + "`echo \"$x\" >> \"$PIPE_OUTPUT\"`" + `
  return { a: outputs.a }
}
op admitted(x: string) { inputs []; run ` + "`echo \"$x\"`" + ` }

pipeline main() -> { title: untrusted string } {
  shown = show(x: x) { for x in title.split("\u001e") }
  counted = number(x: x) { for x in title.split("\u001e"); allow_failure }
  keeps = kept(x: x) { for x in title.split("\u001e"); allow_failure }
  given = outputs_of(x: x) { for x in title.split("\u001e"); allow_failure }
  passed = admitted(x: trusted(x, r"[a-z]+")) { for x in title.split("\u001e"); allow_failure }
  return { title: title }
}
`

// TestStrangersOnTheTerminal looks at every line that pipe writes: no text acts on a terminal
// or on a CI service, in whatever message, output, table or result it stands.
func TestStrangersOnTheTerminal(t *testing.T) {
	v := newVisit(t, strangerRepo(t, map[string]string{"p.pipe": loud}))
	v.pullRequest(strings.Join(strangers[:len(strangers)-1], "\x1e"), "a", "b", "main")
	for _, args := range [][]string{{"run", "p.pipe"}, {"run", "p.pipe", "--format", "json"}, {"eval", "ci.?pull_request.title"}, {"eval", "int(git.branch + ci.?pull_request.title.orValue(\"\"))"}} {
		stdout, stderr, code := v.pipe(args...)
		if code == 3 {
			t.Fatalf("%q: exit code %d\n%s", args, code, stderr)
		}
		if !strings.Contains(stdout+stderr, "set-env") {
			t.Errorf("%q shows no stranger's text\n%s%s", args, stdout, stderr)
		}
		if begun, ended := strings.Count(stdout, "\n::group::"), strings.Count(stdout, "\n::endgroup::"); begun < ended-1 || begun > ended {
			t.Errorf("%q: %d groups begin and %d end: one of them is a stranger's", args, begun, ended)
		}
		for line := range strings.Lines(stdout + stderr) {
			if why := acts(strings.TrimSuffix(line, "\n")); why != "" {
				t.Errorf("%q: %s: %q", args, why, line)
			}
		}
	}
}

// acts says how a line would do more than be read.
func acts(line string) string {
	for _, r := range line {
		if r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return fmt.Sprintf("holds U+%04X", r)
		}
	}
	for _, c := range []string{"##[", "##vso[", "##teamcity["} {
		if strings.Contains(line, c) {
			return "holds " + c
		}
	}
	if text := strings.TrimSpace(line); strings.HasPrefix(text, "::") && !ours.MatchString(text) {
		return "is a command"
	}
	return ""
}

// ours are the commands that pipe itself gives a CI service: output folded by step.
var ours = regexp.MustCompile(`^::(group::[a-z]+(\[\d+\])?|endgroup::)$`)
