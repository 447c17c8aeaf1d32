package conformance

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target"
)

func (p Place) workspaceShowsWhatGitDoes(t *testing.T) {
	b := p.newBench(t, sample())
	git(t, b.Root, "add", "main.go", ".gitignore")
	must(t, os.Chmod(filepath.Join(b.Root, "pkg"), 0o750))
	b.Open()
	got := b.Sh(whole(), "find . -path ./.git -prune -o -type f -print -o -type l -print | sort")
	want := "./.gitignore\n./link\n./main.go\n./outside\n./pkg/a.go\n./web/index.html\n./with,comma:x/f"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := b.Sh(whole(), "stat -c %a pkg; cat link; readlink outside; git status --porcelain main.go"); got != "750\npackage main\n/etc/hostname\nA  main.go" {
		t.Errorf("looks differ: %q", got)
	}
}

func (p Place) timesAndModesAreKept(t *testing.T) {
	if p.Apart {
		return // there is nothing in place to compare with
	}
	b := p.newBench(t, tree{"d/run": "#!/bin/sh\n"})
	must(t, os.Chmod(filepath.Join(b.Root, "d/run"), 0o755))
	look := "stat -c '%a %Y' d/run d"
	b.Open()
	inPlace := whole()
	inPlace.InPlace = true
	if d := cmp.Diff(b.Sh(inPlace, look), b.Sh(whole(), look)); d != "" {
		t.Error(d)
	}
}

func (p Place) writesStayInTheWorkspace(t *testing.T) {
	b := p.open(t, sample())
	b.Sh(whole(), `
		echo new > new.txt
		echo changed > main.go
		rm pkg/a.go
		mv web/index.html web/moved.html
		mv with,comma:x renamed
		mkdir node_modules build
		echo x > build/out
		git add -A
		test "$(cat main.go)" = changed
		test ! -e pkg/a.go
		test "$(cat renamed/f)" = odd
		test "$(ls node_modules | wc -l)" = 0
	`)
	for p, want := range sample() {
		if strings.HasPrefix(want, "-> ") {
			continue
		}
		if got := read(t, filepath.Join(b.Root, p)); got != want {
			t.Errorf("%s is %q, want %q", p, got, want)
		}
	}
	for _, p := range []string{"new.txt", "web/moved.html", "renamed", ".git/index"} {
		if exists(filepath.Join(b.Root, p)) {
			t.Errorf("%s reached the real tree", p)
		}
	}
}

func (p Place) parallelStepsDoNotSeeEachOther(t *testing.T) {
	b := p.open(t, sample())
	var steps sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		steps.Go(func() {
			job := whole()
			job.Step = name
			job.Scripts = script("echo " + name + " > main.go; sleep 0.05; cat main.go; ls *.mine 2>/dev/null || true; touch " + name + ".mine")
			a, err := b.Session.Start(t.Context(), job, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if got := a.Stdout(); got != name {
				t.Errorf("step %s saw %q", name, got)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	steps.Wait()
}

func (p Place) scriptsShareTheWorkspace(t *testing.T) {
	b := p.open(t, sample())
	job := whole()
	job.Scripts = []target.Script{{Text: "echo 1 > shared"}, {Interpreter: "bash", Text: "cat shared"}}
	if a := b.Start(job); a.Stdout() != "1" {
		t.Errorf("%+v %q %q", a.Exit(), a.Stdout(), a.Stderr())
	}
}

func (p Place) inputs(t *testing.T) {
	files := sample()
	files["pkg/sub/deep.go"] = "package sub"
	b := p.open(t, files)
	for _, c := range []struct {
		name   string
		inputs []string
		want   string
	}{
		{"one folder's files", []string{"pkg/*"}, "./pkg/a.go"},
		{"all below", []string{"pkg/**"}, "./pkg/a.go ./pkg/sub/deep.go"},
		{"a folder by name", []string{"pkg/"}, "./pkg/a.go ./pkg/sub/deep.go"},
		{"an exclusion", []string{"pkg/**", "!pkg/sub/**"}, "./pkg/a.go"},
		{"the last one decides", []string{"!pkg/**", "pkg/a.go"}, "./pkg/a.go"},
		{"braces", []string{"{main,other}.go"}, "./main.go"},
		{"links are kept", []string{"link", "outside"}, "./link ./outside"},
		{"nothing matches", []string{"nothing"}, ""},
		{"never what git ignores", []string{"*.log", "build/**"}, ""},
		{"without git", []string{"**", "!pkg", "!web", "!with*/**", "!*.go"}, "./.gitignore ./link ./outside"},
		{"none", []string{}, ""},
	} {
		got := b.Sh(target.Job{Inputs: c.inputs}, "find . -mindepth 1 -not -type d | sort | tr '\\n' ' '")
		if got = strings.TrimSpace(got); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func (p Place) inputsAreSharedAndYetApart(t *testing.T) {
	b := p.open(t, sample())
	job := target.Job{Inputs: []string{"main.go"}}
	for range 2 {
		if got := b.Sh(job, "ls; echo x >> main.go; touch other"); got != "main.go" {
			t.Errorf("saw %q", got)
		}
	}
}

func (p Place) emptyWorkspaceIsAlwaysEmpty(t *testing.T) {
	b := p.open(t, sample())
	for _, leave := range []string{"true", "touch x", "mkdir -m 0 y", "rm -rf \"$PWD\"", "chmod 700 .", "true"} {
		a := b.Shell(empty(), "ls -A; stat -c %a .; "+leave)
		if got := a.Stdout(); got != "755" {
			t.Errorf("before %q: saw %q", leave, got)
		}
		must(t, a.Close())
	}
}

func (p Place) badInputs(t *testing.T) {
	b := p.open(t, sample())
	for _, glob := range []string{"../x", "/etc/*", "[", "a\x00b", "a/../../b"} {
		_, err := b.Session.Start(t.Context(), target.Job{Inputs: []string{glob}, Scripts: script("true")}, nil)
		if err == nil || !strings.Contains(err.Error(), "inputs: ") {
			t.Errorf("inputs %q: %v", glob, err)
		}
	}
}

func (p Place) workdir(t *testing.T) {
	b := p.open(t, sample())
	for _, c := range []struct {
		job  target.Job
		dir  string
		want string
	}{
		{whole(), "none", `workdir "none": the workspace has no such folder`},
		{whole(), "main.go", `workdir "main.go" is a file, expected a folder`},
		{whole(), "../x", `workdir: path "../x" leaves the workspace`},
		{whole(), "/etc", `workdir: path "/etc" is absolute, expected one inside the workspace`},
		{whole(), "outdir", `workdir "outdir": a link leads out of the workspace`},
	} {
		if c.dir == "outdir" {
			must(t, os.Symlink("/etc", filepath.Join(b.Root, "outdir")))
		}
		c.job.Workdir, c.job.Scripts = c.dir, script("true")
		if _, err := b.Session.Start(t.Context(), c.job, nil); err == nil || err.Error() != c.want {
			t.Errorf("workdir %q: got %v, want %s", c.dir, err, c.want)
		}
	}
	job := empty()
	job.Workdir = "made/for/it"
	if got := b.Sh(job, "pwd"); !strings.HasSuffix(got, "/made/for/it") {
		t.Errorf("works in %s", got)
	}
}

func (p Place) inPlace(t *testing.T) {
	if p.Apart {
		p.refusesInPlace(t)
		return
	}
	b := p.open(t, sample())
	job := whole()
	job.InPlace = true
	b.Sh(whole(), "test ! -e build") // hidden by what was listed first
	a := b.Shell(job, "pwd; ls build; echo formatted > main.go; echo new >> .gitignore; echo secret > new")
	if got, want := a.Stdout(), p.seen(b)+"\nout"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	must(t, a.Close())
	if got := read(t, filepath.Join(b.Root, "main.go")); got != "formatted\n" {
		t.Errorf("main.go is %q", got)
	}
	if got := b.Sh(whole(), "cat main.go; test ! -e new"); got != "formatted" {
		t.Errorf("a later step saw %q", got)
	}
}

func (p Place) oneStepInPlaceAtATime(t *testing.T) {
	if p.Apart {
		return // refusesInPlace
	}
	b := p.open(t, sample())
	job := whole()
	job.InPlace = true
	first := b.Shell(job, "true")
	ctx, cancel := contextWithCancel(t)
	ended := make(chan error)
	job.Scripts = script("true")
	go func() {
		_, err := b.Session.Start(ctx, job, nil)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("the second did not wait: %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	must(t, first.Close())
	b.Shell(job, "true")
}

func (p Place) repositoryWithoutGit(t *testing.T) {
	b := p.newBench(t, sample())
	must(t, os.RemoveAll(filepath.Join(b.Root, ".git")))
	b.Open()
	b.Sh(whole(), "test -e build/out -a -e noise.log")
}

func (p Place) rootBelowTheGitFolder(t *testing.T) {
	b := p.newBench(t, sample())
	b.Run.Root = filepath.Join(b.Root, "web")
	b.Open()
	if got := b.Sh(whole(), "ls"); got != "index.html" {
		t.Errorf("saw %q", got)
	}
}

func (p Place) stateInsideTheRepository(t *testing.T) {
	b := p.newBench(t, sample())
	b.Run.State = filepath.Join(b.Root, "build/state")
	b.Run.Cache = filepath.Join(b.Root, "build/cache")
	must(t, os.MkdirAll(b.Run.State, 0o755))
	b.Open()
	job := whole()
	job.Mounts = []target.Mount{{Path: "c", Cache: "x"}}
	b.Sh(job, "test ! -e build; touch c/kept")
	if !p.Apart && !exists(filepath.Join(b.Run.Cache, "x/kept")) {
		t.Error("the cache folder was not the real one")
	}
}

func sample() tree {
	return tree{
		".gitignore":         "*.log\nnode_modules/\n/build\n",
		"main.go":            "package main\n",
		"noise.log":          "ignored",
		"pkg/a.go":           "package pkg\n",
		"pkg/b.log":          "ignored",
		"node_modules/x/y":   "ignored",
		"build/out":          "ignored",
		"web/node_modules/z": "ignored",
		"web/index.html":     "<html>",
		"link":               "-> main.go",
		"outside":            "-> /etc/hostname",
		"with,comma:x/f":     "odd",
	}
}

// seen is where ops find the workspace.
func (p Place) seen(b *bench) string {
	if p.At != "" {
		return p.At
	}
	return b.Root
}

// refusesInPlace is what becomes of `in place` where the place does not have the real tree.
func (p Place) refusesInPlace(t *testing.T) {
	b := p.open(t, sample())
	job := whole()
	job.InPlace, job.Scripts = true, script("true")
	if _, err := b.Session.Start(t.Context(), job, nil); err == nil || !strings.Contains(err.Error(), "in place") {
		t.Errorf("got %v", err)
	}
}
