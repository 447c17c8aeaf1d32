package repo

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trap is a program that leaves a mark when it is run.
type trap struct {
	t             *testing.T
	program, mark string
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	dir := t.TempDir()
	p := &trap{t: t, program: filepath.Join(dir, "trap"), mark: filepath.Join(dir, "mark")}
	script := "#!/bin/sh\necho \"$0 $*\" >> '" + p.mark + "'\ncat\n"
	if err := os.WriteFile(p.program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

// sprung says what ran the program, "" for nothing, and sets it again.
func (p *trap) sprung() string {
	p.t.Helper()
	text, err := os.ReadFile(p.mark)
	if err == nil {
		err = os.Remove(p.mark)
	}
	if err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	return string(text)
}

// hostile makes git's configuration in a folder name the program wherever it can.
func (w *work) hostile(p *trap, dir string) {
	w.t.Helper()
	for key, val := range map[string]string{
		"core.fsmonitor": p.program, "core.pager": p.program, "core.editor": p.program, "core.sshCommand": p.program,
		"core.askPass": p.program, "core.gitProxy": p.program, "core.alternateRefsCommand": p.program,
		"diff.external": p.program, "diff.d.command": p.program, "diff.d.textconv": p.program, "gpg.program": p.program,
		"filter.f.clean": p.program, "filter.f.smudge": p.program, "filter.f.required": "true",
		"filter.a=b.c.process": p.program, "credential.helper": p.program, "status.submoduleSummary": "true",
		"diff.submodule": "log", "log.showSignature": "true", "alias.status": "!" + p.program, "alias.ls-files": "!" + p.program,
		"uploadpack.packObjectsHook": p.program, "sequence.editor": p.program, "init.templateDir": filepath.Dir(p.program),
	} {
		w.gitIn(dir, "config", key, val)
	}
	hooks := w.gitIn(dir, "rev-parse", "--git-path", "hooks")
	if !filepath.IsAbs(hooks) {
		hooks = filepath.Join(dir, hooks)
	}
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"post-index-change", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman", "post-checkout"} {
		if err := os.Symlink(p.program, filepath.Join(hooks, name)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// ask asks for everything that a run may want to know.
func (w *work) ask() (*Repo, []string) {
	w.t.Helper()
	ctx := context.Background()
	r := w.open()
	changed, err := r.Changed(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := r.TreeDigest(ctx); err != nil {
		w.t.Fatal(err)
	}
	if _, err := r.Glob(ctx, "**"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := r.ReadText(ctx, ".gitattributes"); err != nil {
		w.t.Fatal(err)
	}
	return r, changed
}

const attributes = "*.txt filter=f diff=d\n*.bin filter=a=b.c\n"

// stale makes git compare a file's content with the index, with the same size as before.
func (w *work) stale(name, text string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
	w.write(name, text)
}

// Programs that the configuration of a repository names are never run; git alone would.
func TestConfigurationRunsNothing(t *testing.T) {
	p := newTrap(t)
	w := gitWork(t)
	w.write(".gitattributes", attributes)
	w.write("a.txt", "one\n")
	w.write("b.bin", "one\n")
	w.commit()
	w.hostile(p, w.dir)
	w.stale("a.txt", "two\n")
	w.stale("b.bin", "one\n")

	r, changed := w.ask()
	if by := p.sprung(); by != "" {
		t.Errorf("run: %s", by)
	}
	if !r.Facts().Dirty || r.Facts().Branch != "main" {
		t.Errorf("facts %+v", r.Facts())
	}
	if diff := cmp.Diff([]string{"a.txt"}, changed); diff != "" {
		t.Error(diff)
	}
	cmd := exec.Command("git", "status", "--porcelain")
	cmd.Dir, cmd.Env = w.dir, w.environ
	_ = cmd.Run() // the filters fail
	if p.sprung() == "" {
		t.Error("git alone runs nothing either: the trap is no trap")
	}
}

// A submodule's configuration is not that of the repository around it.
func TestSubmodulesRunNothing(t *testing.T) {
	p := newTrap(t)
	inner := gitWork(t)
	inner.write(".gitattributes", attributes)
	inner.write("a.txt", "one\n")
	inner.commit()
	w := gitWork(t)
	w.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "sub")
	w.write(".gitattributes", "")
	w.commit()
	sub := filepath.Join(w.dir, "sub")
	w.hostile(p, sub)

	r, changed := w.ask()
	if r.Facts().Dirty || len(changed) > 0 {
		t.Errorf("a clean submodule: facts %+v, changed %q", r.Facts(), changed)
	}
	w.stale("sub/a.txt", "two\n")
	r, changed = w.ask()
	if !r.Facts().Dirty {
		t.Error("a submodule with changes is clean")
	}
	if diff := cmp.Diff([]string{"sub"}, changed); diff != "" {
		t.Error(diff)
	}
	if by := p.sprung(); by != "" {
		t.Errorf("run: %s", by)
	}
}

// A folder that looks like a bare repository can be committed by anyone, and git would take
// its configuration for that of the folder's own repository.
func TestCommittedBareRepository(t *testing.T) {
	p := newTrap(t)
	w := gitWork(t)
	for name, text := range map[string]string{
		"HEAD": "ref: refs/heads/evil\n", "objects/x": "", "refs/x": "", "pipe.toml": "",
		"config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\tfsmonitor = " + p.program + "\n",
	} {
		w.write("sub/"+name, text)
	}
	w.commit()
	w.dir = filepath.Join(w.dir, "sub")
	r, err := Capture(context.Background(), w.dir, Options{Environ: w.environ})
	if err == nil {
		defer r.Close()
		if r.Facts().Branch == "evil" {
			t.Error("the folder's own HEAD is believed")
		}
		_, _ = r.Files(context.Background())
	} else if !strings.Contains(err.Error(), "bare repository") {
		t.Error(err)
	}
	if by := p.sprung(); by != "" {
		t.Errorf("run: %s", by)
	}
}

// What a partial clone lacks is not fetched, by whatever program the configuration names.
func TestNothingIsFetched(t *testing.T) {
	p := newTrap(t)
	w := gitWork(t)
	w.write("a", "1")
	w.commit()
	w.git("checkout", "-q", "-b", "topic")
	w.write("a", "2")
	w.commit()
	base := w.git("rev-parse", "main^{tree}")
	w.git("config", "remote.origin.url", "ext::"+p.program)
	w.git("config", "remote.origin.promisor", "true")
	w.git("config", "extensions.partialClone", "origin")
	w.git("config", "core.repositoryformatversion", "1")
	w.git("config", "protocol.ext.allow", "always")
	if err := os.Remove(filepath.Join(w.dir, ".git/objects", base[:2], base[2:])); err != nil {
		t.Fatal(err)
	}
	r := w.open()
	_, err := r.Changed(context.Background())
	if err == nil || !strings.Contains(err.Error(), "the clone is partial") {
		t.Errorf("a tree that is not there is compared: %v", err)
	}
	if by := p.sprung(); by != "" {
		t.Errorf("run: %s", by)
	}
}

// The user's own filters, and those of Git LFS, are needed to tell whether a file differs.
func TestParseConfig(t *testing.T) {
	lfs := []string{"local", "filter.lfs.clean\ngit-lfs clean -- %f", "local", "filter.lfs.process\ngit-lfs filter-process", "local", "filter.lfs.required\ntrue"}
	tests := map[string]struct {
		parts []string
		want  config
	}{
		"none":         {nil, config{}},
		"origin":       {[]string{"local", "remote.origin.url\nhttps://h/o/n\nx"}, config{origin: "https://h/o/n\nx"}},
		"global":       {[]string{"global", "filter.f.clean\nx", "system", "filter.g.clean\ny"}, config{}},
		"local":        {[]string{"local", "filter.f.clean\nx", "worktree", "filter.f.required\ntrue", "local", "filter.f.clean\ny"}, config{filters: []string{"filter.f.clean", "filter.f.required"}}},
		"lfs":          {lfs, config{}},
		"odd lfs":      {append(lfs, "local", "filter.lfs.clean\n./git-lfs clean -- %f"), config{filters: []string{"filter.lfs.clean", "filter.lfs.process", "filter.lfs.required"}}},
		"lfs programs": {append(lfs, "local", "lfs.extension.x.clean\nx"), config{filters: []string{"filter.lfs.clean", "filter.lfs.process", "filter.lfs.required"}}},
		"cut":          {[]string{"local"}, config{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parseConfig(tt.parts), cmp.AllowUnexported(config{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"main": "main", "a/b-1.2_x": "a/b-1.2_x", "": "''", "-x": "'-x'", "$(id)": "'$(id)'", "it's": `'it'\''s'`, "a b": "'a b'",
	} {
		if got := quoted(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Names that git takes for something else elsewhere.
func TestOddBranches(t *testing.T) {
	taken := 0
	for _, name := range []string{"HEAD", "refs/heads/x", "@", "-x", "a@{b", "$(id)", "e\u0301", "\u00e9", "x\u202ey", strings.Repeat("long/", 60) + "x"} {
		w := gitWork(t)
		cmd := exec.Command("git", "update-ref", "refs/heads/"+name, w.git("rev-parse", "HEAD"))
		cmd.Dir, cmd.Env = w.dir, w.environ
		if err := cmd.Run(); err != nil {
			continue // git itself refuses the name
		}
		taken++
		w.git("symbolic-ref", "HEAD", "refs/heads/"+name)
		w.git("commit", "-q", "--allow-empty", "-m", "x")
		r := w.open()
		if got := r.Facts().Branch; got != name {
			t.Errorf("branch %q, want %q", got, name)
		}
		if _, err := r.Changed(context.Background()); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if taken < 6 {
		t.Errorf("git took only %d of the names", taken)
	}
}

// A HEAD that only a hand can have written is no branch, and costs nothing.
func TestHugeHEAD(t *testing.T) {
	w := gitWork(t)
	w.write(".git/HEAD", "ref: refs/heads/"+strings.Repeat("x", 1<<20)+"\n")
	r, err := Capture(context.Background(), w.dir, Options{Environ: w.environ})
	if err != nil {
		return
	}
	defer r.Close()
	if b := r.Facts().Branch; b != "" {
		t.Errorf("a branch of %d bytes", len(b))
	}
}

func TestEventFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "event.json")
	big := func(size int) string {
		return `{"pull_request":{"number":1,"title":"` + strings.Repeat("x", size) + `"}}`
	}
	tests := map[string]struct {
		text, event, want string
	}{
		"malformed":              {`{"pull_request": {`, "push", "is not the event's JSON: unexpected end"},
		"another shape":          {`{"pull_request": {"title": 3}}`, "pull_request", "pull_request.Title holds a number"},
		"a list":                 {`[]`, "push", "holds a array"},
		"too deep":               {strings.Repeat("[", 20_000), "push", "is not the event's JSON"},
		"too large":              {strings.Repeat(" ", maxEvent) + "{}", "push", "is larger than 32 MiB"},
		"large title":            {big(1 << 20), "pull_request", ""},
		"empty":                  {"", "push", "is not the event's JSON"},
		"null":                   {"null", "push", ""},
		"none there":             {"-", "push", ""},
		"none of a pull request": {"-", "pull_request", "no such file"},
		"folder":                 {"/", "push", "is no regular file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			at := path
			switch tt.text {
			case "-":
				at = filepath.Join(dir, "none")
			case "/":
				at = dir
			default:
				if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			ci, err := detectCI([]string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=" + tt.event, "GITHUB_EVENT_PATH=" + at})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if name == "large title" && len(ci.PullRequest.Title) != 1<<20 {
					t.Errorf("title of %d bytes", len(ci.PullRequest.Title))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "GITHUB_EVENT_PATH names ") {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// A file that is much larger than any event is not read into memory.
func TestHugeEventFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "event.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(100 << 30); err != nil { // sparse
		t.Skip(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readEvent(path, EventPush); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("error %v", err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*maxEvent {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}

// A program whose answer is longer than anything could use is stopped by it.
func TestAnswersAreBounded(t *testing.T) {
	out := capped{most: 1 << 20}
	cmd := exec.Command("yes")
	cmd.Stdout = &out
	if err := cmd.Run(); err == nil || !out.over {
		t.Errorf("an endless answer ends: %v", err)
	}
	if n := out.buf.Len(); n > 1<<20 {
		t.Errorf("%d bytes are kept", n)
	}
}
