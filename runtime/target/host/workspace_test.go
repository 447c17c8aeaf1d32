package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// eachKind runs a test in every kind of workspace that can be had anywhere.
func eachKind(t *testing.T, test func(t *testing.T, kind string)) {
	for _, kind := range []string{"overlay", "copy"} {
		t.Run(kind, func(t *testing.T) { test(t, "PIPE_WORKSPACE="+kind) })
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

func TestOverlayIsAtTheRepositorysPath(t *testing.T) {
	b := open(t, sample(), "PIPE_WORKSPACE=overlay")
	job := whole()
	job.Workdir = "pkg"
	if got, want := b.Sh(job, "pwd; ls"), b.Root+"/pkg\na.go"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	job = target.Job{Inputs: []string{"pkg/**"}}
	if got, want := b.Sh(job, "pwd; find . -type f"), b.Root+"\n./pkg/a.go"; got != want {
		t.Errorf("inputs: got %q, want %q", got, want)
	}
}

func TestCopyIsNamedAsTheRepository(t *testing.T) {
	b := open(t, sample(), "PIPE_WORKSPACE=copy")
	got := b.Sh(whole(), "pwd")
	if got == b.Root || filepath.Base(got) != "repo" {
		t.Errorf("works in %s", got)
	}
}

func TestEmptyGitFolderCountsAsNone(t *testing.T) {
	b := newBench(t, sample())
	must(t, os.RemoveAll(filepath.Join(b.Root, ".git")))
	must(t, os.Mkdir(filepath.Join(b.Root, ".git"), 0o755))
	b.Open()
	b.Sh(whole(), "test -e build/out")
}

func TestForcedKindThatDoesNotExist(t *testing.T) {
	b := newBench(t, nil, "PIPE_WORKSPACE=magic")
	_, err := openTarget(b)
	if want := `PIPE_WORKSPACE is "magic", expected overlay, reflink or copy`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNoMountIsSeenOutside(t *testing.T) {
	b := open(t, sample(), "PIPE_WORKSPACE=overlay")
	a := b.Shell(whole(), "grep -c overlay /proc/self/mountinfo")
	if a.Stdout() == "0" {
		t.Errorf("no overlay in the step: %q", a.Stdout())
	}
	if mounts := read(t, "/proc/self/mountinfo"); strings.Contains(mounts, b.Root) {
		t.Errorf("a mount leaked: %s", mounts)
	}
}

func TestStepsGetNoCapabilities(t *testing.T) {
	b := open(t, sample(), "PIPE_WORKSPACE=overlay")
	inPlace := whole()
	inPlace.InPlace = true
	look := "id -u; id -g; grep -e CapInh -e CapPrm -e CapEff -e CapAmb /proc/self/status"
	if d := cmp.Diff(b.Sh(inPlace, look), b.Sh(whole(), look)); d != "" {
		t.Errorf("differs from a plain process: %s", d)
	}
}

func TestKindThatThisMachineLacks(t *testing.T) {
	b := newBench(t, nil, "PIPE_WORKSPACE=reflink")
	must(t, os.WriteFile(filepath.Join(b.Root, "f"), []byte("x"), 0o644))
	b.Open()
	job := whole()
	job.Scripts = script("cat f; echo changed > f")
	a, err := b.Session.Start(t.Context(), job, nil)
	if err != nil { // a file system without reflinks says so in one line
		if text := err.Error(); !strings.HasPrefix(text, "this machine makes no workspace of kind reflink: ") || strings.Contains(text, "\n") {
			t.Errorf("got %q", text)
		}
		return
	}
	defer a.Close()
	if a.Stdout() != "x" || read(t, filepath.Join(b.Root, "f")) != "x" {
		t.Errorf("got %q", a.Stdout())
	}
}

// A workspace whose programs run elsewhere is nobody else's before it is closed: who goes on with its attempt
// takes it for that one's own, and removes it.
func TestWorkspacesElsewhereAreNotSpared(t *testing.T) {
	b := newBench(t, sample())
	w, err := host.OpenWorkspaces(b.Run, host.Place{Kind: "elsewhere", InUse: func(string) bool { return false }})
	must(t, err)
	defer func() { must(t, w.Close()) }()
	var folders []string
	for _, step := range []string{"first", "second"} {
		j := empty()
		j.Step = step
		one, err := w.Prepare(t.Context(), &j, nil, "/beside")
		must(t, err)
		defer func() { must(t, one.Close()) }()
		one.Spare()
		folders = append(folders, one.Folder())
	}
	if folders[0] == folders[1] {
		t.Errorf("both work in %s", folders[0])
	}
}
