package conformance

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

func (p Place) exit(t *testing.T) {
	b := p.open(t, nil)
	for _, c := range []struct {
		name    string
		scripts []target.Script
		codes   []int
		want    target.Exit
		out     string
	}{
		{"fine", script("echo a"), nil, target.Exit{}, "a"},
		{"a code", script("exit 3"), nil, target.Exit{Code: 3, Script: "1"}, ""},
		{"a code that counts as fine", script("exit 3"), []int{0, 3}, target.Exit{Code: 3}, ""},
		{"zero that does not", script("exit 0"), []int{1}, target.Exit{Script: "1"}, ""},
		{"unset variables fail", script("echo $nothing"), nil, target.Exit{Code: 2, Script: "1"}, ""},
		{"the first failure ends a script", script("false; echo on"), nil, target.Exit{Code: 1, Script: "1"}, ""},
		{"a signal", script("kill -9 $$"), nil, target.Exit{Code: 137, Signal: "SIGKILL", Script: "1"}, ""},
		{"stops at the first that fails", []target.Script{
			{Title: "one", Text: "echo 1"}, {Title: "two", Text: "echo 2; exit 7"}, {Title: "three", Text: "echo 3"},
		}, nil, target.Exit{Code: 7, Script: "two"}, "1\n2"},
		{"on failure, where one failed", []target.Script{
			{Text: "exit 7"}, {Title: "f", Text: "echo f; exit 9", OnFailure: true}, {Text: "echo g", OnFailure: true},
		}, nil, target.Exit{Code: 7, Script: "1"}, "f\ng"},
		{"on failure, where none did", []target.Script{
			{Text: "echo f", OnFailure: true}, {Text: "echo 1"},
		}, nil, target.Exit{}, "1"},
		{"a later interpreter that is missing", []target.Script{
			{Text: "echo 1"}, {Interpreter: "no-such-thing", Text: "x"}, {Text: "echo f", OnFailure: true},
		}, nil, target.Exit{Code: 127, Script: "2", Reason: `interpreter "no-such-thing" is not in PATH`}, "1\nf"},
		{"bash sees failures in a pipe", []target.Script{{Interpreter: "bash", Text: "false | true"}}, nil, target.Exit{Code: 1, Script: "1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := empty()
			job.Scripts, job.SuccessCodes = c.scripts, c.codes
			a := b.Start(job)
			if d := cmp.Diff(c.want, a.Exit()); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.out, a.Stdout()); d != "" {
				t.Error(d)
			}
		})
	}
}

func (p Place) interpreters(t *testing.T) {
	b := p.open(t, tree{"helper.py": "name = 'imported'\n", "helper.js": "exports.name = 'required'\n"})
	for _, c := range []struct{ interpreter, text, want string }{
		{"", "echo sh", "sh"},
		{"sh", "echo sh", "sh"},
		{"sh", "-x 2> /dev/null || echo no option", "no option"},
		{"bash", "-x 2> /dev/null || echo no option", "no option"},
		{"bash", `a=(x y); echo "${a[1]}"`, "y"},
		{"python3", "import helper\nprint(helper.name)\n", "imported"},
		{"node", "console.log(require('./helper.js').name)", "required"},
		{"perl", "print 'per', 'l';", "perl"},
		{"cat", "from a file", "from a file"},
		{"sh", "# " + strings.Repeat("long ", 40_000) + "\necho long", "long"},
	} {
		job := whole()
		job.Scripts = []target.Script{{Interpreter: c.interpreter, Text: c.text}}
		if a := b.Start(job); a.Stdout() != c.want {
			t.Errorf("%s: got %q, want %q\n%s", c.interpreter, a.Stdout(), c.want, a.Stderr())
		}
	}
}

func (p Place) missingPrograms(t *testing.T) {
	b := p.open(t, tree{"plain": "no program"})
	for _, c := range []struct {
		job  target.Job
		want string
	}{
		{target.Job{Scripts: []target.Script{{Interpreter: "ruby-9", Text: "1"}}}, `interpreter "ruby-9" is not in PATH`},
		{target.Job{Exec: []string{"no-such-thing"}}, `"no-such-thing" is not in PATH`},
		{target.Job{Exec: []string{"./none"}}, `"./none" does not exist`},
		{target.Job{Exec: []string{"./plain"}}, `"./plain" is not executable`},
		{target.Job{Exec: []string{"/etc"}}, `"/etc" is a folder, expected a program`},
		{target.Job{Exec: []string{"true"}, Env: []target.EnvVar{{Name: "PATH", Value: "/none"}}}, `"true" is not in PATH`},
		{target.Job{Exec: []string{"true", strings.Repeat("x", 200_000)}}, "exec: argument 1 has 200000 bytes, and one holds 131071 at most: hand it over as a file"},
		{target.Job{Exec: []string{"true", "a\x00b"}}, "exec: argument 1 holds a NUL byte, which no process can be given"},
	} {
		c.job.AllTree = true
		if p.Image != "" && c.job.Exec != nil && c.job.Exec[0] == "/etc" {
			c.want = `"/etc" is not executable` // an engine does not tell why
		}
		_, err := b.Session.Start(t.Context(), c.job, nil)
		if err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func (p Place) execTakesArgumentsAsTheyAre(t *testing.T) {
	b := p.open(t, nil)
	job := empty()
	job.Exec = []string{"printf", "%s|", `";id;#`, "$(id)", "`id`", "a\nb"}
	if got, want := b.Start(job).Stdout(), "\";id;#|$(id)|`id`|a\nb|"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func (p Place) noInput(t *testing.T) {
	b := p.open(t, nil)
	if got := b.Sh(empty(), "cat; echo end"); got != "end" {
		t.Errorf("got %q", got)
	}
}

func (p Place) outputCarriesStreamAndSection(t *testing.T) {
	b := p.open(t, nil)
	job := empty()
	job.Scripts = []target.Script{{Title: "vet", Text: "echo out"}, {Title: "test", Text: "echo err >&2"}}
	var r recorder
	a, err := b.Session.Start(t.Context(), job, &r)
	must(t, err)
	defer a.Close()
	// Of two streams a place may not know which wrote first.
	lines := strings.SplitAfter(r.String(), "\n")
	slices.Sort(lines)
	if d := cmp.Diff([]string{"", "stderr/test:err\n", "stdout/vet:out\n"}, lines); d != "" {
		t.Error(d)
	}
	if a.Stdout() != "out" || a.Stderr() != "err" {
		t.Errorf("got %q and %q", a.Stdout(), a.Stderr())
	}
}

func (p Place) captureIsAsTheShellGivesIt(t *testing.T) {
	b := p.open(t, nil)
	for script, want := range map[string]string{
		`printf 'a\n\n\n'`: "a",
		`printf ' a \r\n'`: " a \r",
		`printf 'a\377b'`:  "a\uFFFDb",
		`printf ''`:        "",
		`printf '\n'`:      "",
		`head -c 300000 /dev/zero | tr '\0' x; printf 'y\n\n'`: strings.Repeat("x", 300000) + "y",
	} {
		if got := b.Sh(empty(), script); got != want {
			t.Errorf("%s: got %d bytes", script, len(got))
		}
	}
}

func (p Place) manyLines(t *testing.T) {
	b := p.open(t, nil)
	job := empty()
	job.Scripts = script("seq 1000000")
	var c counter
	a, err := b.Session.Start(t.Context(), job, &c)
	must(t, err)
	defer a.Close()
	if got := a.Stdout(); !strings.HasSuffix(got, "\n999999\n1000000") || c.n != len(got)+1 || a.Truncated() {
		t.Errorf("kept %d bytes of %d", len(got), c.n)
	}
}

func (p Place) cancel(t *testing.T) {
	for _, c := range []struct {
		name, text string
		grace      time.Duration
		want       target.Exit
		out        string
	}{
		{"ends on SIGINT", "trap 'echo bye; exit 5' INT; echo ready; while :; do sleep 0.01; done", time.Minute,
			target.Exit{Code: 5, Script: "1", Cancelled: true}, "ready\nbye"},
		{"ignores SIGINT", "trap '' INT; echo ready; while :; do sleep 0.01; done", 50 * time.Millisecond,
			target.Exit{Code: 137, Signal: "SIGKILL", Script: "1", Cancelled: true}, "ready"},
		{"no grace", "trap '' INT; echo ready; sleep 1000", 0,
			target.Exit{Code: 137, Signal: "SIGKILL", Script: "1", Cancelled: true}, "ready"},
		{"not for failures", "echo ready; exec sleep 1000", time.Minute,
			target.Exit{Code: 130, Signal: "SIGINT", Script: "1", Cancelled: true}, "ready"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := p.open(t, nil)
			job := whole()
			job.Scripts = append(script(c.text), target.Script{Text: "echo never"}, target.Script{Text: "echo never", OnFailure: true})
			job.Grace = c.grace
			a := startAndCancel(t, b, job)
			got := a.Exit()
			got.Script = c.want.Script // whether a cancelled script counts as failed says nothing
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if a.Stdout() != c.out {
				t.Errorf("wrote %q, want %q", a.Stdout(), c.out)
			}
		})
	}
}

func (p Place) cancelBeforeTheStart(t *testing.T) {
	b := p.open(t, nil)
	ctx, cancel := contextWithCancel(t)
	cancel()
	job := empty()
	job.Scripts = script("true")
	if _, err := b.Session.Start(ctx, job, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func (p Place) killEndsTheGrace(t *testing.T) {
	b := p.newBench(t, nil)
	kill := make(chan struct{})
	b.Run.Kill = kill
	b.Open()
	ctx, cancel := contextWithCancel(t)
	job := empty()
	job.Grace = time.Hour
	job.Scripts = script("trap 'echo told' INT; echo ready; while :; do sleep 0.01 || true; done")
	r, told := waitFor("ready\n"), waitFor("told\n")
	go func() {
		<-r.Seen
		cancel()
		<-told.Seen
		close(kill)
	}()
	a, err := b.Session.Start(ctx, job, both{r, told})
	must(t, err)
	defer a.Close()
	if got := a.Exit(); got.Signal != "SIGKILL" || !got.Cancelled {
		t.Errorf("got %+v", got)
	}
}

// TestGraceIsForTheWholeGroup has a leader that ends at once and a child that cleans up.
func (p Place) graceIsForTheWholeGroup(t *testing.T) {
	if p.LeaderEndsAll {
		return
	}
	b := p.open(t, nil)
	job := whole()
	job.Grace = time.Minute
	job.Scripts = []target.Script{{Interpreter: "bash", Text: `
		(trap 'sleep 0.2; echo cleaned > done; exit' INT; while :; do sleep 0.01; done) >/dev/null 2>&1 &
		trap 'exit 1' INT
		sleep 0.1
		echo ready
		while :; do sleep 0.01; done`}}
	a := startAndCancel(t, b, job)
	if text, err := a.Text("done"); err != nil || text != "cleaned\n" {
		t.Errorf("got %q, %v", text, err)
	}
}

func (p Place) environmentThatCannotBe(t *testing.T) {
	b := p.open(t, nil)
	huge := strings.Repeat("x", 200_000)
	for want, job := range map[string]target.Job{
		`env: "A=B" is no name of a variable`: {Env: []target.EnvVar{{Name: "A=B"}}},
		`env: "" is no name of a variable`:    {Env: []target.EnvVar{{}}},
		`env A: the value holds a NUL byte, which no process can be given: hand it over as a file`:                 {Env: []target.EnvVar{{Name: "A", Value: "geheim\x00"}}},
		`env A: the value has 200000 bytes, and a variable holds 131069 at most: hand it over as a file`:           {Env: []target.EnvVar{{Name: "A", Value: huge}}},
		`parameter title: the value holds a NUL byte, which no process can be given: hand it over as a file`:       {Params: []target.Param{{Name: "title", Value: value.String("geheim\x00")}}},
		`parameter title: the value has 200000 bytes, and a variable holds 131065 at most: hand it over as a file`: {Params: []target.Param{{Name: "title", Value: value.String(huge), Secret: true}}},
		`parameter titles: the value holds a NUL byte, which no process can be given: hand it over as a file`:      {Params: []target.Param{{Name: "titles", Value: value.Bytes("\x00")}}},
	} {
		job.Inputs, job.Grace, job.Scripts = []string{}, time.Second, script("true")
		if _, err := b.Session.Start(t.Context(), job, nil); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func (p Place) theLargestVariableThatFits(t *testing.T) {
	b := p.open(t, nil)
	job := empty()
	job.Env = []target.EnvVar{{Name: "A", Value: strings.Repeat("x", 131069)}}
	if got := b.Sh(job, "printf %s ${#A}"); got != "131069" {
		t.Errorf("got %s", got)
	}
}

// counter is an output that counts and keeps nothing.
type counter struct{ n int }

func (c *counter) Write(_ event.Stream, _ string, p []byte) { c.n += len(p) }

// startAndCancel cancels a job when it has written "ready".
func startAndCancel(t *testing.T, b *bench, job target.Job) target.Attempt {
	t.Helper()
	ctx, cancel := contextWithCancel(t)
	r := waitFor("ready\n")
	go func() {
		<-r.Seen
		cancel()
	}()
	a, err := b.Session.Start(ctx, job, r)
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	return a
}

type both [2]*recorder

func (b both) Write(s event.Stream, section string, p []byte) {
	b[0].Write(s, section, p)
	b[1].Write(s, section, p)
}
