package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// bench is a repository with a session over it.
type bench struct {
	testing.TB
	place   Place
	root    string
	run     target.Run
	session target.Session
	store   *store.Store
}

// tree is files by path; a path that ends in "/" is a folder, "-> x" a link's content.
type tree map[string]string

// newBench makes a git repository of files.
func (p Place) newBench(t testing.TB, files tree) *bench {
	t.Helper()
	base := realPath(t, t.TempDir())
	b := &bench{TB: t, place: p, root: filepath.Join(base, "repo")}
	write(t, b.root, files)
	git(t, b.root, "init", "-q")
	for _, sub := range []string{"state/run1", "cache", "keep"} {
		must(t, os.MkdirAll(filepath.Join(base, sub), 0o755))
	}
	s, err := store.Open(filepath.Join(base, "store"), secret.NewSealer(func(name string) string {
		if name == secret.IdentityVariable {
			return filepath.Join(base, "identity")
		}
		return ""
	}))
	must(t, err)
	b.store = s
	b.run = target.Run{
		ID:        "run1",
		Root:      b.root,
		State:     filepath.Join(base, "state/run1"),
		Cache:     filepath.Join(base, "cache"),
		Keep:      filepath.Join(base, "keep"),
		Artifacts: s,
		Environ:   append(os.Environ(), p.Environ...),
	}
	return b
}

// open starts the session; it is closed at the end, and must leave nothing behind.
func (b *bench) open() *bench {
	b.Helper()
	s, err := b.place.session(b)
	must(b, err)
	b.session = s
	b.Cleanup(func() {
		must(b, s.Close())
		if left, _ := os.ReadDir(b.run.State); len(left) > 0 {
			b.Errorf("state folder still holds %v", left)
		}
	})
	return b
}

func (p Place) open(t testing.TB, files tree) *bench {
	t.Helper()
	return p.newBench(t, files).open()
}

func (b *bench) start(job target.Job) target.Attempt {
	b.Helper()
	a, err := b.session.Start(b.Context(), job, nil)
	must(b, err)
	b.Cleanup(func() { must(b, a.Close()) })
	return a
}

// sh runs a script, which must succeed, and gives what it wrote to stdout.
func (b *bench) sh(job target.Job, script string) string {
	b.Helper()
	a := b.shell(job, script)
	if e := a.Exit(); e.Code != 0 {
		b.Fatalf("%s: %+v\n%s", script, e, a.Stderr())
	}
	return a.Stdout()
}

func (b *bench) shell(job target.Job, script string) target.Attempt {
	b.Helper()
	job.Scripts = []target.Script{{Interpreter: "sh", Text: script}}
	return b.start(job)
}

// whole is a job in all of the repository.
func whole() target.Job { return target.Job{Step: "step", AllTree: true, Grace: time.Second} }

// empty is a job in an empty folder.
func empty() target.Job {
	return target.Job{Step: "step", Inputs: []string{}, Grace: time.Second}
}

func script(text string) []target.Script {
	return []target.Script{{Interpreter: "sh", Text: text}}
}

// recorder is an output that keeps what it is given.
type recorder struct {
	mu   sync.Mutex
	text strings.Builder
	// seen is closed when the text holds want.
	want string
	seen chan struct{}
}

func (r *recorder) Write(stream event.Stream, section string, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.text, "%s/%s:%s", stream, section, p)
	if r.want != "" && strings.Contains(r.text.String(), r.want) {
		r.want = ""
		close(r.seen)
	}
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func waitFor(text string) *recorder { return &recorder{want: text, seen: make(chan struct{})} }

func write(t testing.TB, root string, files tree) {
	t.Helper()
	must(t, os.MkdirAll(root, 0o755))
	for name, content := range files {
		p := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		switch link, isLink := strings.CutPrefix(content, "-> "); {
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(p, 0o755))
		case isLink:
			must(t, os.Symlink(link, p))
		default:
			must(t, os.WriteFile(p, []byte(content), 0o644))
		}
	}
}

func git(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func realPath(t testing.TB, p string) string {
	t.Helper()
	p, err := filepath.EvalSymlinks(p)
	must(t, err)
	return p
}

func read(t testing.TB, p string) string {
	t.Helper()
	raw, err := os.ReadFile(p)
	must(t, err)
	return string(raw)
}

func exists(p string) bool {
	_, err := os.Lstat(p)
	return !errors.Is(err, os.ErrNotExist)
}

func contextWithCancel(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}
